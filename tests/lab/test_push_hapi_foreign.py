"""Files of others on a real HAPI: what stands there is what the file has, less what is told."""

from __future__ import annotations

import json
import tarfile
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from environ import SHARED

from fhir_kb.cli.run import run

if TYPE_CHECKING:
    from pathlib import Path

    from hapi import Hapi

PACKAGES = SHARED / "fhir" / "packages"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.enable_socket,
    pytest.mark.skipif(not PACKAGES.is_dir(), reason="needs the packages in ../shared/fhir"),
]


class Pushed:
    """The exit code and the JSON of a push."""

    def __init__(self, code: int, content: dict[str, Any]) -> None:
        self.code = code
        self.content = content

    @property
    def findings(self) -> Counter[str]:
        return Counter(finding["code"] for finding in self.content["findings"])

    @property
    def places(self) -> list[str]:
        return [change["reference"] for change in self.content["applied"]]


@pytest.fixture
def push(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Pushes one file, with a workspace of the test's own."""
    monkeypatch.chdir(tmp_path)

    def pushed(file: Path, server: Hapi) -> Pushed:
        capfd.readouterr()
        words = ["push", "--yes", "-q", "--format", "json", "--bundle", str(file)]
        code = run([*words, "--target", server.base])
        return Pushed(code, json.loads(capfd.readouterr().out))

    return pushed


def types_in(package: Path) -> Counter[str]:
    """How many resources of each type a package has."""
    types: Counter[str] = Counter()
    with tarfile.open(package) as tar:
        for member in tar:
            path = member.name.split("/")
            if len(path) == 2 and path[1].endswith(".json") and path[1] != "package.json":
                content = tar.extractfile(member)
                assert content is not None
                resource_type = json.load(content).get("resourceType")
                types[resource_type] += 1
    return types


def test_a_package_is_there_as_it_is(push: Any, hapi_r4: Hapi) -> None:
    package = PACKAGES / "hl7.fhir.uv.cpg-2.0.0.tgz"
    expected = types_in(package)
    described = expected.pop("ImplementationGuide", 0)
    expected.pop(None, None)  # type: ignore[call-overload]  # the index
    pushed = push(package, hapi_r4)
    assert pushed.code == 0, pushed.content
    assert pushed.findings == {"KB814": described}
    assert Counter(place.split("/")[0] for place in pushed.places) == expected
    for type_, count in expected.items():
        url = "http://hl7.org/fhir/uv/cpg"
        assert hapi_r4.get(f"{type_}?url:below={url}&_summary=count")["total"] == count


def test_a_package_of_another_release_sends_nothing(push: Any, hapi_r4: Hapi) -> None:
    pushed = push(PACKAGES / "hl7.fhir.uv.ebm-1.0.0-ballot.tgz", hapi_r4)
    assert pushed.code == 1
    assert pushed.findings == {"KB816": 1}
    (finding,) = pushed.content["findings"]
    assert "5.0.0" in finding["message"]
    assert "4.0.1" in finding["message"]
    below = "StructureDefinition?url:below=http://hl7.org/fhir/uv/ebm&_summary=count"
    assert hapi_r4.get(below)["total"] == 0


def test_a_bundle_of_all_kinds(push: Any, hapi_r4: Hapi, tmp_path: Path) -> None:
    name = f"fo{time.time_ns() % 10**9}x"
    url = f"https://kb.example.org/Library/{name}"
    library = {"resourceType": "Library", "id": name, "url": url, "status": "active",
               "type": {"text": "logic"}}  # fmt: skip
    plan = {
        "resourceType": "PlanDefinition", "status": "draft", "url": f"{url}-plan",
        "library": [f"Library/{name}/_history/4"],
        "subjectReference": {"reference": f"Group?identifier=https://kb.example.org/g|{name}"},
        "extension": [{"url": "https://kb.example.org/x",
                       "valueReference": {"reference": f"{url}|1.0.0"}}],
    }  # fmt: skip
    group = {"resourceType": "Group", "type": "person", "actual": False,
             "identifier": [{"system": "https://kb.example.org/g", "value": name}]}  # fmt: skip
    entries = [
        {"fullUrl": f"{url}|1.0.0", "resource": {**library, "version": "1.0.0"}},
        {"fullUrl": f"{url}|2.0.0", "resource": {**library, "version": "2.0.0"}},
        {"resource": plan},
        {"resource": group},
        {"resource": {"resourceType": "Citation", "id": name, "status": "active"}},
        {"request": {"method": "DELETE", "url": f"Library/{name}-gone"}},
    ]
    file = tmp_path / "bundle.json"
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    file.write_text(json.dumps(bundle))
    pushed = push(file, hapi_r4)
    assert pushed.findings == {"KB815": 1, "KB818": 1, "KB819": 1}, pushed.content
    assert pushed.content["failed"] == []
    assert (pushed.code, pushed.content["leftOut"]) == (1, 2)
    found = hapi_r4.get(f"Library?url={url}")["entry"]
    places = {entry["resource"]["version"]: entry["resource"]["id"] for entry in found}
    assert places == {"1.0.0": f"{name}-1.0.0", "2.0.0": f"{name}-2.0.0"}
    (entry,) = hapi_r4.get(f"PlanDefinition?url={url}-plan")["entry"]
    stored = entry["resource"]
    assert stored["library"] == [f"Library/{name}-2.0.0"]
    assert stored["subjectReference"] == {"reference": f"Group/{name}"}
    reference = stored["extension"][0]["valueReference"]["reference"]
    assert reference == f"Library/{name}-1.0.0"
    again = push(file, hapi_r4)
    assert (again.places, again.content["leftOut"]) == ([], 2)
