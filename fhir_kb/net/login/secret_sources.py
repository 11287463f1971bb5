"""Sources of secrets. A source holds a name; the secret itself is read when it is needed.

Nothing here shows a secret: not in messages, and not in the errors behind them. For that reason
errors of libraries are not chained: they may hold what was read.
"""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Protocol, cast

from fhir_kb.files import open_regular
from fhir_kb.net.errors import NetError
from fhir_kb.net.redaction import protect_credentials

MAX_SECRET: Final = 2**16
"""Bytes. Long enough for any token."""
COMMAND_TIMEOUT: Final = 30.0
_OTHERS: Final = stat.S_IRWXO | stat.S_IWGRP


class Secret(Protocol):
    """A source of a secret."""

    def read(self) -> str:
        """The secret: one line, not empty. Raises NetError where there is none."""


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """An environment variable."""

    name: str

    def read(self) -> str:
        """See `Secret`."""
        value = os.environ.get(self.name)
        if value is None:
            raise NetError(
                f"the environment variable '{self.name}' with the secret is not set", "Set it"
            )
        return _one_line(value, f"the environment variable '{self.name}'")


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file that only its owner (and perhaps a group) can read."""

    path: str

    def read(self) -> str:
        """See `Secret`."""
        place = f"the file '{self.path}'"
        return _one_line(_decoded(read_private_file(self.path), place), place)


@dataclass(frozen=True, slots=True)
class FromKeyring:
    """The keyring of the operating system; needs the package `keyring`."""

    service: str
    user: str

    def read(self) -> str:
        """See `Secret`."""
        keyring, keyring_error = _keyring()
        secret, is_readable = None, True
        try:
            secret = keyring.get_password(self.service, self.user)
        except (keyring_error, RuntimeError, OSError):
            is_readable = False
        if not is_readable:
            raise NetError(
                "the keyring of this machine cannot be read",
                "Unlock it, or keep the secret in a file or an environment variable",
            )
        if secret is None:
            raise NetError(
                f"the keyring has no secret of '{self.user}' for '{self.service}'",
                f"Store it: keyring set {self.service} {self.user}",
            )
        return _one_line(secret, f"the keyring's secret for '{self.service}'")


@dataclass(frozen=True, slots=True)
class FromCommand:
    """What a program prints: its first line. It is started without a shell."""

    arguments: tuple[str, ...] = field(repr=False)
    timeout: float = COMMAND_TIMEOUT

    def read(self) -> str:
        """See `Secret`."""
        if not self.arguments:
            raise NetError("the command for the secret is empty", "Name a program")
        place = f"the command '{self.arguments[0]}'"
        output, problem = self._run()
        if problem:
            raise NetError(f"{place} for the secret {problem}", "Try it in a terminal")
        lines = _decoded(output[:MAX_SECRET], place).splitlines()
        return _one_line(lines[0] if lines else "", place)

    def _run(self) -> tuple[bytes, str]:
        """The output, and what went wrong if anything did."""
        try:
            process = subprocess.run(  # noqa: S603  the user's own command, as a list
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return b"", f"takes longer than {self.timeout:.0f} s"
        except (OSError, ValueError):
            return b"", "cannot be started"
        failed = f"ends with exit code {process.returncode}" if process.returncode else ""
        return process.stdout, failed


def read_private_file(name: str, most: int = MAX_SECRET) -> bytes:
    """A file's content. Raises NetError where it cannot be read, or others can read or write it."""
    try:
        with os.fdopen(open_regular(name), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise NetError(f"the file '{name}' cannot be read: {reason}", "Correct its path") from None
    if os.name == "posix" and mode & _OTHERS:
        raise NetError(
            f"the file '{name}' holds a secret, and others on this machine can reach it",
            f"Keep it to yourself: chmod 600 {name}",
        )
    if len(content) > most:
        raise NetError(f"the file '{name}' is too long for a secret", "Correct its path")
    return content


def _decoded(content: bytes, place: str) -> str:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    if "\ufffd" in text:
        raise NetError(f"{place} is not text in UTF-8", "Store the secret in UTF-8")
    return text


def _one_line(text: str, place: str) -> str:
    line = text.strip()
    protect_credentials(line)
    if not line:
        raise NetError(f"{place} for the secret is empty", "Store the secret there")
    if not line.isprintable() or len(line) > MAX_SECRET:
        raise NetError(
            f"{place} contains more than one line, or characters that a secret cannot have",
            "Store nothing but the secret there",
        )
    return line


class _Keyring(Protocol):
    def get_password(self, service: str, user: str) -> str | None: ...


def _keyring() -> tuple[_Keyring, type[Exception]]:
    """The package, and what it raises."""
    try:
        errors = import_module("keyring.errors")
        return cast("_Keyring", import_module("keyring")), errors.KeyringError
    except ImportError:
        raise NetError(
            "the secret is kept in the keyring, and the package 'keyring' is not installed",
            "Install it (pip install 'fhir-kb[keyring]'), or use a file or an environment variable",
        ) from None
