"""Walking through terminology resources whose form may be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.fhir.issue import Finding, below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.fhir.issue import Kind


def items(value: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a list with their places; what is no object is passed over."""
    found = value.get(name)
    for index, one in enumerate(found if isinstance(found, list) else ()):
        if isinstance(one, dict):
            yield index, one


def text(value: Mapping[str, Any], name: str) -> str:
    """The string of that name, or ""."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def inside(found: list[Finding], name: str, index: int) -> list[Finding]:
    """The findings, seen from the object that has them in a list."""
    return below(below(found, index, f"[{index}]"), name, f".{name}")


def at(found: list[Finding], name: str) -> list[Finding]:
    """The findings, seen from the object that has them in a property."""
    return below(found, name, f".{name}")


def finding(kind: Kind, message_id: str, message: str, advice: str | None = None) -> Finding:
    """A finding with the official name of its message."""
    return Finding(kind, message, advice, message_id)
