"""Write docs/reference/format.md, the reference of the authoring format, from the model itself.

python scripts/make_format_reference.py            write it
python scripts/make_format_reference.py --check    exit 1 where it is not what would be written
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.model.schema_shape import (
    ListShape,
    RecordKey,
    RecordShape,
    ScalarShape,
    SchemaShape,
    layout,
)
from fhir_kb.model.text import (
    CodeText,
    Country,
    Date,
    Duration,
    File,
    Id,
    Language,
    Markdown,
    Quantity,
    Text,
    Title,
    Uri,
)
from fhir_kb.read.markdown import CLASSES
from fhir_kb.read.scalar_formats import SCALAR_FORMATS
from fhir_kb.read.schema import ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.record import Record

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "format.md"
FEW: Final = 6
KINDS: Final[dict[type, str]] = {
    bool: "`true` or `false`",
    int: "a whole number",
    Text: "text",
    Id: "a name",
    Markdown: "Markdown",
    Date: "a date",
    Uri: "a URI",
    Quantity: "a quantity",
    Duration: "a length of time",
    File: "a file",
    CodeText: "a code",
    Country: "a country",
    Language: "a language tag",
    Title: "a title",
}
ORDER: Final = ("kb", "topic", "concepts", "references")

HEAD: Final = """\
# The authoring format

<!-- made by scripts/make_format_reference.py -->

Every file, key and word that definitions may have. `fhir-kb schema` prints the same as JSON
Schema, with which an editor checks and completes while one writes; [mapping.md](../mapping.md)
tells what each key becomes in FHIR; [the tutorial](../tutorial.md) shows how one begins.

## The files

    definitions/
      kb.yaml                settings of the whole knowledge base
      concepts.yaml          concepts that all topics share (may be left out)
      dry-needling/          a folder for each topic, with any name, at any depth
        topic.yaml           what has structure
        page.md              the prose (may be left out)
        references.yaml      the works that the topic cites (may be left out)
        *.cql                logic that `libraries` names
        *.png, *.jpg, *.svg  images that the page shows

Files are UTF-8 and at most 4 MB. Names that begin with a dot are passed over; a link that leads
out of the definitions is refused.

## How values are written

YAML 1.2, read as what was written: `no`, `1:30` and `1.50` stay text. A key stands once in its
mapping. Anchors and aliases are allowed; tags and merge keys (`<<`) are not. Whoever needs no
quotes writes none; text that contains `: ` or ` #`, or begins with a sign that YAML knows,
needs them.

**One for many.** Where a list is asked for, one value may stand for a list of one:
`audience: healthcare-professional`.

**Short for long.** A record that has a *short form* may be written as that one value. These
mean the same:

    after: insert
    after: [{step: insert}]

**Maps by name.** Where a *map* is asked for, the name is written before the colon and needs no key:

    goals:
      motion: Full, painless range of motion

**Names instead of codes.** A plain word where a concept is meant is the name of a concept, of
the topic's own `concepts` or of `concepts.yaml`. Words that need no name are
written `{text: …}`.
"""

PAGE_PART: Final = """\
## page.md

Markdown (CommonMark with tables). The title is `# …`; sections start with `##`, sections within
them with `###` and so on. Nested bullets keep their nesting in everything that is published.
Raw HTML is refused, and so is a link that could run code.

A heading may end with a name and marks in braces: `## How it might work {#mechanism .theory}`.
Without a name, a section is called by its words. The marks are CLASSES: a theory is shown as
one and may hold no link to evidence.

- `[@furlan-2005]`, `[@furlan-2005, p. 3]` cites a work of references.yaml.
- `[[stretching]]`, `[[stretching|exercises]]` links to what has that name in the topic: an
  activity, evidence, a value set, a code system or a library, which becomes a link to its
  resource; or a step, a goal, a concept, a caution, a note or a reference. Where nothing in the
  topic has the name, it is another topic's. In a table, the bar is written `\\|`.
- `![what it shows](elbow.png)` shows an image of the topic's folder: PNG, JPEG, GIF, WebP or SVG
  without scripts, animations and addresses; up to 256 kB each, 1,024 kB a topic. The words stand
  for it where it is not seen, so they are required.
- `word[^1]` refers to a footnote, `[^1]: its text` anywhere in the page is one. It is shown below
  each section that refers to it.
- `- [ ]` and `- [x]` are shown as ☐ and ☑.

What would be shown as it was typed (a table without its line of dashes, a footnote without
text), or not at all, is an error; so are words that are struck out, which look valid where the line
is not shown. A heading is words: its emphasis is left out.
"""


def page() -> str:
    """docs/reference/format.md."""
    lines = HEAD.splitlines()
    lines += ["", "**Forms.** Some values have a form:", "", "| | |", "|---|---|"]
    lines += [f"| {form.called} | {_cell(form.help)} |" for form in SCALAR_FORMATS.values()]
    seen: list[type[Record]] = []
    for name in ORDER:
        root = ROOTS[name]
        lines += ["", f"## {name}.yaml", "", _told(root), *_body(root, seen)]
    marks = ", ".join(f"`.{name}`" for name in CLASSES)
    lines += ["", *PAGE_PART.replace("CLASSES", marks).splitlines()]
    lines += ["", "## The parts", ""]
    lines += ["What the tables above call by name, in the order in which they first appear."]
    for record in seen:  # grows while it is read
        lines += ["", f"### {record.__name__}", "", _told(record), *_body(record, seen)]
    return "\n".join(lines).rstrip() + "\n"


def _body(record: type[Record], seen: list[type[Record]]) -> Iterator[str]:
    plan = layout(record)
    if plan.keyed is not None:
        yield from ("", f"Its name in the map: {_kind(plan.keyed.shape, seen)}.")
    if plan.whole and plan.shorthand is not None:
        shown = _kind(plan.shorthand.shape, seen)
        yield from ("", f"The whole file is {shown}.")
        return
    short = plan.shorthand
    if short is not None and all(one in (short, plan.keyed) for one in plan.required):
        yield from ("", f"Short form: the value of `{short.name}` alone.")
    yield from ("", "| key | value | |", "|---|---|---|")
    for key in plan.by_name.values():
        needed = "**Needed.** " if key.required else ""
        example = f" Example: `{key.example}`." if key.example is not None else ""
        kind = _cell(_kind(key.shape, seen))
        yield f"| `{key.name}` | {kind} | {needed}{_cell(key.doc)}{_cell(example)} |"
    keyed = () if plan.keyed is None else (plan.keyed,)
    for key in (*keyed, *plan.by_name.values()):
        if len(words := _words(key)) > FEW:
            yield from ("", f"Words of `{key.name}`: {', '.join(f'`{word}`' for word in words)}.")


def _kind(shape: SchemaShape, seen: list[type[Record]]) -> str:
    if isinstance(shape, ListShape):
        if shape.keyed:
            return f"a map to {_kind(shape.item, seen)}"
        return f"a list: {_kind(shape.item, seen)}"
    if isinstance(shape, RecordShape):
        if shape.record not in seen:
            seen.append(shape.record)
        name = shape.record.__name__
        return f"[{name}](#{name.lower()})"
    if shape.words is not None:
        words = list(shape.words.words)
        if len(words) > FEW:
            return "a word, see below"
        return "one of " + ", ".join(f"`{word}`" for word in words)
    if shape.names is not None:
        kind = shape.names.kind.replace("-", " ")
        return f"the name of {'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    return shape.pattern.called if shape.pattern else KINDS[shape.type]


def _words(key: RecordKey) -> list[str]:
    shape: Any = key.shape
    while isinstance(shape, ListShape):
        shape = shape.item
    words = shape.words if isinstance(shape, ScalarShape) else None
    return list(words.words) if words else []


def _told(record: type[Record]) -> str:
    text = " ".join((record.__doc__ or "").split())
    _, colon, rest = text.partition(".yaml: ")
    said = rest if colon else text
    return said[:1].upper() + said[1:]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(words: list[str]) -> int:
    """Write the page, or with --check say whether it is up to date."""
    text = page()
    if words == ["--check"]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            print("docs/reference/format.md is not up to date: run 'make docs'", file=sys.stderr)
        return int(not fresh)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
