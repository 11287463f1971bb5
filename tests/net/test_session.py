"""Sessions: any answer is given, questions are repeated, changes are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from serving import Reply, Web

from fhir_kb.net import Access, NetError
from fhir_kb.net.session import SessionSettings, open_session, pause, seconds_of


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
    answer = open_session().ask("PUT", f"{served.url}/x", content=b"{}", repeat=False)
    assert (answer.status, answer.content) == (409, b"no")
    assert [asked.method for asked in served.asked] == ["PUT"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_question_is_repeated_while_the_server_is_busy(served: Web, status: int) -> None:
    replies = [Reply(status=status), Reply(status=status), Reply(b"now")]
    served.answer = lambda asked: replies.pop(0)
    assert open_session(sleep=lambda _: None).ask("GET", served.url).content == b"now"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_change_is_sent_once(served: Web, status: int) -> None:
    served.answer = lambda asked: Reply(status=status)
    answer = open_session(sleep=pytest.fail).ask("POST", served.url, content=b"", repeat=False)
    assert (answer.status, len(served.asked)) == (status, 1)


def test_a_change_whose_answer_breaks_off_is_sent_once(served: Web) -> None:
    served.answer = lambda asked: Reply(b"half", length=100)
    with pytest.raises(NetError):
        open_session(sleep=pytest.fail).ask("POST", served.url, content=b"", repeat=False)
    assert len(served.asked) == 1


def test_the_last_busy_answer_is_given(served: Web) -> None:
    served.answer = lambda asked: Reply(status=503)
    waited: list[float] = []
    session = open_session(SessionSettings(tries=3), sleep=waited.append, jitter=lambda: 1.0)
    assert session.ask("GET", served.url).status == 503
    assert waited == [0.75, 1.5]


def test_new_credentials_are_tried_once_also_for_a_change(served: Web) -> None:
    served.answer = lambda asked: Reply(
        status=200 if asked.headers["authorization"] == "Bearer new" else 401
    )
    session = open_session(SessionSettings(Renewable()))
    assert session.ask("POST", served.url, content=b"x", repeat=False).status == 200
    assert [asked.body for asked in served.asked] == [b"x", b"x"]


def test_a_refused_login_ends(served: Web) -> None:
    served.answer = lambda asked: Reply(status=401)
    assert open_session(SessionSettings(Renewable())).ask("GET", served.url).status == 401
    assert len(served.asked) == 2
    assert open_session(SessionSettings(Access())).ask("GET", served.url).status == 401
    assert len(served.asked) == 3


def test_a_change_follows_only_where_the_method_stays(served: Web) -> None:
    replies = [Reply(status=307, headers={"Location": "/there"}), Reply(b"done")]
    served.answer = lambda asked: replies.pop(0)
    session = open_session()
    assert session.ask("PUT", served.url, content=b"x", repeat=False).content == b"done"
    served.answer = lambda asked: Reply(status=302, headers={"Location": "/there"})
    with pytest.raises(NetError, match="has moved to"):
        session.ask("PUT", served.url, content=b"x", repeat=False)


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("99999999999", 60.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0)]
)
def test_retry_after_in_seconds(said: str, seconds: float) -> None:
    assert seconds_of(said) == seconds


def test_retry_after_as_a_date() -> None:
    # https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < seconds_of(later) <= 30
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert pause(3, "Wed, 21 Oct 2015 07:28:00 GMT") == 2.0
    assert pause(99, "") == 60.0
