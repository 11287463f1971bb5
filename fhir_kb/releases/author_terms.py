"""What elements are called in messages to an author."""

from __future__ import annotations

import re
from typing import Any

from fhir_kb.model.resource_kind import BY_TYPE

# What an author names in a definition, and the properties that the name may stand in
_NAMED = {
    "PlanDefinition.action": ("step", "linkId", "id", "title"),
    "PlanDefinition.goal": ("goal", "id"),
    "RelatedArtifact": ("related work", "label", "display", "type"),
    "Evidence.certainty": ("the certainty",),
    "Evidence.statistic": ("the statistic",),
    "EvidenceVariable.characteristic": ("characteristic", "linkId", "description"),
    "Composition.section": ("section", "title"),
    "Practitioner": ("person", "id"),
    "Organization": ("organization", "id", "name"),
    "Group": ("group", "id", "name"),
}
_LABELS = {
    "action": "steps",
    "asNeededBoolean": "'as needed'",
    "asNeededCodeableConcept": "'as needed'",
    "asNeededFor": "reasons for 'as needed'",
    "citeAsReference": "suggested citation",
    "citeAsMarkdown": "suggested citation",
    "definitionByCombination": "combination",
    "definitionByTypeAndValue": "type and value",
    "endRelationship": "relation at the end",
    "linkId": "name",
    "relatedArtifact": "related works",
    "relatesTo": "related works",
    "statusDate": "status dates",
    "useContext": "audience and context",
    "variableDefinition": "variables",
    "versionAlgorithmCoding": "version algorithm",
    "versionAlgorithmString": "version algorithm",
}
#: Elements of no clinical weight: not worth a word where they are kept in a standard extension, and
#: information where they are lost.
ADMINISTRATIVE = frozenset(
    [
        "additionalUse",
        "approvalDate",
        "author",
        "copyright",
        "copyrightLabel",
        "duration",
        "editor",
        "effectivePeriod",
        "endorser",
        "frames",
        "height",
        "lastReviewDate",
        "linkId",
        "name",
        "next",
        "pages",
        "property",
        "publicationDate",
        "publicationStatus",
        "purpose",
        "reviewer",
        "size",
        "topic",
        "url",
        "version",
        "versionAlgorithmCoding",
        "versionAlgorithmString",
        "width",
    ]
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 60


def owner_name(type_path: str, source: dict[str, Any]) -> str:
    """What an author calls an element, with its name: "step 'insert'"; "" where it has no name."""
    kind = BY_TYPE.get(type_path)
    if kind is not None:
        return _with_name(kind.term, source.get("id") or source.get("title"))
    named = _NAMED.get(type_path)
    if named is None:
        return ""
    word, *names = named
    return _with_name(word, next((source[name] for name in names if source.get(name)), None))


def _with_name(word: str, name: Any) -> str:
    if not isinstance(name, str):
        return word
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
    return f"{word} '{short}'"


def element_label(name: str) -> str:
    """What an element is called in a sentence: "copyrightLabel" → "copyright label"."""
    return _LABELS.get(name) or _HUMP.sub(" ", name.removeprefix("_")).lower()


def concept_text(value: Any) -> str:
    """The words of a CodeableConcept: its text, or what its codes display; "" where it has none."""
    if not isinstance(value, dict):
        return ""
    if isinstance(text := value.get("text"), str):
        return text
    codings = [coding for coding in value.get("coding", ()) if isinstance(coding, dict)]
    displays = (coding.get("display") or coding.get("code") for coding in codings)
    return next((display for display in displays if isinstance(display, str)), "")


def value_text(value: Any) -> str:
    """Any value in words, as far as it has any; "" for what has none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := value_text(item)))
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if "start" in value or "end" in value:
        parts = (("from", value.get("start")), ("to", value.get("end")))
        return " ".join(f"{word} {day}" for word, day in parts if day)
    if "numerator" in value or "denominator" in value:
        return " per ".join(
            quantity_text(value.get(part)) or "?" for part in ("numerator", "denominator")
        )
    if "code" in value and any(name.startswith("value") for name in value):  # UsageContext
        inner = next(value[name] for name in value if name.startswith("value"))
        return f"{value_text(value['code'])}: {value_text(inner)}"
    for name in ("text", "display", "name", "description", "reference"):
        if isinstance(value.get(name), str):
            return str(value[name])
    return concept_text(value) or quantity_text(value)


def quantity_text(value: Any) -> str:
    """A Quantity or Range in words: "> 50 s", "4 wk to 6 wk"; "" where it has no number."""
    if not isinstance(value, dict):
        return ""
    if "low" in value or "high" in value:
        low, high = quantity_text(value.get("low")), quantity_text(value.get("high"))
        if low and high:
            return f"{low} to {high}"
        return f"at least {low}" if low else f"at most {high}" if high else ""
    if "value" not in value:
        return ""
    parts = (value.get("comparator"), value["value"], value.get("unit") or value.get("code"))
    return " ".join(str(part) for part in parts if part is not None)
