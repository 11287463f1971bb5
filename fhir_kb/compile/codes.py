"""What the compiler itself can find."""

from __future__ import annotations

from fhir_kb.diagnostics import Code, Severity

CODES = (
    Code(
        "KB350",
        "fhirpath-syntax",
        Severity.ERROR,
        """A FHIRPath expression is not FHIRPath.

The expression is read by the grammar of FHIRPath (https://hl7.org/fhirpath) when the definitions
are built, so that a slip shows here and not at a patient. The place is that within the expression.

    when:
      text: Adults
      fhirpath: "%patient.birthDate <= today() - 18 year"    # 'years' or 'year', not '18 y'

Mend the expression; `fhir-kb fhirpath EXPR FILE` tries it on a resource.""",
    ),
    Code(
        "KB399",
        "lost-name",
        Severity.ERROR,
        """A name leads nowhere, and no rule has noticed.

Names are checked by rules before anything is compiled (KB201 to KB306). If you see this one, a rule
is missing: please report it with the definition.

    does: strech      # KB202 says it first""",
    ),
)
