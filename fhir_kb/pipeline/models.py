"""Who asks the models of `fhir.resources`: they take longer to import than all the rest to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.releases.models import Refusal

#: Waits, and says for each resource what the models object to.
Answers: TypeAlias = "Callable[[], Sequence[Sequence[Refusal]]]"


class Models(Protocol):
    """Somebody who asks the models: this process, or others while this one goes on."""

    def ask(self, release: str, contents: Sequence[bytes]) -> Answers:
        """Put resources, as JSON, to the models of a release; the answers come when called for."""


class ModelsHere:
    """The models asked in this process, at once."""

    def ask(self, release: str, contents: Sequence[bytes]) -> Answers:
        """See Models.ask."""
        found = ask(release, contents)
        return lambda: found


def ask(release: str, contents: Sequence[bytes]) -> list[tuple[Refusal, ...]]:
    """What the models of a release object to in each resource, given as JSON."""
    from fhir_kb.releases.models import refusals

    return [refusals(release, orjson.loads(content)) for content in contents]
