"""Pushing to a real HAPI: what stands there afterwards, whatever happens on the way."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults import Plan, faulty
from hapi import Hapi, HapiPool, hapi
from pushed import artifact, desired, kinds

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.push import PushOptions, Ref, TargetPolicy, open_reconciler, open_server
from fhir_kb.servers.protocol import ChangeRequest

if TYPE_CHECKING:
    from fhir_kb.push import FhirServer, PushResult
    from fhir_kb.push import Plan as PushPlan

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket]

TOOL = Path(sys.executable).with_name("fhir-kb")
DEFINITIONS = Path(__file__).parents[2] / "definitions"


def a_moment(_: float) -> None:
    """Waits much less than a person would have to."""
    time.sleep(0.01)


def push(
    base: str, folder: Path, resources: list[dict[str, Any]], *words: str, **more: Any
) -> tuple[PushPlan, PushResult]:
    rules = more.pop("rules", TargetPolicy(max_entries=20))
    with open_session(SessionSettings(retry=RetryPolicy(tries=12)), sleep=a_moment) as session:
        server = open_server(session, base)
        with open_reconciler(folder, server, rules) as opened:
            plan = opened.plan(desired(*resources), **more)
            return plan, opened.push(plan, PushOptions(words), sleep=a_moment)


def stands(server: Hapi, kind: str, prefix: str) -> dict[str, tuple[str, str]]:
    """Title and version of each artifact on the server whose id begins so; every page is read."""
    found: dict[str, tuple[str, str]] = {}
    path = f"{kind}?_count=500"
    while path:
        bundle = server.get(path)
        for entry in bundle.get("entry", ()):
            one = entry["resource"]
            if one["id"].startswith(prefix):
                found[one["id"]] = (one.get("title", ""), one["meta"]["versionId"])
        links = (link["url"] for link in bundle["link"] if link["relation"] == "next")
        path = next(links, "").removeprefix(server.base).lstrip("/")
    return found


def some(prefix: str, number: int) -> list[dict[str, Any]]:
    """Plans, and evidence that refers to the first of them."""
    made = [artifact(f"{prefix}{index}") for index in range(number)]
    about = {"reference": f"PlanDefinition/{prefix}0"}
    made.append(
        {
            "resourceType": "Basic",
            "id": f"{prefix}b",
            "code": {"text": "note"},
            "subject": about,
        }
    )
    return made


@pytest.mark.parametrize("seed", range(3))
def test_ids_by_the_server_with_three_faults_in_ten(
    seed: int, hapi_r4: Hapi, tmp_path: Path
) -> None:
    """HAPI as if it let nobody choose ids: it chooses them as well."""
    name = f"own{seed}x{time.time_ns() % 10**9}x"
    first = [artifact(f"{name}{number}") for number in range(12)]
    for one in first[1:]:
        one["subjectReference"] = {"reference": f"PlanDefinition/{name}0"}
    later = [{**one, "title": "New"} if one["id"] == f"{name}7" else one for one in first]
    with faulty(hapi_r4.base, Plan(0.3, seed)) as base, open_session(
        SessionSettings(retry=RetryPolicy(tries=12)), sleep=a_moment
    ) as session:  # fmt: skip
        server = open_server(session, base)
        server.capabilities = replace(server.capabilities, client_ids="no")
        for resources in (first, later):
            with open_reconciler(tmp_path, server, TargetPolicy(max_entries=4)) as opened:
                plan = opened.plan(desired(*resources))
                result = opened.push(plan, sleep=a_moment)
            assert result.error is None
            assert [one.reason for one in result.failed] == []
    urls = ",".join(one["url"] for one in first)
    found = [
        one["resource"] for one in hapi_r4.get(f"PlanDefinition?url={urls}&_count=50")["entry"]
    ]
    assert sorted(one["url"] for one in found) == sorted(one["url"] for one in first)
    assert {one["title"]: one["meta"]["versionId"] for one in found} == {
        one["title"]: "2" if one["title"] == "New" else "1" for one in later
    }
    (zero,) = (one["id"] for one in found if one["url"].endswith(f"/{name}0"))
    about = {one.get("subjectReference", {}).get("reference", "") for one in found}
    assert about == {"", f"PlanDefinition/{zero}"}


@pytest.mark.parametrize("seed", range(20))
def test_with_three_faults_in_ten_it_ends_as_defined(
    seed: int, hapi_r4: Hapi, tmp_path: Path
) -> None:
    prefix = f"f{seed}x"
    plan = Plan(0.3, seed)
    first = some(prefix, 40)
    later = [{**one, "title": "New"} if one["id"] == f"{prefix}7" else one for one in first]
    with faulty(hapi_r4.base, plan) as base:
        for resources in (first, later):
            _, result = push(base, tmp_path, resources)
            assert result.error is None
            assert [one.reason for one in result.failed] == []
    expected = {f"{one['id']}-1.0.0": (one["title"], "1") for one in first if "title" in one} | {
        f"{prefix}7-1.0.0": ("New", "2")
    }
    assert stands(hapi_r4, "PlanDefinition", prefix) == expected
    assert stands(hapi_r4, "Basic", prefix) == {f"{prefix}b": ("", "1")}
    calm, _ = push(hapi_r4.base, tmp_path / "calm", later)
    assert {item.action for item in calm.changes} == {"adopt"}
    assert not any(item.differences for item in calm.changes)


@pytest.mark.parametrize("seed", range(10))
def test_a_client_that_is_killed_finishes_next_time(
    seed: int, hapi_r4: Hapi, tmp_path: Path
) -> None:
    prefix = f"k{seed}x"
    resources = some(prefix, 400)
    file = tmp_path / "all.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    words = [TOOL, "push", "-q", "--yes", "--target", hapi_r4.base, "--bundle", file]
    started = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
    time.sleep(random.Random(seed).uniform(0.4, 2.5))
    started.send_signal(signal.SIGKILL)
    started.wait()
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    there = stands(hapi_r4, "PlanDefinition", prefix)
    assert there == {f"{prefix}{n}-1.0.0": (f"The {prefix}{n}", "1") for n in range(400)}


def test_two_clients_at_once_one_wins_and_the_other_is_told(hapi_r4: Hapi, tmp_path: Path) -> None:
    one = [artifact(f"both{number}", title="One") for number in range(120)]
    two = [artifact(f"both{number}", title="Two") for number in range(120)]
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(push, hapi_r4.base, tmp_path / name, resources)
            for name, resources in (("one", one), ("two", two))
        ]
        results = [job.result() for job in jobs]
    there = stands(hapi_r4, "PlanDefinition", "both")
    assert len(there) == 120
    assert {version for _, version in there.values()} == {"1"}
    made = [len(result.applied) for _, result in results]
    told = [
        len(result.failed) + sum(item.action == "adopt" for item in plan.changes)
        for plan, result in results
    ]
    assert sum(made) == 120
    assert sum(told) == 120


def test_what_was_deleted_is_put_back_by_content(hapi_r4: Hapi, tmp_path: Path) -> None:
    rules = TargetPolicy(max_entries=20)
    push(hapi_r4.base, tmp_path, [artifact("gone1"), artifact("gone2")], rules=rules)
    push(hapi_r4.base, tmp_path, [artifact("gone1", title="Two")], rules=rules, delete=True)
    assert list(stands(hapi_r4, "PlanDefinition", "gone")) == ["gone1-1.0.0"]
    with open_session() as session:
        server = open_server(session, hapi_r4.base)
        with open_reconciler(tmp_path, server, rules) as opened:
            opened.push(opened.rollback(1))
    assert stands(hapi_r4, "PlanDefinition", "gone") == {
        "gone1-1.0.0": ("The gone1", "3"),
        "gone2-1.0.0": ("The gone2", "3"),
    }
    plan, _ = push(hapi_r4.base, tmp_path, [artifact("gone1"), artifact("gone2")], rules=rules)
    assert not plan.has_changes


def test_what_was_deleted_and_refers_to_others_is_put_back(hapi_r4: Hapi, tmp_path: Path) -> None:
    """HAPI-0825: in a transaction HAPI takes it for something that it does not know yet."""
    resources = some("put-back", 2)
    push(hapi_r4.base, tmp_path, resources)
    hapi_r4.session.delete(f"{hapi_r4.base}/Basic/put-backb", timeout=60).raise_for_status()
    plan, result = push(hapi_r4.base, tmp_path, resources, "overwrite")
    assert kinds(plan) == {"Basic/put-backb": "conflict"}
    assert not result.failed
    assert len(result.applied) == 1
    assert hapi_r4.get("Basic/put-backb")["id"] == "put-backb"


def test_ten_thousand(hapi_r4: Hapi, tmp_path: Path) -> None:
    resources = [artifact(f"m{number}") for number in range(10_000)]
    _, result = push(hapi_r4.base, tmp_path, resources, rules=TargetPolicy())
    assert len(result.applied) == 10_000
    assert not any(one.losses for one in result.applied)
    before = hapi_r4.get("PlanDefinition?_summary=count")["total"]
    resources[77]["title"] = "Another"
    hapi_r4.session.put(
        f"{hapi_r4.base}/PlanDefinition/m78-1.0.0",
        json={**resources[78], "id": "m78-1.0.0", "title": "Theirs"},
        timeout=60,
    ).raise_for_status()
    plan, result = push(hapi_r4.base, tmp_path, resources, rules=TargetPolicy())
    assert kinds(plan) == {
        "PlanDefinition/m77-1.0.0": "update",
        "PlanDefinition/m78-1.0.0": "conflict",
    }
    assert len(result.applied) == 1
    assert hapi_r4.get("PlanDefinition?_summary=count")["total"] == before


def test_a_server_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    """HAPI with its data in a file, killed in the middle of a push, five times."""
    with hapi("R4", "--file") as server:
        for turn in range(5):
            prefix = f"s{turn}x"
            resources = some(prefix, 300)
            timer = threading.Timer(0.3 + 0.25 * turn, server.kill)
            timer.start()
            _broken_push(server, tmp_path, resources)
            timer.join()
            server.restart()
            _, result = push(server.base, tmp_path, resources, "many", delete=False)
            assert result.error is None
            assert result.failed == []
            there = stands(server, "PlanDefinition", prefix)
            assert there == {
                f"{prefix}{number}-1.0.0": (f"The {prefix}{number}", "1") for number in range(300)
            }


def _broken_push(server: Hapi, folder: Path, resources: list[dict[str, Any]]) -> None:
    from fhir_kb.push import ServerError

    try:
        push(server.base, folder, resources, "many")
    except ServerError:
        return  # gone before, or while it was asked


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_definitions_on_a_real_server(release: str, hapis: HapiPool, tmp_path: Path) -> None:
    """The tour: push, nothing to do, a change, somebody else's change, drift, rollback."""
    server = hapis.running(release)
    run = _Tour(server.base, tmp_path)
    made = run("push", "--yes")
    assert made["failed"] == []
    lost = {
        (one["reference"].partition("/")[0], each["path"])
        for one in made["applied"]
        for each in one.get("losses", ())
    }
    assert {path for _, path in lost} <= {"Citation.summary"}, lost
    again = run("plan")
    assert set(again["counts"]) == {"unchanged"}
    topic = tmp_path / "definitions" / "dry-needling" / "topic.yaml"
    old = topic.read_text("utf-8")
    topic.write_text(old.replace("myofascial pain\n", "muscle pain\n", 1), "utf-8")
    assert run("plan")["counts"]["update"] >= 1
    run("push", "--yes")
    place = "PlanDefinition/anthrax-vaccination-0.1.0"
    theirs = server.get(place)
    server.session.put(
        f"{server.base}/{place}", json={**theirs, "title": "Theirs"}, timeout=60
    ).raise_for_status()
    (drift,) = run("drift")["drift"]
    assert drift["reference"] == place
    assert [one["label"] for one in drift["differences"]] == ["title"]
    assert run("plan")["counts"]["conflict"] == 1
    run("rollback", "--to", "1", "--yes", "--overwrite")
    topic.write_text(old, "utf-8")
    assert set(run("plan")["counts"]) == {"unchanged"}
    assert server.get(place)["title"] == theirs["title"]


class _Tour:
    """Runs commands in a folder of their own with the shipped definitions."""

    def __init__(self, base: str, folder: Path) -> None:
        import shutil

        self.base, self.folder = base, folder
        shutil.copytree(DEFINITIONS, folder / "definitions")

    def __call__(self, command: str, *words: str) -> dict[str, Any]:
        done = subprocess.run(
            [TOOL, command, *words, "-q", "--target", self.base, "--format", "json"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def test_what_hapi_does_that_push_relies_on(hapi_r4: Hapi) -> None:
    """The facts in fhir_kb/servers/capabilities.py and sending.py, one by one."""
    with open_session() as session:
        server = open_server(session, hapi_r4.base)
        _facts(server)


def _facts(server: FhirServer) -> None:
    ref = Ref("PlanDefinition", "fact-1")
    body = {**artifact("fact"), "id": "fact-1"}
    (made,) = server.send([ChangeRequest("create", ref, body)], "transaction")
    assert (made.version, made.created) == ("1", True)
    (again,) = server.send([ChangeRequest("create", ref, body)], "transaction")
    assert again.conflict  # If-Match: W/"0" keeps a create from replacing what is there
    (same,) = server.send([ChangeRequest("update", ref, body, "1")], "single")
    assert same.version == "1"  # identical content makes no new version
    (new,) = server.send([ChangeRequest("update", ref, {**body, "title": "N"}, "1")], "batch")
    assert new.version == "2"
    for way in ("transaction", "batch", "single"):
        (stale,) = server.send([ChangeRequest("update", ref, body, "1")], way)
        assert stale.conflict, way
    earlier = server.read_version(ref, "1")
    assert earlier.resource["title"] == body["title"]
    (gone,) = server.send([ChangeRequest("delete", ref, None, "2")], "transaction")
    assert gone.ref == ref
    assert ref not in server.read([ref, Ref("PlanDefinition", "never")])
    there = server.read([ref], include_deleted=True)[ref]
    assert there.deleted
    (refused,) = server.send([ChangeRequest("create", ref, body)], "single")
    assert refused.conflict  # a deleted place has a version, and desired to hear it
    (back,) = server.send([ChangeRequest("create", ref, body, there.version)], "single")
    assert back.created
    changed = {
        live.ref: live for live in server.changed_since("PlanDefinition", "2020-01-01T00:00:00Z")
    }
    assert changed[ref].version == back.version
    found = list(server.search("PlanDefinition", {"url": body["url"]}, summary=True))
    assert [live.ref for live in found] == [ref]
    assert server.count("PlanDefinition", {"url": body["url"]}) == 1
