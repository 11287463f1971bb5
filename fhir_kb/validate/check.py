"""Checking files: JSON, NDJSON, bundles, whatever comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model.fhir_release import NEWEST
from fhir_kb.validate.input.json import Parsed, duplicate, parse
from fhir_kb.validate.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.packages import Canonicals
    from fhir_kb.validate.core.issue import Issue, Pointer


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """What was found in one resource; `resource_type` and `id` are empty where it has none.

    line: where it begins in its file.
    """

    fhir_version: str
    resource_type: str
    id: str
    issues: tuple[Issue, ...]
    line: int = 1

    @property
    def errors(self) -> int:
        """How many issues are errors."""
        return sum(issue.severity is Severity.ERROR for issue in self.issues)

    @property
    def warnings(self) -> int:
        """How many issues are warnings."""
        return sum(issue.severity is Severity.WARNING for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a file: one entry for a resource or bundle, many for NDJSON."""

    resources: tuple[ResourceReport, ...]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues, in the order of the file."""
        return tuple(issue for one in self.resources for issue in one.issues)

    @property
    def is_valid(self) -> bool:
        """Whether nothing is an error."""
        return not any(one.errors for one in self.resources)


def check_text(
    data: bytes, *, fhir_version: str | None = None, canonicals: Canonicals | None = None
) -> Report:
    """Check a file's bytes: a resource or bundle as JSON or XML, or NDJSON.

    fhir_version: "5.0.0" where it is None; ValueError for one that is not known. canonicals: as
    for a Validator. Bad content gives issues with line and column, never an exception.
    """
    return check_text_with(Validator(fhir_version or NEWEST.version, canonicals=canonicals), data)


def check_text_with(validator: Validator, data: bytes) -> Report:
    """See check_text; for who has a validator already."""
    if _is_xml(data):
        return Report((_check(_parse_xml(data, validator), validator),))
    parsed = parse(data)
    if not parsed.is_read and _is_ndjson(data):
        return Report(tuple(_lines(data.splitlines(), validator)))
    return Report((_check(parsed, validator),))


def check_lines(
    lines: Iterable[bytes], *, fhir_version: str | None = None, first: int = 1
) -> Iterator[ResourceReport]:
    """Check NDJSON line by line, with constant memory; empty lines are passed over.

    first: the number of the first line, where `lines` is a part of a file.
    """
    return check_lines_with(Validator(fhir_version or NEWEST.version), lines, first=first)


def check_lines_with(
    validator: Validator, lines: Iterable[bytes], *, first: int = 1
) -> Iterator[ResourceReport]:
    """See check_lines; for who has a validator already."""
    yield from _lines(lines, validator, first)


def _lines(
    lines: Iterable[bytes], validator: Validator, first: int = 1
) -> Iterator[ResourceReport]:
    for number, line in enumerate(lines, first):
        if line.strip():
            yield _check(parse(line), validator, number)


def _is_xml(data: bytes) -> bool:
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"<" or start[:3] == b"\xff\xfe<" or start[:4] == b"\xfe\xff\x00<"


def _parse_xml(data: bytes, validator: Validator) -> Parsed:
    # Imported here, because most files are JSON.
    from fhir_kb.packages import definitions
    from fhir_kb.validate.input.xml import parse_xml

    return parse_xml(data, definitions(validator.fhir_version))


def _is_ndjson(data: bytes) -> bool:
    """Whether the first line is a whole JSON object and there is something after it."""
    first, _, rest = data.lstrip().partition(b"\n")
    return bool(rest.strip()) and first.lstrip()[:1] == b"{" and parse(first).is_read


def _check(parsed: Parsed, validator: Validator, first_line: int = 1) -> ResourceReport:
    value = parsed.value
    root = _text(value, "resourceType") or "Resource"
    found = [
        replace(
            one.finding.issue(root if parsed.is_read else ""),
            line=one.line + first_line - 1,
            column=one.column,
        )
        for one in parsed.found
    ]
    if parsed.is_read:
        found += _placed(parsed, validator.check(value), root, first_line)
    return ResourceReport(
        fhir_version=validator.fhir_version,
        resource_type=_text(value, "resourceType"),
        id=_text(value, "id"),
        issues=tuple(sorted(found, key=lambda issue: (issue.line, issue.column, issue.code))),
        line=first_line,
    )


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _placed(parsed: Parsed, issues: list[Issue], root: str, first_line: int) -> list[Issue]:
    """The issues with line and column, and those on properties that are given twice."""
    if not issues and not parsed.has_duplicates:
        return []
    if parsed.places is not None:
        return [_in_xml(issue, parsed.places) for issue in issues]
    # Imported here, because most files need no places.
    from fhir_kb.validate.input.positions import Positions

    positions = Positions(parsed.text, first_line)
    places = positions.of(issue.pointer for issue in issues)
    found = [
        replace(issue, line=places[issue.pointer].line, column=places[issue.pointer].column)
        for issue in issues
    ]
    if parsed.has_duplicates:
        for pointer, place in positions.duplicates():
            finding = duplicate(str(pointer[-1]))
            # It is about the object that has the property twice, and shown where it does.
            finding.path_steps = [(step, _step(step)) for step in reversed(pointer[:-1])]
            finding.path_steps.insert(0, (pointer[-1], ""))
            found.append(replace(finding.issue(root), line=place.line, column=place.column))
    return found


def _in_xml(issue: Issue, places: Mapping[Pointer, tuple[int, int]]) -> Issue:
    """The issue with the place of its element, or of the nearest one around it."""
    pointer = issue.pointer
    while pointer not in places and pointer:
        pointer = pointer[:-1]
    line, column = places.get(pointer, (1, 1))
    return replace(issue, line=line, column=column)


def _step(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"
