from __future__ import annotations

import pickle
import re
from pathlib import Path

import fhir_kb.publish
from fhir_kb.publish import CODES, OutputError
from fhir_kb.publish.finding_codes import BUSY


def test_codes_are_of_this_family_and_different() -> None:
    assert all(re.fullmatch(r"KB6\d\d", code.id) for code in CODES)
    assert len({code.id for code in CODES}) == len({code.name for code in CODES}) == len(CODES)


def test_every_code_says_what_to_do() -> None:
    for code in CODES:
        summary, _, rest = code.explanation.partition("\n")
        assert summary.endswith("."), code.id
        assert "**What to do.**" in rest, code.id


def test_reference_page_describes_every_code_file_and_folder_rule() -> None:
    page = (Path(fhir_kb.publish.__file__).parents[2] / "docs/output.md").read_text("utf-8")
    for code in CODES:
        assert f"| {code.id} {code.name} |" in page
    for name in ("bundle.transaction.json", "bundle.collection.json", "bundle.document.",
                 "resources.ndjson", "package.tgz", "report.json", ".fhir-kb.json"):  # fmt: skip
        assert name in page


def test_error_survives_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(OutputError(BUSY, "busy", "wait")))
    assert (error.code, error.message, error.help, str(error)) == ("KB613", "busy", "wait", "busy")
