"""Whether a code is in a value set, from its definition: True, False, or None where nobody can say.

http://hl7.org/fhir/valueset.html#compositions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fhir_kb.terminology.grammars import grammar
from fhir_kb.terminology.logic import all_of, any_of, negated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fhir_kb.terminology.concepts import Concepts

_MAX_DEPTH: Final = 32
_UCUM: Final = "http://unitsofmeasure.org"
#: Systems whose codes follow a grammar.
GRAMMARS: Final = {
    "urn:ietf:bcp:47": "bcp47",
    "urn:ietf:bcp:13": "mime",
    "urn:iso:std:iso:4217": "currency",
    "http://unitsofmeasure.org": "ucum",
    "http://hl7.org/fhir/color-rgb": "rgb",
}


class Coded(NamedTuple):
    """A code, and what is known of where it comes from.

    system: None for a plain code, whose system follows from the value set.
    """

    system: str | None
    code: str
    version: str = ""


class Sources(Protocol):
    """Where value sets and code systems come from."""

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """The ValueSet, or None."""

    def concepts(self, system: str, version: str = "") -> Concepts | None:
        """The code system, or None. Without the version that is asked for, another will do."""


def is_member(
    value_set: Mapping[str, Any],
    coded: Coded,
    sources: Sources,
    elsewhere: Callable[[str, Coded], bool | None],
    depth: int = 0,
) -> bool | None:
    """Whether the code is in a ValueSet; elsewhere: asked about value sets that are not known."""
    if depth > _MAX_DEPTH:
        return None
    compose = value_set.get("compose")
    if not isinstance(compose, dict):
        return _in_expansion(value_set, coded)

    def answer(part: Mapping[str, Any], one: Coded) -> bool | None:
        imports = (_imported(url, one, sources, elsewhere, depth) for url in _texts(part))
        if "system" not in part:
            return all_of(imports) if part.get("valueSet") else None
        return all_of((_of_system(part, one, sources), *imports))

    excludes = list(_objects(compose.get("exclude")))
    active_only = compose.get("inactive") is False

    def included(part: Mapping[str, Any]) -> bool | None:
        system = part.get("system")
        one = coded
        if coded.system is None and isinstance(system, str):
            one = coded._replace(system=system)
        if active_only and _is_inactive(one, sources):
            return False
        found = answer(part, one)
        if found is False:
            return False
        return all_of((found, *(negated(answer(other, one)) for other in excludes)))

    found = any_of(included(part) for part in _objects(compose.get("include")))
    return _in_expansion(value_set, coded) if found is None else found


def _imported(
    url: str,
    coded: Coded,
    sources: Sources,
    elsewhere: Callable[[str, Coded], bool | None],
    depth: int,
) -> bool | None:
    known = sources.value_set(url)
    if known is None:
        return elsewhere(url, coded)
    return is_member(known, coded, sources, elsewhere, depth + 1)


def _of_system(part: Mapping[str, Any], coded: Coded, sources: Sources) -> bool | None:
    system, version = str(part["system"]), str(part.get("version", ""))
    if coded.system is None or coded.system != system:
        return False
    if version and coded.version and not same_version(version, coded.version):
        return False
    if isinstance(part.get("concept"), list):
        return _in_list(part, coded, sources)
    known = sources.concepts(system, version)
    filters = list(_objects(part.get("filter")))
    if known is None:
        return None if filters else by_grammar(system, coded.code)
    written = known.written(coded.code)
    is_other = bool(version and known.version and not same_version(version, known.version))
    if written is None:
        return None if is_other or not known.is_complete else False
    return all_of(_kept(known, written, one) for one in filters)


def _kept(known: Concepts, code: str, one: Mapping[str, Any]) -> bool | None:
    name, operator, value = (str(one.get(part, "")) for part in ("property", "op", "value"))
    return known.keeps(code, name, operator, value)


def _in_list(part: Mapping[str, Any], coded: Coded, sources: Sources) -> bool:
    codes = [one.get("code") for one in _objects(part["concept"])]
    if coded.code in codes:
        return True
    known = sources.concepts(str(part["system"]))
    if known is None or not known.any_case:
        return False
    folded = coded.code.casefold()
    return any(isinstance(code, str) and code.casefold() == folded for code in codes)


def by_grammar(system: str, code: str) -> bool | None:
    """Whether a system whose codes follow a grammar has the code; None for other systems."""
    test = grammar(GRAMMARS[system]) if system in GRAMMARS else None
    if test is None or not test(code):
        return None if test is None else False
    return True if system != _UCUM or _is_unit(code) else None


def _is_unit(code: str) -> bool:
    """Whether all units in a UCUM code are known; others may exist that are rarely used."""
    # Imported here, because few value sets have units.
    from fhir_kb.fhirpath.ucum import unit

    return unit(code) is not None


def _is_inactive(coded: Coded, sources: Sources) -> bool:
    known = sources.concepts(coded.system or "")
    if known is None or (written := known.written(coded.code)) is None:
        return False
    return known.is_inactive(written)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same as far as both say: 4.0 and 4.0.1 are."""
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def _in_expansion(value_set: Mapping[str, Any], coded: Coded) -> bool | None:
    """As the ValueSet's own expansion says, where it is whole."""
    expansion = value_set.get("expansion")
    if not isinstance(expansion, dict) or not isinstance(expansion.get("contains"), list):
        return None
    number = 0
    for one in _contained(expansion):
        number += 1
        fits = coded.system is None or one.get("system") == coded.system
        if fits and one.get("code") == coded.code and one.get("abstract") is not True:
            return True
    total = expansion.get("total")
    is_part = isinstance(total, int) and total > number
    unclosed = any("valueset-unclosed" in str(one) for one in _objects(expansion.get("extension")))
    return None if is_part or unclosed or expansion.get("offset") else False


def _contained(expansion: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    todo = list(_objects(expansion.get("contains")))
    while todo:
        one = todo.pop()
        yield one
        todo += _objects(one.get("contains"))


def _texts(part: Mapping[str, Any]) -> Iterator[str]:
    items = part.get("valueSet")
    for one in items if isinstance(items, list) else ():
        if isinstance(one, str):
            yield one


def _objects(items: object) -> list[Mapping[str, Any]]:
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
