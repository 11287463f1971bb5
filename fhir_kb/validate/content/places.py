"""Findings at places inside a resource that is walked as plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.fhir.issue import fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.validate.fhir.issue import Finding, Kind

#: The way from the resource to a place: names and indices.
Way = tuple[str | int, ...]


def at(
    way: Way, kind: Kind, message: str, advice: str | None = None, message_id: str = ""
) -> list[Finding]:
    """A finding at a place; a choice such as valueString is told by its type."""
    found = fail(kind, message, advice, message_id)
    for step in reversed(way):
        found[0].trail.append((step, _text(step)))
    return found


def _text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    rest = step.removeprefix("value")
    if rest != step and rest[:1].isupper():
        plain = rest if rest in _COMPLEX else rest[:1].lower() + rest[1:]
        return f".value.ofType({plain})"
    return f".{step}"


_COMPLEX = frozenset({"Coding", "Quantity", "Reference", "Attachment", "CodeableConcept"})


def objects(value: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a list of that name, with their numbers."""
    listed = value.get(name) if isinstance(value, dict) else None
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield index, one
