"""Keeping in an extension what a release has no element for.

The extensions are the standard ones for content of a later release: HL7's cross-version extensions
(http://hl7.org/fhir/uv/xver), and R4's own where there are any. An inner element becomes an
extension with a named part for each of its properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.lowering_node import LoweringNode, alternate_code

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhir_kb.releases.lowering_table import ValueSpec

#: Marks what an extension cannot hold
UNFIT = "unfit"
#: Extensions inside a kept element whose content is said elsewhere
_REDUNDANT = frozenset(
    {"http://hl7.org/fhir/uv/ebm/StructureDefinition/variable-definition-variable-role-code"}
)


def keep_as_extension(node: LoweringNode, name: str, value: Any) -> None:
    """Keep a property as extensions on what its element becomes: one for each value.

    A transform: `name` may be that of the object beside a primitive, which goes along with it.
    """
    if name.startswith("_"):
        if name[1:] in node.source:
            return
        name, value = name[1:], None
    extensions = extensions_of(node, name, value)
    if any(UNFIT in extension for extension in extensions):
        node.report_lost(name, "the extension that could keep it allows for new codes only")
        return
    for extension in extensions:
        node.extend(extension)
    report_kept(node, name)


def report_kept(node: LoweringNode, name: str) -> None:
    """Report that a property is kept in an extension, where that is worth saying."""
    if name not in author_terms.ADMINISTRATIVE:
        node.report_moved(name, "in an extension")


def can_keep(node: LoweringNode, name: str) -> bool:
    """Whether there is an extension for a property of the node's source."""
    return f"{node.type}.{name}" in node.run.lowering.table.extensions


def extensions_of(node: LoweringNode, name: str, value: Any) -> list[Element]:
    """A property of the node's source as extensions, one for each value."""
    keeping = node.run.lowering.table.extensions[f"{node.type}.{name}"]
    return _parts(node, name, value, keeping.url, keeping.spec)


def extension_of(node: LoweringNode, name: str, value: Any) -> Element:
    """One value of a primitive or data type as an extension."""
    keeping = node.run.lowering.table.extensions[f"{node.type}.{name}"]
    if isinstance(keeping.spec, dict):
        return _elements(node, name, value, keeping.url, keeping.spec)[0]
    return _single(node, name, value, keeping.url, keeping.spec)


def whole_resource_extension(node: LoweringNode, excluded: Collection[str]) -> Element:
    """A resource of a type that the release does not have, as one extension.

    Args:
        node: of the resource.
        excluded: the properties that are kept elsewhere.
    """
    keeping = node.run.lowering.table.extensions[node.type]
    assert isinstance(keeping.spec, dict)
    return _with_parts(node, keeping.url, keeping.spec, excluded)


def _parts(node: LoweringNode, name: str, value: Any, url: str, spec: ValueSpec) -> list[Element]:
    primitive = node.source.get("_" + name)
    if isinstance(spec, dict):
        return _elements(node, name, value, url, spec)
    if not isinstance(value, list):
        extensions = [_single(node, name, value, url, spec, primitive)]
    else:
        primitives = primitive if isinstance(primitive, list) else [None] * len(value)
        extensions = [
            _single(node, name, item, url, spec, primitives[index], f"[{index}]")
            for index, item in enumerate(value)
        ]
    return [extension for extension in extensions if extension]


def _single(
    node: LoweringNode,
    name: str,
    value: Any,
    url: str,
    type_name: str,
    primitive: Any = None,
    index: str = "",
) -> Element:
    """A value of a data type; empty where nothing is left of it."""
    lowering = node.run.lowering
    path = f"{node.path}.{name}{index}"
    allowed = lowering.table.allowed_codes.get(f"{node.type}.{name}")
    if allowed is not None and value not in allowed:
        if isinstance(primitive, dict):
            node.report_lost(f"_{name}", "the extension has no room beside the code")
        return _other_code(url, value, allowed)
    content: dict[str, Any] = {}
    json_name = "value" + type_name[0].upper() + type_name[1:]
    if value is not None:
        r5_type = lowering.table.property(node.type, name).type
        content[json_name] = lowering.value(node, name, r5_type, value, path)
    if isinstance(primitive, dict):
        content["_" + json_name] = lowering.value(node, name, "Element", primitive, path)
    content = {key: lowered for key, lowered in content.items() if lowered is not None}
    return Element({"url": url, **content} if content else {}, span=node.span_of(name))


def _elements(
    node: LoweringNode, name: str, value: Any, url: str, spec: dict[str, list[Any]]
) -> list[Element]:
    """Inner elements; those that repeat themselves inside come after the one they stand in."""
    type_path = node.run.lowering.table.property(node.type, name).type
    extensions: list[Element] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        position = f"[{index}]" if isinstance(value, list) else ""
        inner = LoweringNode(node.run, item, type_path, f"{node.path}.{name}{position}", node)
        extensions.append(_with_parts(inner, url, spec))
        for repeated, part in spec.items():
            if part[1] == f"@{type_path}" and repeated in item:
                extensions += _elements(inner, repeated, item[repeated], url, spec)
                inner.report_reworded(repeated, "beside it, without being parts of it")
    return [extension for extension in extensions if extension]


def _with_parts(
    node: LoweringNode, url: str, spec: dict[str, list[Any]], excluded: Collection[str] = ()
) -> Element:
    """An inner element with its parts; the definitions allow no others."""
    source, parts = node.source, list[Element]()
    for name, content in source.items():
        plain = name.removeprefix("_")
        if plain in excluded or plain == "id":
            continue
        if plain in spec:
            part = spec[plain]
            if part[1] == f"@{node.type}":
                continue
            if isinstance(part[1], str) and part[1].startswith("@"):
                _leave_out(node, name)
            elif name == plain:
                parts += _parts(node, name, content, *part)
            elif plain not in source:
                parts += _parts(node, plain, None, *part)
        elif name != "extension" or any(inner.get("url") not in _REDUNDANT for inner in content):
            _leave_out(node, name)
    if any(UNFIT in part for part in parts):
        return Element({"url": url, UNFIT: True})
    return Element({"url": url, "extension": parts} if parts else {}, span=node.span)


def _leave_out(node: LoweringNode, name: str) -> None:
    if name.removeprefix("_") not in node.run.lowering.table.properties[node.type]:
        node.report_unknown(name)
        return
    label = author_terms.element_label(node.type.rpartition(".")[2])
    node.report_lost(name, f"the extension that keeps the {label} has no part for it")


def _other_code(url: str, code: Any, allowed: frozenset[str]) -> Element:
    """A code that an extension does not allow: unknown, with the code beside it, or unfit."""
    if "unknown" not in allowed:
        return Element({"url": url, UNFIT: True})
    exact = Element({"extension": [alternate_code(str(code))]})
    return Element({"url": url, "valueCode": "unknown", "_valueCode": exact})
