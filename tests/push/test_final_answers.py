"""Commands against a server behind a proxy that has the last word: said once, at once, in full."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import moods
import pytest
from model_server import ModelServer
from moody_proxy import moody
from pushed import no_sleep
from temper import OTHER, TYPES

from fhir_kb.cli.run import run
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from moody_proxy import Mood, MoodyProxy

pytestmark = pytest.mark.enable_socket

ALL = (*TYPES, "Composition", "CodeSystem", "Provenance")
ELSEWHERE = "https://other.example"


class Place:
    """A new knowledge base, a model server, and a proxy between."""

    def __init__(
        self, server: ModelServer, proxy: MoodyProxy, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.server, self.proxy, self.capfd = server, proxy, capfd

    def __call__(self, *words: str, target: str = "") -> tuple[int, str, str]:
        """Exit code, output, error output."""
        self.capfd.readouterr()
        self.proxy.asked.clear()
        code = run([*words, "kb", "--target", target or self.proxy.base])
        said = self.capfd.readouterr()
        return code, said.out, said.err


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=no_sleep))
    assert run(["init", "kb"]) == 0
    with ModelServer(OTHER.but(types=ALL)) as server, moody(server.base) as proxy:
        yield Place(server, proxy, capfd)


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (moods.html_403_on_changes, "HTTP 403 Forbidden with an HTML page '403 Forbidden: read"),
        (moods.only_with_slash("/fhir"), "HTTP 404 Not Found with an HTML page '404 Not Found'"),
        (moods.post_to_base_redirected("/fhir", 301), "HTTP 301 Moved Permanently to"),
        (moods.post_to_base_redirected("/fhir", 308), "HTTP 308 Permanent Redirect to"),
        (
            moods.elsewhere(307, ELSEWHERE, changes_only=True),
            "HTTP 307 Temporary Redirect to another server, '",
        ),
        (moods.moved_within(308, "/fhir", "/new"), "HTTP 308 Permanent Redirect to"),
    ],
    ids=["403", "404", "301", "308", "307 away", "moved"],
)
def test_a_final_answer_to_a_push_is_said_once(place: Place, mood: Mood, said: str) -> None:
    place.proxy.mood = mood
    code, out, err = place("push", "--yes")
    assert code == 3
    assert place.proxy.changes == ["POST /fhir"]
    assert (out + err).count("HTTP ") == 1
    assert f"POST {place.proxy.base}: {said}" in err
    assert "KB8" not in out + err
    assert place.server.resources == {}
    place.proxy.mood = moods.calm
    assert place("push", "--yes")[0] == 0
    assert len(place.server.resources) == 6


def test_as_json_it_is_one_document(place: Place) -> None:
    place.proxy.mood = moods.html_403_on_changes
    code, out, _ = place("push", "--yes", "--format", "json")
    answer = json.loads(out)
    assert (code, answer["applied"]) == (3, [])
    assert "HTTP 403 Forbidden" in answer["error"]


@pytest.mark.parametrize("words", [("doctor",), ("push", "--yes"), ("plan",)])
@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (moods.html_401, "HTTP 401 Unauthorized with an HTML page 'Sign in'"),
        (moods.elsewhere(301, ELSEWHERE), "another server, 'https://other.example/fhir/metadata'"),
        (moods.elsewhere(308, ELSEWHERE), "another server, 'https://other.example/fhir/metadata'"),
        (moods.redirected(302, ""), "HTTP 302 Found without saying where to"),
        (moods.redirected(302, lambda asked: asked.path + "x"), "too many redirects"),
        (moods.redirected(304, ""), "HTTP 304 Not Modified"),
    ],
    ids=["401", "301", "308", "nowhere", "loop", "304"],
)
def test_a_final_answer_to_a_read_is_said_at_once(
    place: Place, words: tuple[str, ...], mood: Mood, said: str
) -> None:
    place.proxy.mood = mood
    code, out, err = place(*words)
    assert (code, out) == (3, "")
    assert f"GET {place.proxy.base}/metadata: " in err
    assert said in err
    assert len(place.proxy.asked) == (6 if "too many" in said else 1)


def test_the_base_to_write_is_named(place: Place) -> None:
    base = place.proxy.base
    place.proxy.mood = moods.elsewhere(301, ELSEWHERE)
    assert "write 'https://other.example/fhir' (url in kb.yaml)" in place("doctor")[2]
    place.proxy.mood = moods.post_to_base_redirected("/fhir")
    assert f"base ends with a slash: write '{base}/' (url" in place("push", "--yes")[2]
    place.proxy.mood = moods.only_with_slash("/fhir")
    assert f"perhaps it is '{base}/'" in place("push", "--yes")[2]
    place.proxy.mood = moods.moved_within(301, "/fhir", "/new")
    code, out, err = place("doctor")
    assert (code, "Ready for a push" in out) == (0, True)
    new = base.replace("/fhir", "/new")
    assert err.count(f"the server's base is now {new}: use it in kb.yaml (url)") == 1


def test_a_base_keeps_its_slash(place: Place) -> None:
    place.proxy.mood = moods.only_with_slash("/fhir")
    assert place("push", "--yes", target=f"{place.proxy.base}/")[0] == 0
    assert place.proxy.changes == ["POST /fhir/"]
    assert all("//" not in asked.path for asked in place.proxy.asked)
    # what is remembered of the server is the same with the slash and without
    assert "Nothing to push" in place("push")[1]


def test_too_large_is_split_until_it_fits(place: Place) -> None:
    place.proxy.mood = moods.html_413(6000)
    code, out, _ = place("push", "--yes")
    assert (code, "push 1: 6 created" in out) == (0, True)
    assert len(place.proxy.changes) > 2


def test_what_is_too_large_alone_is_named(place: Place) -> None:
    place.proxy.mood = moods.html_413(3500)
    code, out, _ = place("push", "--yes", "--format", "json")
    answer = json.loads(out)
    assert (code, len(answer["applied"]), len(answer["failed"])) == (1, 5, 1)
    assert answer["failed"][0]["reference"].startswith("PlanDefinition/")
    assert "HTTP 413" in answer["findings"][0]["message"]


def test_the_same_failure_is_said_once_for_all(place: Place) -> None:
    place.proxy.mood = moods.html_413(300)
    code, out, _ = place("push", "--yes")
    assert (code, out.count("HTTP 413")) == (1, 1)
    assert "6 artifacts: " in out
    place.proxy.mood = lambda asked, forward: (
        moods.outcome(403, "not for you", "forbidden") if asked.is_change else forward(asked)
    )
    code, out, _ = place("push", "--yes")
    assert (code, out.count("not for you")) == (1, 1)


@pytest.mark.parametrize(
    ("address", "tries", "said"),
    [
        ("http://127.0.0.1:9/fhir", 2, "connection refused (tried 2 times in"),
        ("http://no-such-host.invalid/fhir", 1, "its name cannot be resolved"),
    ],
)
def test_nobody_there_is_said_soon(
    place: Place, address: str, tries: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=waited.append))
    for words in (("doctor",), ("push", "--yes")):
        waited.clear()
        code, _, err = place(*words, target=address)
        assert (code, said in err) == (3, True)
        assert len(waited) <= tries - 1
        assert sum(waited) < 1


def test_a_server_without_tls_is_said_at_once(place: Place) -> None:
    code, _, err = place("doctor", target=place.proxy.base.replace("http:", "https:"))
    assert (code, "no encrypted connection with 127.0.0.1" in err) == (3, True)
