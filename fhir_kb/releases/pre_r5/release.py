"""A release before R5: resources are lowered; those without a type there become Basics or text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model.resource_kind import BY_TYPE
from fhir_kb.releases import author_terms
from fhir_kb.releases.lowering import ReleaseLowering, lower_resource
from fhir_kb.releases.pre_r5.basic import as_basic
from fhir_kb.releases.profile_claims import ClaimedProfile, claim_profiles
from fhir_kb.releases.release import Lowered

if TYPE_CHECKING:
    from fhir_kb.model import Element


class PreR5Release:
    """R4B or R4; see `Release`."""

    def __init__(self, lowering: ReleaseLowering, profiles: tuple[ClaimedProfile, ...]) -> None:
        self.fhir = lowering.fhir
        self._lowering = lowering
        self._profiles = profiles

    @property
    def lowering(self) -> ReleaseLowering:
        """How it takes each element."""
        return self._lowering

    def lower(self, resource: Element) -> Lowered:
        """See `Release`."""
        kind = resource["resourceType"]
        has_type = kind in self._lowering.table.resource_types
        if has_type and kind in self._lowering.table.properties:
            node = lower_resource(self._lowering, resource)
            claim_profiles(node.target, self._profiles)
            return Lowered((node.target,), tuple(node.run.losses))
        if kind in self._lowering.basic_prefixes:
            node = as_basic(self._lowering, resource)
            message = f"becomes a Basic: {self.fhir.title} has no {kind}"
            losses = (self._loss(resource, "KB401", message), *node.run.losses)
            return Lowered((node.target,), losses)
        if kind in BY_TYPE and BY_TYPE[kind].fallback == "text":
            message = f"stays as text in the works that name it: {self.fhir.title} has no {kind}"
            return Lowered((), (self._loss(resource, "KB400", message),))
        reason = f"fhir-kb cannot lower a {kind}" if has_type else "it has no such type"
        message = f"is left out in {self.fhir.title}: {reason}"
        return Lowered((), (self._loss(resource, "KB400", message, Severity.WARNING),))

    def _loss(
        self,
        resource: Element,
        code: str,
        message: str,
        severity: Severity = Severity.INFORMATION,
    ) -> Diagnostic:
        kind = resource["resourceType"]
        who = author_terms.owner_name(kind, resource) or kind
        span = resource.span or Span("")
        return Diagnostic(code, severity, f"{who} {message}", span, kind, None, self.fhir.name)
