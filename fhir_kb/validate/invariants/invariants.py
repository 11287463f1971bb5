"""The rules that FHIR states as FHIRPath: http://hl7.org/fhir/conformance-rules.html#constraints.

Each is compiled when the first element of its type is met. Some are left to code that does the same
faster or says it better. Those that are published with mistakes are mended where the definitions
are made (scripts/make_definitions.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.fhirpath import Compiled, Element, FHIRPathError, Services, compile_expression
from fhir_kb.validate.codes import (
    INVARIANT,
    INVARIANT_NOT_EVALUATED,
    INVARIANT_WARNING,
)
from fhir_kb.validate.core.issue import Finding, report
from fhir_kb.validate.datatypes.bindings import Bound
from fhir_kb.validate.invariants.certain import OF_OBJECTS, OF_VALUES
from fhir_kb.validate.invariants.native import NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fhir_kb.packages import Definitions, ElementDefinition, Invariant
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings

_URL: Final = "http://hl7.org/fhir/StructureDefinition/"
#: Rules that other code of this package checks: key -> where.
ELSEWHERE: Final = {
    "ele-1": "empty objects are found in names.py",
    "ext-1": "value or extensions: names.py",
    "txt-1": "narrative.py",
    "txt-2": "narrative.py",
    "ref-1": "references.py",
    "dom-3": "resources.py",
}


class _Rule(NamedTuple):
    """An invariant ready to be tested, by Python or by FHIRPath."""

    invariant: Invariant
    message_id: str
    native: Callable[[Mapping[str, Any], Context], bool] | None
    compiled: Compiled


class Invariants:
    """The invariants of a FHIR release as checks."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._services = Services(terminology=_ValueSets(definitions))
        #: The checks of objects -> what they evaluate, and on which type.
        self._evaluated: dict[Checker, tuple[Compiled, str]] = {}

    def of_object(self, type_path: str) -> tuple[Checker, ...]:
        """What holds for all objects of a type or at an inner element's path."""
        owner, _, inner = type_path.partition(".")
        definition = self._definitions.type(owner)
        if inner:
            element = definition.by_path[type_path]
            return self._checks(((owner, one) for one in element.invariants), type_path)
        stated = [
            (name, one)
            for name in (owner, *self._definitions.ancestors(owner))
            for one in self._definitions.type(name).invariants
        ]
        return self._checks(stated, type_path)

    def of_element(self, element: ElementDefinition, type_path: str) -> tuple[Checker, ...]:
        """What an element states about its values, whose type is `type_path`."""
        if element.path == type_path or not element.invariants:
            return ()
        owner = element.path.partition(".")[0]
        return self._checks(((owner, one) for one in element.invariants), type_path)

    def is_settled(self, rule: Checker, names: frozenset[str]) -> bool:
        """Whether a check of `of_object` finds nothing wrong with any object of these properties.

        Their values must be right.
        """
        known = self._evaluated.get(rule)
        return known is not None and known[0].is_true_for(known[1], names)

    def _checks(
        self, stated: Iterable[tuple[str, Invariant]], type_path: str
    ) -> tuple[Checker, ...]:
        rules: dict[str, _Rule] = {}
        for owner, one in stated:
            if one.key in ELSEWHERE or one.key in rules:
                continue
            native = NATIVE.get(one.expression)
            compiled = compile_expression(one.expression, self._definitions)
            rules[one.key] = _Rule(one, f"{_URL}{owner}#{one.key}", native, compiled)
        return tuple(self._check(rule, type_path) for rule in rules.values())

    def _check(self, rule: _Rule, type_path: str) -> Checker:
        if rule.native is not None:
            check = _native(rule, rule.native)
        else:
            check = _evaluated(rule, type_path, self._services)
            expression = rule.invariant.expression
            if type_path in self._definitions.primitive_types:
                return _certain(OF_VALUES.get(expression), check)
            flag = rule.compiled.fast_test(type_path)
            if flag is not None:
                check = _quick(flag, check)
            check = _certain(OF_OBJECTS.get(expression), check)
        self._evaluated[check] = rule.compiled, type_path
        return check


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
        return any(bound.has_coding(one.get("system"), one.get("code")) for one in codings)

    def subsumes(self, _system: str, _code_a: str, _code_b: str) -> bool | None:
        return None


def _native(rule: _Rule, holds: Callable[[Mapping[str, Any], Context], bool]) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        return None if holds(value, context) else _broken(rule)

    return check


def _certain(holds: Callable[[Any], bool] | None, full: Checker) -> Checker:
    """The check that first sees whether all is surely well."""
    if holds is None:
        return full
    return lambda value, context: None if holds(value) else full(value, context)


def _quick(flag: Callable[[Any], bool | None], full: Checker) -> Checker:
    """The check of objects that tries the short way first."""

    def check(value: Any, context: Context) -> Findings:
        if isinstance(value, dict):
            try:
                if flag(value) is True:
                    return None
            except FHIRPathError:
                pass  # the full evaluation can say where it failed
        return full(value, context)

    return check


def _evaluated(rule: _Rule, type_path: str, services: Services) -> Checker:
    compiled = rule.compiled
    test = compiled.test

    def check(value: Any, context: Context) -> Findings:
        try:
            truth = test(
                value,
                type_path=type_path,
                resource=_item(compiled, context, context.resource),
                root=_item(compiled, context, context.container),
                services=services,
            )
        except FHIRPathError as error:
            return _not_evaluated(rule.invariant, error)
        return None if truth is True else _broken(rule)

    return check


def _item(compiled: Compiled, context: Context, resource: Any) -> Element:
    """The resource as FHIRPath's element, made once for each resource."""
    item: Element | None = context.items.get(id(resource))
    if item is None:
        item = context.items[id(resource)] = compiled.element(resource)
    return item


def _broken(rule: _Rule) -> list[Finding]:
    one = rule.invariant
    kind = INVARIANT if one.severity == "error" else INVARIANT_WARNING
    return report(kind, f"{one.key}: {one.human}", None, rule.message_id)


def _not_evaluated(invariant: Invariant, error: FHIRPathError) -> list[Finding]:
    return report(
        INVARIANT_NOT_EVALUATED, f"the rule {invariant.key} could not be evaluated: {error}"
    )
