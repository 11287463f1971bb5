"""The canonical urls of conformance resources: http://hl7.org/fhir/resource.html#canonical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.finding_codes import BAD_CANONICAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings


def check_canonical_url(value: Mapping[str, Any], _context: Context) -> Findings:
    """Whether the resource's canonical URL is absolute."""
    url = text(value, "url")
    if not url or ":" in url:
        return None
    return under(report(BAD_CANONICAL, f"the url {quoted(url)} is not absolute"), "url")
