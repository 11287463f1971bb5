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
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.page import Link, Section


def _check(scope: TopicScope) -> Iterator[Finding]:
    page = scope.source.page
    evidence = {str(entry.id) for entry in scope.source.topic.evidence}
    for link in _theory_links(page.sections, is_within_theory=False) if page else ():
        if link.kind == "thing" and link.target in evidence:
            message = f"the evidence '{link.target}' is linked from a section of theory"
            yield Finding(link.span, message, "link to it from another section")


def _theory_links(sections: tuple[Section, ...], *, is_within_theory: bool) -> Iterator[Link]:
    for section in sections:
        is_theory = is_within_theory or "theory" in section.classes
        if is_theory:
            yield from section.links
        yield from _theory_links(section.sections, is_within_theory=is_theory)


RULE = Rule("KB310", "in-a-theory", Severity.ERROR, _check, __doc__)
