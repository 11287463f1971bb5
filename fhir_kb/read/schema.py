"""The JSON Schema (2020-12) of the authoring format, derived from the model.

It serves editors (yaml-language-server) and `build`'s first gate; its descriptions are the
reference documentation of the format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.model.concept import Concepts
from fhir_kb.model.reference import References
from fhir_kb.model.schema_shape import (
    ListShape,
    RecordKey,
    RecordShape,
    ScalarShape,
    SchemaShape,
    layout,
)
from fhir_kb.model.settings import Settings
from fhir_kb.model.text import CodeText, File, Id
from fhir_kb.model.topic import Topic
from fhir_kb.read.scalar_formats import MAX_ID, SCALAR_FORMATS

if TYPE_CHECKING:
    from fhir_kb.model.record import Record

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ROOTS: Final[dict[str, type[Record]]] = {
    "topic": Topic,
    "kb": Settings,
    "concepts": Concepts,
    "references": References,
}


def schema(name: str) -> dict[str, Any]:
    """The schema of a kind of file: "topic", "kb", "concepts" or "references"."""
    root = ROOTS[name]
    definitions: dict[str, Any] = {}
    top = _record(root, definitions)
    return {
        "$schema": DIALECT,
        "$id": f"https://fhir-kb.example/schema/{name}.schema.json",
        "title": f"fhir-kb: {name}.yaml",
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def _record(record: type[Record], definitions: dict[str, Any]) -> dict[str, Any]:
    plan = layout(record)
    if plan.whole and plan.shorthand is not None:
        return {
            "description": _summary(record),
            **_shape(plan.shorthand.shape, definitions),
        }
    properties = {key.name: _key(key, definitions) for key in plan.by_name.values()}
    required = [key.name for key in plan.required if key.name in properties]
    whole: dict[str, Any] = {
        "type": "object",
        "description": _summary(record),
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        whole["required"] = required
    return whole


def _reference(record: type[Record], definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the record's definition; a map or what may stand in its place."""
    name = record.__name__
    if name not in definitions:
        definitions[name] = {}  # a record may hold itself: steps in steps
        whole = _record(record, definitions)
        short = layout(record).shorthand
        others = [key for key in layout(record).required if key is not layout(record).keyed]
        if short is None or any(key is not short for key in others):
            definitions[name] = whole
        else:
            definitions[name] = {
                "description": _summary(record),
                "anyOf": [_shape(short.shape, definitions), whole],
            }
    return {"$ref": f"#/$defs/{name}"}


def _key(key: RecordKey, definitions: dict[str, Any]) -> dict[str, Any]:
    described = {**_shape(key.shape, definitions), "description": key.doc}
    if key.example is not None:
        described["examples"] = [key.example]
    return described


def _shape(shape: SchemaShape, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(shape, ScalarShape):
        return _scalar(shape)
    if isinstance(shape, RecordShape):
        return _reference(shape.record, definitions)
    if shape.keyed:
        return _keyed(shape, definitions)
    item = _shape(shape.item, definitions)
    return {"anyOf": [{"type": "array", "items": item}, item]}


def _keyed(shape: ListShape, definitions: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(shape.item, RecordShape)
    record = shape.item.record
    keyed = layout(record).keyed
    assert keyed is not None
    assert isinstance(keyed.shape, ScalarShape)
    mapping: dict[str, Any] = {
        "type": "object",
        "additionalProperties": _reference(record, definitions),
    }
    names = {key: value for key, value in _scalar(keyed.shape).items() if key != "type"}
    if names:
        mapping["propertyNames"] = names
    return mapping


def _scalar(shape: ScalarShape) -> dict[str, Any]:
    if shape.type is bool:
        return {"type": "boolean"}
    if shape.type is int:
        return {"type": "integer", "minimum": -999_999_999, "maximum": 999_999_999}
    if shape.words is not None:
        return {"enum": list(shape.words.words)}
    if shape.pattern is not None:
        return {"type": ["string", "number"], "pattern": f"^(?:{shape.pattern.regex})$"}
    form = SCALAR_FORMATS.get(shape.type)
    if form is None:
        kinds: dict[str, Any] = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
        return {**kinds, "format": "uri-reference"} if shape.type is File else kinds
    described: dict[str, Any] = {
        "type": ["string", "number"],
        "pattern": f"^(?:{form.regex})$",
    }
    if shape.type is CodeText:  # 'true' is a code like any other
        described["type"] = ["string", "number", "boolean"]
    if shape.type is Id:
        types = ["string", "boolean"]  # 'true' is a name like any other
        described = {"type": types, "pattern": described["pattern"], "maxLength": MAX_ID}
    return described


def _summary(record: type[Record]) -> str:
    return " ".join((record.__doc__ or "").split())
