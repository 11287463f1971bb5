"""What is different between two states of a resource, element by element, as a reader would say it.

Items of lists are recognized by what names them (an action by its id, an extension by its url), so
that a step put in before another does not make every later one look changed.
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

_NAMES: Final = ("id", "linkId", "url", "code", "name", "title", "label", "display", "value")
_MOST_COMPARED: Final = 400
"""Longer lists without names are compared in order: finding what moved takes a square of that."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One element. old, new: its values; MISSING where it is not there.

    path: in the new state, where it is there ("PlanDefinition.action[2].title"). label: the same in
    words ("action 'restore' · title").
    """

    path: str
    label: str
    old: Any
    new: Any


def differences(old: Resource, new: Resource) -> list[Difference]:
    """The differences in the order of the new state, then what is gone."""
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
    naming = _naming(old, new)
    if naming is None or len(old) == len(new) == 1:
        yield from _unnamed(path, label, old, new)
        return
    before = {naming(item): (number, item) for number, item in enumerate(old)}
    after = {naming(item) for item in new}
    for number, item in enumerate(new):
        name = naming(item)
        _, other = before.get(name, (0, MISSING))
        yield from _between(f"{path}[{number}]", _item(label, name), other, item)
    for name, (number, item) in before.items():
        if name not in after:
            yield Difference(f"{path}[{number}]", " · ".join(_item(label, name)), item, MISSING)
    was = [name for name in before if name in after]
    now = [naming(item) for item in new if naming(item) in before]
    if was != now:
        yield Difference(path, " · ".join((*label, "order")), ", ".join(was), ", ".join(now))


def _item(label: tuple[str, ...], name: str | int) -> tuple[str, ...]:
    shown = str(name) if isinstance(name, int) else f"'{name.rpartition('/')[2]}'"
    return (*label[:-1], f"{label[-1]} {shown}") if label else (shown,)


def _naming(old: list[Any], new: list[Any]) -> Callable[[Any], str] | None:
    """What tells the items of both lists apart; None where nothing does."""
    items = [*old, *new]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in _NAMES:
        names = [_name(key, item) for item in items]
        if all(names) and all(
            len(set(part)) == len(part) for part in (names[: len(old)], names[len(old) :])
        ):
            return partial(_name, key)
    return None


def _name(key: str, item: dict[str, Any]) -> str:
    value = item.get(key)
    if isinstance(value, dict):  # a CodeableConcept, or a concept in another dress
        coding = value.get("coding")
        first = coding[0] if isinstance(coding, list) and coding else value
        value = first.get("code") if isinstance(first, dict) else None
    return value if isinstance(value, str) else ""


def _unnamed(
    path: str, label: tuple[str, ...], old: list[Any], new: list[Any]
) -> Iterator[Difference]:
    for tag, first, last, start, end in _blocks(old, new):
        if tag == "equal":
            continue
        for offset in range(max(last - first, end - start)):
            before = old[first + offset] if first + offset < last else MISSING
            after = new[start + offset] if start + offset < end else MISSING
            place = start + offset if after is not MISSING else first + offset
            only = len(old) <= 1 and len(new) <= 1
            named = label if only else _item(label, place + 1)
            yield from _between(f"{path}[{place}]", named, before, after)


def _blocks(old: list[Any], new: list[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    if max(len(old), len(new)) > _MOST_COMPARED:
        return [("replace", 0, len(old), 0, len(new))]
    first, second = [repr(item) for item in old], [repr(item) for item in new]
    return SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
