"""What of a resource counts, and what is different between two."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from fhir_kb.emit import compact_json
from fhir_kb.push.planning.differences import differences
from fhir_kb.servers.content import (
    MISSING,
    RelocatedResource,
    compact_bytes,
    content_digest,
    is_equivalent,
    json_resource,
    load_json,
    losses,
    without_server_elements,
)
from fhir_kb.servers.references import ReferenceTargets

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>%s</p></div>'


def plan(**more: Any) -> dict[str, Any]:
    return {"resourceType": "PlanDefinition", **more}


def test_what_the_server_sets_is_not_ours() -> None:
    meta = {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "source": "#x", "tag": [{}]}
    assert without_server_elements(plan(meta=meta)) == plan(meta={"tag": [{}]})
    assert without_server_elements(plan(meta={"versionId": "3"})) == plan()


def test_decimals_keep_their_digits() -> None:
    found = load_json(b'{"value": 1.50, "n": 3}')
    assert str(found["value"]) == "1.50"
    assert content_digest(found) != content_digest({"value": Decimal("1.5"), "n": 3})
    with pytest.raises(ValueError):  # the words are those of the parser
        load_json(b"[NaN]")


def test_order_of_properties_and_of_profiles_does_not_count() -> None:
    one = plan(title="a", meta={"profile": ["x", "y"]})
    two = {"meta": {"profile": ["y", "x"]}, "title": "a", "resourceType": "PlanDefinition"}
    assert content_digest(one) == content_digest(two)
    assert is_equivalent(one, two)
    assert differences(two, one) == []


@pytest.mark.parametrize(
    ("sent", "there", "lost"),
    [
        (plan(title="a"), plan(title="a", date="2026"), []),
        (plan(title="a"), plan(), ["PlanDefinition.title"]),
        (plan(title="a"), plan(title="b"), ["PlanDefinition.title"]),
        (plan(n=Decimal("1.50")), plan(n=1.5), []),
        (plan(n=1), plan(n="1"), ["PlanDefinition.n"]),
        (plan(action=[{"id": "x", "t": 1}]), plan(action=[{"id": "x"}]),
         ["PlanDefinition.action[0].t"]),
        (plan(action=[{}, {}]), plan(action=[{}]), ["PlanDefinition.action"]),
        (plan(text={"div": DIV % "a  b &amp; c"}), plan(text={"div": DIV % "a b &#38; c"}), []),
        (plan(text={"div": DIV % "a"}), plan(text={"div": DIV % "b"}), ["PlanDefinition.text.div"]),
        (plan(text={"div": '<div lang="en" xml:lang="en">a</div>'}),
         plan(text={"div": '<div xml:lang="en" lang="en">a</div>'}), []),
        (plan(text={"div": '<div title="a>b" lang="en">a</div>'}),
         plan(text={"div": '<div lang="en" title="a>b">a</div>'}), []),
        (plan(text={"div": '<div title="a>b">a</div>'}),
         plan(text={"div": '<div title="c>b">a</div>'}), ["PlanDefinition.text.div"]),
        (plan(text={"div": '<div lang="en" id="a">x</div>'}),
         plan(text={"div": '<p id="a" lang="en">x</div>'}), ["PlanDefinition.text.div"]),
        (plan(text={"div": '<div lang="en" id="a" id="b">x</div>'}),
         plan(text={"div": '<div lang="en" id="a">x</div>'}), ["PlanDefinition.text.div"]),
        (plan(text={"div": "a"}), plan(text={"div": "b"}), ["PlanDefinition.text.div"]),
        (plan(text={"div": '<div lang="en">a</div>'}),
         plan(text={"div": '<div lang="de">a</div>'}), ["PlanDefinition.text.div"]),
        (plan(meta={"tag": [{"code": "a"}]}), plan(meta={"tag": [{"code": "b"}, {"code": "a"}]}),
         []),
        (plan(meta={"tag": [{"code": "a"}]}), plan(meta={"tag": [{"code": "b"}]}),
         ["PlanDefinition.meta.tag"]),
        (plan(subjectReference={"reference": "Group?identifier=x"}),
         plan(subjectReference={"reference": "Group/7"}), []),
        (plan(subjectReference={"reference": "Group?identifier=x"}),
         plan(subjectReference={"reference": "Patient/7"}),
         ["PlanDefinition.subjectReference.reference"]),
    ],
)  # fmt: skip
def test_what_is_lost(sent: dict[str, Any], there: dict[str, Any], lost: list[str]) -> None:
    assert [one.path for one in losses(sent, there)] == lost


def labels(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one.label, one.old, one.new) for one in differences(old, new)]


@pytest.mark.parametrize(
    "resource",
    [
        plan(id="a", title="ä", basedOn={"reference": "Plan/x"}, note='"reference":"Plan/x"'),
        plan(id="a", subject={"reference": "Group/g"}, part=[{"reference": "Group/g#1"}]),
        plan(id="a", n=Decimal("1.50"), meta={"profile": ["x"]}),
        {"id": "a", "resourceType": "PlanDefinition", "subject": {"reference": "Group/g"}},
        plan(id="a", subject={"reference": "https://a.org/Group/g"}, other={"id": "a"}),
        plan(id="a", contained=[{"resourceType": "Group", "id": "a"}]),
    ],
)
@pytest.mark.parametrize("places", [{}, {"Group/g": "Group/h-1", "Plan/x": "Plan/y"}])
def test_the_text_of_what_is_moved_is_what_it_says(
    resource: dict[str, Any], places: dict[str, str]
) -> None:
    for body in (json_resource(resource), lambda: deepcopy(resource)):
        moved = RelocatedResource(body, "a-1.0.0", ReferenceTargets(places), "r4")
        assert moved()["id"] == "a-1.0.0"
        assert moved.content == compact_json(moved())
        assert (
            load_json(moved.content)
            == moved()
            == RelocatedResource(
                json_resource(moved()), "a-1.0.0", ReferenceTargets(places), "r4"
            )()
        )
        assert compact_bytes(moved) == moved.content == compact_bytes(moved())


def test_items_are_recognized_by_their_names() -> None:
    old = plan(action=[{"id": "a", "title": "1"}, {"id": "b", "title": "2"}])
    new = plan(action=[{"id": "n"}, {"id": "a", "title": "1"}, {"id": "b", "title": "3"}])
    assert labels(old, new) == [
        ("action 'n'", MISSING, {"id": "n"}),
        ("action 'b' · title", "2", "3"),
    ]


def test_another_order_is_a_difference() -> None:
    old = plan(action=[{"id": "a"}, {"id": "b"}])
    new = plan(action=[{"id": "b"}, {"id": "a"}])
    assert labels(old, new) == [("action · order", "a, b", "b, a")]


def test_items_without_names_are_found_where_they_moved_to() -> None:
    assert labels(plan(x=["a", "b", "c"]), plan(x=["a", "c"])) == [("x 2", "b", MISSING)]


def test_what_is_gone_is_told_last() -> None:
    assert labels(plan(a=1, b=2), plan(b=3)) == [("b", 2, 3), ("a", 1, MISSING)]


def test_very_long_lists_are_compared_soon() -> None:
    old = plan(x=[[number] for number in range(3000)])
    new = plan(x=[[number] for number in range(1, 3001)])
    assert len(differences(old, new)) == 3000
