from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.render.merge import merge_releases, release_names


def loss(release: str, line: int = 3) -> Diagnostic:
    span = Span("a/topic.yaml", line, 1, line, 5)
    return Diagnostic("KB401", Severity.WARNING, "it is kept as text", span, release=release)


def test_a_finding_of_two_releases_of_three_is_one_that_names_both_in_the_runs_order() -> None:
    (shown,) = merge_releases([loss("r4"), loss("r4b")], ["r5", "r4b", "r4"])
    assert shown.releases == ("r4b", "r4")


def test_a_finding_of_every_release_of_the_run_names_none() -> None:
    (shown,) = merge_releases([loss("r4"), loss("r5")], ["r5", "r4"])
    assert shown.releases == ()


def test_without_the_runs_releases_each_is_named() -> None:
    (shown,) = merge_releases([loss("r4"), loss("r4b")])
    assert shown.releases == ("r4", "r4b")


def test_findings_at_different_places_stay_apart_and_come_in_reading_order() -> None:
    assert [each.finding.span.line for each in merge_releases([loss("r4", 9), loss("r4", 2)])] == [
        2,
        9,
    ]


def test_the_same_finding_twice_is_shown_once() -> None:
    assert len(merge_releases([loss(""), loss("")])) == 1


def test_release_names() -> None:
    assert release_names(["r4", "r4b"]) == "R4, R4B"
