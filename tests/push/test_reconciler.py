"""Pushing, drift, rollback, and all that may go wrong in between, on a server in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from memory import MemoryServer, shuffled_server
from pushed import artifact, desired, kinds, no_sleep, push, reconciler

from fhir_kb.emit import compact_json
from fhir_kb.push import (
    PushError,
    PushOptions,
    Ref,
    ServerError,
    TargetPolicy,
    parse_plan,
    serialize_plan,
)
from fhir_kb.push.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

A = Ref("PlanDefinition", "a-1.0.0")
B = Ref("PlanDefinition", "b-1.0.0")


def test_what_the_server_drops_is_told_and_no_drift(tmp_path: Path) -> None:
    server = MemoryServer(drops=["purpose"])
    _, result = push(server, tmp_path, [artifact("a", purpose="why")])
    (made,) = result.applied
    assert [(one.path, one.sent) for one in made.losses] == [("PlanDefinition.purpose", "why")]
    plan, _ = push(server, tmp_path, [artifact("a", purpose="why")])
    assert not plan.has_changes


def test_what_is_stored_is_read_where_the_server_does_not_answer_it(tmp_path: Path) -> None:
    server = MemoryServer(drops=["purpose"], answers=False)
    _, result = push(server, tmp_path, [artifact("a", purpose="why")])
    assert result.applied[0].losses
    server.edit(A, title="x")
    server.edit(A, title="The a")
    plan, _ = push(server, tmp_path, [artifact("a", purpose="why")])
    assert not plan.has_changes


def test_much_at_once_needs_a_word(server: MemoryServer, tmp_path: Path) -> None:
    many = [artifact(f"x{number}") for number in range(20)]
    push(server, tmp_path, many)
    changed = [{**one, "title": "New"} for one in many]
    with pytest.raises(PushError, match="20 of the 20 resources"):
        push(server, tmp_path, changed)
    assert server.writes == 20
    push(server, tmp_path, changed, "many")
    assert server.writes == 40


@pytest.mark.parametrize("ways", [("transaction",), ("batch",), ("single",)])
def test_what_cannot_be_made_is_told_and_the_rest_is_made(ways: Any, tmp_path: Path) -> None:
    server = MemoryServer(send_modes=ways)
    server.reject.add("PlanDefinition/x7-1.0.0")
    on_it = artifact("e", kind="Evidence", about={"reference": "PlanDefinition/x7"})
    _, result = push(server, tmp_path, [on_it, *(artifact(f"x{number}") for number in range(30))])
    told = {str(one.change.ref): one.reason for one in result.failed}
    assert told["PlanDefinition/x7-1.0.0"] == "the server does not like it"
    assert set(told) == {"PlanDefinition/x7-1.0.0", "Evidence/e-1.0.0"}
    assert len(server.contents()) == 29
    server.reject.clear()
    _, result = push(server, tmp_path, [on_it, *(artifact(f"x{n}") for n in range(30))])
    assert len(result.applied) == 2
    assert len(server.contents()) == 31


def test_somebody_changes_it_between_plan_and_push(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    with reconciler(server, tmp_path) as opened:
        plan = opened.plan(desired(artifact("a", title="Ours"), artifact("b", title="Ours")))
        server.edit(A, title="Theirs")
        result = opened.push(plan, sleep=no_sleep)
    assert [str(one.change.ref) for one in result.failed] == [str(A)]
    assert "changed meanwhile" in result.failed[0].reason
    assert server.contents()[str(A)]["title"] == "Theirs"
    assert server.contents()[str(B)]["title"] == "Ours"


def test_a_plan_in_a_file_is_done_as_it_is_or_not_at_all(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    with reconciler(server, tmp_path) as opened:
        kept = serialize_plan(opened.plan(desired(artifact("a", title="Ours"), artifact("c"))))
        plan = parse_plan(kept)
        server.edit(A, title="Theirs")
        with pytest.raises(
            PushError, match=r"the plan is stale: .*a\|1\.0\.0 changed on the server"
        ):
            opened.push(plan, PushOptions(check_stale=True), sleep=no_sleep)
        assert "PlanDefinition/c-1.0.0" not in server.contents()
        server.edit(A, title="The a")
        with pytest.raises(PushError, match="is stale"):
            opened.push(plan, PushOptions(check_stale=True), sleep=no_sleep)
        again = parse_plan(
            serialize_plan(opened.plan(desired(artifact("a", title="Ours"), artifact("c"))))
        )
        opened.push(again, PushOptions(check_stale=True), sleep=no_sleep)
    contents = server.contents()
    assert contents[str(A)]["title"] == "Ours"
    assert contents[str(B)]["status"] == "retired"


def _tampered(content: bytes, edit: Callable[[dict[str, Any]], object], *, sign: bool) -> bytes:
    document = json.loads(content)
    edit(document)
    if sign:
        digest = hashlib.sha256()
        rest = {name: value for name, value in document.items() if name != "digest"}
        digest.update(compact_json(rest))
        document["digest"] = digest.hexdigest()
    return compact_json(document)


def _add_element(document: dict[str, Any]) -> None:
    next(row for row in document["changes"] if row["action"] == "update")["resource"]["purpose"] = (
        "x"
    )


def _delete_a_patient(document: dict[str, Any]) -> None:
    row = {"action": "delete", "key": "Patient/p1", "reference": "Patient/p1", "name": "Patient/p1"}
    document["changes"].append(row | {"expectedVersion": "1", "remote": "present", "retired": True})


def _put_elsewhere(document: dict[str, Any]) -> None:
    row = next(row for row in document["changes"] if row["action"] == "create")
    row["resource"] = {"resourceType": "Patient", "id": "p1"}


def _lead_elsewhere(document: dict[str, Any]) -> None:
    row = next(row for row in document["changes"] if row["action"] == "update")
    row["reference"] = "PlanDefinition/theirs"
    row["resource"]["id"] = "theirs"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_add_element, "would change PlanDefinition/a-1.0.0 otherwise than it shows"),
        (_delete_a_patient, "would delete Patient/p1, which is not recorded as pushed from here"),
        (_put_elsewhere, "with the content of another resource"),
        (_lead_elsewhere, "PlanDefinition/theirs, which is not recorded as pushed from here"),
    ],
    ids=["element", "delete", "content", "reference"],
)
def test_a_plan_that_was_tampered_with_does_nothing(
    server: MemoryServer,
    tmp_path: Path,
    edit: Callable[[dict[str, Any]], object],
    message: str,
) -> None:
    server.put({"resourceType": "Patient", "id": "p1"})
    server.put({**artifact("theirs"), "id": "theirs", "url": "urn:theirs"})
    push(server, tmp_path, [artifact("a"), artifact("b")])
    before = server.contents()
    with reconciler(server, tmp_path) as opened:
        saved = serialize_plan(
            opened.plan(desired(artifact("a", title="Ours"), artifact("b"), artifact("c")))
        )
        with pytest.raises(PushError, match="the plan was changed since it was made"):
            parse_plan(_tampered(saved, edit, sign=False))
        plan = parse_plan(_tampered(saved, edit, sign=True))  # by one who knows how
        with pytest.raises(PushError, match=message):
            opened.push(plan, PushOptions(("many",), check_stale=True), sleep=no_sleep)
        assert server.contents() == before
        opened.push(parse_plan(saved), PushOptions(check_stale=True), sleep=no_sleep)
    assert server.contents()[str(A)]["title"] == "Ours"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format": "fhir-kb plan 3"}', b"\xff"])
def test_what_is_no_plan_is_refused(content: bytes) -> None:
    with pytest.raises(PushError, match="not a plan of fhir-kb"):
        parse_plan(content)


def test_drift_finds_changes_and_deletions(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c")])
    server.edit(A, title="Theirs")
    server.remove(B)
    with reconciler(server, tmp_path) as opened:
        found = opened.drift()
    assert [(str(one.remote.ref), one.deleted) for one in found] == [
        (str(A), False),
        (str(B), True),
    ]
    assert [(one.label, one.old, one.new) for one in found[0].differences] == [
        ("title", "The a", "Theirs")
    ]


def test_rollback_puts_everything_back_by_content(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    first = server.contents()
    push(server, tmp_path, [artifact("a", title="Two"), artifact("c")], delete=True)
    assert set(server.contents()) == {str(A), "PlanDefinition/c-1.0.0"}
    with reconciler(server, tmp_path) as opened:
        plan = opened.rollback(opened.push_before_last(), delete=True)
        opened.push(plan, sleep=no_sleep)
    assert server.contents() == first
    with reconciler(server, tmp_path) as opened:
        plan = opened.rollback(2, delete=True)
        opened.push(plan, sleep=no_sleep)
    assert server.contents()[str(A)]["title"] == "Two"
    assert set(server.contents()) == {str(A), "PlanDefinition/c-1.0.0"}
    with reconciler(server, tmp_path) as opened:
        with pytest.raises(PushError, match="push 9 is not in the history"):
            opened.rollback(9)
        opened.push(opened.rollback(0, delete=True), sleep=no_sleep)
    assert server.contents() == {}


def test_two_at_once_one_is_told(server: MemoryServer, tmp_path: Path) -> None:
    with (
        reconciler(server, tmp_path),
        pytest.raises(PushError, match="another run of fhir-kb"),
        reconciler(server, tmp_path),
    ):
        pass


def test_two_from_different_places_one_wins_and_the_other_is_told(
    server: MemoryServer, tmp_path: Path
) -> None:
    with reconciler(server, tmp_path / "one") as one, reconciler(server, tmp_path / "two") as two:
        mine, theirs = (
            one.plan(desired(artifact("a"))),
            two.plan(desired(artifact("a", title="Two"))),
        )
        one.push(mine, sleep=no_sleep)
        result = two.push(theirs, sleep=no_sleep)
    assert server.contents()[str(A)]["title"] == "The a"
    assert "changed meanwhile" in result.failed[0].reason


def test_a_create_that_comes_too_late_replaces_nothing_where_no_condition_is_minded(
    server: MemoryServer, tmp_path: Path
) -> None:
    with reconciler(server, tmp_path) as opened:
        plan = opened.plan(desired(artifact("a"), artifact("b")))
        server.put({**artifact("a", title="Theirs"), "id": "a-1.0.0"})
        server.minds_creates = False
        result = opened.push(plan, sleep=no_sleep)
    assert [str(one.change.ref) for one in result.failed] == [str(A)]
    assert server.contents()[str(A)]["title"] == "Theirs"
    assert str(B) in server.contents()


def test_a_server_without_history_is_asked_for_heads(tmp_path: Path) -> None:
    server = MemoryServer(has_history=False)
    push(server, tmp_path, [artifact("a"), artifact("b")])
    server.requests.clear()
    plan, _ = push(server, tmp_path, [artifact("a"), artifact("b")])
    assert not plan.has_changes
    assert server.requests == ["search PlanDefinition"]
    server.edit(A, title="Theirs")
    server.remove(B)
    plan, _ = push(server, tmp_path, [artifact("a"), artifact("b")])
    assert kinds(plan) == {str(A): "conflict", str(B): "conflict"}


def test_a_server_that_was_emptied_or_put_back_is_noticed(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c")])
    kept = {ref: list(versions) for ref, versions in server.history.items()}
    push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c", title="New")])
    server.history = kept
    plan, _ = push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c", title="New")])
    assert kinds(plan) == {"PlanDefinition/c-1.0.0": "conflict"}
    server.history = {}
    plan, _ = push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c", title="New")])
    assert set(kinds(plan).values()) == {"conflict"}
    assert len(kinds(plan)) == 3


def test_after_a_large_push_counts_are_enough(server: MemoryServer, tmp_path: Path) -> None:
    many = [artifact(f"x{number}") for number in range(150)]
    slow = MemoryServer()
    slow.__dict__.update(server.__dict__)
    push(server, tmp_path, many, rules=TargetPolicy(max_concurrent=1))
    # as a real server does: one time for all of a transaction
    for ref, versions in server.history.items():
        chunk = int(ref.id.partition("-")[0][1:]) // 75
        live = versions[-1]
        moved = f"2026-01-01T00:00:0{chunk}+00:00"
        versions[-1] = replace(live, updated=moved)
    push(server, tmp_path, many, full=True)
    with reconciler(server, tmp_path) as opened:
        for key, record in opened.state.resources.items():
            live = server.history[record.ref][-1]
            opened.state.resources[key] = type(record)(
                record.ref, live.version, live.updated, record.sent_digest, record.stored_digest, 1
            )
        opened.state.refreshed_until = "2026-01-01T00:00:00+00:00"
        server.requests.clear()
        assert not opened.plan(desired(*many)).has_changes
        counted = ["count PlanDefinition"] * 2
        assert server.requests == [*counted, "changed PlanDefinition", "search PlanDefinition"]
        server.edit(Ref("PlanDefinition", "x3-1.0.0"), title="Theirs")
        assert kinds(opened.plan(desired(*many))) == {"PlanDefinition/x3-1.0.0": "conflict"}


@pytest.mark.parametrize("seed", range(200))
def test_with_faults_every_push_ends_as_defined(seed: int, tmp_path: Path) -> None:
    server = shuffled_server(seed)
    first = [artifact(f"x{number}") for number in range(25)]
    first.append(artifact("e", kind="Evidence", about={"reference": "PlanDefinition/x3"}))
    rules = TargetPolicy(max_entries=10)
    for resources in (first, [*first[1:20], artifact("x0", title="New"), *first[20:]]):
        _, result = push(server, tmp_path, resources, "many", rules=rules)
        assert not result.failed
        assert result.error is None
        wanted = {f"{one['resourceType']}/{one['id']}-1.0.0": one["title"] for one in resources}
        assert {name: one["title"] for name, one in server.contents().items()} == wanted
    versions = {str(ref): len(found) for ref, found in server.history.items()}
    assert versions.pop("PlanDefinition/x0-1.0.0") == 2
    assert set(versions.values()) == {1}


class Killed(BaseException):
    """The process is gone: nothing of ours may catch this."""


@pytest.mark.parametrize("when", range(12))
@pytest.mark.parametrize("after", [False, True])
def test_a_push_that_was_killed_is_gone_on_with(when: int, after: bool, tmp_path: Path) -> None:
    server = MemoryServer()
    resources = [artifact(f"x{number}") for number in range(24)]
    sends = iter(range(100))
    send = server.send

    def killing(changes: Any, way: Any) -> Any:
        number = next(sends)
        outcomes = send(changes, way) if number != when or after else None
        if number == when:
            raise Killed
        return outcomes

    server.send = killing  # type: ignore[method-assign]
    with pytest.raises(Killed):
        push(server, tmp_path, resources, rules=TargetPolicy(max_entries=4, max_concurrent=1))
    server.send = send  # type: ignore[method-assign]
    with reconciler(server, tmp_path, TargetPolicy(max_entries=4)) as opened:
        assert opened.recovered == 2 * (when + after)
        opened.push(opened.plan(desired(*resources)), sleep=no_sleep)
    assert len(server.contents()) == 24
    assert {len(versions) for versions in server.history.values()} == {1}
    plan, _ = push(server, tmp_path, resources)
    assert not plan.has_changes


def test_a_server_that_cannot_be_asked_any_more_ends_the_push(
    server: MemoryServer, tmp_path: Path
) -> None:
    def broken(*_: Any) -> Any:
        raise ServerError("the server is gone", "Wait")

    send = server.send
    server.send = broken  # type: ignore[method-assign]
    _, result = push(server, tmp_path, [artifact("a")])
    assert str(result.error) == "the server is gone"
    server.send = send  # type: ignore[method-assign]
    push(server, tmp_path, [artifact("a")])
    assert list(server.contents()) == [str(A)]


def test_the_log_says_who_did_what(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a")])
    with reconciler(server, tmp_path) as opened:
        (entry,) = opened.log()
    assert entry.push == 1
    (applied,) = entry.applied
    assert len(applied.pop("digest")) > 20
    assert applied == {
        "action": "create", "reference": str(A), "name": "PlanDefinition/a|1.0.0", "version": "1",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["state.json", "journal.jsonl"])
def test_a_damaged_file_is_told(name: str, server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a")])
    (tmp_path / name).write_bytes(b"[1, 2\n")
    with pytest.raises(PushError, match="is damaged"), reconciler(server, tmp_path):
        pass


def test_a_journal_cut_in_its_first_line_does_no_harm_to_the_next_push(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a")])
    (tmp_path / "journal.jsonl").write_bytes(b'{"form')
    workspace = Workspace(tmp_path)
    workspace.begin_push(2).close()  # that one is interrupted, too
    interrupted = workspace.interrupted_push()
    assert interrupted is not None
    assert interrupted.number == 2
    with reconciler(server, tmp_path) as opened:
        assert opened.recovered == 0
