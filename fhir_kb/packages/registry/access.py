"""Which registry is asked, and how it is reached. There is none unless somebody names one.

The address comes from FHIR_KB_REGISTRY, from kb.yaml or from the user's own file, in this order.
kb.yaml comes with the knowledge base, which others may have written: so it never decides where a
token goes. A token belongs to an address that the user named: in the environment or the own file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fhir_kb.net import Access, NetError, origin_of, shown
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "FHIR_KB_REGISTRY"
TOKEN = "FHIR_KB_REGISTRY_TOKEN"  # noqa: S105 (its name, not itself)
TOKEN_FILE = "FHIR_KB_REGISTRY_TOKEN_FILE"  # noqa: S105
FILE = "FHIR_KB_CONFIG"
_KEYS = frozenset({"token", "token-file", "token-env", "user", "ca", "proxy"})
_MAX_TOKEN = 16_384


def user_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the user's own settings are: config.yaml in the folder that the system has for it."""
    if said := environ.get(FILE):
        return Path(said)
    if sys.platform == "win32":
        folder = Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "fhir-kb" / "config.yaml"


def registry_access(from_kb: str = "", environ: Mapping[str, str] = os.environ) -> Access | None:
    """The registry to ask; None where none is named. from_kb: what kb.yaml names, or "".

    Raises PackageError where the settings make no sense or the token cannot be read.
    """
    settings = _read(user_file(environ))
    from_environ, from_file = environ.get(URL, ""), _text(settings, "registry")
    url = from_environ or from_kb or from_file
    if not url:
        return None
    try:
        origin = origin_of(url)
        if "@" in url.partition("://")[2].partition("/")[0]:
            raise PackageError(
                f"the address of the registry '{shown(url)}' holds a password",
                f"Leave it out, and put the token into {TOKEN} or {user_file(environ)}",
            )
        own = _of_origin(settings, origin)
        token = _token(own, environ)
        users = {origin_of(one) for one in (from_environ, from_file) if one}
        if not token and origin in users:
            token = _environ_token(environ)
    except NetError as error:
        raise PackageError(error.message, error.help) from error
    user = _text(own, "user") if token else ""
    return Access(url, token, _text(own, "ca"), _text(own, "proxy"), user)


def _environ_token(environ: Mapping[str, str]) -> str:
    if token := environ.get(TOKEN, "").strip():
        return token
    place = environ.get(TOKEN_FILE, "")
    return _token_in(Path(place)) if place else ""


def _token(own: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if token := _text(own, "token").strip():
        return token
    if name := _text(own, "token-env"):
        return environ.get(name, "").strip()
    place = _text(own, "token-file")
    return _token_in(Path(place).expanduser()) if place else ""


def _token_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_TOKEN).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise PackageError(
            f"the token's file '{path}' cannot be read: {reason}", "Mend its path or its content"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    """The user's settings; none where there is no file."""
    try:
        found = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, RecursionError) as error:
        # what the file says stays unsaid: it may hold a token
        raise PackageError(f"'{path}' cannot be read", "Mend or remove it") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise PackageError(f"'{path}' is no list of settings", "See docs/packages.md")
    return found


def _of_origin(settings: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    """What the user's file says of a registry's server."""
    registries = settings.get("registries")
    for url, own in (registries if isinstance(registries, dict) else {}).items():
        if isinstance(url, str) and origin_of(url) == origin and isinstance(own, dict):
            if unknown := sorted(map(str, own.keys() - _KEYS)):
                raise PackageError(
                    f"the settings of registry '{shown(url)}' have an unknown key '{unknown[0]}'",
                    f"Known are {', '.join(sorted(_KEYS))}",
                )
            return own
    return {}


def _text(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""
