"""Steps that rules are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.lowering_node import alternate_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.releases.lowering import Transform
    from fhir_kb.releases.lowering_node import LoweringNode


def renamed(new: str) -> Transform:
    """A primitive under another name."""

    def rename(node: LoweringNode, name: str, value: Any) -> None:
        if name.startswith("_"):
            merge_beside(node, new, value)
        else:
            node.target[new] = value
            node.rename(name, new)

    return rename


def merge_beside(node: LoweringNode, name: str, value: Any) -> None:
    """Put the source's `_x` object on a primitive that may already have one here."""
    lowered = node.run.lowering.value(node, "_" + name, "Element", value)
    if not isinstance(lowered, dict):
        if lowered is not None:
            node.target["_" + name] = lowered
        return
    here = node.target.get("_" + name) or {}
    extensions = [*lowered.get("extension", ()), *here.get("extension", ())]
    merged = {**lowered, **here, "extension": extensions}
    node.target["_" + name] = Element({k: v for k, v in merged.items() if v})


def recoded(nearest: Mapping[str, str], *, clinical: bool = False) -> Transform:
    """A code for which the release may need the nearest one that it has.

    The exact code is kept beside the nearest one. A code without a nearest one is lost.
    clinical: whether the nearest code says less than the author meant to a reader of this release.
    """

    def recode(node: LoweringNode, name: str, value: Any) -> None:
        if name.startswith("_"):
            if not isinstance(value, list) or name[1:] not in node.source:
                merge_beside(node, name[1:], value)
            return
        gone = node.run.lowering.table.codes.get(f"{node.type}.{name}", frozenset())
        if isinstance(value, list):
            _recode_list(node, name, value, gone, nearest)
        elif value not in gone:
            node.target[name] = value
        else:
            _recode_one(node, name, value, nearest.get(value), clinical)

    return recode


def _recode_one(
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
    gone: frozenset[str],
    nearest: Mapping[str, str],
) -> None:
    """Codes in a list: the objects beside them stand in a list of the same length."""
    beside = node.source.get("_" + name)
    besides = list(beside) if isinstance(beside, list) else [None] * len(codes)
    kept = list(codes)
    for index, code in enumerate(codes):
        if code in gone:
            kept[index] = nearest.get(code)
            here = besides[index] or {}
            extensions = [*here.get("extension", ()), alternate_code(code)]
            besides[index] = Element({**here, "extension": extensions})
            _report_code(node, name, code, kept[index], exact=kept[index] is not None)
    node.target[name] = kept
    if any(one is not None for one in besides):
        node.target["_" + name] = besides


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
    """A single element that the release has a list for."""
    entry = node.run.lowering.table.entry(node.type, name)
    lowered = node.run.lowering.value(node, name, entry.type, value)
    if lowered is not None:
        node.target[name] = [lowered]


def first_item(node: LoweringNode, name: str, value: Any) -> None:
    """A list that the release has a single element for: the rest goes into extensions on it."""
    lowering = node.run.lowering
    entry = lowering.table.entry(node.type, name)
    items = [one for one in value if isinstance(one, dict)]
    if not items:
        return
    lowered = lowering.value(node, name, entry.type, items[0], f"{node.path}.{name}[0]")
    single = Element(lowered or {}, span=node.place(name))
    if len(items) > 1 and f"{node.type}.{name}" in lowering.table.extensions:
        more = [lowering.keeper.one(node, name, one) for one in items[1:]]
        single["extension"] = [*single.get("extension", ()), *more]
        node.moved(name, "in extensions beyond the first")
    elif len(items) > 1:
        node.lost(name, f"{node.release} has room for one of the {len(items)}")
    if single:
        node.target[name] = single
