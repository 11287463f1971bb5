"""What the rules on names share: a name that is used must be one that is defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.lint.rule import Finding, Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def unknown(
    scope: Scope, kind: str, known: Collection[str], called: str, *, or_url: bool = False
) -> Iterator[Finding]:
    """A finding for each use of a name of that kind that is not known; a URL may be allowed."""
    for use in scope.uses(kind):
        if use.name not in known and not (or_url and ":" in use.name):
            message = f"there is no {called} '{use.name}'"
            yield Finding(use.name.span, message, did_you_mean(use.name, known))
