"""Links of all kinds in a plan and a push: they follow ids, and give the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from memory import BASE, MemoryServer
from pushed import artifact, push

from fhir_kb.push import TargetPolicy
from fhir_kb.push.planning.order import chunks
from fhir_kb.servers.protocol import ChangeRequest, Ref

if TYPE_CHECKING:
    from pathlib import Path


def library(name: str, **more: Any) -> dict[str, Any]:
    return artifact(name, kind="Library", **more)


def test_links_follow_to_what_the_server_holds_under_another_id(tmp_path: Path) -> None:
    server = MemoryServer()
    server.put({**library("l"), "id": "4711"})
    plan, result = push(server, tmp_path, [artifact("p", library=["Library/l"]), library("l")])
    assert {change.action for change in plan.changes} == {"adopt", "create"}
    assert not result.failed
    assert server.contents()["PlanDefinition/p-1.0.0"]["library"] == ["Library/4711"]


@pytest.mark.parametrize("base", [BASE, "https://elsewhere.example.org/r4"])
def test_a_reference_by_the_servers_own_url_follows(base: str, tmp_path: Path) -> None:
    server = MemoryServer()
    reference = {"reference": f"{base}/Library/l"}
    push(server, tmp_path, [artifact("p", subjectReference=reference), library("l")])
    stored = server.contents()["PlanDefinition/p-1.0.0"]["subjectReference"]["reference"]
    assert stored == ("Library/l-1.0.0" if base == BASE else f"{base}/Library/l")


def test_a_canonical_at_the_servers_own_url_is_a_name(tmp_path: Path) -> None:
    server = MemoryServer()
    url = f"{BASE}/Library/l"
    push(server, tmp_path, [artifact("p", library=[url]), {**library("l"), "url": url}])
    contents = server.contents()
    assert contents["PlanDefinition/p-1.0.0"]["library"] == [url]
    assert contents["Library/l-1.0.0"]["url"] == url


def test_the_same_id_in_two_types_is_told_apart(tmp_path: Path) -> None:
    server = MemoryServer()
    basic = {"resourceType": "Basic", "id": "l", "code": {"text": "note"}}
    links = [{"url": "https://x.example/e", "valueReference": {"reference": "Basic/l"}}]
    plan = artifact("p", library=["Library/l"], extension=links)
    push(server, tmp_path, [plan, library("l"), basic])
    stored = server.contents()["PlanDefinition/p-1.0.0"]
    assert stored["library"] == ["Library/l-1.0.0"]
    assert stored["extension"][0]["valueReference"]["reference"] == "Basic/l"


def test_what_a_canonical_leads_to_is_sent_first(tmp_path: Path) -> None:
    server = MemoryServer(max_entries=1)
    resources = [artifact("a", library=["Library/z"]), library("z")]
    _, result = push(server, tmp_path, resources, rules=TargetPolicy(max_entries=1))
    assert not result.failed
    assert set(server.contents()) == {"PlanDefinition/a-1.0.0", "Library/z-1.0.0"}


def test_what_leads_to_something_refused_is_not_sent(tmp_path: Path) -> None:
    server = MemoryServer(send_modes=("single",))
    server.reject = {"Library/z-1.0.0"}
    resources = [artifact("a", library=["Library/z"]), library("z"), artifact("b")]
    _, result = push(server, tmp_path, resources)
    reasons = {str(failed.change.ref): failed.reason for failed in result.failed}
    assert "refers to Library/z-1.0.0" in reasons["PlanDefinition/a-1.0.0"]
    assert set(server.contents()) == {"PlanDefinition/b-1.0.0"}


def test_a_resource_is_deleted_before_what_its_canonical_leads_to() -> None:
    deletions = [
        ChangeRequest("delete", Ref(*name.split("/"))) for name in ("Library/z", "PlanDefinition/a")
    ]
    before = {"PlanDefinition/a": artifact("a", library=["Library/z"]), "Library/z": library("z")}
    made = chunks(deletions, max_entries=1, max_bytes=10**6, before=before, release="r4")
    assert [str(change.ref) for chunk in made for change in chunk.changes] == [
        "PlanDefinition/a", "Library/z",
    ]  # fmt: skip
