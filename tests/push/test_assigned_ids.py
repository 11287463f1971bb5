"""Servers that assign ids themselves: what a reconciler does with them, also after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from model_server import ModelServer
from pushed import artifact, desired, kinds, no_sleep
from temper import HAPI, OTHER, Temper

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.push import PushOptions, TargetPolicy, open_reconciler, open_server
from fhir_kb.servers.capabilities import capabilities_from_statement

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.push import Plan, PushResult

TEMPERS = [one.but(ids="no", integrity=True) for one in (HAPI, OTHER)]


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture(params=TEMPERS, ids=lambda temper: temper.name)
def server(request: pytest.FixtureRequest) -> Any:
    with ModelServer(request.param) as running:
        yield running


def push(
    server: ModelServer,
    folder: Path,
    resources: list[dict[str, Any]],
    *words: str,
    rules: TargetPolicy | None = None,
    sends: int = -1,
    **more: Any,
) -> tuple[Plan, PushResult]:
    """Plan and push. sends: after so many the process is killed, before their answers are noted."""
    left = [sends]
    with open_session(SessionSettings(retry=RetryPolicy(tries=3)), sleep=no_sleep) as session:
        reached = open_server(session, server.base)
        send = reached.send

        def killing(changes: Any, way: Any) -> Any:
            outcomes = send(changes, way)
            left[0] -= 1
            if left[0] == 0:
                raise KilledError
            return outcomes

        reached.send = killing  # type: ignore[method-assign]  # a test's own
        with open_reconciler(
            folder, reached, rules or TargetPolicy(max_entries=4, max_concurrent=1)
        ) as opened:
            plan = opened.plan(desired(*resources), **more)
            return plan, opened.push(plan, PushOptions(words), sleep=no_sleep)


def chain(number: int = 8) -> list[dict[str, Any]]:
    """Plans that each refer to the one before."""
    made = [artifact("p0")]
    for index in range(1, number):
        before = {"reference": f"PlanDefinition/p{index - 1}"}
        made.append(artifact(f"p{index}", subjectReference=before))
    return made


def titles(server: ModelServer) -> dict[str, tuple[str, str]]:
    """Title, and the title of what it refers to, by url and version."""
    found = {}
    for one in server.resources.values():
        about = one.get("subjectReference", {}).get("reference", "")
        other = server.resources[about]["title"] if about else ""
        name = f"{one['url'].rpartition('/')[2]}|{one['version']}"
        assert name not in found
        found[name] = (one["title"], other)
    return found


EXPECTED = {f"p{n}|1.0.0": (f"The p{n}", f"The p{n - 1}" if n else "") for n in range(8)}


def test_what_refers_to_it_leads_to_its_place(server: ModelServer, tmp_path: Path) -> None:
    plan, result = push(server, tmp_path, chain())
    assert {str(item.ref).split("/")[1][:4] for item in plan.changes} == {"new-"}
    assert not result.failed
    assert not any(made.losses for made in result.applied)
    assert titles(server) == EXPECTED
    again, nothing = push(server, tmp_path, chain(), full=True)
    assert not again.has_changes
    assert nothing.number == 0


def test_a_circle_comes_in_one_transaction(server: ModelServer, tmp_path: Path) -> None:
    circle = chain(3)
    circle[0]["subjectReference"] = {"reference": "PlanDefinition/p2"}
    _, result = push(server, tmp_path, circle)
    assert not result.failed
    assert titles(server)["p0|1.0.0"] == ("The p0", "The p2")
    again, _ = push(server, tmp_path, circle)
    assert not again.has_changes


@pytest.mark.parametrize("way", ["batch", "single"])
def test_without_transactions_a_circle_is_refused(way: str, tmp_path: Path) -> None:
    temper: Temper = OTHER.but(ids="no", transactions=False, batches=way == "batch")
    circle = chain(3)
    circle[0]["subjectReference"] = {"reference": "PlanDefinition/p2"}
    with ModelServer(temper) as server:
        _, result = push(server, tmp_path, [*circle, artifact("alone")])
        assert {one.change.name.partition("|")[0][-2:] for one in result.failed} == {
            "p0", "p1", "p2",
        }  # fmt: skip
        assert any("only a transaction" in one.reason for one in result.failed)
        assert set(titles(server)) == {"alone|1.0.0"}


@pytest.mark.parametrize("sends", range(1, 5))
def test_a_push_that_was_killed_is_finished(
    server: ModelServer, sends: int, tmp_path: Path
) -> None:
    with pytest.raises(KilledError):
        push(
            server,
            tmp_path,
            chain(),
            rules=TargetPolicy(max_entries=2, max_concurrent=1),
            sends=sends,
        )
    standing = len(server.resources)
    assert standing
    plan, result = push(server, tmp_path, chain())
    assert not result.failed
    assert [item.action for item in plan.changes].count("create") == 8 - standing
    assert titles(server) == EXPECTED
    assert server.writes == 8
    again, _ = push(server, tmp_path, chain())
    assert not again.has_changes


def test_a_new_version_and_back(server: ModelServer, tmp_path: Path) -> None:
    push(server, tmp_path, chain(3))
    later = [*chain(2), artifact("p2", "2.0.0", title="Later")]
    push(server, tmp_path, later)
    assert titles(server)["p2|2.0.0"] == ("Later", "")
    with open_session() as session:
        reached = open_server(session, server.base)
        with open_reconciler(tmp_path, reached) as opened:
            plan = opened.rollback(1, delete=True)
            result = opened.push(plan, PushOptions(("many",)), sleep=no_sleep)
    assert not result.failed
    assert titles(server) == {name: EXPECTED[name] for name in ("p0|1.0.0", "p1|1.0.0", "p2|1.0.0")}
    statuses = {one["status"] for one in server.resources.values()}
    assert statuses == {"active"}


def test_plain_ids_replace_the_old_version(server: ModelServer, tmp_path: Path) -> None:
    rules = TargetPolicy(ids="plain")
    push(server, tmp_path, [artifact("a")], rules=rules)
    place = next(iter(server.resources))
    plan, _ = push(server, tmp_path, [artifact("a", "2.0.0")], rules=rules)
    assert kinds(plan) == {place: "update"}
    assert titles(server) == {"a|2.0.0": ("The a", "")}


def test_what_was_deleted_there_gets_another_place(server: ModelServer, tmp_path: Path) -> None:
    push(server, tmp_path, [artifact("a")])
    place = next(iter(server.resources))
    server.delete(place)
    plan, _ = push(server, tmp_path, [artifact("a")])
    assert kinds(plan) == {place: "conflict"}
    push(server, tmp_path, [artifact("a")], "overwrite")
    assert titles(server) == {"a|1.0.0": ("The a", "")}
    assert place not in server.resources
    again, _ = push(server, tmp_path, [artifact("a")])
    assert not again.has_changes


def test_what_nothing_can_find_again_is_not_sent(server: ModelServer, tmp_path: Path) -> None:
    nameless = {"resourceType": "Basic", "id": "b", "code": {"text": "b"}}
    plan, _ = push(server, tmp_path, [nameless, artifact("a")])
    assert kinds(plan)["Basic/new-b"] == "conflict"
    assert set(titles(server)) == {"a|1.0.0"}


def linked(name: str, target: str) -> dict[str, Any]:
    """A plan with each link that a transaction need not resolve: canonical, narrative, Markdown."""
    return artifact(
        name,
        library=[f"{target}|1.0.0"],
        description=f"[see]({target})",
        text={"status": "generated", "div": f'<div><a href="{target}">see</a></div>'},
        relatedArtifact=[{"type": "depends-on", "resource": f"{target}/_history/1"}],
    )


def links_of(server: ModelServer, name: str) -> list[str]:
    (plan,) = (one for one in server.resources.values() if one["title"] == f"The {name}")
    return [
        plan["library"][0],
        plan["description"],
        plan["text"]["div"],
        plan["relatedArtifact"][0]["resource"],
    ]


def expected_links(place: str) -> list[str]:
    return [f"{place}|1.0.0", f"[see]({place})", f'<div><a href="{place}">see</a></div>', place]


def test_all_links_lead_to_the_assigned_ids(server: ModelServer, tmp_path: Path) -> None:
    resources = [linked("p", "Library/l"), artifact("l", kind="Library")]
    _, result = push(server, tmp_path, resources)
    assert not result.failed
    assert not any(made.losses for made in result.applied)
    (place,) = (place for place in server.resources if place.startswith("Library/"))
    assert links_of(server, "p") == expected_links(place)
    again, _ = push(server, tmp_path, resources, full=True)
    assert not again.has_changes


def test_what_a_transaction_does_not_resolve_is_told_and_corrected_by_the_next_push(
    server: ModelServer, tmp_path: Path
) -> None:
    circle = [linked("p", "PlanDefinition/q"), linked("q", "PlanDefinition/p")]
    _, result = push(server, tmp_path, circle)
    assert not result.failed
    assert all(made.losses for made in result.applied)
    _, result = push(server, tmp_path, circle)
    assert not any(made.losses for made in result.applied)
    places = {one["title"]: place for place, one in server.resources.items()}
    assert links_of(server, "p") == expected_links(places["The q"])
    assert links_of(server, "q") == expected_links(places["The p"])
    again, _ = push(server, tmp_path, circle, full=True)
    assert not again.has_changes


def test_one_type_whose_ids_are_the_servers_own_is_enough() -> None:
    types = [{"type": "Library", "updateCreate": True}, {"type": "Basic", "updateCreate": False}]
    statement = {"fhirVersion": "4.0.1", "rest": [{"mode": "server", "resource": types}]}
    assert capabilities_from_statement("http://x", statement).client_ids == "no"
    del types[1]["updateCreate"]
    assert capabilities_from_statement("http://x", statement).client_ids == "not-numeric"


def test_provenance_is_said_to_be_left_out(server: ModelServer, tmp_path: Path) -> None:
    with (
        open_session() as session,
        open_reconciler(tmp_path, open_server(session, server.base)) as opened,
    ):
        plan = opened.plan(desired(artifact("a")))
        result = opened.push(plan, PushOptions(provenance=True), sleep=no_sleep)
    assert [one.change.ref.type for one in result.failed] == ["Provenance"]
