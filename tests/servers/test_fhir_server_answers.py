"""What is made of answers that real servers, and what stands before them, may give."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.net import NetError, Response
from fhir_kb.servers.http_fhir_server import HttpFhirServer, open_server
from fhir_kb.servers.interactions import blamed_entry
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Ref,
    Rejected,
    ServerCapabilities,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BASE = "https://fhir.example.org/r4"
A, B = Ref("Library", "a"), Ref("Library", "b")
HTML = b"<html><body>Bad gateway; token=s3cret</body></html>"
CHANGES = [
    ChangeRequest("create", A, {"resourceType": "Library", "id": "a"}),
    ChangeRequest("update", B, {"resourceType": "Library", "id": "b"}, "3"),
]


@dataclass
class Script:
    """A session whose answers the test writes; the last one is given again and again."""

    answers: Sequence[Response | NetError]
    asked: list[tuple[str, str, Mapping[str, str], bytes | None, bool]] = field(
        default_factory=list
    )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        retry: bool = True,
        retry_if: Callable[[Response], str] | None = None,
    ) -> Response:
        for tries in range(1, 7):
            number = min(len(self.asked), len(self.answers) - 1)
            self.asked.append((method, url, headers, content, retry))
            answer = self.answers[number]
            if isinstance(answer, NetError):
                raise answer
            answer = dataclasses.replace(answer, method=method, tries=tries)
            if not retry or retry_if is None or not retry_if(answer):
                return answer
        return answer


def says(body: object, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, content, BASE)


def server(*answers: Response | NetError, **profile: Any) -> tuple[HttpFhirServer, Script]:
    script = Script(answers)
    made = HttpFhirServer(script, BASE)  # type: ignore[arg-type]  # a session is what asks and pauses
    made.capabilities = ServerCapabilities(BASE, **profile)
    return made, script


def outcome(text: str, **issue: Any) -> dict[str, Any]:
    said = {"severity": "error", "code": "processing", "diagnostics": text, **issue}
    return {"resourceType": "OperationOutcome", "issue": [said]}


def bundle(*entries: object, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": list(entries), **more}


def library(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Library", "id": name, "meta": {"versionId": "1"}, **more}


def match(name: str) -> dict[str, Any]:
    return {"resource": library(name), "search": {"mode": "match"}}


def link(url: str) -> list[dict[str, str]]:
    return [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]


class TestSending:
    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    @pytest.mark.parametrize("status", [408, 500, 502, 504, 302])
    def test_nobody_knows_what_was_done_then(self, way: Any, status: int) -> None:
        one, script = server(says(outcome("oh"), status))
        with pytest.raises(UnknownOutcomeError, match=str(status)):
            one.send(CHANGES, way)
        assert len(script.asked) == 1
        assert not script.asked[0][4]

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    def test_a_page_of_a_proxy_leaves_a_doubt(self, way: Any) -> None:
        one, _ = server(says(HTML, 200))
        with pytest.raises(UnknownOutcomeError) as caught:
            one.send(CHANGES, way)
        assert "s3cret" not in caught.value.message

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 415, 451, 501, 505])
    def test_a_page_with_a_final_status_ends_it(self, way: Any, status: int) -> None:
        page = b"<html><title>No\n  <b>entry</b> &amp; out</title><p>token=s3cret"
        one, script = server(says(page, status, content_type="text/html"))
        with pytest.raises(ServerError) as caught:
            one.send(CHANGES, way)
        address = f"PUT {BASE}/Library/a" if way == "single" else f"POST {BASE}"
        assert caught.value.message.startswith(f"{address}: HTTP {status} ")
        assert caught.value.message.endswith(" with an HTML page 'No entry & out' instead of FHIR")
        assert (caught.value.status, len(script.asked)) == (status, 1)

    @pytest.mark.parametrize("way", ["transaction", "batch"])
    def test_too_large_is_about_all_of_a_bundle(self, way: Any) -> None:
        one, _ = server(says(b"<html><title>413 Too Large</title>", 413))
        outcomes = one.send(CHANGES, way)
        assert [one.status for one in outcomes if isinstance(one, Rejected)] == [413, 413]
        assert "413 Too Large" in outcomes[0].text  # type: ignore[union-attr]

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_page_is_no_word_that_it_is_not_there(self, status: int) -> None:
        one, _ = server(says(b"<html><title>Nothing here</title>", status))
        with pytest.raises(ServerError, match="an HTML page 'Nothing here'"):
            one.read([A])

    def test_a_page_is_no_word_that_it_is_gone(self) -> None:
        one, _ = server(says(b"<html><title>Nothing here</title>", 404))
        with pytest.raises(ServerError, match="HTTP 404 Not Found with an HTML page"):
            one.send([ChangeRequest("delete", A, None, "1")], "single")

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    @pytest.mark.parametrize("status", [300, 304, 305])
    def test_another_3xx_leaves_a_doubt(self, way: Any, status: int) -> None:
        one, _ = server(says(b"", status))
        with pytest.raises(UnknownOutcomeError):
            one.send(CHANGES, way)

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    def test_a_lost_answer_leaves_a_doubt(self, way: Any) -> None:
        one, script = server(NetError("'https://fhir.example.org' broke off"))
        with pytest.raises(UnknownOutcomeError, match="broke off"):
            one.send(CHANGES, way)
        assert len(script.asked) == 1

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_busy_server_says_when(self, way: Any, status: int) -> None:
        one, _ = server(says(HTML, status, retry_after="7"))
        assert one.send(CHANGES, way) == [Unavailable(A, status, 7.0), Unavailable(B, status, 7.0)]

    @pytest.mark.parametrize(
        "answer",
        [
            {"resourceType": "Bundle"},
            bundle(),
            bundle({"response": {"status": "201"}}),
            bundle({}, {}),
            bundle({"response": {"status": "201"}}, {"response": {"status": "great"}}),
            bundle({"response": {"status": "201"}}, {"response": {"status": "2001"}}),
            bundle({"response": {"status": "201"}}, {"response": {}}),
            bundle({"response": {"status": "201"}}, {"response": {"status": "304"}}),
            bundle({"response": {"status": "201"}}, {"response": {"status": 500}}),
            {"resourceType": "OperationOutcome", "issue": []},
        ],
    )
    def test_answers_that_do_not_tell(self, answer: Any) -> None:
        for way in ("transaction", "batch"):
            one, _ = server(says(answer))
            with pytest.raises(UnknownOutcomeError):
                one.send(CHANGES, way)  # type: ignore[arg-type]  # one of the ways

    def test_an_empty_answer_to_a_bundle_leaves_a_doubt(self) -> None:
        one, _ = server(says(b""))
        with pytest.raises(UnknownOutcomeError):
            one.send(CHANGES, "transaction")

    def test_a_transaction_is_not_done_in_part(self) -> None:
        answer = bundle({"response": {"status": "201"}}, {"response": {"status": "412"}})
        one, _ = server(says(answer))
        with pytest.raises(UnknownOutcomeError, match="a part"):
            one.send(CHANGES, "transaction")

    def test_each_entry_of_a_batch_has_its_own_end(self) -> None:
        answer = bundle(
            {"response": {"status": "201 Created", "etag": "1", "lastModified": "2026-01-01"}},
            {"response": {"status": "412 No", "outcome": outcome("version 4 is there")}},
        )
        one, _ = server(says(answer))
        made, refused = one.send(CHANGES, "batch")
        assert made == Applied(A, "1", "2026-01-01", created=True)
        assert isinstance(refused, Rejected)
        assert (refused.status, refused.conflict, refused.text) == (412, True, "version 4 is there")

    @pytest.mark.parametrize("tag", ['W/"5"', '"5"', "5"])
    def test_versions_in_all_the_ways_they_are_written(self, tag: str) -> None:
        entry = {"response": {"status": "200", "etag": tag}}
        one, _ = server(says(bundle(entry, entry)))
        assert [made.version for made in one.send(CHANGES, "batch")] == ["5", "5"]  # type: ignore[union-attr]

    def test_the_resource_of_another_place_is_not_what_was_stored(self) -> None:
        entry = {"resource": library("z"), "response": {"status": "200", "etag": "5"}}
        one, _ = server(says(bundle(entry, entry)))
        first = one.send(CHANGES, "batch")[0]
        assert isinstance(first, Applied)
        assert first.ref == Ref("Library", "z")

    def test_the_location_counts_not_the_body(self) -> None:
        response = {"status": "200", "etag": "5", "location": f"{BASE}/Library/a/_history/5"}
        one, _ = server(says(bundle({"resource": library("z"), "response": response})))
        (first,) = one.send(CHANGES[:1], "batch")
        assert first == Applied(A, "5")

    def test_a_refused_transaction_is_refused_for_all(self) -> None:
        one, _ = server(says(outcome("unknown code"), 422))
        refused = one.send(CHANGES, "transaction")
        assert [(each.ref, each.text) for each in refused] == [  # type: ignore[union-attr]
            (A, "unknown code"), (B, "unknown code"),
        ]  # fmt: skip

    def test_the_entry_that_is_to_blame_is_named(self) -> None:
        said = outcome("unknown code", expression=["Bundle.entry[1].resource.status"])
        one, _ = server(says(said, 422))
        first, second = one.send(CHANGES, "transaction")
        assert isinstance(first, Rejected)
        assert isinstance(second, Rejected)
        assert first.text == "because of Library/b: unknown code"
        assert second.text == "unknown code"
        assert second.outcome == said

    @pytest.mark.parametrize("way", ["transaction", "batch", "single"])
    def test_deleting_what_is_gone_is_done(self, way: Any) -> None:
        for status in (404, 410):
            one, _ = server(says(outcome("not found"), status))
            assert one.send([ChangeRequest("delete", A, None, "3")], way) == [Applied(A)]
        one, _ = server(says(outcome("not found"), 404))
        both = [ChangeRequest("delete", A, None, "3"), ChangeRequest("delete", B, None, "3")]
        if way != "single":
            assert all(isinstance(each, Rejected) for each in one.send(both, way))

    def test_which_entry_is_to_blame(self) -> None:
        assert blamed_entry(None) is None
        assert blamed_entry(outcome("x")) is None
        assert blamed_entry(outcome("Missing verb at Bundle.entry(99)")) == 99
        assert blamed_entry(outcome("x", location=["Bundle.entry[2].request"])) == 2
        assert blamed_entry(outcome("x", expression=["Bundle.entry[2]", "Bundle.entry[3]"])) is None

    def test_guards_are_those_that_work_on_the_server(self) -> None:
        guards = {
            "if-none-match": {"ifNoneMatch": "*"}, "if-match": {"ifMatch": 'W/"0"'}, "": {},
        }  # fmt: skip
        for name, guard in guards.items():
            one, script = server(says(outcome("no"), 400), if_none_match=name)
            one.send(CHANGES, "batch")
            sent = json.loads(script.asked[0][3] or b"")
            create, update = (entry["request"] for entry in sent["entry"])
            assert create == {"method": "PUT", "url": "Library/a", **guard}
            assert update == {"method": "PUT", "url": "Library/b", "ifMatch": 'W/"3"'}

    def test_a_single_update_says_which_version_it_is_about(self) -> None:
        one, script = server(says(b"", 200, etag='W/"4"'))
        (made,) = one.send([CHANGES[1]], "single")
        assert made == Applied(B, "4")
        method, url, headers, _, repeat = script.asked[0]
        assert (method, url, repeat) == ("PUT", f"{BASE}/Library/b", False)
        assert headers["If-Match"] == 'W/"3"'
        assert headers["Prefer"] == "return=representation"


class TestAsking:
    def test_a_page_of_a_proxy_is_asked_again(self) -> None:
        one, script = server(says(HTML), says(b'{"resour', 200), says(bundle(match("a"))))
        assert [live.ref for live in one.search("Library", {"url": "x"})] == [A]
        assert len(script.asked) == 3

    def test_and_in_the_end_told_without_its_words(self) -> None:
        one, script = server(says(HTML))
        with pytest.raises(ServerError, match="with an HTML page instead of FHIR") as caught:
            one.count("Library", {"url": "https://x.org/s3cret"})
        assert "s3cret" not in caught.value.message
        assert len(script.asked) == 6
        assert "tried 6 times" in caught.value.message

    def test_a_no_is_not_asked_again(self) -> None:
        one, script = server(says(outcome("You may not"), 403))
        with pytest.raises(ServerError, match="You may not") as caught:
            one.count("Library", {})
        assert "login" in caught.value.help
        assert len(script.asked) == 1

    def test_questions_want_no_old_answers(self) -> None:
        one, script = server(says(bundle(total=3)))
        assert one.count("Library", {"url": ["a", "b"]}) == 3
        method, url, headers, _, repeat = script.asked[0]
        assert (method, url) == ("GET", f"{BASE}/Library?url=a&url=b&_summary=count")
        assert headers["Cache-Control"] == "no-cache"
        assert repeat

    @pytest.mark.parametrize("total", [None, "7", -1, True, [7]])
    def test_without_a_count_it_is_counted(self, total: object) -> None:
        one, _ = server(says(bundle(match("a"), match("b"), total=total)))
        assert one.count("Library", {}) == 2
        assert "no-summary-count" in one.capabilities.observed

    def test_what_only_goes_with_the_answer_is_left_out(self) -> None:
        entries = (
            {"resource": outcome("careful"), "search": {"mode": "outcome"}},
            {"resource": library("z"), "search": {"mode": "include"}},
            {"resource": {"resourceType": "Basic", "id": "q"}},
            {"fullUrl": "x"},
            match("a"),
        )
        one, _ = server(says(bundle(*entries)))
        assert [live.ref for live in one.search("Library", {})] == [A]

    @pytest.mark.parametrize("id_", [None, 7, "", "a/b", "..", ["a"], "a" * 200])
    def test_a_match_that_is_nowhere_is_not_none(self, id_: object) -> None:
        one, _ = server(says(bundle({"resource": {"resourceType": "Library", "id": id_}})))
        with pytest.raises(ServerError, match="without a usable id"):
            list(one.search("Library", {}))

    @pytest.mark.parametrize(
        "body",
        [outcome("fine"), library("a"), bundle(entry=5), bundle(entry={}), bundle(entry=[5])],
    )
    def test_what_is_no_bundle_is_not_an_empty_one(self, body: dict[str, Any]) -> None:
        one, _ = server(says(body))
        with pytest.raises(ServerError, match="Bundle"):
            list(one.search("Library", {}))
        with pytest.raises(ServerError, match="Bundle"):
            list(one.changed_since("Library", "2026-01-01T00:00:00Z"))

    @pytest.mark.parametrize("url", [7, None, [], {}, ""])
    def test_a_next_page_without_a_url_is_not_the_end(self, url: object) -> None:
        one, _ = server(says(bundle(match("a"), link=[{"relation": "next", "url": url}])))
        with pytest.raises(ServerError, match="next page"):
            list(one.search("Library", {}))

    def test_pages_that_go_in_circles(self) -> None:
        one, script = server(says(bundle(match("a"), link=link(f"{BASE}?page=2"))))
        with pytest.raises(ServerError, match="too many pages"):
            list(one.search("Library", {}))
        assert len(script.asked) == 2

    @pytest.mark.parametrize(
        "url",
        ["https://evil.example/other?page=2", "https://evil.example/r4", "file:///etc/passwd", ":"],
    )
    def test_pages_elsewhere_are_not_followed(self, url: str) -> None:
        one, script = server(says(bundle(match("a"), link=link(url))))
        with pytest.raises(ServerError, match="another server"):
            list(one.search("Library", {}))
        assert len(script.asked) == 1

    def test_a_server_that_names_itself_wrongly_is_asked_where_it_is(self) -> None:
        first = says(bundle(match("a"), link=link("http://inside:8080/r4?page=2")))
        one, script = server(first, says(bundle(match("b"))))
        assert [live.ref for live in one.search("Library", {})] == [A, B]
        assert script.asked[1][1] == f"{BASE}?page=2"

    def test_fewer_than_the_server_says_it_has(self) -> None:
        one, _ = server(says(bundle(match("a"), total=2)))
        with pytest.raises(ServerError, match="total is 2, but only 1 came"):
            list(one.search("Library", {}))

    def test_a_history_without_content_is_looked_up(self) -> None:
        entries = (
            {"fullUrl": f"{BASE}/Library/a", "request": {"method": "PUT", "url": "Library/a"}},
            {"request": {"method": "DELETE", "url": f"{BASE}/Library/b/_history/4"},
             "response": {"etag": 'W/"4"', "lastModified": "2026-01-02"}},
            {"resource": library("b"), "request": {"method": "POST", "url": "Library"}},
            {"request": {"method": "PUT", "url": "Library"}},
        )  # fmt: skip
        one, script = server(says(bundle(*entries)), says(library("a", title="A")))
        found = {
            live.ref: live for live in one.changed_since("Library", "2026-01-01T00:00:00+01:00")
        }
        assert set(found) == {A, B}
        assert found[A].resource == library("a", title="A")
        assert (found[B].deleted, found[B].version, found[B].updated) == (True, "4", "2026-01-02")
        assert "_since=2026-01-01T00%3A00%3A00%2B01%3A00" in script.asked[0][1]

    def test_what_cannot_be_read_is_not_taken_for_missing(self) -> None:
        one, _ = server(says(outcome("You may not"), 403))
        with pytest.raises(ServerError, match="You may not"):
            one.read([A])
        with pytest.raises(ServerError, match="You may not"):
            one.read_version(A, "1")

    def test_it_cannot_be_opened_without_an_answer(self) -> None:
        for answer in (says(HTML), says(outcome("no"), 404), NetError("nobody there")):
            script = Script([answer])
            with pytest.raises(ServerError):
                open_server(script, BASE)  # type: ignore[arg-type]  # a session, as above


def test_what_a_server_does_not_implement_is_not_requested_again() -> None:
    made, script = server(says(outcome("no"), 501))
    with pytest.raises(ServerError, match="HTTP 501 Not Implemented") as caught:
        made.count("Library", {})
    urls = [url for _, url, *_ in script.asked]
    assert len(urls) == len(set(urls))
    assert "overloaded" not in caught.value.help
