"""KB310: a theory is shown as evidence.

A section of the page that is marked `{.theory}` tells what is thought and not shown. A link to
evidence in it would lend it a certainty that it does not have.

    ## How it might work {.theory}
    - Gate control: [[adjunct-for-low-back-pain]]

Move the link to a section of its own, or take the mark off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.page import Link, Section


def _check(scope: Scope) -> Iterator[Finding]:
    page = scope.source.page
    known = {str(one.id) for one in scope.source.topic.evidence}
    for link in _theories(page.sections, within=False) if page else ():
        if link.kind == "thing" and link.target in known:
            message = f"the evidence '{link.target}' stands in a theory"
            yield Finding(link.span, message, "link to it from another section")


def _theories(sections: tuple[Section, ...], *, within: bool) -> Iterator[Link]:
    for section in sections:
        theory = within or "theory" in section.classes
        if theory:
            yield from section.links
        yield from _theories(section.sections, within=theory)


RULE = Rule("KB310", "in-a-theory", Severity.ERROR, _check, __doc__)
