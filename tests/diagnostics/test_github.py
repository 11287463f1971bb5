from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.render.github import render_github


def test_an_error_annotates_its_words() -> None:
    found = Diagnostic("KB204", Severity.ERROR, "wrong", Span("a/topic.yaml", 15, 18, 15, 27))
    assert render_github([found]) == (
        "::error file=a/topic.yaml,line=15,col=18,endColumn=26,title=KB204::wrong\n"
    )


def test_advice_and_path_stand_on_lines_of_their_own() -> None:
    found = Diagnostic(
        "KB1", Severity.WARNING, "50 %", Span("a.yaml"), path="Evidence.note", help="mend"
    )
    assert render_github([found]) == (
        "::warning file=a.yaml,title=KB1::50 %25%0Amend%0Aat Evidence.note\n"
    )


def test_nothing_in_a_message_or_a_name_can_begin_another_command() -> None:
    found = Diagnostic("KB1", Severity.INFORMATION, "a\r\n::error::b", Span("c:d,e\n.yaml"))
    assert render_github([found]) == (
        "::notice file=c%3Ad%2Ce%0A.yaml,title=KB1::a%0D%0A::error::b\n"
    )


def test_a_place_of_several_lines_has_no_columns() -> None:
    found = Diagnostic("KB1", Severity.ERROR, "m", Span("a.yaml", 2, 3, 4, 1))
    assert render_github([found]) == "::error file=a.yaml,line=2,endLine=4,title=KB1::m\n"


def test_a_release_is_named() -> None:
    found = Diagnostic("KB4", Severity.WARNING, "m", Span("a.yaml"), release="r4")
    assert render_github([found], ["r5", "r4"]) == "::warning file=a.yaml,title=KB4::m (R4)\n"
