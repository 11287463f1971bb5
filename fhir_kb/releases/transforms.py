"""Transforms that releases have in common: renaming, recoding, lists and single values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.extensions import extension_of
from fhir_kb.releases.lowering_node import alternate_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.releases.lowering_node import LoweringNode, Transform


def renamed(new: str) -> Transform:
    """A primitive under another name."""

    def rename(node: LoweringNode, name: str, value: Any) -> None:
        if name.startswith("_"):
            merge_primitive(node, new, value)
        else:
            node.target[new] = value
            node.rename(name, new)

    return rename


def merge_primitive(node: LoweringNode, name: str, value: Any) -> None:
    """Put the source's `_x` object on a primitive that may have one already in the target."""
    lowered = node.run.lowering.value(node, "_" + name, "Element", value)
    if not isinstance(lowered, dict):
        if lowered is not None:
            node.target["_" + name] = lowered
        return
    existing = node.target.get("_" + name) or {}
    extensions = [*lowered.get("extension", ()), *existing.get("extension", ())]
    merged = {**lowered, **existing, "extension": extensions}
    node.target["_" + name] = Element({key: part for key, part in merged.items() if part})


def recoded(nearest: Mapping[str, str], *, clinical: bool = False) -> Transform:
    """A code for which the release may need the nearest one that it has.

    The exact code is kept beside the nearest one. A code without a nearest one is lost.

    Args:
        nearest: R5 code -> the code of the release.
        clinical: whether the nearest code says less than the author meant to a reader of this
            release.
    """

    def recode(node: LoweringNode, name: str, value: Any) -> None:
        if name.startswith("_"):
            if not isinstance(value, list) or name[1:] not in node.source:
                merge_primitive(node, name[1:], value)
            return
        missing = node.run.lowering.table.missing_codes.get(f"{node.type}.{name}", frozenset())
        if isinstance(value, list):
            _recode_list(node, name, value, missing, nearest)
        elif value not in missing:
            node.target[name] = value
        else:
            _recode_single(node, name, value, nearest.get(value), clinical)

    return recode


def _recode_single(
    node: LoweringNode, name: str, code: str, nearest: str | None, clinical: bool
) -> None:
    if nearest is not None:
        node.target[name] = nearest
        node.extend_primitive(name, alternate_code(code))
    _report_code(node, name, code, nearest, exact=nearest is not None and not clinical)


def _recode_list(
    node: LoweringNode,
    name: str,
    codes: list[Any],
    missing: frozenset[str],
    nearest: Mapping[str, str],
) -> None:
    """Codes in a list: the objects beside them stand in a list of the same length."""
    primitive = node.source.get("_" + name)
    primitives = list(primitive) if isinstance(primitive, list) else [None] * len(codes)
    recodes = list(codes)
    for index, code in enumerate(codes):
        if code in missing:
            recodes[index] = nearest.get(code)
            existing = primitives[index] or {}
            extensions = [*existing.get("extension", ()), alternate_code(code)]
            primitives[index] = Element({**existing, "extension": extensions})
            _report_code(node, name, code, recodes[index], exact=recodes[index] is not None)
    node.target[name] = recodes
    if any(part is not None for part in primitives):
        node.target["_" + name] = primitives


def _report_code(
    node: LoweringNode, name: str, code: str, nearest: str | None, *, exact: bool
) -> None:
    what = f"the {author_terms.element_label(name)} '{code}' of {node.owner}"
    became = f"becomes '{nearest}'" if nearest is not None else "is left out"
    tail = "; an extension keeps it exactly" if exact else ""
    node.report(
        "KB403",
        Severity.INFORMATION if exact else Severity.WARNING,
        f"{what} {became}: {node.release} has no such code{tail}",
        name,
    )


def as_list(node: LoweringNode, name: str, value: Any) -> None:
    """The element becomes a list of one."""
    type_name = node.run.lowering.table.property(node.type, name).type
    lowered = node.run.lowering.value(node, name, type_name, value)
    if lowered is not None:
        node.target[name] = [lowered]


def first_item(node: LoweringNode, name: str, value: Any) -> None:
    """The first item is the element; the others go into extensions on it."""
    lowering = node.run.lowering
    type_name = lowering.table.property(node.type, name).type
    items = [item for item in value if isinstance(item, dict)]
    if not items:
        return
    lowered = lowering.value(node, name, type_name, items[0], f"{node.path}.{name}[0]")
    single = Element(lowered or {}, span=node.span_of(name))
    if len(items) > 1 and f"{node.type}.{name}" in lowering.table.extensions:
        extensions = [extension_of(node, name, item) for item in items[1:]]
        single["extension"] = [*single.get("extension", ()), *extensions]
        node.report_moved(name, "in extensions beyond the first")
    elif len(items) > 1:
        node.report_lost(name, f"{node.release} has room for one of the {len(items)}")
    if single:
        node.target[name] = single
