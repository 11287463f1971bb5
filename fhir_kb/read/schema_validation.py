"""A second check of definitions: the JSON Schema that editors use, by the `jsonschema` library.

It runs on files in which the decoder, whose findings say more, found no error: a finding here means
that decoder and schema disagree.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from fhir_kb.diagnostics import Diagnostic, Severity
from fhir_kb.read.plain_data import TooLargeError, pairs, plain_data
from fhir_kb.read.yaml import YamlNode, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    Errors = Iterator[ValidationError]
    Schema = dict[str, Any]

MAX_FINDINGS: Final = 20


def schema_findings(node: YamlNode, kind: str, file: str) -> tuple[Diagnostic, ...]:
    """The errors by the JSON Schema of a kind of file ("topic", "kb", …), for its root node.

    Nothing where the file is too deep or too large to be a definition: decoding says so.
    """
    try:
        data = plain_data(node)
    except TooLargeError:
        return ()
    findings: dict[Diagnostic, None] = {}
    for error in _validator(kind).iter_errors(data):
        place = _place(node, error)
        message = error.message if len(error.message) <= 160 else error.message[:157] + "..."
        finding = Diagnostic(
            "KB120",
            Severity.ERROR,
            f"the schema does not allow this: {message}",
            span_of(place, file),
            help="please report this as a bug: decoding should have explained it",
        )
        findings[finding] = None
        if len(findings) == MAX_FINDINGS:
            break
    return tuple(findings)


def _place(node: YamlNode, error: ValidationError) -> YamlNode:
    """The node that an error is about; of an unknown key, the key."""
    for step in error.absolute_path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            node = next(item for key, item in pairs(node) if key.value == step)
    if error.validator == "additionalProperties" and isinstance(node, yaml.MappingNode):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        return next((key for key, _ in pairs(node) if key.value not in known), node)
    return node


@cache
def _validator(kind: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    from fhir_kb.read.schema import schema

    whole = schema(kind)
    extend_typed: Callable[..., type[Validator]] = extend  # untyped where it is declared
    return extend_typed(Draft202012Validator, _Keywords(whole).by_name)(whole)


class _Keywords:
    """The keywords that go into subschemas, with one validator for each subschema.

    The library makes a new one at every step, which is most of the time that it takes. One is
    enough, because the schema has a single $id and therefore a single scope.
    """

    def __init__(self, whole: dict[str, Any]) -> None:
        self._definitions = {f"#/$defs/{name}": schema for name, schema in whole["$defs"].items()}
        self._validators: dict[int, Validator] = {}
        self.by_name = {
            "$ref": self.reference,
            "additionalProperties": self.others,
            "anyOf": self.any_of,
            "items": self.items,
            "properties": self.properties,
            "propertyNames": self.names,
        }

    def reference(self, validator: Validator, name: str, data: Any, _: Any) -> Errors:
        yield from self._validator_for(self._definitions[name], validator).iter_errors(data)

    def properties(self, validator: Validator, known: Schema, data: Any, _: Any) -> Errors:
        if isinstance(data, dict):
            for key, value in data.items():
                if key in known:
                    yield from self._below(validator, known[key], value, key)

    def others(self, validator: Validator, allowed: Any, data: Any, schema: Schema) -> Errors:
        if not isinstance(data, dict):
            return
        known = schema.get("properties", {})
        for key, value in data.items():
            if key not in known and allowed is False:
                yield _error(f"'{key}' is not a property here")
            elif key not in known:
                yield from self._below(validator, allowed, value, key)

    def names(self, validator: Validator, form: Schema, data: Any, _: Any) -> Errors:
        if isinstance(data, dict):
            for key in data:
                yield from self._validator_for(form, validator).iter_errors(key)

    def items(self, validator: Validator, item: Schema, data: Any, _: Any) -> Errors:
        if isinstance(data, list):
            for index, value in enumerate(data):
                yield from self._below(validator, item, value, index)

    def any_of(self, validator: Validator, choices: list[Schema], data: Any, _: Any) -> Errors:
        """The errors of the last choice of the value's type: the choices differ in type."""
        errors: list[ValidationError] | None = None
        for choice in choices:
            if "type" not in choice or _has_type(validator, data, choice["type"]):
                errors = list(self._validator_for(choice, validator).iter_errors(data))
                if not errors:
                    return
        yield from errors or [_error("it has the type of none of the choices")]

    def _below(self, validator: Validator, schema: Schema, data: Any, step: str | int) -> Errors:
        for error in self._validator_for(schema, validator).iter_errors(data):
            error.path.appendleft(step)
            yield error

    def _validator_for(self, schema: Schema, validator: Validator) -> Validator:
        subvalidator = self._validators.get(id(schema))
        if subvalidator is None:
            subvalidator = self._validators[id(schema)] = validator.evolve(schema=schema)
        return subvalidator


def _has_type(validator: Validator, data: Any, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    return any(validator.is_type(data, name) for name in names)


def _error(message: str) -> ValidationError:
    from jsonschema import ValidationError

    return ValidationError(message)
