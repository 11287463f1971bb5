"""Expression in R4B: languages that its code list does not have.

R4B binds the language to a value set of media types that no validator can expand offline, so that
any language beside the listed ones is refused, `text/plain` as well. Such a language is kept in an
extension of the absent code; the expression's own words stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases.lowering_node import alternate_code
from fhir_kb.releases.pre_r5 import datatypes

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode

_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
#: http://hl7.org/fhir/expression-language in 4.3.0
_LANGUAGES = frozenset(
    (
        "text/cql",
        "text/cql-expression",
        "text/cql-identifier",
        "text/fhirpath",
        "application/x-fhir-query",
    )
)


def _finish(node: LoweringNode) -> None:
    language = node.target.get("language")
    if language is None or language in _LANGUAGES:
        return
    del node.target["language"]
    node.extend_primitive("language", Element({"url": _ABSENT, "valueCode": "unsupported"}))
    node.extend_primitive("language", alternate_code(language))
    node.report(
        "KB412",
        Severity.INFORMATION,
        f"an expression of {node.owner} is in '{language}', which {node.release} does not list: "
        "the language is kept in an extension",
    )


FINISHERS: dict[str, tuple[Finisher, ...]] = {
    "Expression": (*datatypes.FINISHERS["Expression"], _finish),
}
