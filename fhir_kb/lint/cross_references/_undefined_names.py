"""Shared by the rules on undefined names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.lint.rule import Finding, TopicScope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def undefined_names(
    scope: TopicScope, kind: str, defined: Collection[str], noun: str, *, allow_url: bool = False
) -> Iterator[Finding]:
    """A finding for each use of a name of that kind that is not defined.

    Args:
        scope: the topic and what all topics share.
        kind: the kind of names ("step", "reference", …).
        defined: the names that are defined.
        noun: what messages call it.
        allow_url: whether a URL may stand instead of a name.
    """
    for use in scope.uses(kind):
        if use.name not in defined and not (allow_url and ":" in use.name):
            message = f"there is no {noun} '{use.name}'"
            yield Finding(use.name.span, message, did_you_mean(use.name, defined))
