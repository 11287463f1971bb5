"""Kinds of issue: responses to questionnaires, reports of measures."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

ITEM_UNKNOWN: Final = Kind(
    Code(
        "KB730",
        "item-unknown",
        Severity.ERROR,
        """\
A response has an item that its questionnaire does not have there.

Items are told by their `linkId`, and stand in the response as they do in the questionnaire: those
of a group inside the group, those below a question inside its answer.

Correct the `linkId`, or move the item.
""",
    ),
    "structure",
    "Questionnaire_QR_Item_NotFound",
)

ANSWER_MISSING: Final = Kind(
    Code(
        "KB731",
        "answer-missing",
        Severity.ERROR,
        """\
A question or group that has to be answered is not.

The questionnaire says `required`, and the item is enabled. As long as the response's status is
`in-progress`, answers may be missing.
""",
    ),
    "required",
    "Questionnaire_QR_Item_Missing",
)

ANSWER_NOT_ALLOWED: Final = Kind(
    Code(
        "KB732",
        "answer-not-allowed",
        Severity.ERROR,
        """\
There is an answer, or one more, where the questionnaire allows none.

Groups and displays have no answers, a question without `repeats` has one, and an item whose
`enableWhen` does not hold has none.
""",
    ),
    "structure",
    "Questionnaire_QR_Item_NotEnabled",
)

ANSWER_TYPE: Final = Kind(
    Code(
        "KB733",
        "answer-type",
        Severity.ERROR,
        """\
An answer has another type than the question.

The type of the questionnaire's item says what `value[x]` an answer has: `choice` has a Coding,
`text` a string, `url` a uri.
""",
    ),
    "structure",
    "Questionnaire_QR_Item_WrongType",
)

ANSWER_VALUE: Final = Kind(
    Code(
        "KB734",
        "answer-value",
        Severity.ERROR,
        """\
An answer is not one that the questionnaire allows.

It is not among the `answerOption`s or in the `answerValueSet`, too long or too short, or out of the
range that `minValue` and `maxValue` set.
""",
    ),
    "value",
    "Questionnaire_QR_Item_NoOptions",
)

QUESTIONNAIRE_UNKNOWN: Final = Kind(
    Code(
        "KB735",
        "questionnaire-unknown",
        Severity.WARNING,
        """\
The questionnaire of a response is not known, so the answers were not checked against it.

Add it with `--also` or `--package`.
""",
    ),
    "not-found",
    "Questionnaire_QR_Q_NotFound",
)

REPORT_GROUP: Final = Kind(
    Code(
        "KB736",
        "report-differs",
        Severity.ERROR,
        """\
A MeasureReport does not have the groups, populations or stratifiers of its Measure.

Each of the measure stands in the report once, told by its code, and nothing else does. A single
group needs no code.
""",
    ),
    "business-rule",
    "MEASURE_MR_GRP_UNK_CODE",
)

REPORT_SCORE: Final = Kind(
    Code(
        "KB737",
        "report-score",
        Severity.ERROR,
        """\
The score of a MeasureReport is not what the scoring of its Measure asks for.

A cohort, and a report for the collection of data, have no score; a proportion is a number from 0 to
1 without a unit.
""",
    ),
    "business-rule",
    "MEASURE_MR_SCORE_PROHIBITED_MS",
)

REPORT_COUNT: Final = Kind(
    Code(
        "KB738",
        "report-subjects",
        Severity.ERROR,
        """\
A population of a MeasureReport lists its subjects where it should not, or not all of them.

Only reports of the type `subject-list` list subjects, as many as they count.
""",
    ),
    "business-rule",
    "MEASURE_MR_GRP_POP_NO_SUBJECTS",
)

KINDS: Final = (
    ITEM_UNKNOWN, ANSWER_MISSING, ANSWER_NOT_ALLOWED, ANSWER_TYPE, ANSWER_VALUE,
    QUESTIONNAIRE_UNKNOWN, REPORT_GROUP, REPORT_SCORE, REPORT_COUNT,
)  # fmt: skip
