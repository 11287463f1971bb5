"""The invariants that a profile adds, as FHIRPath."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathError, compile_expression
from fhir_kb.validate.codes import (
    INVARIANT,
    INVARIANT_NOT_EVALUATED,
    INVARIANT_WARNING,
)
from fhir_kb.validate.profiles.places import at
from fhir_kb.validate.profiles.run import resource_of
from fhir_kb.validate.profiles.tree import never

#: What makes the truth of an expression depend on more than the value.
_NEEDS_MORE = re.compile(
    r"%|\b(?:resolve|memberOf|conformsTo|subsumes|subsumedBy|elementDefinition|slice|"
    r"checkModifiers|now|today|timeOfDay|trace)\b"
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node, Sure


def check_rules(run: Run, node: Node, element: Element) -> list[Finding]:
    """What rules of the profile the value breaks."""
    found: list[Finding] = []
    for rule in own_rules(run.known, node, element.type):
        found += _check(run, node, element, rule)
    return found


def own_rules(known: KnownProfiles, node: Node, kind: FhirType) -> list[Mapping[str, Any]]:
    """The rules that are not those of the type itself, which are checked anyway."""
    key = ("rules", kind.path)
    found: list[Mapping[str, Any]] | None = node.kept.get(key)
    if found is None:
        found = node.kept[key] = list(_not_of_type(known, node, kind))
    return found


def are_surely_kept(known: KnownProfiles, node: Node, kind: FhirType) -> list[Sure]:
    """What tells of a value (its JSON) that it keeps each of these rules; see certain.py."""
    return [_surely(known, str(one["expression"]), kind) for one in own_rules(known, node, kind)]


def _surely(known: KnownProfiles, expression: str, kind: FhirType) -> Sure:
    try:
        compiled = compile_expression(expression, known.definitions)
        fast_test = compiled.fast_test(kind.path)
    except FHIRPathError:
        return never
    if fast_test is None:
        if not kind.system or _NEEDS_MORE.search(expression) is not None:
            return never
        fast_test = partial(compiled.test, type_path=kind.path)

    def test(value: Any, _room: int) -> bool:
        try:
            return fast_test(value) is True
        except FHIRPathError:
            return False

    return test


def _not_of_type(known: KnownProfiles, node: Node, kind: FhirType) -> Iterator[Mapping[str, Any]]:
    stated = node.definition.get("constraint")
    rules = [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []
    if not rules:
        return
    keys = _of_type(known.definitions, node, kind)
    for rule in rules:
        source = rule.get("source")
        is_core = isinstance(source, str) and known.is_core_type(source)
        is_theirs = isinstance(key := rule.get("key"), str) and key in keys
        if not is_core and not is_theirs and isinstance(rule.get("expression"), str):
            yield rule


def _of_type(definitions: Definitions, node: Node, kind: FhirType) -> set[str]:
    """The keys of the rules that the element's type and its definition there have."""
    name = kind.path.partition(".")[0]
    keys = {"ele-1", "ext-1"}
    if name in definitions:
        keys |= {one.key for one in definitions.invariants(name)}
    path = str(node.definition.get("path", "")).removesuffix("[x]")
    if path.partition(".")[0] in definitions and (own := definitions.element(path)) is not None:
        keys |= {one.key for one in own.invariants}
    return keys


def _check(run: Run, node: Node, element: Element, rule: Mapping[str, Any]) -> list[Finding]:
    key, expression = rule.get("key"), str(rule["expression"])
    try:
        holds = compile_expression(expression, run.known.definitions).test(
            element,
            resource=_resource(node, element),
            root=run.root,
            services=run.services,
            variables={"profile": node.tree.url},
        )
    except FHIRPathError as error:
        message = f"the rule {key} of {node.tree.name} could not be evaluated: {error}"
        return at(element, INVARIANT_NOT_EVALUATED, message)
    if holds is not False and (holds or _needs_codes(expression)):
        return []
    kind = INVARIANT if rule.get("severity") == "error" else INVARIANT_WARNING
    message = f"{key}: {rule.get('human', expression)} ({node.tree.name})"
    return at(element, kind, message, None, f"{node.tree.url}#{key}")


def _resource(node: Node, element: Element) -> Element:
    """%resource: of a rule on `contained` or `entry.resource`, the one around what stands there."""
    is_slot = node is not node.tree.root and element.type.is_resource
    return resource_of(element.parent if is_slot and element.parent is not None else element)


def _needs_codes(expression: str) -> bool:
    """Whether an empty answer may just mean that a value set could not be looked into."""
    return "memberOf" in expression or "subsumes" in expression
