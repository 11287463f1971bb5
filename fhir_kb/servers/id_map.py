"""Which ids a server has given to what has ids of ours; references are rewritten by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.servers.protocol import Ref
from fhir_kb.servers.references import ReferenceTargets, with_references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.servers.content import Resource


class IdMap:
    """Our ids and those of one server."""

    def __init__(self, release: str, assigned: Mapping[Ref, Ref] | None = None) -> None:
        """Prepare a map.

        Args:
            release: The FHIR release of the server, by whose definitions links are rewritten.
            assigned: The server's places by ours, as far as they are known.
        """
        self._release = release
        self.to_server: dict[str, str] = {}
        """The server's references by ours."""
        self._to_ours: dict[str, str] = {}
        self.relocated: dict[Ref, Ref] = {}
        """Where the server has put what was sent to another place."""
        for ref, server_ref in (assigned or {}).items():
            self.assign(ref, server_ref)

    def __bool__(self) -> bool:
        """Whether the server has assigned any id."""
        return bool(self.to_server)

    def __contains__(self, ref: Ref) -> bool:
        """Whether the server has assigned an id to it."""
        return str(ref) in self.to_server

    def assign(self, ref: Ref, server_ref: Ref, *, is_relocated: bool = False) -> None:
        """Note an id. is_relocated: whether another place was asked for."""
        self.to_server[str(ref)] = str(server_ref)
        self._to_ours[str(server_ref)] = str(ref)
        if is_relocated:
            self.relocated[ref] = server_ref

    def server_ref(self, ref: Ref) -> Ref:
        """Type and id on the server; our own as long as none is assigned."""
        return _ref(self.to_server.get(str(ref), str(ref)))

    def our_ref(self, server_ref: Ref) -> Ref:
        """Type and id of ours; the server's own for what is not ours."""
        return _ref(self._to_ours.get(str(server_ref), str(server_ref)))

    def has_vacated(self, references: Iterable[str]) -> bool:
        """Whether some of a server's references are ours, of what stands elsewhere on it.

        There they lead to nothing.
        """
        return any(
            reference in self.to_server and reference not in self._to_ours
            for reference in references
        )

    def as_stored(self, ref: Ref, resource: Resource) -> Resource:
        """A resource of ours as it is on the server."""
        return {**self.with_server_ids(resource), "id": self.server_ref(ref).id}

    def with_server_ids(self, resource: Resource) -> Resource:
        """A resource of ours whose links lead to where things are on the server."""
        return self._rewritten(resource, self.to_server)

    def with_our_ids(self, ref: Ref, stored: Resource) -> Resource:
        """A resource of the server with our ids; ref: ours of the resource itself."""
        return {**self._rewritten(stored, self._to_ours), "id": ref.id}

    def as_dangling(self, resource: Resource) -> Resource:
        """A resource of ours whose links to what stands elsewhere lead to nothing."""
        return self._rewritten(resource, {ref: f"{ref}?moved" for ref in self.to_server})

    def _rewritten(self, resource: Resource, names: Mapping[str, str]) -> Resource:
        rewritten: Resource = with_references(resource, ReferenceTargets(names), self._release)
        return rewritten


def _ref(name: str) -> Ref:
    return Ref(*name.split("/", 1))
