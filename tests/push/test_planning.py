"""What a plan decides, on a server in memory: the desired, the recorded and the remote state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memory import MemoryServer
from pushed import artifact, desired, kinds, no_sleep, push, reconciler

from fhir_kb.push import (
    PushOptions,
    Ref,
    TargetPolicy,
)

if TYPE_CHECKING:
    from pathlib import Path

A = Ref("PlanDefinition", "a-1.0.0")
B = Ref("PlanDefinition", "b-1.0.0")


def test_what_is_new_is_created_with_its_version_in_its_id(
    server: MemoryServer, tmp_path: Path
) -> None:
    plan, result = push(server, tmp_path, [artifact("a")])
    assert kinds(plan) == {str(A): "create"}
    assert server.contents() == {str(A): {**artifact("a"), "id": "a-1.0.0"}}
    assert result.number == 1
    assert not result.failed


def test_nothing_changed_writes_nothing_and_asks_little(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    before = server.writes
    server.requests.clear()
    plan, result = push(server, tmp_path, [artifact("a"), artifact("b")])
    assert not plan.has_changes
    assert result.number == 0
    assert server.writes == before
    assert server.requests == ["changed PlanDefinition", "search PlanDefinition"]


def test_an_update_says_what_changes_and_carries_the_version(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    plan, _ = push(server, tmp_path, [artifact("a", title="Another"), artifact("b")])
    (item,) = (one for one in plan.changes if one.action == "update")
    assert [(one.label, one.old, one.new) for one in item.differences] == [
        ("title", "The a", "Another")
    ]
    assert item.expected_version == "1"
    assert server.contents()[str(A)]["title"] == "Another"
    assert len(server.history[B]) == 1


def test_a_new_version_stands_beside_the_old_one_which_is_retired(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a")])
    plan, _ = push(server, tmp_path, [artifact("a", "1.1.0")])
    assert kinds(plan) == {"PlanDefinition/a-1.1.0": "create", str(A): "retire"}
    assert server.contents()[str(A)]["status"] == "retired"
    assert server.contents()["PlanDefinition/a-1.1.0"]["status"] == "active"
    again, _ = push(server, tmp_path, [artifact("a", "1.1.0")])
    assert not again.has_changes


def test_plain_ids_replace_the_old_version(server: MemoryServer, tmp_path: Path) -> None:
    rules = TargetPolicy(ids="plain")
    push(server, tmp_path, [artifact("a")], rules=rules)
    plan, _ = push(server, tmp_path, [artifact("a", "1.1.0")], "overwrite", rules=rules)
    assert set(kinds(plan)) == {"PlanDefinition/a"}
    assert server.contents()["PlanDefinition/a"]["version"] == "1.1.0"
    again, _ = push(server, tmp_path, [artifact("a", "1.1.0")], rules=rules)
    assert not again.has_changes


def test_references_lead_to_the_places_on_the_server(server: MemoryServer, tmp_path: Path) -> None:
    evidence = artifact("e", kind="Evidence", about={"reference": "PlanDefinition/a"})
    push(server, tmp_path, [evidence, artifact("a")])
    assert server.contents()["Evidence/e-1.0.0"]["about"] == {"reference": str(A)}


def test_what_somebody_else_changed_is_a_conflict_and_is_left_alone(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    server.edit(A, title="Theirs")
    plan, result = push(server, tmp_path, [artifact("a", title="Ours"), artifact("b")])
    assert kinds(plan) == {str(A): "conflict"}
    assert result.number == 0
    assert server.contents()[str(A)]["title"] == "Theirs"
    plan, _ = push(server, tmp_path, [artifact("a", title="Ours"), artifact("b")], "overwrite")
    assert server.contents()[str(A)]["title"] == "Ours"


def test_what_somebody_else_changed_to_the_same_is_ours_again(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a")])
    server.edit(A, title="Ours")
    plan, result = push(server, tmp_path, [artifact("a", title="Ours")])
    assert not plan.has_changes
    assert not result.applied
    again, result = push(server, tmp_path, [artifact("a", title="Ours, later")])
    assert kinds(again) == {str(A): "update"}


def test_a_change_that_was_taken_back_is_none(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a")])
    server.edit(A, title="Theirs")
    server.edit(A, title="The a")
    plan, _ = push(server, tmp_path, [artifact("a")])
    assert not plan.has_changes


def test_what_somebody_else_deleted_is_a_conflict(server: MemoryServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    server.remove(A)
    plan, _ = push(server, tmp_path, [artifact("a"), artifact("b")])
    assert kinds(plan) == {str(A): "conflict"}
    assert str(A) not in server.contents()
    push(server, tmp_path, [artifact("a"), artifact("b")], "overwrite")
    assert str(A) in server.contents()


def test_what_is_there_already_is_adopted(server: MemoryServer, tmp_path: Path) -> None:
    theirs = {**artifact("a"), "id": "77x"}
    server.put(theirs)
    evidence = artifact("e", kind="Evidence", about={"reference": "PlanDefinition/a"})
    plan, _ = push(server, tmp_path, [artifact("a"), evidence])
    assert kinds(plan)["PlanDefinition/77x"] == "adopt"
    assert server.contents()["Evidence/e-1.0.0"]["about"]["reference"] == "PlanDefinition/77x"
    assert len(server.history[Ref("PlanDefinition", "77x")]) == 1
    plan, _ = push(server, tmp_path, [artifact("a", title="New"), evidence])
    assert kinds(plan) == {"PlanDefinition/77x": "update"}


def test_what_is_there_but_different_needs_a_word(server: MemoryServer, tmp_path: Path) -> None:
    server.put({**artifact("a", title="Theirs"), "id": "77x"})
    plan, result = push(server, tmp_path, [artifact("a")])
    (item,) = plan.changes
    assert (item.action, item.approval) == ("adopt", "adopt")
    assert not result.applied
    push(server, tmp_path, [artifact("a")], "adopt")
    assert server.contents()["PlanDefinition/77x"]["title"] == "The a"


def test_an_artifact_that_is_there_twice_is_a_conflict(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.put({**artifact("a"), "id": "one"})
    server.put({**artifact("a"), "id": "two"})
    plan, _ = push(server, tmp_path, [artifact("a")], "overwrite", "adopt")
    assert kinds(plan) == {str(A): "conflict"}
    assert server.writes == 2


def test_a_place_that_is_taken_by_something_else_is_a_conflict(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.put({**artifact("other"), "id": "a-1.0.0"})
    plan, _ = push(server, tmp_path, [artifact("a")], "adopt")
    assert kinds(plan) == {str(A): "conflict"}
    assert server.contents()[str(A)]["title"] == "The other"


def test_what_refers_to_a_place_of_something_else_is_not_sent(
    server: MemoryServer, tmp_path: Path
) -> None:
    server.put({**artifact("other"), "id": "a-1.0.0"})
    evidence = artifact("e", kind="Evidence", about={"reference": "PlanDefinition/a"})
    _, result = push(server, tmp_path, [artifact("a"), evidence, artifact("b")])
    assert [one.reason for one in result.failed] == [
        "not sent: it refers to PlanDefinition/a-1.0.0, which is not on the server"
    ]
    assert set(server.contents()) == {str(A), str(B)}


def test_versions_of_what_has_no_url_stand_side_by_side(
    server: MemoryServer, tmp_path: Path
) -> None:
    def page(version: str) -> dict[str, Any]:
        identifier = {"system": "urn:kb", "value": f"page/{version}"}
        return {"resourceType": "Basic", "id": "page", "identifier": [identifier]}

    push(server, tmp_path, [page("1.0.0")])
    plan, _ = push(server, tmp_path, [page("1.1.0")])
    assert kinds(plan) == {"Basic/page-1.0.0": "orphaned", "Basic/page-1.1.0": "create"}


def test_what_has_no_url_is_known_by_its_identifier(server: MemoryServer, tmp_path: Path) -> None:
    basic: dict[str, Any] = {
        "resourceType": "Basic",
        "id": "c",
        "identifier": [{"system": "urn:x", "value": "a|b"}],
    }
    server.put({**basic, "id": "theirs"})
    plan, _ = push(server, tmp_path, [basic])
    assert kinds(plan) == {"Basic/theirs": "adopt"}


def test_no_longer_defined_without_a_status_is_left_and_deleted_when_asked(
    server: MemoryServer, tmp_path: Path
) -> None:
    basic = {"resourceType": "Basic", "id": "c", "code": {"text": "x"}}
    push(server, tmp_path, [basic, artifact("a")])
    plan, _ = push(server, tmp_path, [artifact("a")])
    assert kinds(plan) == {"Basic/c": "orphaned"}
    plan, _ = push(server, tmp_path, [artifact("a")], delete=True)
    assert kinds(plan) == {"Basic/c": "delete"}
    assert list(server.contents()) == [str(A)]
    plan, _ = push(server, tmp_path, [artifact("a")])
    assert not kinds(plan)


def test_deleting_what_somebody_else_changed_needs_a_word(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b")])
    server.edit(A, title="Theirs")
    plan, _ = push(server, tmp_path, [artifact("b")], delete=True)
    assert kinds(plan) == {str(A): "conflict"}
    assert str(A) in server.contents()
    push(server, tmp_path, [artifact("b")], "overwrite", delete=True)
    assert list(server.contents()) == [str(B)]


def test_what_is_changed_between_plan_and_push_is_not_deleted(
    server: MemoryServer, tmp_path: Path
) -> None:
    push(server, tmp_path, [artifact("a"), artifact("b"), artifact("c")])
    with reconciler(server, tmp_path) as opened:
        plan = opened.plan(desired(artifact("c")), delete=True)
        server.edit(A, title="Theirs")
        server.minds_versions_on_delete = False  # as HAPI
        result = opened.push(plan, PushOptions(("many",)), sleep=no_sleep)
    assert [str(one.change.ref) for one in result.failed] == [str(A)]
    assert set(server.contents()) == {str(A), "PlanDefinition/c-1.0.0"}


def test_what_refers_is_deleted_with_or_before_what_it_refers_to(
    server: MemoryServer, tmp_path: Path
) -> None:
    evidence = artifact("e", kind="Evidence", about={"reference": "PlanDefinition/a"})
    push(server, tmp_path, [evidence, artifact("a")])
    gone: list[str] = []
    server.on_send = lambda changes: gone.extend(str(one.ref) for one in changes)
    push(server, tmp_path, [artifact("b")], "many", delete=True)
    assert gone == [str(B), "Evidence/e-1.0.0", str(A)]


def test_elements_of_the_hospital_stay(server: MemoryServer, tmp_path: Path) -> None:
    rules = TargetPolicy(kept_elements=("*.useContext", "PlanDefinition.contact"))
    push(server, tmp_path, [artifact("a", contact=[{"name": "us"}])], rules=rules)
    server.edit(A, useContext=[{"x": 1}], contact=[{"name": "ward"}])
    plan, _ = push(server, tmp_path, [artifact("a", contact=[{"name": "us"}])], rules=rules)
    assert not plan.has_changes
    push(server, tmp_path, [artifact("a", title="New", contact=[{"name": "us"}])], rules=rules)
    there = server.contents()[str(A)]
    assert there["title"] == "New"
    assert there["useContext"] == [{"x": 1}]
    assert there["contact"] == [{"name": "ward"}]


def test_elements_that_do_not_count_are_no_conflict(server: MemoryServer, tmp_path: Path) -> None:
    rules = TargetPolicy(ignored_elements=("*.text",))
    push(server, tmp_path, [artifact("a", text={"div": "<div>x</div>"})], rules=rules)
    server.edit(A, text={"div": "<div>made by the server</div>"})
    plan, _ = push(server, tmp_path, [artifact("a", text={"div": "<div>x</div>"})], rules=rules)
    assert not plan.has_changes
