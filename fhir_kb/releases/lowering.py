"""Lowering: an R5 tree is walked once; the table or a transform decides about each property.

Every property of the source is looked up, so nothing can be passed over: what neither the table nor
a transform knows is reported (KB420), and what is neither taken nor kept is reported as lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.releases.contained import (
    lower_contained,
    remove_unreferenced,
    unsupported_contained_ids,
)
from fhir_kb.releases.extensions import keep_as_extension
from fhir_kb.releases.lowering_node import LoweringNode, LoweringRun
from fhir_kb.releases.references import narrowed
from fhir_kb.releases.transforms import recoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.model import Element
    from fhir_kb.model.fhir_release import FhirRelease
    from fhir_kb.releases.lowering_node import Finisher, Transform, Transforms
    from fhir_kb.releases.lowering_table import LoweringTable, PropertyFate


class ReleaseLowering:
    """How one release takes R5 content.

    Args:
        fhir: the release.
        table: what the release has of R5.
        transforms: for what the table alone cannot decide; the transform of `x` is also called with
            the name `_x`, before or after, where the source has that.
        fallbacks: the same, used only where the release has not the element and no extension keeps
            it.
        finishers: what is done when all properties of an element are through, by its type path.
        basic_prefixes: resource type -> how the id of the Basic starts that it becomes.
    """

    def __init__(
        self,
        fhir: FhirRelease,
        table: LoweringTable,
        transforms: Transforms,
        fallbacks: Transforms,
        finishers: Mapping[str, tuple[Finisher, ...]],
        basic_prefixes: Mapping[str, str],
    ) -> None:
        self.fhir = fhir
        self.table = table
        self.basic_prefixes = basic_prefixes
        # types that a transform looks into are not taken as they are
        self._identical_types = (
            table.identical_types - {key.partition(".")[0] for key in transforms} - finishers.keys()
        )
        self._transforms = transforms
        self._fallbacks = fallbacks
        self._finishers = finishers
        self._compiled: dict[str, dict[str, Transform | None]] = {}

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
        transforms = self._compiled.get(type_path) or self._compile(type_path)
        for name, value in source.items():
            transform = transforms.get(name, _unknown)
            if transform is None:
                target[name] = value
            else:
                transform(node, name, value)
        for finish in self._finishers.get(type_path, ()):
            finish(node)
        return node

    def fate(self, type_path: str, name: str) -> tuple[str, str]:
        """What becomes of a property, for the reference: a word for it, and more in words.

        "same"; "code" where only codes differ; "rule" with the docstring of its transform;
        "extension" with its URL; "lost". Raises KeyError where R5 has no such property.
        """
        key = f"{type_path}.{name}"
        transform = self._transform(type_path, name, self.table.property(type_path, name))
        if key in self._transforms:
            return "rule", (self._transforms[key].__doc__ or "").partition("\n")[0]
        if transform is keep_as_extension:
            return "extension", self.table.extensions[key].url
        if transform is _lose:
            return "lost", ""
        if key in self._fallbacks:
            return "rule", (self._fallbacks[key].__doc__ or "").partition("\n")[0]
        return ("code", "") if key in self.table.missing_codes else ("same", "")

    def value(
        self, node: LoweringNode, name: str, type_name: str, value: Any, path: str = ""
    ) -> Any:
        """A value of a type (no list) as the release has it; None where nothing is left of it."""
        if not isinstance(value, dict) or (
            type_name in self._identical_types and has_no_extensions(value)
        ):
            return value
        path = path or f"{node.path}.{name}"
        return self.lower(node.run, value, type_name, path, node).target or None

    def _compile(self, type_path: str) -> dict[str, Transform | None]:
        """The transforms of a type's properties; None for what stays as it is."""
        transforms: dict[str, Transform | None] = {}
        if type_path[0].isupper():
            transforms["resourceType"] = None
        for name in self.table.properties.get(type_path, ()):
            fate = self.table.property(type_path, name)
            transform = transforms[name] = self._transform(type_path, name, fate)
            if fate.is_primitive:
                differs = fate.mark != "=" or self._is_special(type_path, name)
                transforms["_" + name] = (transform if differs else None) or _walk("Element")
        self._compiled[type_path] = transforms
        return transforms

    def _is_special(self, type_path: str, name: str) -> bool:
        key = f"{type_path}.{name}"
        return key in self._transforms or key in self.table.missing_codes

    def _transform(self, type_path: str, name: str, fate: PropertyFate) -> Transform | None:
        key = f"{type_path}.{name}"
        if (transform := self._transforms.get(key)) is not None:
            return transform
        if fate.type == "Resource":
            return lower_contained
        if key in self.table.missing_codes:
            return recoded({}, clinical=True)
        if key in self.table.reference_targets:
            return narrowed(self.table.reference_targets[key])
        if fate.type == "Extension" and fate.mark == "=":
            return _extensions
        if fate.mark == "=":
            if fate.is_primitive:
                return None
            return _share(fate.type) if fate.type in self._identical_types else _walk(fate.type)
        extension = self.table.extensions.get(key)
        if extension is not None and not extension.context:
            return keep_as_extension
        fallback: Transform = self._fallbacks.get(key, _lose)
        return fallback


def has_no_extensions(value: Any) -> bool:
    """Whether there is no extension anywhere in a JSON object or list."""
    pending = [value]
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            if "extension" in inner:
                return False
            pending += inner.values()
        elif isinstance(inner, list):
            pending += inner
    return True


def _share(type_name: str) -> Transform:
    """Take a value as it is where nothing in it can differ."""
    walk = _walk(type_name)

    def share(node: LoweringNode, name: str, value: Any) -> None:
        if isinstance(value, (dict, list)) and has_no_extensions(value):
            node.target[name] = value
        else:
            walk(node, name, value)

    return share


def _walk(type_name: str) -> Transform:
    """Lower a value, or each of a list of values; what is empty then is left out."""

    def walk(node: LoweringNode, name: str, value: Any) -> None:
        lower = node.run.lowering.lower
        if isinstance(value, dict):
            target = lower(node.run, value, type_name, f"{node.path}.{name}", node).target
            if target:
                node.target[name] = target
        elif isinstance(value, list):
            targets = []
            for index, item in enumerate(value):
                if not isinstance(item, dict):  # null beside a primitive, or not FHIR at all
                    targets.append(item)
                    continue
                path = f"{node.path}.{name}[{index}]"
                if target := lower(node.run, item, type_name, path, node).target:
                    targets.append(target)
            if targets:
                node.target[name] = targets
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
        node.report_lost(name)


def _unknown(node: LoweringNode, name: str, value: Any) -> None:
    if name != "fhir_comments" and value is not None:
        node.report_unknown(name)


def lower_resource(lowering: ReleaseLowering, source: Element) -> LoweringNode:
    """Lower a resource whose type the release has."""
    run = LoweringRun(lowering)
    run.unsupported_ids = unsupported_contained_ids(lowering, source)
    resource_type = source["resourceType"]
    node = lowering.lower(run, source, resource_type, resource_type, None)
    if "contained" in node.target:
        remove_unreferenced(node)
    return node
