"""FHIR's invariants as checks: http://hl7.org/fhir/conformance-rules.html#constraints.

Each is compiled when the first element of its type is met. `policy` names those that are not
evaluated as published, `fast_path` has some in Python. Expressions that are published with mistakes
are corrected where the definitions are made (scripts/make_definitions.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.fhirpath import Compiled, Element, FHIRPathError, Services, compile_expression
from fhir_kb.validate.core.issue import Finding, report
from fhir_kb.validate.datatypes.bindings import Bound
from fhir_kb.validate.finding_codes import (
    INVARIANT,
    INVARIANT_NOT_EVALUATED,
    INVARIANT_WARNING,
)
from fhir_kb.validate.invariants.fast_path import IN_PYTHON
from fhir_kb.validate.invariants.policy import CHECKED_ELSEWHERE, CORRECTED, NOT_ON_CONTAINED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fhir_kb.packages import Definitions, ElementDefinition, Invariant
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_URL: Final = "http://hl7.org/fhir/StructureDefinition/"


class _Rule(NamedTuple):
    """An invariant with its compiled expression."""

    invariant: Invariant
    message_id: str
    compiled: Compiled


class Invariants:
    """The invariants of a FHIR release as checks."""

    def __init__(self, definitions: Definitions, *, fast_paths: bool = True) -> None:
        self._definitions = definitions
        self._fast_paths = fast_paths
        self._services = Services(terminology=_ValueSets(definitions))
        self._compiled: dict[Checker, tuple[Compiled, str]] = {}
        """The checks that `of_object` gave -> their expression, and the type it is evaluated on."""

    def of_object(self, type_path: str) -> tuple[Checker, ...]:
        """The checks for all objects of a type ("HumanName") or inner element."""
        type_name, _, inner = type_path.partition(".")
        definition = self._definitions.type(type_name)
        if inner:
            element = definition.by_path[type_path]
            return self._checks(((type_name, one) for one in element.invariants), type_path)
        inherited = [
            (name, invariant)
            for name in (type_name, *self._definitions.ancestors(type_name))
            for invariant in self._definitions.type(name).invariants
        ]
        return self._checks(inherited, type_path)

    def of_element(self, element: ElementDefinition, type_path: str) -> tuple[Checker, ...]:
        """The checks that an element adds for its values, whose type is `type_path`."""
        if element.path == type_path or not element.invariants:
            return ()
        type_name = element.path.partition(".")[0]
        return self._checks(((type_name, one) for one in element.invariants), type_path)

    def is_always_kept(self, check: Checker, names: frozenset[str]) -> bool:
        """Whether every valid object with these properties passes a check of `of_object`.

        Valid: no property is null, empty or of the wrong type.
        """
        if not self._fast_paths or check not in self._compiled:
            return False
        compiled, type_path = self._compiled[check]
        return compiled.is_true_for(type_path, names)

    def _checks(
        self, invariants: Iterable[tuple[str, Invariant]], type_path: str
    ) -> tuple[Checker, ...]:
        rules: dict[str, _Rule] = {}
        for type_name, invariant in invariants:
            if invariant.key in CHECKED_ELSEWHERE or invariant.key in rules:
                continue
            expression = CORRECTED.get(invariant.expression, invariant.expression)
            compiled = compile_expression(
                expression, self._definitions, fast_paths=self._fast_paths
            )
            message_id = f"{_URL}{type_name}#{invariant.key}"
            rules[invariant.key] = _Rule(invariant, message_id, compiled)
        return tuple(self._check(rule, type_path) for rule in rules.values())

    def _check(self, rule: _Rule, type_path: str) -> Checker:
        check = _evaluated(rule, type_path, self._services)
        if self._fast_paths:
            check = self._with_fast_path(rule, type_path, check)
        if rule.invariant.key in NOT_ON_CONTAINED:
            check = _not_on_contained(check)
        self._compiled[check] = rule.compiled, type_path
        return check

    def _with_fast_path(self, rule: _Rule, type_path: str, check: Checker) -> Checker:
        in_python = IN_PYTHON.get(rule.compiled.expression)
        if in_python is not None:
            return _in_python(rule, in_python)
        fast_test = rule.compiled.fast_test(type_path)
        if fast_test is None:
            return check
        is_object = type_path not in self._definitions.primitive_types
        return _fast_test_first(fast_test, check, is_object=is_object)


class _ValueSets:
    """Answers memberOf() from the value sets that ship."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def member_of(self, coded: Any, _type_name: str, value_set: str) -> bool | None:
        codes = self._definitions.value_set(value_set)
        if codes is None:
            return None
        bound = Bound(value_set, codes)
        if isinstance(coded, str):
            return bound.has_code(coded)
        codings = coded.get("coding", (coded,)) if isinstance(coded, dict) else ()
        return any(bound.has_coding(coding.get("system"), coding.get("code")) for coding in codings)

    def subsumes(self, _system: str, _code_a: str, _code_b: str) -> bool | None:
        return None


def _in_python(rule: _Rule, is_kept: Callable[[Mapping[str, Any]], bool]) -> Checker:
    return lambda value, _context: None if is_kept(value) else _broken(rule)


def _not_on_contained(check: Checker) -> Checker:
    """The check for resources that are not contained."""
    return lambda value, context: check(value, context) if value is context.container else None


def _fast_test_first(
    fast_test: Callable[[Any], bool | None], full_check: Checker, *, is_object: bool
) -> Checker:
    """The check that tries the expression's fast path first.

    Args:
        fast_test: The fast path; it takes objects, or primitive values.
        full_check: The check by evaluation.
        is_object: Which of them.
    """

    def check(value: Any, context: Context) -> Findings:
        if isinstance(value, dict) is is_object and value is not None:
            try:
                if fast_test(value) is True:
                    return None
            except FHIRPathError:
                pass  # the error of the full evaluation has the place
        return full_check(value, context)

    return check


def _evaluated(rule: _Rule, type_path: str, services: Services) -> Checker:
    compiled = rule.compiled
    test = compiled.test

    def check(value: Any, context: Context) -> Findings:
        try:
            truth = test(
                value,
                type_path=type_path,
                resource=_element(compiled, context, context.resource),
                root=_element(compiled, context, context.container),
                services=services,
            )
        except FHIRPathError as error:
            return _not_evaluated(rule.invariant, error)
        return None if truth is True else _broken(rule)

    return check


def _element(compiled: Compiled, context: Context, resource: Any) -> Element:
    """The resource for FHIRPath, made once in a validation."""
    element: Element | None = context.fhirpath_elements.get(id(resource))
    if element is None:
        element = context.fhirpath_elements[id(resource)] = compiled.element(resource)
    return element


def _broken(rule: _Rule) -> list[Finding]:
    invariant = rule.invariant
    code = INVARIANT if invariant.severity == "error" else INVARIANT_WARNING
    return report(code, f"{invariant.key}: {invariant.human}", None, rule.message_id)


def _not_evaluated(invariant: Invariant, error: FHIRPathError) -> list[Finding]:
    message = f"not checked: the invariant {invariant.key}: {error}"
    return report(INVARIANT_NOT_EVALUATED, message)
