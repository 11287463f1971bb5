"""Cases of the HL7 validator's suite: what they expect, what we report, and at which place."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance_reasons import ELSEWHERE, SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


def single_file_cases(suites: Path) -> list[dict[str, Any]]:
    """The cases that need no other files, packages or terminology server."""
    text = (suites / "fhir-validator" / "manifest.json").read_text(encoding="utf-8")
    return [
        case
        for case in json.loads(text)["test-cases"]
        if (known := case.get("x-class") or {}).get("class") == "core-only"
        and known.get("singleFile")
        and known.get("baseErrors") is not None
    ]


def line_of(suites: Path, case: dict[str, Any], lines: dict[str, Any]) -> dict[str, Any]:
    """What fhir-kb reported of the file of a case; empty where it reported nothing."""
    path = str(suites / "fhir-validator" / case["file"])
    found: dict[str, Any] = lines.get((path, case["x-class"]["fhirVersion"])) or {}
    return found


def verdict_lines(suites: Path, name: str) -> list[dict[str, Any]]:
    """What the HL7 engine says offline of the files of a set, one object a file."""
    path = suites / "offline-verdicts" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def counts(message: dict[str, Any]) -> bool:
    """Whether a message of the engine is an error that does not depend on what else is loaded."""
    name = message.get("messageId") or ""
    return (
        message["severity"] in ("error", "fatal")
        and name not in ELSEWHERE
        and not name.endswith("CANONICAL_RESOLVE_NC")
    )


def outcome(suites: Path, case: dict[str, Any]) -> dict[str, Any]:
    """The OperationOutcome that a case expects."""
    expected = case.get("java")
    if isinstance(expected, dict):
        return expected.get("outcome") or {}
    for folder in ("outcomes", "."):
        path = suites / "fhir-validator" / folder / str(expected)
        if path.is_file():
            outcome: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return outcome
    return {}


def expected_errors(suites: Path, case: dict[str, Any]) -> list[tuple[str, str]]:
    """Place and text of each error that a case expects."""
    return [
        (
            re.sub(r"/\*.*?\*/", "", (one.get("expression") or ["?"])[0]).rstrip("/"),
            " ".join(str((one.get("details") or {}).get("text", "")).split()),
        )
        for one in outcome(suites, case).get("issue", ())
        if one["severity"] in ("error", "fatal")
    ]


def reported_errors(suites: Path, case: dict[str, Any], lines: dict[str, Any]) -> Counter[str]:
    """The places of our errors, and how many are there."""
    return Counter(
        place
        for one in line_of(suites, case, lines).get("issues", ())
        if one["severity"] == "error"
        for place in one.get("expression") or [""]
    )


def matched(expected: list[tuple[str, str]], ours: Counter[str]) -> list[str | None]:
    """For each expected error the place of one of ours that is the same, in whatever way it is
    written; None: there is none. An error of ours is that of one expected error only."""
    left = ours.copy()
    left.subtract(place for place, _ in expected if place in ours)
    found: list[str | None] = []
    for place, _ in expected:
        same = (one for one in sorted(left) if left[one] > 0 and _is_same_place(place, one))
        other = place if place in ours else next(same, None)
        if other is not None and place not in ours:
            left[other] -= 1
        found.append(other)
    return found


def errors_elsewhere(suites: Path, lines: dict[str, Any]) -> list[str]:
    """Each expected error that has none of ours at just the same expression, with the reason."""
    made = [
        "## Errors of these cases that we do not have at the same expression",
        "",
        "Places are compared, not messages, and an error of ours counts for one expected error.",
        "",
        "| case | expected at | why |",
        "|---|---|---|",
    ]
    for case in single_file_cases(suites):
        ours = reported_errors(suites, case, lines)
        expected = expected_errors(suites, case)
        for (place, text), other in zip(expected, matched(expected, ours), strict=True):
            if place in ours:
                continue
            if re.search(SETTINGS, text):
                why = "depends on a setting, or on what is loaded"
            elif other is not None:
                why = f"ours is at `{other or 'the text'}`: the same place, written in another way"
            elif ours:
                why = f"no error of ours there that is not counted already: {text[:90]}"
            else:
                why = f"not found: {text[:90]}"
            made.append(f"| {case['name']} | `{place}` | {why.replace('|', '/')} |")
    return [*made, ""]


def counted_places(suites: Path, lines: dict[str, Any]) -> tuple[int, int, int, int]:
    """How many of the expected errors have one of ours at the same expression, and of how many.

    First as they are written; then by place, see _is_same_place, without the errors of SETTINGS.
    """
    met = total = alike = comparable = 0
    for case in single_file_cases(suites):
        ours = reported_errors(suites, case, lines)
        expected = expected_errors(suites, case)
        for (place, text), other in zip(expected, matched(expected, ours), strict=True):
            total += 1
            met += place in ours
            if not re.search(SETTINGS, text):
                comparable += 1
                alike += other is not None
    return met, total, alike, comparable


def _is_same_place(theirs: str, ours: str) -> bool:
    """Whether the engine means that place: it writes XPaths too, leaves indices out in some places
    and counts them from 1 in others."""
    steps = [_steps(place) for place in (theirs, ours)]
    if [name for name, _ in steps[0]] != [name for name, _ in steps[1]]:
        return False
    pairs = zip(*([index for _, index in one] for one in steps), strict=True)
    return all(None in pair or pair[0] - pair[1] in (0, 1) for pair in pairs)


def _steps(place: str) -> list[tuple[str, int | None]]:
    """The names in a place, an XPath as FHIRPath, with their indices; none: the text as a whole."""
    path = re.sub(r"/\?:|/f:", ".", place).removeprefix(".") if place.startswith("/") else place
    if path in ("(xml)", "XML", "?", ""):
        return []
    steps = re.sub(r"\[url='[^']*'\]", "", path).split(".")
    parts = [step.partition("[") for step in steps]
    return [(name, int(index[:-1]) if index else None) for name, _, index in parts]
