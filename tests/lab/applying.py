"""Plans that a HAPI server applies to a patient, and what came out, in one shape for R4 and R5.

Cases are in apply_shapes.py: a step as an author writes it, and what of it has to be proposed.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from apply_shapes import cases
from hapi import parse

from fhir_kb.model.cql_header import cql_header
from fhir_kb.pipeline import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hapi import Hapi

CASES = cases()
BASE = "https://kb.test/apply"
_GOALS = 20  # more than any plan here has
SHIPPED = "https://kb.test/shipped"
"""The base of the shipped definitions here."""
KB = f"""\
id: apply-shapes
title: Shapes of plans
canonical: {BASE}
version: 1.0.0
status: active
date: 2026-12-01
publisher: The ward
license: CC0-1.0
language: en
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What $apply gave for a patient: in R4 a CarePlan, in R5 a Bundle."""

    resources: list[dict[str, Any]]
    """The orchestration first, then orders, goals, outcomes; those within others too."""
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The actions of the orchestration by their id, inner ones too."""

    @property
    def messages(self) -> list[str]:
        """What the engine says in OperationOutcomes."""
        outcomes = (one for one in self.resources if one["resourceType"] == "OperationOutcome")
        return [issue["diagnostics"] for outcome in outcomes for issue in outcome["issue"]]

    def order(self, action: Mapping[str, Any]) -> dict[str, Any] | None:
        """The request that an action leads to."""
        if "resource" not in action:
            return None
        name = action["resource"]["reference"].removeprefix("#").rpartition("/")[2]
        return next(
            one for one in self.resources if one["id"] == name and one["resourceType"] != "CarePlan"
        )

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The resources of a type."""
        return [one for one in self.resources if one["resourceType"] == kind]


def published(definitions: Path, release: str, output: Path) -> bytes:
    """The transaction bundle that a build of the definitions writes for a release."""
    result = build(definitions, output=output)
    assert result.files is not None, [one.message for one in result.diagnostics]
    return (output / release / "bundle.transaction.json").read_bytes()


def write_shapes(folder: Path) -> None:
    """A topic with a step for each case."""
    topic: dict[str, Any] = {
        "topic": "apply-shapes",
        "title": "Shapes",
        "summary": "One step for each shape.",
        "type": "protocol",
        "plan": {"goals": {}, "steps": []},
    }
    for case in CASES.values():
        topic["plan"]["steps"].append(case["step"])
        topic["plan"]["goals"] |= case.get("goals", {})
        for key in ("activities", "libraries", "value-sets"):
            topic.setdefault(key, {}).update(case.get(key, {}))
    (folder / "shapes").mkdir()
    (folder / "kb.yaml").write_text(KB, "utf-8")
    (folder / "concepts.yaml").write_text("adult: {text: Adult}\n", "utf-8")
    (folder / "shapes" / "topic.yaml").write_text(yaml.safe_dump(topic, sort_keys=False), "utf-8")
    for name, text in FILES.items():
        (folder / "shapes" / name).write_text(text, "utf-8")


def write_shipped(definitions: Path, folder: Path) -> None:
    """The shipped definitions under a canonical base and CQL names of their own.

    Other tests load them on the same server under their own.
    """
    shutil.copytree(definitions, folder)
    names = [
        header.library.own_name
        for file in folder.rglob("*.cql")
        if (header := cql_header(file.read_text("utf-8"))).library is not None
    ]
    assert names
    named = re.compile(rf"\b({'|'.join(names)})\b")
    for file in (path for path in folder.rglob("*") if path.is_file()):
        text = file.read_text("utf-8").replace("https://fhir-kb.example/fhir", SHIPPED)
        if file.suffix in {".cql", ".yaml"}:
            text = named.sub(r"Lab\1", text)
        file.write_text(text, "utf-8")


def load(server: Hapi, transaction: bytes) -> None:
    """Load a transaction; its resources get ids above those that $apply gives to goals.

    HAPI R4 numbers goals from 1 beside an orchestration that has the id of the plan, and loses one
    of two with the same id: on a fresh server the plan has such an id.
    """
    filler = {
        "resource": {"resourceType": "Basic", "code": {"text": "no content"}},
        "request": {"method": "POST", "url": "Basic"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [filler] * _GOALS}
    server.post_bundle(json.dumps(bundle).encode())
    server.post_bundle(transaction)


def put(server: Hapi, resource: dict[str, Any]) -> None:
    """Store a resource under its own id."""
    address = f"{server.base}/{resource['resourceType']}/{resource['id']}"
    answer = server.session.put(address, json=resource, timeout=60)
    assert answer.status_code in {200, 201}, answer.text[:500]


def apply(server: Hapi, url: str, patient: str) -> Applied:
    """Apply the plan with that canonical url to a patient, by the id that the server gave it."""
    (entry,) = server.get(f"PlanDefinition?url={url}")["entry"]
    found = server.session.get(
        f"{server.base}/PlanDefinition/{entry['resource']['id']}/$apply",
        params={"subject": f"Patient/{patient}"},
        timeout=120,
    )
    assert found.status_code == 200, found.text[:1000]
    answer = parse(found.content)
    if answer["resourceType"] == "Parameters":  # R5
        answer = answer["parameter"][0]["resource"]
    roots = (
        [entry["resource"] for entry in answer["entry"]]
        if answer["resourceType"] == "Bundle"
        else [answer]
    )
    resources = [one for root in roots for one in _with_contained(root)]
    orchestration = next(
        one for one in resources if one["resourceType"] in {"RequestGroup", "RequestOrchestration"}
    )
    actions = {action["id"]: action for action in _actions(orchestration.get("action", ()))}
    return Applied(resources, actions)


def _with_contained(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield resource
    for inner in resource.get("contained", ()):
        yield from _with_contained(inner)


def _actions(actions: Any) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield action
        yield from _actions(action.get("action", ()))


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """What of the expected is missing or other: a dictionary may have more, a list may not.

    None is expected where there is nothing.
    """
    if expected is None or found is None:
        return [] if expected is found else [f"{path}: {found!r} instead of {expected!r}"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            line
            for name, value in expected.items()
            for line in differences(value, found.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for number, value in enumerate(expected)
            for line in differences(value, found[number], f"{path}[{number}]")
        ]
    same = str(expected) == str(found) if isinstance(expected, float) else expected == found
    return [] if same else [f"{path}: {found!r} instead of {expected!r}"]


#: files of the topic, by name
FILES: dict[str, str] = {
    "ages.cql": """\
library Ages version '1.2.0'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1' called FHIRHelpers
include Limits version '1.0.0' called Limits
context Patient
define "Is adult": AgeInYears() >= Limits."Majority"
define "Is child": not "Is adult"
""",
    "limits.cql": """\
library Limits version '1.0.0'
define "Majority": 18
""",
}
