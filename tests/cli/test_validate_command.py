from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.cli.validation_paths import PathGroup, group_paths
from fhir_kb.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended


def issue(severity: Severity = Severity.ERROR) -> Any:
    return SimpleNamespace(
        code="KB510",
        severity=severity,
        issue_type="structure",
        message="'title2' is no element of PlanDefinition",
        path="PlanDefinition.title2",
        help="did you mean 'title'?",
        line=1,
        column=33,
        is_not_checked=False,
    )


def report(file: str, *issues: Any) -> Any:
    return SimpleNamespace(
        file=file,
        fhir_version="4.0.1",
        resource_type="PlanDefinition",
        id="x",
        issues=issues,
        release_source="",
    )


@pytest.fixture
def checks(stand_in: Callable[..., None]) -> Callable[..., list[Any]]:
    """Stand-ins for both kinds of check; they record what they were asked."""

    def put(reports: tuple[Any, ...] = (), findings: tuple[Diagnostic, ...] = ()) -> list[Any]:
        asked: list[Any] = []

        def validate_files(paths: tuple[Path, ...], against: Any, **_: Any) -> Any:
            asked.append(([path.as_posix() for path in paths], against.fhir_version))
            return iter(reports)

        def build(definitions: Path, **options: Any) -> Any:
            asked.append((definitions.as_posix(), options["output"], options["releases"]))
            return SimpleNamespace(diagnostics=findings)

        stand_in("fhir_kb.pipeline", validate_files=validate_files)
        stand_in("fhir_kb.bulk", build=build)
        return asked

    return put


def write(path: str, text: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def test_json_is_one_line_a_resource(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("a.json", "{}")
    asked = checks((report("a.json", issue(), issue(Severity.WARNING)), report("b.json")))
    code, out, _ = fhir_kb("validate", "a.json", "--fhir", "4.0.1", "--format", "json")
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert asked == [(["a.json"], "4.0.1")]
    assert first == {
        "file": "a.json",
        "fhirVersion": "4.0.1",
        "resourceType": "PlanDefinition",
        "id": "x",
        "errors": 1,
        "warnings": 1,
        "notChecked": 0,
        "issues": [
            {
                "severity": severity,
                "code": "structure",
                "details": {"text": "'title2' is no element of PlanDefinition"},
                "diagnostics": "did you mean 'title'?",
                "expression": ["PlanDefinition.title2"],
                "line": 1,
                "col": 33,
                "rule": "KB510",
            }
            for severity in ("error", "warning")
        ],
    }
    assert (second["errors"], second["issues"]) == (0, [])


def test_the_human_form_quotes_the_line(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("a.json", '{"resourceType":"PlanDefinition","title2":"x"}')
    checks((report("a.json", issue()),))
    code, out, _ = fhir_kb("validate", "a.json")
    assert code == 1
    assert out.splitlines()[:4] == [
        "a.json:1:33: error[KB510] 'title2' is no element of PlanDefinition",
        '    1 | {"resourceType":"PlanDefinition","title2":"x"}',
        "      |                                 ^ did you mean 'title'?",
        "      | at PlanDefinition.title2",
    ]


def test_all_well_is_0_and_says_what_was_checked(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("kb/kb.yaml")
    write("a.json")
    asked = checks((report("a.json"),))
    code, out, _ = fhir_kb("validate", "kb", "a.json")
    assert code == 0
    assert out == "kb/, 1 resource: no problems found\nchecked as FHIR R4 (default)\n"
    assert asked == [("kb", None, None), (["a.json"], "5.0.0")]


def test_a_folder_with_nothing_to_check_is_wrong_usage(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    Path("empty").mkdir()
    checks(())
    code, _, err = fhir_kb("validate", "empty")
    assert code == 2
    assert "there is nothing to check in 'empty'" in err


def test_warnings_alone_are_0(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("a.json", "{}")
    checks((report("a.json", issue(Severity.WARNING)),))
    assert fhir_kb("validate", "a.json").code == 0


def test_of_definitions_only_what_is_in_the_named_part_is_shown(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("kb/kb.yaml")
    write("kb/a/topic.yaml")
    write("kb/b/topic.yaml")
    found = tuple(
        Diagnostic("KB110", Severity.ERROR, "m", Span(f"kb/{name}/topic.yaml")) for name in "ab"
    )
    checks((), found)
    code, out, _ = fhir_kb("validate", "kb/a")
    assert (code, out) == (1, "kb/a/topic.yaml: error[KB110] m\n1 error in 1 file\n")


def test_definitions_as_json_are_a_line_too(
    fhir_kb: Callable[..., Ended], checks: Callable[..., list[Any]]
) -> None:
    write("kb/kb.yaml")
    checks((), (Diagnostic("KB110", Severity.ERROR, "m", Span("kb/kb.yaml")),))
    code, out, _ = fhir_kb("validate", "kb", "--format", "json", "--fhir", "r4")
    found = json.loads(out)
    assert (code, found["definitions"], found["errors"]) == (1, "kb", 1)


def test_of_very_many_findings_the_later_ones_are_only_counted(
    fhir_kb: Callable[..., Ended],
    checks: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fhir_kb.cli.views import validation as views

    monkeypatch.setattr(views, "MAX_KEPT", 3)
    write("a.ndjson", "{}")
    checks(tuple(report(f"{n}.json", issue()) for n in range(5)))
    code, out, _ = fhir_kb("validate", "a.ndjson")
    assert code == 1
    ending = "3 errors in 3 files\n… and 2 more in the files after these\n"
    assert out.endswith(f"{ending}checked as FHIR R4 (default)\n")


def test_sarif_and_github_hold_all_in_one(
    fhir_kb: Callable[..., Ended],
    checks: Callable[..., list[Any]],
    stand_in: Callable[..., None],
) -> None:
    write("a.json", "{}")
    checks((report("a.json", issue()), report("b.json", issue())))
    out = fhir_kb("validate", "a.json", "--format", "github").out
    assert [line.split(",")[0] for line in out.splitlines()] == [
        "::error file=a.json",
        "::error file=b.json",
    ]
    checks((report("a.json", issue()), report("b.json", issue())))
    stand_in("fhir_kb.pipeline", catalogue=dict)
    (run,) = json.loads(fhir_kb("validate", "a.json", "--format", "sarif").out)["runs"]
    assert len(run["results"]) == 2


def test_what_a_path_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in (
        "kb/kb.yaml",
        "kb/a/topic.yaml",
        "kb/a/page.md",
        "fhir/x.json",
        "fhir/ig.yaml",
        "lone/topic.yaml",
    ):
        write(file)
    paths = ("kb/a/page.md", "kb", "fhir", "kb/a/topic.yaml", "lone")
    assert group_paths(map(Path, paths)) == [
        PathGroup(Path("kb"), (Path("kb/a/page.md"), Path("kb"), Path("kb/a/topic.yaml"))),
        PathGroup(None, (Path("fhir"),)),
        PathGroup(Path("lone"), (Path("lone"),)),
    ]


def test_from_within_a_topic_the_knowledge_base_around_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f"{tmp_path}/kb/kb.yaml")
    write(f"{tmp_path}/kb/a/topic.yaml")
    monkeypatch.chdir(tmp_path / "kb/a")
    (target,) = group_paths([Path("topic.yaml")])
    assert target.knowledge_base is not None
    assert target.knowledge_base.resolve() == (tmp_path / "kb").resolve()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tx", "ftp://tx.example.org"), "--tx needs an http or https URL"),
        (("--tx", "http://[::1"), "--tx needs an http or https URL"),
        (("--tx", "https://me:hush@tx.example.org"), "must not contain a user name or a password"),
        (("--tx", "https://tx.example.org", "--offline"), "--offline forbids"),
        (("--also", "nowhere.json"), "nowhere.json"),
    ],
)
def test_words_that_cannot_be_meant(
    fhir_kb: Callable[..., Ended], words: tuple[str, ...], said: str
) -> None:
    write("a.json", "{}")
    code, out, err = fhir_kb("validate", "a.json", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "hush" not in err


def test_what_files_are_checked_against(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    asked: list[Any] = []

    def validate_files(_: Any, against: Any, **__: Any) -> Any:
        asked.append(against)
        return iter((report("a.json"),))

    stand_in("fhir_kb.pipeline", validate_files=validate_files)
    write("a.json", "{}")
    write("own/p.json", "{}")
    words = ("--fhir", "r4", "--package", "./g.tgz", "--also", "own", "--profile", "urn:p")
    code, _, err = fhir_kb("validate", "a.json", *words, "--tx", "https://tx.example.org/r4")
    assert (code, err) == (0, "")
    [against] = asked
    assert against == (
        "4.0.1", ("./g.tgz",), (Path("own"),), ("urn:p",), "https://tx.example.org/r4",
        (),
    )  # fmt: skip


def test_what_is_not_checked_is_counted_and_with_all_listed(fhir_kb: Callable[..., Ended]) -> None:
    write("f/a.json", '{"resourceType": "Basic", "code": {"text": "x"}}')
    write("f/package.json", "{}")
    code, out, _ = fhir_kb("validate", "f")
    assert (code, out.splitlines()[-1]) == (0, "1 file not checked; --all lists it")
    assert fhir_kb("validate", "f", "--all").out.splitlines()[-2:] == [
        "1 file not checked:",
        "  f/package.json: JSON without a 'resourceType'",
    ]
    code, out, err = fhir_kb("validate", "f", "--format", "json")
    assert (code, len(out.splitlines()), err) == (0, 1, "1 file not checked; --all lists it\n")
    assert fhir_kb("validate", "f", "--format", "json", "--quiet").err == ""


def test_the_standard_input_is_read() -> None:
    for path in ("-", "/dev/stdin"):
        ended = subprocess.run(
            [sys.executable, "-m", "fhir_kb", "validate", path],
            input=b'{"resourceType": "Patient", "gender": "m"}',
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 1
        assert f"{path}:1:29: error[KB540]".encode() in ended.stdout


def test_of_a_binary_file_no_line_is_quoted(fhir_kb: Callable[..., Ended]) -> None:
    Path("a.zip").write_bytes(b"PK\x03\x04\x00\x00")
    code, out, _ = fhir_kb("validate", "a.zip")
    assert code == 1
    assert out.startswith("a.zip: error[KB506] this is a ZIP archive")
    assert "PK" not in out


OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def test_the_summary_says_which_release_and_where_it_stands(fhir_kb: Callable[..., Ended]) -> None:
    definition = {"resourceType": "ImplementationGuide", "fhirVersion": ["4.3.0"]}
    write("p/package/package.json", '{"fhirVersions": ["4.0.1"]}')
    write("p/package/a.json", json.dumps(OBSERVATION))
    write("b.json", json.dumps(definition))
    write("c.json", json.dumps(OBSERVATION))
    lines = [
        fhir_kb("validate", *words).out.splitlines()[-1]
        for words in (["p/package"], ["b.json"], ["c.json"], ["b.json", "--fhir", "r4"])
    ]
    assert lines == [
        "1 file not checked; --all lists it",
        "checked as FHIR R4B (from ImplementationGuide.fhirVersion)",
        "checked as FHIR R5 (default)",
        "checked as FHIR R4 (--fhir)",
    ]
    out = fhir_kb("validate", "p/package/a.json", "c.json").out
    assert "checked as FHIR R4 (from package.json): 1, FHIR R5 (default): 1\n" in out


def test_a_release_with_far_fewer_errors_is_named(fhir_kb: Callable[..., Ended]) -> None:
    r4 = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    write("a.ndjson", f"{json.dumps(r4)}\n" * 3)
    code, out, _ = fhir_kb("validate", "a.ndjson")
    assert code == 1
    assert "looks like R4: --fhir r4 has 0 instead of 6 errors" in out
    out, err = fhir_kb("validate", "a.ndjson", "--format", "json")[1:]
    assert (len(out.splitlines()), err.startswith("looks like R4")) == (3, True)
    write("b.ndjson", f"{json.dumps(r4)}\n" * 2)
    assert "looks like" not in fhir_kb("validate", "b.ndjson").out, "only four errors fewer"


def test_a_failure_shows_what_was_found_before_it(fhir_kb: Callable[..., Ended]) -> None:
    write("a.json", '{"resourceType": "Patient", "gender": "m"}')
    Path("b.tgz").write_bytes(b"no package")
    code, out, err = fhir_kb("validate", "a.json", "b.tgz")
    assert (code, "error[KB540]" in out) == (3, True)
    assert "'b.tgz' is not a FHIR package" in err


def test_a_file_of_definitions_without_a_knowledge_base_is_an_error(
    fhir_kb: Callable[..., Ended],
) -> None:
    write("lone/page.md", "# Hello")
    code, out, _ = fhir_kb("validate", "lone/page.md")
    assert code == 1
    assert out.startswith("lone/page.md: error[KB506] this is text")
    assert "folder with kb.yaml" in out
    write("lone/p.md", '{"resourceType": "Patient", "gender": "m"}')
    assert "error[KB540]" in fhir_kb("validate", "lone/p.md").out


@pytest.fixture
def with_notes(fhir_kb: Callable[..., Ended]) -> Callable[..., Ended]:
    """The command, beside a knowledge base with files that it does not read."""
    assert fhir_kb("init", "kb").code == 0
    write("kb/README.md", "# Notes")
    write("kb/stray.yaml", "a: 1")
    write("kb/first-topic/notes.md", "# Notes")
    write("kb/first-topic/x.cql", "library X")
    write("kb/first-topic/patient.json", '{"resourceType": "Patient", "gender": "m"}')
    return fhir_kb


@pytest.mark.parametrize(
    "file",
    [
        "kb/README.md",
        "kb/stray.yaml",
        "kb/first-topic/notes.md",
        "kb/first-topic/x.cql",
        "kb/../kb/first-topic/notes.md",
    ],
)
def test_a_file_that_its_knowledge_base_does_not_read_is_not_checked(
    with_notes: Callable[..., Ended], file: str
) -> None:
    code, out, err = with_notes("validate", file)
    assert code == 2
    assert "no problems found" not in out
    assert "its knowledge base does not read it" in err
    code, out, _ = with_notes("validate", file, "kb/first-topic/page.md", "--all")
    assert code == 0
    assert f"  {file}: no topic reads it" in out.splitlines()


def test_what_a_knowledge_base_does_not_read_is_counted(
    with_notes: Callable[..., Ended],
) -> None:
    code, out, _ = with_notes("validate", "kb", "--all")
    assert code == 0
    assert out.splitlines()[-6:] == [
        "5 files not checked:",
        "  kb/README.md: no topic reads it",
        "  kb/first-topic/notes.md: no topic reads it",
        "  kb/first-topic/patient.json: no topic reads it",
        "  kb/first-topic/x.cql: no topic reads it",
        "  kb/stray.yaml: no topic reads it",
    ]
    ended = with_notes("validate", "kb/first-topic")
    assert ended.out.splitlines() == [
        "kb/first-topic/: no problems found",
        "3 files not checked; --all lists them",
    ]
    assert with_notes("validate", "kb", "--quiet").out.count("not checked") == 0


def test_a_file_that_a_topic_names_is_checked(with_notes: Callable[..., Ended]) -> None:
    topic = Path("kb/first-topic/topic.yaml")
    text = topic.read_text(encoding="utf-8").replace("text: page.md", "text: notes.md")
    topic.write_text(f"{text}\n# see x.cql\n", encoding="utf-8")
    assert with_notes("validate", "kb/first-topic/notes.md").code == 0
    assert with_notes("validate", "kb/first-topic/page.md").code == 2, "notes.md is the page now"
    assert with_notes("validate", "kb/first-topic/x.cql").code == 2, "a comment reads nothing"


def test_the_number_of_topics_is_said(fhir_kb: Callable[..., Ended]) -> None:
    fhir_kb("init", "kb")
    assert fhir_kb("validate", "kb").out == "kb/ (1 topic): no problems found\n"


def test_findings_are_shown_where_another_path_has_nothing_to_check(
    fhir_kb: Callable[..., Ended],
) -> None:
    Path("empty").mkdir()
    write("kb/kb.yaml", "a: 1")
    code, out, _ = fhir_kb("validate", "kb", "empty", "--all")
    assert code == 1
    assert "error[KB142]" in out
    assert "  empty: neither kb.yaml nor FHIR files" in out


def test_what_is_not_fhir_was_not_checked_as_a_release(fhir_kb: Callable[..., Ended]) -> None:
    write("a.txt", "hello")
    code, out, _ = fhir_kb("validate", "a.txt")
    assert (code, "checked as" in out) == (1, False)
    write("b.json", '{"resourceType": "Basic", "code": {"text": "x"}}')
    code, out, _ = fhir_kb("validate", "a.txt", "b.json")
    assert (code, out.splitlines()[-1]) == (1, "checked as FHIR R5 (default)")


def test_a_package_that_is_missing_is_named_with_who_asks(fhir_kb: Callable[..., Ended]) -> None:
    needs = '"dependencies": {"c.d": "current"}, "fhirVersions": ["4.0.1"]'
    write("p/package/package.json", f'{{"name": "a.b", "version": "1.0.0", {needs}}}')
    write("a.json", '{"resourceType": "Basic", "code": {"text": "x"}}')
    line = "not on this machine: c.d#current, which a.b#1.0.0 depends on"
    words = ("validate", "a.json", "--package", "./p")
    lines = fhir_kb(*words).out.splitlines()
    assert lines[-2:] == ["checked as FHIR R4 (from a.b#1.0.0)", line]
    assert fhir_kb(*words, "--format", "json").err == f"{line}\n"
    code, out, _ = fhir_kb(*words, "--strict")
    assert (code, "1 thing not checked" in out) == (1, True)


def test_a_given_package_meets_current_and_nothing_is_fetched(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_PACKAGE_CACHE", "cache")
    monkeypatch.delenv("FHIR_KB_REGISTRY", raising=False)
    needs = '"dependencies": {"c.d": "current"}'
    write("cache/a.b#1.0.0/package/package.json", f'{{"name": "a.b", "version": "1.0.0", {needs}}}')
    write("own/package/package.json", '{"name": "c.d", "version": "0.1.0"}')
    write("a.json", '{"resourceType": "Basic", "code": {"text": "x"}}')
    words = ("validate", "a.json", "--package", "a.b#1.0.0")
    code, out, err = fhir_kb(*words, "--package", "./own")
    assert (err, code, "not on this machine" in out) == ("", 0, False)
    code, out, err = fhir_kb(*words)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "not on this machine: c.d#current, which a.b#1.0.0 depends on"
