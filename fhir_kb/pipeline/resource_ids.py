"""Ids of foreign resources: for those that have none, and for those that share one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.canonicals import version_key
from fhir_kb.push import PushError
from fhir_kb.servers.content import content_digest
from fhir_kb.servers.references import ReferenceTargets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.pipeline.resource_entries import GivenResource

_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9\-.]+")
_MAX_LENGTH: Final = 64
_ON_SERVER: Final = re.compile(r"https?://[^|#?]*/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")


def with_id(item: GivenResource) -> GivenResource:
    """The item with an id where it has none: by its request, fullUrl, url or identifier."""
    resource = item.resource
    if "id" in resource or item.problem or item.not_done or not resource:
        return replace(item, id_hint="")
    urn = item.full_url.rpartition(":")[2] if item.full_url.startswith("urn:") else ""
    url = _last_step(resource.get("url"))
    id_ = item.id_hint or url or urn or _last_step(item.full_url) or _identifier(resource)
    return replace(item, resource=_with(resource, id_), id_hint="") if id_ else item


def with_distinct_ids(items: Sequence[GivenResource]) -> list[GivenResource]:
    """The items, each once; of several versions of an artifact the newest keeps the id.

    The others get their version behind the id, and a hint that their id has it.

    Raises PushError where two different resources have one type and id, or one fullUrl.
    """
    groups: dict[str, list[GivenResource]] = {}
    for item in items:
        groups.setdefault(item.name, []).append(item)
    _check_full_urls(items)
    return [item for group in groups.values() for item in _distinct(group)]


def _check_full_urls(items: Sequence[GivenResource]) -> None:
    """Raises PushError for one fullUrl of two resources: only versions of one may share it.

    http://hl7.org/fhir/bundle.html#Bundle, invariant bdl-7.
    """
    owners: dict[str, GivenResource] = {}
    for item in items:
        owner = owners.setdefault(item.full_url, item) if item.full_url else item
        if owner.name != item.name:
            raise PushError(
                f"{_place(owner)} ({owner.name}) and {_place(item)} ({item.name}) have the same "
                f"fullUrl, {item.full_url}",
                "Give each its own",
            )


def _distinct(group: list[GivenResource]) -> list[GivenResource]:
    if len(group) > 1:  # what a server sets is no difference
        group = list({content_digest(item.resource): item for item in reversed(group)}.values())
        group.reverse()
    if len(group) == 1:
        return group
    first, second = group[:2]
    versions = [str(item.resource.get("version") or "") for item in group]
    urls = {str(item.resource.get("url") or "") for item in group}
    if len(urls) > 1 or "" in urls or len(set(versions)) < len(versions):
        raise PushError(
            f"{_place(first)} and {_place(second)} are both {first.name}, and they differ",
            "Give one of them another id, or leave it out",
        )
    newest = max(versions, key=version_key)
    return [
        item if version == newest else _with_version(item, version)
        for item, version in zip(group, versions, strict=True)
    ]


def _with_version(item: GivenResource, version: str) -> GivenResource:
    id_ = id_with_version(str(item.resource["id"]), version)
    return replace(item, resource=_with(item.resource, id_), id_hint=id_)


def id_with_version(id_: str, version: str) -> str:
    """The id of an older version of an artifact; "0" where it has no version."""
    suffix = f"-{_NOT_IN_IDS.sub('-', version) or '0'}"
    return f"{id_[: _MAX_LENGTH - len(suffix)]}{suffix}"


def bundle_targets(items: Sequence[GivenResource]) -> ReferenceTargets:
    """Where the links between the entries of a bundle lead, by their fullUrl.

    https://hl7.org/fhir/bundle.html#references
    """
    names: dict[str, str] = {}
    own = {item.name for item in items}
    for item in sorted(items, key=lambda item: bool(item.id_hint)):  # the newest version first
        full_url = item.full_url
        if not full_url:
            continue
        names.setdefault(full_url, item.name)
        names.setdefault(full_url.partition("|")[0], item.name)
        on_server = _ON_SERVER.fullmatch(full_url)
        if on_server is not None and on_server[1] not in own:
            names.setdefault(on_server[1], item.name)
    canonicals = {
        canonical
        for item in items
        if isinstance(url := item.resource.get("url"), str)
        for canonical in (url, f"{url}|{item.resource.get('version')}")
    }
    return ReferenceTargets(names, frozenset(canonicals & names.keys()))


def _with(resource: Mapping[str, Any], id_: str) -> dict[str, Any]:
    id_ = _NOT_IN_IDS.sub("-", id_)[:_MAX_LENGTH]
    others = {key: value for key, value in resource.items() if key not in ("resourceType", "id")}
    return {"resourceType": resource.get("resourceType"), "id": id_, **others}


def _last_step(url: object) -> str:
    text = url.partition("|")[0].rstrip("/") if isinstance(url, str) else ""
    return text.rpartition("/")[2].rpartition(":")[2]


def _identifier(resource: Mapping[str, Any]) -> str:
    identifiers = resource.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            return str(identifier["value"])
    return ""


def _place(item: GivenResource) -> str:
    return item.path or str(item.span)
