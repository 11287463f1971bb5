"""Checking contents, each against the release that it names, and whether another fits better."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.pipeline.release_statements import content_release
from fhir_kb.validate import check_lines_with, check_text_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fhir_kb.model.fhir_release import FhirRelease
    from fhir_kb.pipeline.release_statements import StatedRelease
    from fhir_kb.validate import Issue, ResourceReport, ValidationOptions, Validator

    CheckLines = Callable[[Iterable[bytes], ValidationOptions], Iterator[ResourceReport]]

MAX_SAMPLE: Final = 4 * 1024 * 1024
"""How many bytes of what was checked are kept to be compared with other releases."""
_MAX_CONTENT: Final = 16 * 1024 * 1024
"""What is larger is checked once only."""
_FEWER_ERRORS: Final = 5
_LINES_WITH_RELEASE: Final = 100
"""In how many lines of NDJSON a release is looked for."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """The issues of one resource of a file."""

    file: str
    """The file as people see its name; "package.tgz!path" within a package."""
    fhir_version: str
    resource_type: str
    id: str
    issues: tuple[Issue, ...]
    release_source: str = ""
    """Where its release is named, "from package.json", or why it is that of the options."""


class LikelierRelease(NamedTuple):
    """Another release in which what was checked has far fewer errors."""

    release: FhirRelease
    errors: int
    """How many there are of it."""
    errors_before: int
    """How many there are of the release that was checked."""


class _Sample(NamedTuple):
    data: bytes
    is_line: bool
    errors: int


class FileChecks:
    """The validators of a run: one for each release that is met.

    Args:
        options: The settings of the validation.
        lines: What checks NDJSON; None: this process does.
        detect_release: Whether the release that files name goes before that of the options.
        default_source: Where the release of the options is named: "from hl7.fhir.uv.cpg#2.0.0".
    """

    def __init__(
        self,
        options: ValidationOptions,
        lines: CheckLines | None,
        *,
        detect_release: bool,
        default_source: str = "",
    ) -> None:
        self._options: Final = options
        self._lines: Final = lines
        self._detects: Final = detect_release
        self._default_source: Final = default_source
        self._validators: Final[dict[str, Validator]] = {}
        self._sample: Final[list[_Sample]] = []
        self._sampled = 0
        self.validator(options.fhir_version)  # errors of the options come before everything

    def validator(self, fhir_version: str = "") -> Validator:
        """The validator of a FHIR version; "": of the options."""
        version = fhir_version or self._options.fhir_version
        if version not in self._validators:
            self._validators[version] = self._with_version(version).validator()
        return self._validators[version]

    def content(
        self, file: str, data: bytes, stated: StatedRelease | None = None
    ) -> Iterator[FileReport]:
        """The reports of a content.

        Args:
            file: The name of the file, as people see it.
            data: The content.
            stated: The release that its package or folder names.
        """
        stated = self._stated(data, stated)
        validator = self.validator(_version(stated))
        report = check_text_with(validator, data)
        if not _version(stated):
            self._keep(_Sample(data, False, sum(entry.errors for entry in report.resources)))
        yield from self._reports(file, report.resources, stated)

    def lines(
        self, file: str, lines: Iterable[bytes], stated: StatedRelease | None = None
    ) -> Iterator[FileReport]:
        """The reports of NDJSON; the first release that its beginning names counts for all."""
        lines = iter(lines)
        head = list(islice(lines, _LINES_WITH_RELEASE))
        lines = chain(head, lines)
        outside = stated
        for line in head:
            stated = self._stated(line, outside)
            if _version(stated):
                break
        version = _version(stated) or self._options.fhir_version
        if _version(stated):
            yield from self._reports(file, self._check_lines(lines, version), stated)
            return
        first: list[bytes] = []
        reports = self._check_lines(self._recording(lines, first), version)
        for number, report in enumerate(reports):
            if number < len(first):
                self._keep(_Sample(first[number], True, report.errors))
            yield from self._reports(file, (report,), stated)

    def likelier_release(self) -> LikelierRelease | None:
        """The release of which a sample of what was checked has far fewer errors, if any.

        At least five errors fewer, and at most half of them. Only content that names no release is
        compared.
        """
        before = sum(sample.errors for sample in self._sample)
        if before < _FEWER_ERRORS:
            return None
        others = [r for r in reversed(FHIR_RELEASES) if r.version != self._options.fhir_version]
        errors = {release.name: self._errors(release) for release in others}
        best = min(others, key=lambda release: errors[release.name])
        fewest = errors[best.name]
        if before - fewest < _FEWER_ERRORS or 2 * fewest > before:
            return None
        return LikelierRelease(best, fewest, before)

    def _stated(self, data: bytes, outside: StatedRelease | None) -> StatedRelease | None:
        """What a package or folder states, or else the content."""
        if not self._detects:
            return None
        if outside is not None and outside.release is not None:
            return outside
        return content_release(data) or outside

    def _errors(self, release: FhirRelease) -> int:
        validator = self._with_version(release.version).validator()
        return sum(
            report.errors
            for sample in self._sample
            for report in (
                check_lines_with(validator, [sample.data])
                if sample.is_line
                else check_text_with(validator, sample.data).resources
            )
        )

    def _reports(
        self, file: str, reports: Iterable[ResourceReport], stated: StatedRelease | None
    ) -> Iterator[FileReport]:
        source = stated.source if stated else self._default_source
        for report in reports:
            yield FileReport(
                file, report.fhir_version, report.resource_type, report.id, report.issues, source
            )

    def _check_lines(self, lines: Iterable[bytes], version: str) -> Iterator[ResourceReport]:
        if self._lines is None:
            return check_lines_with(self.validator(version), lines)
        return self._lines(lines, self._with_version(version))

    def _recording(self, lines: Iterable[bytes], first: list[bytes]) -> Iterator[bytes]:
        """The lines; the first that are not empty are also put into a list."""
        size = self._sampled
        for line in lines:
            if size < MAX_SAMPLE and line.strip():
                size += len(line)
                first.append(line)
            yield line

    def _keep(self, sample: _Sample) -> None:
        if self._sampled < MAX_SAMPLE and len(sample.data) <= _MAX_CONTENT:
            self._sampled += len(sample.data)
            self._sample.append(sample)

    def _with_version(self, version: str) -> ValidationOptions:
        return self._options._replace(fhir_version=version)


def _version(stated: StatedRelease | None) -> str:
    """The FHIR version that is stated; "" where the options have to name it."""
    return stated.release.version if stated and stated.release else ""
