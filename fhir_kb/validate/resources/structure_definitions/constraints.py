"""Constraints in StructureDefinitions: their keys, sources and expressions.

http://hl7.org/fhir/conformance-rules.html#constraints
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathSyntaxError
from fhir_kb.validate.codes import CONSTRAINT_DEFINITION, DEFINITION_WARNING
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.invariants.evaluable import cannot_be, start_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding


class Constraints:
    """Checks the constraints of one StructureDefinition, element by element."""

    def __init__(
        self, value: Mapping[str, Any], base: Mapping[str, Any], definitions: Definitions
    ) -> None:
        self._url = text(value, "url")
        version = text(value, "version")
        self._own = {self._url, f"{self._url}|{version}"}
        self._base = base
        self._definitions = definitions
        self._inherited: dict[str, str] | None = None
        self._seen: dict[str, object] = {}
        self._is_snapshot = False

    def begin(self, *, is_snapshot: bool) -> None:
        """Look at another list of elements."""
        self._seen.clear()
        self._is_snapshot = is_snapshot

    def check(self, element: Mapping[str, Any], names: list[str]) -> list[Finding]:
        """What is wrong with the constraints of an element that has these types."""
        found: list[Finding] = []
        for number, one in objects(element, "constraint"):
            key = text(one, "key")
            if not key:
                message = "the constraint has no key, so nobody can tell which one failed"
                bad = report(DEFINITION_WARNING, message, None, "ED_INVARIANT_NO_KEY")
            elif self._is_snapshot:
                bad = self._in_snapshot(key, one, element, names)
            else:
                bad = self._in_differential(key, one)
            found += under(bad, "constraint", number)
        return found

    def _in_snapshot(
        self, key: str, one: Mapping[str, Any], element: Mapping[str, Any], names: list[str]
    ) -> list[Finding]:
        expression = text(one, "expression")
        if not expression:
            return []
        before = self._seen.setdefault(key, expression)
        if before != expression and key != "ele-1":
            message = f"{key} has another expression here than before: '{before}'"
            return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_EXPRESSION_CONFLICT")
        if text(one, "source") not in ("", self._url):
            return []  # told where it is defined
        wrong = self._wrong(expression, text(element, "path"), names)
        if not wrong:
            return []
        message = f"{key} cannot be evaluated: {wrong}"
        return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_EXPRESSION_ERROR")

    def _wrong(self, expression: str, path: str, names: list[str]) -> str:
        """What is wrong with an expression that is evaluated on these types, or ""."""
        if any(one not in self._definitions for one in names):
            return ""
        first = ""
        for name in names:
            error = cannot_be(expression, self._definitions, start_of(name, path))
            if error is None or isinstance(error, FHIRPathSyntaxError):
                return ""  # what is no FHIRPath is told at the expression
            first = first or str(error)
        return first

    def _in_differential(self, key: str, one: Mapping[str, Any]) -> list[Finding]:
        source, expression = one.get("source"), one.get("expression")
        if isinstance(source, str) and source not in self._own:
            message = f"{key} says that it comes from {source}, but it is this profile's"
            return report(CONSTRAINT_DEFINITION, message, None, "ED_INVARIANT_DIFF_NO_SOURCE")
        if not isinstance(expression, str):
            return []
        other = self._elsewhere(key)
        if other is None:
            other = str(self._seen.setdefault(key, expression))
        if other != expression:
            message = f"the key {key} is that of another constraint: '{other}'"
            return report(CONSTRAINT_DEFINITION, message, "give it a key of its own")
        return []

    def _elsewhere(self, key: str) -> str | None:
        """The expression of the constraint of that key, in the base or in FHIR's own types."""
        if self._inherited is None:
            self._inherited = _expressions(self._base)
        return self._inherited.get(key) or _of_types(self._definitions).get(key)


def _expressions(definition: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, element in objects(definition.get("snapshot"), "element"):
        for _, one in objects(element, "constraint"):
            found.setdefault(text(one, "key"), text(one, "expression"))
    return found


@cache
def _of_types(definitions: Definitions) -> dict[str, str]:
    """The constraints of all types of a release, by key."""
    found: dict[str, str] = {}
    for name in sorted(definitions.data_types):
        for one in definitions.type(name).invariants:
            found.setdefault(one.key, one.expression)
    return found
