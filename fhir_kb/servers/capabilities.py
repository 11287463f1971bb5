"""What a server can do: what it says of itself, and what is known of its software.

https://hl7.org/fhir/capabilitystatement.html says too little: not how a stale version is refused,
nor whether a create can be kept from replacing something. What is known of a software was seen on
it, and the contract tests hold it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.model.fhir_release import release_of_version
from fhir_kb.servers.server import Profile, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.servers.server import Resource


@dataclass(frozen=True, slots=True)
class Known:
    """What a software does otherwise than the specification says."""

    if_none_match: str = "if-none-match"
    page: int = 1000
    batches: bool = False


_KNOWN: Final = {
    # A PUT with `If-None-Match: *` replaces what is there (200). One with `If-Match: W/"0"` makes
    # what is not there (201), and refuses where something is (409). It does batches and does not
    # say so.
    "hapi": Known(if_none_match="if-match", batches=True),
}


def known_of(software: str) -> Known | None:
    """What is known of a software by its name; None for one that we have not met."""
    return next((one for word, one in _KNOWN.items() if word in software.lower()), None)


def profile_of(base: str, statement: Resource) -> Profile:
    """The profile of the server whose CapabilityStatement this is."""
    software = statement.get("software")
    software = software if isinstance(software, dict) else {}
    name = " ".join(str(software.get(part) or "") for part in ("name", "version")).strip()
    known = known_of(name) or Known()
    version = str(statement.get("fhirVersion") or "")
    release = release_of_version(version)
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
        release=release.name if release else "",
        types=types,
        search=search,
        ways=_ways({*_codes(rest.get("interaction")), *(["batch"] if known.batches else [])}),
        versioning=versioning != {"no-version"},
        if_none_match=known.if_none_match,
        client_ids=_client_ids(rest),
        conditional=_conditional(rest),
        page=known.page,
    )


def profile_json(profile: Profile) -> dict[str, Any]:
    """The profile as JSON, to be kept."""
    return {name: _plain(getattr(profile, name)) for name in (one.name for one in fields(Profile))}


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def profile_from(found: Mapping[str, Any], base: str) -> Profile | None:
    """The profile that `profile_json` made this of; None where it is another thing."""
    usual = Profile(base)
    if set(found) != {one.name for one in fields(Profile)} or found["base"] != base:
        return None
    made: dict[str, Any] = {}
    for name, value in found.items():
        like = getattr(usual, name)
        if name in ("types", "search") and isinstance(value, dict):
            if not all(map(_are_words, value.values())):
                return None
            made[name] = {kind: frozenset(words) for kind, words in value.items()}
        elif isinstance(like, tuple) and _are_words(value):
            made[name] = tuple(value)
        elif type(value) is type(like) and not isinstance(like, (dict, tuple)):
            made[name] = value
        else:
            return None
    return Profile(**made)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def is_still(profile: Profile, summary: Resource) -> bool:
    """Whether a server is the one that a profile is of, by the summary of its statement."""
    now = profile_of(profile.base, summary)
    return (now.software, now.fhir_version) == (profile.software, profile.fhir_version)


def _ways(interactions: set[str]) -> tuple[Way, ...]:
    ways: list[Way] = []
    if "transaction" in interactions:
        ways.append("transaction")
    if "batch" in interactions:
        ways.append("batch")
    return (*ways, "single")


def _client_ids(rest: Mapping[str, Any]) -> str:
    """Whether clients may choose ids: servers that do not say so let them, if they are no numbers.

    One type for which they may not is enough: what creates by POST can do so everywhere.
    """
    said = [one.get("updateCreate") for one in _dicts(rest.get("resource"))]
    return "no" if any(one is False for one in said) else "not-numeric"


def _conditional(rest: Mapping[str, Any]) -> tuple[str, ...]:
    """The conditional operations that every type has."""
    types = list(_dicts(rest.get("resource")))
    names = {"create": "conditionalCreate", "update": "conditionalUpdate"}
    return tuple(
        word for word, name in names.items() if types and all(one.get(name) for one in types)
    )


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _codes(value: Any) -> Iterator[str]:
    return (str(one.get("code")) for one in _dicts(value))
