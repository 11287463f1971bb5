"""The same finding in several FHIR releases is one finding to a reader."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.diagnostics.diagnostic import Diagnostic, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.diagnostics.severity import Severity
    from fhir_kb.diagnostics.span import Span


_LABEL: Final = re.compile(r"\bFHIR R\d[A-Z]?\b")


class MergedFinding(NamedTuple):
    """A finding, and the releases in which it is true."""

    finding: Diagnostic
    releases: tuple[str, ...] = ()
    """Names; none where it is true in all of the run's."""


def merge_releases(
    findings: Iterable[Diagnostic], releases: Iterable[str] = ()
) -> tuple[MergedFinding, ...]:
    """The findings in reading order, those that differ only in their release merged into one.

    releases: All that the run was about; what is true in each of them has none in the result.
    """
    all_releases = tuple(releases)
    groups: dict[tuple[Span, str, Severity, str, str | None], list[Diagnostic]] = {}
    for finding in in_order(findings):
        message = _without_release(finding.message)
        key = finding.span, finding.code, finding.severity, message, finding.help
        groups.setdefault(key, []).append(finding)
    return tuple(_merge(group, all_releases) for group in groups.values())


def _merge(group: list[Diagnostic], all_releases: tuple[str, ...]) -> MergedFinding:
    names = {finding.release for finding in group}
    if "" in names or (all_releases and names.issuperset(all_releases)):
        return MergedFinding(group[0])
    in_run = [release for release in all_releases if release in names]
    first = group[0]
    if len(names) > 1:
        first = replace(first, message=_without_release(first.message))
    return MergedFinding(first, (*in_run, *sorted(names.difference(in_run))))


def _without_release(message: str) -> str:
    """The message without the name of a release, which is shown behind it."""
    return _LABEL.sub("the release", message)


def release_names(releases: Iterable[str]) -> str:
    """Releases as people write them: `R4, R4B`."""
    return ", ".join(release.upper() for release in releases)
