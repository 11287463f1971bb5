"""Images of a page: files of the topic's folder that are what they say and run nothing."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from fhir_kb.pipeline import build
from fhir_kb.read.image_files import MAX_BYTES, image_file

KB = """\
id: ward
title: Ward
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"{}>{}</svg>'


def codes(folder: Path, page: str, files: dict[str, bytes]) -> list[str]:
    topic = folder / "look"
    topic.mkdir()
    (folder / "kb.yaml").write_text(KB, encoding="utf-8")
    (topic / "topic.yaml").write_text("topic: look\ntitle: Look\nsummary: x\n", encoding="utf-8")
    (topic / "page.md").write_text(page, encoding="utf-8")
    for name, data in files.items():
        (topic / name).parent.mkdir(exist_ok=True)
        (topic / name).write_bytes(data)
    found = build(folder, output=None).diagnostics
    return [f"{d.span.line}:{d.span.column} {d.code}" for d in found if d.severity.value == "error"]


CASES = {
    "beside the page": ("![e](elbow.png)", {"elbow.png": PNG}, []),
    "with a dot": ("![e](./elbow.png)", {"elbow.png": PNG}, []),
    "in a folder, with a blank": ("![e](<img/my elbow.png>)", {"img/my elbow.png": PNG}, []),
    "with a percent sign": ("![e](my%20elbow.png)", {"my elbow.png": PNG}, []),
    "missing": ("\n![e](elbow.png)", {"elbows.png": PNG}, ["2:1 KB137"]),
    "outside of the folder": ("![e](../kb.yaml)", {}, ["1:1 KB137"]),
    "absolute": ("![e](/etc/passwd)", {}, ["1:1 KB137"]),
    "on the web": ("![e](https://kb.test/e.png)", {}, ["1:1 KB137"]),
    "on the web, without a scheme": ("![e](//kb.test/e.png)", {}, ["1:1 KB137"]),
    "data": ("![e](data:image/png;base64,AAAA)", {}, ["1:6 KB131"]),
    "no image": ("![e](e.png)", {"e.png": b"MZ"}, ["1:1 KB138"]),
    "empty": ("![e](e.png)", {"e.png": b""}, ["1:1 KB138"]),
    "of another type": ("![e](e.jpg)", {"e.jpg": PNG}, ["1:1 KB138"]),
    "a page of HTML": ("![e](e.svg)", {"e.svg": b"<html><script/></html>"}, ["1:1 KB138"]),
    "too large": ("![e](e.png)", {"e.png": PNG.ljust(MAX_BYTES + 1)}, ["1:1 KB139"]),
    "as large as may be": ("![e](e.png)", {"e.png": PNG.ljust(MAX_BYTES)}, []),
    "too many": (
        " ".join(f"![e](e{n}.png)" for n in range(5)),
        {f"e{n}.png": PNG.ljust(MAX_BYTES) for n in range(5)},
        ["1:1 KB139"],
    ),
    "in a footnote": ("a[^1]\n\n[^1]: ![e](e.png)", {}, ["3:1 KB137"]),
}


@pytest.mark.parametrize(("page", "files", "expected"), CASES.values(), ids=CASES)
def test_images_are_files_of_the_folder(
    tmp_path: Path, page: str, files: dict[str, bytes], expected: list[str]
) -> None:
    assert codes(tmp_path, page, files) == expected


def test_texts_of_yaml_files_hold_no_images_and_no_footnotes(tmp_path: Path) -> None:
    (tmp_path / "kb.yaml").write_text(KB, encoding="utf-8")
    (tmp_path / "look").mkdir()
    text = 'topic: look\ntitle: Look\nsummary: "![e](e.png)"\npurpose: "x[^1]"\n'
    (tmp_path / "look" / "topic.yaml").write_text(text, encoding="utf-8")
    found = build(tmp_path, output=None).diagnostics
    assert [(one.span.line, one.code) for one in found] == [(3, "KB137"), (4, "KB146")]


HARMLESS = [
    SVG.format("", "<title>Elbow</title><path d='M0 0' style='fill:url(#a)'/>"),
    SVG.format(' xmlns:xlink="http://www.w3.org/1999/xlink"', "<use xlink:href='#a'/>"),
    SVG.format("", "<style>path{fill:red}</style><!-- made by hand -->"),
    '<?xml version="1.0" encoding="UTF-8"?>\n' + SVG.format("", "<g/>"),
]
HOSTILE = [
    SVG.format("", "<script>alert(1)</script>"),
    SVG.format(' onload="alert(1)"', ""),
    SVG.format("", "<foreignObject/>"),
    SVG.format("", "<a href='https://kb.test'><path/></a>"),
    SVG.format("", "<image href='https://kb.test/track.png'/>"),
    SVG.format("", "<use href='https://kb.test/x.svg#a'/>"),
    SVG.format("", "<set attributeName='href' to='javascript:alert(1)'/>"),
    SVG.format("", "<style>@import 'https://kb.test/x.css'</style>"),
    SVG.format("", "<path style='fill:url(https://kb.test)'/>"),
    SVG.format("", "<path style='fill:u\\72l(https://kb.test)'/>"),
    SVG.format("", "<style>p{fill:url(/*#*/https://kb.test)}</style>"),
    SVG.format("", "<x:script xmlns:x='http://www.w3.org/1999/xhtml'/>"),
    '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("", "&a;"),
    "<?xml version='1.0'?><?xml-stylesheet href='https://kb.test'?>" + SVG.format("", ""),
    "<svg><path/></svg>",
    SVG.format("", "<g>"),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_drawing_is_taken(text: str) -> None:
    image = image_file("elbow.svg", text.encode())
    assert getattr(image, "content_type", image) == "image/svg+xml"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_svg_that_could_do_something_is_refused(text: str) -> None:
    assert not hasattr(image_file("elbow.svg", text.encode()), "data")


def test_a_real_png_is_one() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = PNG[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0"))
    image = image_file("dot.PNG", data + chunk(b"IEND", b""))
    assert getattr(image, "content_type", image) == "image/png"
