"""What a page holds beside prose, as the resources of each release have it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from compiling import clean, read

from fhir_kb.compile import compile_topic
from fhir_kb.compile.markdown import html
from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.pipeline import build

PNG = b"\x89PNG\r\n\x1a\nnot more than a start"
DATA = base64.b64encode(PNG).decode()
PAGE = """\
# Sepsis

Lead[^dose].

## What to do {#do}

![Tender < 2 cm & "low"](elbow.png "The elbow") and ![the same](elbow.png)

| Age | Dose |
|:----|-----:|
| [[looking\\|adults]] | 10 mg[^dose] |

- [ ] wash
- [x] look

See [the trial][doe] and[^more].

## More

[^more]: It says [@doe-2001].
[^dose]: Not with milk.

    Nor tea.

[doe]: https://kb.test/doe
"""
REFERENCES = "doe-2001: {type: book, title: A book, authors: [Doe J], published: 2001}\n"
TOPIC = "activities: {looking: {title: Looking at it}}\n"


@pytest.fixture
def resources(tmp_path: Path):
    (tmp_path / "sepsis").mkdir()
    (tmp_path / "sepsis" / "elbow.png").write_bytes(PNG)
    return clean(tmp_path, TOPIC, files={"page.md": PAGE, "references.yaml": REFERENCES})


def test_an_image_is_in_the_narratives_with_its_words(resources) -> None:
    alt = 'alt="Tender &lt; 2 cm &amp; &quot;low&quot;"'
    image = f'<img src="data:image/png;base64,{DATA}" {alt} title="The elbow"/>'
    section = resources["Composition/sepsis"]["section"][0]
    assert image in section["text"]["div"]
    assert image in resources["PlanDefinition/sepsis"]["text"]["div"]


def test_an_image_is_an_attachment_once(resources) -> None:
    related = resources["PlanDefinition/sepsis"]["relatedArtifact"]
    (image,) = [one for one in related if "data" in one.get("document", {})]
    assert image == {
        "type": "documentation",
        "display": 'Tender < 2 cm & "low"',
        "document": {
            "contentType": "image/png",
            "data": DATA,
            "size": str(len(PNG)),
            "hash": base64.b64encode(hashlib.sha1(PNG, usedforsecurity=False).digest()).decode(),
            "title": "elbow.png",
        },
    }


def test_tables_and_tasks_are_no_signs(resources) -> None:
    div = resources["Composition/sepsis"]["section"][0]["text"]["div"].replace("\n", "")
    assert '<th align="left">Age</th><th align="right">Dose</th>' in div
    assert '<td align="left">adults</td>' in div
    assert '<td align="right">10 mg<sup>[1]</sup></td>' in div
    assert "<li>\u2610 wash</li><li>\u2611 look</li>" in div


def test_footnotes_stand_below_the_section_that_refers_to_them(resources) -> None:
    page = resources["Composition/sepsis"]
    first = "<p><sup>[1]</sup> Not with milk.</p>\n<p>Nor tea.</p>"
    assert first in page["text"]["div"]
    section, more = page["section"][:2]
    assert (
        section["text"]["div"]
        .removesuffix("</div>")
        .endswith(f"{first}<p><sup>[2]</sup> It says (Doe 2001).</p>")
    )
    assert "Citation/sepsis.doe-2001" in [one["reference"] for one in section["entry"]]
    assert "milk" not in more["text"]["div"]


def test_a_definition_holds_in_the_whole_page(resources) -> None:
    div = resources["Composition/sepsis"]["section"][0]["text"]["div"]
    assert '<a href="https://kb.test/doe">the trial</a>' in div


@pytest.mark.parametrize(
    "markdown",
    [
        "[x](data:image/png;base64,AAAA)",
        "![x](data:text/html;base64,AAAA)",
        "![x](https://kb.test/track.png)",
    ],
)
def test_without_a_file_there_is_neither_image_nor_data(markdown: str) -> None:
    made = html(markdown)
    assert "<img" not in made
    assert "href" not in made


def test_each_release_has_the_image_and_is_valid(tmp_path: Path) -> None:
    (tmp_path / "sepsis").mkdir()
    (tmp_path / "sepsis" / "elbow.png").write_bytes(PNG)
    read(tmp_path, TOPIC, files={"page.md": PAGE, "references.yaml": REFERENCES})
    output = tmp_path / "output"
    made = build(tmp_path, output=output, releases=[release.name for release in FHIR_RELEASES])
    assert [one for one in made.diagnostics if one.code.startswith(("KB5", "KB6"))] == []
    for release in FHIR_RELEASES:
        plan = json.loads((output / release.name / "PlanDefinition-sepsis.json").read_bytes())
        documents = [one.get("document", {}) for one in plan["relatedArtifact"]]
        (image,) = [document for document in documents if "data" in document]
        assert image["data"] == DATA
        assert str(image["size"]) == str(len(PNG))
        assert f'src="data:image/png;base64,{DATA}"' in plan["text"]["div"]


def test_the_same_page_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "sepsis").mkdir()
    (tmp_path / "sepsis" / "elbow.png").write_bytes(PNG)
    source, base = read(tmp_path, TOPIC, files={"page.md": PAGE, "references.yaml": REFERENCES})
    assert compile_topic(source, base) == compile_topic(source, base)
