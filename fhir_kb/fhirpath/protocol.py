"""Results as plain values, and the line protocol for other programs."""

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


class ResultItem(NamedTuple):
    """An item of a result."""

    type: str
    """"FHIR.HumanName", "System.Boolean"."""
    value: Any
    """A JSON value; decimals are Decimal."""
    path: str
    """Its place in the resource ("Patient.name[0]"); empty for what was computed."""


class Result(NamedTuple):
    """The result of an expression, and the calls of trace() as name and items."""

    items: tuple[ResultItem, ...]
    traces: tuple[tuple[str, tuple[ResultItem, ...]], ...]


def evaluate(
    expression: str,
    resource: Any,
    model: Model,
    *,
    strict: bool = False,
    json_names: bool = False,
    services: Services = NO_SERVICES,
) -> Result:
    """The result of an expression as plain values. Raises FHIRPathError."""
    compiled = compile_expression(expression, model, strict=strict, json_names=json_names)
    evaluation = compiled.evaluate(resource, services=services)
    traces = tuple(
        (trace.name, tuple(map(result_item, trace.items))) for trace in evaluation.traces
    )
    return Result(tuple(map(result_item, evaluation.items)), traces)


def result_item(item: Item) -> ResultItem:
    """An item as type, JSON value and path."""
    info = type_of(item)
    name = f"{info.namespace}.{info.name}"
    if isinstance(item, Element):
        return ResultItem(name, item.value, item.path)
    if isinstance(item, TypeInfo):
        return ResultItem(name, {"namespace": item.namespace, "name": item.name}, "")
    if isinstance(item, Quantity | Temporal):
        return ResultItem(name, str(item), "")
    return ResultItem(name, item, "")


_MODES = {"strict": {"strict": True}, "lenient/polymorphics": {"json_names": True}}


def respond(
    line: str,
    model: Callable[[str], Model],
    load: Callable[[str, str], Any],
    services: Services = NO_SERVICES,
) -> str:
    """The response to a request of the line protocol; nothing in the line raises an error.

    Args:
        line: {"fhir": "5.0.0", "input": "path" or null, "expression": "…", "mode": "strict"?}
        model: FHIR version -> its definitions (ValueError where there are none).
        load: Path, FHIR version -> the resource's JSON (OSError or ValueError where it cannot be
            read).
        services: What the evaluation may use besides the resource.

    Returns:
        {"result": [{"type": "FHIR.code", "value": "final"}, …]} or {"error": "…"}
    """
    try:
        request = json.loads(line)
        expression, version = request["expression"], request["fhir"]
        source, mode = request.get("input"), request.get("mode") or ""
        resource = None if source is None else load(source, version)
        result = evaluate(
            expression, resource, model(version), services=services, **_MODES.get(mode, {})
        )
    except FHIRPathError as error:
        return _json({"error": str(error)})
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        return _json({"error": f"the request cannot be answered: {error}"})
    return _json({"result": [_plain(item) for item in result.items]})


def _plain(item: ResultItem) -> dict[str, Any]:
    path = {"path": item.path} if item.path else {}
    return {"type": item.type, "value": item.value, **path}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_number)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def value_text(item: Item) -> str:
    """An item in one line, for tables."""
    value = value_of(item)
    if value is not None:
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return json.dumps(result_item(item).value, ensure_ascii=False, default=_number)
