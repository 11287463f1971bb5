"""Reading the fields of a login from the user's login file, and collecting what is wrong.

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
    "Name its source: {env: NAME}, {file: PATH}, {keyring: {service: …, user: …}} or "
    "{command: [PROGRAM, …]}"
)
_MOST_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a login file."""

    path: tuple[str | int, ...]
    """The keys that lead there."""
    message: str
    help: str = ""
    """What to do about it."""


class FieldReader:
    """The fields of one login. `problems` grows; a wrong field is read as if it were empty."""

    def __init__(
        self, data: Mapping[object, object], path: tuple[str | int, ...], folder: Path | None
    ) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self._path = path
        self._folder = folder
        self._expected: set[str] = set()

    def problem(self, name: str, message: str, advice: str) -> None:
        """Add a problem of a field."""
        self.problems.append(Problem((*self._path, name), message, advice))

    def end(self) -> None:
        """Add a problem for each field that was not read."""
        self._check_names(self.data, self._expected, ())

    def word(self, name: str, *, required: bool = False) -> str:
        """A string of one line."""
        value = self._take(name, required=required)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.problem(
                name, f"'{name}' is not a string of one line", "Write it, in quotes if necessary"
            )
            return ""
        return value.strip()

    def words(self, name: str, *, required: str = "") -> tuple[str, ...]:
        """A list of words, or a string of some. required: an example of them."""
        value = self._take(name, required=False)
        listed: Sequence[object] = value.split() if isinstance(value, str) else ()
        if isinstance(value, list):
            listed = value
        is_valid = all(isinstance(item, str) and item.isprintable() for item in listed)
        words = tuple(word for item in listed if isinstance(item, str) for word in item.split())
        if not is_valid or (value is not None and not words) or (required and not words):
            self.problem(
                name, f"'{name}' is not a list of words", f"Write one, {required or '[…]'}"
            )
            return ()
        return words

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing."""
        value = self._take(name, required=False)
        if not isinstance(value, bool | None):
            self.problem(name, f"'{name}' is neither true nor false", "Write true or false")
        return value is True

    def choice(self, name: str, choices: Sequence[ClientAuthentication]) -> ClientAuthentication:
        """One of `choices`; the first where it is missing."""
        word = self.word(name)
        if word and word not in choices:
            advice = did_you_mean(word, choices) or f"expected one of: {', '.join(choices)}"
            self.problem(name, f"'{name}' has an unknown value", advice)
        return cast("ClientAuthentication", word) if word in choices else choices[0]

    def url(self, name: str) -> str:
        """An http or https URL without user and password."""
        word = self.word(name)
        try:
            is_valid = not word or "@" not in split_url(word).netloc
        except NetError:
            is_valid = False
        if not is_valid:
            self.problem(name, f"'{name}' is not a URL", "Write one that begins with https://")
        return word if is_valid else ""

    def file(self, name: str, *, required: bool = False) -> str:
        """A path: '~' is the user's home; relative ones begin at the login file."""
        return self._resolve_path(self.word(name, required=required))

    def certificate(self, *, required: bool = False) -> Certificate | None:
        """Client certificate and key."""
        certificate, key = self.file("certificate", required=required), self.file("key")
        if key and not certificate and not required:
            self.problem("key", "there is a key and no certificate", "Name the file (certificate)")
        return Certificate(certificate, key) if certificate else None

    def secret(self, name: str, *, required: bool) -> Secret:
        """Where a secret is kept; the secret itself in the login file is a problem."""
        value = self._take(name, required=required)
        no_secret = FromEnvironment("")
        if value is None:
            return no_secret
        if not isinstance(value, dict):
            self.problem(name, f"'{name}' itself must not be in the login file", _ADVICE)
            return no_secret
        sources = [source for source in SOURCES if source in value]
        expected = {*SOURCES, "timeout"} if "command" in value else set(SOURCES)
        self._check_names(value, expected, (name,))
        if len(sources) != 1:
            self.problem(name, f"'{name}' needs exactly one source", _ADVICE)
            return no_secret
        return self._source(name, sources[0], value) or no_secret

    def _source(self, name: str, kind: str, value: Mapping[object, object]) -> Secret | None:
        inner = FieldReader(value, (*self._path, name), self._folder)
        source: Secret | None = None
        if kind == "env":
            source = FromEnvironment(inner.word("env"))
        elif kind == "file":
            source = FromFile(inner.file("file"))
        elif kind == "keyring":
            source = inner.keyring()
        else:
            source = inner.command()
        self.problems += inner.problems
        return source

    def keyring(self) -> Secret | None:
        """A secret in the keyring."""
        value = self._take("keyring", required=True)
        if not isinstance(value, dict):
            self.problem("keyring", "a keyring has a service and a user", _ADVICE)
            return None
        inner = FieldReader(value, (*self._path, "keyring"), self._folder)
        source = FromKeyring(
            inner.word("service", required=True), inner.word("user", required=True)
        )
        inner.end()
        self.problems += inner.problems
        return source

    def command(self) -> Secret | None:
        """The command that prints a secret."""
        value, seconds = self._take("command", required=True), self._take("timeout")
        if not isinstance(value, list) or not all(
            isinstance(argument, str) and argument for argument in value
        ):
            self.problem(
                "command", "a command is a list of strings", "Write [PROGRAM, ARGUMENT, …]"
            )
            return None
        if not value:
            self.problem("command", "the command is empty", "Name a program")
            return None
        if seconds is None:
            seconds = COMMAND_TIMEOUT
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not 0 < cast("float", seconds) <= _MOST_SECONDS:
            self.problem("timeout", "'timeout' is not a number of seconds", f"1 to {_MOST_SECONDS}")
            return None
        program = self._resolve_path(value[0]) if value[0].startswith("~") else value[0]
        return FromCommand((program, *value[1:]), float(cast("float", seconds)))

    def _take(self, name: str, *, required: bool = False) -> object:
        self._expected.add(name)
        value = self.data.get(name)
        if value is None and (required or name in self.data):
            self.problem(name, f"'{name}' is missing", f"Write '{name}:' and its value")
        return value

    def _resolve_path(self, word: str) -> str:
        if not word:
            return ""
        path = Path(word)
        if word.startswith("~"):
            try:
                path = path.expanduser()
            except RuntimeError:
                return word
        return str(self._folder / path if self._folder is not None else path)

    def _check_names(
        self, data: Mapping[object, object], expected: set[str], inside: tuple[str, ...]
    ) -> None:
        for key in data:
            if key not in expected:
                name = str(key)[:40]
                self.problems.append(
                    Problem(
                        (*self._path, *inside, name),
                        f"there is no field '{name}'",
                        did_you_mean(name, expected)
                        or f"expected one of: {', '.join(sorted(expected))}",
                    )
                )
