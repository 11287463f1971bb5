"""Every kind of finding that a run can have."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import CodePages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.diagnostics import FindingCode

CODES: Final = CodePages(__file__)
"""The codes of what the pipeline itself finds."""


@cache
def catalogue() -> Mapping[str, FindingCode]:
    """Every code with its page, in order. Costs the import of every package that has codes."""
    from fhir_kb.compile.finding_codes import CODES as COMPILE
    from fhir_kb.lint import CODES as RULES
    from fhir_kb.publish import CODES as PUBLISH
    from fhir_kb.push.finding_codes import CODES as PUSH
    from fhir_kb.read.finding_codes import CODES as READ
    from fhir_kb.releases import CODES as RELEASES
    from fhir_kb.validate.finding_codes import CODES as FHIR

    found: dict[str, FindingCode] = {}
    for family in (READ, RULES, CODES, COMPILE, RELEASES, FHIR, PUBLISH, PUSH):
        for code in family:
            assert code.id not in found, code.id
            found[code.id] = code
    return MappingProxyType(dict(sorted(found.items())))
