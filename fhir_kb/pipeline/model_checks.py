"""Checking resources with the models of `fhir.resources`, which take long to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.releases.pydantic_models import ModelError

PendingModelErrors: TypeAlias = "Callable[[], Sequence[Sequence[ModelError]]]"
"""Waits for the check and returns, for each resource, what its model objects to."""


class ModelChecker(Protocol):
    """Checks resources with the models: in this process, or in others meanwhile."""

    def submit(self, release: str, contents: Sequence[bytes]) -> PendingModelErrors:
        """Have resources, as JSON, checked with the models of a release."""


class SerialModelChecker:
    """Checks in this process, at once."""

    def submit(self, release: str, contents: Sequence[bytes]) -> PendingModelErrors:
        """See ModelChecker.submit."""
        errors = check_models(release, contents)
        return lambda: errors


def check_models(release: str, contents: Sequence[bytes]) -> list[tuple[ModelError, ...]]:
    """What the models of a release object to in each resource, given as JSON."""
    from fhir_kb.releases.pydantic_models import model_errors

    return [model_errors(release, orjson.loads(content)) for content in contents]
