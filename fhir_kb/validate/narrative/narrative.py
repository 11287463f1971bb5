"""The narrative: http://hl7.org/fhir/narrative.html, invariants txt-1 and txt-2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.core.issue import json_type, report
from fhir_kb.validate.finding_codes import EMPTY, NULL, WRONG_JSON_TYPE, XHTML_EMPTY, XHTML_LINK
from fhir_kb.validate.narrative.xhtml import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings
    from fhir_kb.validate.narrative.xhtml import Reader

_MAX_FINDINGS: Final = 20
_CACHE_SIZE: Final = 64


def narrative_check(*, fast_path: bool = True) -> Checker:
    """A check of Narrative.div; `fast_path`: see Validator."""

    def check(value: Any, context: Context) -> Findings:
        if not isinstance(value, str):
            if value is None:
                return report(NULL, "null is not a value in FHIR", "leave the property out")
            return report(WRONG_JSON_TYPE, f"a string is expected here, not {json_type(value)}")
        if not value or value.isspace():
            return report(EMPTY, "the narrative is empty", "leave 'text' out")
        if fast_path and _VALID.contains(value, context):
            return None
        reader = read(value, fast_path=fast_path)
        findings = reader.findings
        if not reader.has_content and not findings:
            findings += report(XHTML_EMPTY, "the narrative has no text and no image")
        if not findings:
            _VALID.add(value, reader)
        if reader.links:
            findings += _broken_links(reader, context)
        return findings[:_MAX_FINDINGS] or None

    return check


class _ValidNarratives:
    """The narratives that were valid last: each release of a resource repeats its own."""

    def __init__(self) -> None:
        self._targets: dict[str, frozenset[str]] = {}
        """Narrative -> the ids that its links lead to outside of it."""

    def contains(self, narrative: str, context: Context) -> bool:
        """Whether the narrative is valid, and its links lead to ids of the resource."""
        targets = self._targets.get(narrative)
        if targets is None:
            return False
        return not targets or targets.issubset(_ids(context.container))

    def add(self, narrative: str, reader: Reader) -> None:
        """Remember a narrative that is valid apart from its links."""
        if len(self._targets) >= _CACHE_SIZE:
            del self._targets[next(iter(self._targets))]
        targets = frozenset(name for _, name in reader.links)
        self._targets[narrative] = targets - reader.anchors - {""}


#: For all releases of FHIR.
_VALID: Final = _ValidNarratives()


def _broken_links(reader: Reader, context: Context) -> list[Finding]:
    """The links inside the narrative whose target does not exist."""
    anchors = reader.anchors
    # Several links to the same name are one finding.
    outer_links = [link for link in dict.fromkeys(reader.links) if link[1] not in anchors]
    if not outer_links:
        return []
    ids = set(_ids(context.container))
    findings: list[Finding] = []
    for element, name in outer_links:
        if name and name not in ids:
            what = "the image" if element == "img" else "the link"
            message = f"{what} '#{name}' has no target in the resource"
            advice = did_you_mean(name, anchors) if anchors else None
            findings += report(XHTML_LINK, message, advice)
    return findings


def _ids(value: Any) -> Iterator[str]:
    """The ids of all elements and contained resources."""
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if isinstance(node.get("id"), str):
                yield node["id"]
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
