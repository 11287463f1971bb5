"""What a server can do: by its CapabilityStatement, and by what is known of its software.

https://hl7.org/fhir/capabilitystatement.html says too little: not how a stale version is rejected,
nor whether a create can be kept from replacing something. The quirks of a software were observed
on it, and the contract tests hold them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, get_args

from fhir_kb.model.fhir_release import release_of_version
from fhir_kb.servers.json_values import is_type, object_in, objects, strings, text_in
from fhir_kb.servers.protocol import Observation, SendMode, ServerCapabilities

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from fhir_kb.servers.content import Resource


@dataclass(frozen=True, slots=True)
class SoftwareQuirks:
    """What a server software does otherwise than the specification says."""

    if_none_match: str = "if-none-match"
    page_size: int = 1000
    batches: bool = False
    """Whether it takes batches without saying so."""


_QUIRKS: Final = {
    # A PUT with `If-None-Match: *` replaces what is there (200). One with `If-Match: W/"0"` creates
    # what is not there (201), and rejects where something is (409). It takes batches and does not
    # say so.
    "hapi": SoftwareQuirks(if_none_match="if-match", batches=True),
}


def software_quirks(software: str) -> SoftwareQuirks | None:
    """The quirks of a software by its name; None for one that was never observed."""
    name = software.lower()
    return next((quirks for word, quirks in _QUIRKS.items() if word in name), None)


def capabilities_from_statement(base: str, statement: Resource) -> ServerCapabilities:
    """The capabilities of the server at `base` with this CapabilityStatement."""
    software = object_in(statement.get("software"))
    name = " ".join(text_in(software.get(part)) for part in ("name", "version")).strip()
    quirks = software_quirks(name) or SoftwareQuirks()
    version = text_in(statement.get("fhirVersion"))
    release = release_of_version(version)
    modes = (rest for rest in objects(statement.get("rest")) if rest.get("mode") == "server")
    rest = next(modes, {})
    entries = objects(rest.get("resource"))
    resources = {
        text_in(entry.get("type")): entry for entry in entries if is_type(entry.get("type"))
    }
    return ServerCapabilities(
        base,
        software=name,
        fhir_version=version,
        release=release.name if release else "",
        types={
            type_: frozenset(_codes(entry.get("interaction"))) for type_, entry in resources.items()
        },
        search={
            type_: frozenset(
                text_in(param.get("name")) for param in objects(entry.get("searchParam"))
            )
            for type_, entry in resources.items()
        },
        send_modes=_send_modes(
            {*_codes(rest.get("interaction")), *(["batch"] if quirks.batches else [])}
        ),
        versioning={text_in(entry.get("versioning")) for entry in resources.values()}
        != {"no-version"},
        if_none_match=quirks.if_none_match,
        client_ids=_client_ids(resources.values()),
        conditional=_conditional(resources.values()),
        page_size=quirks.page_size,
    )


def with_observation(
    capabilities: ServerCapabilities, observation: Observation
) -> ServerCapabilities:
    """The capabilities of a server that has shown something that its statement does not say."""
    if observation in capabilities.observed:
        return capabilities
    capabilities = replace(
        capabilities, observed=tuple(sorted({*capabilities.observed, observation}))
    )
    if observation == "assigns-ids":
        return replace(capabilities, client_ids="no")
    if observation in ("no-transaction", "no-batch"):
        refused = observation.removeprefix("no-")
        modes = tuple(mode for mode in capabilities.send_modes if mode != refused)
        return replace(capabilities, send_modes=modes)
    if observation == "no-history":
        types = {type_: words - {"history-type"} for type_, words in capabilities.types.items()}
        return replace(capabilities, types=types)
    return capabilities


def capabilities_to_json(capabilities: ServerCapabilities) -> dict[str, Any]:
    """The capabilities as JSON."""
    names = (field.name for field in fields(ServerCapabilities))
    return {name: _json_value(getattr(capabilities, name)) for name in names}


def _json_value(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {key: _json_value(inner) for key, inner in value.items()}
    return value


def capabilities_from_json(stored: Mapping[str, Any], base: str) -> ServerCapabilities | None:
    """The capabilities that `capabilities_to_json` wrote; None where it wrote something else."""
    defaults = ServerCapabilities(base)
    if set(stored) != {field.name for field in fields(ServerCapabilities)}:
        return None
    if stored["base"] != base:
        return None
    values: dict[str, Any] = {}
    for name, value in stored.items():
        default = getattr(defaults, name)
        if name in ("types", "search") and isinstance(value, dict):
            if not all(map(_is_string_list, value.values())):
                return None
            values[name] = {type_: frozenset(words) for type_, words in value.items()}
        elif name == "observed" and not set(strings(value)) <= set(get_args(Observation)):
            return None
        elif isinstance(default, tuple) and _is_string_list(value):
            values[name] = tuple(value)
        elif type(value) is type(default) and not isinstance(default, (dict, tuple)):
            values[name] = value
        else:
            return None
    return ServerCapabilities(**values)


def _is_string_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def is_same_software(capabilities: ServerCapabilities, summary: Resource) -> bool:
    """Whether a summary of a CapabilityStatement has the same software and FHIR version."""
    now = capabilities_from_statement(capabilities.base, summary)
    return (now.software, now.fhir_version) == (capabilities.software, capabilities.fhir_version)


def _send_modes(interactions: set[str]) -> tuple[SendMode, ...]:
    modes: list[SendMode] = []
    if "transaction" in interactions:
        modes.append("transaction")
    if "batch" in interactions:
        modes.append("batch")
    return (*modes, "single")


def _client_ids(resources: Collection[Mapping[str, Any]]) -> str:
    """Whether clients may choose ids: servers that do not say so let them, if they are no numbers.

    One type for which they may not is enough: what creates by POST can do so everywhere.
    """
    refuses = any(entry.get("updateCreate") is False for entry in resources)
    return "no" if refuses else "not-numeric"


def _conditional(resources: Collection[Mapping[str, Any]]) -> tuple[str, ...]:
    """The conditional interactions that every type has."""
    names = {"create": "conditionalCreate", "update": "conditionalUpdate"}
    return tuple(
        word
        for word, name in names.items()
        if resources and all(entry.get(name) is True for entry in resources)
    )


def _codes(value: Any) -> Iterator[str]:
    return (text_in(entry.get("code")) for entry in objects(value))
