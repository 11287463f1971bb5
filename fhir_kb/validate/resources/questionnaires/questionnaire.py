"""A Questionnaire on its own: what its enableWhen asks for, and what it is derived from.

http://hl7.org/fhir/questionnaire.html#enableWhen,
http://hl7.org/fhir/extensions/StructureDefinition-questionnaire-derivationType.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fhir_kb.validate.codes import DERIVED_ITEM, ENABLE_WHEN, ENABLE_WHEN_AFTER
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.resources.item_paths import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_MAX_DEPTH: Final = 100
_DERIVATION: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
_SYSTEM: Final = "http://hl7.org/fhir/questionnaire-derivationType"
_NEW: Final = "extends"
_MODES: Final = (_NEW, "compliesWith")
_DERIVED: Final = "QUESTIONNAIRE_Q_ITEM_DERIVED_"
#: Steps from the item to what differs, what its source says, and the end of the messageId.
_Difference: TypeAlias = "tuple[Pointer, str, str]"


@dataclass(slots=True)
class _Item:
    """An item. number: in the order in which items are read; last: that of the last inside it."""

    value: Mapping[str, Any]
    way: Pointer
    number: int
    last: int = 0


def check_questionnaire(value: Mapping[str, Any], context: Context) -> Findings:
    """What is wrong between the items of a Questionnaire, and by what it is derived from."""
    items = _items(value)
    by_name: dict[str, list[_Item]] = {}
    for one in items:
        if isinstance(name := one.value.get("linkId"), str):
            by_name.setdefault(name, []).append(one)
    found = [bad for one in items for bad in _enable_when(one, by_name)]
    for other, mode in _sources(value, context):
        known = {str(one.value.get("linkId")): one.value for one in reversed(_items(other))}
        for one in items:
            found += _derived(one, known, mode, str(other.get("url")))
    return found or None


def _items(questionnaire: Mapping[str, Any]) -> list[_Item]:
    """All items in the order in which they are read."""
    found: list[_Item] = []
    _collect(questionnaire, (), 0, found)
    return found


def _collect(owner: Mapping[str, Any], way: Pointer, depth: int, found: list[_Item]) -> None:
    for index, value in objects(owner, "item") if depth < _MAX_DEPTH else ():
        item = _Item(value, (*way, "item", index), len(found))
        found.append(item)
        _collect(value, item.way, depth + 1, found)
        item.last = len(found) - 1


def _enable_when(item: _Item, by_name: Mapping[str, list[_Item]]) -> Iterator[Finding]:
    for _, condition in objects(item.value, "enableWhen"):
        name = condition.get("question")
        if not isinstance(name, str):
            continue  # that it has to be there, the type says
        targets = by_name.get(name, [])
        if any(item.number < one.number <= item.last for one in targets):
            message = f"{quoted(name)}, which enables this item, is inside of it"
            yield from at(
                item.way, ENABLE_WHEN, message, None, "Questionnaire_Q_EnableWhen_IsInner"
            )
        elif not targets:
            message = f"there is no item {quoted(name)}, which would enable this one"
            yield from at(item.way, ENABLE_WHEN, message)
        elif targets[0] is item:
            message = f"the item {quoted(name)} would enable itself"
            yield from at(item.way, ENABLE_WHEN, message, None, "Questionnaire_Q_EnableWhen_Self")
        elif targets[0].number > item.number:
            message = f"{quoted(name)}, which enables this item, comes after it"
            yield from at(item.way, ENABLE_WHEN_AFTER, message)


def _sources(value: Mapping[str, Any], context: Context) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The questionnaires that one is derived from, and how, as far as both are known."""
    urls, beside = value.get("derivedFrom"), value.get("_derivedFrom")
    for index, url in enumerate(urls if isinstance(urls, list) else ()):
        extra = beside[index] if isinstance(beside, list) and index < len(beside) else None
        mode = _mode(extra) if isinstance(extra, dict) else ""
        if isinstance(url, str) and mode and context.canonicals is not None:
            other = context.canonicals.find(url, "Questionnaire")
            if other is not None:
                yield other, mode


def _mode(extra: Mapping[str, Any]) -> str:
    for _, one in objects(extra, "extension"):
        coding = one.get("valueCoding")
        if one.get("url") == _DERIVATION and isinstance(coding, dict):
            code = coding.get("code")
            if coding.get("system") == _SYSTEM and code in _MODES:
                return str(code)
    return ""


def _derived(
    item: _Item, known: Mapping[str, Mapping[str, Any]], mode: str, url: str
) -> Iterator[Finding]:
    """What an item may not be, by the item of that linkId in the questionnaire it comes from."""
    name = item.value.get("linkId")
    source = known.get(name) if isinstance(name, str) else None
    if source is None:
        if mode != _NEW:
            message = f"{quoted(url)}, with which this one complies, has no item {quoted(name)}"
            yield from at(item.way, DERIVED_ITEM, message)
        return
    for steps, message, message_id in _differences(item.value, source):
        told = f"{message} in {quoted(url)}"
        yield from at((*item.way, *steps), DERIVED_ITEM, told, None, _DERIVED + message_id)


def _differences(item: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[_Difference]:
    if "type" in item and "type" in source and item["type"] != source["type"]:
        yield ("type",), f"the item is of type {quoted(source['type'])}", "NC_TYPE"
    if item.get("repeats") is True and source.get("repeats") is not True:
        yield ("repeats",), "the item does not repeat", "NC_REPEATS"
    if item.get("required") is False and source.get("required") is True:
        yield ("required",), "the item is required", "NC_REQUIRED"
    longest, here = source.get("maxLength"), item.get("maxLength")
    if isinstance(longest, int):
        if "maxLength" not in item:
            yield (), f"the item has a maxLength of {longest}", "MAXLENGTH"
        elif isinstance(here, int) and here > longest:
            yield ("maxLength",), f"the maxLength is {longest}", "NC_MAXLENGTH"
    yield from _answers(item, source)


def _answers(item: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[_Difference]:
    if "answerOption" in source:
        if "answerValueSet" in item:
            yield (), "the item has options, and no value set", "NC_ANSWER_TYPE"
        elif "answerOption" not in item:
            yield (), "the item has options, so this one needs some", "ANSWER_OPTIONS"
        else:
            allowed = [_option(one) for _, one in objects(source, "answerOption")]
            for index, one in objects(item, "answerOption"):
                if _option(one) not in allowed:
                    steps = ("answerOption", index)
                    yield steps, "there is no such option", "ANSWER_OPTIONS_NEW"
    if "answerValueSet" in source and "answerOption" in item:
        yield (), "the item has a value set, and no options", "NC_ANSWER_TYPE"


def _option(option: Mapping[str, Any]) -> tuple[str, str]:
    """What tells an option from others: its type, and its value or the code or reference in it."""
    for key, value in option.items():
        if key.startswith("value"):
            if isinstance(value, dict):
                told = [value.get(one) for one in ("system", "code", "reference")]
                return key, repr(told)
            return key, repr(value)
    return "", ""
