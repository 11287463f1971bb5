"""Rules of a questionnaire that are not checked of its responses: they are reported as such.

http://hl7.org/fhir/uv/sdc/behavior.html, http://hl7.org/fhir/extensions/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import ANSWER_RULE_NOT_CHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_DEPTH: Final = 100
_MAX_SHOWN: Final = 3
_ROOTS: Final = (
    "http://hl7.org/fhir/StructureDefinition/",
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-",
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/",
)
#: Extensions of a Questionnaire or of its items that restrict answers.
_RULES: Final = frozenset(
    {
        "questionnaire-constraint", "targetConstraint", "calculatedExpression", "answerExpression",
        "answerOptionsToggleExpression", "candidateExpression", "contextExpression",
        "cqf-calculatedValue", "cqf-expression", "minQuantity", "maxQuantity", "minOccurs",
        "maxOccurs", "questionnaire-minOccurs", "questionnaire-maxOccurs", "maxSize", "mimeType",
        "questionnaire-optionExclusive", "questionnaire-optionRestriction", "optionExclusive",
        "questionnaire-referenceFilter", "questionnaire-referenceProfile",
        "questionnaire-referenceResource", "questionnaire-signatureRequired",
        "questionnaire-sliderStepValue", "questionnaire-unit", "questionnaire-unitOption",
        "questionnaire-unitValueSet", "unitOpen", "unitSupplementalSystem",
    }
)  # fmt: skip
_LIMITS: Final = ("minValue", "maxValue")
_CHECKED: Final = (*_LIMITS, "regex", "minLength", "maxDecimalPlaces")
"""Extensions that are checked where they have a value."""
_COMPUTABLE: Final = ("required", "repeats", "maxLength", "answerValueSet", "answerConstraint")
"""Elements of an item that restrict answers, and that an extension may compute."""
_COMPUTING: Final = ("cqf-expression", "cqf-calculatedValue")


def unsupported_rules(questionnaire: Mapping[str, Any]) -> list[Finding]:
    """A finding for each kind of rule that the questionnaire has and that is not checked."""
    items_by_rule: dict[str, list[str]] = {}
    for owner in _with_items(questionnaire):
        link_id = text(owner, "linkId")
        for rule in _rules_of(owner):
            items_by_rule.setdefault(rule, []).append(link_id)
    return [
        Finding(ANSWER_RULE_NOT_CHECKED, f"not checked: {rule} of {_where(link_ids)}")
        for rule, link_ids in items_by_rule.items()
    ]


def _with_items(questionnaire: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A questionnaire and all of its items."""
    todo = [(questionnaire, 0)]
    while todo:
        owner, depth = todo.pop()
        yield owner
        if depth < _MAX_DEPTH:
            items = [(item, depth + 1) for _, item in objects(owner, "item")]
            todo += reversed(items)


def _rules_of(owner: Mapping[str, Any]) -> Iterator[str]:
    """The rules of a questionnaire or item, in its options as well, each once."""
    rules: dict[str, None] = {}
    options = [option for _, option in objects(owner, "answerOption")]
    for holder in (owner, *options):
        for _, extension in objects(holder, "extension"):
            url = text(extension, "url")
            root = next((root for root in _ROOTS if url.startswith(root)), None)
            name = url if root is None else url.removeprefix(root)
            if root is not None and name.removeprefix("sdc-questionnaire-") in _RULES:
                rules[name] = None
            elif name in _LIMITS and "valueQuantity" in extension:
                rules[f"{name} of a quantity"] = None
            elif name in _CHECKED and not any(key.startswith("value") for key in extension):
                rules[f"{name}, which is computed,"] = None
    for name in _COMPUTABLE:
        if name not in owner and _is_computed(owner.get("_" + name)):
            rules[f"{name}, which is computed,"] = None
    yield from rules


def _is_computed(extra: Any) -> bool:
    """Whether an extension of an element says how its value is computed."""
    return any(
        text(extension, "url").removeprefix(_ROOTS[0]) in _COMPUTING
        for _, extension in objects(extra, "extension")
    )


def _where(link_ids: list[str]) -> str:
    if link_ids == [""]:
        return "the questionnaire"
    shown = ", ".join(f"'{link_id}'" for link_id in link_ids[:_MAX_SHOWN] if link_id)
    more = f" and {len(link_ids) - _MAX_SHOWN} more" if len(link_ids) > _MAX_SHOWN else ""
    return f"the items {shown}{more}" if len(link_ids) > 1 else f"the item {shown}"
