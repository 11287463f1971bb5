"""Fast checks of one value by an element: values, bindings, references, invariants."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError
from fhir_kb.validate.profiles.constraints.bindings import lacks_code, own_bindings
from fhir_kb.validate.profiles.constraints.invariants import own_invariants
from fhir_kb.validate.profiles.constraints.references import (
    reference_text,
    reference_types,
    target_profiles,
    target_types,
)
from fhir_kb.validate.profiles.constraints.values import (
    LIMITS,
    choice_value,
    fixed_and_pattern,
    has_value_constraints,
    matches_fixed,
    max_length,
    min_length,
)
from fhir_kb.validate.profiles.fast_path.fast_check import undecided

if TYPE_CHECKING:
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.validate.profiles.fast_path.fast_check import FastCheck
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

#: Functions and variables whose result depends on more than the value.
_CONTEXT_DEPENDENT: Final = re.compile(
    r"%|\b(?:resolve|memberOf|conformsTo|subsumes|subsumedBy|elementDefinition|slice|"
    r"checkModifiers|now|today|timeOfDay|trace)\b"
)


def value_check(node: ProfileNode) -> FastCheck | None:
    """The check of fixed values, patterns and lengths; None where there are none."""
    definition = node.definition
    if not has_value_constraints(node):
        return None
    if any(choice_value(definition, limit.name) is not None for limit in LIMITS):
        return undecided
    expectations = fixed_and_pattern(definition)
    longest, shortest = max_length(definition), min_length(definition)
    if not expectations and longest is None and shortest is None:
        return None

    def check(value: Any, _depth_left: int) -> bool:
        if isinstance(value, str):
            length = len(value)
            if longest is not None and length > longest:
                return False
            if shortest is not None and length < shortest:
                return False
        return all(
            matches_fixed(value, expected, is_pattern=is_pattern)
            for expected, is_pattern in expectations
        )

    return check


def binding_check(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType
) -> FastCheck | None:
    """The check of codes of a type by the bindings; None where the profile adds none."""
    bindings = own_bindings(repository.definitions, node, type_)
    if not bindings:
        return None

    def check(coded: Any, _depth_left: int) -> bool:
        if isinstance(coded, dict) and lacks_code(type_, coded):
            return True
        return all(
            repository.member_of(node.tree, coded, type_.name, value_set)
            for value_set, _ in bindings
        )

    return check


def reference_check(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType, *, is_bundled: bool
) -> FastCheck | None:
    """The check of targets of references by their type; None where nothing is demanded.

    is_bundled: whether the values are in a bundle, where the target itself has to be checked.
    """
    types = reference_types(node, type_.name)
    urls = [repository.canonical_in(node.tree, url) for url in target_profiles(types)]
    if not urls and not any(entry.get("aggregation") for entry in types):
        return None
    allowed = {repository.type_of(url) for url in urls}
    are_types = all(repository.is_core_type(url) for url in urls)

    def check(value: Any, _depth_left: int) -> bool:
        if type(value) is not dict:
            return False
        text = reference_text(value.get("reference"))
        if text is None:
            return True
        if is_bundled or text.startswith("#") or not are_types:
            return False  # the target itself is checked, or that it is not at hand is reported
        names = target_types(repository.definitions, value, text) if urls else None
        return not names or None in allowed or not allowed.isdisjoint(names)

    return check


def invariant_checks(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType
) -> list[FastCheck]:
    """The checks of the invariants that the profile adds."""
    return [
        _invariant_check(repository, str(invariant["expression"]), type_)
        for invariant in own_invariants(repository, node, type_)
    ]


def _invariant_check(repository: ProfileRepository, expression: str, type_: FhirType) -> FastCheck:
    try:
        compiled = repository.compile(expression)
        fast_test = compiled.fast_test(type_.path)
    except FHIRPathError:
        return undecided
    if fast_test is None:
        if not type_.system or _CONTEXT_DEPENDENT.search(expression) is not None:
            return undecided
        fast_test = partial(compiled.test, type_path=type_.path)

    def check(value: Any, _depth_left: int) -> bool:
        try:
            return fast_test(value) is True
        except FHIRPathError:
            return False

    return check
