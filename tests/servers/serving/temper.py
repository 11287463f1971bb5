"""What FHIR servers do differently, and two servers made of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fhir_kb.model.resource_kind import BASIC, BY_TYPE

TYPES = (*BY_TYPE, BASIC)


@dataclass(frozen=True)
class Temper:
    """How a model server behaves.

    stale: the status for an If-Match that is not the version that stands there. match_missing: the
    status for If-Match where nothing ever stood; 201: it is created. match_on_delete: whether
    DELETE minds If-Match. if_none_match: whether `*` keeps a PUT from replacing. new_for_same:
    whether identical content makes a new version. weak_etags: W/"1" in the answers of bundles, not
    1. cap, cap_status: of entries in a bundle, and what more are answered. max_bytes: of a body
    (413). ids: the ids that clients may choose. drops: names of elements that are not stored, at
    any depth. integrity: whether references must lead somewhere. page, max_page: entries in a page
    of answers. pages: how further ones are asked for. cache: seconds in which a search is not done
    again. represents: whether `Prefer: return=representation` is heard. totals: whether answers of
    several pages say how many there are. dates_history: whether entries of a history have their
    time beside the resource. says_batch: whether the CapabilityStatement names batches. says_entry:
    whether a refused transaction names the entry. deleted_missing: the status for deleting what
    never was.
    """

    name: str = "model"
    fhir_version: str = "4.0.1"
    software: str = "Model Server"
    types: tuple[str, ...] = TYPES
    stale: int = 412
    match_missing: int = 412
    match_on_delete: bool = True
    if_none_match: bool = True
    new_for_same: bool = True
    versions: Literal["numbers", "uuids"] = "uuids"
    weak_etags: bool = True
    transactions: bool = True
    batches: bool = True
    cap: int = 0
    cap_status: int = 413
    max_bytes: int = 0
    ids: Literal["any", "not-numeric", "no"] = "any"
    drops: frozenset[str] = frozenset()
    integrity: bool = False
    type_history: bool = True
    page: int = 20
    max_page: int = 1000
    pages: Literal["token", "offset"] = "offset"
    cache: float = 0.0
    represents: bool = True
    adds_source: bool = False
    totals: bool = True
    dates_history: bool = True
    says_batch: bool = True
    says_entry: bool = True
    deleted_missing: int = 404
    gzip: bool = True

    def but(self, **changes: object) -> Temper:
        """The same, with some things otherwise."""
        return replace(self, **changes)  # type: ignore[arg-type]  # a test's own typo fails there


HAPI = Temper(
    name="HAPI",
    software="HAPI FHIR Server",
    stale=409,
    match_missing=201,
    match_on_delete=False,
    if_none_match=False,
    new_for_same=False,
    versions="numbers",
    weak_etags=False,
    ids="not-numeric",
    integrity=True,
    pages="token",
    cache=60.0,
    adds_source=True,
    totals=False,
    dates_history=False,
    says_batch=False,
    says_entry=False,
    deleted_missing=200,
)
"""As HAPI JPA 8.2 was seen to behave."""

OTHER = Temper(name="OTHER", max_page=100)
"""As the specification allows it just as well."""
