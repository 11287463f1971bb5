"""What stops the work with FHIR packages."""

from __future__ import annotations

from fhir_kb.diagnostics.errors import FhirKbError


class PackageError(FhirKbError):
    """A package is missing, damaged or refused."""
