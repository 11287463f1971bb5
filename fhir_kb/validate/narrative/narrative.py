"""The narrative: http://hl7.org/fhir/narrative.html, rules txt-1 and txt-2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.codes import EMPTY, NULL, WRONG_JSON_TYPE, XHTML_EMPTY, XHTML_LINK
from fhir_kb.validate.core.issue import json_type, report
from fhir_kb.validate.narrative.xhtml import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings
    from fhir_kb.validate.narrative.xhtml import Reader

_MAX_FINDINGS: Final = 20
_REMEMBERED: Final = 64
#: Narratives just found to be right by themselves -> where their links lead that lead out of them.
#: Each release of a resource repeats its own.
_FINE: Final[dict[str, frozenset[str]]] = {}


def check_narrative(value: Any, context: Context) -> Findings:
    """The check of Narrative.div."""
    if not isinstance(value, str):
        if value is None:
            return report(NULL, "null is not a value in FHIR", "leave the property out")
        return report(WRONG_JSON_TYPE, f"a string is expected here, not {json_type(value)}")
    if not value or value.isspace():
        return report(EMPTY, "the narrative is empty", "leave 'text' out")
    if value in _FINE and (not _FINE[value] or _FINE[value].issubset(_ids(context.container))):
        return None
    reader = read(value)
    found = reader.found
    if not reader.has_content and not found:
        found += report(XHTML_EMPTY, "the narrative has no text and no image")
    if not found:
        _remember(value, reader)
    if reader.links:
        found += _lost_links(reader, context)
    return found[:_MAX_FINDINGS] or None


def _remember(narrative: str, reader: Reader) -> None:
    if len(_FINE) >= _REMEMBERED:
        del _FINE[next(iter(_FINE))]
    names = frozenset(name for _, name in reader.links)
    _FINE[narrative] = names - reader.anchors - {""}


def _lost_links(reader: Reader, context: Context) -> list[Finding]:
    """The links inside the narrative that lead nowhere."""
    known = reader.anchors
    lost = [(element, name) for element, name in reader.links if name not in known]
    if not lost:
        return []
    ids = set(_ids(context.container))
    found: list[Finding] = []
    for element, name in lost:
        if name and name not in ids:
            found += report(
                XHTML_LINK,
                f"{'the image' if element == 'img' else 'the link'} '#{name}' leads nowhere",
                did_you_mean(name, known) if known else None,
            )
    return found


def _ids(value: Any) -> Iterator[str]:
    """The ids of all elements and contained resources."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if isinstance(one.get("id"), str):
                yield one["id"]
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
