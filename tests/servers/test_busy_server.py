"""A server that is busy all the time: how often it is asked, and what is said in the end."""

from __future__ import annotations

import pytest
from faults import Plan, faulty
from memory import MemoryServer
from model_server import ModelServer
from temper import OTHER

from fhir_kb.net import open_session
from fhir_kb.push.applying.sending import Sender
from fhir_kb.push.planning.order import Unit
from fhir_kb.servers.http_fhir_server import open_server
from fhir_kb.servers.protocol import ChangeRequest, Ref, Rejected, ServerError, Unavailable


@pytest.mark.parametrize("kind", ["busy 503", "busy 429", "error 500", "html before", "cut"])
def test_a_read_is_sent_six_times_at_most(kind: str) -> None:
    faults = Plan(1.0, 0, kinds=(kind,))
    with (
        ModelServer(OTHER) as model,
        faulty(model.base, faults) as base,
        open_session(sleep=lambda _: None) as session,
    ):
        server = open_server(session, base)
        with pytest.raises(ServerError, match=r"tried 6 times in \d+ s") as caught:
            server.count("Library", {"url": "https://x.example/s3cret"})
    assert faults.seen == {kind: 6}
    assert f"GET {base}/Library" in caught.value.message
    assert "s3cret" not in caught.value.message
    if kind in ("busy 503", "error 500"):
        assert "overloaded" in caught.value.help


def test_a_change_is_sent_six_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MemoryServer()
    sent: list[int] = []

    def busy(changes: list[ChangeRequest], mode: str) -> list[Unavailable]:
        sent.append(len(changes))
        return [Unavailable(change.ref, 503, 3600.0) for change in changes]

    monkeypatch.setattr(server, "send", busy)
    waited: list[float] = []
    sender = Sender(server, "batch", waited.append)
    change = ChangeRequest("create", Ref("Library", "a"), {"resourceType": "Library", "id": "a"})
    outcomes = sender.send([Unit((change,), 10)])
    assert 3 <= len(sent) <= 6
    assert sum(waited) <= 120
    outcome = outcomes[change.ref]
    assert isinstance(outcome, Rejected)
    assert "the server is busy (HTTP 503)" in outcome.text
