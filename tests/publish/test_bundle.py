from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import pytest

from fhir_kb import publish

if TYPE_CHECKING:
    from conftest import Maker

    from fhir_kb.emit import EmittedResource
    from fhir_kb.publish import FileContent

BASE = "https://example.org/fhir"
ROOTS_FIRST = [
    "Library/manifest",
    "PlanDefinition/plan",
    "ActivityDefinition/rest",
    "Composition/text",
    "Evidence/finding",
    "EvidenceVariable/adults",
    "Practitioner/author",
]


def read(content: FileContent) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(content.to_bytes())
    return parsed


def names(bundle: dict[str, Any]) -> list[str]:
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]]


def references(value: Any) -> list[str]:
    return re.findall(r'"reference": "([^"]+)"', json.dumps(value))


class TestTransaction:
    def test_roots_come_first_then_type_and_name(self, topic: list[EmittedResource]) -> None:
        found = read(publish.transaction(topic[::-1], "r5"))
        conditions = [entry["request"]["url"] for entry in found["entry"]]
        by_condition = {publish.search_url(one): one.name for one in topic}
        assert [by_condition[condition] for condition in conditions] == ROOTS_FIRST

    def test_condition_is_url_and_version_encoded(self, make: Maker) -> None:
        one = make("PlanDefinition", "p", url="https://example.org/ä?a=1&b,c", version="1.0.0+x y")
        path, _, query = publish.search_url(one).partition("?")
        assert path == "PlanDefinition"
        # A comma separates search values, so FHIR wants it escaped by a backslash.
        assert parse_qs(query, strict_parsing=True) == {
            "url": ["https://example.org/ä?a=1&b\\,c"],
            "version": ["1.0.0+x y"],
        }

    def test_without_version_the_url_is_enough(self, make: Maker) -> None:
        one = make("PlanDefinition", "p", url="urn:p", version=None)
        assert publish.search_url(one) == "PlanDefinition?url=urn%3Ap"

    def test_type_without_url_is_found_by_identifier(self, topic: list[EmittedResource]) -> None:
        assert unquote(publish.search_url(topic[-1])) == r"Practitioner?identifier=urn:s|a\,1\|2"

    def test_resource_without_either_keeps_its_place_and_id(self, make: Maker) -> None:
        one = make("Basic", "b", url=None, version=None)
        (entry,) = read(publish.transaction([one], "r5"))["entry"]
        assert entry["request"] == {"method": "PUT", "url": "Basic/b"}
        assert entry["resource"]["id"] == "b"

    def test_the_server_gives_the_ids(self, topic: list[EmittedResource]) -> None:
        entries = read(publish.transaction(topic, "r5"))["entry"]
        assert all("id" not in entry["resource"] for entry in entries)
        rest = next(e for e in entries if e["resource"]["resourceType"] == "ActivityDefinition")
        original = json.loads(topic[0].line_bytes)
        assert {"id": "rest", **rest["resource"]} == original

    def test_every_reference_is_the_full_url_of_an_entry(
        self, topic: list[EmittedResource]
    ) -> None:
        found = read(publish.transaction(topic, "r5"))
        full_urls = [entry["fullUrl"] for entry in found["entry"]]
        assert len(set(full_urls)) == len(topic)
        assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", url) for url in full_urls)
        by_type = {e["resource"]["resourceType"]: e for e in found["entry"]}
        assert references(by_type["Composition"]) == [
            by_type[kind]["fullUrl"] for kind in ("Practitioner", "PlanDefinition", "Evidence")
        ]
        assert references(found) and set(references(found)) <= set(full_urls)

    def test_reference_in_text_and_reference_elsewhere_stay(self, make: Maker) -> None:
        text = 'write "reference":"Evidence/e" here'
        far = {"reference": "Citation/elsewhere"}
        one = make("Evidence", "e", description=text, note=[{"authorReference": far}])
        (entry,) = read(publish.transaction([one], "r5"))["entry"]
        assert entry["resource"]["description"] == text
        assert entry["resource"]["note"] == [{"authorReference": far}]

    def test_urn_differs_by_version_and_release_only(self, make: Maker) -> None:
        one = make("Library", "l")
        same = make("Library", "renamed", url=one.url)
        newer = make("Library", "l", version="1.1.0")
        assert publish.urn(one, "r5") == publish.urn(same, "r5")
        assert len({publish.urn(one, "r5"), publish.urn(one, "r4"), publish.urn(newer, "r5")}) == 3

    def test_urn_is_the_uuid_of_its_name(self, make: Maker) -> None:
        """RFC 9562 version 5, as the standard library works it out."""
        for number in range(300):  # enough for each value of the two digits that are set
            url = f"https://example.org/é/{number}"
            expected = uuid.uuid5(uuid.NAMESPACE_URL, f"{url}|1|r5")
            assert publish.urn(make("Library", "l", url=url, version="1"), "r5") == expected.urn

    def test_nothing_is_a_bundle_without_entries(self) -> None:
        assert read(publish.transaction([], "r5")) == {
            "resourceType": "Bundle",
            "type": "transaction",
        }


class TestBatch:
    def test_each_entry_comes_after_what_it_refers_to(self, topic: list[EmittedResource]) -> None:
        found = read(publish.batch(topic, BASE))
        seen: set[str] = set()
        for entry, name in zip(found["entry"], names(found), strict=True):
            assert entry["request"] == {"method": "PUT", "url": name}
            assert set(references(entry)) <= seen
            seen.add(name)
        assert len(seen) == len(topic)

    def test_a_circle_is_entered_somewhere(self, make: Maker) -> None:
        one = make("Evidence", "a", note=[{"authorReference": {"reference": "Evidence/b"}}])
        two = make("Evidence", "b", note=[{"authorReference": {"reference": "Evidence/a"}}])
        assert names(read(publish.batch([two, one], BASE))) == ["Evidence/b", "Evidence/a"]

    def test_a_chain_of_thousands_is_no_trouble(self, make: Maker) -> None:
        chain = [
            make(
                "Evidence",
                f"e{n:04}",
                note=[{"authorReference": {"reference": f"Evidence/e{n + 1:04}"}}],
            )
            for n in range(3000)
        ]
        assert names(read(publish.batch(chain, BASE)))[0] == "Evidence/e2999"


class TestCollection:
    def test_resources_are_whole_at_their_address(self, topic: list[EmittedResource]) -> None:
        found = read(publish.collection(topic, BASE + "/"))
        assert names(found) == ROOTS_FIRST
        assert [e["fullUrl"] for e in found["entry"]] == [f"{BASE}/{name}" for name in ROOTS_FIRST]
        assert all(set(entry) == {"fullUrl", "resource"} for entry in found["entry"])
        originals = {one.name: json.loads(one.line_bytes) for one in topic}
        assert [e["resource"] for e in found["entry"]] == [originals[n] for n in ROOTS_FIRST]

    def test_one_entry_stands_on_each_line(self, topic: list[EmittedResource]) -> None:
        lines = publish.collection(topic, BASE).to_bytes().splitlines()
        assert lines[0] == b'{"resourceType":"Bundle","type":"collection","entry":['
        assert len([json.loads(line.removesuffix(b",")) for line in lines[1:-1]]) == len(topic)
        assert lines[-1] == b"]}"


class TestDocument:
    def document(self, topic: list[EmittedResource]) -> dict[str, Any]:
        by_name = {one.name: one for one in topic}
        return read(publish.document(by_name["Composition/text"], by_name, "r5", BASE))

    def test_composition_comes_first_then_what_it_refers_to(
        self, topic: list[EmittedResource]
    ) -> None:
        assert names(self.document(topic)) == [
            "Composition/text",
            "PlanDefinition/plan",
            "Evidence/finding",
            "EvidenceVariable/adults",  # by way of the evidence
            "Practitioner/author",
        ]

    def test_it_has_the_identifier_and_time_that_documents_need(
        self, topic: list[EmittedResource]
    ) -> None:
        found = self.document(topic)
        assert list(found) == ["resourceType", "identifier", "type", "timestamp", "entry"]
        assert found["timestamp"] == "2025-11-03T00:00:00Z"
        assert found["identifier"]["system"] == "urn:ietf:rfc:3986"
        assert found["identifier"]["value"].startswith("urn:uuid:")

    def test_other_content_is_another_document(
        self, make: Maker, topic: list[EmittedResource]
    ) -> None:
        before = self.document(topic)["identifier"]
        assert self.document(topic[::-1])["identifier"] == before
        changed = [*topic[:-1], make("Practitioner", "author", gender="female")]
        assert self.document(changed)["identifier"] != before

    @pytest.mark.parametrize(
        ("date", "timestamp"),
        [
            ("2025", "2025-01-01T00:00:00Z"),
            ("2025-11", "2025-11-01T00:00:00Z"),
            ("2025-11-03T10:00:00+01:00", "2025-11-03T10:00:00+01:00"),
        ],
    )
    def test_time_is_the_first_moment_of_the_date(
        self, make: Maker, date: str, timestamp: str
    ) -> None:
        assert self.document([make("Composition", "text", date=date)])["timestamp"] == timestamp

    def test_without_a_date_or_composition_there_is_none(self, make: Maker) -> None:
        for one in (make("Composition", "c"), make("Library", "l", date="2025")):
            with pytest.raises(publish.NotADocumentError):
                publish.document(one, {}, "r5", BASE)


def test_keys_follow_the_content(make: Maker, topic: list[EmittedResource]) -> None:
    """An unchanged file is known by its key, so the key must tell all that matters."""
    changed = [make("ActivityDefinition", "rest", code={"text": "more"}), *topic[1:]]
    keys = [
        content.key
        for resources in (topic, changed)
        for content in (
            publish.transaction(resources, "r5"),
            publish.transaction(resources, "r4"),
            publish.batch(resources, BASE),
            publish.collection(resources, BASE),
            publish.collection(resources, "urn:other"),
            publish.ndjson(resources),
        )
    ]
    assert len(set(keys)) == len(keys)
    assert publish.transaction(topic[::-1], "r5").key == keys[0]
