"""What push relies on, of every server: the same tests for models and for real ones.

A test module makes a subclass with a fixture `site`; what may differ between servers is in the
site's temper, which these tests hold the server to.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import pytest
import requests

from fhir_kb.net import SessionSettings, open_session
from fhir_kb.push import Ref, open_server
from fhir_kb.servers.protocol import Applied, ChangeRequest, Rejected, SendMode, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temper import Temper

    from fhir_kb.push import RemoteResource, ServerCapabilities
    from fhir_kb.servers.http_fhir_server import HttpFhirServer

WAYS: tuple[SendMode, ...] = get_args(SendMode)
CANONICAL = "https://kb.example.org/fhir"
_NUMBERS = itertools.count(1)


@dataclass
class Site:
    """A server, what is expected of it, and somebody else who writes to it."""

    base: str
    temper: Temper
    server: HttpFhirServer
    others: requests.Session = field(default_factory=requests.Session)

    def foreign(self, resource: dict[str, Any]) -> str:
        """Somebody else puts this there; its version."""
        place = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        answer = self.others.put(place, json=resource, timeout=60)
        answer.raise_for_status()
        return answer.headers["ETag"].removeprefix('W/"').rstrip('"')

    def there(self, ref: Ref) -> dict[str, Any] | None:
        """What stands there by a plain GET."""
        answer = self.others.get(f"{self.base}/{ref}", timeout=60)
        return answer.json() if answer.status_code == 200 else None

    def history(self, ref: Ref) -> int:
        """How many versions there are."""
        answer = self.others.get(f"{self.base}/{ref}/_history?_count=50", timeout=60)
        return len(answer.json()["entry"])


def site_of(base: str, temper: Temper, known: ServerCapabilities | None = None) -> Iterator[Site]:
    """For a fixture: what talks to a server. known: what it can do, if that is known already."""
    with open_session(SessionSettings(server=base)) as session, requests.Session() as others:
        others.trust_env = False
        others.headers.update(
            {"Cache-Control": "no-cache", "Content-Type": "application/fhir+json"}
        )
        yield Site(base, temper, open_server(session, base, known), others)


def new(kind: str = "Library", **more: Any) -> tuple[Ref, dict[str, Any]]:
    """A resource that no other test has."""
    name = f"c{next(_NUMBERS)}x{time.time_ns() % 10**9}"
    body = {
        "resourceType": kind,
        "id": name,
        "url": f"{CANONICAL}/{kind}/{name}",
        "version": "1.0.0",
        "status": "active",
        "type": {"text": "logic"},
        **more,
    }
    return Ref(kind, name), body


def note(about: Ref) -> tuple[Ref, dict[str, Any]]:
    """A resource that refers to another."""
    ref, _ = new("Basic")
    subject = {"reference": str(about)}
    return ref, {"resourceType": "Basic", "id": ref.id, "code": {"text": "n"}, "subject": subject}


def create(ref: Ref, body: dict[str, Any], expected: str = "") -> ChangeRequest:
    return ChangeRequest("create", ref, body, expected)


def created(site: Site, **more: Any) -> tuple[Ref, dict[str, Any], str]:
    """Something that stands there, and its version."""
    ref, body = new(**more)
    (made,) = site.server.send([create(ref, body)], "single")
    assert isinstance(made, Applied), made
    return ref, body, made.version


def deleted(site: Site) -> tuple[Ref, dict[str, Any], RemoteResource]:
    """Something that does not stand there any more, and what is known of it."""
    ref, body, version = created(site)
    (gone,) = site.server.send([ChangeRequest("delete", ref, None, version)], "single")
    assert isinstance(gone, Applied)
    return ref, body, site.server.read([ref], include_deleted=True)[ref]


def small_pages(site: Site, size: int) -> None:
    site.server.capabilities = dataclasses.replace(site.server.capabilities, page_size=size)


class Contract:
    """See the module."""

    def test_it_says_what_it_is(self, site: Site) -> None:
        profile = site.server.capabilities
        assert profile.fhir_version == site.temper.fhir_version
        assert site.temper.software in profile.software
        assert profile.send_modes == ("transaction", "batch", "single")
        assert {"read", "update", "history-type"} <= profile.types["Library"]
        assert {"url", "version", "identifier"} <= profile.search["Library"]

    @pytest.mark.parametrize("way", WAYS)
    def test_what_is_new_is_created(self, site: Site, way: SendMode) -> None:
        ref, body = new(title="Größe ≥ 1")
        (made,) = site.server.send([create(ref, body)], way)
        assert isinstance(made, Applied)
        assert made.created
        assert made.ref == ref
        assert made.stored is not None
        assert made.stored["title"] == "Größe ≥ 1"
        there = site.there(ref)
        assert there is not None
        assert there["meta"]["versionId"] == made.version
        assert there["meta"]["lastUpdated"] == made.updated
        assert there["title"] == "Größe ≥ 1"

    @pytest.mark.parametrize("way", WAYS)
    def test_a_create_replaces_nothing(self, site: Site, way: SendMode) -> None:
        ref, body, version = created(site)
        (refused,) = site.server.send([create(ref, {**body, "title": "Other"})], way)
        assert isinstance(refused, Rejected)
        assert refused.conflict
        there = site.there(ref)
        assert there is not None
        assert "title" not in there
        assert there["meta"]["versionId"] == version

    @pytest.mark.parametrize("way", WAYS)
    def test_an_update_makes_the_next_version(self, site: Site, way: SendMode) -> None:
        ref, body, version = created(site)
        change = ChangeRequest("update", ref, {**body, "title": "New"}, version)
        (made,) = site.server.send([change], way)
        assert isinstance(made, Applied)
        assert not made.created
        assert made.version not in ("", version)
        there = site.there(ref)
        assert there is not None
        assert (there["title"], there["meta"]["versionId"]) == ("New", made.version)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_stale_update_is_refused(self, site: Site, way: SendMode) -> None:
        ref, body, version = created(site)
        theirs = site.foreign({**body, "title": "Theirs"})
        (refused,) = site.server.send(
            [ChangeRequest("update", ref, {**body, "title": "O"}, version)], way
        )
        assert isinstance(refused, Rejected)
        assert refused.conflict
        assert refused.status == site.temper.stale
        there = site.there(ref)
        assert there is not None
        assert (there["title"], there["meta"]["versionId"]) == ("Theirs", theirs)

    @pytest.mark.parametrize("way", WAYS)
    def test_identical_content_and_its_version(self, site: Site, way: SendMode) -> None:
        ref, body, version = created(site)
        (made,) = site.server.send([ChangeRequest("update", ref, body, version)], way)
        assert isinstance(made, Applied)
        assert (made.version != version) == site.temper.new_for_same
        assert site.history(ref) == (2 if site.temper.new_for_same else 1)

    @pytest.mark.parametrize("way", WAYS)
    def test_what_is_deleted_is_known_to_be(self, site: Site, way: SendMode) -> None:
        ref, _, version = created(site)
        (gone,) = site.server.send([ChangeRequest("delete", ref, None, version)], way)
        assert isinstance(gone, Applied)
        never = new()[0]
        assert site.server.read([ref, never]) == {}
        found = site.server.read([ref, never], include_deleted=True)
        assert list(found) == [ref]
        assert found[ref].deleted
        assert found[ref].version not in ("", version)

    @pytest.mark.parametrize("way", WAYS)
    def test_deleting_again_is_done_already(self, site: Site, way: SendMode) -> None:
        ref, _, live = deleted(site)
        for one in (ref, new()[0]):
            (made,) = site.server.send([ChangeRequest("delete", one, None, "")], way)
            assert isinstance(made, Applied)
        assert site.server.read([ref], include_deleted=True)[ref].version == live.version

    @pytest.mark.parametrize("way", WAYS)
    def test_a_stale_delete(self, site: Site, way: SendMode) -> None:
        ref, body, version = created(site)
        site.foreign({**body, "title": "Theirs"})
        (made,) = site.server.send([ChangeRequest("delete", ref, None, version)], way)
        if site.temper.match_on_delete:
            assert isinstance(made, Rejected)
            assert made.conflict
        assert (site.there(ref) is None) != site.temper.match_on_delete

    @pytest.mark.parametrize("way", WAYS)
    def test_what_was_deleted_is_put_back(self, site: Site, way: SendMode) -> None:
        ref, body, live = deleted(site)
        (made,) = site.server.send([create(ref, body, live.version)], way)
        assert isinstance(made, Applied)
        assert made.created
        assert site.server.read([ref])[ref].version == made.version
        assert site.history(ref) == 3

    def test_a_create_where_something_was_deleted(self, site: Site) -> None:
        ref, body, _ = deleted(site)
        (made,) = site.server.send([create(ref, body)], "single")
        if site.temper.if_none_match:
            assert isinstance(made, Applied)
        else:  # its last version has to be said
            assert isinstance(made, Rejected)
            assert made.conflict
            assert site.there(ref) is None

    def test_an_update_of_what_never_was(self, site: Site) -> None:
        ref, body = new()
        (made,) = site.server.send([ChangeRequest("update", ref, body, "7")], "single")
        assert isinstance(made, Applied) == (site.temper.match_missing == 201)
        assert (site.there(ref) is not None) == (site.temper.match_missing == 201)

    def test_earlier_versions_are_kept(self, site: Site) -> None:
        ref, body, version = created(site)
        site.foreign({**body, "title": "Theirs"})
        live = site.server.read_version(ref, version)
        assert live is not None
        assert live.version == version
        assert live.resource is not None
        assert "title" not in live.resource
        assert site.server.read_version(ref, "4711") is None

    def test_reading_many(self, site: Site) -> None:
        refs = [created(site)[0] for _ in range(7)]
        found = site.server.read([*refs, new()[0], new("PlanDefinition")[0]])
        assert set(found) == set(refs)
        assert all(live.version and live.updated and live.resource for live in found.values())

    def test_searches_are_fresh(self, site: Site) -> None:
        ref, body = new()
        assert list(site.server.search("Library", {"url": body["url"]})) == []
        assert site.server.count("Library", {"url": body["url"]}) == 0
        version = site.foreign(body)
        (live,) = site.server.search("Library", {"url": body["url"]})
        assert (live.ref, live.version) == (ref, version)
        assert site.server.count("Library", {"url": body["url"]}) == 1

    def test_heads_have_no_content(self, site: Site) -> None:
        ref, body, version = created(site)
        (live,) = site.server.search("Library", {"url": body["url"]}, summary=True)
        assert (live.ref, live.version, live.url) == (ref, version, body["url"])
        assert live.canonical_version == "1.0.0"
        assert live.resource is None

    def test_all_pages_are_read(self, site: Site) -> None:
        tag = new()[0].id
        bodies = [
            new(url=f"{CANONICAL}/{tag}/{number}", identifier=[{"system": CANONICAL, "value": tag}])
            for number in range(23)
        ]
        made = site.server.send([create(*one) for one in bodies], "transaction")
        assert all(isinstance(one, Applied) for one in made)
        refs = {ref for ref, _ in bodies}
        small_pages(site, 5)
        for query in ({"identifier": f"{CANONICAL}|{tag}"}, {"url:below": f"{CANONICAL}/{tag}"}):
            found = [live.ref for live in site.server.search("Library", query)]
            assert len(found) == 23
            assert set(found) == refs
        seen = {live.ref for live in site.server.changed_since("Library", made[0].updated)}
        assert refs <= seen

    def test_long_questions(self, site: Site) -> None:
        known = [created(site) for _ in range(3)]
        urls = [body["url"] for _, body, _ in known]
        others = [f"{CANONICAL}/none/{number:040}" for number in range(200)]
        found = site.server.search("Library", {"url": ",".join([*urls, *others])})
        assert {live.ref for live in found} == {ref for ref, _, _ in known}

    def test_what_was_changed_since(self, site: Site) -> None:
        before, _, _ = created(site)
        time.sleep(0.01)
        first, body, _ = created(site)
        since = site.server.read([first])[first].updated
        time.sleep(0.01)
        site.foreign({**body, "title": "Theirs"})
        gone, _, last = deleted(site)
        found = list(site.server.changed_since("Library", since))
        places = [live.ref for live in found]
        assert len(places) == len(set(places))
        assert before not in places
        latest = {live.ref: live for live in found}
        assert latest[first].resource is not None
        assert latest[first].resource["title"] == "Theirs"
        assert latest[gone].deleted
        assert latest[gone].version == last.version
        assert bool(latest[gone].updated) == site.temper.dates_history

    def test_a_transaction_is_all_or_nothing(self, site: Site) -> None:
        good, body = new()
        stale, other, version = created(site)
        site.foreign({**other, "title": "Theirs"})
        changes = [create(good, body), ChangeRequest("update", stale, other, version)]
        outcomes = site.server.send(changes, "transaction")
        assert [type(one) for one in outcomes] == [Rejected, Rejected]
        assert [one.ref for one in outcomes] == [good, stale]
        assert site.there(good) is None

    def test_each_entry_of_a_batch_is_for_itself(self, site: Site) -> None:
        good, body = new()
        stale, other, version = created(site)
        site.foreign({**other, "title": "Theirs"})
        gone, _, last = created(site)
        changes = [
            ChangeRequest("update", stale, other, version),
            create(good, body),
            ChangeRequest("delete", gone, None, last),
        ]
        outcomes = site.server.send(changes, "batch")
        assert [one.ref for one in outcomes] == [stale, good, gone]
        assert isinstance(outcomes[0], Rejected)
        assert outcomes[0].conflict
        assert isinstance(outcomes[1], Applied)
        assert site.there(good) is not None
        assert isinstance(outcomes[2], Applied)

    def test_those_who_refer_to_each_other_come_and_go_together(self, site: Site) -> None:
        target, body = new()
        source, basic = note(target)
        made = site.server.send([create(source, basic), create(target, body)], "transaction")
        assert [type(one) for one in made] == [Applied, Applied]
        there = site.there(source)
        assert there is not None
        assert there["subject"]["reference"] == str(target)
        if site.temper.integrity:
            (alone,) = site.server.send(
                [ChangeRequest("delete", target, None, made[1].version)], "single"
            )
            assert isinstance(alone, Rejected)
        changes = [
            ChangeRequest("delete", ref, None, one.version)
            for ref, one in zip((target, source), (made[1], made[0]), strict=True)
        ]
        gone = site.server.send(changes, "transaction")
        assert [type(one) for one in gone] == [Applied, Applied]
        assert site.there(target) is None
        assert site.there(source) is None

    @pytest.mark.parametrize("way", WAYS)
    def test_a_reference_to_what_is_not_there(self, site: Site, way: SendMode) -> None:
        source, basic = note(new()[0])
        (made,) = site.server.send([create(source, basic)], way)
        assert isinstance(made, Rejected) == site.temper.integrity
        if isinstance(made, Rejected):
            assert not made.conflict
            assert basic["subject"]["reference"] in made.text

    def test_ids_that_are_numbers(self, site: Site) -> None:
        _, body = new()
        number = str(time.time_ns())
        ref = Ref("Library", number)
        (made,) = site.server.send([create(ref, {**body, "id": number})], "single")
        assert isinstance(made, Applied) == (site.temper.ids == "any")

    def test_a_type_that_is_not_there(self, site: Site) -> None:
        ref, body = new("Nonsense")
        assert "Nonsense" not in site.server.capabilities.types
        (made,) = site.server.send([create(ref, body)], "single")
        assert isinstance(made, Rejected)
        assert not made.conflict
        with pytest.raises(ServerError):
            site.server.count("Nonsense", {})

    def test_two_that_create_at_once(self, site: Site) -> None:
        ref, body = new()
        changes = [create(ref, {**body, "title": f"Number {number}"}) for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            outcomes = [
                one
                for made in pool.map(lambda c: site.server.send([c], "transaction"), changes)
                for one in made
            ]
        assert sum(isinstance(one, Applied) for one in outcomes) == 1
        assert all(one.conflict for one in outcomes if isinstance(one, Rejected))
        assert site.history(ref) == 1
