"""ConceptMaps against the code systems that ship: http://hl7.org/fhir/conceptmap.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.codesystems import code_systems
from fhir_kb.validate.fhir.issue import Context, Finding, below
from fhir_kb.validate.terminology.codings import names, unknown_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.packages.codesystems import CodeSystem
    from fhir_kb.validate.fhir.issue import Checker, Findings


def map_rule(fhir_version: str) -> Checker:
    """A check that the codes which a map leads from and to exist."""

    def check(value: Mapping[str, Any], _context: Context) -> Findings:
        systems = code_systems(fhir_version)
        found: list[Finding] = []
        for index, group in _items(value, "group"):
            source, target = (
                systems.get(str(group.get(name, "")).partition("|")[0])
                for name in ("source", "target")
            )
            for number, element in _items(group, "element"):
                bad = _code(element, source, "CONCEPTMAP_GROUP_SOURCE_CODE_INVALID")
                for place, one in _items(element, "target"):
                    wrong = _code(one, target, "CONCEPTMAP_GROUP_TARGET_CODE_INVALID")
                    bad += _at(wrong, "target", place)
                found += _at(_at(bad, "element", number), "group", index)
        return found or None

    return check


def _code(value: Mapping[str, Any], system: CodeSystem | None, message_id: str) -> list[Finding]:
    code = value.get("code")
    if system is None or not isinstance(code, str) or names(system, code) is not None:
        return []
    found = unknown_code(system, code)
    for one in found:
        one.message_id = message_id
    return found


def _at(found: list[Finding], name: str, index: int) -> list[Finding]:
    return below(below(found, index, f"[{index}]"), name, f".{name}")


def _items(value: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    items = value.get(name)
    for index, one in enumerate(items if isinstance(items, list) else ()):
        if isinstance(one, dict):
            yield index, one
