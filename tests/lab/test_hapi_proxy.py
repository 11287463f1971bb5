"""A real HAPI R4 behind a proxy with moods: what the commands say, and what stands there then."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import moods
import pytest
from moody_proxy import moody

from fhir_kb.cli.run import run
from fhir_kb.net import SessionSettings, open_session
from fhir_kb.pipeline import server_targets
from fhir_kb.servers.http_fhir_server import HttpFhirServer, open_server
from fhir_kb.servers.protocol import ChangeRequest, Ref, RemoteResource, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hapi import Hapi
    from moody_proxy import Mood, MoodyProxy

    from fhir_kb.servers.protocol import SendMode

pytestmark = [pytest.mark.lab, pytest.mark.enable_socket]

ELSEWHERE = "https://other.example"


class Person:
    """Runs commands in a folder with a bundle of Libraries of its own."""

    def __init__(
        self, hapi: Hapi, proxy: MoodyProxy, prefix: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.hapi, self.proxy, self.prefix, self.capfd = hapi, proxy, prefix, capfd

    def push(self, *words: str, target: str = "") -> tuple[int, str, str]:
        """Exit code, output, error output of a push of `all.ndjson`."""
        self.proxy.asked.clear()
        self.capfd.readouterr()
        target = target or self.proxy.base
        code = run(["push", "--yes", "--bundle", "all.ndjson", "--target", target, *words])
        said = self.capfd.readouterr()
        return code, said.out, said.err

    def stands(self) -> dict[str, str]:
        """The versions of our Libraries on HAPI, by id; read past the proxy."""
        found = self.hapi.get(f"Library?url={','.join(map(self.url, range(6)))}&_count=50")
        resources = [entry["resource"] for entry in found.get("entry", ())]
        return {one["id"]: one["meta"]["versionId"] for one in resources}

    def url(self, number: int) -> str:
        return f"https://kb.example.org/fhir/Library/{self.prefix}{number}"

    def library(self, number: int) -> dict[str, Any]:
        return {
            "resourceType": "Library",
            "id": f"{self.prefix}{number}",
            "url": self.url(number),
            "version": "1.0.0",
            "status": "active",
            "type": {"text": "asset-collection"},
            "description": "word " * (20 + 400 * (number == 5)),
        }


@pytest.fixture
def person(
    request: pytest.FixtureRequest,
    hapi_r4: Hapi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Person]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=lambda _: None))
    prefix = f"px{abs(hash(request.node.name)) % 10**8}n"
    with moody(hapi_r4.base) as proxy:
        person = Person(hapi_r4, proxy, prefix, capfd)
        lines = (json.dumps(person.library(number)) + "\n" for number in range(6))
        (tmp_path / "all.ndjson").write_text("".join(lines), "utf-8")
        yield person


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        (moods.html_403_on_changes, "HTTP 403 Forbidden with an HTML page '403 Forbidden: read"),
        (moods.only_with_slash("/fhir"), "HTTP 404 Not Found with an HTML page '404 Not Found'"),
        (moods.post_to_base_redirected("/fhir", 308), "HTTP 308 Permanent Redirect to"),
        (moods.elsewhere(307, ELSEWHERE, changes_only=True), "HTTP 307 Temporary Redirect to ano"),
    ],
    ids=["403", "404", "308", "307 away"],
)
def test_a_final_answer_is_said_once_and_nothing_stands_there(
    person: Person, mood: Mood, said: str
) -> None:
    person.proxy.mood = mood
    code, out, err = person.push()
    assert (code, person.proxy.changes) == (3, ["POST /fhir"])
    assert f"POST {person.proxy.base}: {said}" in err
    assert (out + err).count("HTTP ") == 1
    assert person.stands() == {}


def test_a_server_that_wants_the_slash_gets_it(person: Person) -> None:
    person.proxy.mood = moods.only_with_slash("/fhir")
    code, _, err = person.push(target=f"{person.proxy.base}/")
    assert (code, person.proxy.changes) == (0, ["POST /fhir/"]), err
    assert set(person.stands().values()) == {"1"}
    assert len(person.stands()) == 6


def test_hapi_itself_takes_both(person: Person) -> None:
    assert person.push(target=f"{person.proxy.base}/")[0] == 0
    code, out, _ = person.push()
    assert (code, "Nothing to push" in out) == (0, True)


def test_too_large_is_split(person: Person) -> None:
    person.proxy.mood = moods.html_413(1500)
    code, out, _ = person.push("--format", "json")
    answer = json.loads(out)
    assert (code, len(answer["applied"])) == (1, 5)
    (failed,) = answer["failed"]
    assert failed["reference"].startswith(f"Library/{person.prefix}5")
    assert "HTTP 413" in failed["reason"]
    assert len(person.stands()) == 5
    person.proxy.mood = moods.calm
    assert person.push()[0] == 0
    assert list(person.stands().values()) == ["1"] * 6


def test_a_moved_base_is_read_and_named_and_not_written(person: Person) -> None:
    person.proxy.mood = moods.moved_within(308, "/fhir", "/new")
    code, _, err = person.push()
    new = person.proxy.base.replace("/fhir", "/new")
    assert code == 3
    assert err.count(f"the server's base is now {new}: use it in kb.yaml (url)") == 1
    assert f"write '{new}' (url in kb.yaml)" in err
    assert person.stands() == {}


@pytest.mark.parametrize("mode", ["transaction", "batch", "single"])
@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_deletion_goes_nowhere_else(person: Person, mode: SendMode, status: int) -> None:
    assert person.push()[0] == 0
    deletions = [ChangeRequest("delete", Ref("Library", id_), None, "1") for id_ in person.stands()]
    with moody(person.hapi.base) as other, open_session() as session:
        server = open_server(session, person.proxy.base)
        person.proxy.mood = moods.elsewhere(status, other.origin, changes_only=True)
        with pytest.raises(ServerError, match=f"to another server, '{other.base}"):
            server.send(deletions, mode)
        assert other.asked == []
    assert list(person.stands().values()) == ["1"] * 6


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("/fhir", "/other"),
        lambda url: url.replace("/fhir", "/fhir/../other"),
        lambda url: url.replace("/fhir", "/fhir/%2e%2e/other"),
        lambda url: "file:///etc/passwd",
    ],
    ids=["path", "dots", "encoded", "file"],
)
def test_a_next_link_that_leads_elsewhere_is_refused(person: Person, change: Any) -> None:
    person.push()
    person.proxy.mood = moods.next_links(change)
    with open_session(sleep=lambda _: None) as session:
        server = open_server(session, person.proxy.base)
        person.proxy.asked.clear()
        urls = [person.url(number) for number in range(6)]
        with pytest.raises(ServerError, match="leads to another server or path"):
            list(pages_of_two(server, urls))
    assert len(person.proxy.asked) == 1


def test_a_next_link_to_another_host_is_asked_at_this_one(person: Person) -> None:
    person.push()
    person.proxy.mood = moods.next_links(moods.at_origin("http://me:pass@inside.example:8080"))
    with open_session(sleep=lambda _: None) as session:
        server = open_server(session, person.proxy.base)
        person.proxy.asked.clear()
        urls = [person.url(number) for number in range(6)]
        assert len(list(pages_of_two(server, urls))) == 6
    assert len(person.proxy.asked) == 3
    assert all("authorization" not in asked.headers for asked in person.proxy.asked)


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_secret_that_is_repeated_is_neither_shown_nor_kept(
    person: Person, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("KB_TOKEN", "t0ken-canary-of-the-proxy")
    login = {person.proxy.base: {"type": "bearer", "token": {"env": "KB_TOKEN"}}}
    Path("logins.yaml").write_text(json.dumps(login), "utf-8")
    Path("logins.yaml").chmod(0o600)
    person.proxy.mood = moods.repeats_authorization(changes_only=True, status=status)
    code, out, err = person.push("--log-file", "log.txt", "--format", "json")
    assert code in (1, 3)
    assert json.loads(out)
    assert "authorization" in person.proxy.asked[-1].headers
    kept = [path.read_bytes() for path in Path().rglob("*") if path.is_file()]
    assert not any(b"t0ken-canary" in content for content in kept)
    assert "t0ken-canary" not in out + err
    assert "bad request: Bearer …" in out + err
    assert person.stands() == {}


@pytest.mark.parametrize("mood", [moods.slow(0.05), moods.slow_head(0.05)], ids=["body", "head"])
def test_a_trickle_ends_and_the_next_push_finishes(
    person: Person, monkeypatch: pytest.MonkeyPatch, mood: Mood
) -> None:
    """HAPI has acted, and its answer trickles: what became of it is looked up next time."""
    monkeypatch.setattr(server_targets, "SessionSettings", partial(SessionSettings, grace=0.5))
    assert person.push()[0] == 0
    lines = Path("all.ndjson").read_text("utf-8").replace('"active"', '"retired"')
    Path("all.ndjson").write_text(lines, "utf-8")
    person.proxy.mood = lambda asked, forward: (mood if asked.is_change else moods.calm)(
        asked, forward
    )
    start = time.monotonic()
    code, out, err = person.push()
    assert time.monotonic() - start < 60
    assert code in (0, 1, 3), out + err
    person.proxy.mood = moods.calm
    assert person.push()[0] == 0
    assert list(person.stands().values()) == ["2"] * 6


def test_a_busy_server_is_waited_for_and_that_is_said(person: Person) -> None:
    person.proxy.mood = moods.busy_first(2, "7")
    code, _, err = person.push()
    assert code == 0
    assert re.search(r"the server is busy \(HTTP 503\), waiting \d+ s, try 2 of 6", err)
    assert len(person.stands()) == 6


def pages_of_two(server: HttpFhirServer, urls: list[str]) -> Iterator[RemoteResource]:
    server.capabilities = replace(server.capabilities, page_size=2)
    return server.search("Library", {"url": ",".join(urls)})
