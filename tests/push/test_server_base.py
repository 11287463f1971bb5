"""Which base URLs are of one server: https://www.rfc-editor.org/rfc/rfc3986#section-6.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fhir_kb.pipeline.server_targets import find_target
from fhir_kb.push import PushError
from fhir_kb.push.workspace.server_base import is_same_base, is_same_machine, normal_base

if TYPE_CHECKING:
    from pathlib import Path

BASE = "http://ward.example/fhir/r4"


@pytest.mark.parametrize(
    "url",
    [
        "HTTP://Ward.Example:80/fhir/r4/",
        "http://ward.example./fhir/r4",
        "http://ward.example/fhir/./r4",
        "http://ward.example/fhir/r5/../r4",
        "http://ward.example//fhir//r4",
        "http://ward.example/%66hir/r4",
    ],
)
def test_one_base_has_one_name(url: str) -> None:
    assert normal_base(url) == BASE
    assert is_same_base(url, BASE)


@pytest.mark.parametrize(
    "url",
    [
        "https://ward.example/fhir/r4",
        "http://ward.example:8080/fhir/r4",
        "http://ward.example/FHIR/r4",
        "http://ward.example/fhir%2Fr4",
        "http://ward.example/fhir/r5",
    ],
)
def test_other_bases_are_others(url: str) -> None:
    assert not is_same_base(url, BASE)


@pytest.mark.parametrize("host", ["localhost", "127.1.2.3", "0.0.0.0", "[::1]", "[::]"])
def test_this_machine_has_many_names(host: str) -> None:
    assert is_same_machine(f"http://{host}:8080/fhir", "http://127.0.0.1:8080/fhir")
    assert not is_same_machine(f"http://{host}:8081/fhir", "http://127.0.0.1:8080/fhir")


@pytest.mark.parametrize("end", ["?_format=json", "#top", "?"])
def test_a_base_has_no_query_and_no_fragment(end: str, tmp_path: Path) -> None:
    with pytest.raises(PushError, match="no base URL") as refused:
        find_target(f"{BASE}{end}", tmp_path, {})
    assert refused.value.usage
