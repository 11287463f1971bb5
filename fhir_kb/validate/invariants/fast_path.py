"""Invariants written in Python, because FHIRPath takes hundreds of times as long for them.

Each is found by its expression, so one that another release changes is evaluated as FHIRPath again.
The tests compare the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.json_values import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def _objects(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list."""
    listed = value.get(name) if isinstance(value, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict):
            yield item


def _nested_objects(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list, and in the lists of the same name inside them."""
    todo = list(_objects(value, name))
    while todo:
        item = todo.pop()
        yield item
        todo.extend(_objects(item, name))


def _are_distinct(values: list[Any]) -> bool:
    return len(values) == len({str(value) for value in values})


def _contained_contain_nothing(value: Any) -> bool:
    return not any("contained" in resource for resource in _objects(value, "contained"))


def _contained_have_no_version(value: Any) -> bool:
    metas = [resource.get("meta") for resource in _objects(value, "contained")]
    return not any(
        isinstance(meta, dict) and ("versionId" in meta or "lastUpdated" in meta) for meta in metas
    )


def _contained_have_no_security(value: Any) -> bool:
    metas = [resource.get("meta") for resource in _objects(value, "contained")]
    return not any(isinstance(meta, dict) and "security" in meta for meta in metas)


def _codes_are_distinct(value: Any) -> bool:
    concepts = _nested_objects(value, "concept")
    return _are_distinct([concept["code"] for concept in concepts if "code" in concept])


def _link_ids_are_distinct(value: Any) -> bool:
    return _are_distinct([inner for name, inner in walk(value) if name == "linkId"])


def _goals_exist(value: Any) -> bool:
    goal_ids = {_text(goal.get("id")) for goal in _objects(value, "goal")}
    for action in _nested_objects(value, "action"):
        references = action.get("goalId")
        if isinstance(references, list) and any(_text(id_) not in goal_ids for id_ in references):
            return False
    return True


def _related_actions_exist(value: Any) -> bool:
    actions = list(_nested_objects(value, "action"))
    action_ids = {_text(action.get("id")) for action in actions}
    return all(
        "targetId" not in related or _text(related["targetId"]) in action_ids
        for action in actions
        for related in _objects(action, "relatedAction")
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


IN_PYTHON: Final[dict[str, Callable[[Mapping[str, Any]], bool]]] = {
    "contained.contained.empty()": _contained_contain_nothing,
    "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": (
        _contained_have_no_version
    ),
    "contained.meta.security.empty()": _contained_have_no_security,
    "concept.code.combine($this.descendants().concept.code).isDistinct()": _codes_are_distinct,
    "descendants().linkId.isDistinct()": _link_ids_are_distinct,
    "%context.repeat(action).goalId.where(($this in %context.goal.id).not()).exists().not()": (
        _goals_exist
    ),
    "%context.repeat(action).relatedAction.where((targetId in %context.repeat(action).id).not())"
    ".exists().not()": _related_actions_exist,
}
"""Expression -> whether a value keeps the invariant."""
