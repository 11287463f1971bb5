"""What `validate` shows while it goes through its paths."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.cli.console import put
from fhir_kb.cli.definition_coverage import definition_coverage
from fhir_kb.cli.progress import show_progress
from fhir_kb.cli.views import findings
from fhir_kb.diagnostics import Diagnostic, Severity, Span, has_errors
from fhir_kb.diagnostics.render.json import as_data, as_issue, as_json
from fhir_kb.diagnostics.render.terminal_text import terminal_safe
from fhir_kb.model.fhir_release import BY_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.packages.dependencies.resolution import MissingPackage
    from fhir_kb.pipeline import FileReport, LikelierRelease
    from fhir_kb.validate import ResourceReport, ValidationOptions

MAX_KEPT: Final = 20_000


class ValidationRun:
    """Runs the checks and shows each result as soon as its form allows."""

    def __init__(self, form: str, style: Style, *, quiet: bool, strict: bool = False) -> None:
        self._form: Final = form
        self._style: Final = style
        self._quiet: Final = quiet
        self._strict: Final = strict
        self._not_checked = 0
        self._kept: Final[list[Diagnostic]] = []
        self._left_out = 0
        self._failed = False
        self._checked: Final[list[str]] = []
        self._skipped: Final[list[tuple[str, str]]] = []
        self._releases: Final[Counter[tuple[str, str]]] = Counter()
        self._likelier: Final[list[LikelierRelease]] = []
        self._missing: Final[list[MissingPackage]] = []

    def definitions(
        self, knowledge_base: Path, paths: tuple[Path, ...], release: str | None
    ) -> bool:
        """Check a knowledge base; show the findings in one of `paths`.

        Returns whether anything in the paths belongs to it.
        """
        from fhir_kb.bulk import build

        with show_progress(quiet=self._quiet) as progress:
            result = build(
                knowledge_base,
                output=None,
                releases=(release,) if release else None,
                progress=progress,
            )
        diagnostics = self._judged(
            diagnostic for diagnostic in result.diagnostics if _within(diagnostic.span.file, paths)
        )
        if self._form == "json":
            line = {"definitions": knowledge_base.as_posix(), **as_data(diagnostics)}
            put(as_json(line))
        self._kept.extend(diagnostics)
        coverage = definition_coverage(knowledge_base, paths)
        self._skipped.extend((file, "no topic reads it") for file in coverage.skipped)
        if coverage.is_nothing:
            return False
        if any(path.resolve() == knowledge_base.resolve() for path in paths):
            topics = "1 topic" if coverage.topics == 1 else f"{coverage.topics} topics"
            count = f" ({topics})" if coverage.topics else ""
            self._checked.append(f"{knowledge_base.as_posix()}/{count}")
        else:
            named = [path for path in paths if path.as_posix() not in coverage.skipped]
            self._checked.extend(f"{path.as_posix()}{'/' * path.is_dir()}" for path in named)
        return True

    def files(
        self, paths: tuple[Path, ...], options: ValidationOptions, *, detect_release: bool = False
    ) -> int:
        """Check FHIR files; in JSON each resource has a line as soon as it was checked.

        Returns how many reports there were.

        Args:
            paths: Files and folders.
            options: The settings of the validation.
            detect_release: Whether the release that files name goes before that of the options.
        """
        from fhir_kb.pipeline import validate_files

        resources = 0
        reports = validate_files(
            paths,
            options,
            lines=_check_lines,
            detect_release=detect_release,
            on_skipped=self._skipped.append,
            on_likelier_release=None if self._quiet else self._likelier.append,
            on_missing_package=self._missing.append,
        )
        default = "default" if detect_release else "--fhir"
        for report in reports:
            resources += 1
            if report.resource_type:  # else it was not read as FHIR of any release
                self._releases[report.fhir_version, report.release_source or default] += 1
            diagnostics = self._judged(_diagnostic(report, issue) for issue in report.issues)
            if self._form == "json":
                put(as_json(_line(report, diagnostics)))
            elif self._form != "human" or len(self._kept) < MAX_KEPT:
                self._kept.extend(diagnostics)
            else:  # a screen shows a few of them; memory stays constant
                self._left_out += len(diagnostics)
        if self._strict and self._missing:  # else they are listed only
            self._not_checked += len(self._missing)
            self._failed = True
        if resources:
            self._checked.append(f"{resources} {'resource' if resources == 1 else 'resources'}")
        return resources

    @property
    def has_checked(self) -> bool:
        """Whether anything was checked."""
        return bool(self._checked)

    def skip(self, path: Path, reason: str) -> None:
        """List a path as not checked, unless it is listed."""
        if path.as_posix() not in {file for file, _ in self._skipped}:
            self._skipped.append((path.as_posix(), reason))

    def _judged(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings as --strict takes them, counted."""
        judged = [
            replace(diagnostic, severity=Severity.ERROR)
            if self._strict and diagnostic.is_not_checked
            else diagnostic
            for diagnostic in diagnostics
        ]
        self._not_checked += sum(diagnostic.is_not_checked for diagnostic in judged)
        self._failed |= has_errors(judged)
        return judged

    def end(self) -> int:
        """Show what was kept; the exit code."""
        self.show_kept()
        if self._form == "human" and not self._quiet and not self._kept:
            put(f"{terminal_safe(', '.join(self._checked))}: no problems found\n")
        self._show_not_checked()
        self._show_releases()
        self._show_missing()
        self.show_skipped()
        return int(self._failed)

    def show_kept(self) -> None:
        """Show the findings that wait for the end of the run, also where a failure ends it."""
        if self._form != "json":
            findings.show(self._shown(), self._form, self._style)
        if self._left_out:
            put(f"… and {self._left_out} more in the files after these\n")

    def _shown(self) -> list[Diagnostic]:
        """The findings to show: on a screen, a note that something is not checked comes once.

        Each resource with codes of SNOMED CT has the same one; --all shows all of them.
        """
        if self._form != "human" or self._style.limit is None:
            return self._kept
        seen: set[tuple[str, str]] = set()
        shown: list[Diagnostic] = []
        for diagnostic in self._kept:
            key = (diagnostic.code, diagnostic.message)
            is_note = diagnostic.is_not_checked and diagnostic.severity is Severity.INFORMATION
            if not is_note or key not in seen:
                shown.append(diagnostic)
            seen.add(key)
        return shown

    def _show_not_checked(self) -> None:
        """How many of the findings say that something was not checked."""
        if not self._not_checked or self._quiet:
            return
        things = "1 thing" if self._not_checked == 1 else f"{self._not_checked} things"
        advice = "" if self._strict else "; --strict makes each an error"
        more = ", equal notes shown once" if len(self._shown()) < len(self._kept) else ""
        put(f"{things} not checked{more}{advice}\n", error=self._form != "human")

    def _show_releases(self) -> None:
        """Against which releases files were checked, and whether another one fits better."""
        if self._quiet or not self._releases:
            return
        sources = [f"{BY_VERSION[version].title} ({source})" for version, source in self._releases]
        numbers = list(self._releases.values())
        if len(sources) > 1:
            sources = [
                f"{source}: {number}" for source, number in zip(sources, numbers, strict=True)
            ]
        if self._form == "human":
            put(f"checked as {terminal_safe(', '.join(sources))}\n")
        for likelier in self._likelier:
            release = likelier.release
            errors = f"{likelier.errors} instead of {likelier.errors_before} errors"
            put(
                f"looks like {release.label}: --fhir {release.name} has {errors}\n",
                error=self._form != "human",
            )

    def _show_missing(self) -> None:
        """The packages that could not be used; beside the output for programs."""
        for package in () if self._quiet else self._missing:
            label = "not usable" if package.reason else "not on this machine"
            reason = f": {package.reason}" if package.reason else ""
            text = f"{label}: {package.requirement}, {package.chain_in_words}{reason}"
            put(f"{terminal_safe(text)}\n", error=self._form != "human")

    def show_skipped(self) -> None:
        """How many files were not checked, or all of them; beside the output for programs."""
        count = len(self._skipped)
        if not count or self._quiet:
            return
        files = "1 file" if count == 1 else f"{count} files"
        is_error = self._form != "human"
        if self._style.limit is not None:
            them = "it" if count == 1 else "them"
            put(f"{files} not checked; --all lists {them}\n", error=is_error)
            return
        put(f"{files} not checked:\n", error=is_error)
        for file, reason in self._skipped:
            put(f"  {terminal_safe(file)}: {terminal_safe(reason)}\n", error=is_error)


def _check_lines(lines: Iterable[bytes], options: ValidationOptions) -> Iterator[ResourceReport]:
    # Imported when there is NDJSON: other files are checked sooner without.
    from fhir_kb.bulk.ndjson import check_lines

    return check_lines(lines, options)


def _within(file: str, paths: tuple[Path, ...]) -> bool:
    """Whether a finding's file is one of the paths or below one; what has no file always is."""
    absolute = Path(file).absolute()
    return not file or any(absolute.is_relative_to(path.absolute()) for path in paths)


def _diagnostic(report: FileReport, issue: Any) -> Diagnostic:
    span = Span(report.file, issue.line, issue.column, issue.line, issue.column + 1)
    return Diagnostic(
        issue.code,
        issue.severity,
        issue.message,
        span,
        issue.path,
        issue.help,
        is_not_checked=issue.is_not_checked,
    )


def _line(report: FileReport, diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    issues = [
        as_issue(diagnostic, issue.issue_type)
        for diagnostic, issue in zip(diagnostics, report.issues, strict=True)
    ]
    severities = [diagnostic.severity for diagnostic in diagnostics]
    return {
        "file": report.file,
        "fhirVersion": report.fhir_version,
        "resourceType": report.resource_type,
        "id": report.id,
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
        "notChecked": sum(diagnostic.is_not_checked for diagnostic in diagnostics),
        "issues": issues,
    }
