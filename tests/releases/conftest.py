"""Lower plain JSON, with a place for every object: its line is its number in reading order."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb import releases
from fhir_kb.diagnostics import Span
from fhir_kb.model import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.diagnostics import Diagnostic


def element(value: Any, lines: Iterator[int] | None = None) -> Any:
    """JSON as elements; the n-th object stands in line n of topic.yaml."""
    lines = lines or count(1)
    if isinstance(value, dict):
        line = next(lines)
        content = {name: element(one, lines) for name, one in value.items()}
        return Element(content, span=Span("topic.yaml", line, 1, line, 9))
    if isinstance(value, list):
        return [element(one, lines) for one in value]
    return value


class Result:
    """What became of a resource."""

    def __init__(self, lowered: releases.Lowered) -> None:
        self.resources = lowered.resources
        self.losses: tuple[Diagnostic, ...] = lowered.losses

    @property
    def resource(self) -> Any:
        (only,) = self.resources
        return only

    @property
    def codes(self) -> list[str]:
        """The losses in short: "KB410 warning action[0].x"."""
        return [
            f"{loss.code} {loss.severity.value} {loss.path.partition('.')[2]}"
            for loss in self.losses
        ]

    def loss(self, code: str) -> Diagnostic:
        (only,) = (loss for loss in self.losses if loss.code == code)
        return only


@pytest.fixture
def lower() -> Callable[..., Result]:
    """Lower a resource, given as JSON, to a release; without a loss for missing metadata."""

    def lower_it(name: str, resource: dict[str, Any], citations: Any = "text") -> Result:
        return Result(releases.get(name, citations=citations).lower(element(resource)))

    return lower_it


@pytest.fixture
def in_r4(lower: Callable[..., Result]) -> Callable[..., Result]:
    return lambda resource, **options: lower("r4", resource, **options)


@pytest.fixture
def in_r4b(lower: Callable[..., Result]) -> Callable[..., Result]:
    return lambda resource, **options: lower("r4b", resource, **options)
