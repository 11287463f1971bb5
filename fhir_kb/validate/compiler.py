"""FHIR types compiled to closures: one for each type, made when the type is first met.

What depends on the names of an object's properties only (unknown, missing, chosen twice) is worked
out once for each combination of names; after that an object costs one call for each value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fhir_kb.validate.codes import NULL, TOO_DEEP, WRONG_JSON_TYPE
from fhir_kb.validate.core.issue import combine, json_type, report, under_step
from fhir_kb.validate.datatypes import primitives
from fhir_kb.validate.datatypes.bindings import BINDERS, Bound
from fhir_kb.validate.datatypes.complex_types import TYPE_RULES
from fhir_kb.validate.datatypes.extensions import known_extension, named_extension
from fhir_kb.validate.datatypes.fixed_values import fixed_to, like_pattern
from fhir_kb.validate.datatypes.references import References
from fhir_kb.validate.datatypes.value_set_bindings import recommended, required
from fhir_kb.validate.narrative.narrative import check_narrative
from fhir_kb.validate.nested_resources import Resources
from fhir_kb.validate.structure.arrays import aligned, array_of, without_filled_nulls
from fhir_kb.validate.structure.property_names import Names
from fhir_kb.validate.type_rules import content_rules

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions, ElementDefinition, Property, TypeRef
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

#: How often content may nest where FHIR sets no limit: extensions, actions, items, bundles.
MAX_NESTING: Final = 100
_MAX_PLANS: Final = 1000
#: What ValueSetCodes.checkers says of a code system that is not at hand.
UNKNOWN: Final = "unknown"
#: Types that can lead back to themselves, apart from content references and resources.
RECURSIVE: Final = frozenset({"Extension", "Identifier"})


class _Plan(NamedTuple):
    """How to check objects with a certain combination of property names."""

    #: The properties that need a look, each with its check.
    checks: tuple[tuple[str, Checker], ...]
    #: Whether the names are wrong, or some are of lists that have underscored lists beside them.
    is_odd: bool
    #: The rules that such objects could break if nothing is wrong with their values.
    rules: tuple[Checker, ...]
    #: Lists with their underscored lists: (name, underscored name).
    pairs: tuple[tuple[str, str], ...]
    has_problems: bool


class Rules(Protocol):
    """Rules on top of structure, such as invariants."""

    def of_object(self, type_path: str) -> tuple[Checker, ...]:
        """The checks of all objects of a type or at an inner element's path."""

    def of_element(self, element: ElementDefinition, type_path: str) -> tuple[Checker, ...]:
        """The checks that one element adds for its values, which are of `type_path`."""

    def is_always_kept(self, rule: Checker, names: frozenset[str]) -> bool:
        """Whether a check of `of_object` finds nothing wrong with any object of these properties.

        Their values are right: none is null or empty, or of the wrong kind.
        """


class Compiler:
    """Makes and keeps the checks of one FHIR release."""

    def __init__(self, definitions: Definitions, rules: Rules | None = None) -> None:
        self.definitions = definitions
        self._rules = rules
        self._references = References(definitions)
        self.resources = Resources(definitions, self.object_check)
        self._objects: dict[str, Checker] = {}
        self._bounds: dict[str, Bound | None] = {}
        self._primitives: dict[str, Checker] = {}

    def object_check(self, type_path: str) -> Checker:
        """The check of a type ("HumanName") or inner element ("PlanDefinition.action")."""
        found = self._objects.get(type_path)
        if found is None:
            found = self._make_object(type_path)
            if type_path in RECURSIVE:
                found = _limited(found)
            self._objects[type_path] = found
        return found

    def _make_object(self, type_path: str) -> Checker:
        names_of = Names(self.definitions, type_path)
        plans: dict[tuple[str, ...], _Plan] = {}
        checks: dict[str, Checker] = {"resourceType": _nothing}
        rules = self._object_rules(type_path)

        def plan_for(names: tuple[str, ...]) -> _Plan:
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            plans[names] = self._plan(names_of, names, checks, rules)
            return plans[names]

        def check(value: Any, context: Context) -> Findings:
            if not isinstance(value, dict):
                return _no_object(value)
            names = tuple(value)
            plan = plans.get(names) or plan_for(names)
            checks, is_odd, open_rules, _, _ = plan
            found: Findings = None
            for name, checker in checks:
                if bad := checker(value[name], context):
                    found = combine(found, under_step(bad, name, names_of.step(name)))
            if is_odd:
                found = _odd(found, value, plan, names_of)
            for rule in rules if found else open_rules:
                if bad := rule(value, context):
                    found = combine(found, bad)
            return found

        return check

    def _object_rules(self, type_path: str) -> tuple[Checker, ...]:
        """What is looked at in all objects of a type, beyond their properties."""
        rules = self._rules.of_object(type_path) if self._rules else ()
        if type_path in TYPE_RULES:
            rules = (TYPE_RULES[type_path], *rules)
        return (*content_rules(type_path, self.definitions), *rules)

    def _plan(
        self,
        names_of: Names,
        names: tuple[str, ...],
        checks: dict[str, Checker],
        rules: tuple[Checker, ...],
    ) -> _Plan:
        """How to check objects that have these properties; adds to `checks` what is new in them."""
        for name in names:
            if name not in checks and name in names_of.properties:
                known = names_of.properties[name]
                checks[name] = self._property(names_of.type_path, name, known)
        pairs, has_problems = names_of.pairs(names), bool(names_of.problems(names))
        is_odd = bool(pairs) or has_problems
        in_order = tuple(checks.get(name, _nothing) for name in names)
        return _Plan(
            tuple(one for one in zip(names, in_order, strict=True) if one[1] is not _nothing),
            is_odd,
            rules if is_odd else self._open_rules(rules, frozenset(names)),
            pairs,
            has_problems,
        )

    def _open_rules(self, rules: tuple[Checker, ...], names: frozenset[str]) -> tuple[Checker, ...]:
        if self._rules is None:
            return rules
        settled = self._rules.is_always_kept
        return tuple(rule for rule in rules if not settled(rule, names))

    def _property(self, type_path: str, name: str, known: Property) -> Checker:
        element = known.element
        if element is None:
            return _nothing
        if name.startswith("_"):
            return (
                array_of(self.object_check("Element"), nulls=True)
                if known.is_array
                else self.object_check("Element")
            )
        type_ref = next((ref for one, ref in element.json_names() if one == name), None)
        item = self._item(type_path, element, known, type_ref)
        if known.is_array:
            item = array_of(item, longest=element.max)
        if element.name == "contained" and known.type_path == "Resource":
            item = self.resources.all_contained(item)
        return item

    def _item(
        self, owner: str, element: ElementDefinition, known: Property, ref: TypeRef | None
    ) -> Checker:
        """The check of one value of a property."""
        check = self._value(element, known, ref)
        if ref is not None:
            if ref.code == "Reference":
                check = self._references.checker(ref.targets, check)
            elif ref.code == "CodeableReference" and ref.targets:
                check = self._references.inside(ref.targets, check)
            elif ref.code == "Extension":
                check = check if owner == "Extension" else named_extension(check)
                modifier = element.name == "modifierExtension"
                check = known_extension(owner, check, modifier=modifier)
            check = self._bound(element, ref.code, check)
        if element.fixed is not None:
            check = fixed_to(element.fixed, check)
        if element.pattern is not None:
            check = like_pattern(element.pattern, check)
        if self._rules is not None:
            for rule in self._rules.of_element(element, known.type_path):
                check = _one_after_the_other(check, rule)
        return check

    def _value(self, element: ElementDefinition, known: Property, ref: TypeRef | None) -> Checker:
        if ref is None:
            return _limited(self.object_check(known.type_path))
        if known.type_path == "xhtml":
            return check_narrative
        if known.type_path == "Resource":
            contained = element.name == "contained"
            return _limited(self.resources.any_resource(ref.profiles, contained=contained))
        if known.type_path in self.definitions.primitive_types:
            return self._primitive(known.type_path)
        return self.object_check(known.type_path)

    def _primitive(self, type_name: str) -> Checker:
        found = self._primitives.get(type_name)
        if found is None:
            value = self.definitions.type(type_name).by_path.get(f"{type_name}.value")
            found = primitives.checker(type_name, value.regex if value else "")
            self._primitives[type_name] = found
        return found

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
            is_known = codes is not None and UNKNOWN not in codes.checkers.values()
            self._bounds[url] = Bound(url, codes) if codes is not None and is_known else None
        bound = self._bounds[url]
        if bound is None:
            return required(url, check)
        return binder(bound, check)


def _one_after_the_other(first: Checker, second: Checker) -> Checker:
    def check(value: Any, context: Context) -> Findings:
        return combine(first(value, context), second(value, context))

    return check


def _odd(found: Findings, value: dict[str, Any], plan: _Plan, names_of: Names) -> Findings:
    """The findings with those on the names, and on lists with underscored lists beside them."""
    if plan.pairs:
        found = without_filled_nulls(found, value, plan.pairs)
        found += aligned(value, plan.pairs, names_of.step)
    return combine(found, names_of.problems(tuple(value))) if plan.has_problems else found


def _nothing(_value: Any, _context: Context) -> Findings:
    return None


def _no_object(value: object) -> list[Finding]:
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
            return report(
                TOO_DEEP, f"nested deeper than {MAX_NESTING} levels; not looked at further"
            )
        context.depth += 1
        found = check(value, context)
        context.depth -= 1
        return found

    return limited
