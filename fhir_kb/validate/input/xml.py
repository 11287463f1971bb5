"""FHIR XML converted to what the same resource is in JSON, so that the same checks apply.

http://hl7.org/fhir/xml.html and http://hl7.org/fhir/json.html say what corresponds to what.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.core.issue import quoted, report
from fhir_kb.validate.datatypes.numbers import number
from fhir_kb.validate.finding_codes import (
    TOO_MANY,
    UNKNOWN_RESOURCE,
    XML_CONTENT,
    XML_NAMESPACE,
    XML_ORDER,
)
from fhir_kb.validate.input.json import LocatedFinding, Parsed
from fhir_kb.validate.input.xml_tree import NAMESPACE, read_tree
from fhir_kb.validate.narrative.xhtml import NAMESPACE as XHTML
from fhir_kb.validate.structure.property_names import PropertyNames

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.packages import Definitions, Property
    from fhir_kb.validate.core.issue import Pointer
    from fhir_kb.validate.input.xml_tree import XmlElement

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?")
_NUMBERS: Final = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
#: Types whose values have no white space around them.
_TRIMMED: Final = _NUMBERS | {"boolean", "integer64", "date", "dateTime", "instant", "time"}
_SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance "
#: (step in JSON, the same in FHIRPath), the outermost first.
_Path = tuple[tuple[str | int, str], ...]


def parse_xml(data: bytes, definitions: Definitions) -> Parsed:
    """Read one resource from XML; never raises. Findings are on what only XML can have wrong."""
    tree = read_tree(data)
    if tree.root is None:
        problem = tree.problem
        located = (LocatedFinding(problem, tree.line, tree.column),) if problem is not None else ()
        return Parsed(None, is_read=False, text="", findings=located)
    converter = _Converter(definitions)
    value = converter.root(tree.root)
    for target, line, column in tree.instructions:
        message = f"there is a processing instruction, <?{target} …?>"
        finding = report(XML_CONTENT, message, "remove it: FHIR XML has none")[0]
        converter.findings.append(LocatedFinding(finding, line, column))
    return Parsed(
        value,
        is_read=value is not None,
        text="",
        findings=tuple(converter.findings),
        positions=converter.positions,
    )


class _Converter:
    """Converts elements to JSON values, and records their positions."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._names: dict[str, PropertyNames] = {}
        self.positions: dict[Pointer, tuple[int, int]] = {}
        self.findings: list[LocatedFinding] = []

    def root(self, element: XmlElement) -> dict[str, Any] | None:
        """The resource; None, with a finding, where it is none."""
        if element.namespace != NAMESPACE:
            message = f"the namespace is {quoted(element.namespace)}"
            advice = f'a FHIR resource in XML has xmlns="{NAMESPACE}"'
            self._report(XML_NAMESPACE, message, element, (), advice)
            return None
        return self._resource(element, ())

    def _resource(self, element: XmlElement, path: _Path) -> dict[str, Any] | None:
        if element.name not in self._definitions.resource_types:
            message = f"there is no resource type {quoted(element.name)}"
            advice = did_you_mean(element.name, self._definitions.resource_types)
            self._report(UNKNOWN_RESOURCE, message, element, path, advice)
            return None
        return {"resourceType": element.name, **self._object(element, element.name, path)}

    def _object(self, element: XmlElement, type_path: str, path: _Path) -> dict[str, Any]:
        """The properties of an element that is an object in JSON."""
        self.positions.setdefault(_pointer(path), (element.line, element.column))
        names = self._property_names(type_path)
        content = self._attributes(element, names, path)
        if element.text:
            message = f"the text {quoted(element.text)} is in no element"
            self._report(XML_CONTENT, message, element, path)
        last_index, last_name = -1, ""
        for child in element.children:
            property_ = names.properties.get(child.name)
            if property_ is not None and property_.index < last_index:
                child_path = (*path, (child.name, names.fhirpath_step(child.name)))
                message = f"'{child.name}' is out of order: it belongs before '{last_name}'"
                self._report(XML_ORDER, message, child, child_path)
            elif property_ is not None:
                last_index, last_name = property_.index, child.name
            self._add(content, child, names, path)
        return content

    def _property_names(self, type_path: str) -> PropertyNames:
        names = self._names.get(type_path)
        if names is None:
            names = self._names[type_path] = PropertyNames(self._definitions, type_path)
        return names

    def _attributes(self, element: XmlElement, names: PropertyNames, path: _Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name, value in element.attributes.items():
            property_ = names.properties.get(name)
            definition = property_.element if property_ is not None else None
            if definition is not None and definition.is_attribute:
                content[name] = value
                self.positions[(*_pointer(path), name)] = (element.line, element.column)
            elif not name.startswith(_SCHEMA_INSTANCE):
                message = f"there is no attribute {quoted(name.rpartition(' ')[2])} here"
                self._report(XML_CONTENT, message, element, path)
        return content

    def _add(
        self, content: dict[str, Any], child: XmlElement, names: PropertyNames, path: _Path
    ) -> None:
        """Add a child element to the content of its parent."""
        name, property_ = child.name, names.properties.get(child.name)
        is_narrative = property_ is not None and property_.type_path == "xhtml"
        if child.namespace != (XHTML if is_narrative else NAMESPACE):
            message = f"'{name}' has the namespace {quoted(child.namespace)}"
            self._report(XML_NAMESPACE, message, child, (*path, (name, f".{name}")))
            return
        child_path: _Path = (*path, (name, names.fhirpath_step(name)))
        if property_ is None or property_.element is None:
            content[name] = child.attributes.get("value", "")
            self.positions[_pointer(child_path)] = (child.line, child.column)
            return
        if property_.is_array:
            index = max(len(content.get(name, ())), len(content.get("_" + name, ())))
            child_path = (*child_path, (index, f"[{index}]"))
        elif name in content or "_" + name in content:
            self._report(TOO_MANY, f"'{name}' is given more than once", child, path)
            return
        pointer = _pointer(child_path)
        self.positions.setdefault(pointer[: len(path) + 1], (child.line, child.column))
        self.positions[pointer] = (child.line, child.column)
        value, extra = self._value(child, property_, child_path)
        _put(content, name, value, extra, is_array=property_.is_array)

    def _value(self, element: XmlElement, property_: Property, path: _Path) -> tuple[Any, Any]:
        """The value of a property, and the value of its underscored property."""
        if property_.type_path == "xhtml":
            return element.source, None
        if property_.type_path == "Resource":
            resources = [self._resource(child, path) for child in element.children[:1]]
            if len(element.children) > 1:
                message = "only one resource is allowed here"
                self._report(TOO_MANY, message, element.children[1], path)
            return (resources[0] if resources else {}), None
        if property_.type_path not in self._definitions.primitive_types:
            return self._object(element, property_.type_path, path), None
        literal = element.attributes.pop("value", None)
        extra = None
        if element.attributes or element.children or element.text:
            extra = self._object(element, "Element", path) or None
        if literal is None and (extra is None or extra.keys() == {"id"}):
            return "", extra  # an empty element, which is reported as an empty value
        if literal is None:
            return None, extra
        return _json_value(literal, property_.type_path), extra

    def _report(
        self,
        code: FindingCode,
        message: str,
        element: XmlElement,
        path: _Path,
        advice: str | None = None,
    ) -> None:
        for finding in report(code, message, advice):
            finding.path_steps = list(reversed(path))
            self.findings.append(LocatedFinding(finding, element.line, element.column))


def _pointer(path: _Path) -> Pointer:
    return tuple(step for step, _ in path)


def _put(content: dict[str, Any], name: str, value: Any, extra: Any, *, is_array: bool) -> None:
    if not is_array:
        if value is not None:
            content[name] = value
        if extra is not None:
            content["_" + name] = extra
        return
    length = max(len(content.get(name, ())), len(content.get("_" + name, ())))
    for key, item in ((name, value), ("_" + name, extra)):
        if item is not None or key in content:
            items = content.setdefault(key, [])
            items += [None] * (length - len(items))
            items.append(item)


def _json_value(literal: str, type_name: str) -> Any:
    """The JSON value of an attribute; a literal that is not of the type stays a string."""
    if type_name in _TRIMMED:
        literal = literal.strip()
    if type_name == "boolean" and literal in ("true", "false"):
        return literal == "true"
    if type_name in _NUMBERS and _NUMBER.fullmatch(literal):
        return int(literal) if literal.lstrip("-").isdigit() else number(literal)
    return literal
