"""Decoding the user's login file, as plain data. A secret itself is never read from it.

    https://fhir.example.org/r4:
      type: smart-backend
      client-id: fhir-kb
      keys: ~/.config/fhir-kb/keys
      scopes: [system/*.cruds]

The caller knows the lines of the file: a problem has the path of keys to what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.nearest import did_you_mean
from fhir_kb.net.errors import NetError
from fhir_kb.net.login.field_reader import FieldReader, Problem
from fhir_kb.net.login.login_types import (
    Basic,
    Bearer,
    ClientCredentials,
    Login,
    NoLogin,
    SmartBackend,
)
from fhir_kb.net.urls import origin_of, split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Logins", "Problem", "login_from", "logins_from"]

_AUTHENTICATIONS: Final = ("basic", "post", "certificate")


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins by the base URLs of their servers."""

    by_server: tuple[tuple[str, Login], ...] = ()

    def of(self, server: str) -> Login | None:
        """The login for a server: that of the longest base URL that it is, or is below of.

        Raises NetError where `server` is not a URL.
        """
        origin, path = origin_of(server), _folder(server)
        matches = [
            (len(_folder(base)), login)
            for base, login in self.by_server
            if origin_of(base) == origin and path.startswith(_folder(base))
        ]
        return max(matches, key=lambda match: match[0])[1] if matches else None


def logins_from(data: object, *, folder: Path | None = None) -> Logins | list[Problem]:
    """All logins of a file, or all problems of it. folder: where relative paths begin."""
    if data is None:
        return Logins()
    if not isinstance(data, Mapping):
        return [
            Problem(
                (),
                "the login file is not a mapping of servers",
                "Write the base URL of each server, and ':'",
            )
        ]
    logins: list[tuple[str, Login]] = []
    problems: list[Problem] = []
    for server, entry in data.items():
        path = (_without_user(str(server)),)
        if (problem := _server_problem(server, path)) is not None:
            problems.append(problem)
        elif any(_is_same_base(str(server), base) for base, _ in logins):
            problems.append(Problem(path, "this server has a login already", "Keep one of them"))
        login = login_from(entry, path, folder=folder)
        if isinstance(login, list):
            problems += login
        elif problem is None:
            logins.append((str(server), login))
    return problems or Logins(tuple(logins))


def login_from(
    data: object, where: Sequence[str | int] = (), *, folder: Path | None = None
) -> Login | list[Problem]:
    """One login from plain data, or all problems of it.

    where: the path of keys to it in its file; problems' paths begin with it. folder: where relative
    paths begin; None for the current one.
    """
    path = tuple(where)
    if not isinstance(data, Mapping):
        return [Problem(path, "this is not a login", "Write 'type:' and its fields")]
    fields = FieldReader(data, path, folder)
    kind = fields.word("type", required=True)
    if not kind:
        return fields.problems
    if (decode := _KINDS.get(kind)) is None:
        advice = did_you_mean(kind, _KINDS) or f"expected one of: {', '.join(_KINDS)}"
        return [Problem((*path, "type"), f"there is no login of the type '{kind[:40]}'", advice)]
    login = decode(fields)
    fields.end()
    return fields.problems or login


def _server_problem(server: object, path: tuple[str, ...]) -> Problem | None:
    try:
        parts = split_url(str(server))
    except NetError:
        return Problem(
            path, "this is not the base URL of a server", "Write one that begins with https://"
        )
    if parts.username or parts.password:
        return Problem(
            path,
            "the base URL contains a user or a password",
            "Take them out: type basic has 'user' and 'password' of its own",
        )
    if parts.query or parts.fragment:
        return Problem(path, "a base URL has neither '?' nor '#'", "Take away what follows")
    return None


def _without_user(server: str) -> str:
    """A key as problems name it: the key itself, unless it has a password in it."""
    return server if "@" not in server else f"…@{server.rpartition('@')[2]}"


def _folder(url: str) -> str:
    return split_url(url).path.rstrip("/") + "/"


def _is_same_base(first: str, second: str) -> bool:
    return origin_of(first) == origin_of(second) and _folder(first) == _folder(second)


def _basic(fields: FieldReader) -> Login:
    user = fields.word("user", required=True)
    if ":" in user:
        fields.problem("user", "a user name cannot contain ':' (RFC 7617)", "Correct the name")
    return Basic(
        user,
        fields.secret("password", required=True),
        fields.certificate(),
        fields.flag("insecure"),
    )


def _bearer(fields: FieldReader) -> Login:
    return Bearer(
        fields.secret("token", required=True), fields.certificate(), fields.flag("insecure")
    )


def _client_credentials(fields: FieldReader) -> Login:
    authentication = fields.choice("authentication", _AUTHENTICATIONS)
    by_certificate = authentication == "certificate"
    if by_certificate and "certificate" not in fields.data:
        fields.problem("authentication", "there is no certificate", "Name the file (certificate)")
    if by_certificate and "client-secret" in fields.data:
        fields.problem(
            "client-secret",
            "client-secret is not used with authentication: certificate",
            "Leave it out",
        )
    if "issuer" in fields.data and "token-endpoint" in fields.data:
        fields.problem("issuer", "issuer is not used beside token-endpoint", "Leave one out")
    needs_secret = "client-secret" in fields.data or not by_certificate
    return ClientCredentials(
        fields.word("client-id", required=True),
        fields.secret("client-secret", required=True) if needs_secret else None,
        authentication,
        fields.url("token-endpoint"),
        fields.url("issuer"),
        fields.words("scopes"),
        fields.word("audience"),
        fields.word("resource"),
        fields.certificate(),
        fields.flag("insecure"),
    )


def _smart_backend(fields: FieldReader) -> Login:
    return SmartBackend(
        fields.word("client-id", required=True),
        fields.file("keys", required=True),
        fields.words("scopes", required="such as [system/*.cruds]"),
        fields.word("kid"),
        fields.secret("passphrase", required=True) if "passphrase" in fields.data else None,
        fields.url("token-endpoint"),
        fields.certificate(),
        fields.flag("insecure"),
    )


def _certificate(fields: FieldReader) -> Login:
    return fields.certificate(required=True) or NoLogin()


_KINDS: Final[Mapping[str, Callable[[FieldReader], Login]]] = {
    "none": lambda _: NoLogin(),
    "basic": _basic,
    "bearer": _bearer,
    "client-credentials": _client_credentials,
    "smart-backend": _smart_backend,
    "certificate": _certificate,
}
