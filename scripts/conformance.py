"""Run the scoring scripts of ../shared on fhir-kb and write docs/conformance.md.

    python scripts/conformance.py [--shared DIR]

DIR (by default ../shared) holds the official test suites, the verdicts of the HL7 engine and the
scripts that compare. Takes about half a minute. Exit 2 where DIR is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from conformance_cases import (
    counted_places,
    counts,
    errors_elsewhere,
    line_of,
    single_file_cases,
    verdict_lines,
)
from conformance_reasons import CAUSES, NO_SERVER, REFUSED, SUPPORTED

from fhir_kb.packages import definitions
from fhir_kb.validate.input.xml import parse_xml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "conformance.md"
COMMAND = Path(sys.executable).parent / "fhir-kb"
#: As the expected results were made: HL7's engine was told to allow any extensions.
LENIENT = ("--allow-extensions", "any")


def main() -> int:
    """Write the page; see above."""
    parser = argparse.ArgumentParser(description="Write docs/conformance.md.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    shared: Path = parser.parse_args().shared.resolve()
    if not (shared / "suites").is_dir():
        print(f"no suites in {shared}", file=sys.stderr)
        return 2
    suites = shared / "suites"
    with tempfile.TemporaryDirectory() as folder:
        fhirpath = _fhirpath(shared, Path(folder))
        scores, lines = _validator(shared, Path(folder))
    supported = _supported(suites)
    page = [*_head(), *_table(fhirpath, scores, counted_places(suites, lines), supported)]
    page += [_without_server(suites, name, lines) for name in ("corpora", "official-examples")]
    page += ["", *_manifest(suites, lines), *errors_elsewhere(suites, lines), *_misses(supported)]
    page += _verdicts(suites, lines)
    PAGE.write_text("\n".join(page) + "\n", encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def _run(shared: Path, script: str, *options: str) -> None:
    path = shared / "tools" / "score" / script
    command = [sys.executable, str(path), "--suite", str(shared / "suites"), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _fhirpath(shared: Path, folder: Path) -> dict[str, Any]:
    out = folder / "fhirpath.json"
    inputs = str(shared / "tools" / "score" / "inputs")
    command = f"{COMMAND} fhirpath --jsonl"
    _run(shared, "score_fhirpath.py", "--cmd", command, "--inputs", inputs, "--json", str(out))
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


def _validator(shared: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The scores, and what fhir-kb said of each file."""
    out, saved = folder / "validator.json", folder / "lines.jsonl"
    options = f"--quiet --format json {' '.join(LENIENT)}"
    command = f"{COMMAND} validate {options} --fhir {{fhir}} {{files}}"
    _run(shared, "score_validator.py", "--cmd", command, "--batch", "500", "--json", str(out),
         "--save", str(saved))  # fmt: skip
    lines = {}
    for text in saved.read_text(encoding="utf-8").splitlines():
        if text.startswith("{"):
            line = json.loads(text)
            lines[line["file"], line.get("fhirVersion")] = line
    return json.loads(out.read_text(encoding="utf-8")), lines


def _head() -> list[str]:
    return [
        "# Conformance",
        "",
        "What `fhir-kb` says of the official test suites and of published knowledge, and what the",
        "HL7 engine says. Written by `make conformance`; nothing here is edited by hand.",
        "Both were told to take any extensions (`--allow-extensions any`): the packages of the",
        "guides were not loaded.",
        "",
    ]


def _table(
    fhirpath: dict[str, Any],
    scores: dict[str, Any],
    places: tuple[int, int, int, int],
    supported: list[dict[str, Any]],
) -> list[str]:
    rows = ["| on | score | to reach |", "|---|---|---|"]
    for name, one in fhirpath.items():
        share = 100 * one["pass"] / one["tests"]
        rows.append(
            f"| FHIRPath suite, {name.upper()} | {one['pass']} of {one['tests']} ({share:.1f} %); "
            "[the rest](fhirpath.md#score) | 100 % |"
        )
    one = scores["manifest"]["all"]
    rows.append(
        f"| fhir-validator, core only, single file: yes or no | {one['agree']} of {one['cases']}; "
        f"{one['FA']} false accepts, {one['FR']} false refusals | ≥ 138 of 141 |"
    )
    rows.append(
        f"| the same: severity and expression of each error | {places[0]} of {places[1]} "
        f"({100 * places[0] / places[1]:.0f} %) | ≥ 90 % |"
    )
    rows.append(
        "| the same, by place: engine's XPath and missing indices read as FHIRPath, without errors "
        f"that depend on settings or what is loaded | {places[2]} of {places[3]} "
        f"({100 * places[2] / places[3]:.0f} %) | |"
    )
    right = sum(one["right"] for one in supported)
    rows.append(
        f"| the cases with supporting files and profiles: yes or no | {right} of "
        f"{len(supported)} ({100 * right / len(supported):.1f} %) | ≥ 95 % |"
    )
    for name in ("corpora", "official-examples"):
        one = scores[name]["all"]
        rows.append(
            f"| {name} against the HL7 engine | {one['agree']} of {one['cases']} "
            f"({one['pct']:.1f} %), bal {one['bal']:.1f} | ≥ 99 %, bal ≥ 98 |"
        )
    return rows


def _without_server(suites: Path, name: str, lines: dict[str, Any]) -> str:
    """The row without the files all of whose errors say that the engine had no server to ask."""
    hits = {True: [0, 0], False: [0, 0]}
    left_out = 0
    for one in verdict_lines(suites, name):
        left = [message for message in one["messages"] if counts(message)]
        if one["errors"] < 0 or (left and all(_asks_a_server(message) for message in left)):
            left_out += one["errors"] >= 0
            continue
        ours = lines.get((str(suites / name / one["file"]), one["fhirVersion"]), {})
        expected = one["intrinsicErrors"] > 0
        hits[expected][0] += (ours.get("errors", 0) > 0) == expected
        hits[expected][1] += 1
    agree, total = (sum(pair[i] for pair in hits.values()) for i in (0, 1))
    bal = sum(50 * pair[0] / pair[1] for pair in hits.values())
    return (
        f"| {name} without {left_out} files where all that the engine reports is that it had no "
        f"terminology server | {agree} of {total} ({100 * agree / total:.1f} %), bal {bal:.1f} | |"
    )


def _asks_a_server(message: dict[str, Any]) -> bool:
    return any(words in message["message"] for words in NO_SERVER)


def _supported(suites: Path) -> list[dict[str, Any]]:
    """The cases that come with other files, each by itself and each against its profile."""
    folder = suites / "fhir-validator"
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    done = []
    for case in json.loads(text)["test-cases"]:
        known = case.get("x-class") or {}
        if known.get("class") != "core-only" or known.get("singleFile"):
            continue
        also = [
            name for key in ("supporting", "supporting5", "profiles") for name in case.get(key, ())
        ]
        profile = case.get("profile") or {}
        if known.get("baseErrors") is not None:
            done.append(_one_supported(folder, case, also, "", known["baseErrors"]))
        if known.get("profileErrors") is not None:
            more = [*also, profile["source"], *profile.get("supporting", ())]
            url = _url(folder / profile["source"])
            done.append(_one_supported(folder, case, more, url, known["profileErrors"]))
    return done


def _one_supported(
    folder: Path, case: dict[str, Any], also: list[str], profile: str, expected: int
) -> dict[str, Any]:
    command = [str(COMMAND), "validate", "--quiet", "--offline", "--format", "json", *LENIENT]
    command += ["--fhir", case["x-class"]["fhirVersion"], *(["--profile", profile] * bool(profile))]
    for name in also:
        if (folder / name).is_file():
            command += ["--also", str(folder / name)]
    done = subprocess.run(
        [*command, str(folder / case["file"])], capture_output=True, check=False, encoding="utf-8"
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    errors = sum(line["errors"] for line in lines)
    return {
        "case": case,
        "profile": profile,
        "expected": expected,
        "errors": errors,
        "right": bool(lines) and (errors > 0) == (expected > 0),
    }


def _url(path: Path) -> str:
    """The canonical url of a profile in JSON or XML."""
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    value = parse_xml(data, definitions("5.0.0")).value if data.lstrip()[:1] == b"<" else None
    found = value if value is not None else json.loads(data)
    if found["resourceType"] == "Bundle":
        found = found["entry"][0]["resource"]
    return str(found["url"])


def _misses(supported: list[dict[str, Any]]) -> list[str]:
    made = [
        "## Cases with supporting files and profiles where we differ",
        "",
        "| case | against | we | why |",
        "|---|---|---|---|",
    ]
    for one in supported:
        if not one["right"]:
            case = one["case"]
            against = "its profile" if one["profile"] else "the type"
            said = "refuse" if one["errors"] else "accept"
            made.append(f"| {case['name']} | {against} | {said} | {_why_supported(case)} |")
    return [*made, ""]


def _why_supported(case: dict[str, Any]) -> str:
    if case["name"] in SUPPORTED:
        return SUPPORTED[case["name"]]
    for option in ("validateReference", "bundle-param", "enforceAggregationOutsideBundles"):
        if option in case:
            return f"not applicable: the case sets the test harness's option `{option}`"
    return "open"


def _manifest(suites: Path, lines: dict[str, Any]) -> list[str]:
    engine = {one["file"]: one for one in verdict_lines(suites, "fhir-validator")}
    made = [
        "## Cases of fhir-validator where we differ",
        "",
        "| case | we | why |",
        "|---|---|---|",
    ]
    for case in single_file_cases(suites):
        expected = case["x-class"]["baseErrors"] > 0
        errors = line_of(suites, case, lines).get("errors", 0)
        if expected == (errors > 0):
            continue
        said = "accept" if expected else "refuse"
        made.append(f"| {case['name']} | {said} | {_why(case, engine.get(case['file']), errors)} |")
    return [*made, ""]


def _why(case: dict[str, Any], verdict: dict[str, Any] | None, errors: int) -> str:
    options = ("examples", "security-checks", "allow-comments", "assumeValidRestReferences",
               "validateReference")  # fmt: skip
    for option in options:
        if option in case:
            return f"not applicable: the case sets the test harness's option `{option}`"
    if errors and case["file"] in REFUSED:
        return REFUSED[case["file"]]
    if verdict is None:
        return "open"
    left = [one for one in verdict["messages"] if counts(one)]
    if not errors and not left:
        return "not applicable: it depends on what is loaded; the engine offline says the same"
    state, reason = _cause(left)
    return f"{state}: {reason}"


def _verdicts(suites: Path, lines: dict[str, Any]) -> list[str]:
    made = ["## Files where we differ from the HL7 engine", ""]
    for name in ("corpora", "official-examples"):
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        right = 0
        for one in verdict_lines(suites, name):
            ours = lines.get((str(suites / name / one["file"]), one["fhirVersion"]), {})
            if one["errors"] < 0 or (one["intrinsicErrors"] > 0) == (ours.get("errors", 0) > 0):
                continue
            left = [message for message in one["messages"] if counts(message)]
            if ours.get("errors"):
                key = ("ours right", f"We refuse it: {REFUSED.get(one['file'], 'open')}.")
            else:
                key = _cause(left)
            right += key[0] != "open"
            groups[key].append(one["file"])
        total = sum(map(len, groups.values()))
        made += [f"### {name}", "", f"{total} differences; {total - right} of them are open.", ""]
        for (state, reason), files in sorted(groups.items(), key=lambda item: -len(item[1])):
            made += [f"- **{state}, {len(files)}**: {reason}", f"  <br>{_short(files)}"]
        made.append("")
    return made


def _cause(messages: list[dict[str, Any]]) -> tuple[str, str]:
    """The cause of a difference; one that is not the engine's own goes before those that are."""
    found = []
    for one in messages:
        text = f"{one.get('messageId')} {one['message']}"
        known = next((c for c in CAUSES if re.search(c[0], text)), None)
        found.append((known[1], known[2]) if known else ("open", f"`{text[:80]}`."))
    found.sort(key=lambda cause: cause[0] != "open")
    return found[0] if found else ("open", "No message is recorded.")


def _short(files: list[str]) -> str:
    folders: dict[str, list[str]] = defaultdict(list)
    for file in sorted(files):
        folder, _, name = file.rpartition("/")
        folders[folder].append(name.removesuffix(".json"))
    return "; ".join(f"{folder}: {', '.join(names)}" for folder, names in folders.items())


if __name__ == "__main__":
    sys.exit(main())
