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

    from fhir_kb.releases.lowering import Lowering
    from fhir_kb.releases.lowering_table import ValueSpec

#: Marks what an extension cannot hold
UNFIT = "unfit"
#: Extensions inside a kept element whose content is said elsewhere
_SAID = frozenset(
    {"http://hl7.org/fhir/uv/ebm/StructureDefinition/variable-definition-variable-role-code"}
)


class Keeper:
    """Makes the extensions of one release."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering

    def keep(self, node: LoweringNode, name: str, value: Any) -> None:
        """Keep a property as extensions on what its element becomes: one for each value.

        A step: `name` may be that of the object beside a primitive, which goes along with it.
        """
        if name.startswith("_"):
            if name[1:] in node.source:
                return
            name, value = name[1:], None
        made = self.extensions(node, name, value)
        if any(UNFIT in one for one in made):
            node.lost(name, "the extension that could keep it allows for new codes only")
            return
        for extension in made:
            node.extend(extension)
        self.say(node, name)

    def say(self, node: LoweringNode, name: str) -> None:
        """Report that a property is kept in an extension, where that is worth saying."""
        if name not in author_terms.ADMINISTRATIVE:
            node.moved(name, "in an extension")

    def extensions(self, node: LoweringNode, name: str, value: Any) -> list[Element]:
        """A property of the node's source as extensions, one for each value."""
        kept = self._lowering.table.extensions[f"{node.type}.{name}"]
        return self._parts(node, name, value, kept.url, kept.spec)

    def can(self, node: LoweringNode, name: str) -> bool:
        """Whether there is an extension for a property of the node's source."""
        return f"{node.type}.{name}" in self._lowering.table.extensions

    def one(self, node: LoweringNode, name: str, value: Any) -> Element:
        """One value of a primitive or data type as an extension."""
        kept = self._lowering.table.extensions[f"{node.type}.{name}"]
        if isinstance(kept.spec, dict):
            return self._elements(node, name, value, kept.url, kept.spec)[0]
        return self._single(node, name, value, kept.url, kept.spec)

    def whole(self, node: LoweringNode, others: Collection[str]) -> Element:
        """A resource of a type that the release does not have, as one extension.

        others: the properties that somebody else takes care of.
        """
        kept = self._lowering.table.extensions[node.type]
        assert isinstance(kept.spec, dict)
        return self._named(node, kept.url, kept.spec, others)

    def _parts(
        self, node: LoweringNode, name: str, value: Any, url: str, spec: ValueSpec
    ) -> list[Element]:
        beside = node.source.get("_" + name)
        if isinstance(spec, dict):
            return self._elements(node, name, value, url, spec)
        if not isinstance(value, list):
            made = [self._single(node, name, value, url, spec, beside)]
        else:
            besides = beside if isinstance(beside, list) else [None] * len(value)
            made = [
                self._single(node, name, item, url, spec, besides[i], f"[{i}]")
                for i, item in enumerate(value)
            ]
        return [one for one in made if one]

    def _single(
        self,
        node: LoweringNode,
        name: str,
        value: Any,
        url: str,
        type_name: str,
        beside: Any = None,
        index: str = "",
    ) -> Element:
        """A value of a data type; empty where nothing is left of it."""
        entry = self._lowering.table.entry(node.type, name)
        path = f"{node.path}.{name}{index}"
        allowed = self._lowering.table.allowed.get(f"{node.type}.{name}")
        if allowed is not None and value not in allowed:
            if isinstance(beside, dict):
                node.lost(f"_{name}", "the extension has no room beside the code")
            return _other_code(url, value, allowed)
        content: dict[str, Any] = {}
        json_name = "value" + type_name[0].upper() + type_name[1:]
        if value is not None:
            content[json_name] = self._lowering.value(node, name, entry.type, value, path)
        if isinstance(beside, dict):
            content["_" + json_name] = self._lowering.value(node, name, "Element", beside, path)
        content = {key: one for key, one in content.items() if one is not None}
        return Element({"url": url, **content} if content else {}, span=node.place(name))

    def _elements(
        self, node: LoweringNode, name: str, value: Any, url: str, spec: dict[str, list[Any]]
    ) -> list[Element]:
        """Inner elements; those that repeat themselves inside come after the one they stand in."""
        entry = self._lowering.table.entry(node.type, name)
        found: list[Element] = []
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            where = f"[{index}]" if isinstance(value, list) else ""
            inner = LoweringNode(node.run, item, entry.type, f"{node.path}.{name}{where}", node)
            found.append(self._named(inner, url, spec))
            for again, part in spec.items():
                if part[1] == f"@{entry.type}" and again in item:
                    found += self._elements(inner, again, item[again], url, spec)
                    inner.reworded(again, "beside it, without being parts of it")
        return [one for one in found if one]

    def _named(
        self, node: LoweringNode, url: str, spec: dict[str, list[Any]], others: Collection[str] = ()
    ) -> Element:
        """An inner element with its parts; the definitions allow no others."""
        source, parts = node.source, list[Element]()
        for name, content in source.items():
            plain = name.removeprefix("_")
            if plain in others or plain == "id":
                continue
            if plain in spec:
                part = spec[plain]
                if part[1] == f"@{node.type}":
                    continue
                if isinstance(part[1], str) and part[1].startswith("@"):
                    self._leave(node, name)
                elif name == plain:
                    parts += self._parts(node, name, content, *part)
                elif plain not in source:
                    parts += self._parts(node, plain, None, *part)
            elif name != "extension" or any(one.get("url") not in _SAID for one in content):
                self._leave(node, name)
        if any(UNFIT in part for part in parts):
            return Element({"url": url, UNFIT: True})
        return Element({"url": url, "extension": parts} if parts else {}, span=node.span)

    def _leave(self, node: LoweringNode, name: str) -> None:
        if name.removeprefix("_") not in self._lowering.table.types[node.type]:
            node.unknown(name)
            return
        what = author_terms.element_label(node.type.rpartition(".")[2])
        node.lost(name, f"the extension that keeps the {what} has no part for it")


def _other_code(url: str, code: Any, allowed: frozenset[str]) -> Element:
    """A code that an extension does not allow: unknown, with the code beside it, or unfit."""
    if "unknown" not in allowed:
        return Element({"url": url, UNFIT: True})
    beside = Element({"extension": [alternate_code(str(code))]})
    return Element({"url": url, "valueCode": "unknown", "_valueCode": beside})
