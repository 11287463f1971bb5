"""The differences between two states of a resource, element by element.

List items are matched by what identifies them (an action by its id, an extension by its url), so
that a step inserted before another does not make every later one look changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.content import (
    MISSING,
    SETS,
    is_equal_element,
    is_equivalent,
    without_server_elements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fhir_kb.servers.content import Resource

_IDENTIFYING: Final = ("id", "linkId", "url", "code", "name", "title", "label", "display", "value")
_MOST_COMPARED: Final = 400
"""Longer lists without identifying items are compared in order: to find what moved takes the
square of that."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs."""

    path: str
    """Where it is in the new state ("PlanDefinition.action[2].title"); in the old one if it is
    gone."""
    label: str
    """The same for people ("action 'restore' · title")."""
    old: Any
    """Its value; MISSING where there is none."""
    new: Any


def differences(old: Resource, new: Resource) -> list[Difference]:
    """The differences in the order of the new state, then what was removed."""
    return list(
        _between(
            str(new.get("resourceType", "")),
            (),
            without_server_elements(old),
            without_server_elements(new),
        )
    )


def _between(path: str, label: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if old == new and type(old) is type(new):
        return
    if label[:1] == ("meta",) and label[1:] and label[1] in SETS:
        if not is_equivalent({"meta": {label[1]: new}}, {"meta": {label[1]: old}}):
            yield Difference(path, " · ".join(label), old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            inner = (*label, key)
            yield from _between(
                f"{path}.{key}", inner, old.get(key, MISSING), new.get(key, MISSING)
            )
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(path, label, old, new)
    elif not is_equal_element(path, old, new):
        yield Difference(path, " · ".join(label), old, new)


def _lists(
    path: str, label: tuple[str, ...], old: list[Any], new: list[Any]
) -> Iterator[Difference]:
    identify = _identifier_for(old, new)
    if identify is None or len(old) == len(new) == 1:
        yield from _by_position(path, label, old, new)
        return
    before = {identify(item): (index, item) for index, item in enumerate(old)}
    after = {identify(item) for item in new}
    for index, item in enumerate(new):
        name = identify(item)
        _, previous = before.get(name, (0, MISSING))
        yield from _between(f"{path}[{index}]", _item_label(label, name), previous, item)
    for name, (index, item) in before.items():
        if name not in after:
            removed = " · ".join(_item_label(label, name))
            yield Difference(f"{path}[{index}]", removed, item, MISSING)
    old_order = [name for name in before if name in after]
    new_order = [identify(item) for item in new if identify(item) in before]
    if old_order != new_order:
        order = " · ".join((*label, "order"))
        yield Difference(path, order, ", ".join(old_order), ", ".join(new_order))


def _item_label(label: tuple[str, ...], name: str | int) -> tuple[str, ...]:
    shown = str(name) if isinstance(name, int) else f"'{name.rpartition('/')[2]}'"
    return (*label[:-1], f"{label[-1]} {shown}") if label else (shown,)


def _identifier_for(old: list[Any], new: list[Any]) -> Callable[[Any], str] | None:
    """A function that identifies the items of both lists; None where no property does."""
    items = [*old, *new]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in _IDENTIFYING:
        names = [_name(key, item) for item in items]
        if all(names) and all(
            len(set(part)) == len(part) for part in (names[: len(old)], names[len(old) :])
        ):
            return partial(_name, key)
    return None


def _name(key: str, item: dict[str, Any]) -> str:
    value = item.get(key)
    if isinstance(value, dict):  # a CodeableConcept, or a CodeableReference and the like
        coding = value.get("coding")
        first = coding[0] if isinstance(coding, list) and coding else value
        value = first.get("code") if isinstance(first, dict) else None
    return value if isinstance(value, str) else ""


def _by_position(
    path: str, label: tuple[str, ...], old: list[Any], new: list[Any]
) -> Iterator[Difference]:
    for tag, first, last, start, end in _blocks(old, new):
        if tag == "equal":
            continue
        for offset in range(max(last - first, end - start)):
            before = old[first + offset] if first + offset < last else MISSING
            after = new[start + offset] if start + offset < end else MISSING
            index = start + offset if after is not MISSING else first + offset
            is_only = len(old) <= 1 and len(new) <= 1
            indexed = label if is_only else _item_label(label, index + 1)
            yield from _between(f"{path}[{index}]", indexed, before, after)


def _blocks(old: list[Any], new: list[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    if max(len(old), len(new)) > _MOST_COMPARED:
        return [("replace", 0, len(old), 0, len(new))]
    first, second = [repr(item) for item in old], [repr(item) for item in new]
    return SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
