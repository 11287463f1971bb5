"""A Questionnaire by itself: its enableWhen conditions, and the one that it is derived from.

http://hl7.org/fhir/questionnaire.html#enableWhen,
http://hl7.org/fhir/extensions/StructureDefinition-questionnaire-derivationType.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import (
    DERIVED_ITEM,
    ENABLE_WHEN,
    ENABLE_WHEN_AFTER,
    QUESTIONNAIRE_UNKNOWN,
)
from fhir_kb.validate.resources.locations import report_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_MAX_DEPTH: Final = 100
_DERIVATION: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
_SYSTEM: Final = "http://hl7.org/fhir/questionnaire-derivationType"
_EXTENDS: Final = "extends"
_MODES: Final = (_EXTENDS, "compliesWith")
_DERIVED_MESSAGE: Final = "QUESTIONNAIRE_Q_ITEM_DERIVED_"
#: Path from the item to the difference, message, and the end of the messageId.
_Difference: TypeAlias = "tuple[Pointer, str, str]"


@dataclass(slots=True)
class _Item:
    value: Mapping[str, Any]
    pointer: Pointer
    number: int
    """In document order."""
    last: int = 0
    """The number of the last item inside it."""


def check_questionnaire(value: Mapping[str, Any], context: Context) -> Findings:
    """Check the conditions of a Questionnaire's items, and the items against its bases."""
    items = _items(value)
    by_link_id: dict[str, list[_Item]] = {}
    for item in items:
        if isinstance(link_id := item.value.get("linkId"), str):
            by_link_id.setdefault(link_id, []).append(item)
    findings = [finding for item in items for finding in _check_enable_when(item, by_link_id)]
    for url, base, mode in _bases(value, context):
        if base is None:
            message = f"not checked: {quoted(url, 120)}, which it is derived from, is not available"
            findings += report_at((), QUESTIONNAIRE_UNKNOWN, message)
            continue
        base_items = {str(item.value.get("linkId")): item.value for item in reversed(_items(base))}
        for item in items:
            findings += _check_derived(item, base_items, mode, str(base.get("url")))
    return findings or None


def _items(questionnaire: Mapping[str, Any]) -> list[_Item]:
    """All items in document order."""
    items: list[_Item] = []
    _collect(questionnaire, (), 0, items)
    return items


def _collect(parent: Mapping[str, Any], pointer: Pointer, depth: int, items: list[_Item]) -> None:
    for index, value in objects(parent, "item") if depth < _MAX_DEPTH else ():
        item = _Item(value, (*pointer, "item", index), len(items))
        items.append(item)
        _collect(value, item.pointer, depth + 1, items)
        item.last = len(items) - 1


def _check_enable_when(item: _Item, by_link_id: Mapping[str, list[_Item]]) -> Iterator[Finding]:
    for _, condition in objects(item.value, "enableWhen"):
        link_id = condition.get("question")
        if not isinstance(link_id, str):
            continue  # the type requires it
        targets = by_link_id.get(link_id, [])
        if any(item.number < target.number <= item.last for target in targets):
            message = f"{quoted(link_id)}, which enables this item, is inside of it"
            yield from report_at(
                item.pointer, ENABLE_WHEN, message, None, "Questionnaire_Q_EnableWhen_IsInner"
            )
        elif not targets:
            message = f"enableWhen refers to the item {quoted(link_id)}, which does not exist"
            yield from report_at(item.pointer, ENABLE_WHEN, message)
        elif targets[0] is item:
            message = f"the item {quoted(link_id)} would enable itself"
            yield from report_at(
                item.pointer, ENABLE_WHEN, message, None, "Questionnaire_Q_EnableWhen_Self"
            )
        elif targets[0].number > item.number:
            message = f"{quoted(link_id)}, which enables this item, comes after it"
            yield from report_at(item.pointer, ENABLE_WHEN_AFTER, message)


def _bases(
    value: Mapping[str, Any], context: Context
) -> Iterator[tuple[str, Mapping[str, Any] | None, str]]:
    """The questionnaires that it is derived from (None: not available), and how, where known."""
    urls, extensions = value.get("derivedFrom"), value.get("_derivedFrom")
    for index, url in enumerate(urls if isinstance(urls, list) else ()):
        extension = (
            extensions[index] if isinstance(extensions, list) and index < len(extensions) else None
        )
        mode = _mode(extension) if isinstance(extension, dict) else ""
        if isinstance(url, str) and mode and context.canonicals is not None:
            yield url, context.canonicals.find(url, "Questionnaire"), mode


def _mode(element: Mapping[str, Any]) -> str:
    for _, extension in objects(element, "extension"):
        coding = extension.get("valueCoding")
        if extension.get("url") == _DERIVATION and isinstance(coding, dict):
            code = coding.get("code")
            if coding.get("system") == _SYSTEM and code in _MODES:
                return str(code)
    return ""


def _check_derived(
    item: _Item, base_items: Mapping[str, Mapping[str, Any]], mode: str, url: str
) -> Iterator[Finding]:
    """Check an item against the item with that linkId in the base questionnaire."""
    link_id = item.value.get("linkId")
    base_item = base_items.get(link_id) if isinstance(link_id, str) else None
    if base_item is None:
        if mode != _EXTENDS:
            message = f"{quoted(url)}, with which this one complies, has no item {quoted(link_id)}"
            yield from report_at(item.pointer, DERIVED_ITEM, message)
        return
    for steps, message, message_id in _differences(item.value, base_item):
        full_message = f"{message} in {quoted(url)}"
        yield from report_at(
            (*item.pointer, *steps), DERIVED_ITEM, full_message, None, _DERIVED_MESSAGE + message_id
        )


def _differences(item: Mapping[str, Any], base_item: Mapping[str, Any]) -> Iterator[_Difference]:
    if "type" in item and "type" in base_item and item["type"] != base_item["type"]:
        yield ("type",), f"the item is of type {quoted(base_item['type'])}", "NC_TYPE"
    if item.get("repeats") is True and base_item.get("repeats") is not True:
        yield ("repeats",), "the item does not repeat", "NC_REPEATS"
    if item.get("required") is False and base_item.get("required") is True:
        yield ("required",), "the item is required", "NC_REQUIRED"
    longest, own_length = base_item.get("maxLength"), item.get("maxLength")
    if isinstance(longest, int):
        if "maxLength" not in item:
            yield (), f"the item has a maxLength of {longest}", "MAXLENGTH"
        elif isinstance(own_length, int) and own_length > longest:
            yield ("maxLength",), f"the maxLength is {longest}", "NC_MAXLENGTH"
    yield from _answer_differences(item, base_item)


def _answer_differences(
    item: Mapping[str, Any], base_item: Mapping[str, Any]
) -> Iterator[_Difference]:
    if "answerOption" in base_item:
        if "answerValueSet" in item:
            yield (), "the item has options, and no value set", "NC_ANSWER_TYPE"
        elif "answerOption" not in item:
            yield (), "the item has options, so this one needs some", "ANSWER_OPTIONS"
        else:
            allowed = [_option_key(option) for _, option in objects(base_item, "answerOption")]
            for index, option in objects(item, "answerOption"):
                if _option_key(option) not in allowed:
                    steps = ("answerOption", index)
                    yield steps, "there is no such option", "ANSWER_OPTIONS_NEW"
    if "answerValueSet" in base_item and "answerOption" in item:
        yield (), "the item has a value set, and no options", "NC_ANSWER_TYPE"


def _option_key(option: Mapping[str, Any]) -> tuple[str, str]:
    """The identity of an option: its type, and its value, code or reference."""
    for key, value in option.items():
        if key.startswith("value"):
            if isinstance(value, dict):
                identity = [value.get(part) for part in ("system", "code", "reference")]
                return key, repr(identity)
            return key, repr(value)
    return "", ""
