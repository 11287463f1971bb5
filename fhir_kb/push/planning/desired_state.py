"""The resources that shall stand on the server, and where there."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.push.errors import PushError
from fhir_kb.servers.content import (
    LazyResource,
    RelocatedResource,
    json_resource,
    load_json,
    without_server_elements,
)
from fhir_kb.servers.identity import identity_of, string_element
from fhir_kb.servers.protocol import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.servers.content import Resource

Ids = Literal["versioned", "plain"]
"""Ids on the server: with the version, so that versions stand side by side; or as defined."""

_LONGEST: Final = 64
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9\-.]+")


@dataclass(frozen=True, slots=True)
class DesiredResource:
    """A resource as it is defined.

    key: what it is, on whatever server: type, canonical url and version; or an identifier; or its
    id. body: with the id and the references of its definition. place: where it has to stand,
    whatever the policy says (then `body` is as it stands there). retired: whether it stands
    there only because it once was defined.
    """

    key: str
    type: str
    id: str
    url: str = ""
    version: str = ""
    identifier: tuple[str, str] | None = None
    body: LazyResource = field(default=dict, repr=False)
    place: Ref | None = None
    retired: bool = False

    @property
    def name(self) -> str:
        """For people: type, id and version."""
        return f"{self.type}/{self.id}" + (f"|{self.version}" if self.version else "")


def desired_from_json(content: bytes) -> DesiredResource:
    """What the JSON of one resource wants. Raises PushError for what is no resource with an id."""
    try:
        resource = load_json(content)
    except ValueError:
        resource = None
    if not isinstance(resource, dict):
        raise PushError("this is no FHIR JSON", "Give a resource, a Bundle or a package")
    return desired_resource(resource)


def desired_resource(resource: Resource) -> DesiredResource:
    """The same of a resource that has been read. Raises PushError."""
    kind, name = string_element(resource, "resourceType"), string_element(resource, "id")
    if not kind or not name or _NOT_IN_IDS.search(name) or len(name) > _LONGEST:
        what = f"a {kind}" if kind else "something"
        raise PushError(
            f"there is {what} without an id that FHIR allows" + (f": '{name}'" if name else ""),
            "Give it one: letters, digits, '-' and '.', at most 64 of them",
        )
    url, version, identifier = identity_of(resource)
    return DesiredResource(
        resource_key(kind, name, url, version, identifier),
        kind, name, url, version, identifier, json_resource(without_server_elements(resource)),
    )  # fmt: skip


def resource_key(
    kind: str, name: str, url: str, version: str, identifier: tuple[str, str] | None
) -> str:
    """What an artifact is called in our books."""
    if url:
        return f"{kind} {url}|{version}"
    if identifier:
        return f"{kind} {identifier[0]}#{identifier[1]}"
    return f"{kind}/{name}"


def initial_ref(one: DesiredResource, ids: Ids, client_ids: str) -> Ref:
    """Where it shall stand if it does not yet stand anywhere.

    client_ids: as in `ServerCapabilities`: a server may refuse ids that are numbers. Where it
    chooses ids itself this is a name until its place is known, and no server gives such a one.
    """
    name = one.id
    version = _version_of(one)
    if ids == "versioned" and version:
        name = f"{one.id}-{_NOT_IN_IDS.sub('-', version)}"
    if client_ids == "not-numeric" and name.isdecimal():
        name = f"r{name}"
    if client_ids == "no":
        name = f"new-{name}"
    if len(name) > _LONGEST:
        end = hashlib.sha256(f"{one.id}|{version}".encode()).hexdigest()[:12]
        name = f"{name[: _LONGEST - 13].rstrip('-.')}-{end}"
    return Ref(one.type, name)


def _version_of(one: DesiredResource) -> str:
    """The version that tells it from others of its name: by its canonical, or by an identifier
    that ends with it ("topic/1.0.0"), which is how types without a version say theirs.
    """
    if one.url:
        return one.version
    name, _, version = (one.identifier or ("", ""))[1].rpartition("/")
    return version if name == one.id else ""


def at(one: DesiredResource, place: Ref, places: Mapping[str, str]) -> RelocatedResource:
    """The resource as it shall stand at `place`; its references lead to where `places` says."""
    return RelocatedResource(one.body, place.id, places)


def desired_state(all_: Iterable[DesiredResource]) -> dict[str, DesiredResource]:
    """By key. Raises PushError where two are the same artifact in the same version."""
    found: dict[str, DesiredResource] = {}
    for one in all_:
        other = found.setdefault(one.key, one)
        if other is not one:
            raise PushError(
                f"{other.type}/{other.id} and {one.type}/{one.id} are the same artifact: {one.key}",
                "Give one of them another url or version, or leave it out",
            )
    return found
