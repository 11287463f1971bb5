"""Any sequence of edits, pushes, foreign edits and rollbacks ends where a simple model says."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import MemoryServer
from pushed import artifact, desired, no_sleep, reconciler

from fhir_kb.push import PushOptions, Ref

NAMES = ("a", "b", "c", "d")
TITLES = ("One", "Two", "Three")
WORDS = ("overwrite", "adopt", "many")

defining = st.tuples(st.just("define"), st.sampled_from(NAMES), st.sampled_from(TITLES))
removing = st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just(""))
editing = st.tuples(st.just("edit"), st.sampled_from(NAMES), st.sampled_from(TITLES))
deleting = st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(""))
pushing = st.tuples(st.sampled_from(["push", "force", "push", "rollback"]), st.just(""),
                    st.sampled_from(["0", "1", "2", "3"]))  # fmt: skip
steps = st.lists(st.one_of(defining, removing, editing, deleting, pushing, pushing), max_size=14)


class Model:
    """What has to stand on the server, told as simply as can be.

    ours: what our last push left at each place, and pushes: the same after each push. touched: the
    places where somebody else has been since.
    """

    def __init__(self) -> None:
        self.defined: dict[str, str] = {}
        self.there: dict[str, tuple[str, str]] = {}
        self.ours: dict[str, tuple[str, str]] = {}
        self.pushes: list[dict[str, tuple[str, str]]] = [{}]

    def foreign(self, name: str, now: tuple[str, str] | None) -> None:
        """Somebody else changes or deletes what stands there."""
        if name in self.there and now is not None:
            self.there[name] = now
        elif now is None:
            self.there.pop(name, None)

    def push(self) -> bool:
        """Without a word: only what nobody else has touched. Whether anything was written down."""
        before = dict(self.ours), dict(self.there)
        for name, title in self.defined.items():
            self._bring(name, (title, "active"))
        for name in [one for one in self.ours if one not in self.defined]:
            self._retire(name)
        return (self.ours, self.there) != before

    def _bring(self, name: str, wanted: tuple[str, str]) -> None:
        now = self.there.get(name)
        known = self.ours.get(name)
        untouched = now == known
        if untouched or now == wanted:
            self.there[name] = self.ours[name] = wanted

    def _retire(self, name: str) -> None:
        now = self.there.get(name)
        if now is None or now[1] == "retired" != self.ours[name][1]:
            del self.ours[name]
        elif now == self.ours[name]:
            self.there[name] = self.ours[name] = (now[0], "retired")

    def become(self, wanted: dict[str, tuple[str, str]]) -> None:
        """With every word: exactly this, and nothing else of ours."""
        for name in list(self.ours):
            if name not in wanted:
                self.there.pop(name, None)
        self.there.update(wanted)
        self.ours = dict(wanted)


def contents(server: MemoryServer) -> dict[str, tuple[str, str]]:
    return {
        one["id"].partition("-")[0]: (one["title"], one["status"])
        for one in server.contents().values()
    }


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(steps)
def test_any_sequence_ends_where_the_model_says(sequence: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        _played(sequence, Path(name))


def _played(sequence: list[tuple[str, str, str]], folder: Path) -> None:
    server, model = MemoryServer(), Model()
    for what, name, word in sequence:
        place = Ref("PlanDefinition", f"{name}-1.0.0")
        if what == "define":
            model.defined[name] = word
        elif what == "remove":
            model.defined.pop(name, None)
        elif what == "edit" and name in contents(server):
            server.edit(place, title=word)
            model.foreign(name, (word, contents(server)[name][1]))
        elif what == "delete" and name in contents(server):
            server.remove(place)
            model.foreign(name, None)
        elif what in ("push", "force", "rollback"):
            _done(what, int(word or 0), server, model, folder)
        assert contents(server) == model.there, (what, name, word)


def _done(what: str, number: int, server: MemoryServer, model: Model, folder: Path) -> None:
    wanted: list[dict[str, Any]] = [
        artifact(name, title=title) for name, title in model.defined.items()
    ]
    with reconciler(server, folder) as opened:
        if what == "rollback":
            if number >= len(model.pushes):
                return
            plan = opened.rollback(number, delete=True)
            model.become(dict(model.pushes[number]))
        else:
            plan = opened.plan(desired(*wanted), delete=what == "force")
            if what == "force":
                model.become({one: (title, "active") for one, title in model.defined.items()})
            else:
                model.push()
        words = ("many",) if what == "push" else WORDS
        result = opened.push(plan, PushOptions(words), sleep=no_sleep)
        assert not result.failed
        assert result.error is None
        assert {_name(key): record.retired for key, record in opened.state.resources.items()} == {
            one: status == "retired" for one, (_, status) in model.ours.items()
        }
        if result.number:
            assert result.number == len(model.pushes)
            model.pushes.append(dict(model.ours))
        assert not opened.drift() or what == "push"


def _name(key: str) -> str:
    return key.partition("|")[0].rpartition("/")[2]


def test_the_long_run_by_hand_still_runs() -> None:
    """`make soak` runs these tests by the thousand, and nothing else tries it."""
    script = Path(__file__).parents[2] / "scripts" / "soak_push.py"
    words = [sys.executable, str(script), "--seeds", "2", "--http", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 seeds in memory: all as defined\n1 seeds over HTTP: all as defined" in done.stdout
