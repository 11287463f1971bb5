"""The fields of a login in the user's file: taken one by one, and what is wrong is remembered.

No message repeats a value: it may be a secret in the wrong place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from fhir_kb.diagnostics.nearest import did_you_mean
from fhir_kb.net.errors import NetError
from fhir_kb.net.login.login_types import Certificate, ClientAuthentication
from fhir_kb.net.login.secret_sources import (
    COMMAND_TIMEOUT,
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    Secret,
)
from fhir_kb.net.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCES: Final = ("command", "env", "file", "keyring")
_ADVICE: Final = (
    "Say where it is: {env: NAME}, {file: PATH}, {keyring: {service: …, user: …}} or "
    "{command: [PROGRAM, …]}"
)
_MOST_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file of logins. path: the keys that lead there. help: what to do."""

    path: tuple[str | int, ...]
    message: str
    help: str = ""


class Fields:
    """One login's fields. `problems` grows; what is wrong is given as if it were empty."""

    def __init__(
        self, data: Mapping[object, object], path: tuple[str | int, ...], folder: Path | None
    ) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self._path = path
        self._folder = folder
        self._known: set[str] = set()

    def problem(self, name: str, message: str, advice: str) -> None:
        """Remember something that is wrong with a field."""
        self.problems.append(Problem((*self._path, name), message, advice))

    def end(self) -> None:
        """Remember the fields that nobody has taken."""
        self._unknown(self.data, self._known, ())

    def word(self, name: str, *, required: bool = False) -> str:
        """A text of one line."""
        value = self._taken(name, required=required)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.problem(name, f"'{name}' is no text of one line", "Write it, in quotes if need be")
            return ""
        return value.strip()

    def words(self, name: str, *, required: str = "") -> tuple[str, ...]:
        """A list of words, or a text of some. required: an example of them."""
        value = self._taken(name, required=False)
        listed: Sequence[object] = value.split() if isinstance(value, str) else ()
        if isinstance(value, list):
            listed = value
        good = all(isinstance(one, str) and one.isprintable() for one in listed)
        split_up = tuple(word for one in listed if isinstance(one, str) for word in one.split())
        if not good or (value is not None and not split_up) or (required and not split_up):
            self.problem(name, f"'{name}' has no list of words", f"Write one, {required or '[…]'}")
            return ()
        return split_up

    def flag(self, name: str) -> bool:
        """True or false; false where nothing is said."""
        value = self._taken(name, required=False)
        if not isinstance(value, bool | None):
            self.problem(name, f"'{name}' is neither true nor false", "Write true or false")
        return value is True

    def choice(self, name: str, known: Sequence[ClientAuthentication]) -> ClientAuthentication:
        """One of some words; the first where nothing is said."""
        word = self.word(name)
        if word and word not in known:
            self.problem(name, f"'{name}' is none of its words", did_you_mean(word, known) or "")
        return cast("ClientAuthentication", word) if word in known else known[0]

    def address(self, name: str) -> str:
        """An address on the web without user and password."""
        word = self.word(name)
        try:
            good = not word or "@" not in split_url(word).netloc
        except NetError:
            good = False
        if not good:
            self.problem(name, f"'{name}' is no address", "Write one that begins with https://")
        return word if good else ""

    def file(self, name: str, *, required: bool = False) -> str:
        """A path: '~' is the user's home; relative ones begin where the file of logins is."""
        return self._placed(self.word(name, required=required))

    def certificate(self, *, required: bool = False) -> Certificate | None:
        """Client certificate and key."""
        certificate, key = self.file("certificate", required=required), self.file("key")
        if key and not certificate and not required:
            self.problem("key", "there is a key and no certificate", "Say which (certificate)")
        return Certificate(certificate, key) if certificate else None

    def secret(self, name: str, *, required: bool) -> Secret:
        """Where a secret is; written straight into the file it is refused."""
        value = self._taken(name, required=required)
        nothing = FromEnvironment("")
        if value is None:
            return nothing
        if not isinstance(value, dict):
            self.problem(name, f"'{name}' itself does not belong in a file like this", _ADVICE)
            return nothing
        named = [one for one in SOURCES if one in value]
        known = {*SOURCES, "timeout"} if "command" in value else set(SOURCES)
        self._unknown(value, known, (name,))
        if len(named) != 1:
            self.problem(name, f"'{name}' needs one place where it is", _ADVICE)
            return nothing
        return self._source(name, named[0], value) or nothing

    def _source(self, name: str, kind: str, value: Mapping[object, object]) -> Secret | None:
        inner = Fields(value, (*self._path, name), self._folder)
        found: Secret | None = None
        if kind == "env":
            found = FromEnvironment(inner.word("env"))
        elif kind == "file":
            found = FromFile(inner.file("file"))
        elif kind == "keyring":
            found = inner.keyring()
        else:
            found = inner.command()
        self.problems += inner.problems
        return found

    def keyring(self) -> Secret | None:
        """The place of a secret in the keyring."""
        value = self._taken("keyring", required=True)
        if not isinstance(value, dict):
            self.problem("keyring", "a keyring has a service and a user", _ADVICE)
            return None
        inner = Fields(value, (*self._path, "keyring"), self._folder)
        found = FromKeyring(inner.word("service", required=True), inner.word("user", required=True))
        inner.end()
        self.problems += inner.problems
        return found

    def command(self) -> Secret | None:
        """The command that prints a secret."""
        value, seconds = self._taken("command", required=True), self._taken("timeout")
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.problem("command", "a command is a list of texts", "Write [PROGRAM, ARGUMENT, …]")
            return None
        if not value:
            self.problem("command", "the command is empty", "Name a program")
            return None
        if seconds is None:
            seconds = COMMAND_TIMEOUT
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not 0 < cast("float", seconds) <= _MOST_SECONDS:
            self.problem("timeout", "'timeout' is no number of seconds", f"1 to {_MOST_SECONDS}")
            return None
        program = self._placed(value[0]) if value[0].startswith("~") else value[0]
        return FromCommand((program, *value[1:]), float(cast("float", seconds)))

    def _taken(self, name: str, *, required: bool = False) -> object:
        self._known.add(name)
        value = self.data.get(name)
        if value is None and (required or name in self.data):
            self.problem(name, f"'{name}' is missing", f"Write '{name}:' and what it is")
        return value

    def _placed(self, word: str) -> str:
        if not word:
            return ""
        path = Path(word)
        if word.startswith("~"):
            try:
                path = path.expanduser()
            except RuntimeError:
                return word
        return str(self._folder / path if self._folder is not None else path)

    def _unknown(
        self, data: Mapping[object, object], known: set[str], inside: tuple[str, ...]
    ) -> None:
        for one in data:
            if one not in known:
                word = str(one)[:40]
                self.problems.append(
                    Problem(
                        (*self._path, *inside, word),
                        f"there is no '{word}' here",
                        did_you_mean(word, known) or f"expected one of: {', '.join(sorted(known))}",
                    )
                )
