"""What the documents name is there: files, folders, links to other pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The pages of codes hold examples of what an author may write.
EXAMPLES = ROOT / "docs" / "reference" / "codes.md"
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {EXAMPLES})
_FILE = re.compile(r"\b(?:fhir_kb|tests|scripts|benchmarks|docs)/[\w./-]*\w")
#: What stands in code is an example.
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)\]\((?!https?://|mailto:|\[)([^)#\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name for name in _FILE.findall(text) if "…" not in name and "." in Path(name).name}
    missing = {name for name in named if not (ROOT / name).exists()}
    missing |= {
        link for link in _LINK.findall(_CODE.sub("", text)) if not (page.parent / link).exists()
    }
    assert missing == set()
