"""Who asks the models of `fhir.resources`: they take longer to import than all the rest to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.releases.pydantic_models import ModelError

#: Waits, and says for each resource what the models object to.
PendingRefusals: TypeAlias = "Callable[[], Sequence[Sequence[ModelError]]]"


class ModelChecker(Protocol):
    """Somebody who asks the models: this process, or others while this one goes on."""

    def ask(self, release: str, contents: Sequence[bytes]) -> PendingRefusals:
        """Put resources, as JSON, to the models of a release; the answers come when called for."""


class SerialModelChecker:
    """The models asked in this process, at once."""

    def ask(self, release: str, contents: Sequence[bytes]) -> PendingRefusals:
        """See ModelChecker.ask."""
        found = ask(release, contents)
        return lambda: found


def ask(release: str, contents: Sequence[bytes]) -> list[tuple[ModelError, ...]]:
    """What the models of a release object to in each resource, given as JSON."""
    from fhir_kb.releases.pydantic_models import model_errors

    return [model_errors(release, orjson.loads(content)) for content in contents]
