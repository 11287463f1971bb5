"""KB319: a code has the wrong check digit.

The last digit of a SNOMED CT id (Verhoeff) and of a LOINC code (modulus 10) follows from the
others, so that most slips and inventions show. A wrong code is worse than none.

    snomed: 279062008          # 279062009 is myofascial pain

Look the code up again, or leave the concept as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.references._check_digits import loinc_fault, snomed_fault
from fhir_kb.lint.rule import Finding, Rule, SharedScope, TopicScope
from fhir_kb.model.concept import Code, CodeDefinition, Concept, Include, Meaning
from fhir_kb.model.walk import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text

_URLS: Final = {"http://snomed.info/sct": "snomed", "http://loinc.org": "loinc"}


_CHECKS: Final = {"snomed": snomed_fault, "loinc": loinc_fault}


def _check(scope: TopicScope) -> Iterator[Finding]:
    own_systems = {str(system.id) for system in scope.source.topic.code_systems}
    for concept in scope.of(Concept):
        yield from _check_shorthand(concept)
    for meaning in scope.of(Meaning):
        yield from _check_shorthand(meaning)
    for code in scope.of(Code):
        if code.system not in own_systems:
            yield from _check_code(_short_name(code.system), code.code)
    for include in scope.of(Include):
        if include.system is not None and include.system not in own_systems:
            for definition in (inner for code in include.codes for inner in records(code)):
                assert isinstance(definition, CodeDefinition)
                yield from _check_code(_short_name(include.system), definition.code)


def _shared(shared: SharedScope) -> Iterator[Finding]:
    for concept in shared.concepts.values():
        yield from _check_shorthand(concept)
        for code in concept.codes:
            yield from _check_code(_short_name(code.system), code.code)


def _check_shorthand(coded: Concept | Meaning) -> Iterator[Finding]:
    if coded.snomed is not None:
        yield from _check_code("snomed", coded.snomed)
    if coded.loinc is not None:
        yield from _check_code("loinc", coded.loinc)


def _short_name(system: Text) -> str:
    return _URLS.get(str(system), str(system))


def _check_code(kind: str, code: Text) -> Iterator[Finding]:
    check = _CHECKS.get(kind)
    if check is not None and (fault := check(code)) is not None:
        noun = "SNOMED CT id" if kind == "snomed" else "LOINC code"
        message = f"'{code}' is not a valid {noun}: its {fault}"
        yield Finding(code.span, message, "look it up again, or leave it out")


RULE = Rule("KB319", "check-digit", Severity.ERROR, _check, __doc__, _shared)
