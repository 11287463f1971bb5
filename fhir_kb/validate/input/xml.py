"""FHIR XML made into what the same resource is in JSON, so that the same checks look at it.

http://hl7.org/fhir/xml.html and http://hl7.org/fhir/json.html say what corresponds to what.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import TOO_MANY, UNKNOWN_RESOURCE, XML_CONTENT, XML_NAMESPACE, XML_ORDER
from fhir_kb.validate.core.issue import quoted, report
from fhir_kb.validate.datatypes.numbers import number
from fhir_kb.validate.input.json import Located, Parsed
from fhir_kb.validate.input.xml_tree import NAMESPACE, read_tree
from fhir_kb.validate.narrative.xhtml import NAMESPACE as XHTML
from fhir_kb.validate.structure.property_names import PropertyNames

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.packages import Definitions, Property
    from fhir_kb.validate.core.issue import Pointer
    from fhir_kb.validate.input.xml_tree import Node

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?")
_NUMBERS: Final = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
#: White space around these is not part of the value.
_TRIMMED: Final = _NUMBERS | {"boolean", "integer64", "date", "dateTime", "instant", "time"}
_SCHEMA: Final = "http://www.w3.org/2001/XMLSchema-instance "
_Trail = tuple[tuple[str | int, str], ...]


def parse_xml(data: bytes, definitions: Definitions) -> Parsed:
    """Read one resource from XML. Never raises; what XML alone has wrong is in `found`."""
    read = read_tree(data)
    if read.root is None:
        found = () if read.problem is None else (Located(read.problem, read.line, read.column),)
        return Parsed(None, is_read=False, text="", found=found)
    maker = _Maker(definitions)
    value = maker.root(read.root)
    return Parsed(
        value, is_read=value is not None, text="", found=tuple(maker.found), places=maker.places
    )


class _Maker:
    """Makes JSON values of elements; notes where each came from and what is wrong in XML only."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._names: dict[str, PropertyNames] = {}
        self.places: dict[Pointer, tuple[int, int]] = {}
        self.found: list[Located] = []

    def root(self, node: Node) -> dict[str, Any] | None:
        """The resource; None where it is none, which is noted."""
        if node.namespace != NAMESPACE:
            self._note(XML_NAMESPACE, f"the namespace is {quoted(node.namespace)}", node, ())
            return None
        return self._resource(node, ())

    def _resource(self, node: Node, trail: _Trail) -> dict[str, Any] | None:
        if node.name not in self._definitions.resource_types:
            message = f"there is no resource type {quoted(node.name)}"
            self._note(UNKNOWN_RESOURCE, message, node, trail)
            return None
        return {"resourceType": node.name, **self._object(node, node.name, trail)}

    def _object(self, node: Node, type_path: str, trail: _Trail) -> dict[str, Any]:
        """The properties of an element that is an object in JSON."""
        self.places.setdefault(tuple(step for step, _ in trail), (node.line, node.column))
        names = self._names_of(type_path)
        made = self._attributes(node, names, trail)
        if node.text:
            self._note(
                XML_CONTENT, f"the text {quoted(node.text)} stands in no element", node, trail
            )
        last, before = -1, ""
        for child in node.children:
            known = names.properties.get(child.name)
            if known is not None and known.index < last:
                step = (*trail, (child.name, names.fhirpath_step(child.name)))
                self._note(XML_ORDER, f"'{child.name}' stands before '{before}'", child, step)
            elif known is not None:
                last, before = known.index, child.name
            self._add(made, child, names, trail)
        return made

    def _names_of(self, type_path: str) -> PropertyNames:
        found = self._names.get(type_path)
        if found is None:
            found = self._names[type_path] = PropertyNames(self._definitions, type_path)
        return found

    def _attributes(self, node: Node, names: PropertyNames, trail: _Trail) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in node.attributes.items():
            known = names.properties.get(name)
            if known is not None and known.element is not None and known.element.is_attribute:
                made[name] = value
                self.places[(*(step for step, _ in trail), name)] = (node.line, node.column)
            elif not name.startswith(_SCHEMA):
                message = f"there is no attribute {quoted(name.rpartition(' ')[2])} here"
                self._note(XML_CONTENT, message, node, trail)
        return made

    def _add(self, made: dict[str, Any], child: Node, names: PropertyNames, trail: _Trail) -> None:
        """Add a child element to the object that is being made."""
        name, known = child.name, names.properties.get(child.name)
        is_narrative = known is not None and known.type_path == "xhtml"
        if child.namespace != (XHTML if is_narrative else NAMESPACE):
            message = f"'{name}' has the namespace {quoted(child.namespace)}"
            self._note(XML_NAMESPACE, message, child, (*trail, (name, f".{name}")))
            return
        here: _Trail = (*trail, (name, names.fhirpath_step(name)))
        if known is None or known.element is None:
            made[name] = child.attributes.get("value", "")
            self.places[tuple(step for step, _ in here)] = (child.line, child.column)
            return
        if known.is_array:
            index = max(len(made.get(name, ())), len(made.get("_" + name, ())))
            here = (*here, (index, f"[{index}]"))
        elif name in made or "_" + name in made:
            self._note(TOO_MANY, f"'{name}' is given more than once", child, trail)
            return
        pointer = tuple(step for step, _ in here)
        self.places.setdefault(pointer[: len(trail) + 1], (child.line, child.column))
        self.places[pointer] = (child.line, child.column)
        value, beside = self._value(child, known, here)
        _put(made, name, value, beside, is_array=known.is_array)

    def _value(self, node: Node, known: Property, here: _Trail) -> tuple[Any, Any]:
        """The value, and what stands beside it in the underscored property."""
        if known.type_path == "xhtml":
            return node.source, None
        if known.type_path == "Resource":
            inner = [self._resource(one, here) for one in node.children[:1]]
            if len(node.children) > 1:
                self._note(TOO_MANY, "only one resource can stand here", node.children[1], here)
            return (inner[0] if inner else {}), None
        if known.type_path not in self._definitions.primitive_types:
            return self._object(node, known.type_path, here), None
        written = node.attributes.pop("value", None)
        beside = None
        if node.attributes or node.children or node.text:
            beside = self._object(node, "Element", here) or None
        if written is None and (beside is None or beside.keys() == {"id"}):
            return "", beside  # an element with nothing in it, which is said of the value
        if written is None:
            return None, beside
        return _plain(written, known.type_path), beside

    def _note(self, code: FindingCode, message: str, node: Node, trail: _Trail) -> None:
        for finding in report(code, message):
            finding.path_steps = list(reversed(trail))
            self.found.append(Located(finding, node.line, node.column))


def _put(made: dict[str, Any], name: str, value: Any, beside: Any, *, is_array: bool) -> None:
    if not is_array:
        if value is not None:
            made[name] = value
        if beside is not None:
            made["_" + name] = beside
        return
    length = max(len(made.get(name, ())), len(made.get("_" + name, ())))
    for key, one in ((name, value), ("_" + name, beside)):
        if one is not None or key in made:
            items = made.setdefault(key, [])
            items += [None] * (length - len(items))
            items.append(one)


def _plain(written: str, type_name: str) -> Any:
    """The JSON value of an attribute; what is no such value stays text, for others to judge."""
    if type_name in _TRIMMED:
        written = written.strip()
    if type_name == "boolean" and written in ("true", "false"):
        return written == "true"
    if type_name in _NUMBERS and _NUMBER.fullmatch(written):
        return int(written) if written.lstrip("-").isdigit() else number(written)
    return written
