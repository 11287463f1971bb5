"""Files as no author means them: each gives a finding at its place, none an exception."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.model.topic import Topic
from fhir_kb.pipeline import build
from fhir_kb.read.decode import decode
from fhir_kb.read.definition_files import MAX_BYTES
from fhir_kb.read.markdown import read_page
from fhir_kb.read.schema_validation import schema_findings
from fhir_kb.read.yaml import load

KB = """\
id: ward
title: Ward
canonical: https://kb.test/fhir
version: 1.0.0
date: 2026-11-01
publisher: The ward
"""
TOPIC = "topic: look\ntitle: Look\nsummary: How to look.\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A knowledge base with a topic that says nothing wrong."""
    root = tmp_path / "definitions"
    (root / "look").mkdir(parents=True)
    (root / "kb.yaml").write_text(KB, encoding="utf-8")
    (root / "look" / "topic.yaml").write_text(TOPIC, encoding="utf-8")
    (root / "look" / "page.md").write_text("# Look\n", encoding="utf-8")
    return root


def errors(root: Path) -> list[str]:
    found = build(root, output=None).diagnostics
    return [told(one, root) for one in found if one.severity.value == "error"]


def told(found: Diagnostic, root: Path) -> str:
    file = found.span.file.removeprefix(root.as_posix()).lstrip("/")
    return f"{file}:{found.span.line}:{found.span.column} {found.code}"


def test_the_base_is_fine(base: Path) -> None:
    assert errors(base) == []


YAML = {
    "tab": (b"topic: look\nplan:\n\tsteps: []\n", "3:1 KB104"),
    "open quote": (b'topic: look\ntitle: "Look\nsummary: x\n', "4:1 KB104"),
    "open bracket": (b"topic: look\nuses: [a\n", "3:1 KB104"),
    "colon in a text": (b"topic: look\ntitle: Look: how\n", "2:12 KB104"),
    "bad indentation": (b"topic: look\n title: x\n", "2:7 KB104"),
    "unknown alias": (b"topic: look\ntitle: *x\n", "2:8 KB104"),
    "two documents": (b"topic: look\n---\ntopic: two\n", "2:1 KB104"),
    "at sign": (b"topic: look\ntitle: @x\n", "2:8 KB104"),
    "empty": (b"", "1:1 KB104"),
    "only a comment": (b"# later\n", "1:1 KB104"),
    "NUL": (b"topic: a\0b\n", "1:1 KB104"),
    "bell": (b"topic: a\x07b\n", "1:1 KB104"),
    "UTF-16": ("topic: look\n".encode("utf-16"), "1:1 KB102"),
    "UTF-16 without mark": ("topic: look\n".encode("utf-16-be"), "1:1 KB104"),
    "Latin-1": ("topic: look\ntitle: Café\n".encode("latin-1"), "2:11 KB102"),
    "half a letter": (b"topic: look\ntitle: \xe2\x82", "2:8 KB102"),
    "binary": (bytes(range(128, 256)), "1:1 KB102"),
    "too large": (b"#" * (MAX_BYTES + 1), "0:0 KB103"),
    "large text": (TOPIC.encode() + b"subtitle: " + b"x" * 200_001, "4:11 KB103"),
}


@pytest.mark.parametrize(("data", "wanted"), YAML.values(), ids=YAML)
def test_a_topic_that_is_no_yaml(base: Path, data: bytes, wanted: str) -> None:
    (base / "look" / "topic.yaml").write_bytes(data)
    assert errors(base) == [f"look/topic.yaml:{wanted}"]


def test_fifty_megabytes_are_not_read(base: Path) -> None:
    with (base / "look" / "topic.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (found,) = build(base, output=None).diagnostics
    assert (found.code, found.message) == (
        "KB103",
        "the file has 50.0 MB; a file of the definitions may have 4",
    )


@pytest.mark.parametrize("name", ["kb.yaml", "concepts.yaml"])
@pytest.mark.parametrize("data", [b"\xff", b"a: [", b"- x", b"", b"\0", b"*a", b"[" * 5000])
def test_the_shared_files_may_be_broken_too(base: Path, name: str, data: bytes) -> None:
    (base / name).write_bytes(data)
    found = errors(base)
    assert found
    assert {one.split(":")[0] for one in found} == {name}


@pytest.mark.parametrize("data", [TOPIC.replace("\n", "\r\n"), "\ufeff" + TOPIC])
def test_windows_line_ends_and_marks_are_fine(base: Path, data: str) -> None:
    (base / "look" / "topic.yaml").write_bytes(data.encode())
    assert errors(base) == []


def test_places_are_right_after_a_mark_and_with_windows_line_ends(base: Path) -> None:
    text = "\ufeff" + TOPIC.replace("\n", "\r\n") + "titel: x\r\n"
    (base / "look" / "topic.yaml").write_bytes(text.encode())
    assert errors(base) == ["look/topic.yaml:4:1 KB110"]


def laughs(levels: int) -> str:
    lines = ["authors: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        copies = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(
            f"endorsers: &a{level} [{copies}]" if level == 1 else f"k{level}: &a{level} [{copies}]"
        )
    return TOPIC + "\n".join(lines)


STEPS = "plan:\n  steps: &s\n  - &one {id: a, title: A, steps: "
REPEATING = {
    "billion laughs in unknown keys": (laughs(9), "KB110"),
    "laughs in a list": (TOPIC + "uses: &u [*u, *u]\n", "KB112"),
    "steps in themselves": (TOPIC + STEPS + "*s}\n", "KB106"),
    "a step in itself, twice": (TOPIC + STEPS + "[*one, *one]}\n", "KB106"),
    "a map in itself": ("&r\ntopic: look\ntitle: x\nsummary: y\nplan: *r\n", "KB110"),
}


@pytest.mark.parametrize(("text", "code"), REPEATING.values(), ids=REPEATING)
def test_what_repeats_itself_ends(base: Path, text: str, code: str) -> None:
    (base / "look" / "topic.yaml").write_text(text, encoding="utf-8")
    assert code in {one.split()[-1] for one in errors(base)}


def test_exponential_steps_end(base: Path) -> None:
    """Steps that are written once and meant 9^8 times."""
    inner = "&s0 {id: a, title: A}"
    for level in range(1, 9):
        copies = ", ".join([f"*s{level - 1}"] * 8)
        inner = f"&s{level} {{id: a, title: A, steps: [{inner}, {copies}]}}"
    text = f"{TOPIC}plan:\n  steps: [{inner}]\n"
    (base / "look" / "topic.yaml").write_text(text, encoding="utf-8")
    assert [one.split()[-1] for one in errors(base)] == ["KB106"]


DEEP = {
    "open brackets": ("'[' * n", "1:101 KB106"),
    "brackets": ("'[' * n + ']' * n", "1:101 KB106"),
    "braces": ("'{a: ' * n + '}' * n", "1:401 KB106"),
    "dashes": ("'- ' * n + 'x'", "1:201 KB106"),
    "question marks": ("'? ' * n", "1:201 KB106"),
    "columns": ("''.join(' ' * i + 'a:\\n' for i in range(min(n, 2000)))", "101:101 KB106"),
    "below a key": ("'topic: look\\nplan: ' + '[' * n", "2:106 KB106"),
    "on lines of their own": ("'[\\n' * n", "101:1 KB106"),
    "behind an anchor each": ("''.join(f'&a{i} [' for i in range(n))", "1:591 KB106"),
    "after quotes and comments": (
        """'a: "[[ \\\\" [["\\nb: it\\'s \\'[[\\' # [[\\nc: ' + '[' * n""",
        "3:103 KB106",
    ),
}
LOADERS = {
    "as installed": "",
    "without libyaml": "reading._LOADER = yaml.SafeLoader",
}


@pytest.mark.parametrize("n", [10_000, 1_000_000])
@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_deep_nesting_ends_in_another_process(loader: str, n: int) -> None:
    """In a process of its own: what goes wrong here is the end of the process."""
    program = f"""
import json, yaml
from fhir_kb.read import yaml as reading
{loader}
n = {n}
texts = {{{", ".join(f"{name!r}: {text}" for name, (text, _) in DEEP.items())}}}
found = {{}}
for name, text in texts.items():
    node, findings = reading.load(text.encode()[:4_000_000], "topic.yaml")
    assert node is None
    found[name] = [f"{{d.span.line}}:{{d.span.column}} {{d.code}}" for d in findings]
print(json.dumps(found))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {name: [finding] for name, (_, finding) in DEEP.items()}


NOT_DEEP = {
    "many lists": "a:\n" + "  - [x, {y: z}]\n" * 1_000,
    "prose with open brackets": "a: |\n" + "  see [the (first [page\n" * 1_000,
    "a long line": "a: " + "[ " + "(x) " * 2_000 + "]",
}


@pytest.mark.parametrize("text", NOT_DEEP.values(), ids=NOT_DEEP)
def test_many_brackets_are_not_deep(text: str) -> None:
    node, findings = load(text.encode(), "topic.yaml")
    assert node is not None
    assert findings == ()


def test_a_mistake_among_many_brackets_is_a_mistake() -> None:
    text = "a:\n" + "  - [x, 'it [', y] # [\n" * 1_000 + "b: c: d\n"
    node, (finding,) = load(text.encode(), "topic.yaml")
    assert node is None
    assert (finding.code, finding.span.line) == ("KB104", 1002)


def test_the_gate_and_the_decoder_bear_what_can_be_composed() -> None:
    steps = "{id: a, title: A, steps: [" * 48 + "{id: b, title: B}" + "]}" * 48
    node, findings = load(f"{TOPIC}plan: {{steps: [{steps}]}}".encode(), "topic.yaml")
    assert findings == ()
    assert node is not None
    assert [one.code for one in decode(node, Topic, "topic.yaml")[1]] == ["KB106"]
    assert schema_findings(node, "topic", "topic.yaml") == ()


def test_the_deepest_steps_that_are_allowed_pass_both() -> None:
    steps = "{id: a, title: A, steps: [" * 20 + "{id: b, title: B}" + "]}" * 20
    node, _ = load(f"{TOPIC}plan: {{steps: [{steps}]}}".encode(), "topic.yaml")
    assert node is not None
    assert decode(node, Topic, "topic.yaml")[1] == ()
    assert schema_findings(node, "topic", "topic.yaml") == ()


# Where files lie


def test_a_link_out_of_the_definitions(base: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (base / "look" / "page.md").unlink()
    (base / "look" / "page.md").symlink_to(tmp_path / "secret.md")
    assert errors(base) == ["look/page.md:0:0 KB140"]


def test_a_topic_that_is_a_link_out_of_the_definitions(base: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(TOPIC, encoding="utf-8")
    (base / "look" / "topic.yaml").unlink()
    (base / "look" / "topic.yaml").symlink_to(tmp_path / "other.yaml")
    assert errors(base) == ["look/topic.yaml:0:0 KB140"]


def test_a_folder_that_links_out_is_an_error(base: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "topic.yaml").write_text("nonsense", encoding="utf-8")
    (base / "other").symlink_to(tmp_path / "other", target_is_directory=True)
    assert errors(base) == ["other:0:0 KB140"]


def test_links_in_a_circle(base: Path) -> None:
    (base / "look" / "again").symlink_to(base, target_is_directory=True)
    (base / "one").symlink_to(base / "two")
    (base / "two").symlink_to(base / "one")
    assert errors(base) == ["look/again:0:0 KB101", "one:0:0 KB101", "two:0:0 KB101"]


@pytest.mark.parametrize("name", ["topic.yaml", "page.md"])
def test_a_link_to_itself(base: Path, name: str) -> None:
    (base / "look" / name).unlink()
    (base / "look" / name).symlink_to(name)
    assert [one.split()[-1] for one in errors(base)] == ["KB101"]


def test_a_link_that_leads_nowhere(base: Path) -> None:
    (base / "look" / "page.md").unlink()
    (base / "look" / "page.md").symlink_to("gone.md")
    assert errors(base) == ["look/page.md:0:0 KB101"]


def test_a_folder_named_like_a_topic(base: Path) -> None:
    (base / "look" / "topic.yaml").unlink()
    (base / "look" / "topic.yaml").mkdir()
    found = build(base, output=None)
    assert [one.code for one in found.diagnostics] == ["KB142", "KB109", "KB108"]


def test_a_page_that_is_not_there(base: Path) -> None:
    (base / "look" / "topic.yaml").write_text(TOPIC + "text: pages.md\n", encoding="utf-8")
    (found,) = build(base, output=None).diagnostics
    assert told(found, base) == "look/topic.yaml:4:7 KB101"
    assert found.help == "did you mean 'page.md'?"


def test_a_folder_in_place_of_a_page(base: Path) -> None:
    (base / "look" / "pages").mkdir()
    (base / "look" / "topic.yaml").write_text(TOPIC + "text: pages\n", encoding="utf-8")
    assert errors(base) == ["look/topic.yaml:4:7 KB101"]


def test_references_that_are_no_yaml(base: Path) -> None:
    (base / "look" / "topic.yaml").write_text(TOPIC + "references: r.bib\n", encoding="utf-8")
    assert errors(base) == ["look/topic.yaml:4:13 KB145"]


def test_no_folder_and_no_kb(base: Path, tmp_path: Path) -> None:
    assert [one.split()[-1] for one in errors(tmp_path / "nowhere")] == ["KB141"]
    (base / "kb.yaml").unlink()
    assert "KB141" in {one.split()[-1] for one in errors(base)}


# Pages

PAGES = {
    "script": ("<script>alert(1)</script>", ["1:1 KB130", "1:17 KB130"]),
    "script in capitals": ("a <SCRIPT SRC=x>", ["1:3 KB130"]),
    "script over lines": ("<script\nsrc=x>", ["1:1 KB130"]),
    "image with a handler": ("<img src=x onerror=alert(1)>", ["1:1 KB130"]),
    "comment": ("<!-- x -->", ["1:1 KB130"]),
    "in a heading": ("## <b>x</b>", ["1:4 KB130", "1:8 KB130"]),
    "script in a link": ("[a](javascript:alert(1))", ["1:5 KB131"]),
    "capitals": ("[a](JaVaScRiPt:alert(1))", ["1:5 KB131"]),
    "entities": ("[a](&#106;avascript:alert(1))", ["1:5 KB131"]),
    "named entities": ("[a](javascript&colon;alert(1))", ["1:5 KB131"]),
    "hex entities": ("[a](java&#x73;cript:alert(1))", ["1:5 KB131"]),
    "percent signs": ("[a](javascript%3Aalert(1))", ["1:5 KB131"]),
    "backslash": (r"[a](javascript\:alert(1))", ["1:5 KB131"]),
    "control character": ("[a](java\x01script:alert(1))", ["1:5 KB131"]),
    "pointed brackets": ("[a](<javascript:alert(1)>)", ["1:6 KB131"]),
    "blanks in front": ("[a](  javascript:alert(1))", ["1:7 KB131"]),
    "image": ("![a](javascript:alert(1))", ["1:6 KB131"]),
    "data": ("[a](data:text/html,x)", ["1:5 KB131"]),
    "vbscript": ("[a](vbscript:x)", ["1:5 KB131"]),
    "file": ("[a](file:///etc/passwd)", ["1:5 KB131"]),
    "definition": ("[a]\n\n[a]: javascript:alert(1)", ["3:6 KB131"]),
    "definition with entities": ("[a]: &#106;avascript:alert(1)", ["1:6 KB131"]),
    "definition in brackets": ("[a]: <data:text/html,x>", ["1:7 KB131"]),
    "autolink": ("<javascript:alert(1)>", ["1:2 KB131"]),
    "target on the next line": ("[a](\njavascript:alert(1))", ["2:1 KB131"]),
    "definition on two lines": ("[a]:\njavascript:alert(1)", ["2:1 KB131"]),
    "definition in a quote": ("> [a]: javascript:alert(1)", ["1:8 KB131"]),
    "definition in a list": ("- [a]: javascript:alert(1)", ["1:8 KB131"]),
    "behind a code span over two lines": ("`x\ny` [a](javascript:1) `z", ["1:1 KB131"]),
    "behind a code block in a list": ("- ```\n  x\n  ```\n\n<script>", ["5:1 KB130"]),
    "behind a fence that is none": ("``` a`b\n\n<script>", ["3:1 KB130"]),
    "behind a list that ends": ("1. a\n\n   ~~~\n\n<div>", ["5:1 KB130"]),
    "not UTF-8": ("\udcff", ["1:1 KB102"]),
    "two titles": ("# A\n# B", ["2:3 KB132"]),
    "no words": ("## {#x}", ["1:4 KB132"]),
    "the same name": ("## A\n## A", ["2:4 KB133"]),
    "attribute": ("## A {.warn}", ["1:4 KB134"]),
    "names nothing": ("see [[]]", ["1:5 KB135"]),
}  # fmt: skip


def page_told(text: str) -> list[str]:
    found = read_page(text.encode("utf-8", "surrogateescape"), "page.md")[1]
    return [f"{one.span.line}:{one.span.column} {one.code}" for one in found]


@pytest.mark.parametrize(("text", "wanted"), PAGES.values(), ids=PAGES)
def test_what_a_page_may_not_hold(text: str, wanted: list[str]) -> None:
    assert page_told(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "`<script>` and `[a](javascript:x)`",
        "```\n# no heading\n<script>\n[a](javascript:x)\n```",
        "~~~~\n```\n# no heading\n<b>\n~~~~",
        "p < 0.05 and 3<5",
        "[a](https://kb.test) [b](mailto:a@kb.test) [c](tel:112) [d](#x) [e](other.md)",
        "<https://kb.test/a>",
        "[a]: https://kb.test",
    ],
)
def test_what_a_page_may_hold(text: str) -> None:
    assert page_told(text) == []


def test_headings_in_code_are_no_sections() -> None:
    page, _ = read_page(b"## A\n```\n## B\n```\n## C\n", "page.md")
    assert page is not None
    assert [section.title for section in page.sections] == ["A", "C"]


LONG_LINES = {
    "a heading of blanks": "## A{blanks}x",
    "a heading that opens attributes": "## A {opened}",
    "backticks that close nothing": "{ticks}a",
    "runs of backticks of all lengths": "{runs}",
    "brackets": "{brackets}",
    "references that never close": "{references}",
    "definitions": "{definitions}",
    "targets": "{targets}",
    "tags": "{tags}",
}


def test_a_very_long_line_is_read_in_one_go() -> None:
    """In a process of its own: a pattern that tries again and again would not end."""
    script = """
import json, sys
from fhir_kb.read.markdown import read_page
n = 100_000
filled = dict(
    blanks=" " * n, opened="{ " * n, ticks="`" * n, brackets="[" * n, tags="<a " * n,
    runs="".join("`" * (i % 60 + 1) + "a" for i in range(n // 30)),
    references="[@a, " * n, definitions="[a]: " * (n // 5), targets="[a](" * (n // 5),
)
for line in json.loads(sys.argv[1]).values():
    read_page(line.format(**filled).encode(), "page.md")
"""
    words = [sys.executable, "-c", script, json.dumps(LONG_LINES)]
    subprocess.run(words, check=True, timeout=120)


@pytest.mark.parametrize(
    ("line", "title", "section"),
    [
        ("## A title ##", "A title", "a-title"),
        ("## A title  {#named .warning}", "A title", "named"),
        ("## Vitamin C#", "Vitamin C#", "vitamin-c"),
        ("## One `#` two   ###  ", "One # two", "one-two"),
    ],
)
def test_headings(line: str, title: str, section: str) -> None:
    page, found = read_page(f"{line}\n- text\n".encode(), "page.md")
    assert not found
    assert page is not None
    assert [(one.title, one.id) for one in page.sections] == [(title, section)]


@pytest.mark.parametrize(
    ("line", "links"),
    [
        ("`[[a]]` [[b]]", ["b"]),
        ("`` ` [[a]] `` [[b]]", ["b"]),
        ("` [[a]] `` [[b]]", ["a", "b"]),
        ("```a` [[b]] ``` [[c]]", ["c"]),
        ("`` [[a]] ` [[b]] ``` [[c]] `", ["a"]),
    ],
)
def test_links_in_code_are_code(line: str, links: list[str]) -> None:
    page, found = read_page(f"{line}\n".encode(), "page.md")
    assert not found
    assert page is not None
    assert [link.target for link in page.links] == links


def test_a_page_with_very_many_mistakes_ends_and_says_enough() -> None:
    found = read_page(b"## a {#x y}\n<b>\n" * 20_000, "page.md")[1]
    assert len(found) == 200
