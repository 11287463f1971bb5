"""The commands for servers as a person uses them, against a model server over HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from model_server import ModelServer
from moody_proxy import moody
from pushed import no_sleep
from temper import HAPI, OTHER, TYPES

from fhir_kb.cli.run import run
from fhir_kb.net import open_session
from fhir_kb.pipeline import server_targets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from moody_proxy import Asked, Forward, Reply

pytestmark = pytest.mark.enable_socket

ALL = (*TYPES, "Composition", "CodeSystem", "Provenance")
PLAN = "PlanDefinition/kb-first-topic-0.1.0"


class Person:
    """Runs commands in a folder with a new knowledge base, and reads what they print."""

    def __init__(self, server: ModelServer, capfd: pytest.CaptureFixture[str]) -> None:
        self.server, self.capfd = server, capfd

    def __call__(self, *words: str, target: str = "") -> tuple[int, str, str]:
        """Exit code, output, error output."""
        self.capfd.readouterr()
        code = run([*words, "kb", "--target", target or self.server.base])
        said = self.capfd.readouterr()
        return code, said.out, said.err

    def data(self, *words: str) -> dict[str, Any]:
        """The answer as JSON."""
        _, out, _ = self(*words, "-q", "--format", "json")
        answer: dict[str, Any] = json.loads(out)
        return answer


@pytest.fixture(params=[HAPI, OTHER], ids=lambda temper: temper.name)
def server(request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    with ModelServer(request.param.but(types=ALL)) as started:
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


def change(tmp_path: Path, old: str, new: str, name: str = "first-topic/topic.yaml") -> None:
    path = tmp_path / "kb" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def foreign_title(server: ModelServer, place: str, title: str) -> None:
    server.put({**server.resources[place], "title": title})


def test_from_nothing_to_as_defined(person: Person, server: ModelServer, tmp_path: Path) -> None:
    code, out, _ = person("plan")
    assert code == 0
    assert "6 to create" in out.splitlines()[0]
    assert server.resources == {}
    assert max(map(len, out.splitlines()[1:])) <= 80
    code, out, _ = person("push", "--yes")
    assert code == 0
    assert "push 1: 6 created" in out
    assert len(server.resources) == 6
    code, out, _ = person("push")
    assert (code, out.splitlines()[-1]) == (0, "Nothing to push: the server holds what is defined")
    assert len(server.resources) == 6


def test_a_change_is_shown_with_its_line(
    person: Person, server: ModelServer, tmp_path: Path
) -> None:
    person("push", "--yes")
    change(tmp_path, "Another way, in words only", "By hand")
    code, out, _ = person("plan", "--exit-code")
    assert code == 4
    assert "action 'act' · action 'other-way' · title" in out
    words = "title topic.yaml:29 Another way, in words only → By hand"
    assert words in " ".join(out.split())
    person("push", "--yes")
    assert server.resources[PLAN]["action"][1]["action"][1]["title"] == "By hand"
    assert person("plan", "--exit-code")[0] == 0


def test_without_yes_somebody_has_to_be_there(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = person("push")
    assert code == 2
    assert "6 changes would be made" in err
    assert "--yes" in err
    assert server.resources == {}


def test_what_somebody_else_changed(person: Person, server: ModelServer) -> None:
    person("push", "--yes")
    foreign_title(server, PLAN, "Theirs")
    code, out, _ = person("push", "--yes")
    assert code == 1
    assert "1 is left as it is on the server; --overwrite makes it what is defined" in out
    assert server.resources[PLAN]["title"] == "Theirs"
    (found,) = person.data("drift")["drift"]
    assert found["reference"] == PLAN
    assert found["differences"][0]["new"] == "Theirs"
    assert person("push", "--yes", "--overwrite")[0] == 0
    assert server.resources[PLAN]["title"] == "The title of the topic"
    assert person("drift")[1].endswith("no changes since the last push\n")


def test_ids_that_another_knowledge_base_uses_are_conflicts_and_no_success(
    person: Person, server: ModelServer, tmp_path: Path
) -> None:
    person("push", "--yes")
    before = server.resources
    change(tmp_path, "canonical: https://", "canonical: https://other.", "kb.yaml")
    shutil.rmtree(tmp_path / ".fhir-kb")  # as on the machine of somebody else
    code, out, _ = person("push", "--yes")
    assert code == 1
    assert "6 conflicts left unresolved: see the plan for each reason" in out
    assert "holds what is defined" not in out
    report = person.data("push", "--yes")
    assert len(report["unresolved"]) == 6
    assert {row["reason"] for row in report["unresolved"]} == {
        "another resource has its id on the server"
    }
    assert server.resources == before


def test_back_and_forth(person: Person, server: ModelServer, tmp_path: Path) -> None:
    person("push", "--yes")
    first = server.resources
    change(tmp_path, "Another way, in words only", "By hand")
    person("push", "--yes")
    code, out, _ = person("rollback", "--yes")
    assert code == 0
    assert "push 3: 1 updated" in out
    assert server.resources == first
    code, _, err = person("rollback", "--to", "77", "--yes")
    assert code == 2
    assert "push 77 is not in the history" in err
    pushes = person.data("status")["pushes"]
    assert [one["push"] for one in pushes] == [1, 2, 3]


def test_a_plan_in_a_file(person: Person, server: ModelServer, tmp_path: Path) -> None:
    person("plan", "--out", "plan.json")
    assert person("push", "--plan", "plan.json", "--yes")[0] == 0
    assert len(server.resources) == 6
    change(tmp_path, "Another way, in words only", "By hand")
    person("plan", "--out", "plan.json")
    foreign_title(server, PLAN, "Theirs")
    code, _, err = person("push", "--plan", "plan.json", "--yes")
    assert code == 3
    assert "the plan is stale: PlanDefinition/kb-first-topic|0.1.0 changed on the server" in err
    (tmp_path / "plan.json").write_text("{}")
    assert person("push", "--plan", "plan.json", "--yes")[0] == 2


def test_a_new_version_and_deletion(person: Person, server: ModelServer, tmp_path: Path) -> None:
    person("push", "--yes")
    change(tmp_path, "version: 0.1.0", "version: 0.2.0", "kb.yaml")
    page = server.resources["Composition/kb-first-topic-0.1.0"]
    code, out, _ = person("push", "--yes", "--allow-many")
    assert code == 0
    assert "1 orphaned: no longer defined, left on the server" in out
    assert server.resources["Composition/kb-first-topic-0.1.0"] == page  # R4: no status for that
    (orphan,) = person.data("push", "--yes")["orphaned"]
    assert orphan["reference"] == "Composition/kb-first-topic-0.1.0"
    assert "FHIR R4 has no status that retires a Composition" in orphan["reason"]
    assert server.resources[PLAN]["status"] == "retired"
    assert server.resources["PlanDefinition/kb-first-topic-0.2.0"]["status"] != "retired"
    person("push", "--yes", "--allow-many", "--delete")
    assert PLAN not in server.resources
    person("rollback", "--to", "1", "--yes", "--allow-many", "--delete")
    assert server.resources[PLAN]["status"] != "retired"
    assert "PlanDefinition/kb-first-topic-0.2.0" not in server.resources


def test_what_the_server_refuses_is_told_at_the_line(person: Person, server: ModelServer) -> None:
    server.refuses["PlanDefinition/kb-first-topic-0.1.0"] = "no plans on Mondays"
    code, out, _ = person("push", "--yes")
    assert code == 1
    assert re.search(r"^kb/first-topic/topic\.yaml:3:\d+: error\[KB801\]", out, re.MULTILINE)
    assert "no plans on Mondays" in out
    assert "failed: fix the errors above, then push again" in out
    del server.refuses["PlanDefinition/kb-first-topic-0.1.0"]
    assert person("push", "--yes")[0] == 0
    assert PLAN in server.resources


def test_pull_writes_what_stands_there(person: Person, server: ModelServer, tmp_path: Path) -> None:
    person("push", "--yes")
    foreign_title(server, PLAN, "Theirs")
    assert person("pull", "-o", "there")[0] == 0
    found = json.loads(
        (tmp_path / "there" / "PlanDefinition-kb-first-topic-0.1.0.json").read_bytes()
    )
    assert found["title"] == "Theirs"
    assert len(list((tmp_path / "there").glob("[A-Z]*.json"))) == 6
    (tmp_path / "there" / "Patient-mine.json").write_text("{}")
    assert person("pull", "-o", "there")[0] == 0
    assert (tmp_path / "there" / "Patient-mine.json").read_text() == "{}"


def test_provenance_on_wish(person: Person, server: ModelServer) -> None:
    assert person("push", "--yes", "--provenance")[0] == 0
    (one,) = [each for name, each in server.resources.items() if name.startswith("Provenance/")]
    assert len(one["target"]) == 6
    assert person("plan", "--exit-code")[0] == 0


@pytest.mark.parametrize(
    ("word", "code", "words"),
    [
        ("ward-x", 2, "there is no target 'ward-x'; did you mean 'ward-a'?"),
        ("http://127.0.0.1:1/fhir", 3, "127.0.0.1:1"),
        (
            "http://me:s3cret@127.0.0.1:1/fhir",
            2,
            "'http://127.0.0.1:1/fhir' contains a user name",
        ),
        ("ward-r5", 2, "should have FHIR R5 by kb.yaml, but has R4"),
    ],
)
def test_targets_that_cannot_be_reached(
    word: str, code: int, words: str, person: Person, server: ModelServer, tmp_path: Path
) -> None:
    kb = tmp_path / "kb" / "kb.yaml"
    targets = f"targets:\n  ward-a: {server.base}\n  ward-r5: {{url: '{server.base}', fhir: r5}}\n"
    kb.write_text(kb.read_text("utf-8") + targets, "utf-8")
    found, _, err = person("plan", target=word)
    assert found == code
    assert words in err.replace("\n  ", "; ").replace(";  ", "; ")
    assert "s3cret" not in err
    assert person("plan", target="ward-a")[0] == 0


def test_a_login_is_used_and_never_shown(
    person: Person,
    server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WARD_TOKEN", "c4n4ry-s3cret")
    (tmp_path / "logins.yaml").write_text(
        f"{server.base}:\n  type: bearer\n  token: {{env: WARD_TOKEN}}\n", "utf-8"
    )
    said = [person(*words) for words in (["plan"], ["push", "--yes"], ["status"], ["drift"])]
    assert [code for code, _, _ in said] == [0, 0, 0, 0]
    assert server.resources
    everything = "".join(out + err for _, out, err in said)
    everything += "".join(
        path.read_text("utf-8", "replace")
        for path in (tmp_path / ".fhir-kb").rglob("*")
        if path.is_file()
    )
    assert "c4n4ry" not in everything
    (tmp_path / "logins.yaml").write_text(f"{server.base}:\n  type: berer\n", "utf-8")
    code, _, err = person("plan")
    assert code == 2
    assert "logins.yaml:2:" in err


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_what_is_kept_is_for_its_owner_only(
    person: Person, server: ModelServer, tmp_path: Path
) -> None:
    person("plan", "--out", "plan.json")
    person("push", "--yes")
    (workspace,) = (tmp_path / ".fhir-kb" / "servers").iterdir()
    assert workspace.stat().st_mode & 0o777 == 0o700
    kept = [path for path in workspace.rglob("*") if path.is_file() and path.name != "lock"]
    assert len(kept) >= 5
    for path in (*kept, tmp_path / "plan.json"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize(("mode", "code"), [(0o600, 0), (0o644, 0), (0o664, 2), (0o602, 2)])
def test_a_login_file_that_others_can_write_is_refused(
    person: Person, server: ModelServer, tmp_path: Path, mode: int, code: int
) -> None:
    logins = tmp_path / "logins.yaml"
    logins.write_text("{}\n", "utf-8")
    logins.chmod(mode)
    found, _, err = person("plan")
    assert found == code
    assert ("can be written by others" in err) == (code == 2)


def test_bundles_of_others(
    person: Person, server: ModelServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["build", "kb", "-q", "--fhir", "r4"]) == 0
    for name in ("bundle.transaction.json", "package.tgz", "resources.ndjson"):
        capfd.readouterr()
        file = tmp_path / "output" / "r4" / name
        code = run(["push", "--yes", "-q", "--bundle", str(file), "--target", server.base])
        assert code == 0, capfd.readouterr()
    assert len(server.resources) == 6
    assert set(map(len, (server.versions_of(name) for name in server.resources))) == {1}
    bad = tmp_path / "bad.json"
    bad.write_text("[1]")
    assert run(["push", "--yes", "--bundle", str(bad), "--target", server.base]) == 2


def test_doctor_leaves_no_trace(person: Person, server: ModelServer) -> None:
    code, out, _ = person("doctor")
    assert code == 0
    assert "Ready for a push" in out
    assert {one.method for one in server.requests} <= {"GET"}
    assert server.resources == {}


def test_what_a_server_let_us_replace_is_no_success(
    person: Person,
) -> None:
    theirs = {"resourceType": "Library", "id": "kb-0.1.0", "url": "https://x.example", "title": "A"}

    def somebody_is_faster(request: Asked, forward: Forward) -> Reply:
        if request.is_change and not person.server.resources:
            person.server.put(theirs)
        without = request.body.replace(b'"ifMatch":', b'"_1":').replace(b'"ifNoneMatch":', b'"_2":')
        return forward(replace(request, body=without))

    with moody(person.server.base, somebody_is_faster) as proxy:
        code, out, _ = person("push", "--yes", target=proxy.base)
    assert code == 1
    assert "error[KB805] Library/kb|0.1.0: somebody created Library/kb-0.1.0 since" in out
    assert "1 replaced what somebody else had created" in out


def test_what_is_orphaned_is_not_called_as_it_was(person: Person) -> None:
    assert person("push", "--yes")[0] == 0
    assert "1 orphaned" in person("rollback", "--yes", "--to", "0")[1]
    code, out, _ = person("rollback", "--yes", "--to", "0")
    assert code == 0
    assert "the server holds" not in out
    assert out.endswith("Nothing to push\n1 orphaned: no longer defined, left on the server\n")


def test_what_was_not_stored_as_sent_is_no_success_later_either(
    person: Person, server: ModelServer
) -> None:
    server.store.temper = server.temper.but(drops=frozenset({"description"}))
    code, out, _ = person("push", "--yes")
    assert code == 1
    assert "5 not stored as sent: see the errors above" in out  # all but the Composition
    code, out, _ = person("push", "--yes")
    assert code == 1
    assert "the server holds" not in out
    assert "5 stored otherwise than sent by earlier pushes" in out
    code, out, _ = person("push", "--yes", "--format", "json")
    assert code == 1
    altered = json.loads(out)["altered"]
    assert len(altered) == 5
    assert all(change["action"] == "unchanged" for change in altered)
