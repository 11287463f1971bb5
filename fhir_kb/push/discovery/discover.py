"""Discovery: what a server holds now, with as few requests as will do.

Recorded resources are refreshed. Resources that are defined but not recorded are searched by
canonical url or identifier, and what has the ids that they would get is read.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fhir_kb.push.discovery.batches import THREADS, batches
from fhir_kb.push.discovery.refresh import refresh, refresh_in_full
from fhir_kb.push.planning.desired_state import initial_ref
from fhir_kb.push.planning.remote_state import RemoteState
from fhir_kb.servers.identity import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.state import State
    from fhir_kb.servers.protocol import FhirServer, Ref, RemoteResource


def discover(
    server: FhirServer,
    state: State,
    desired: Mapping[str, DesiredResource],
    policy: TargetPolicy,
    *,
    full: bool = False,
) -> RemoteState:
    """What the server holds now.

    Args:
        server: Is asked.
        state: What is recorded of it.
        desired: What it has to hold, by key.
        policy: How the server is treated.
        full: Whether all recorded resources are read, whatever the server says of changes.

    Raises:
        ServerError: The server cannot be asked.
    """
    remote_state = RemoteState()
    (refresh_in_full if full else refresh)(server, state, remote_state)
    client_ids = server.capabilities.client_ids
    unrecorded = [resource for key, resource in desired.items() if key not in state.resources]
    searched = [
        resource for resource in unrecorded if resource.fixed_ref is None or client_ids == "no"
    ]
    _search(server, searched, remote_state)
    if client_ids != "no":
        refs = [
            initial_ref(resource, policy.ids, client_ids)
            for resource in searched
            if resource.key not in remote_state.unrecorded
        ]
        refs += [resource.fixed_ref for resource in unrecorded if resource.fixed_ref]
        remote_state.occupied = _read(server, refs)
    return remote_state


def _search(
    server: FhirServer, resources: Sequence[DesiredResource], remote_state: RemoteState
) -> None:
    """Find resources that the server holds without being recorded; fills `remote_state`."""
    hits: dict[str, dict[Ref, RemoteResource]] = {}

    def search(
        request: tuple[str, str, dict[str, list[DesiredResource]]],
    ) -> list[tuple[str, RemoteResource]]:
        type_, parameter, by_value = request
        return [
            (resource.key, remote)
            for remote in server.search(type_, {parameter: ",".join(sorted(by_value))})
            for value in _search_values(remote, parameter)
            for resource in by_value.get(value, ())
            if parameter != "url" or resource.version == remote.canonical_version
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        for response in pool.map(search, _searches(resources)):
            for key, remote in response:
                hits.setdefault(key, {})[remote.ref] = remote
    for key, by_ref in hits.items():
        if len(by_ref) > 1:
            remote_state.duplicates[key] = tuple(by_ref[ref] for ref in sorted(by_ref))
        else:
            remote_state.unrecorded[key] = next(iter(by_ref.values()))


def _read(server: FhirServer, refs: Iterable[Ref]) -> dict[Ref, RemoteResource]:
    """What the server holds there; several types are read at the same time."""
    by_type: dict[str, list[Ref]] = {}
    for ref in refs:
        by_type.setdefault(ref.type, []).append(ref)
    with ThreadPoolExecutor(THREADS) as pool:
        responses = pool.map(server.read, by_type.values())
        return {ref: remote for response in responses for ref, remote in response.items()}


def _searches(
    resources: Sequence[DesiredResource],
) -> Iterator[tuple[str, str, dict[str, list[DesiredResource]]]]:
    """What to search: type, parameter, and the resources by the values to search for."""
    groups: dict[tuple[str, str], dict[str, list[DesiredResource]]] = {}
    for resource in resources:
        if resource.url:
            parameter, value = "url", escaped(resource.url)
        elif resource.identifier:
            parameter, value = "identifier", "|".join(map(escaped, resource.identifier))
        else:
            continue
        group = groups.setdefault((resource.type, parameter), {})
        group.setdefault(value, []).append(resource)
    for (type_, parameter), by_value in sorted(groups.items()):
        for values in batches(sorted(by_value)):
            yield type_, parameter, {value: by_value[value] for value in values}


def _search_values(remote: RemoteResource, parameter: str) -> Iterator[str]:
    """The values that a search finds this resource by."""
    if parameter == "url":
        yield escaped(remote.url)
        return
    identifiers = (remote.resource or {}).get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict):
            yield "|".join(escaped(str(identifier.get(part, ""))) for part in ("system", "value"))
