"""Logging in at FHIR servers: what the user wrote, where secrets are, and tokens that renew.

`login_from(data)` decodes a `Login`; `session_settings(login, server)` gives the settings of a
session that uses it; `open_credentials(login, server)` gives its `Credentials` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.net.login.decode import Logins, Problem, login_from, logins_from
from fhir_kb.net.login.login_file import login_file_path
from fhir_kb.net.login.login_types import (
    Basic,
    Bearer,
    Certificate,
    ClientCredentials,
    Login,
    NoLogin,
    SmartBackend,
)
from fhir_kb.net.login.secret_sources import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    Secret,
)

if TYPE_CHECKING:
    from fhir_kb.net.login.credentials import open_credentials, session_settings

__all__ = [
    "Basic",
    "Bearer",
    "Certificate",
    "ClientCredentials",
    "FromCommand",
    "FromEnvironment",
    "FromFile",
    "FromKeyring",
    "Login",
    "Logins",
    "NoLogin",
    "Problem",
    "Secret",
    "SmartBackend",
    "login_file_path",
    "login_from",
    "logins_from",
    "open_credentials",
    "session_settings",
]


def __getattr__(name: str) -> Any:
    """`requests` costs 0.1 s: it is imported when somebody wants to go out."""
    if name not in {"open_credentials", "session_settings"}:
        raise AttributeError(f"module 'fhir_kb.net.login' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("fhir_kb.net.login.credentials"), name)
