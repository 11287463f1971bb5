"""The desired state: the resources that a server has to hold, and under which ids."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.emit import EmitError
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.scopes import UNNAMED, has_scope
from fhir_kb.servers.content import (
    LazyResource,
    RelocatedResource,
    json_resource,
    load_json,
    without_server_elements,
)
from fhir_kb.servers.identity import identity_of, string_element
from fhir_kb.servers.json_values import is_type
from fhir_kb.servers.protocol import Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from fhir_kb.push.planning.policy import IdStyle
    from fhir_kb.push.planning.state import State
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.references import ReferenceTargets

_MAX_ID_LENGTH: Final = 64
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9\-.]+")


@dataclass(frozen=True, slots=True)
class DesiredResource:
    """A resource as it is defined."""

    key: str
    """What identifies it on any server: type, canonical url and version; or an identifier; or its
    id."""
    type: str
    id: str
    url: str = ""
    version: str = ""
    identifier: tuple[str, str] | None = None
    body: LazyResource = field(default=dict, repr=False)
    """Its content, with the id and the references of its definition."""
    fixed_ref: Ref | None = None
    """Where it has to be, whatever the policy says; then `body` has the ids of the server."""
    id_has_version: bool = False
    """Whether its id tells it from other versions of the artifact already."""
    retired: bool = False
    """Whether it exists only because it was defined once (of a rollback)."""
    scope: str = UNNAMED
    """What holds it: the definitions, or one bundle."""
    other_scopes: tuple[str, ...] = ()
    """What else held it then (of a rollback)."""

    @property
    def name(self) -> str:
        """For people: type, id and version."""
        return f"{self.type}/{self.id}" + (f"|{self.version}" if self.version else "")


def desired_from_json(content: bytes) -> DesiredResource:
    """The desired resource that this JSON is. Raises PushError where it is no resource."""
    try:
        resource = load_json(content)
    except ValueError:
        resource = None
    if not isinstance(resource, dict):
        raise PushError("it is not FHIR JSON", "Give a resource, a Bundle or a package")
    return desired_resource(resource)


def desired_resource(resource: Resource) -> DesiredResource:
    """The desired resource of parsed JSON. Raises PushError where it has no valid id."""
    type_, id_ = string_element(resource, "resourceType"), string_element(resource, "id")
    if not is_type(type_):
        raise PushError(
            f"'{type_}' is not the name of a resource type" if type_ else "it has no resourceType",
            "Give a resource, a Bundle or a package",
        )
    if not id_ or _NOT_IN_IDS.search(id_) or len(id_) > _MAX_ID_LENGTH:
        subject = f"the id '{id_}'" if id_ else "no id"
        raise PushError(
            f"a resource of type {type_ or '(none)'} has {subject}: FHIR does not allow that",
            "Give it an id: letters, digits, '-' and '.', at most 64 of them",
        )
    url, version, identifier = identity_of(resource)
    try:
        body = json_resource(without_server_elements(resource))
    except EmitError as error:
        raise PushError(
            f"{type_}/{id_} cannot be written as JSON: {error}", "Correct that value"
        ) from error
    key = resource_key(type_, id_, url, version, identifier)
    return DesiredResource(key, type_, id_, url, version, identifier, body)


def resource_key(
    type_: str, id_: str, url: str, version: str, identifier: tuple[str, str] | None
) -> str:
    """The key under which a resource is recorded."""
    if url:
        return f"{type_} {url}|{version}"
    if identifier:
        return f"{type_} {identifier[0]}#{identifier[1]}"
    return f"{type_}/{id_}"


def desired_state(resources: Iterable[DesiredResource]) -> dict[str, DesiredResource]:
    """The resources by key. Raises PushError where two are the same artifact and version."""
    by_key: dict[str, DesiredResource] = {}
    for resource in resources:
        other = by_key.setdefault(resource.key, resource)
        if other is not resource:
            raise PushError(
                f"{other.type}/{other.id} and {resource.type}/{resource.id} are the same artifact: "
                f"{resource.key}",
                "Give one of them another url or version, or leave it out",
            )
    return by_key


def initial_ref(resource: DesiredResource, ids: IdStyle, client_ids: str) -> Ref:
    """Where a resource is created that no server holds yet.

    Args:
        resource: What is to be created.
        ids: Whether the version becomes a part of its id.
        client_ids: Which ids the server takes from clients, as in its capabilities. Where it
            assigns ids itself ("no") this is a name until the id is known, and no server assigns
            such a one.
    """
    version = _distinguishing_version(resource)
    id_ = resource.id
    if ids == "versioned" and version and not resource.id_has_version:
        id_ = f"{id_}-{_NOT_IN_IDS.sub('-', version)}"
    if client_ids == "not-numeric" and id_.isdecimal():
        id_ = f"r{id_}"
    if client_ids == "no":
        id_ = f"new-{id_}"
    if len(id_) > _MAX_ID_LENGTH:
        suffix = hashlib.sha256(f"{resource.id}|{version}".encode()).hexdigest()[:12]
        id_ = f"{id_[: _MAX_ID_LENGTH - 13].rstrip('-.')}-{suffix}"
    return Ref(resource.type, id_)


def _distinguishing_version(resource: DesiredResource) -> str:
    """The version that tells it from others of its id.

    It is that of the canonical url, or the end of the identifier ("topic/1.0.0"), where types
    without a version have theirs.
    """
    if resource.url:
        return resource.version
    id_, _, version = (resource.identifier or ("", ""))[1].rpartition("/")
    return version if id_ == resource.id else ""


def placed_at(
    resource: DesiredResource, ref: Ref, targets: ReferenceTargets, release: str
) -> RelocatedResource:
    """The resource with the id of `ref`, its links rewritten as `targets` says.

    release: The FHIR release by name, whose definitions say what is a link.
    """
    return RelocatedResource(resource.body, ref.id, targets, release)


def with_new_versions(
    state: State,
    desired: Mapping[str, DesiredResource],
    client_ids: str,
    scopes: Collection[str],
) -> State:
    """The state where new versions of artifacts take over the ids of the old ones.

    Args:
        state: The recorded state.
        desired: The desired state.
        client_ids: As in `initial_ref`; where the server assigns ids, the canonical url tells
            which artifact is the same.
        scopes: Only what these hold is replaced.
    """
    result = state.copy()
    undefined = {
        key: record
        for key, record in state.resources.items()
        if key not in desired and (not record.scopes or has_scope(key, record, scopes))
    }
    old_keys: dict[object, str] = {record.ref: key for key, record in undefined.items()}
    if client_ids == "no":
        old_keys = {key.partition("|")[0]: key for key in undefined if "|" in key}
    for key, resource in desired.items():
        ref = resource.fixed_ref or initial_ref(resource, "plain", client_ids)
        old_key = old_keys.get(key.partition("|")[0] if client_ids == "no" else ref)
        if key not in state.resources and old_key is not None and old_key in result.resources:
            result.resources[key] = result.resources.pop(old_key)
    return result
