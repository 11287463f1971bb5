"""Bringing FHIR servers to the state of the definitions: plan, push, drift, rollback.

planning/    what has to change, computed from values alone
discovery/   what a server holds now
applying/    sending what a plan says, and recovering a push that was interrupted
workspace/   the folder that remembers: state, journal, history, log
reconciler   all of it for one server
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.policy import TargetPolicy
from fhir_kb.servers.protocol import (
    FhirServer,
    Ref,
    RemoteResource,
    ServerCapabilities,
    ServerError,
)

if TYPE_CHECKING:
    from fhir_kb.push.applying.outcomes import AppliedChange, FailedChange, PushResult
    from fhir_kb.push.planning.desired_state import (
        DesiredResource,
        desired_from_json,
        desired_resource,
        desired_state,
    )
    from fhir_kb.push.planning.drift import Drift
    from fhir_kb.push.planning.plan import Plan, PlannedChange, approved_changes, unresolved_changes
    from fhir_kb.push.planning.plan_file import parse_plan, plan_json, serialize_plan
    from fhir_kb.push.planning.scopes import PushScope, scope_names
    from fhir_kb.push.reconciler import PushOptions, Reconciler, open_reconciler
    from fhir_kb.push.workspace.server_capabilities import load_capabilities, save_capabilities
    from fhir_kb.push.workspace.workspace import other_names, workspace_folder
    from fhir_kb.servers.content import load_json
    from fhir_kb.servers.http_fhir_server import open_server

__all__ = [
    "AppliedChange",
    "DesiredResource",
    "Drift",
    "FailedChange",
    "FhirServer",
    "Plan",
    "PlannedChange",
    "PushError",
    "PushOptions",
    "PushResult",
    "PushScope",
    "Reconciler",
    "Ref",
    "RemoteResource",
    "ServerCapabilities",
    "ServerError",
    "TargetPolicy",
    "approved_changes",
    "desired_from_json",
    "desired_resource",
    "desired_state",
    "load_capabilities",
    "load_json",
    "open_reconciler",
    "open_server",
    "other_names",
    "parse_plan",
    "plan_json",
    "save_capabilities",
    "scope_names",
    "serialize_plan",
    "unresolved_changes",
    "workspace_folder",
]

_HOMES = {
    "push.applying.outcomes": ("AppliedChange", "FailedChange", "PushResult"),
    "push.planning.desired_state": (
        "DesiredResource", "desired_from_json", "desired_resource", "desired_state",
    ),
    "push.planning.plan": ("Plan", "PlannedChange", "approved_changes", "unresolved_changes"),
    "push.planning.plan_file": ("parse_plan", "plan_json", "serialize_plan"),
    "push.planning.scopes": ("PushScope", "scope_names"),
    "push.planning.drift": ("Drift",),
    "push.reconciler": ("PushOptions", "Reconciler", "open_reconciler"),
    "push.workspace.workspace": ("other_names", "workspace_folder"),
    "push.workspace.server_capabilities": ("load_capabilities", "save_capabilities"),
    "servers.content": ("load_json",),
    "servers.http_fhir_server": ("open_server",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is first used: the command line starts without it."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'fhir_kb.push' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"fhir_kb.{_HOME_OF[name]}"), name)
