"""Code systems of R5's Citation that live at terminology.hl7.org for R4B."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode

_R5 = "http://hl7.org/fhir/"
_THO = "http://terminology.hl7.org/CodeSystem/"
#: The same codes in both; R5 moved them into its core.
_NAMES = (
    "artifact-url-classifier",
    "citation-artifact-classifier",
    "citation-summary-style",
    "cited-artifact-abstract-type",
    "cited-artifact-classification-type",
    "cited-artifact-status-type",
    "cited-medium",
    "contributor-role",
    "contributor-summary-source",
    "contributor-summary-style",
    "contributor-summary-type",
    "published-in-type",
    "title-type",
)
#: Its codes are R5's alone; the concepts that we write have a text beside them.
_STUDY_DESIGN = _R5 + "study-design"
_HOMES = {_R5 + name: _THO + name for name in _NAMES}
#: The kinds of URL that R4B has in a code system of its own, to which it binds them.
_URL_KINDS = frozenset(
    {"abstract", "compressed-file", "doi-based", "full-text", "json", "not-specified", "pdf",
     "supplement", "webpage", "xml"}
)  # fmt: skip


def _home(coding: dict[str, Any]) -> str:
    """The system that R4B has for a coding of one of _HOMES."""
    system: str = coding["system"]
    if system == _R5 + "artifact-url-classifier" and coding["code"] in _URL_KINDS:
        return _THO + "article-url-type"
    return _HOMES[system]


def _finish(node: LoweringNode) -> None:
    for name, value in node.target.items():
        moved = node.target[name] = _moved(value)
        if moved is not value and _names_design(value):
            node.report_reworded(name, f"the code of {_STUDY_DESIGN} as text")


def _names_design(value: Any) -> bool:
    """Whether a coding within the value is of a code system that only R5 has."""
    if isinstance(value, list):
        return any(_names_design(item) for item in value)
    if not isinstance(value, dict):
        return False
    return value.get("system") == _STUDY_DESIGN or any(map(_names_design, value.values()))


def _moved(value: Any) -> Any:
    """The value with its codings' systems renamed; what has none is shared."""
    if isinstance(value, list):
        items = [_moved(item) for item in value]
        return (
            items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        )
    if not isinstance(value, dict):
        return value
    content = {name: _moved(part) for name, part in value.items()}
    if "coding" in content and _names_design(codings := content["coding"]):
        content["coding"] = [one for one in codings if one.get("system") != _STUDY_DESIGN]
        if not content["coding"]:
            del content["coding"]
    if content.get("system") in _HOMES and "code" in content:
        content["system"] = _home(content)
    elif all(content.get(name) is value[name] for name in value):
        return value
    return value.like(content) if isinstance(value, Element) else content


FINISHERS: dict[str, tuple[Finisher, ...]] = {"Citation": (_finish,)}
