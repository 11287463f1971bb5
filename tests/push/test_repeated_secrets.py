"""A server that repeats our secrets wherever it can: no command shows or keeps one."""

from __future__ import annotations

import base64
import json
import re
from functools import partial, partialmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import moods
import pytest
from model_server import ModelServer
from moody_proxy import moody
from pushed import no_sleep
from temper import OTHER, TYPES

from fhir_kb.cli.run import run
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets
from fhir_kb.push.reconciler import Reconciler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moody_proxy import Asked, Forward, Mood, MoodyProxy, Reply

pytestmark = pytest.mark.enable_socket

ALL = (*TYPES, "Composition", "CodeSystem", "Provenance")
PASSWORD = 'c4nary/"Zwölf&+<x>'
PAIR = base64.b64encode(f"ward:{PASSWORD}".encode()).decode()
SIGNS = ("c4nary", PAIR, PAIR.rstrip("="), quote(PAIR, safe=""))
COMMANDS = (
    ("doctor",),
    ("doctor", "--format", "json"),
    ("plan", "--out", "plan.json"),
    ("push", "--yes", "--log-file", "log.txt"),
    ("push", "--yes", "--format", "json"),
    ("status",),
    ("drift", "-vv"),
    ("pull", "-o", "pulled"),
)


def said(asked: Asked) -> str:
    """The secret in several ways: the header, the pair, the password, encoded for URLs."""
    header = asked.headers.get("authorization", "none")
    pair = base64.b64decode(header.partition(" ")[2] or b"").decode()
    lower = re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(header, safe=""))
    return " ".join((header, pair, quote(pair), lower))


def in_outcomes(status: int, *, changes_only: bool) -> Mood:
    def mood(asked: Asked, forward: Forward) -> Reply:
        if changes_only and not asked.is_change:
            return forward(asked)
        return moods.outcome(status, said(asked))

    return mood


def in_pages(asked: Asked, forward: Forward) -> Reply:
    return moods.html(403, said(asked)) if asked.is_change else forward(asked)


def in_titles_of_reads(asked: Asked, forward: Forward) -> Reply:
    return moods.html(404, said(asked))


def in_redirects(asked: Asked, forward: Forward) -> Reply:
    return moods.Reply(301, {"Location": f"https://x.example/{said(asked).encode().hex()[:9]}"
                                         f"/{quote(said(asked))}"})  # fmt: skip


def in_headers(asked: Asked, forward: Forward) -> Reply:
    reply = forward(asked)
    text = quote(said(asked), safe=" :")
    reply.headers |= {"X-Echo": text, "Server": text, "Content-Location": f"/{text}"}
    return reply


def in_resources(asked: Asked, forward: Forward) -> Reply:
    """In the software's name, in titles, in links, in versions of what is stored."""
    reply = forward(asked)
    if reply.content[:1] != b"{":
        return reply

    def marked(value: Any) -> Any:
        if isinstance(value, list):
            return [marked(item) for item in value]
        if not isinstance(value, dict):
            return value
        changed = {key: marked(item) for key, item in value.items()}
        for key in ("title", "name", "diagnostics"):
            if isinstance(changed.get(key), str):
                changed[key] += f" {said(asked)}"
        return changed

    return reply.with_json(marked(reply.json))


def in_next_links(asked: Asked, forward: Forward) -> Reply:
    reply = forward(asked)
    body = reply.json if reply.content[:1] == b"{" else {}
    if body.get("resourceType") == "Bundle" and asked.method == "GET":
        body["link"] = [{"relation": "next", "url": f"https://x.example/{quote(said(asked))}"}]
        return reply.with_json(body)
    return reply


MOODS: dict[str, Mood] = {
    "refused changes": in_outcomes(422, changes_only=True),
    "forbidden changes": in_outcomes(403, changes_only=True),
    "failed changes": in_outcomes(500, changes_only=True),
    "refused reads": in_outcomes(400, changes_only=False),
    "failed reads": in_outcomes(500, changes_only=False),
    "pages": in_pages,
    "pages of reads": in_titles_of_reads,
    "redirects": in_redirects,
    "headers": in_headers,
    "resources": in_resources,
    "next links": in_next_links,
}


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoodyProxy]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_PASSWORD", PASSWORD)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=no_sleep))
    monkeypatch.setattr(Reconciler, "push", partialmethod(Reconciler.push, sleep=no_sleep))
    assert run(["init", "kb"]) == 0
    with ModelServer(OTHER.but(types=ALL)) as server, moody(server.base) as proxy:
        login = {"type": "basic", "user": "ward", "password": {"env": "KB_PASSWORD"}}
        (tmp_path / "logins.yaml").write_text(json.dumps({proxy.base: login}), "utf-8")
        (tmp_path / "logins.yaml").chmod(0o600)
        yield proxy


def leaks(text: str) -> list[str]:
    return [sign for sign in SIGNS if sign in text or sign.replace("%3D", "%3d") in text]


@pytest.mark.parametrize("before", [False, True], ids=["first push", "later push"])
@pytest.mark.parametrize("name", MOODS)
def test_nothing_repeats_it(
    proxy: MoodyProxy,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    before: bool,
) -> None:
    if before:
        assert run(["push", "kb", "--yes", "--target", proxy.base]) == 0
        topic = tmp_path / "kb" / "first-topic" / "topic.yaml"
        topic.write_text(topic.read_text("utf-8").replace("0.1.0", "0.1.1"), "utf-8")
    proxy.mood = MOODS[name]
    capfd.readouterr()
    for words in COMMANDS:
        code = run([words[0], "kb", "--target", proxy.base, *words[1:]])
        shown = capfd.readouterr()
        assert code in (0, 1, 2, 3), (words, shown.err)
        assert leaks(shown.out + shown.err) == [], words
    assert any("authorization" in asked.headers for asked in proxy.asked)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "logins.yaml":
            assert leaks(path.read_bytes().decode("utf-8", "replace")) == [], path


def test_the_moods_would_show_it(
    proxy: MoodyProxy, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the two places the canary sings: the test above can fail."""
    from fhir_kb.net import redaction, session
    from fhir_kb.servers import responses

    same: Callable[[Any], Any] = lambda value: value  # noqa: E731
    for module, names in (
        (session, ("scrubbed", "scrubbed_text")),
        (redaction, ("redact", "scrubbed_text")),
        (responses, ("redact",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, same)
    proxy.mood = MOODS["refused changes"]
    run(["push", "kb", "--yes", "--target", proxy.base])
    shown = capfd.readouterr()
    assert leaks(shown.out + shown.err)


def test_a_common_word_as_password_changes_no_resource(
    proxy: MoodyProxy, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_PASSWORD", "active")
    assert run(["push", "kb", "--yes", "--target", proxy.base]) == 0
    assert run(["pull", "kb", "-o", "pulled", "--target", proxy.base]) == 0
    pulled = [json.loads(path.read_bytes()) for path in Path("pulled").rglob("*.json")]
    assert {"draft", "active"} & {one.get("status") for one in pulled}
    capfd.readouterr()
    assert run(["plan", "kb", "--target", proxy.base]) == 0
    assert "…" not in capfd.readouterr().out
    proxy.mood = moods.repeats_authorization()
    run(["push", "kb", "--yes", "--target", proxy.base])
    assert base64.b64encode(b"ward:active").decode() not in capfd.readouterr().err
