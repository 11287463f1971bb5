"""The head of a CQL library: what it declares, whatever comments and quotation marks it has."""

from __future__ import annotations

from fhir_kb.model.cql_header import cql_header


def test_name_version_model_and_includes_with_their_lines() -> None:
    header = cql_header(
        "// Stage of chronic kidney disease\n"
        "library CKDStage version '0.1.0'\n\n"
        "using FHIR version '4.0.1'\n"
        "include FHIRHelpers version '4.0.1' called FHIRHelpers\n"
        "include org.example.Kidney called K\n"
        'define "include Nothing": true\n'
    )
    assert header.library == ("CKDStage", "0.1.0", 2)
    assert header.models == (("FHIR", "4.0.1", 4),)
    assert header.includes == (("FHIRHelpers", "4.0.1", 5), ("org.example.Kidney", "", 6))
    assert header.includes[1].own_name == "Kidney"


def test_what_stands_in_comments_and_texts_is_no_declaration() -> None:
    header = cql_header(
        "/* library Old version '0'\nlibrary Older */\n"
        "library \"New // one\" version '1''s'\n"
        "define Text: '\ninclude InText\n'\n"
        "// include Commented\n"
    )
    assert header.library is not None
    assert header.library.name == "New // one"
    assert header.library.line == 3
    assert header.includes == ()


def test_a_text_that_declares_nothing() -> None:
    assert cql_header("") == (None, (), ())
    assert cql_header("define A: true /* never ended") == (None, (), ())
    assert cql_header("libraryOf version '1'").library is None
