"""Validation of texts: resources and bundles as JSON or XML, and NDJSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.model.fhir_release import DEFAULT_RELEASE
from fhir_kb.validate.core.issue import located_at, report, under
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.finding_codes import NOT_READ
from fhir_kb.validate.input.json import Parsed, duplicate, parse
from fhir_kb.validate.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.packages import Canonicals
    from fhir_kb.validate.core.issue import Issue, Pointer


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """The issues of one resource."""

    fhir_version: str
    resource_type: str
    """Empty where it has none."""
    id: str
    """Empty where it has none."""
    issues: tuple[Issue, ...]
    line: int = 1
    """Where it begins in its file."""

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(issue.severity is Severity.ERROR for issue in self.issues)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return sum(issue.severity is Severity.WARNING for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Report:
    """The issues of a file: one entry for a resource or bundle, many for NDJSON."""

    resources: tuple[ResourceReport, ...]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues, in the order of the file."""
        return tuple(issue for resource in self.resources for issue in resource.issues)

    @property
    def is_valid(self) -> bool:
        """Whether no issue is an error."""
        return not any(resource.errors for resource in self.resources)


def check_text(
    data: bytes, *, fhir_version: str | None = None, canonicals: Canonicals | None = None
) -> Report:
    """Validate a file's bytes: a resource or bundle as JSON or XML, or NDJSON.

    Bad content gives issues with line and column, never an exception.

    Args:
        data: The content of the file.
        fhir_version: "5.0.0" where it is None.
        canonicals: See Validator.

    Raises:
        ValueError: The FHIR version is unknown.
    """
    return check_text_with(
        Validator(fhir_version or DEFAULT_RELEASE.version, canonicals=canonicals), data
    )


def check_text_with(validator: Validator, data: bytes) -> Report:
    """Like check_text, with a validator that exists already."""
    if _is_xml(data):
        return Report((_check(_parse_xml(data, validator), validator),))
    parsed = parse(data)
    if not parsed.is_read and _is_ndjson(data):
        return Report(tuple(check_lines_with(validator, data.splitlines())))
    return Report((_check(parsed, validator),))


def unread(validator: Validator, message: str) -> Report:
    """The report of a content that is neither JSON nor XML; the message says what it is."""
    advice = (
        "FHIR is read as JSON, XML, NDJSON or a package; definitions are in a folder with kb.yaml"
    )
    [finding] = report(NOT_READ, message, advice)
    return Report((ResourceReport(validator.fhir_version, "", "", (finding.issue(""),)),))


def check_lines(
    lines: Iterable[bytes], *, fhir_version: str | None = None, first: int = 1
) -> Iterator[ResourceReport]:
    """Validate NDJSON line by line, with constant memory; empty lines are skipped.

    Args:
        lines: The lines.
        fhir_version: "5.0.0" where it is None.
        first: The number of the first line, where `lines` is a part of a file.
    """
    return check_lines_with(Validator(fhir_version or DEFAULT_RELEASE.version), lines, first=first)


def check_lines_with(
    validator: Validator, lines: Iterable[bytes], *, first: int = 1
) -> Iterator[ResourceReport]:
    """Like check_lines, with a validator that exists already."""
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
    root = text(value, "resourceType") or "Resource"
    issues = [
        replace(
            located.finding.issue(root if parsed.is_read else ""),
            line=located.line + first_line - 1,
            column=located.column,
        )
        for located in parsed.findings
    ]
    if parsed.is_read:
        issues += _with_positions(parsed, validator.check(value), root, first_line)
    return ResourceReport(
        fhir_version=validator.fhir_version,
        resource_type=text(value, "resourceType"),
        id=text(value, "id"),
        issues=tuple(sorted(issues, key=lambda issue: (issue.line, issue.column, issue.code))),
        line=first_line,
    )


def _with_positions(parsed: Parsed, issues: list[Issue], root: str, first_line: int) -> list[Issue]:
    """The issues with line and column, and those on properties that are given twice."""
    if not issues and not parsed.has_duplicates:
        return []
    if parsed.positions is not None:
        return [_with_xml_position(issue, parsed.positions) for issue in issues]
    # Imported here, because valid files need no positions.
    from fhir_kb.validate.input.positions import Positions

    text_positions = Positions(parsed.text, first_line)
    by_pointer = text_positions.of(issue.pointer for issue in issues)
    located = [
        replace(issue, line=by_pointer[issue.pointer].line, column=by_pointer[issue.pointer].column)
        for issue in issues
    ]
    if parsed.has_duplicates:
        for pointer, position in text_positions.duplicates():
            # It is about the object that has the property twice, and shown where it does.
            findings = located_at([duplicate(str(pointer[-1]))], pointer[-1])
            [finding] = under(findings, *pointer[:-1])
            issue = finding.issue(root)
            located.append(replace(issue, line=position.line, column=position.column))
    return located


def _with_xml_position(issue: Issue, positions: Mapping[Pointer, tuple[int, int]]) -> Issue:
    """The issue with the position of its element, or of the nearest one around it."""
    pointer = issue.pointer
    while pointer not in positions and pointer:
        pointer = pointer[:-1]
    line, column = positions.get(pointer, (1, 1))
    return replace(issue, line=line, column=column)
