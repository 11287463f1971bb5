"""Invariants that are not evaluated as FHIR publishes them, and why."""

from __future__ import annotations

from typing import Final

CHECKED_ELSEWHERE: Final = {
    "ele-1": "structure/property_names.py reports empty objects",
    "ext-1": "structure/property_names.py: a value or extensions, not both",
    "txt-1": "narrative/",
    "txt-2": "narrative/",
    "ref-1": "datatypes/references.py",
    "dom-3": "nested_resources.py: contained resources that nothing refers to",
}
"""Invariants that other modules of `fhir_kb.validate` check: key -> where."""

NOT_ON_CONTAINED: Final = frozenset({"dom-6"})
"""Not demanded of contained resources: the narrative of the container describes them.

http://hl7.org/fhir/narrative.html#narrative
"""

CORRECTED: Final = {
    # csd-1 in R5: its expression skips the second level of concepts, which its words include.
    "concept.exists() implies concept.code.combine(%resource.concept.descendants().concept.code)"
    ".isDistinct()": "concept.code.combine($this.descendants().concept.code).isDistinct()",
    # pld-3 in R5: its expression cannot be evaluated for an action with several goals.
    "%context.repeat(action).where((goalId in %context.goal.id).not()).exists().not()": (
        "%context.repeat(action).goalId.where(($this in %context.goal.id).not()).exists().not()"
    ),
}
"""Expressions that do not say what the text of their invariant says -> what replaces them."""
