"""Lowering: an R5 tree walked once, each property by the step that the table or a rule gives it.

Every property of the source is looked up, so nothing can be passed over: what neither the table nor
a rule knows is reported (KB420), and what neither takes nor keeps is reported by its own step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.releases.contained import (
    lower_contained,
    remove_unreferenced,
    unsupported_contained_ids,
)
from fhir_kb.releases.extensions import Keeper
from fhir_kb.releases.lowering_node import LoweringNode, LoweringRun
from fhir_kb.releases.references import narrowed
from fhir_kb.releases.transforms import recoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.model import Element
    from fhir_kb.model.fhir_release import FhirRelease
    from fhir_kb.releases.lowering_table import LoweringTable, PropertyFate

    Transform: TypeAlias = Callable[[LoweringNode, str, Any], None]
    Finisher: TypeAlias = Callable[[LoweringNode], None]
    #: R5 type path and property, "PlanDefinition.action.linkId" -> what to do with it
    Transforms: TypeAlias = Mapping[str, Transform]


class Lowering:
    """How one release takes R5 content.

    rules: the steps for what the table alone cannot decide; a rule for `x` is also called with the
        name `_x`, before or after, where the source has that.
    fallbacks: the same, used only where the release has not the element and no extension keeps it.
    finish: what is done when all properties of an element are through, by its type path.
    """

    def __init__(
        self,
        fhir: FhirRelease,
        table: LoweringTable,
        rules: Transforms,
        fallbacks: Transforms,
        finish: Mapping[str, tuple[Finisher, ...]],
        moved: Mapping[str, str],
    ) -> None:
        self.fhir = fhir
        self.table = table
        #: resource type -> how the id of the Basic starts that it becomes
        self.basics = moved
        self.keeper = Keeper(self)
        # types that a rule looks into are not taken as they are
        self._plain = table.plain - {key.partition(".")[0] for key in rules} - finish.keys()
        self._rules = rules
        self._fallbacks = fallbacks
        self._finish = finish
        self._steps: dict[str, dict[str, Transform | None]] = {}

    def lower(
        self,
        run: LoweringRun,
        source: dict[str, Any],
        type_path: str,
        path: str,
        parent: LoweringNode | None,
    ) -> LoweringNode:
        """Lower one element; the result is the node's target, which may be empty."""
        node = LoweringNode(run, source, type_path, path, parent)
        target = node.target
        steps = self._steps.get(type_path) or self._compile(type_path)
        for name, value in source.items():
            step = steps.get(name, _unknown)
            if step is None:
                target[name] = value
            else:
                step(node, name, value)
        for finish in self._finish.get(type_path, ()):
            finish(node)
        return node

    def fate(self, type_path: str, name: str) -> tuple[str, str]:
        """What becomes of a property, for the reference: a word for it, and more in words.

        "same"; "code" where only codes differ; "rule" with what the rule says of itself;
        "extension" with its URL; "lost". Raises KeyError where R5 has no such property.
        """
        entry = self.table.entry(type_path, name)
        key = f"{type_path}.{name}"
        step = self._step(type_path, name, entry)
        if key in self._rules:
            return "rule", (self._rules[key].__doc__ or "").partition("\n")[0]
        if step == self.keeper.keep:
            return "extension", self.table.extensions[key].url
        if step is _lose:
            return "lost", ""
        if key in self._fallbacks:
            return "rule", (self._fallbacks[key].__doc__ or "").partition("\n")[0]
        return ("code", "") if key in self.table.codes else ("same", "")

    def value(
        self, node: LoweringNode, name: str, type_name: str, value: Any, path: str = ""
    ) -> Any:
        """A value of a type (no list) as the release has it; None where nothing is left of it."""
        if not isinstance(value, dict) or (type_name in self._plain and is_plain(value)):
            return value
        where = path or f"{node.path}.{name}"
        return self.lower(node.run, value, type_name, where, node).target or None

    def _compile(self, type_path: str) -> dict[str, Transform | None]:
        steps: dict[str, Transform | None] = (
            {"resourceType": None} if type_path[0].isupper() else {}
        )
        for name in self.table.types.get(type_path, ()):
            entry = self.table.entry(type_path, name)
            steps[name] = self._step(type_path, name, entry)
            if entry.is_primitive:
                beside = (
                    steps[name] if entry.mark != "=" or self._is_special(type_path, name) else None
                )
                steps["_" + name] = beside or _walk("Element")
        self._steps[type_path] = steps
        return steps

    def _is_special(self, type_path: str, name: str) -> bool:
        key = f"{type_path}.{name}"
        return key in self._rules or key in self.table.codes

    def _step(self, type_path: str, name: str, entry: PropertyFate) -> Transform | None:
        key = f"{type_path}.{name}"
        if (rule := self._rules.get(key)) is not None:
            return rule
        if entry.type == "Resource":
            return lower_contained
        if key in self.table.codes:
            return recoded({}, clinical=True)
        if key in self.table.targets:
            return narrowed(self.table.targets[key])
        if entry.type == "Extension" and entry.mark == "=":
            return _extensions
        if entry.mark == "=":
            if entry.is_primitive:
                return None
            return _share(entry.type) if entry.type in self._plain else _walk(entry.type)
        kept = self.table.extensions.get(key)
        if kept is not None and not kept.context:
            return self.keeper.keep
        fallback: Transform = self._fallbacks.get(key, _lose)
        return fallback


def is_plain(value: Any) -> bool:
    """Whether there is no extension anywhere in a JSON object or list."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if "extension" in one:
                return False
            todo += one.values()
        elif isinstance(one, list):
            todo += one
    return True


def _share(type_name: str) -> Transform:
    """Take a value as it is where nothing in it can differ."""
    walk = _walk(type_name)

    def share(node: LoweringNode, name: str, value: Any) -> None:
        if isinstance(value, (dict, list)) and is_plain(value):
            node.target[name] = value
        else:
            walk(node, name, value)

    return share


def _walk(type_name: str) -> Transform:
    """Lower a value, or each of a list of values; what is empty then goes."""

    def walk(node: LoweringNode, name: str, value: Any) -> None:
        lower = node.run.lowering.lower
        if isinstance(value, dict):
            inner = lower(node.run, value, type_name, f"{node.path}.{name}", node).target
            if inner:
                node.target[name] = inner
        elif isinstance(value, list):
            found = []
            for index, item in enumerate(value):
                if not isinstance(item, dict):  # null beside a primitive, or not FHIR at all
                    found.append(item)
                    continue
                path = f"{node.path}.{name}[{index}]"
                if inner := lower(node.run, item, type_name, path, node).target:
                    found.append(inner)
            if found:
                node.target[name] = found
        else:
            node.target[name] = value

    return walk


_walk_extensions = _walk("Extension")


def _extensions(node: LoweringNode, name: str, value: Any) -> None:
    """The source's own extensions, before any that keep other properties."""
    keeping = node.target.pop(name, ())
    _walk_extensions(node, name, value)
    if keeping:
        node.target[name] = [*node.target.get(name, ()), *keeping]


def _lose(node: LoweringNode, name: str, _value: Any) -> None:
    if not (name.startswith("_") and name[1:] in node.source):
        node.lost(name)


def _unknown(node: LoweringNode, name: str, value: Any) -> None:
    if name != "fhir_comments" and value is not None:
        node.unknown(name)


def lower_resource(lowering: Lowering, source: Element) -> LoweringNode:
    """Lower a resource whose type the release has."""
    run = LoweringRun(lowering)
    run.gone = unsupported_contained_ids(lowering, source)
    kind = source["resourceType"]
    node = lowering.lower(run, source, kind, kind, None)
    if "contained" in node.target:
        remove_unreferenced(node)
    return node
