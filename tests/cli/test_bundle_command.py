from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

DATA = '{"resourceType": "Bundle", "title": "鍼"}\n'.encode()


@pytest.fixture
def bundled(stand_in: Callable[..., None]) -> Callable[..., dict[str, Any]]:
    def put(data: bytes | None, *findings: Diagnostic) -> dict[str, Any]:
        asked: dict[str, Any] = {}

        def bundle(definitions: Path, topics: tuple[str, ...], **options: Any) -> Any:
            asked.update(options, definitions=definitions, topics=topics)
            return SimpleNamespace(
                data=data, diagnostics=findings, losses=(), exit_code=int(data is None)
            )

        stand_in("fhir_kb.pipeline", bundle=bundle)
        stand_in("fhir_kb.bulk", cache_folder=lambda definitions: definitions)
        return asked

    return put


def test_the_bundle_and_nothing_else_goes_into_the_pipe(
    fhir_kb: Callable[..., Ended], bundled: Callable[..., dict[str, Any]]
) -> None:
    warning = Diagnostic("KB143", Severity.WARNING, "not read", Span("a.yml"))
    asked = bundled(DATA, warning)
    code, out, err = fhir_kb("bundle", "needling", "--fhir", "4.0", "--type", "batch")
    assert (code, out) == (0, DATA.decode())
    assert err == "a.yml: warning[KB143] not read\n1 warning in 1 file\n"
    assert (asked["topics"], asked["release"], asked["kind"]) == (("needling",), "r4", "batch")


def test_a_file_is_written(
    fhir_kb: Callable[..., Ended], bundled: Callable[..., dict[str, Any]]
) -> None:
    bundled(DATA)
    assert fhir_kb("bundle", "--fhir", "r5", "-o", "b.json") == (0, "", "")
    assert Path("b.json").read_bytes() == DATA


def test_a_folder_that_is_not_there_is_the_outside_world(
    fhir_kb: Callable[..., Ended], bundled: Callable[..., dict[str, Any]]
) -> None:
    bundled(DATA)
    code, _, err = fhir_kb("bundle", "--fhir", "r5", "-o", "no/b.json")
    assert (code, err) == (3, "fhir-kb: no/b.json: No such file or directory\n")


def test_errors_make_no_bundle_and_leave_the_file_alone(
    fhir_kb: Callable[..., Ended], bundled: Callable[..., dict[str, Any]]
) -> None:
    Path("b.json").write_text("old")
    bundled(None, Diagnostic("KB204", Severity.ERROR, "wrong", Span("a.yaml")))
    code, out, err = fhir_kb("bundle", "--fhir", "r5", "-o", "b.json")
    assert (code, out) == (1, "")
    assert "error[KB204]" in err
    assert Path("b.json").read_text() == "old"


def test_an_unknown_topic_is_wrong_usage(
    fhir_kb: Callable[..., Ended], bundled: Callable[..., dict[str, Any]]
) -> None:
    unknown = Diagnostic(
        "KB225", Severity.ERROR, "there is no topic 'x'", Span(""), help="did you mean 'y'?"
    )
    bundled(None, unknown)
    code, _, err = fhir_kb("bundle", "x", "--fhir", "r5")
    assert code == 2
    assert "did you mean 'y'?" in err
