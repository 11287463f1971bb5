"""KB323: a recommendation lacks its grade, or has a grade that its kind of statement cannot have.

A recommendation has a strength and a direction. Guidelines also make statements without a grade:
good practice, insufficient evidence, no recommendation, only in research. `statement` says which.

    recommendation: {strength: conditional, direction: for, from: who-2021}
    recommendation: {statement: good-practice, from: who-2021}

Give both as the guideline does, or say what kind of statement it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model import code_words
from fhir_kb.model.evidence import Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    kinds = ", ".join(word for word in code_words.STATEMENT if word != "recommendation")
    for grade in scope.of(Recommendation):
        parts = {"strength": grade.strength, "direction": grade.direction}
        if grade.is_graded:
            lacking = " and ".join(f"'{name}'" for name, value in parts.items() if value is None)
            if lacking:
                message = f"this recommendation lacks {lacking}"
                yield Finding(grade.span, message, f"or say with 'statement' what it is: {kinds}")
            elif grade.direction == "either" and grade.strength == "strong":
                message = "a recommendation for either option is conditional, not strong"
                yield Finding(grade.strength.span, message, "write 'strength: conditional'")
            continue
        for name, value in parts.items():
            if value is not None:
                message = f"a statement of the kind '{grade.statement}' has no {name}"
                yield Finding(value.span, message, "take one of the two out")


RULE = Rule("KB323", "ungraded-recommendation", Severity.ERROR, _check, __doc__)
