"""On a real HAPI: every link follows a resource that gets another id there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pushed import artifact, desired

from fhir_kb.net import open_session
from fhir_kb.push import TargetPolicy, open_reconciler, open_server

if TYPE_CHECKING:
    from pathlib import Path

    from hapi import Hapi

pytestmark = [pytest.mark.lab, pytest.mark.enable_socket]


def linked(prefix: str) -> list[dict[str, Any]]:
    """A plan with links of each kind to a library and a group, which has no canonical url."""
    library, group = f"Library/{prefix}l", f"Group/{prefix}g"
    page = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="{}">see</a></div>'
    plan = artifact(
        f"{prefix}p",
        library=[library],  # HAPI takes no version here: HAPI-1094
        subjectReference={"reference": group},
        relatedArtifact=[
            {"type": "depends-on", "resource": library, "document": {"url": library}},
            {"type": "citation", "url": f"https://kb.example.org/{library}"},
        ],
        description=f"[see]({library})",
        text={"status": "generated", "div": page.format(library)},
        action=[{"definitionCanonical": library, "title": library}],
        extension=[
            {
                "url": "https://kb.example.org/x",
                "valueReference": {"reference": f"{library}/_history/7"},
            },
            {"url": "https://kb.example.org/y", "valueCanonical": f"{library}|1.0.0#part"},
        ],
    )
    group_resource = {
        "resourceType": "Group", "id": f"{prefix}g", "type": "person", "actual": False,
        "identifier": [{"system": "https://kb.example.org/groups", "value": f"{prefix}g"}],
    }  # fmt: skip
    return [plan, artifact(f"{prefix}l", kind="Library", type={"text": "logic"}), group_resource]


def links(server: Hapi, plan: str) -> dict[str, str]:
    resource = server.get(plan)
    related = resource["relatedArtifact"]
    return {
        "library": resource["library"][0],
        "subject": resource["subjectReference"]["reference"],
        "resource": related[0]["resource"],
        "document": related[0]["document"]["url"],
        "elsewhere": related[1]["url"],
        "description": resource["description"],
        "narrative": resource["text"]["div"].split('href="')[1].split('"')[0],
        "definition": resource["action"][0]["definitionCanonical"],
        "title": resource["action"][0]["title"],
        "extension": resource["extension"][0]["valueReference"]["reference"],
        "version": resource["extension"][1]["valueCanonical"],
    }


@pytest.mark.parametrize("client_ids", ["not-numeric", "no"])
def test_every_link_follows(client_ids: str, hapi_r4: Hapi, tmp_path: Path) -> None:
    prefix = f"lk{time.time_ns() % 10**9}x"
    with open_session() as session:
        server = open_server(session, hapi_r4.base)
        server.capabilities = replace(server.capabilities, client_ids=client_ids)
        with open_reconciler(tmp_path, server, TargetPolicy()) as opened:
            plan = opened.plan(desired(*linked(prefix)))
            result = opened.push(plan)
            assert [failed.reason for failed in result.failed] == []
            assert [made.losses for made in result.applied if made.losses] == []
            places = {
                record.ref.type: str(record.ref) for record in opened.state.resources.values()
            }
            assert not opened.plan(desired(*linked(prefix)), full=True).has_changes
    library = places["Library"]
    assert library != f"Library/{prefix}l"
    assert links(hapi_r4, places["PlanDefinition"]) == {
        "library": library,
        "subject": places["Group"],
        "resource": library,
        "document": library,
        "elsewhere": f"https://kb.example.org/Library/{prefix}l",
        "description": f"[see]({library})",
        "narrative": library,
        "definition": library,
        "title": f"Library/{prefix}l",
        "extension": library,
        "version": f"{library}|1.0.0#part",
    }
