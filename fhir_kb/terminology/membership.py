"""Whether a code is in a value set, by its definition: True, False, or None if undecidable.

http://hl7.org/fhir/valueset.html#compositions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fhir_kb.terminology.grammars import grammar_check
from fhir_kb.terminology.three_valued import all_of, any_of, negated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts

_MAX_DEPTH: Final = 32
UCUM: Final = "http://unitsofmeasure.org"
#: Systems whose codes are defined by a grammar, and its name.
GRAMMAR_OF_SYSTEM: Final = {
    "urn:ietf:bcp:47": "bcp47",
    "urn:ietf:bcp:13": "mime",
    "urn:iso:std:iso:4217": "currency",
    UCUM: "ucum",
    "http://hl7.org/fhir/color-rgb": "rgb",
}


class Coding(NamedTuple):
    """A code with its code system, as a FHIR Coding has it."""

    system: str | None
    """None for a plain code, whose system follows from the value set."""
    code: str
    version: str = ""


class TerminologySource(Protocol):
    """Where value sets and code systems come from."""

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """The ValueSet resource; None if it is not available."""

    def code_system(self, system: str, version: str = "") -> CodeSystemConcepts | None:
        """The code system in that version if available, else in another one; None if in none."""


def is_member(
    value_set: Mapping[str, Any],
    coding: Coding,
    source: TerminologySource,
    fallback: Callable[[str, Coding], bool | None],
    depth: int = 0,
) -> bool | None:
    """Whether the code is in a ValueSet; fallback: answers for value sets without definition."""
    if depth > _MAX_DEPTH:
        return None
    compose = value_set.get("compose")
    if not isinstance(compose, dict):
        return _in_expansion(value_set, coding)

    def matches(part: Mapping[str, Any], coding: Coding) -> bool | None:
        imports = (_imported(url, coding, source, fallback, depth) for url in _value_set_urls(part))
        if "system" not in part:
            return all_of(imports) if part.get("valueSet") else None
        return all_of((_in_system(part, coding, source), *imports))

    excludes = list(_objects(compose.get("exclude")))
    active_only = compose.get("inactive") is False

    def included(part: Mapping[str, Any]) -> bool | None:
        system = part.get("system")
        candidate = coding
        if coding.system is None and isinstance(system, str):
            candidate = coding._replace(system=system)
        if active_only and _is_inactive(candidate, source):
            return False
        is_match = matches(part, candidate)
        if is_match is False:
            return False
        return all_of((is_match, *(negated(matches(other, candidate)) for other in excludes)))

    is_included = any_of(included(part) for part in _objects(compose.get("include")))
    return _in_expansion(value_set, coding) if is_included is None else is_included


def _imported(
    url: str,
    coding: Coding,
    source: TerminologySource,
    fallback: Callable[[str, Coding], bool | None],
    depth: int,
) -> bool | None:
    value_set = source.value_set(url)
    if value_set is None:
        return fallback(url, coding)
    return is_member(value_set, coding, source, fallback, depth + 1)


def _in_system(part: Mapping[str, Any], coding: Coding, source: TerminologySource) -> bool | None:
    system, version = str(part["system"]), str(part.get("version", ""))
    if coding.system is None or coding.system != system:
        return False
    if version and coding.version and not is_same_version(version, coding.version):
        return False
    if isinstance(part.get("concept"), list):
        return _in_list(part, coding, source)
    concepts = source.code_system(system, version)
    filters = list(_objects(part.get("filter")))
    code = None if concepts is None else concepts.find_code(coding.code)
    if concepts is None or (code is None and not concepts.is_complete):
        is_defined = matches_grammar(system, coding.code)
        return None if filters and is_defined else is_defined
    if version and not is_this_version(concepts.version, version):
        return None  # another version may have other codes, and another hierarchy
    if code is None:
        return False
    return all_of(_matches_filter(concepts, code, entry) for entry in filters)


def _matches_filter(
    concepts: CodeSystemConcepts, code: str, condition: Mapping[str, Any]
) -> bool | None:
    name, operator, value = (str(condition.get(part, "")) for part in ("property", "op", "value"))
    return concepts.matches_filter(code, name, operator, value)


def _in_list(part: Mapping[str, Any], coding: Coding, source: TerminologySource) -> bool:
    codes = [entry.get("code") for entry in _objects(part["concept"])]
    if coding.code in codes:
        return True
    concepts = source.code_system(str(part["system"]))
    if concepts is None or not concepts.is_case_insensitive:
        return False
    folded = coding.code.casefold()
    return any(isinstance(code, str) and code.casefold() == folded for code in codes)


def matches_grammar(system: str, code: str) -> bool | None:
    """Whether a code follows the grammar of its system; None for systems without a grammar."""
    test = grammar_check(GRAMMAR_OF_SYSTEM[system]) if system in GRAMMAR_OF_SYSTEM else None
    return None if test is None else test(code)


def _is_inactive(coding: Coding, source: TerminologySource) -> bool:
    concepts = source.code_system(coding.system or "")
    if concepts is None or (code := concepts.find_code(coding.code)) is None:
        return False
    return concepts.is_inactive(code)


def is_this_version(available: str, required: str) -> bool:
    """Whether a code system at hand is the version that is required; a build of a release is that.

    Args:
        available: CodeSystem.version; "" where it states none, and is any.
        required: the version, in full or by its leading parts.
    """
    if not available or is_same_version(required, available):
        return True
    return required.startswith(available + "-")


def is_same_version(version: str, other: str) -> bool:
    """Whether two versions are equal as far as both are given: 4.0 and 4.0.1 are."""
    return version == other or version.startswith(other + ".") or other.startswith(version + ".")


def _in_expansion(value_set: Mapping[str, Any], coding: Coding) -> bool | None:
    """By the ValueSet's own expansion; None where that is incomplete and lacks the code."""
    expansion = value_set.get("expansion")
    if not isinstance(expansion, dict) or not isinstance(expansion.get("contains"), list):
        return None
    number = 0
    for entry in _expansion_entries(expansion):
        number += 1
        is_same_system = coding.system is None or entry.get("system") == coding.system
        if (
            is_same_system
            and entry.get("code") == coding.code
            and entry.get("abstract") is not True
        ):
            return True
    total = expansion.get("total")
    is_part = isinstance(total, int) and total > number
    unclosed = any(
        "valueset-unclosed" in str(entry) for entry in _objects(expansion.get("extension"))
    )
    return None if is_part or unclosed or expansion.get("offset") else False


def _expansion_entries(expansion: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    todo = list(_objects(expansion.get("contains")))
    while todo:
        entry = todo.pop()
        yield entry
        todo += _objects(entry.get("contains"))


def _value_set_urls(part: Mapping[str, Any]) -> Iterator[str]:
    items = part.get("valueSet")
    for url in items if isinstance(items, list) else ():
        if isinstance(url, str):
            yield url


def _objects(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
