from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fhir_kb.diagnostics import CodePage, FindingCode, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

KNOWN = {
    "KB204": FindingCode(
        "KB204",
        CodePage(
            "unknown-step", Severity.ERROR, "A step waits for none.\n\nWrite it:\n\n    after: x"
        ),
    ),
    "KB401": FindingCode(
        "KB401", CodePage("kept-as-text", Severity.WARNING, f"Something {'very ' * 20}long.")
    ),
}


@pytest.fixture(autouse=True)
def catalogue(stand_in: Callable[..., None]) -> None:
    stand_in("fhir_kb.pipeline", catalogue=lambda: KNOWN)


@pytest.mark.parametrize("word", ["KB204", "kb204", "unknown-step"])
def test_a_code_or_name_gives_its_page(fhir_kb: Callable[..., Ended], word: str) -> None:
    assert fhir_kb("explain", word) == (
        0,
        "KB204 unknown-step (error)\n\nA step waits for none.\n\nWrite it:\n\n    after: x\n",
        "",
    )


def test_the_specification_is_named_last(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    url = "http://hl7.org/fhir/json.html"
    page = CodePage("no-json", Severity.ERROR, "It is no JSON.\n", specification=url)
    stand_in("fhir_kb.pipeline", catalogue=lambda: {"KB501": FindingCode("KB501", page)})
    ended = fhir_kb("explain", "KB501")
    assert ended.out == f"KB501 no-json (error)\n\nIt is no JSON.\n\nSpecification: {url}\n"
    assert json.loads(fhir_kb("explain", "KB501", "--format", "json").out)["specification"] == url


def test_an_unknown_code_is_wrong_usage_with_the_nearest(fhir_kb: Callable[..., Ended]) -> None:
    code, _, err = fhir_kb("explain", "KB205")
    assert code == 2
    assert "there is no code 'KB205'; did you mean 'KB204'?" in err


def test_without_a_code_all_are_listed_within_80_columns(fhir_kb: Callable[..., Ended]) -> None:
    lines = fhir_kb("explain").out.splitlines()
    assert lines[0] == "KB204  error        A step waits for none"
    assert lines[1].startswith("KB401  warning      Something very")
    assert lines[2].startswith(" " * 20 + "very")
    assert lines[-1] == "fhir-kb explain CODE shows how to fix it"
    assert max(map(len, lines)) <= 80


def test_prose_is_wrapped_and_an_example_is_not(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    example = f"    key: {'x' * 100}"
    code = FindingCode(
        "KB1", CodePage("x", Severity.ERROR, f"Wrong.\n\n{'word ' * 40}\n\n{example}")
    )
    stand_in("fhir_kb.pipeline", catalogue=lambda: {"KB1": code})
    lines = fhir_kb("explain", "KB1").out.splitlines()
    assert example in lines
    assert max(len(line) for line in lines if line != example) <= 80


def test_json(fhir_kb: Callable[..., Ended]) -> None:
    one = json.loads(fhir_kb("explain", "KB401", "--format", "json").out)
    assert (one["code"], one["name"], one["severity"]) == ("KB401", "kept-as-text", "warning")
    everything = json.loads(fhir_kb("explain", "--format", "json").out)
    assert [each["code"] for each in everything["codes"]] == ["KB204", "KB401"]
