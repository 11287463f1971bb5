"""Expressions for people and for other programs: results as plain values, and a line protocol."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.fhirpath.engine import compile_expression
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.evaluation.items import Element, Item, type_of, value_of
from fhir_kb.fhirpath.evaluation.services import NO_SERVICES, Services
from fhir_kb.fhirpath.values.system import Quantity, TypeInfo
from fhir_kb.fhirpath.values.temporal import Temporal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.types.model import Model


class Answer(NamedTuple):
    """One item of a result.

    type: "FHIR.HumanName", "System.Boolean". value: a JSON value; decimals are Decimal. path: where
    in the resource it stands ("Patient.name[0]"); empty for what was computed.
    """

    type: str
    value: Any
    path: str


class Answers(NamedTuple):
    """A result, and what trace() was told: name and items."""

    items: tuple[Answer, ...]
    traces: tuple[tuple[str, tuple[Answer, ...]], ...]


def evaluate(
    expression: str,
    resource: Any,
    model: Model,
    *,
    strict: bool = False,
    json_names: bool = False,
    services: Services = NO_SERVICES,
) -> Answers:
    """The result of an expression for a person. Raises FHIRPathError."""
    compiled = compile_expression(expression, model, strict=strict, json_names=json_names)
    found = compiled.evaluate(resource, services=services)
    traces = tuple((one.name, tuple(map(answer, one.items))) for one in found.traces)
    return Answers(tuple(map(answer, found.items)), traces)


def answer(item: Item) -> Answer:
    """An item as type, JSON value and path."""
    info = type_of(item)
    name = f"{info.namespace}.{info.name}"
    if isinstance(item, Element):
        return Answer(name, item.value, item.path)
    if isinstance(item, TypeInfo):
        return Answer(name, {"namespace": item.namespace, "name": item.name}, "")
    if isinstance(item, Quantity | Temporal):
        return Answer(name, str(item), "")
    return Answer(name, item, "")


_MODES = {"strict": {"strict": True}, "lenient/polymorphics": {"json_names": True}}


def answer_line(
    line: str,
    model: Callable[[str], Model],
    load: Callable[[str], Any],
    services: Services = NO_SERVICES,
) -> str:
    """The answer to one line of the protocol; never raises for anything in the line.

    in: {"fhir": "5.0.0", "input": "path" or null, "expression": "…", "mode": "strict"?}
    out: {"result": [{"type": "FHIR.code", "value": "final"}, …]} or {"error": "…"}
    model: FHIR version -> its definitions (ValueError where there are none). load: path -> the
    resource's JSON (OSError or ValueError where it cannot be read).
    """
    try:
        question = json.loads(line)
        expression, version = question["expression"], question["fhir"]
        source, mode = question.get("input"), question.get("mode") or ""
        resource = None if source is None else load(source)
        found = evaluate(
            expression, resource, model(version), services=services, **_MODES.get(mode, {})
        )
    except FHIRPathError as error:
        return _json({"error": str(error)})
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        return _json({"error": f"the question cannot be answered: {error}"})
    return _json({"result": [_plain(one) for one in found.items]})


def _plain(one: Answer) -> dict[str, Any]:
    return {"type": one.type, "value": one.value, **({"path": one.path} if one.path else {})}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def value_text(item: Item) -> str:
    """An item in one line, as a table shows it."""
    value = value_of(item)
    if value is not None:
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return json.dumps(answer(item).value, ensure_ascii=False, default=_number)
