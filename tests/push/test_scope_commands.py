"""Scopes on the command line: bundles beside definitions, --prune, --scope, plans from files."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from model_server import ModelServer
from pushed import no_sleep
from temper import HAPI, TYPES

from fhir_kb.cli.run import run
from fhir_kb.emit import compact_json
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets
from fhir_kb.push import workspace_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.enable_socket

KB = "https://kb.example/fhir/Library/kb"
ALL = (*TYPES, "Composition", "CodeSystem", "Provenance", "Patient")
PLAN = "PlanDefinition/kb-first-topic-0.1.0"


class Person:
    """Runs commands on one server and reads what they print."""

    def __init__(self, server: ModelServer, capfd: pytest.CaptureFixture[str]) -> None:
        self.server, self.capfd = server, capfd

    def __call__(self, *words: str, kb: str = "kb", target: str = "") -> tuple[int, str, str]:
        """Exit code, output, error output."""
        self.capfd.readouterr()
        code = run([*words, kb, "--target", target or self.server.base])
        said = self.capfd.readouterr()
        return code, said.out, said.err

    def data(self, *words: str) -> dict[str, Any]:
        """The answer as JSON."""
        answer: dict[str, Any] = json.loads(self(*words, "-q", "--format", "json")[1])
        return answer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(HAPI.but(types=ALL)) as started:
        yield started


@pytest.fixture
def person(
    server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Person:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_KB_LOGINS", str(tmp_path / "logins.yaml"))
    monkeypatch.setattr(server_targets, "open_session", partial(open_session, sleep=no_sleep))
    assert run(["init", "kb"]) == 0
    return Person(server, capfd)


def bundle(path: Path, *names: str, **more: Any) -> str:
    """A collection with a plan of each name."""
    resources = [
        {
            "resourceType": "PlanDefinition",
            "id": name,
            "url": f"https://theirs.example.org/PlanDefinition/{name}",
            "version": "1",
            "status": "active",
        }
        for name in names
    ]
    entries = [{"fullUrl": one["url"], "resource": one} for one in resources]
    content = {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}
    path.write_text(json.dumps(content), "utf-8")
    return str(path)


def test_a_bundle_beside_the_definitions(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    file = bundle(tmp_path / "theirs.json", "a", "b", "c")
    code, out, _ = person("push", "--yes", "--bundle", file)
    assert code == 0
    assert "3 to create" in out.splitlines()[0]
    assert "retire" not in out
    assert out.splitlines()[1] == "  scope theirs.json"
    code, out, _ = person("push", "--yes")
    assert (code, out.splitlines()[0].partition("): ")[2]) == (0, "6 unchanged")
    assert person.data("status")["scopes"] == {KB: 6, "theirs.json": 3}
    assert len(person.server.resources) == 9


def test_prune_says_in_its_first_line_how_many(person: Person, tmp_path: Path) -> None:
    file = bundle(tmp_path / "theirs.json", "a", "b", "c")
    person("push", "--yes", "--bundle", file)
    bundle(tmp_path / "theirs.json", "a", "b")
    code, out, _ = person("push", "--yes", "--bundle", file)
    assert code == 0
    assert out.splitlines()[2] == (
        "  1 pushed before is no longer in the bundle and stays; --prune retires it"
    )
    assert person.server.resources["PlanDefinition/c-1"]["status"] == "active"
    report = person.data("push", "--yes", "--bundle", file)
    assert report["scopes"] == ["theirs.json"]
    assert report["unpruned"] == ["PlanDefinition https://theirs.example.org/PlanDefinition/c|1"]
    code, out, _ = person("plan", "--bundle", file, "--prune")
    assert out.splitlines()[0].endswith("1 to retire, 2 unchanged")
    assert person("push", "--yes", "--bundle", file, "--prune")[0] == 0
    assert person.server.resources["PlanDefinition/c-1"]["status"] == "retired"
    _, out, _ = person("plan", "--bundle", file, "--prune")
    assert out.splitlines()[0].endswith("0 to retire, 2 unchanged")


def test_a_bundle_that_lost_most_is_not_pruned_by_mistake(person: Person, tmp_path: Path) -> None:
    file = bundle(tmp_path / "theirs.json", "a", "b", "c")
    person("push", "--yes", "--bundle", file)
    bundle(tmp_path / "theirs.json", "a")
    code, _, err = person("push", "--yes", "--bundle", file, "--prune")
    assert code == 2
    assert "the plan removes 2 of the 3 resources" in err
    assert person("push", "--yes", "--bundle", file, "--prune", "--allow-many")[0] == 0


@pytest.mark.parametrize(
    ("more", "scope"),
    [
        ({}, "b.json"),
        ({"identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:x:1"}}, "urn:x:1"),
        ({"identifier": {"system": "https://x.org", "value": "7"}}, "https://x.org|7"),
        ({"identifier": {"value": 7}}, "b.json"),
        ({"identifier": [7]}, "b.json"),
    ],
)
def test_what_a_bundle_is(more: dict[str, Any], scope: str, person: Person, tmp_path: Path) -> None:
    file = bundle(tmp_path / "b.json", "a", **more)
    assert person.data("plan", "--bundle", file)["scopes"] == [scope]
    assert person.data("plan", "--bundle", file, "--scope", "mine")["scopes"] == ["mine"]


def test_a_bundle_in_xml_has_its_identifier(person: Person, tmp_path: Path) -> None:
    url = "https://theirs.example.org/PlanDefinition/a"
    (tmp_path / "b.xml").write_text(
        '<Bundle xmlns="http://hl7.org/fhir"><identifier><value value="urn:x:1"/></identifier>'
        '<type value="collection"/>'
        f'<entry><fullUrl value="{url}"/><resource><PlanDefinition><id value="a"/>'
        f'<url value="{url}"/><version value="1"/><status value="active"/>'
        "</PlanDefinition></resource></entry></Bundle>",
        "utf-8",
    )
    plan = person.data("plan", "--bundle", str(tmp_path / "b.xml"))
    assert (plan["scopes"], plan["counts"]) == (["urn:x:1"], {"create": 1})


def test_what_build_made_is_the_knowledge_base(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    assert run(["build", "kb", "-q", "--fhir", "r4"]) == 0
    for name in ("bundle.transaction.json", "bundle.collection.json", "package.tgz",
                 "resources.ndjson"):  # fmt: skip
        plan = person.data("plan", "--bundle", str(tmp_path / "output" / "r4" / name), "--prune")
        assert (plan["scopes"], plan["counts"]) == ([KB], {"unchanged": 6}), name


def test_a_topic_alone_does_not_prune_the_others(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    words = ["bundle", "kb-first-topic", "-d", "kb", "--fhir", "r4", "-o", "topic.json", "-q"]
    assert run(words) == 0
    plan = person.data("plan", "--bundle", "topic.json", "--prune")
    assert plan["scopes"] != [KB]
    assert plan["counts"] == {"unchanged": 5}


def test_two_knowledge_bases_beside_each_other(person: Person) -> None:
    person("push", "--yes")
    assert run(["init", "ward"]) == 0
    code, out, _ = person("push", "--yes", kb="ward")
    assert code == 0
    assert "6 to create" in out.splitlines()[0]
    assert person("plan", "--exit-code")[0] == 0
    assert len(person.server.resources) == 12


def test_rollback_and_its_scope(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    file = bundle(tmp_path / "theirs.json", "a", "b")
    person("push", "--yes", "--bundle", file)
    code, out, _ = person("rollback", "--yes", "--delete")
    assert code == 0
    assert out.splitlines()[0].endswith("2 to delete")
    assert len(person.server.resources) == 6
    code, out, _ = person("rollback", "--yes", "--to", "1", "--scope", KB)
    assert out.splitlines()[-1] == "Nothing to push: the server holds what it held after push 1"
    code, _, err = person("rollback", "--yes", "--scope", "thiers.json")
    assert code == 2
    assert "nothing was pushed to this server as 'thiers.json'" in err


def test_no_rollback_of_another_knowledge_base_unasked(person: Person) -> None:
    person("push", "--yes")
    assert run(["init", "ward"]) == 0
    person("push", "--yes", kb="ward")
    before = person.server.resources
    code, out, err = person("rollback", "--yes")
    assert (code, out, person.server.resources) == (2, "", before)
    ward = "https://ward.example/fhir/Library/ward"
    assert f"the last push was not of 'kb', but of {ward}" in err
    assert f"--scope {KB}, or --scope {ward}" in err
    code, out, _ = person("rollback", "--yes", "--allow-many", "--delete", kb="ward")
    assert (code, len(person.server.resources)) == (0, 6)
    code, _, _ = person("rollback", "--yes", "--allow-many", "--delete", "--scope", KB)
    assert (code, len(person.server.resources)) == (0, 0)


def test_messages_say_what_is_recorded_and_written(person: Person) -> None:
    code, out, _ = person("pull", "-o", "there")
    assert (code, out.splitlines()[-1]) == (0, "Nothing that was pushed from here is recorded")
    _, out, _ = person("plan", "--out", "p.json")
    assert out.splitlines()[-1] == "The plan is in p.json: give it to 'push --plan'"
    assert "The plan is in" not in person("plan", "--out", "p.json", "--format", "markdown")[1]
    person("push", "--yes", "--plan", "p.json")
    _, out, _ = person("status")
    assert out.count(person.server.base) == 1
    assert f"      6 in scope {KB}\n" in out
    code, _, err = person("push", "--yes", "--plan", "p.json")
    assert "it is empty where this one was carried out before" in err
    for place in (PLAN, "Composition/kb-first-topic-0.1.0"):
        person.server.put({**person.server.resources[place], "title": "Theirs"})
    _, out, _ = person("push", "--yes")
    assert "2 are left as they are on the server; --overwrite makes them what is defined" in out
    person("push", "--yes", "--overwrite", "--allow-many")
    _, out, _ = person("status")
    pushes = [line.split("  ")[-1] for line in out.splitlines() if line.startswith("  push")]
    assert pushes == ["6 created", "2 overwritten"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("localhost:8080/fhir", "give a URL: http://… or https://…"),
        ("http://localhost:8080/fhir/metadata", "Leave /metadata out: http://localhost:8080/fhir"),
        ("http://localhost:8080/fhir/metadata/", "Leave /metadata out: http://localhost:8080/fhir"),
    ],
)
def test_what_is_no_base_url(person: Person, target: str, message: str) -> None:
    code, _, err = person("plan", target=target)
    assert code == 2
    assert message in err


def test_drift_and_pull_of_a_scope(person: Person, tmp_path: Path) -> None:
    assert "nothing that was pushed from here is recorded" in person("drift")[1]
    person("push", "--yes")
    file = bundle(tmp_path / "theirs.json", "a", "b")
    person("push", "--yes", "--bundle", file)
    person.server.put({**person.server.resources[PLAN], "title": "Theirs"})
    assert len(person.data("drift")["drift"]) == 1
    assert person.data("drift", "--scope", "theirs.json")["drift"] == []
    assert len(person.data("pull", "--scope", "theirs.json", "-o", "there")["files"]) == 2


def test_pull_says_what_the_server_no_longer_holds(person: Person, server: ModelServer) -> None:
    person("push", "--yes")
    server.delete(PLAN)
    code, out, _ = person("pull", "-o", "there")
    assert code == 1
    assert out.splitlines()[-1] == f"{PLAN} is no longer on the server"
    assert person.data("pull", "-o", "there")["missing"] == [PLAN]


def _rewritten(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """A plan with changes, and the digest that it then has: the digest has no key."""
    document = json.loads(path.read_bytes())
    edit(document)
    del document["digest"]
    digest = hashlib.sha256(compact_json(document)).hexdigest()
    path.write_bytes(compact_json({**document, "digest": digest}))


def _another(document: dict[str, Any]) -> None:
    row = next(row for row in document["changes"] if row["reference"] == PLAN)
    body = {**row["resource"], "id": "x", "url": "https://kb.example/fhir/PlanDefinition/x"}
    document["changes"].append(
        {**row, "reference": "PlanDefinition/x", "resource": body,
         "key": "PlanDefinition https://kb.example/fhir/PlanDefinition/x|0.1.0"}
    )  # fmt: skip


def _more(document: dict[str, Any]) -> None:
    row = next(row for row in document["changes"] if row["reference"] == PLAN)
    row["resource"]["approvalDate"] = "2020-01-01"


def _deletion(document: dict[str, Any]) -> None:
    document["changes"].append(
        {"action": "delete", "key": "Patient/p1", "reference": "Patient/p1", "name": "Patient/p1",
         "expectedVersion": "1", "remote": "present", "retired": True, "scopes": [KB]}
    )  # fmt: skip


def _fewer(document: dict[str, Any]) -> None:
    del document["changes"][0]


@pytest.mark.parametrize("edit", [_another, _more, _deletion, _fewer])
def test_a_plan_that_is_not_what_the_definitions_say_does_nothing(
    edit: Callable[[dict[str, Any]], None], person: Person, tmp_path: Path
) -> None:
    person.server.put({"resourceType": "Patient", "id": "p1"})
    person("plan", "--out", "plan.json")
    _rewritten(tmp_path / "plan.json", edit)
    before = person.server.resources
    code, _, err = person("push", "--plan", "plan.json", "--yes", "--allow-many")
    assert code == 2
    assert "Make it again with 'fhir-kb plan --out FILE'" in err
    assert person.server.resources == before
    person("plan", "--out", "plan.json")
    assert person("push", "--plan", "plan.json", "--yes")[0] == 0


def test_a_plan_of_a_bundle_is_compared_with_the_bundle(person: Person, tmp_path: Path) -> None:
    file = bundle(tmp_path / "theirs.json", "a", "b")
    person("plan", "--bundle", file, "--out", "plan.json")
    code, _, err = person("push", "--plan", "plan.json", "--yes")
    assert code == 2
    assert "the plan was made for 'theirs.json', not for" in err
    bundle(tmp_path / "theirs.json", "a")
    assert person("push", "--plan", "plan.json", "--yes", "--bundle", file)[0] == 2
    assert person.server.resources == {}
    bundle(tmp_path / "theirs.json", "a", "b")
    assert person("push", "--plan", "plan.json", "--yes", "--bundle", file)[0] == 0
    assert len(person.server.resources) == 2


def test_a_plan_without_definitions_says_what_is_not_compared(
    person: Person, tmp_path: Path
) -> None:
    person("plan", "--out", "plan.json")
    code, _, err = person("push", "--plan", "plan.json", "--yes", kb="elsewhere")
    assert code == 0
    assert "not compared with the definitions: there are none here" in err


def test_another_name_of_this_machine_is_told(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    other = person.server.base.replace("127.0.0.1", "localhost")
    _, _, err = person("plan", target=other)
    assert err.startswith(f"warning: {other} is {person.server.base} by another name:\n")
    _, out, _ = person("plan", "--format", "json", "-q", target=other)
    assert json.loads(out)["otherNames"] == [person.server.base]
    assert "another name" not in person("plan")[2]


def test_one_base_however_it_is_written(person: Person, tmp_path: Path) -> None:
    person("push", "--yes")
    code, out, _ = person("plan", "--exit-code", target=f"HTTP{person.server.base[4:]}/")
    assert (code, out.splitlines()[0].partition("): ")[2]) == (0, "6 unchanged")
    folders = {
        workspace_folder(tmp_path, base)
        for base in ("https://h.example/r4", "https://H.example:443/r4/", "HTTPS://h.example/r4")
    }
    assert len(folders) == 1
    assert workspace_folder(tmp_path, "https://h.example/R4") not in folders
