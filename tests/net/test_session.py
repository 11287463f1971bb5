"""Sessions: any answer is given, questions are repeated, changes are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from serving import Reply, Web

from fhir_kb.net import Access, NetError, RetryPolicy, SessionSettings, Wait, open_session
from fhir_kb.net.retry import retry_after_seconds


class Renewable:
    """Credentials that are accepted only after they have been renewed."""

    def __init__(self) -> None:
        self.token = "old"

    def headers_for(self, url: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def renew(self) -> bool:
        changed, self.token = self.token == "old", "new"
        return changed


def test_a_refusal_is_an_answer(served: Web) -> None:
    served.answer = lambda asked: Reply(b"no", status=409)
    answer = open_session().request("PUT", f"{served.url}/x", content=b"{}", retry=False)
    assert (answer.status, answer.content) == (409, b"no")
    assert [asked.method for asked in served.asked] == ["PUT"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_question_is_repeated_while_the_server_is_busy(served: Web, status: int) -> None:
    replies = [Reply(status=status), Reply(status=status), Reply(b"now")]
    served.answer = lambda asked: replies.pop(0)
    assert open_session(sleep=lambda _: None).request("GET", served.url).content == b"now"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_change_is_sent_once(served: Web, status: int) -> None:
    served.answer = lambda asked: Reply(status=status)
    answer = open_session(sleep=pytest.fail).request("POST", served.url, content=b"", retry=False)
    assert (answer.status, len(served.asked)) == (status, 1)


def test_a_change_whose_answer_breaks_off_is_sent_once(served: Web) -> None:
    served.answer = lambda asked: Reply(b"half", length=100)
    with pytest.raises(NetError):
        open_session(sleep=pytest.fail).request("POST", served.url, content=b"", retry=False)
    assert len(served.asked) == 1


def test_the_last_busy_answer_is_given(served: Web) -> None:
    served.answer = lambda asked: Reply(status=503)
    waited: list[float] = []
    session = open_session(
        SessionSettings(retry=RetryPolicy(tries=3)), sleep=waited.append, jitter=lambda: 1.0
    )
    assert session.request("GET", served.url).status == 503
    assert waited == [0.75, 1.5]


def test_new_credentials_are_tried_once_also_for_a_change(served: Web) -> None:
    served.answer = lambda asked: Reply(
        status=200 if asked.headers["authorization"] == "Bearer new" else 401
    )
    session = open_session(SessionSettings(Renewable()))
    assert session.request("POST", served.url, content=b"x", retry=False).status == 200
    assert [asked.body for asked in served.asked] == [b"x", b"x"]


def test_a_refused_login_ends(served: Web) -> None:
    served.answer = lambda asked: Reply(status=401)
    assert open_session(SessionSettings(Renewable())).request("GET", served.url).status == 401
    assert len(served.asked) == 2
    assert open_session(SessionSettings(Access())).request("GET", served.url).status == 401
    assert len(served.asked) == 3


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("99999", 99999.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0)]
)
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after_seconds(value) == seconds


def test_retry_after_as_a_date() -> None:
    # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < retry_after_seconds(later) <= 30
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


def test_waits_grow_and_have_an_end() -> None:
    policy = RetryPolicy()
    assert [policy.seconds(number) for number in (1, 2, 3, 99)] == [0.5, 1.0, 2.0, 30.0]
    assert policy.seconds(1, requested=3600.0) == 30.0
    assert policy.seconds(1, jitter=1.0) == 0.75


def test_a_server_that_is_always_busy_gets_six_requests(served: Web) -> None:
    served.answer = lambda asked: Reply(status=503)
    waited: list[float] = []
    response = open_session(sleep=waited.append).request("GET", f"{served.url}/x?token=s3cret")
    assert len(served.asked) == 6
    assert sum(waited) < 30
    assert (response.status, response.tries) == (503, 6)
    assert str(response).startswith(f"GET {served.url}/x: HTTP 503 Service Unavailable (tried 6 ")


def test_retry_after_is_obeyed_capped_and_told(served: Web) -> None:
    served.answer = lambda asked: Reply(status=429, headers={"Retry-After": "3600"})
    told: list[Wait] = []
    settings = SessionSettings(retry=RetryPolicy(on_wait=told.append))
    session = open_session(settings, sleep=lambda _: None, jitter=lambda: 0.0)
    response = session.request("GET", f"{served.url}/x?token=s3cret")
    assert response.status == 429
    # 30 s each, and no try begins later than two minutes after the first
    assert len(served.asked) == 5
    assert str(told[1]) == (
        "the server is busy (HTTP 429), waiting 30 s (the server asks for 3600 s), try 3 of 6"
    )
    assert told[1].url == f"{served.url}/x"


def test_a_response_may_be_found_unusable(served: Web) -> None:
    replies = [Reply(b"<html>"), Reply(b"{}")]
    served.answer = lambda asked: replies.pop(0)
    session = open_session(sleep=lambda _: None)
    response = session.request(
        "GET", served.url, retry_if=lambda one: "a page" if one.is_html else ""
    )
    assert (response.content, response.tries) == (b"{}", 2)
