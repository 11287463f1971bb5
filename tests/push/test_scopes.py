"""Scopes: each retires only what it brought itself, and nothing that another one holds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from memory import MemoryServer
from pushed import artifact, desired, kinds, no_sleep, push, reconciler

from fhir_kb.push import PushError, PushOptions, PushScope, Ref, parse_plan, serialize_plan

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.push import Plan, PushResult

KB = "https://kb.example.org/fhir/Library/kb"
FILE = "theirs.json"
A, B, C = (f"PlanDefinition/{name}-1.0.0" for name in "abc")


def push_as(
    scope: str,
    server: MemoryServer,
    folder: Path,
    *resources: dict[str, Any],
    prune: bool = False,
    delete: bool = False,
) -> tuple[Plan, PushResult]:
    """Plan and push in a scope; that of the knowledge base always prunes."""
    wanted = {key: replace(resource, scope=scope) for key, resource in desired(*resources).items()}
    with reconciler(server, folder) as opened:
        limits = PushScope((scope,), prune or scope == KB)
        plan = opened.plan(wanted, limits, delete=delete)
        return plan, opened.push(plan, PushOptions(("many",)), sleep=no_sleep)


def held(folder: Path) -> dict[str, list[str]]:
    """The scopes of what is recorded in the state, by id."""
    rows = json.loads((folder / "state.json").read_bytes())["resources"].values()
    return {
        row["reference"]: [row["scope"], *row.get("otherScopes", [])]
        for row in rows
        if not row["retired"]
    }


def test_a_bundle_does_not_retire_what_definitions_brought_nor_they_its_own(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"), artifact("b"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("c"))
    assert kinds(plan) == {C: "create"}
    plan, _ = push_as(KB, server, tmp_path, artifact("a"), artifact("b"))
    assert kinds(plan) == {}
    plan, _ = push_as("another.json", server, tmp_path, artifact("d"), prune=True)
    assert kinds(plan) == {"PlanDefinition/d-1.0.0": "create"}
    assert held(tmp_path) == {
        A: [KB], B: [KB], C: [FILE], "PlanDefinition/d-1.0.0": ["another.json"],
    }  # fmt: skip


def test_a_bundle_retires_what_it_no_longer_holds_with_prune_only(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"))
    push_as(FILE, server, tmp_path, artifact("b"), artifact("c"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("b"))
    assert kinds(plan) == {}
    assert [key.partition(" ")[2] for key in plan.unpruned] == [
        "https://kb.example.org/fhir/PlanDefinition/c|1.0.0"
    ]
    plan, _ = push_as(FILE, server, tmp_path, artifact("b"), prune=True)
    assert kinds(plan) == {C: "retire"}
    assert server.contents()[A]["status"] == "active"
    assert server.contents()[C]["status"] == "retired"
    plan, _ = push_as(FILE, server, tmp_path, artifact("b"))
    assert plan.unpruned == ()


@pytest.mark.parametrize("delete", [False, True])
def test_what_two_scopes_hold_stays_until_the_last_lets_it_go(
    server: MemoryServer, tmp_path: Path, delete: bool
) -> None:
    push_as(KB, server, tmp_path, artifact("a"), artifact("b"))
    plan, result = push_as(FILE, server, tmp_path, artifact("a"))
    assert (kinds(plan), result.applied) == ({}, [])
    assert held(tmp_path)[A] == [FILE, KB]
    plan, _ = push_as(KB, server, tmp_path, artifact("b"), delete=delete)
    assert kinds(plan) == {A: "forget"}
    assert plan.changes[0].reason == f"it stays: '{FILE}' holds it, too"
    assert server.contents()[A]["status"] == "active"
    plan, _ = push_as(FILE, server, tmp_path, artifact("c"), prune=True, delete=delete)
    assert kinds(plan) == {A: "delete" if delete else "retire", C: "create"}


def test_a_pruned_bundle_does_not_retire_what_the_definitions_still_hold(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"))
    push_as(FILE, server, tmp_path, artifact("a"), artifact("b"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("b"), prune=True)
    assert kinds(plan) == {A: "forget"}
    assert held(tmp_path) == {A: [KB], B: [FILE]}


def test_the_last_to_push_says_what_it_is_and_is_told_of_the_other(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("a", title="Theirs"))
    assert kinds(plan) == {A: "update"}
    assert plan.changes[0].reason == f"'{KB}' pushed it last, too"
    assert held(tmp_path) == {A: [FILE, KB]}


def test_what_somebody_deleted_is_not_made_again_because_another_scope_lets_it_go(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"), artifact("b"))
    push_as(FILE, server, tmp_path, artifact("a"))
    server.remove(Ref("PlanDefinition", "a-1.0.0"))
    push_as(KB, server, tmp_path, artifact("b"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("a"))
    assert kinds(plan) == {A: "conflict"}


def test_a_resource_with_the_id_of_another_scope_names_that(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"))
    plan, _ = push_as(FILE, server, tmp_path, artifact("a", url="https://other.example.org/a"))
    (change,) = plan.changes
    assert (change.action, change.approval) == ("conflict", "")
    assert change.reason == f"another resource has its id on the server: '{KB}' pushed it"


def test_with_plain_ids_a_bundle_takes_no_id_of_the_definitions(
    server: MemoryServer, tmp_path: Path
) -> None:
    from fhir_kb.push import TargetPolicy

    rules = TargetPolicy(ids="plain")
    for scope, version in ((KB, "1.0.0"), (FILE, "2.0.0")):
        wanted = {
            key: replace(resource, scope=scope)
            for key, resource in desired(artifact("a", version)).items()
        }
        with reconciler(server, tmp_path, rules) as opened:
            plan = opened.plan(wanted, PushScope((scope,), prune=scope == KB))
            opened.push(plan, sleep=no_sleep)
    assert kinds(plan) == {"PlanDefinition/a": "conflict"}
    assert server.contents()["PlanDefinition/a"]["version"] == "1.0.0"


def test_a_rollback_undoes_the_last_push_and_nothing_of_other_scopes(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a", title="One"))
    push_as(FILE, server, tmp_path, artifact("b"))
    push_as(KB, server, tmp_path, artifact("a", title="Two"), artifact("c"))
    with reconciler(server, tmp_path) as opened:
        plan = opened.rollback(1)
        assert (plan.scopes, kinds(plan)) == ((KB,), {A: "update", C: "retire"})
        plan = opened.rollback(opened.push_before_last([FILE]), [FILE], delete=True)
        assert kinds(plan) == {B: "delete"}
        with pytest.raises(PushError, match=r"nothing was pushed from here as 'x\.json'"):
            opened.push_before_last(["x.json"])


def test_a_rollback_gives_back_what_its_scope_took_over(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a", title="Ours"))
    push_as(FILE, server, tmp_path, artifact("a", title="Theirs"))
    with reconciler(server, tmp_path) as opened:
        opened.push(opened.rollback(opened.push_before_last([FILE])), sleep=no_sleep)
    assert server.contents()[A]["title"] == "Ours"
    assert held(tmp_path) == {A: [KB]}


def test_a_rollback_leaves_what_another_scope_has_pushed_since(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a", title="Ours"), artifact("b"))
    push_as(KB, server, tmp_path, artifact("a", title="Ours, too"), artifact("b"))
    push_as(FILE, server, tmp_path, artifact("a", title="Theirs"))
    with reconciler(server, tmp_path) as opened:
        assert kinds(opened.rollback(1, [KB])) == {}
        plan = opened.rollback(0, [KB])
        assert kinds(plan) == {A: "forget", B: "retire"}
        opened.push(plan, sleep=no_sleep)
    assert held(tmp_path) == {A: [FILE]}
    assert server.contents()[A]["title"] == "Theirs"


def test_a_state_of_before_is_of_the_knowledge_base_that_it_is_below(
    server: MemoryServer, tmp_path: Path
) -> None:
    foreign = artifact("b", url="https://other.example.org/PlanDefinition/b")
    push(server, tmp_path, [artifact("a"), foreign, artifact("c")])
    path = tmp_path / "state.json"
    state = json.loads(path.read_bytes())
    state["format"] = 2
    del state["lastScopes"]
    for row in state["resources"].values():
        del row["scope"]
    path.write_text(json.dumps(state))
    plan, _ = push_as(FILE, server, tmp_path, foreign, prune=True)
    assert kinds(plan) == {}
    plan, _ = push_as(KB, server, tmp_path, artifact("a"))
    assert kinds(plan) == {C: "retire"}
    assert held(tmp_path) == {A: [KB], B: [FILE]}


def test_an_interrupted_push_leaves_its_scope(server: MemoryServer, tmp_path: Path) -> None:
    push_as(KB, server, tmp_path, artifact("a"))

    class Killed(BaseException):
        pass

    def die(_: object) -> None:
        raise Killed

    server.on_send = die
    with pytest.raises(Killed):
        push_as(FILE, server, tmp_path, artifact("b"))
    server.on_send = None
    server.put({**artifact("b"), "id": "b-1.0.0"})  # the server had done it
    with reconciler(server, tmp_path) as opened:
        assert opened.recovered == 1
        assert opened.state.last_scopes == (FILE,)
    assert held(tmp_path) == {A: [KB], B: [FILE]}


@pytest.mark.parametrize(
    ("recorded", "removed", "asks"),
    [(6, 1, False), (6, 3, False), (6, 4, True), (6, 6, True), (10, 10, True), (1, 1, True),
     (2, 1, False), (40, 13, True), (40, 12, False)],
)  # fmt: skip
def test_removals_are_counted_by_their_share_however_few(
    recorded: int, removed: int, asks: bool, server: MemoryServer, tmp_path: Path
) -> None:
    push_as(FILE, server, tmp_path, *(artifact(f"y{number}") for number in range(50)))
    everything = [artifact(f"x{number}") for number in range(recorded)]
    push(server, tmp_path, everything)
    with reconciler(server, tmp_path) as opened:
        plan = opened.plan(desired(*everything[removed:]))
        if not asks:
            opened.push(plan, sleep=no_sleep)
            return
        with pytest.raises(PushError, match=f"{removed} of the {recorded} resources"):
            opened.push(plan, sleep=no_sleep)
        opened.push(plan, PushOptions(("many",)), sleep=no_sleep)


def test_a_new_version_of_everything_removes_nothing(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    plan, _ = push(server, tmp_path, [artifact("a", "1.1.0"), artifact("b", "1.1.0")])
    assert plan.counts() == {"create": 2, "retire": 2}


@pytest.mark.parametrize("count", [0, 120])  # so many are counted, not read from the history
def test_a_conflict_is_seen_by_every_later_push(
    count: int, server: MemoryServer, tmp_path: Path
) -> None:
    resources = [artifact(name) for name in "abcd"]
    push(server, tmp_path, resources)
    server.edit(Ref("PlanDefinition", "b-1.0.0"), title="Theirs")
    for number in range(400):  # the server's clock goes on: minutes are past
        server.put({"resourceType": "Basic", "id": f"tick{number}"})
    resources.extend(artifact(f"x{number}") for number in range(count))
    resources[2] = artifact("c", title="New")
    for _ in range(4):
        plan, _ = push(server, tmp_path, resources)
        assert kinds(plan)[B] == "conflict"


def test_a_plan_file_is_checked_against_the_records_where_nothing_else_is_at_hand(
    server: MemoryServer, tmp_path: Path
) -> None:
    push_as(KB, server, tmp_path, artifact("a"), artifact("b"))
    push_as(FILE, server, tmp_path, artifact("c"))
    server.edit(Ref("PlanDefinition", "b-1.0.0"), title="Theirs")
    with reconciler(server, tmp_path) as opened:
        mine = {
            key: replace(resource, scope=KB)
            for key, resource in desired(artifact("a", title="New"), artifact("b")).items()
        }
        plan = opened.plan(mine, PushScope((KB,)))
        (first, conflict) = plan.changes
        theirs = opened.plan({}, PushScope((FILE,)), delete=True).changes[0]
        assert (first.action, conflict.action, theirs.action) == ("update", "conflict", "delete")
        forged = {
            "which is of another scope": (first, conflict, theirs),
            "which others have changed": (
                first, replace(conflict, action="update", approval="", reason=""),
            ),
            "change a resource twice": (first, first, conflict),
            "give PlanDefinition/a-1.0.0 to another scope": (
                replace(first, scopes=(KB, "x")), conflict,
            ),
            "which is still in use on the server": (
                replace(first, action="forget", body=None, differences=(), scopes=()), conflict,
            ),
            "which no other scope holds": (
                replace(first, action="forget", body=None, differences=(), scopes=(KB,)), conflict,
            ),
        }  # fmt: skip
        before = server.contents()
        for message, changes in forged.items():
            saved = parse_plan(serialize_plan(replace(plan, changes=changes)))
            with pytest.raises(PushError, match=message):
                opened.push(saved, PushOptions(("many",), check_stale=True), sleep=no_sleep)
        assert server.contents() == before
        saved = parse_plan(serialize_plan(plan))
        opened.push(saved, PushOptions(check_stale=True), sleep=no_sleep)
    assert server.contents()[A]["title"] == "New"
