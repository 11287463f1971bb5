"""Targets: FHIR servers by their name in kb.yaml, or by their URL."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.files import open_regular
from fhir_kb.model.fhir_release import BY_NAME, releases_in_words
from fhir_kb.net import NetError, SessionSettings, open_session, redacted_url
from fhir_kb.net.login import Login, Logins, NoLogin, login_file_path, logins_from, session_settings
from fhir_kb.pipeline.input_files import is_stream, read_stream
from fhir_kb.push import PushError, TargetPolicy, load_capabilities, open_server, save_capabilities
from fhir_kb.push.workspace.server_base import is_same_base
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.plain_data import TooLargeError, node_at, plain_data
from fhir_kb.read.topics import read_settings
from fhir_kb.read.yaml import load, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fhir_kb.model.settings import PushTarget
    from fhir_kb.push import FhirServer, ServerCapabilities

_SCHEMES: Final = ("http://", "https://")
_MAX_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """A FHIR server, and how it is reached and treated."""

    name: str
    """Its name in kb.yaml; its URL where it has none."""
    url: str
    policy: TargetPolicy
    login: Login
    """Where the credentials are; never a secret itself."""
    fhir: str = ""
    """The release that it must have; "" for any."""
    ca_file: str = ""
    """Certificates to trust."""
    proxy: str = ""


def find_target(name: str, definitions: Path, environ: Mapping[str, str]) -> ServerTarget:
    """The target of that name in kb.yaml, or at that URL.

    Args:
        name: Its name or URL.
        definitions: The folder with kb.yaml.
        environ: The environment; names the login file.

    Raises:
        PushError: There is no such target, or its login cannot be read.
    """
    settings_by_name = _target_settings(definitions)
    settings = settings_by_name.get(name)
    if settings is None and name.lower().startswith(_SCHEMES):
        url = _base_url(name)
        same_url = (
            target
            for target in settings_by_name.values()
            if is_same_base(_checked_url(target.url), url)
        )
        settings = next(same_url, None)
        if settings is None:
            return ServerTarget(name, url, TargetPolicy(), _login(name, environ))
    if settings is None:
        advice = did_you_mean(name, settings_by_name)
        if not advice:
            advice = "name one under 'targets' in kb.yaml, or give a URL: http://… or https://…"
        raise PushError(f"there is no target '{name}'", advice, usage=True)
    return _target(settings, definitions, environ)


def _target_settings(definitions: Path) -> dict[str, PushTarget]:
    if not definitions.is_dir():
        return {}
    settings, _, _ = read_settings(find_definitions(definitions)[0])
    return {str(target.name): target for target in settings.targets} if settings else {}


def _target(settings: PushTarget, definitions: Path, environ: Mapping[str, str]) -> ServerTarget:
    url = _base_url(settings.url)
    return ServerTarget(
        str(settings.name),
        url,
        _policy(settings),
        _login(url, environ),
        str(settings.fhir or ""),
        str(definitions / str(settings.ca)) if settings.ca else "",
        _checked_url(settings.proxy or ""),
    )


def _policy(settings: PushTarget) -> TargetPolicy:
    default = TargetPolicy()
    share = settings.most_changes
    return TargetPolicy(
        ids="plain" if str(settings.ids or "") == "plain" else "versioned",
        kept_elements=tuple(map(str, settings.keep)),
        ignored_elements=tuple(map(str, settings.ignore)),
        max_changed_share=default.max_changed_share if share is None else share / 100,
        max_removed_share=default.max_removed_share if share is None else share / 100,
        max_entries=max(1, settings.entries or default.max_entries),
        max_concurrent=max(1, settings.at_once or default.max_concurrent),
    )


def _base_url(text: object) -> str:
    """The base URL of a server as it is written. Raises PushError as `_checked_url`."""
    url = _checked_url(text)
    if "?" in url or "#" in url:
        raise PushError(
            f"the URL '{redacted_url(url)}' is no base URL: it has a query or a fragment",
            "Leave out what begins with ? or #",
            usage=True,
        )
    return url


def _checked_url(text: object) -> str:
    """The URL as it is written. Raises PushError where it holds a password, or is no base URL."""
    url = str(text)
    if "@" in urlsplit(url).netloc:
        raise PushError(
            f"the URL '{redacted_url(url)}' contains a user name or a password",
            "Leave them out: credentials go into your login file, a proxy's into HTTPS_PROXY",
            usage=True,
        )
    if urlsplit(url).path.rstrip("/").endswith("/metadata"):
        base = url.rstrip("/").removesuffix("metadata").rstrip("/")
        raise PushError(
            f"'{url}' is not the base URL of a server, but its CapabilityStatement",
            f"Leave /metadata out: {base}",
            usage=True,
        )
    return url


def _login(url: str, environ: Mapping[str, str]) -> Login:
    """The login for a server, from the user's login file."""
    path = login_file_path(environ)
    try:
        content, mode = _content_and_mode(path)
    except FileNotFoundError:
        return NoLogin()
    except OSError as error:
        raise PushError(
            f"{path} cannot be read: {error.strerror or error}", "Fix its permissions"
        ) from error
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PushError(
            f"{path} can be written by others, who could send your login elsewhere",
            f"Keep it to yourself: chmod 600 {path}",
            usage=True,
        )
    logins = _parse_logins(content, path)
    try:
        return logins.of(url) or NoLogin()
    except NetError as error:
        raise PushError(error.message, error.help or "", usage=True) from error


def _content_and_mode(path: Path) -> tuple[bytes, int]:
    """What a file or pipe holds, and its permissions. Raises OSError and EnvironmentFailure."""
    if is_stream(path):  # `FHIR_KB_LOGINS=<(decrypt logins.yaml)`
        mode = path.stat().st_mode
        return read_stream(path), mode
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(_MAX_BYTES), os.fstat(file.fileno()).st_mode


def _parse_logins(content: bytes, path: Path) -> Logins:
    node, findings = load(content, path.as_posix())
    if findings:
        first = findings[0]
        raise PushError(f"{first.span}: {first.message}", first.help or "", usage=True)
    if node is None:
        return Logins()
    try:
        logins = logins_from(plain_data(node), folder=path.parent)
    except TooLargeError as error:
        raise PushError(f"{path} is not a login file", usage=True) from error
    if isinstance(logins, Logins):
        return logins
    problem = logins[0]
    span = span_of(node_at(node, problem.path), path.as_posix())
    raise PushError(f"{span}: {problem.message}", problem.help, usage=True)


@contextmanager
def connect(
    target: ServerTarget, folder: Path | None = None, *, refresh: bool = False
) -> Iterator[FhirServer]:
    """A connection to the server whose capabilities are known; closed at the end.

    Args:
        target: The server.
        folder: Where its capabilities are kept for the next time; None: nowhere.
        refresh: Read the capabilities from the server, whatever is kept of them.

    Raises:
        PushError: The login cannot be used, or the server has another FHIR release.
        ServerError: The server cannot be reached.
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
        cached = None if folder is None else load_capabilities(folder, target.url.rstrip("/"))
        server = open_server(session, target.url, cached, refresh=refresh)
        if folder is not None and server.capabilities != cached:
            save_capabilities(folder, server.capabilities)
        _check_release(target, server.capabilities)
        known = server.capabilities
        try:
            yield server
        finally:
            if folder is not None and server.capabilities != known:
                save_capabilities(folder, server.capabilities)


def _check_release(target: ServerTarget, capabilities: ServerCapabilities) -> None:
    if not capabilities.release:
        raise PushError(
            f"'{target.url}' has FHIR {capabilities.fhir_version or 'of an unknown version'}",
            f"Definitions are published for {releases_in_words()}",
        )
    if target.fhir and capabilities.release != target.fhir:
        raise PushError(
            f"'{target.name}' should have {BY_NAME[target.fhir].title} by kb.yaml, but has "
            f"{BY_NAME[capabilities.release].label} ({capabilities.fhir_version})",
            "Correct its 'fhir' or its 'url' in kb.yaml",
            usage=True,
        )
