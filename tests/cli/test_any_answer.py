"""Each command against a server that answers with damaged JSON: no run ends as a bug of ours."""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from any_json import random_damage
from model_server import ModelServer
from moody_proxy import Asked, Forward, Mood, Reply, moody
from pushed import no_sleep
from temper import HAPI, OTHER, TYPES

from fhir_kb.cli.exit_codes import BUG, ENVIRONMENT, FINDINGS, FINE, USAGE
from fhir_kb.cli.run import run
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ended

pytestmark = pytest.mark.enable_socket

COMMANDS = {
    "plan": ["plan", "kb"],
    "push": ["push", "kb", "--yes", "--adopt", "--overwrite", "--allow-many"],
    "push with Provenance": ["push", "kb", "--yes", "--provenance", "--full"],
    "push of a bundle": ["push", "kb", "--yes", "--bundle", "bundle.json"],
    "drift": ["drift", "kb"],
    "rollback": ["rollback", "kb", "--yes", "--to", "1"],
    "pull": ["pull", "kb"],
    "status": ["status", "kb"],
    "doctor": ["doctor", "kb"],
}
NONSENSE = ("", "²", "W/", "http://[", "%%%", "Library/../..", "\xff", "99999999999999999999")
NAMES = ("ETag", "Location", "Content-Location", "Last-Modified", "Retry-After", "Content-Type")


def damaging(rng: random.Random, share: float, *, statement: bool) -> Mood:
    """So many answers are damaged; those of /metadata only if `statement`."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        reply = forward(asked)
        if rng.random() >= share or ("/metadata" in asked.path and not statement):
            return reply
        document = json.loads(reply.content or b"{}")
        if rng.random() < 0.3:
            reply.headers[rng.choice(NAMES)] = rng.choice(NONSENSE)
        if rng.random() < 0.2:
            reply.status = rng.choice([200, 201, 400, 404, 405, 410, 412, 422, 501])
        reply.content = random_damage(rng, document)
        return reply

    return mood


@contextmanager
def damaged_server(seed: int) -> Iterator[tuple[str, ModelServer]]:
    rng = random.Random(seed)
    temper = rng.choice([HAPI, OTHER]).but(
        types=(*TYPES, "Composition", "CodeSystem", "Provenance"),
        ids=rng.choice(["any", "no"]),
        gzip=False,
    )
    mood = damaging(rng, rng.choice([0.2, 0.5, 1.0]), statement=seed % 4 == 0)
    with ModelServer(temper) as model, moody(model.base, mood) as proxy:
        yield proxy.base, model


@pytest.mark.parametrize("seed", range(12))
def test_no_answer_is_a_bug(
    seed: int,
    fhir_kb: Callable[..., Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr("time.sleep", no_sleep)
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=no_sleep))
    assert run(["init", "kb"]) == FINE
    assert run(["bundle", "-d", "kb", "--fhir", "r4", "-o", "bundle.json", "-q"]) == FINE
    fhir_kb("--version")
    with damaged_server(seed) as (base, _):
        for name in random.Random(seed).sample(list(COMMANDS), len(COMMANDS)):
            ended = fhir_kb(*COMMANDS[name], "--target", base, "--format", "json")
            assert ended.code in (FINE, FINDINGS, USAGE, ENVIRONMENT), f"{name}: {ended.err}"
            content: Any = json.loads(ended.out)
            assert isinstance(content, dict)


def test_the_mood_finds_bugs(
    fhir_kb: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The test can fail: a reader that takes the type of an answer for granted ends with 70."""
    monkeypatch.setattr(
        "fhir_kb.servers.http_fhir_server.capabilities_from_statement",
        lambda _, statement: statement["software"]["name"].upper(),
    )
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    with ModelServer(OTHER) as model:
        ended = fhir_kb("doctor", "--target", model.base, "--format", "json")
    assert ended.code == BUG
