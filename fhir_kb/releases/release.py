"""What a FHIR release is to the rest of fhir-kb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.model import Element
    from fhir_kb.model.fhir_release import FhirRelease


@dataclass(frozen=True, slots=True)
class Lowered:
    """An R5-shaped resource as a release can say it."""

    resources: tuple[Element, ...]
    """None where the release has no such type; otherwise one, of the same type or a Basic. Parts
    that did not change are shared with the input: change neither."""

    losses: tuple[Diagnostic, ...] = ()
    """What the release cannot say, or says in another place; INFORMATION where all of it is kept
    somewhere, WARNING where content is given up."""


class Release(Protocol):
    """One FHIR release."""

    @property
    def fhir(self) -> FhirRelease:
        """Which release it is: its names, its version and its quirks."""
        ...

    def lower(self, resource: Element) -> Lowered:
        """The release's form of an R5-shaped resource, with the profiles that it meets."""
        ...
