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
    """A finding with the releases it is true in; none where it is true in all of the run's."""

    finding: Diagnostic
    releases: tuple[str, ...] = ()


def merged(
    findings: Iterable[Diagnostic], releases: Iterable[str] = ()
) -> tuple[MergedFinding, ...]:
    """The findings in reading order, those that differ in their release only put into one.

    `releases` are all that the run was about; what holds in each of them is said without a name.
    """
    everywhere = tuple(releases)
    groups: dict[tuple[Span, str, Severity, str, str | None], list[Diagnostic]] = {}
    for found in in_order(findings):
        key = found.span, found.code, found.severity, _anywhere(found.message), found.help
        groups.setdefault(key, []).append(found)
    return tuple(_shown(group, everywhere) for group in groups.values())


def _shown(group: list[Diagnostic], everywhere: tuple[str, ...]) -> MergedFinding:
    named = {found.release for found in group}
    if "" in named or (everywhere and named.issuperset(everywhere)):
        return MergedFinding(group[0])
    known = [release for release in everywhere if release in named]
    first = group[0]
    if len(named) > 1:
        first = replace(first, message=_anywhere(first.message))
    return MergedFinding(first, (*known, *sorted(named.difference(known))))


def _anywhere(message: str) -> str:
    """The message without the name of a release, which is said behind it."""
    return _LABEL.sub("the release", message)


def release_names(releases: Iterable[str]) -> str:
    """Releases as people write them: `R4, R4B`."""
    return ", ".join(release.upper() for release in releases)
