"""Which registry is used, and with which credentials. There is none unless somebody names one.

The address comes from FHIR_KB_REGISTRY, from kb.yaml or from the user's own file, in this order.
kb.yaml comes with the knowledge base, which others may have written: so it never decides where a
token goes. A token belongs to an address that the user named: in the environment or their own file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fhir_kb.net import Access, NetError, origin_of, redacted_url
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
    """The file of the user's own settings: config.yaml in the system's configuration folder."""
    if path := environ.get(FILE):
        return Path(path)
    if sys.platform == "win32":
        folder = Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "fhir-kb" / "config.yaml"


def registry_access(from_kb: str = "", environ: Mapping[str, str] = os.environ) -> Access | None:
    """The registry to use, with credentials; None where none is named.

    Args:
        from_kb: The address in kb.yaml, or "".
        environ: The environment variables.

    Raises:
        PackageError: The settings are invalid, or the token cannot be read.
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
                f"the address of the registry '{redacted_url(url)}' contains a password",
                f"Leave it out, and put the token into {TOKEN} or {user_file(environ)}",
            )
        own = _of_origin(settings, origin)
        token = _token(own, environ)
        named_by_user = {origin_of(address) for address in (from_environ, from_file) if address}
        if not token and origin in named_by_user:
            token = _environ_token(environ)
    except NetError as error:
        raise PackageError(error.message, error.help) from error
    user = _text(own, "user") if token else ""
    return Access(url, token, _text(own, "ca"), _text(own, "proxy"), user)


def _environ_token(environ: Mapping[str, str]) -> str:
    if token := environ.get(TOKEN, "").strip():
        return token
    path = environ.get(TOKEN_FILE, "")
    return _read_token(Path(path)) if path else ""


def _token(own: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if token := _text(own, "token").strip():
        return token
    if name := _text(own, "token-env"):
        return environ.get(name, "").strip()
    path = _text(own, "token-file")
    return _read_token(Path(path).expanduser()) if path else ""


def _read_token(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_TOKEN).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise PackageError(
            f"the token file '{path}' cannot be read: {reason}",
            "Correct its path, its permissions or its content",
        ) from error


def _read(path: Path) -> dict[str, Any]:
    """The user's settings; none where there is no file."""
    try:
        settings = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, RecursionError) as error:
        # the parser's message is left out: it may quote a token
        raise PackageError(f"'{path}' cannot be read", "Correct or remove it") from error
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise PackageError(f"'{path}' has no settings (a YAML mapping)", "See docs/packages.md")
    return settings


def _of_origin(settings: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    """The settings of the user's file for the server of a registry."""
    registries = settings.get("registries")
    for url, own in (registries if isinstance(registries, dict) else {}).items():
        if isinstance(url, str) and origin_of(url) == origin and isinstance(own, dict):
            if unknown := sorted(map(str, own.keys() - _KEYS)):
                raise PackageError(
                    f"the settings of registry '{redacted_url(url)}' have an unknown key "
                    f"'{unknown[0]}'",
                    f"Valid keys are {', '.join(sorted(_KEYS))}",
                )
            return own
    return {}


def _text(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""
