"""FHIR types compiled to closures: one for each type, made when the type is first met.

What depends on the names of an object's properties only (unknown, missing, chosen twice) is worked
out once for each combination of names; after that an object costs one call for each value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fhir_kb.validate.core.issue import combine, json_type, report, under_step
from fhir_kb.validate.datatypes import primitives
from fhir_kb.validate.datatypes.bindings import BINDERS, Bound
from fhir_kb.validate.datatypes.complex_types import TYPE_RULES
from fhir_kb.validate.datatypes.extensions import (
    extension_by_definition,
    extension_with_absolute_url,
)
from fhir_kb.validate.datatypes.fixed_values import fixed_to, like_pattern
from fhir_kb.validate.datatypes.references import References
from fhir_kb.validate.datatypes.value_set_bindings import recommended, required
from fhir_kb.validate.finding_codes import NULL, TOO_DEEP, WRONG_JSON_TYPE
from fhir_kb.validate.narrative.narrative import narrative_check
from fhir_kb.validate.nested_resources import Resources
from fhir_kb.validate.structure.arrays import array_of, check_alignment, without_allowed_nulls
from fhir_kb.validate.structure.property_names import PropertyNames
from fhir_kb.validate.type_rules import content_rules

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions, ElementDefinition, Property, TypeRef
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

#: How often content may nest where FHIR sets no limit: extensions, actions, items, bundles.
MAX_NESTING: Final = 100
_MAX_PLANS: Final = 1000
#: What ValueSetCodes.checkers has for a code system that does not ship.
UNKNOWN: Final = "unknown"
#: Types that can contain themselves, apart from content references and resources.
RECURSIVE: Final = frozenset({"Extension", "Identifier"})


class _Plan(NamedTuple):
    """How to check objects with a certain combination of property names."""

    checks: tuple[tuple[str, Checker], ...]
    """The properties whose values are checked, each with its check."""
    is_special: bool
    """Whether the names are wrong, or some are of arrays that have underscored arrays."""
    open_rules: tuple[Checker, ...]
    """The rules that such objects can break although their values are valid."""
    array_pairs: tuple[tuple[str, str], ...]
    """Arrays with their underscored arrays: (name, underscored name)."""
    has_wrong_names: bool


class Rules(Protocol):
    """Rules on top of structure, such as invariants."""

    def of_object(self, type_path: str) -> tuple[Checker, ...]:
        """The checks for all objects of a type or inner element."""

    def of_element(self, element: ElementDefinition, type_path: str) -> tuple[Checker, ...]:
        """The checks that an element adds for its values, which are of `type_path`."""

    def is_always_kept(self, check: Checker, names: frozenset[str]) -> bool:
        """Whether every valid object with these properties passes a check of `of_object`.

        Valid: no property is null, empty or of the wrong type.
        """


class Compiler:
    """Compiles the checks of one FHIR release, and keeps them.

    Args:
        definitions: The release.
        rules: Checked besides structure and datatypes.
        fast_paths: See Validator.
    """

    def __init__(
        self, definitions: Definitions, rules: Rules | None = None, *, fast_paths: bool = True
    ) -> None:
        self.definitions = definitions
        self._rules = rules
        self._check_narrative = narrative_check(fast_path=fast_paths)
        self._references = References(definitions)
        self.resources = Resources(definitions, self.object_check)
        self._objects: dict[str, Checker] = {}
        self._bounds: dict[str, Bound | None] = {}
        self._primitives: dict[str, Checker] = {}

    def object_check(self, type_path: str) -> Checker:
        """The check of a type ("HumanName") or inner element ("PlanDefinition.action")."""
        check = self._objects.get(type_path)
        if check is None:
            check = self._compile_object(type_path)
            if type_path in RECURSIVE:
                check = _limited(check)
            self._objects[type_path] = check
        return check

    def _compile_object(self, type_path: str) -> Checker:
        properties = PropertyNames(self.definitions, type_path)
        plans: dict[tuple[str, ...], _Plan] = {}
        checks: dict[str, Checker] = {"resourceType": _always_valid}
        rules = self._object_rules(type_path)

        def make_plan(names: tuple[str, ...]) -> _Plan:
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            plan = plans[names] = self._plan(properties, names, checks, rules)
            return plan

        def check(value: Any, context: Context) -> Findings:
            if not isinstance(value, dict):
                return _not_an_object(value)
            names = tuple(value)
            plan = plans.get(names) or make_plan(names)
            property_checks, is_special, open_rules, _, _ = plan
            findings: Findings = None
            for name, checker in property_checks:
                if more := checker(value[name], context):
                    more = under_step(more, name, properties.fhirpath_step(name))
                    findings = combine(findings, more)
            if is_special:
                findings = _with_names(findings, value, plan, properties)
            for rule in rules if findings else open_rules:
                if more := rule(value, context):
                    findings = combine(findings, more)
            return findings

        return check

    def _object_rules(self, type_path: str) -> tuple[Checker, ...]:
        """What is checked in all objects of a type, beyond their properties."""
        rules = self._rules.of_object(type_path) if self._rules else ()
        if type_path in TYPE_RULES:
            rules = (TYPE_RULES[type_path], *rules)
        return (*content_rules(type_path, self.definitions), *rules)

    def _plan(
        self,
        properties: PropertyNames,
        names: tuple[str, ...],
        checks: dict[str, Checker],
        rules: tuple[Checker, ...],
    ) -> _Plan:
        """How to check objects with these properties.

        Args:
            properties: The properties of the type.
            names: Those that the objects have.
            checks: Property name -> check. What is missing is added.
            rules: The rules of the type.
        """
        for name in names:
            if name not in checks and name in properties.properties:
                property_ = properties.properties[name]
                checks[name] = self._property(properties.type_path, name, property_)
        array_pairs = properties.array_pairs(names)
        has_wrong_names = bool(properties.check(names))
        is_special = bool(array_pairs) or has_wrong_names
        named_checks = [(name, checks.get(name, _always_valid)) for name in names]
        return _Plan(
            tuple((name, check) for name, check in named_checks if check is not _always_valid),
            is_special,
            rules if is_special else self._open_rules(rules, frozenset(names)),
            array_pairs,
            has_wrong_names,
        )

    def _open_rules(self, rules: tuple[Checker, ...], names: frozenset[str]) -> tuple[Checker, ...]:
        if self._rules is None:
            return rules
        is_always_kept = self._rules.is_always_kept
        return tuple(rule for rule in rules if not is_always_kept(rule, names))

    def _property(self, type_path: str, name: str, property_: Property) -> Checker:
        element = property_.element
        if element is None:
            return _always_valid
        if name.startswith("_"):
            check = self.object_check("Element")
            return array_of(check, allow_null=True) if property_.is_array else check
        type_ref = next((ref for key, ref in element.json_names() if key == name), None)
        check = self._item(type_path, element, property_, type_ref)
        if property_.is_array:
            check = array_of(check, max_items=element.max)
        if element.name == "contained" and property_.type_path == "Resource":
            check = self.resources.all_contained(check)
        return check

    def _item(
        self, owner: str, element: ElementDefinition, property_: Property, ref: TypeRef | None
    ) -> Checker:
        """The check of one value of a property."""
        check = self._value(element, property_, ref)
        if ref is not None:
            if ref.code == "Reference":
                check = self._references.checker(ref.targets, check)
            elif ref.code == "CodeableReference" and ref.targets:
                check = self._references.inside(ref.targets, check)
            elif ref.code == "Extension":
                check = check if owner == "Extension" else extension_with_absolute_url(check)
                modifier = element.name == "modifierExtension"
                check = extension_by_definition(owner, check, modifier=modifier)
            check = self._bound(element, ref.code, check)
        if element.fixed is not None:
            check = fixed_to(element.fixed, check)
        if element.pattern is not None:
            check = like_pattern(element.pattern, check)
        if self._rules is not None:
            for rule in self._rules.of_element(element, property_.type_path):
                check = _both(check, rule)
        return check

    def _value(
        self, element: ElementDefinition, property_: Property, ref: TypeRef | None
    ) -> Checker:
        type_path = property_.type_path
        if ref is None:
            return _limited(self.object_check(type_path))
        if type_path == "xhtml":
            return self._check_narrative
        if type_path == "Resource":
            contained = element.name == "contained"
            return _limited(self.resources.any_resource(ref.profiles, contained=contained))
        if type_path in self.definitions.primitive_types:
            return self._primitive(type_path)
        return self.object_check(type_path)

    def _primitive(self, type_name: str) -> Checker:
        check = self._primitives.get(type_name)
        if check is None:
            value = self.definitions.type(type_name).by_path.get(f"{type_name}.value")
            check = primitives.checker(type_name, value.regex if value else "")
            self._primitives[type_name] = check
        return check

    def _bound(self, element: ElementDefinition, code: str, check: Checker) -> Checker:
        binding = element.binding
        binder = BINDERS.get(code)
        if binding is None or binder is None:
            return check
        check = recommended(binding, code, check)
        url = binding.max_value_set or (binding.value_set if binding.strength == "required" else "")
        if not url:
            return check
        if url not in self._bounds:
            codes = self.definitions.value_set(url)
            is_complete = codes is not None and UNKNOWN not in codes.checkers.values()
            self._bounds[url] = Bound(url, codes) if codes is not None and is_complete else None
        bound = self._bounds[url]
        return required(url, check) if bound is None else binder(bound, check)


def _both(first: Checker, second: Checker) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        return combine(first(value, context), second(value, context))

    return check


def _with_names(
    findings: Findings, value: dict[str, Any], plan: _Plan, properties: PropertyNames
) -> Findings:
    """The findings with those on the names, and on arrays with underscored arrays."""
    if plan.array_pairs:
        findings = without_allowed_nulls(findings, value, plan.array_pairs)
        findings += check_alignment(value, plan.array_pairs, properties.fhirpath_step)
    return combine(findings, properties.check(tuple(value))) if plan.has_wrong_names else findings


def _always_valid(_value: Any, _context: Context) -> Findings:
    return None


def _not_an_object(value: object) -> list[Finding]:
    if value is None:
        return report(NULL, "null is not a value in FHIR", "leave the property out")
    return report(
        WRONG_JSON_TYPE,
        f"an object is expected here, not {json_type(value)}",
        message_id="This_property_must_be_an_object_not_",
    )


def _limited(check: Checker) -> Checker:
    """The check, refusing to go deeper than MAX_NESTING."""

    def limited(value: Any, context: Context) -> Findings:
        if context.depth >= MAX_NESTING:
            return report(TOO_DEEP, f"nested deeper than {MAX_NESTING} levels; not checked further")
        context.depth += 1
        findings = check(value, context)
        context.depth -= 1
        return findings

    return limited
