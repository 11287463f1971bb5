"""Constraints in StructureDefinitions: their keys, sources and expressions.

http://hl7.org/fhir/conformance-rules.html#constraints
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import CONSTRAINT_DEFINITION, DEFINITION_WARNING
from fhir_kb.validate.invariants.static_check import start_type, static_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding


class ConstraintChecks:
    """Checks the constraints of one StructureDefinition, element by element."""

    def __init__(
        self, value: Mapping[str, Any], base: Mapping[str, Any], definitions: Definitions
    ) -> None:
        self._url = text(value, "url")
        version = text(value, "version")
        self._own_canonicals = {self._url, f"{self._url}|{version}"}
        self._base = base
        self._definitions = definitions
        self._inherited: dict[str, str] | None = None
        self._expressions_by_key: dict[str, object] = {}
        self._is_snapshot = False

    def begin(self, *, is_snapshot: bool) -> None:
        """Start with another list of elements."""
        self._expressions_by_key.clear()
        self._is_snapshot = is_snapshot

    def check(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        """What is wrong with the constraints of an element that has these types."""
        findings: list[Finding] = []
        for number, constraint in objects(element, "constraint"):
            key = text(constraint, "key")
            if not key:
                message = "the constraint has no key, so a failure cannot be attributed to it"
                constraint_findings = report(
                    DEFINITION_WARNING, message, None, "ED_INVARIANT_NO_KEY"
                )
            elif self._is_snapshot:
                constraint_findings = self._in_snapshot(key, constraint, element, names)
            else:
                constraint_findings = self._in_differential(key, constraint)
            findings += under(constraint_findings, "constraint", number)
        return findings

    def _in_snapshot(
        self, key: str, constraint: Mapping[str, Any], element: Mapping[str, Any], names: list[str]
    ) -> list[Finding]:
        expression = text(constraint, "expression")
        if not expression:
            return []
        earlier = self._expressions_by_key.setdefault(key, expression)
        if earlier != expression and key != "ele-1":
            message = f"{key} has another expression here than before: '{earlier}'"
            return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_EXPRESSION_CONFLICT")
        if text(constraint, "source") not in ("", self._url):
            return []  # reported where it is defined
        error = self._expression_error(expression, text(element, "path"), names)
        if not error:
            return []
        message = f"{key} cannot be evaluated: {error}"
        return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_EXPRESSION_ERROR")

    def _expression_error(self, expression: str, path: str, names: list[str]) -> str:
        """Why an expression cannot be evaluated on any of these types; "" if it can."""
        if any(name not in self._definitions for name in names):
            return ""
        first = ""
        for name in names:
            error = static_error(expression, self._definitions, start_type(name, path))
            if error is None or isinstance(error, FHIRPathSyntaxError):
                return ""  # invalid FHIRPath is reported at the expression
            first = first or str(error)
        return first

    def _in_differential(self, key: str, constraint: Mapping[str, Any]) -> list[Finding]:
        source, expression = constraint.get("source"), constraint.get("expression")
        if isinstance(source, str) and source not in self._own_canonicals:
            message = f"{key} says that it comes from {source}, but it is this profile's"
            return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_DIFF_NO_SOURCE")
        if not isinstance(expression, str):
            return []
        inherited = self._inherited_expression(key)
        if inherited is None:
            inherited = str(self._expressions_by_key.setdefault(key, expression))
        if inherited != expression:
            message = f"the key {key} is that of another constraint: '{inherited}'"
            return report(CONSTRAINT_DEFINITION, message, "give it a key of its own")
        return []

    def _inherited_expression(self, key: str) -> str | None:
        """The expression of the constraint of that key, in the base or in FHIR's own types."""
        if self._inherited is None:
            self._inherited = _expressions_of(self._base)
        return self._inherited.get(key) or _type_expressions(self._definitions).get(key)


def _expressions_of(definition: Mapping[str, Any]) -> dict[str, str]:
    expressions: dict[str, str] = {}
    for _, element in objects(definition.get("snapshot"), "element"):
        for _, constraint in objects(element, "constraint"):
            expressions.setdefault(text(constraint, "key"), text(constraint, "expression"))
    return expressions


@cache
def _type_expressions(definitions: Definitions) -> dict[str, str]:
    """The constraints of all types of a release, by key."""
    expressions: dict[str, str] = {}
    for name in sorted(definitions.data_types):
        for invariant in definitions.type(name).invariants:
            expressions.setdefault(invariant.key, invariant.expression)
    return expressions
