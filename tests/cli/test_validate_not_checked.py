"""`validate`: what is not checked is counted in every form, and --strict makes it an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

URL = "https://kb.example.org/fhir/StructureDefinition/own"
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


@pytest.fixture(autouse=True)
def files(fhir_kb: Callable[..., Ended]) -> None:
    """a.json has an extension that nothing defines, m.json a modifier extension."""
    assert fhir_kb  # it has changed to a folder of its own
    own = [{"url": URL, "valueString": "x"}]
    patient: dict[str, Any] = {"resourceType": "Patient", "text": TEXT}
    Path("a.json").write_text(json.dumps({**patient, "extension": own}), encoding="utf-8")
    Path("m.json").write_text(json.dumps({**patient, "modifierExtension": own}), encoding="utf-8")
    codes = [{"system": "http://snomed.info/sct", "code": "1"}]
    for name in ("s1.json", "s2.json"):
        marital = {**patient, "maritalStatus": {"coding": codes}}
        Path(name).write_text(json.dumps(marital), encoding="utf-8")


def test_the_summary_counts_it(fhir_kb: Callable[..., Ended]) -> None:
    code, out, _ = fhir_kb("validate", "a.json")
    assert code == 0
    assert out.splitlines()[-3:] == [
        "1 warning in 1 file",
        "1 thing not checked; --strict makes each an error",
        "checked as FHIR R5 (default)",
    ]


def test_a_modifier_extension_fails(fhir_kb: Callable[..., Ended]) -> None:
    code, out, _ = fhir_kb("validate", "m.json")
    assert code == 1
    assert "error[KB681] not checked: nothing defines the modifier extension" in out


def test_equal_notes_are_shown_once_and_counted_all(fhir_kb: Callable[..., Ended]) -> None:
    code, out, _ = fhir_kb("validate", "s1.json", "s2.json")
    assert code == 0
    assert out.count("information[KB685]") == 1
    assert "2 things not checked, equal notes shown once; --strict makes each an error" in out
    assert fhir_kb("validate", "s1.json", "s2.json", "--all").out.count("information[KB685]") == 2


@pytest.mark.parametrize("form", ["human", "json", "sarif", "github"])
@pytest.mark.parametrize("name", ["a.json", "s1.json"])
def test_strict_fails_in_every_form(fhir_kb: Callable[..., Ended], form: str, name: str) -> None:
    assert fhir_kb("validate", name, "--format", form).code == 0
    assert fhir_kb("validate", name, "--format", form, "--strict").code == 1


def test_json_has_a_key_and_a_count(fhir_kb: Callable[..., Ended]) -> None:
    code, out, err = fhir_kb("validate", "a.json", "--format", "json")
    line = json.loads(out)
    assert (code, line["errors"], line["warnings"], line["notChecked"]) == (0, 0, 1, 1)
    assert [issue["notChecked"] for issue in line["issues"]] == [True]
    assert err.splitlines()[0] == "1 thing not checked; --strict makes each an error"
    line = json.loads(fhir_kb("validate", "a.json", "--format", "json", "--strict").out)
    assert (line["errors"], line["warnings"], line["notChecked"]) == (1, 0, 1)
    assert line["issues"][0]["severity"] == "error"


def test_sarif_has_a_property(fhir_kb: Callable[..., Ended]) -> None:
    log = json.loads(fhir_kb("validate", "a.json", "--format", "sarif").out)
    [result] = log["runs"][0]["results"]
    assert (result["level"], result["properties"]) == ("warning", {"notChecked": True})


@pytest.mark.parametrize("allowed", ["any", "https://kb.example.org/"])
def test_extensions_that_are_allowed(fhir_kb: Callable[..., Ended], allowed: str) -> None:
    words = ("validate", "a.json", "m.json", "--allow-extensions", allowed)
    code, out, _ = fhir_kb(*words, "--strict")
    assert (code, out.splitlines()[0]) == (0, "2 resources: no problems found")


@pytest.mark.parametrize("word", ["", "all", "kb.example.org"])
def test_what_no_url_begins_with_is_refused(fhir_kb: Callable[..., Ended], word: str) -> None:
    code, _, err = fhir_kb("validate", "a.json", "--allow-extensions", word)
    assert code == 2
    assert "'any'" in err
