"""The invariants that a profile adds, evaluated as FHIRPath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import FHIRPathError
from fhir_kb.validate.finding_codes import (
    INVARIANT,
    INVARIANT_NOT_EVALUATED,
    INVARIANT_WARNING,
)
from fhir_kb.validate.profiles.constraints.invariants import own_invariants
from fhir_kb.validate.profiles.locations import report_at
from fhir_kb.validate.profiles.run import resource_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode


def check_invariants(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """Which invariants of the profile the value violates."""
    findings: list[Finding] = []
    for invariant in own_invariants(run.repository, node, element.type):
        findings += _check(run, node, element, invariant)
    return findings


def _check(
    run: ProfileRun, node: ProfileNode, element: Element, invariant: Mapping[str, Any]
) -> list[Finding]:
    key, expression = invariant.get("key"), str(invariant["expression"])
    try:
        holds = run.repository.compile(expression).test(
            element,
            resource=_context_resource(node, element),
            root=run.root,
            services=run.services,
            variables={"profile": node.tree.url},
        )
    except FHIRPathError as error:
        message = f"not checked: the rule {key} of {node.tree.name}: {error}"
        return report_at(element, INVARIANT_NOT_EVALUATED, message)
    if holds:
        return []
    if holds is None and _needs_definitions(expression):
        message = f"not checked: the rule {key} of {node.tree.name}"
        advice = "a value set or profile that it asks for may not be available"
        return report_at(element, INVARIANT_NOT_EVALUATED, message, advice)
    code = INVARIANT if invariant.get("severity") == "error" else INVARIANT_WARNING
    message = f"{key}: {invariant.get('human', expression)} ({node.tree.name})"
    return report_at(element, code, message, None, f"{node.tree.url}#{key}")


def _context_resource(node: ProfileNode, element: Element) -> Element:
    """%resource: for an invariant on `contained` or `entry.resource` the resource around."""
    is_slot = node is not node.tree.root and element.type.is_resource
    return resource_of(element.parent if is_slot and element.parent is not None else element)


def _needs_definitions(expression: str) -> bool:
    """Whether an empty result may mean that a value set or profile is not available."""
    return any(name in expression for name in ("memberOf", "subsumes", "conformsTo"))
