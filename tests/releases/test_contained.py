"""Contained resources, and what leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.parametrize("name", ["r4", "r4b"])


def library(contained: list[Any], **content: Any) -> dict[str, Any]:
    base = {"resourceType": "Library", "id": "l", "status": "draft", "type": {"text": "t"}}
    return {**base, "contained": contained, **content}


def test_they_are_lowered_too(name: str, lower: Callable[..., Any]) -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "membership": "definitional"}
    result = lower(name, library([group], subjectReference={"reference": "#g"}))
    older = {"resourceType": "Group", "id": "g", "type": "person", "actual": False}
    assert result.resource["contained"] == [older]


def test_one_that_cannot_be_held_leaves_its_words(name: str, lower: Callable[..., Any]) -> None:
    other = {"resourceType": "Ingredient", "id": "i"}
    subject = {"reference": "#i", "display": "an ingredient"}
    result = lower(name, library([other], subjectReference=subject))
    assert "contained" not in result.resource
    assert result.resource["subjectReference"] == {"display": "an ingredient"}
    assert result.codes == [
        "KB410 warning contained",
        "KB405 information subjectReference.reference",
    ]


def test_one_that_nothing_leads_to_goes_aloud(name: str, lower: Callable[..., Any]) -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "membership": "enumerated"}
    result = lower(name, library([group]))
    assert "contained" not in result.resource
    assert result.loss("KB404").message.startswith("group 'g' inside library 'l' is left out")


def test_one_that_leads_outside_stays(name: str, lower: Callable[..., Any]) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "organization": {"reference": "#"}}
    assert lower(name, library([role])).resource["contained"] == [role]
