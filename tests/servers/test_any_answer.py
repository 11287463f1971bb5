"""Whatever a server answers, it is read or refused: no answer is a bug of ours."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from any_json import NEARLY, damaged, each_damage
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_kb.net import Response
from fhir_kb.servers.capabilities import capabilities_from_json, capabilities_to_json
from fhir_kb.servers.http_fhir_server import HttpFhirServer, open_server
from fhir_kb.servers.probe import probe
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Ref,
    Rejected,
    RemoteResource,
    ServerCapabilities,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.responses import issue_expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.servers.protocol import SendMode

BASE = "https://fhir.example.org/r4"
LIBRARY = {
    "resourceType": "Library", "id": "a", "url": "https://kb.example.org/Library/a",
    "version": "1.0.0", "status": "active",
    "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"},
}  # fmt: skip
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error", "code": "not-supported", "diagnostics": "no transaction",
            "details": {"text": "why"}, "expression": ["Bundle.entry[0]"], "location": ["x"],
        }
    ],
}  # fmt: skip
BUNDLE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 2,
    "link": [{"relation": "next", "url": f"{BASE}/Library?page=2"}],
    "entry": [
        {"fullUrl": f"{BASE}/Library/a", "resource": LIBRARY, "search": {"mode": "match"}},
        {
            "request": {"method": "DELETE", "url": "Library/b"},
            "response": {"status": "204", "etag": 'W/"2"', "lastModified": "2026-01-01T00:00:00Z"},
        },
    ],
}
RESPONSE = {
    "resourceType": "Bundle",
    "type": "transaction-response",
    "entry": [
        {
            "resource": LIBRARY,
            "response": {
                "status": "201 Created", "location": "Library/a/_history/1", "etag": 'W/"1"',
                "lastModified": "2026-01-01T00:00:00Z", "outcome": OUTCOME,
            },
        },
        {"response": {"status": "422", "outcome": OUTCOME}},
    ],
}  # fmt: skip
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Some Server", "version": "1"},
    "rest": [
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
            "resource": [
                {
                    "type": "Library", "versioning": "versioned", "updateCreate": True,
                    "conditionalCreate": True, "interaction": [{"code": "history-type"}],
                    "searchParam": [{"name": "url", "type": "uri"}],
                }
            ],
        }
    ],
}  # fmt: skip
A, B = Ref("Library", "a"), Ref("Library", "b")
CHANGES = [
    ChangeRequest("create", A, LIBRARY),
    ChangeRequest("update", B, {**LIBRARY, "id": "b"}, "3"),
]
STATUSES = st.sampled_from([200, 201, 204, 400, 404, 405, 409, 410, 412, 422, 429, 501])
HEADERS = st.dictionaries(
    st.sampled_from(
        ["etag", "location", "content-location", "last-modified", "retry-after", "content-type"]
    ),
    st.sampled_from(
        ["", "W/", '"', "1", 'W/"1"', "Library/a/_history/1", "Library/x/_history/", "http://[",
         "²", "99999999999999999999", "Mon, 99 Foo 99999 99:99:99", "text/html; charset=nonsense",
         "\xff", "https://elsewhere.example/Patient/1", "-1", "NaN"]
    )
    | st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=8),
    max_size=4,
)  # fmt: skip


class Answers:
    """A session that gives the answers in turn, the last one again and again."""

    def __init__(self, answers: list[Response]) -> None:
        self._answers = answers

    def request(self, method: str, url: str, **options: Any) -> Response:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        retry_if = options.get("retry_if")
        if retry_if is not None:
            retry_if(answer)
        return answer


def answers(*documents: Any) -> st.SearchStrategy[list[Response]]:
    one = st.builds(
        lambda status, headers, content: Response(status, headers, content, BASE),
        STATUSES, HEADERS, damaged(documents),
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=4)


def server(responses: list[Response]) -> HttpFhirServer:
    made = HttpFhirServer(Answers(responses), BASE)  # type: ignore[arg-type]  # a session that asks
    types = {"Library": frozenset({"history-type"})}
    made.capabilities = ServerCapabilities(BASE, release="r4", types=types)
    return made


def check(remote: RemoteResource) -> None:
    texts = (remote.ref.type, remote.ref.id, remote.version, remote.updated, remote.url)
    assert all(type(text) is str for text in (*texts, remote.canonical_version))
    assert remote.ref.type
    assert remote.ref.id
    str("".join(texts)).encode()


def found(remotes: Iterator[RemoteResource]) -> None:
    for remote in remotes:
        check(remote)


READS: dict[str, Callable[[HttpFhirServer], None]] = {
    "search": lambda it: found(it.search("Library", {"url": "x"})),
    "summary": lambda it: found(it.search("Library", {"url": "x"}, summary=True)),
    "long search": lambda it: found(
        it.search("Library", {"_id": ",".join(f"library-{n}" for n in range(250))})
    ),
    "history": lambda it: found(it.changed_since("Library", "2026-01-01T00:00:00Z")),
    "read": lambda it: found(iter(it.read([A], include_deleted=True).values())),
    "read several": lambda it: found(iter(it.read([A, B], include_deleted=True).values())),
    "read version": lambda it: found(filter(None, iter([it.read_version(A, "1")]))),
}


def each_answer(*documents: Any, statuses: tuple[int, ...] = (200, 400)) -> list[Response]:
    """Each single damage of the documents, and what is nearly JSON."""
    bodies = [body for document in documents for body in each_damage(document)]
    return [Response(status, {}, body, BASE) for body in [*bodies, *NEARLY] for status in statuses]


def read_is_answered(name: str, responses: list[Response]) -> None:
    try:
        READS[name](server(responses))
    except ServerError as error:
        assert error.message


@pytest.mark.parametrize("name", READS)
def test_a_read_gives_resources_or_says_why_not(name: str) -> None:
    for response in each_answer(BUNDLE, LIBRARY, OUTCOME):
        read_is_answered(name, [response])


@given(name=st.sampled_from(sorted(READS)), responses=answers(BUNDLE, LIBRARY, OUTCOME))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_read_of_several_answers(name: str, responses: list[Response]) -> None:
    read_is_answered(name, responses)


def test_a_count_is_a_number() -> None:
    for response in each_answer(BUNDLE, OUTCOME):
        with contextlib.suppress(ServerError):
            count = server([response]).count("Library", {})
            assert type(count) is int
            assert count >= 0


@pytest.mark.parametrize("mode", ["transaction", "batch", "single"])
@pytest.mark.parametrize("is_posted", [True, False])
def test_a_change_has_an_outcome(mode: SendMode, is_posted: bool) -> None:
    for response in each_answer(RESPONSE, LIBRARY, OUTCOME, statuses=(200, 201, 400, 405)):
        change_is_answered(mode, [response], is_posted=is_posted)


@given(
    mode=st.sampled_from(["transaction", "batch", "single"]),
    responses=answers(RESPONSE, LIBRARY, OUTCOME),
    is_posted=st.booleans(),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_change_with_several_answers(
    mode: SendMode, responses: list[Response], is_posted: bool
) -> None:
    change_is_answered(mode, responses, is_posted=is_posted)


def change_is_answered(mode: SendMode, responses: list[Response], *, is_posted: bool) -> None:
    query = {"url": "https://kb.example.org/Library/a"} if is_posted else None
    changes = [ChangeRequest("create", A, LIBRARY, if_none_exist=query), *CHANGES[1:]]
    try:
        outcomes = server(responses).send(changes, mode)
    except (ServerError, UnknownOutcomeError) as error:
        assert error.message
        return
    assert len(outcomes) == len(changes)
    for change, outcome in zip(changes, outcomes, strict=True):
        match outcome:
            case Applied():
                check(RemoteResource(outcome.ref, outcome.version, outcome.updated))
                assert outcome.ref.type == change.ref.type
            case Rejected():
                assert type(outcome.text) is str
                assert all(type(text) is str for pair in issue_expressions(outcome.outcome)
                           for text in pair)  # fmt: skip
            case Unavailable():
                assert outcome.retry_after >= 0


def test_a_statement_gives_capabilities() -> None:
    for response in each_answer(STATEMENT, OUTCOME, statuses=(200,)):
        statement_is_answered([response])


@given(responses=answers(STATEMENT, OUTCOME))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_several_statements(responses: list[Response]) -> None:
    statement_is_answered(responses)


def statement_is_answered(responses: list[Response]) -> None:
    try:
        opened = open_server(Answers(responses), BASE)  # type: ignore[arg-type]
    except ServerError as error:
        assert error.message
        return
    stored = capabilities_to_json(opened.capabilities)
    assert capabilities_from_json(stored, BASE) == opened.capabilities
    with contextlib.suppress(ServerError):
        assert all(type(result.text) is str for result in probe(opened))
