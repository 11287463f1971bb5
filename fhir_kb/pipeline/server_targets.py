"""Targets: FHIR servers by the name that kb.yaml gives them, or by their address."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.model.fhir_release import BY_NAME, releases_in_words
from fhir_kb.net import NetError, SessionSettings, open_session, shown
from fhir_kb.net.login import Login, Logins, NoLogin, logins_file, logins_from, session_settings
from fhir_kb.push import PushError, TargetPolicy, load_capabilities, open_server, save_capabilities
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.plain_data import TooLargeError, node_at, plain_data
from fhir_kb.read.topics import read_settings
from fhir_kb.read.yaml import load, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fhir_kb.model.settings import PushTarget
    from fhir_kb.push import FhirServer

_ADDRESS: Final = ("http://", "https://")
_MOST_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """A server and what holds there. name: as it is called; its address where it has no name.

    fhir: the release it has to have, "" for any. ca_file: certificates to trust. login: where it
    was found, never a secret itself.
    """

    name: str
    url: str
    policy: TargetPolicy
    login: Login
    fhir: str = ""
    ca_file: str = ""
    proxy: str = ""


def find_target(word: str, definitions: Path, environ: Mapping[str, str]) -> ServerTarget:
    """The target of that name in kb.yaml, or at that address.

    environ: names the file of logins. Raises PushError where there is none, or a login cannot be
    read.
    """
    named = _targets(definitions)
    found = named.get(word)
    if found is None and word.startswith(_ADDRESS):
        found = next((one for one in named.values() if _plain(one.url) == _plain(word)), None)
        if found is None:
            return ServerTarget(word, _plain(word), TargetPolicy(), _login(word, environ))
    if found is None:
        known = did_you_mean(word, named) or "name one under 'targets' in kb.yaml, or give a URL"
        raise PushError(f"there is no target '{word}'", known, usage=True)
    return _of(found, definitions, environ)


def _targets(definitions: Path) -> dict[str, PushTarget]:
    if not definitions.is_dir():
        return {}
    settings, _, _ = read_settings(find_definitions(definitions)[0])
    return {str(one.name): one for one in settings.targets} if settings else {}


def _of(one: PushTarget, definitions: Path, environ: Mapping[str, str]) -> ServerTarget:
    default = TargetPolicy()
    share = default.max_changed_share if one.most_changes is None else one.most_changes / 100
    policy = TargetPolicy(
        ids="plain" if str(one.ids or "") == "plain" else "versioned",
        kept_elements=tuple(map(str, one.keep)),
        ignored_elements=tuple(map(str, one.ignore)),
        max_changed_share=share,
        max_entries=max(1, one.entries or default.max_entries),
        max_concurrent=max(1, one.at_once or default.max_concurrent),
    )
    url = _plain(str(one.url))
    ca_file = str(definitions / str(one.ca)) if one.ca else ""
    login = _login(url, environ)
    return ServerTarget(
        str(one.name),
        url,
        policy,
        login,
        str(one.fhir or ""),
        ca_file,
        _plain(str(one.proxy or "")),
    )


def _plain(url: str) -> str:
    """The address without the slash at its end. Raises PushError where it holds a password."""
    if "@" in urlsplit(url).netloc:
        raise PushError(
            f"'{shown(url)}' is written with a user or a password",
            "Leave them out: logins stand in a file of your own, a proxy's in HTTPS_PROXY",
            usage=True,
        )
    return url.rstrip("/")


def _login(url: str, environ: Mapping[str, str]) -> Login:
    """The login for a server from the user's own file."""
    path = logins_file(environ)
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return NoLogin()
    except OSError as error:
        raise PushError(f"{path}: {error.strerror or error}", "Mend its rights") from error
    logins = _logins(content, path)
    try:
        return logins.of(url) or NoLogin()
    except NetError as error:
        raise PushError(error.message, error.help or "", usage=True) from error


def _logins(content: bytes, path: Path) -> Logins:
    node, wrong = load(content, path.as_posix())
    if wrong:
        first = wrong[0]
        place = f"{first.span.file}:{first.span.line}:{first.span.column}"
        raise PushError(f"{place}: {first.message}", first.help or "", usage=True)
    if node is None:
        return Logins()
    try:
        found = logins_from(plain_data(node), folder=path.parent)
    except TooLargeError as error:
        raise PushError(f"{path}: this is no file of logins", usage=True) from error
    if isinstance(found, Logins):
        return found
    problem = found[0]
    span = span_of(node_at(node, problem.path), path.as_posix())
    place = f"{span.file}:{span.line}:{span.column}"
    raise PushError(f"{place}: {problem.message}", problem.help, usage=True)


@contextmanager
def reached(
    target: ServerTarget, folder: Path | None = None, *, anew: bool = False
) -> Iterator[FhirServer]:
    """The server, asked what it can do; closed at the end.

    folder: where what it can do is remembered. anew: ask, whatever is remembered. Raises PushError
    and ServerError where it cannot be reached, or has another release.
    """
    try:
        settings = session_settings(
            target.login,
            target.url,
            SessionSettings(server=target.url, ca_file=target.ca_file, proxy=target.proxy),
        )
    except NetError as error:
        raise PushError(error.message, error.help or "") from error
    with open_session(settings) as session:
        known = None if anew or folder is None else load_capabilities(folder, target.url)
        server = open_server(session, target.url, known)
        profile = server.capabilities
        if folder is not None and profile != known:
            save_capabilities(folder, profile)
        if not profile.release:
            raise PushError(
                f"'{target.url}' has FHIR {profile.fhir_version or 'of an unknown version'}",
                f"Definitions are published for {releases_in_words()}",
            )
        if target.fhir and profile.release != target.fhir:
            raise PushError(
                f"'{target.name}' should have {BY_NAME[target.fhir].title} by kb.yaml, but has "
                f"{BY_NAME[profile.release].label} ({profile.fhir_version})",
                "Mend its 'fhir' or its 'url' in kb.yaml",
                usage=True,
            )
        yield server
