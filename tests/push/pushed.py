"""Small resources, and the reconciler of a server in memory, for the tests beside this file."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fhir_kb.push import (
    DesiredResource,
    PushOptions,
    Reconciler,
    TargetPolicy,
    desired_resource,
    desired_state,
    open_reconciler,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from memory import MemoryServer

    from fhir_kb.push import Plan, PushResult

CANONICAL = "https://kb.example.org/fhir"


def artifact(
    name: str, version: str = "1.0.0", kind: str = "PlanDefinition", **more: Any
) -> dict[str, Any]:
    """An artifact with a canonical url."""
    return {
        "resourceType": kind,
        "id": name,
        "url": f"{CANONICAL}/{kind}/{name}",
        "version": version,
        "status": "active",
        "title": f"The {name}",
        **more,
    }


def desired(*resources: dict[str, Any]) -> dict[str, DesiredResource]:
    """What these resources want, by key."""
    return desired_state(map(desired_resource, resources))


def no_sleep(_: float) -> None:
    """Waits for nothing."""


@contextmanager
def reconciler(
    server: MemoryServer, folder: Path, rules: TargetPolicy | None = None
) -> Iterator[Reconciler]:
    """The reconciler of a server."""
    with open_reconciler(folder, server, rules) as opened:
        yield opened


def push(
    server: MemoryServer,
    folder: Path,
    resources: Iterable[dict[str, Any]],
    *words: str,
    rules: TargetPolicy | None = None,
    delete: bool = False,
    full: bool = False,
) -> tuple[Plan, PushResult]:
    """Plan and push, as a run of the command would."""
    with reconciler(server, folder, rules) as opened:
        plan = opened.plan(desired(*resources), delete=delete, full=full)
        return plan, opened.push(plan, PushOptions(words), sleep=no_sleep)


def kinds(plan: Plan) -> dict[str, str]:
    """What a plan does, by place; what is unchanged is left out."""
    return {str(item.ref): item.action for item in plan.changes if item.action != "unchanged"}


def shuffled(seed: int) -> random.Random:
    """A generator for one case."""
    return random.Random(seed)
