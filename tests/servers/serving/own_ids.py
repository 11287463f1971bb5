"""What push relies on, of servers that choose ids themselves: for models and for real ones.

A test module makes a subclass with a fixture `site`, as for `contract.Contract`. A server that lets
clients choose ids can be held to it as well: nothing here chooses one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from contract import WAYS, new, note

from fhir_kb.push import Ref
from fhir_kb.servers.protocol import Applied, ChangeRequest, Rejected

if TYPE_CHECKING:
    from contract import Site

    from fhir_kb.servers.protocol import Query, SendMode


def posted(ref: Ref, body: dict[str, Any]) -> ChangeRequest:
    """A create whose id the server chooses."""
    query: Query = {"url": body["url"], "version": body["version"]} if "url" in body else {}
    return ChangeRequest("create", ref, body, if_none_exist=query)


def places(site: Site, body: dict[str, Any]) -> set[Ref]:
    """Where it stands, by its url."""
    return {live.ref for live in site.server.search("Library", {"url": body["url"]})}


class OwnIds:
    """See the module."""

    @pytest.mark.parametrize("way", WAYS)
    def test_the_server_says_where_it_is(self, site: Site, way: SendMode) -> None:
        ref, body = new(title="Größe")
        (made,) = site.server.send([posted(ref, body)], way)
        assert isinstance(made, Applied)
        assert made.created
        assert made.ref.type == "Library"
        assert made.ref != ref
        there = site.there(made.ref)
        assert there is not None
        assert (there["title"], there["meta"]["versionId"]) == ("Größe", made.version)
        assert site.there(ref) is None

    @pytest.mark.parametrize("way", WAYS)
    def test_what_is_there_is_not_made_again(self, site: Site, way: SendMode) -> None:
        ref, body = new()
        (made,) = site.server.send([posted(ref, body)], way)
        (again,) = site.server.send([posted(ref, {**body, "title": "Other"})], way)
        assert isinstance(again, Rejected)
        assert again.conflict
        assert places(site, body) == {made.ref}
        there = site.there(made.ref)
        assert there is not None
        assert "title" not in there

    def test_another_version_is_something_else(self, site: Site) -> None:
        ref, body = new()
        (first,) = site.server.send([posted(ref, body)], "single")
        (second,) = site.server.send([posted(ref, {**body, "version": "2.0.0"})], "single")
        assert isinstance(second, Applied)
        assert places(site, body) == {first.ref, second.ref}

    @pytest.mark.parametrize("way", WAYS)
    def test_an_update_where_it_stands(self, site: Site, way: SendMode) -> None:
        ref, body = new()
        (made,) = site.server.send([posted(ref, body)], way)
        assert isinstance(made, Applied)
        later = {**body, "id": made.ref.id, "title": "New"}
        (done,) = site.server.send([ChangeRequest("update", made.ref, later, made.version)], way)
        assert isinstance(done, Applied)
        assert done.ref == made.ref
        assert done.version not in ("", made.version)

    def test_references_of_a_transaction_lead_there(self, site: Site) -> None:
        target, body = new()
        source, basic = note(target)
        outcomes = site.server.send([posted(source, basic), posted(target, body)], "transaction")
        first, second = outcomes
        assert isinstance(first, Applied)
        assert isinstance(second, Applied)
        there = site.there(first.ref)
        assert there is not None
        assert there["subject"]["reference"] == str(second.ref)

    def test_and_to_what_was_there_before(self, site: Site) -> None:
        target, body = new()
        (made,) = site.server.send([posted(target, body)], "single")
        source, basic = note(target)
        first, second = site.server.send(
            [posted(source, basic), posted(target, body)], "transaction"
        )
        assert isinstance(second, Rejected)
        assert second.conflict
        assert isinstance(first, Applied)
        there = site.there(first.ref)
        assert there is not None
        assert there["subject"]["reference"] == str(made.ref)

    def test_a_refused_transaction_makes_nothing(self, site: Site) -> None:
        ref, body = new()
        other, wrong = new("Nonsense")
        outcomes = site.server.send([posted(ref, body), posted(other, wrong)], "transaction")
        assert [type(one) for one in outcomes] == [Rejected, Rejected]
        assert places(site, body) == set()
