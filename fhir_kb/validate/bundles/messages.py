"""What a message is about is in it: http://hl7.org/fhir/messaging.html."""

from __future__ import annotations

from typing import Any

from fhir_kb.validate.bundles.entry_references import (
    ReferencedEntries,
    check_reference,
    references_at,
)
from fhir_kb.validate.core.issue import Finding, under
from fhir_kb.validate.finding_codes import NOT_IN_MESSAGE


def check_message(entries: list[Any]) -> list[Finding]:
    """References of the first entry's MessageHeader.focus that do not lead to exactly one entry."""
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    header = first.get("resource")
    if not isinstance(header, dict) or header.get("resourceType") != "MessageHeader":
        return []
    resolver = ReferencedEntries(entries, first)
    findings: list[Finding] = []
    for path, reference in references_at(header, ("focus",), ()):
        more = check_reference(reference, resolver, NOT_IN_MESSAGE)
        findings += under(more, "entry", 0, "resource", *path)
    return findings
