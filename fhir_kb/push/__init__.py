"""Bringing FHIR servers to the state of the definitions: plan, push, drift, rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.push.errors import PushError
from fhir_kb.push.rules import Rules
from fhir_kb.servers.server import Live, Profile, Ref, Server, ServerError

if TYPE_CHECKING:
    from fhir_kb.push.book import Book, Drift, open_book
    from fhir_kb.push.history import keep_profile, kept_profile, left_by, pushes
    from fhir_kb.push.plan import Item, Plan, to_do
    from fhir_kb.push.plan_file import plan_json, read_plan, write_plan
    from fhir_kb.push.results import Made, NotMade, Result
    from fhir_kb.push.store import folder_of
    from fhir_kb.push.wanted import Wanted, unlike, wanted_of, wanted_resource
    from fhir_kb.servers.content import load
    from fhir_kb.servers.fhir_server import open_server

__all__ = [
    "Book",
    "Drift",
    "Item",
    "Live",
    "Made",
    "NotMade",
    "Plan",
    "Profile",
    "PushError",
    "Ref",
    "Result",
    "Rules",
    "Server",
    "ServerError",
    "Wanted",
    "folder_of",
    "keep_profile",
    "kept_profile",
    "left_by",
    "load",
    "open_book",
    "open_server",
    "plan_json",
    "pushes",
    "read_plan",
    "to_do",
    "unlike",
    "wanted_of",
    "wanted_resource",
    "write_plan",
]

_HOMES = {
    **dict.fromkeys(("Made", "NotMade", "Result"), "push.results"),
    **dict.fromkeys(("Book", "Drift", "open_book"), "push.book"),
    **dict.fromkeys(("keep_profile", "kept_profile", "left_by", "pushes"), "push.history"),
    "load": "servers.content",
    "open_server": "servers.fhir_server",
    **dict.fromkeys(("Item", "Plan", "to_do"), "push.plan"),
    **dict.fromkeys(("plan_json", "read_plan", "write_plan"), "push.plan_file"),
    "folder_of": "push.store",
    **dict.fromkeys(("Wanted", "unlike", "wanted_of", "wanted_resource"), "push.wanted"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fhir_kb.push' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"fhir_kb.{_HOMES[name]}"), name)
