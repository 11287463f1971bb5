"""The decoder and the JSON Schema agree on what is a definition.

Where the decoder knows more than a schema can say, it alone refuses; the reasons are listed here.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from mutating import mutated, trees, written

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.read.decode import decode
from fhir_kb.read.schema import ROOTS
from fhir_kb.read.schema_validation import schema_findings
from fhir_kb.read.yaml import load


def asked(kind: str, tree: Any) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    node, findings = load(written(tree), "a.yaml")
    assert findings == ()
    assert node is not None
    return decode(node, ROOTS[kind], "a.yaml")[1], schema_findings(node, kind, "a.yaml")


BEYOND = (
    "is not a day that exists",
    "is not a country of ISO 3166-1",
    "is not a language of ISO 639-1",
    "is not a language tag of BCP 47",
)


def beyond_a_schema(found: Diagnostic) -> bool:
    """What is the decoder's alone to say.

    The calendar: 2026-02-30 has the form of a date. Lists of countries and languages.
    Paths out of the folder (KB140). Plain numbers
    where a form is wanted: a schema's patterns look at text only. Where whole numbers are wanted:
    1.0 is one for JSON. And plain numbers and truths where a schema that gives the words of a key
    sees the value, but the decoder the text.
    """
    return found.code == "KB140" or found.message.endswith(BEYOND)


def is_number(found: Diagnostic) -> bool:
    said = found.message.split("'")[1]
    return found.code == "KB114" and said.replace(".", "", 1).lstrip("-").isdigit()


def test_both_accept_what_is_shipped() -> None:
    for _, kind, tree in trees():
        assert asked(kind, tree) == ((), ())


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_they_agree(case: tuple[str, str, Any]) -> None:
    decoder, schema = asked(*case[1:])
    own = [one for one in decoder if not beyond_a_schema(one) and not is_number(one)]
    if schema:
        assert decoder, schema
    else:
        assert own == []


def test_true_is_a_code_for_both() -> None:
    assert asked("concepts", {"pain": {"text": "Pain", "snomed": True}}) == ((), ())
