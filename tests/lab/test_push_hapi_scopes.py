"""Scopes, conflicts, retirement and forged plans on a real HAPI, by the command line."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from fhir_kb.cli.run import run
from fhir_kb.emit import compact_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hapi import Hapi

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket]


class Person:
    """Runs commands on a knowledge base of its own name."""

    def __init__(self, server: Hapi, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.server, self.folder, self.capfd = server, folder, capfd
        self.kb = f"kb{time.time_ns() % 10**10}"
        assert run(["init", self.kb]) == 0

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output, error output."""
        self.capfd.readouterr()
        code = run([*words, self.kb, "--target", self.server.base])
        said = self.capfd.readouterr()
        return code, said.out, said.err

    def data(self, *words: str) -> dict[str, Any]:
        """The answer as JSON."""
        answer: dict[str, Any] = json.loads(self(*words, "-q", "--format", "json")[1])
        return answer

    def change(self, old: str, new: str, name: str) -> None:
        """Change a file of the knowledge base."""
        path = self.folder / self.kb / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    def second_topic(self) -> None:
        """Copy the topic to another one."""
        source, copy = self.folder / self.kb / "first-topic", self.folder / self.kb / "second-topic"
        shutil.copytree(source, copy)
        path = copy / "topic.yaml"
        text = path.read_text("utf-8").replace(f"{self.kb}-first-topic", f"{self.kb}-second-topic")
        path.write_text(text, "utf-8")

    def stands(self, place: str) -> dict[str, Any]:
        """A resource as the server has it."""
        return self.server.get(place)

    def status_of(self, place: str) -> int:
        """The HTTP status of reading a resource."""
        return requests.get(f"{self.server.base}/{place}", timeout=30).status_code


@pytest.fixture
def person(
    hapi_r4: Hapi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Person:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    return Person(hapi_r4, tmp_path, capfd)


def bundle(person: Person, *names: str) -> str:
    """A collection with a plan of each name."""
    resources = [
        {
            "resourceType": "PlanDefinition",
            "id": f"{person.kb}-{name}",
            "url": f"https://theirs.example.org/{person.kb}/PlanDefinition/{name}",
            "version": "1",
            "status": "active",
        }
        for name in names
    ]
    entries = [{"fullUrl": one["url"], "resource": one} for one in resources]
    path = person.folder / "theirs.json"
    path.write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "utf-8"
    )
    return str(path)


def test_two_knowledge_bases_with_the_same_ids(person: Person) -> None:
    assert person("push", "--yes")[0] == 0
    place = f"PlanDefinition/{person.kb}-first-topic-0.1.0"
    before = person.stands(place)
    person.change("canonical: https://", "canonical: https://other.", "kb.yaml")
    shutil.rmtree(person.folder / ".fhir-kb")
    for _ in range(2):
        code, out, _ = person("push", "--yes")
        assert code == 1
        assert "6 conflicts left unresolved" in out
        assert "holds what is defined" not in out
    assert len(person.data("push", "--yes")["unresolved"]) == 6
    assert person.stands(place) == before


def test_a_removed_topic_is_retired_or_left_and_then_all_is_well(person: Person) -> None:
    person.second_topic()
    assert person("push", "--yes")[0] == 0
    shutil.rmtree(person.folder / person.kb / "second-topic")
    code, out, _ = person("push", "--yes")
    assert code == 0, out
    assert "1 orphaned: no longer defined, left on the server" in out
    topic = f"{person.kb}-second-topic-0.1.0"
    assert person.stands(f"PlanDefinition/{topic}")["status"] == "retired"
    assert person.stands(f"Composition/{topic}")["status"] != "retired"
    code, out, _ = person("push", "--yes")
    assert code == 0, out
    assert "Nothing to push" in out
    assert "the server holds what is defined" not in out  # the Composition is still there
    assert "1 orphaned: no longer defined, left on the server" in out
    code, out, _ = person("push", "--yes", "--delete")
    assert code == 0, out
    for kind in ("Composition", "PlanDefinition", "Library"):
        assert person.status_of(f"{kind}/{topic}") == 410
    assert person("push", "--yes")[0] == 0


def test_a_bundle_beside_the_definitions(person: Person) -> None:
    assert person("push", "--yes")[0] == 0
    file = bundle(person, "a", "b", "c")
    code, out, _ = person("push", "--yes", "--bundle", file)
    assert (code, out.splitlines()[0].partition("): ")[2]) == (0, "3 to create")
    bundle(person, "a", "b")
    code, out, _ = person("push", "--yes", "--bundle", file)
    assert code == 0
    assert "1 pushed before is no longer in the bundle and stays" in out
    place = f"PlanDefinition/{person.kb}-c-1"
    assert person.stands(place)["status"] == "active"
    code, out, _ = person("push", "--yes", "--bundle", file, "--prune")
    assert (code, out.splitlines()[0].partition("): ")[2]) == (0, "1 to retire, 2 unchanged")
    assert person.stands(place)["status"] == "retired"
    code, out, _ = person("push", "--yes")
    assert (code, out.splitlines()[0].partition("): ")[2]) == (0, "6 unchanged")
    assert run(["build", person.kb, "-q", "--fhir", "r4"]) == 0
    own = str(person.folder / "output" / "r4" / "bundle.transaction.json")
    assert person.data("plan", "--bundle", own, "--prune")["counts"] == {"unchanged": 6}
    code, out, _ = person("rollback", "--yes")
    assert code == 0
    assert person.stands(place)["status"] == "active"
    assert person("plan", "--exit-code")[0] == 0


def _deletion(document: dict[str, Any], person: Person) -> None:
    place = f"Patient/{person.kb}-p1"
    version = person.stands(place)["meta"]["versionId"]
    document["changes"].append(
        {"action": "delete", "key": place, "reference": place, "name": place, "retired": True,
         "expectedVersion": version, "remote": "present", "scopes": document["scopes"]}
    )  # fmt: skip


def _addition(document: dict[str, Any], _: Person) -> None:
    document["changes"][-1]["resource"]["approvalDate"] = "2020-01-01"


def _creation(document: dict[str, Any], _: Person) -> None:
    row = document["changes"][-1]
    url = f"{row['resource']['url']}-x"
    body = {**row["resource"], "id": f"{row['resource']['id']}-x", "url": url}
    document["changes"].append(
        {**row, "key": f"{row['key'].partition(' ')[0]} {url}|0.1.0", "resource": body,
         "reference": f"{row['reference']}-x"}
    )  # fmt: skip


@pytest.mark.parametrize("edit", [_deletion, _addition, _creation])
def test_a_forged_plan_does_nothing(
    edit: Callable[[dict[str, Any], Person], None], person: Person
) -> None:
    patient = {"resourceType": "Patient", "id": f"{person.kb}-p1"}
    place = f"Patient/{patient['id']}"
    requests.put(f"{person.server.base}/{place}", json=patient, timeout=30).raise_for_status()
    assert person("plan", "--out", "plan.json")[0] == 0
    path = person.folder / "plan.json"
    document = json.loads(path.read_bytes())
    edit(document, person)
    path.write_bytes(compact_json(document))
    assert "the plan was changed since it was made" in person("push", "--plan", str(path), "-y")[2]
    del document["digest"]
    digest = hashlib.sha256(compact_json(document)).hexdigest()
    path.write_bytes(compact_json({**document, "digest": digest}))
    code, _, err = person("push", "--plan", str(path), "--yes", "--allow-many")
    assert code == 2
    assert "Make it again with 'fhir-kb plan --out FILE'" in err
    assert person.status_of(place) == 200
    assert person.status_of(f"PlanDefinition/{person.kb}-first-topic-0.1.0") == 404
    assert person("plan", "--out", "plan.json")[0] == 0
    assert person("push", "--plan", str(path), "--yes")[0] == 0
