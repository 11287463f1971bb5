"""Every mistake in a YAML file gets its finding, at its place, in words that help."""
# ruff: noqa: E501  a table reads better with one mistake on a line

from __future__ import annotations

import pytest

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.model.reference import References
from fhir_kb.model.topic import Topic
from fhir_kb.read.decode import MAX_FINDINGS, decode
from fhir_kb.read.yaml import load

HEAD = "topic: needling\ntitle: Needling\nsummary: How it is done.\n"  # what follows is line 4


def read(text: str) -> tuple[Topic | None, tuple[Diagnostic, ...]]:
    node, findings = load(text.encode(), "topic.yaml")
    return (None, findings) if node is None else decode(node, Topic, "topic.yaml")


def told(findings: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{f.span.line}:{f.span.column} {f.code} {f.message}" for f in findings]


MISTAKES = {
    "mapping for a text": ("subtitle: {a: b}", "4:11 KB112 'subtitle' is a single value, not a mapping"),
    "list for a text": ("subtitle: [a, b]", "4:11 KB112 'subtitle' is a single value, not a list"),
    "text for a mapping": ("effective: always", "4:12 KB112 'effective' is a mapping, not a single value"),
    "text for a truth": ("experimental: maybe", "4:15 KB112 'experimental' is true or false, not 'maybe'"),
    "yes for true": ("experimental: yes", "4:15 KB112 'experimental' is true or false, not 'yes'"),
    "quoted truth": ('experimental: "true"', "4:15 KB112 'experimental' is true or false, not 'true'"),
    "list for a mapping": ("effective: [2026]", "4:12 KB112 'effective' is a mapping, not a list"),
    "text for a step": ("plan:\n  steps: [look]", "5:11 KB112 'steps' is a mapping, not a single value"),
    "nothing named": ("activities: {look: }", "4:14 KB115 'look' has no value"),
    "list for names": ("terms: [a]", "4:8 KB112 'terms' is a mapping from names to their definitions"),
    "list for a contact": ("authors:\n- [A. B.]", "5:3 KB112 'authors' is a single value or a mapping, not a list"),
    "list as a key": ("[a, b]: c", "4:1 KB112 a key is a single word"),
    "unknown key": ("activites: {}", "4:1 KB110 'activites' is not a key here"),
    "unknown key below": ("effective: {form: 2026}", "4:13 KB110 'form' is not a key here"),
    "merge key": ("<<: {title: x}", "4:1 KB110 '<<' is not a key here"),
    "missing key": ("activities: {look: {kind: service}}", "4:14 KB111 'look' lacks 'title'"),
    "missing key in a list": ("plan:\n  steps:\n  - does: it", "6:5 KB111 this lacks 'id'"),
    "unknown word": ("status: activ", "4:9 KB113 'activ' is not a word for 'status'"),
    "word in capitals": ("status: Active", "4:9 KB113 'Active' is not a word for 'status'"),
    "no date": ("date: yesterday", "4:7 KB114 'yesterday' is not a date"),
    "no such day": ("date: 2026-02-30", "4:7 KB114 '2026-02-30' is not a day that exists"),
    "no such month": ("date: 2026-13", "4:7 KB114 '2026-13' is not a date"),
    "no version": ("version: one", "4:10 KB114 'one' is not "),
    "no URI": ("uses: [guide]", "4:8 KB114 'guide' is not an absolute URI"),
    "name with capitals": ("activities: {Look: {title: x}}", "4:14 KB114 'Look' is not a name"),
    "nothing": ("subtitle:", "4:10 KB115 'subtitle' has no value"),
    "null": ("subtitle: null", "4:11 KB115 'subtitle' has no value"),
    "tilde": ("subtitle: ~", "4:11 KB115 'subtitle' has no value"),
    "no map": ("terms:", "4:7 KB115 'terms' has no value"),
    "no plan": ("plan:", "4:6 KB115 'plan' has no value"),
    "empty": ('subtitle: ""', "4:11 KB116 'subtitle' is empty"),
    "blanks": ('subtitle: "  "', "4:11 KB116 'subtitle' is empty"),
    "empty item": ('uses: [""]', "4:8 KB116 'uses' is empty"),
    "twice": ("title: Again", "4:1 KB105 'title' is a duplicate key"),
    "twice below": ("terms:\n  a: b\n  a: c", "6:3 KB105 'a' is a duplicate key"),
    "tag": ("subtitle: !ref x", "4:11 KB107 the tag '!ref' has no meaning here"),
    "tag that runs code": (
        "subtitle: !!python/object/apply:os.system [x]",
        "4:11 KB107 the tag 'tag:yaml.org,2002:python/object/apply:os.system' has no meaning here",
    ),
    "tag in a map": ("terms: {a: !x b}", "4:12 KB107 the tag '!x' has no meaning here"),
    "HTML in Markdown": ("purpose: a <b>b</b>", "4:10 KB130 raw HTML ('<b>') is not taken over"),
    "unsafe link in Markdown": (
        "purpose: '[a](&#106;avascript:x)'",
        "4:10 KB131 a link to 'javascript:x' could run code",
    ),
    "out of the folder": ("text: ../page.md", "4:7 KB140 '../page.md' is outside the topic's folder"),
    "from the root": ("text: /etc/passwd", "4:7 KB140 '/etc/passwd' is outside the topic's folder"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), MISTAKES.values(), ids=MISTAKES)
def test_one_mistake_one_finding(text: str, wanted: str) -> None:
    topic, findings = read(HEAD + text + "\n")
    assert topic is None
    if wanted.endswith(" "):  # what follows is the pattern's own description
        assert [one[: len(wanted)] for one in told(findings)] == [wanted]
    else:
        assert told(findings) == [wanted]


ADVICE = {
    "nearest key": ("activites: {}", "did you mean 'activities'?"),
    "nearest word": ("status: activ", "did you mean 'active'?"),
    "yes": ("experimental: yes", "write true"),
    "off": ("experimental: off", "write false"),
    "merge key": ("<<: {}", "merge keys are not YAML 1.2; write the keys out"),
    "the first of two": ("title: Again", "the first is in line 2"),
}


@pytest.mark.parametrize(("text", "wanted"), ADVICE.values(), ids=ADVICE)
def test_advice(text: str, wanted: str) -> None:
    assert [found.help for found in read(HEAD + text)[1]] == [wanted]


def test_an_unknown_key_near_nothing_gets_all_keys() -> None:
    (found,) = read(HEAD + "effective: {zzzz: 2026}")[1]
    assert found.help == "expected one of: from, to"


def test_all_mistakes_are_told_at_once() -> None:
    found = told(read("topic: Nee\ntitel: x\nsummary:\ndate: never\n")[1])
    assert [one.split()[1] for one in found] == ["KB114", "KB110", "KB115", "KB114"]


def test_what_is_missing_is_not_told_while_a_key_may_be_misspelt() -> None:
    assert [one.split()[1] for one in told(read("topic: a\ntitel: x\nsummary: y\n")[1])] == [
        "KB110"
    ]


FINE = {
    "number as a text": ("title", "7", "7"),
    "truth as a text": ("title", "yes", "yes"),
    "leading zero": ("title", "007", "007"),
    "time of day": ("title", "1:30", "1:30"),
    "trailing zero": ("title", "1.50", "1.50"),
    "quoted null": ("title", '"null"', "null"),
    "letters of all kinds": ("title", "Würde 痛み 😀", "Würde 痛み 😀"),
}


@pytest.mark.parametrize(("key", "written", "wanted"), FINE.values(), ids=FINE)
def test_text_stays_what_was_written(key: str, written: str, wanted: str) -> None:
    topic, findings = read(f"topic: a\n{key}: {written}\nsummary: y\n")
    assert findings == ()
    assert topic is not None
    assert topic.title == wanted


def test_one_stands_for_a_list_of_one() -> None:
    one, many = read(HEAD + "authors: A. B.\n")[0], read(HEAD + "authors: [A. B.]\n")[0]
    assert one is not None
    assert many is not None
    assert [a.name for a in one.authors] == [a.name for a in many.authors] == ["A. B."]


def test_a_file_that_is_no_mapping() -> None:
    assert told(read("- a\n")[1]) == ["1:1 KB112 this file is a mapping, not a list"]
    assert told(read("a\n")[1]) == ["1:1 KB112 this file is a mapping, not a single value"]
    assert told(read("~\n")[1]) == ["1:1 KB115 this file has no value"]


def test_values_know_their_place() -> None:
    topic, _ = read(HEAD + "subtitle: 'x y'\n")
    assert topic is not None
    assert topic.subtitle is not None
    span = topic.subtitle.span
    assert (span.line, span.column, span.end_line, span.end_column) == (4, 11, 4, 16)


def test_a_file_full_of_mistakes_is_not_told_for_ever() -> None:
    text = HEAD + "".join(f"wrong-{n}: x\n" for n in range(20_000))
    assert len(read(text)[1]) == MAX_FINDINGS


def test_references_are_a_map() -> None:
    node, _ = load(b"- title: x\n", "references.yaml")
    assert node is not None
    found = decode(node, References, "references.yaml")[1]
    assert told(found) == ["1:1 KB112 'references' is a mapping from names to their definitions"]
