"""Whatever a file, a name or a server says: no output holds what a terminal or CI would obey."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fhir_kb.cli import console, progress, run
from fhir_kb.cli.push_session import json_line
from fhir_kb.cli.views import differences, doctor, findings, packages, plans, push_results, status
from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.diagnostics.render.human import Style
from fhir_kb.diagnostics.render.terminal_text import json_safe, printable
from fhir_kb.push import Plan, PlannedChange
from fhir_kb.push.planning.differences import Difference
from fhir_kb.servers.protocol import Ref

EVIL = [
    "\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://evil.test\x1b\\", "\x9b31m", "\x90q", "\r", "\0",
    "\b\b\b", "\x7f", "\n::error::pwned", "\r\n::set-output name=x::y", "%0A::error::pwned",
    "::error::pwned", "  ::stop-commands::x", "##[error]pwned", "##vso[task.complete]",
    "\u202egnp.exe", "\u2066x\u2069", "\u2028::error::x", "\u0085::error::x", "\udcff", "\ud800",
    "\ufeff", "\x0b::error::x", "\x0c::error::x", "a\tb",
    "'quoted ::error::x, and more words to wrap'",
]  # fmt: skip
text = st.lists(st.sampled_from(EVIL) | st.text(max_size=8), max_size=4).map("".join)
OBEYED = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))} | set(
    "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
STYLE = Style()


def check(output: str, lines_of_commands: int = 0) -> None:
    """Nothing but line ends (and tabs, which move nothing back) is obeyed."""
    assert not (OBEYED - {"\n", "\t"}) & set(output), ascii(output)
    starts = [line.lstrip() for line in output.split("\n")]
    commands = [line for line in starts if line.startswith(("::", "##[", "##vso["))]
    assert len(commands) == lines_of_commands, commands


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    output: list[str] = []

    def echo(message: str, *, nl: bool, err: bool, color: bool) -> None:
        output.append(message)

    monkeypatch.setattr(console.click, "echo", echo)
    yield output


def finding(word: str) -> Diagnostic:
    span = Span(f"{word}.yaml", 3, 1, 3, 4)
    return Diagnostic("KB204", Severity.ERROR, f"{word} x", span, path=word, help=f"{word} {word}")


varied = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@varied
@given(word=text)
@example(word="".join(EVIL))
@pytest.mark.parametrize("form", ["human", "github", "sarif", "json"])
def test_findings(word: str, form: str, printed: list[str]) -> None:
    printed.clear()
    findings.show([finding(word)], form, STYLE, ["r4", "r5"])
    (output,) = printed
    check(output, 1 if form == "github" else 0)
    if form == "json":
        record = json.loads(output)["findings"][0]
        assert record["message"] == f"{word} x"
        assert record["file"] == f"{word}.yaml"
    if form == "sarif":
        assert json.loads(output)["runs"][0]["results"][0]["ruleId"] == "KB204"


@pytest.mark.parametrize("word", EVIL)
def test_a_quoted_line(word: str, tmp_path: Path, printed: list[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"{word}\n{word}\n{word} y\n", encoding="utf-8", errors="surrogatepass")
    span = Span(path.as_posix(), 1, 1, 1, 2)
    findings.show([Diagnostic("KB204", Severity.ERROR, word, span)], "human", STYLE)
    check(printed[0])


def change(word: str) -> PlannedChange:
    ref = Ref("PlanDefinition", word)
    difference = Difference("title", f"title{word}", word, f"{word}!")
    return PlannedChange("update", word, ref, word, reason=word, differences=(difference,))


def outputs(word: str) -> Iterator[str]:
    """What every view makes of a word that stands everywhere."""
    capabilities: Any = SimpleNamespace(software=word, fhir_version=word, base=word)
    plan = Plan(word, "r4", (change(word),))
    span = Span(word, 1, 1, 1, 2)
    desired: Any = SimpleNamespace(
        origins=object(), local_names=lambda: {word: word}, span=lambda *_: span
    )
    yield plans.render_plan(plan, word, capabilities, STYLE, desired, None)
    yield plans.render_markdown(plan, word, desired)
    yield from (f"{line}\n" for line in differences.difference_lines(
        change(word).differences, STYLE, lambda _: span
    ))  # fmt: skip
    remote = SimpleNamespace(ref=Ref("Patient", word), version=word, updated=word)
    drift: Any = SimpleNamespace(
        remote=remote, deleted=False, differences=change(word).differences, key=word
    )
    yield push_results.render_drift([drift], word, STYLE, 1)
    report: Any = SimpleNamespace(name=word, url=f"http://{word}", properties=())
    yield doctor.page(dict.fromkeys(doctor._LABELS, word), report, STYLE)
    package: Any = SimpleNamespace(
        manifest=SimpleNamespace(name=word, version=word, fhir_versions=(word,), title=word),
        problem=word, folder=word,
    )  # fmt: skip
    listed = packages.listing([package], STYLE)
    yield listed.text
    yield json_line(listed.data)
    entry: Any = SimpleNamespace(
        push=1, time=word, user=word, scopes=(word,), applied=[{"action": word}], failed=[],
        error=None,
    )  # fmt: skip
    yield status._push(entry) + "\n"
    stream = io.StringIO()
    lines = progress.LineProgress(stream)
    lines.stage(word, 3)
    lines.note(word)
    yield printable(stream.getvalue(), colour=False)


@varied
@given(word=text)
@example(word="".join(EVIL))
def test_views(word: str, printed: list[str]) -> None:
    if any("\ud800" <= character <= "\udfff" for character in word):
        word = word.encode("utf-8", "replace").decode()  # JSON of a server cannot have these
    for output in outputs(word):
        printed.clear()
        console.put(output)
        check(printed[0])


@varied
@given(word=text)
@example(word="".join(EVIL))
def test_errors_and_whole_outputs(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    run._print_error(word)
    assert stream.getvalue().count("\n") == 1
    check(stream.getvalue())
    check(printable(word, colour=False))
    content = json.dumps({"a": word}, ensure_ascii=False)
    check(json_safe(content))
    assert json.loads(json_safe(content)) == {"a": word}


def test_our_colours_stay_and_nothing_else() -> None:
    assert printable("\x1b[1;31mred\x1b[0m \x1b[2J\x1b]0;x", colour=True) == (
        "\x1b[1;31mred\x1b[0m \u241b[2J\u241b]0;x"
    )
    assert printable("\x1b[31mred", colour=False) == "\u241b[31mred"
    assert printable("\x1b[1m::error::x", colour=True) == "\x1b[1m\\::error::x"


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_a_file_name(tmp_path: Path, printed: list[str]) -> None:
    from fhir_kb.pipeline import build

    name = "l\x1b[2Jo\n::error::ok"
    (tmp_path / name).mkdir()
    (tmp_path / "kb.yaml").write_text("id: x\n")
    (tmp_path / name / "topic.yaml").write_text("\x1b]0;x\x07: [\n")
    found = build(tmp_path, output=None).diagnostics
    assert found
    for form in ("human", "json", "sarif", "github"):
        printed.clear()
        findings.show(found, form, STYLE)
        check(printed[0], len(found) if form == "github" else 0)
