"""ConceptMaps against code systems and value sets: http://hl7.org/fhir/conceptmap.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import MAP, MAP_DOUBTFUL
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.codings import unknown_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

#: How the value sets are named in which codes have to be, R5's way and R4's.
_SCOPES: Final = {
    "source": ("sourceScopeUri", "sourceScopeCanonical", "sourceUri", "sourceCanonical"),
    "target": ("targetScopeUri", "targetScopeCanonical", "targetUri", "targetCanonical"),
}


def check_map(value: Mapping[str, Any], context: Context) -> Findings:
    """The check of a ConceptMap."""
    if context.terminology is None:
        return None
    check = _Map(value, context.terminology)
    found: list[Finding] = []
    for index, group in objects(value, "group"):
        found += under(check.group(group), "group", index)
    return found or None


class _Side:
    """Where the codes of one side of a group come from."""

    def __init__(
        self, side: str, scope: str, group: Mapping[str, Any], terminology: TerminologyService
    ) -> None:
        self.name = side.upper()
        self.system, _, version = text(group, side).partition("|")
        self._known = terminology.code_system(self.system, version) if self.system else None
        self._has_scope = bool(scope)
        # of a system that is not at hand, the official validator does not look up codes either
        is_known = bool(scope) and self._known is not None and terminology.value_set(scope)
        self._scope = scope if is_known else ""
        self._terminology = terminology

    def group(self, side: str) -> list[Finding]:
        """What is wrong with the system itself."""
        if not self.system:
            message = f"there is no {side}, so nobody knows of which code system its codes are"
            return [
                Finding(MAP_DOUBTFUL, message, message_id=f"CONCEPTMAP_GROUP_{self.name}_MISSING")
            ]
        if self._has_scope or (self._known is not None and self._known.is_complete):
            return []
        message = f"the code system {self.system} is not at hand, so its codes are not checked"
        return under(
            [Finding(MAP_DOUBTFUL, message, message_id=f"CONCEPTMAP_GROUP_{self.name}_UNKNOWN")],
            side,
        )

    def code(self, value: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with a code and its display."""
        code = text(value, "code")
        if not code or not self.system:
            return []
        if self._scope:
            if self._terminology.contains(self._scope, self.system, code) is not False:
                return []
            message = f"{quoted(code)} of {self.system} is not in the value set {self._scope}"
            message_id = f"CONCEPTMAP_GROUP_{self.name}_CODE_INVALID_VS"
            return under([Finding(MAP, message, message_id=message_id)], "code")
        return self._in_system(value, code) if self._known is not None else []

    def _in_system(self, value: Mapping[str, Any], code: str) -> list[Finding]:
        known: CodeSystemConcepts | None = self._known
        assert known is not None
        written = known.find_code(code)
        if written is None:
            found = unknown_code(known, code) if known.is_complete else []
            for one in found:
                one.message_id = f"CONCEPTMAP_GROUP_{self.name}_CODE_INVALID"
            return found
        display, names = text(value, "display"), known.displays[written]
        if not display or not names or display.casefold() in map(str.casefold, names):
            return []
        message = f"{quoted(display)} is not a display of '{code}' in {self.system}"
        message_id = f"CONCEPTMAP_GROUP_{self.name}_DISPLAY_INVALID"
        advice = f"the display is {quoted(names[0])}"
        return under([Finding(MAP_DOUBTFUL, message, advice, message_id)], "code")


class _Map:
    """The check of one map's groups."""

    def __init__(self, value: Mapping[str, Any], terminology: TerminologyService) -> None:
        self._terminology = terminology
        self._scopes = {
            side: next((text(value, name) for name in names if text(value, name)), "")
            for side, names in _SCOPES.items()
        }
        self._types = {
            text(one, "code"): text(one, "type") for _, one in objects(value, "property")
        }

    def group(self, group: Mapping[str, Any]) -> list[Finding]:
        sides = {
            side: _Side(side, scope, group, self._terminology)
            for side, scope in self._scopes.items()
        }
        found = [one for side, checked in sides.items() for one in checked.group(side)]
        known: set[tuple[str, str]] = set()
        for number, element in objects(group, "element"):
            here = sides["source"].code(element)
            for place, one in objects(element, "target"):
                there = sides["target"].code(one)
                there += self._properties(one)
                there += _twice((text(element, "code"), text(one, "code")), one, known)
                here += under(there, "target", place)
            found += under(here, "element", number)
        return found

    def _properties(self, target: Mapping[str, Any]) -> list[Finding]:
        found: list[Finding] = []
        for index, one in objects(target, "property"):
            found += under(list(self._property(one)), "property", index)
        return found

    def _property(self, one: Mapping[str, Any]) -> Iterator[Finding]:
        code = text(one, "code")
        if code not in self._types:
            message = f"the property {quoted(code)} is not defined in this map"
            message_id = "CONCEPTMAP_GROUP_TARGET_PROPERTY_INVALID"
            yield from under([Finding(MAP, message, message_id=message_id)], "code")
            return
        for key in one:
            kind = key[5:] if key.startswith("value") else ""
            kind = kind if kind == "Coding" else kind[:1].lower() + kind[1:]
            if kind and kind != self._types[code]:
                message = f"the property has the type {self._types[code]}, and this is {kind}"
                bad = Finding(
                    MAP, message, message_id="CONCEPTMAP_GROUP_TARGET_PROPERTY_TYPE_MISMATCH"
                )
                bad.path_steps.append((key, f".value.ofType({kind})"))
                yield bad


def _twice(
    pair: tuple[str, str], target: Mapping[str, Any], known: set[tuple[str, str]]
) -> list[Finding]:
    # what depends on other elements, or makes different products, is no repetition
    if not all(pair) or "dependsOn" in target or "product" in target:
        return []
    if pair not in known:
        known.add(pair)
        return []
    message = f"a relationship from {quoted(pair[0])} to {quoted(pair[1])} has been given before"
    return [Finding(MAP_DOUBTFUL, message, message_id="CONCEPTMAP_GROUP_TARGET_DUPLICATION")]
