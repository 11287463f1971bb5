"""Tokens are renewed in time, after a refusal, and once for all threads."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from issuing import Clock

from fhir_kb.net import NetError
from fhir_kb.net.login.credential_cache import CredentialCache, Grant

SERVER = "https://fhir.example.org/r4"


class Source:
    """Gives "Bearer 1", "Bearer 2", …, or `error` if it is set."""

    def __init__(self, clock: Clock, lifetime: float = 300.0, seconds: float = 0.0) -> None:
        self.clock = clock
        self.lifetime = lifetime
        self.seconds = seconds
        self.calls = 0
        self.error: NetError | None = None

    def __call__(self) -> Grant:
        self.calls += 1
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return Grant(f"Bearer {self.calls}", self.clock(), self.lifetime)


def held(source: Source) -> CredentialCache:
    return CredentialCache(SERVER, source, clock=source.clock)


def words(credentials: CredentialCache, url: str = SERVER) -> str:
    return credentials.headers_for(url).get("Authorization", "")


def test_nothing_is_asked_before_it_is_needed() -> None:
    source = Source(Clock())
    credentials = held(source)
    assert source.calls == 0
    assert words(credentials) == "Bearer 1"


@pytest.mark.parametrize(
    "url",
    ["https://other.example.org/r4", "https://fhir.example.org:8443/r4",
     "http://fhir.example.org/r4", "https://fhir.example.org.evil.example/r4"],
)  # fmt: skip
def test_other_servers_get_nothing_and_cause_nothing(url: str) -> None:
    source = Source(Clock())
    credentials = held(source)
    assert words(credentials, url) == ""
    assert credentials.renew() is False  # what they refuse is not ours
    assert source.calls == 0


@pytest.mark.parametrize(
    ("lifetime", "good_until"), [(3600, 3570), (300, 270), (100, 79), (10, 7), (4, 2.2), (1, 0.5)]
)
def test_a_token_is_renewed_before_it_runs_out(lifetime: float, good_until: float) -> None:
    clock = Clock()
    credentials = held(Source(clock, lifetime))
    begin = clock.seconds
    assert words(credentials) == "Bearer 1"
    clock.seconds = begin + good_until - 0.01
    assert words(credentials) == "Bearer 1"
    clock.seconds = begin + good_until + 0.01
    assert words(credentials) == "Bearer 2"


def test_a_token_without_any_life_is_used_once() -> None:
    credentials = held(Source(Clock(), 0.0))
    assert [words(credentials), words(credentials)] == ["Bearer 1", "Bearer 2"]


def test_what_has_no_end_is_kept() -> None:
    clock = Clock()
    credentials = held(Source(clock, inf))
    assert words(credentials) == "Bearer 1"
    clock.seconds += 1e9
    assert words(credentials) == "Bearer 1"


def test_a_refused_token_is_renewed() -> None:
    credentials = held(Source(Clock()))
    words(credentials)
    assert credentials.renew() is True
    assert words(credentials) == "Bearer 2"


def test_a_refusal_by_another_server_is_not_ours() -> None:
    source = Source(Clock())
    credentials = held(source)
    words(credentials)
    words(credentials, "https://other.example.org/r4")  # where a redirection led to
    assert credentials.renew() is False
    assert (words(credentials), source.calls) == ("Bearer 1", 1)


def test_without_a_request_there_is_nothing_to_renew() -> None:
    source = Source(Clock())
    assert held(source).renew() is False
    assert source.calls == 0


def test_the_same_token_again_is_nothing_new() -> None:
    credentials = CredentialCache(SERVER, lambda: Grant("Bearer same"))
    words(credentials)
    assert credentials.renew() is False
    assert words(credentials) == "Bearer same"


def test_a_failed_renewal_leaves_a_token_that_is_still_good() -> None:
    clock = Clock()
    source = Source(clock)
    credentials = held(source)
    begin = clock.seconds
    words(credentials)
    source.error = NetError("down")
    clock.seconds = begin + 280
    assert [words(credentials) for _ in range(3)] == ["Bearer 1"] * 3
    assert source.calls == 2  # not for every request
    clock.seconds = begin + 286
    assert words(credentials) == "Bearer 1"
    assert source.calls == 3
    clock.seconds = begin + 300
    with pytest.raises(NetError, match="down"):
        words(credentials)
    source.error = None
    assert words(credentials) == "Bearer 5"


def at_once(number: int, work: list[object], step: object) -> None:
    """Run `step` in many threads that begin together; what it gives or raises is in `work`."""
    start = threading.Barrier(number)

    def run() -> None:
        start.wait(10)
        try:
            work.append(step())  # type: ignore[operator]
        except NetError as error:
            work.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_threads_ask_once_at_the_beginning() -> None:
    source = Source(Clock(), seconds=0.3)
    credentials = held(source)
    found: list[object] = []
    at_once(16, found, lambda: words(credentials))
    assert (found, source.calls) == (["Bearer 1"] * 16, 1)


def test_many_threads_that_are_refused_ask_once() -> None:
    source = Source(Clock(), seconds=0.3)
    credentials = held(source)
    found: list[object] = []
    all_have_it = threading.Barrier(16)

    def refused() -> tuple[str, bool, str]:
        first = words(credentials)
        all_have_it.wait(10)
        return first, credentials.renew(), words(credentials)

    at_once(16, found, refused)
    assert found == [("Bearer 1", True, "Bearer 2")] * 16
    assert source.calls == 2


def test_a_thread_that_is_refused_late_takes_what_the_others_have() -> None:
    source = Source(Clock())
    credentials = held(source)
    words(credentials)

    def other() -> None:
        words(credentials)
        assert credentials.renew()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert credentials.renew() is True
    assert (source.calls, words(credentials)) == (2, "Bearer 2")


def test_many_threads_fail_with_one_attempt() -> None:
    source = Source(Clock(), seconds=0.3)
    source.error = NetError("no", "do", 400)
    credentials = held(source)
    found: list[object] = []
    at_once(8, found, lambda: words(credentials))
    assert source.calls == 1
    assert {(one.message, one.help, one.status) for one in found if isinstance(one, NetError)} == {
        ("no", "do", 400)
    }
    assert len(found) == 8


def test_many_threads_that_are_refused_fail_with_one_attempt() -> None:
    source = Source(Clock(), seconds=0.3)
    credentials = held(source)
    found: list[object] = []
    all_have_it = threading.Barrier(8)

    def refused() -> bool:
        words(credentials)
        if all_have_it.wait(10) == 0:
            source.error = NetError("no", "do", 400)
        all_have_it.wait(10)
        return credentials.renew()

    at_once(8, found, refused)
    assert source.calls == 2
    assert [type(one) for one in found] == [NetError] * 8


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 400)),
        st.tuples(st.sampled_from(["ask", "refuse", "break", "mend"]), st.just(0.0)),
    ),
    max_size=40,
)


@given(STEPS, st.sampled_from([0.5, 1.0, 4.0, 60.0, 300.0, 3600.0]))
def test_whatever_happens_no_token_is_used_after_its_end(
    steps: list[tuple[str, float]], lifetime: float
) -> None:
    clock = Clock()
    source = Source(clock, lifetime)
    credentials = held(source)
    asked_at: dict[str, float] = {}
    usable = ""
    for step, seconds in steps:
        before = source.calls
        if step == "wait":
            clock.seconds += seconds
        elif step in {"break", "mend"}:
            source.error = NetError("down") if step == "break" else None
        try:
            if step == "ask":
                usable = ""
                usable = words(credentials)
            elif step == "refuse" and usable:
                assert credentials.renew() is True
        except NetError:
            assert source.error is not None
        assert source.calls - before <= 1
        if source.calls > before and source.error is None:
            asked_at[f"Bearer {source.calls}"] = clock.seconds
        if step == "ask" and usable:
            assert clock.seconds < asked_at[usable] + lifetime
        if step == "ask" and source.error is None:
            assert usable


def test_credentials_stay_in_memory() -> None:
    credentials = held(Source(Clock()))
    words(credentials)
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="memory"):
            way(credentials)
    assert "Bearer" not in f"{credentials!r} {credentials}"
