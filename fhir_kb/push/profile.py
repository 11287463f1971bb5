"""What a server can do: what it says of itself, and what is known of its software.

https://hl7.org/fhir/capabilitystatement.html says too little: not how a stale version is refused,
nor whether a create can be kept from replacing something. What is known of a software was seen on
it, and the contract tests hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.push.server import Profile, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.push.server import Resource

RELEASES: Final = {"5.0": "r5", "4.3": "r4b", "4.0": "r4"}


@dataclass(frozen=True, slots=True)
class Known:
    """What a software does otherwise than the specification says."""

    if_none_match: str = "if-none-match"
    page: int = 1000


_KNOWN: Final = {
    # A PUT with `If-None-Match: *` replaces what is there (200). One with `If-Match: W/"0"` makes
    # what is not there (201), and refuses where something is (409).
    "hapi": Known(if_none_match="if-match"),
}


def profile_of(base: str, statement: Resource) -> Profile:
    """The profile of the server whose CapabilityStatement this is."""
    software = statement.get("software")
    software = software if isinstance(software, dict) else {}
    name = " ".join(str(software.get(part) or "") for part in ("name", "version")).strip()
    known = next((one for word, one in _KNOWN.items() if word in name.lower()), Known())
    version = str(statement.get("fhirVersion") or "")
    rest = next((one for one in _dicts(statement.get("rest")) if one.get("mode") == "server"), {})
    types = {
        str(one.get("type")): frozenset(_codes(one.get("interaction")))
        for one in _dicts(rest.get("resource"))
    }
    search = {
        str(one.get("type")): frozenset(
            str(each.get("name")) for each in _dicts(one.get("searchParam"))
        )
        for one in _dicts(rest.get("resource"))
    }
    versioning = {str(one.get("versioning")) for one in _dicts(rest.get("resource"))}
    return Profile(
        base,
        software=name,
        fhir_version=version,
        release=RELEASES.get(version.rpartition(".")[0], ""),
        types=types,
        search=search,
        ways=_ways(frozenset(_codes(rest.get("interaction")))),
        versioning=versioning != {"no-version"},
        if_none_match=known.if_none_match,
        page=known.page,
    )


def _ways(interactions: frozenset[str]) -> tuple[Way, ...]:
    ways: list[Way] = []
    if "transaction" in interactions:
        ways.append("transaction")
    if "batch" in interactions:
        ways.append("batch")
    return (*ways, "single")


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _codes(value: Any) -> Iterator[str]:
    return (str(one.get("code")) for one in _dicts(value))
