"""Kinds of issue: questionnaires on their own."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

ENABLE_WHEN: Final = Kind(
    Code(
        "KB739",
        "enable-when",
        Severity.ERROR,
        """\
An item of a questionnaire is enabled by a question that it cannot be enabled by.

`enableWhen.question` is the `linkId` of another item of the same questionnaire, and not of one
inside of the item itself: that would be asked only when it is answered.

Correct the `linkId`, or move the question.
""",
    ),
    "business-rule",
    "Questionnaire_Q_EnableWhen_NoTarget",
)

ENABLE_WHEN_AFTER: Final = Kind(
    Code(
        "KB740",
        "enabled-from-behind",
        Severity.WARNING,
        """\
An item of a questionnaire is enabled by a question that comes after it.

Whoever fills in the questionnaire from top to bottom has passed the item by then.

Move the question before the item.
""",
    ),
    "business-rule",
    "Questionnaire_Q_EnableWhen_After",
)

DERIVED_ITEM: Final = Kind(
    Code(
        "KB741",
        "derived-item",
        Severity.ERROR,
        """\
An item differs from that of the questionnaire it is derived from in a way that derivation forbids.

What extends another questionnaire, or complies with it, keeps the types of its items, what is
required, lengths and answers. Only what extends it may have further items.

Change the item back, or derive in another way (`inspiredBy` binds to nothing).
""",
    ),
    "business-rule",
    "QUESTIONNAIRE_Q_ITEM_NOT_DERIVED",
)

KINDS: Final = (ENABLE_WHEN, ENABLE_WHEN_AFTER, DERIVED_ITEM)
