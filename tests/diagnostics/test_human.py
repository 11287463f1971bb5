from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.render.human import Style, render_human

FILE = "definitions/dry-needling/topic.yaml"
SOURCE = {
    FILE: "\n".join(
        [
            *("#" * n for n in range(14)),
            "          after: withdrawl",
            "          text: " + "word " * 60,
        ]
    )
}
UNKNOWN_STEP = Diagnostic(
    "KB204",
    Severity.ERROR,
    "step 'restore' waits for 'withdrawl', which does not exist",
    Span(FILE, 15, 18, 15, 27),
    help="did you mean 'withdraw'?",
)


def text(*findings: Diagnostic, style: Style | None = None, releases: tuple[str, ...] = ()) -> str:
    return render_human(findings, SOURCE.get, style or Style(), releases)


def warning(file: str, line: int = 0) -> Diagnostic:
    span = Span(file, line, 1, line, 2) if line else Span(file)
    return Diagnostic("KB143", Severity.WARNING, f"'{file}' is not read", span)


def test_a_mistake_reads_as_promised() -> None:
    assert text(UNKNOWN_STEP) == (
        f"{FILE}:15:18: error[KB204] step 'restore' waits for 'withdrawl', which does not exist\n"
        "   15 |           after: withdrawl\n"
        "      |                  ^^^^^^^^^ did you mean 'withdraw'?\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_nothing_found_says_nothing() -> None:
    assert text() == ""


def test_a_finding_on_a_whole_file_has_no_quotation() -> None:
    assert text(warning("definitions/notes.yml")) == (
        "definitions/notes.yml: warning[KB143] 'definitions/notes.yml' is not read\n"
        "1 warning in 1 file\n"
    )


def test_a_finding_without_a_file_has_no_place() -> None:
    found = Diagnostic("KB225", Severity.ERROR, "there is no topic 'x'", Span(""))
    assert text(found) == "error[KB225] there is no topic 'x'\n1 error\n"


def test_without_a_quotation_the_advice_is_only_indented() -> None:
    found = Diagnostic("KB225", Severity.ERROR, "no topic", Span(""), help="did you mean 'y'?")
    assert text(found).startswith("error[KB225] no topic\n  did you mean 'y'?\n")


def test_a_file_that_is_gone_is_not_quoted() -> None:
    assert "|" not in text(warning("gone.yaml", 3))


def test_long_advice_goes_below_in_lines_that_fit() -> None:
    found = Diagnostic(
        "KB111", Severity.ERROR, "this lacks 'title'", UNKNOWN_STEP.span, help="word " * 30
    )
    lines = text(found).splitlines()
    assert lines[2].endswith("^^^^^^^^^")
    assert lines[3].startswith("      | word word")
    assert max(map(len, lines[1:])) <= 80


def test_quoted_lines_fit_the_screen() -> None:
    found = Diagnostic("KB999", Severity.ERROR, "m", Span(FILE, 16, 62, 16, 66))
    lines = text(found, style=Style(width=60)).splitlines()
    assert len(lines[1]) == 60
    start = lines[2].index("^")
    assert lines[1][start : start + 4] == "word"


def test_the_path_in_the_resource_is_named() -> None:
    found = Diagnostic(
        "KB501", Severity.ERROR, "m", UNKNOWN_STEP.span, path="PlanDefinition.action[2].code"
    )
    assert "      | at PlanDefinition.action[2].code\n" in text(found)


def test_a_finding_of_one_release_names_it() -> None:
    found = Diagnostic("KB401", Severity.WARNING, "it is lost", Span("a.yaml"), release="r4")
    assert "it is lost (R4)\n" in text(found, releases=("r5", "r4"))
    assert "it is lost\n" in text(found, releases=("r4",))


def test_a_long_list_is_cut_errors_first_and_says_how_to_see_all() -> None:
    many = [warning(f"a{n}.yaml") for n in range(8)]
    shown = text(*many, UNKNOWN_STEP, style=Style(limit=3)).split("\n\n")
    assert [block.split(":")[0] for block in shown[:3]] == ["a0.yaml", "a1.yaml", FILE]
    assert shown[3] == "… and 6 more; --all shows them"
    assert shown[4] == "1 error, 8 warnings in 9 files\n"


def test_without_colour_there_is_no_escape() -> None:
    assert "\x1b" not in text(UNKNOWN_STEP, warning("a.yaml"))


def test_with_colour_the_words_are_the_same() -> None:
    import re

    coloured = text(UNKNOWN_STEP, style=Style(colour=True))
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(UNKNOWN_STEP)


def test_an_authors_words_cannot_steer_the_terminal() -> None:
    found = Diagnostic("KB110", Severity.ERROR, "'\x1b[2J' is no key", Span("a\x1b.yaml"))
    assert "\x1b" not in text(found)
