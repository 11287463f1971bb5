"""Invariants written out in Python, because FHIRPath takes hundreds of times as long for them.

Each is named by the expression that it stands for, so one that is changed in another release is
evaluated again; the tests compare both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fhir_kb.validate.core.context import Context


def _items(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list."""
    found = value.get(name) if isinstance(value, dict) else None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def _below(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list, and in the lists of the same name inside them."""
    todo = list(_items(value, name))
    while todo:
        one = todo.pop()
        yield one
        todo.extend(_items(one, name))


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """All names and values at any depth; the items of a list have the list's name."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        name, one = todo.pop()
        yield name, one
        if isinstance(one, dict):
            todo.extend(one.items())
        elif isinstance(one, list):
            todo.extend((name, item) for item in one)


def _distinct(values: list[Any]) -> bool:
    return len(values) == len({str(value) for value in values})


def _nothing_contained_contains(value: Any, _context: Context) -> bool:
    return not any("contained" in one for one in _items(value, "contained"))


def _nothing_contained_is_versioned(value: Any, _context: Context) -> bool:
    metas = [one.get("meta") for one in _items(value, "contained")]
    return not any(
        isinstance(meta, dict) and ("versionId" in meta or "lastUpdated" in meta) for meta in metas
    )


def _nothing_contained_has_security(value: Any, _context: Context) -> bool:
    metas = [one.get("meta") for one in _items(value, "contained")]
    return not any(isinstance(meta, dict) and "security" in meta for meta in metas)


def _has_narrative(value: Any, context: Context) -> bool:
    # What is contained is described by the narrative of its container.
    if value is not context.container:
        return True
    text = value.get("text")
    return isinstance(text, dict) and "div" in text


def _codes_are_distinct(value: Any, _context: Context) -> bool:
    return _distinct([one["code"] for one in _below(value, "concept") if "code" in one])


def _link_ids_are_distinct(value: Any, _context: Context) -> bool:
    return _distinct([one for name, one in walk(value) if name == "linkId"])


def _goals_exist(value: Any, _context: Context) -> bool:
    goals = {_text(one.get("id")) for one in _items(value, "goal")}
    for action in _below(value, "action"):
        wanted = action.get("goalId")
        if isinstance(wanted, list) and any(_text(goal) not in goals for goal in wanted):
            return False
    return True


def _related_actions_exist(value: Any, _context: Context) -> bool:
    actions = list(_below(value, "action"))
    known = {_text(action.get("id")) for action in actions}
    return all(
        "targetId" not in related or _text(related["targetId"]) in known
        for action in actions
        for related in _items(action, "relatedAction")
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


#: Expression -> the same in Python.
NATIVE: Final[dict[str, Callable[[Mapping[str, Any], Context], bool]]] = {
    "contained.contained.empty()": _nothing_contained_contains,
    "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": (
        _nothing_contained_is_versioned
    ),
    "contained.meta.security.empty()": _nothing_contained_has_security,
    "text.`div`.exists()": _has_narrative,
    "concept.code.combine($this.descendants().concept.code).isDistinct()": _codes_are_distinct,
    "concept.exists() implies concept.code.combine(%resource.concept.descendants().concept.code)"
    ".isDistinct()": _codes_are_distinct,
    "descendants().linkId.isDistinct()": _link_ids_are_distinct,
    "%context.repeat(action).where((goalId in %context.goal.id).not()).exists().not()": (
        _goals_exist
    ),
    "%context.repeat(action).relatedAction.where((targetId in %context.repeat(action).id).not())"
    ".exists().not()": _related_actions_exist,
}
