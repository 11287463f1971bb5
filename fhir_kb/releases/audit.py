"""A check on lowering itself: is anything lost without a report?

Lowering looks every property up and reports what it cannot take, so nothing should be. This proves
it for a resource, by trying: whatever may be taken out of the source without a difference to the
result, and is not under anything reported, has been lost in silence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.releases.release import Lowered, Release

_INDEX = re.compile(r"\[\d+\]")


def unreported_losses(release: Release, resource: Element) -> tuple[str, ...]:
    """The paths of primitive values that a release loses without reporting it.

    It lowers the resource once for each value in it: for tests, not for builds.
    """
    whole = release.lower(resource)
    if not whole.resources and whole.losses:
        return ()
    reported = {_INDEX.sub("", loss.path) for loss in whole.losses}
    lost = []
    for path, steps in _leaves(resource, resource["resourceType"], ()):
        if _is_under(_INDEX.sub("", path), reported):
            continue
        if _same(release.lower(_without(resource, steps)), whole):
            lost.append(path)
    return tuple(lost)


def _leaves(value: Any, path: str, steps: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if steps or name != "resourceType":
                yield from _leaves(inner, f"{path}.{name}", (*steps, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]", (*steps, index))
    elif value is not None:
        yield path, steps


def _is_under(path: str, reported: set[str]) -> bool:
    """Whether a path, or one that it is part of, was reported."""
    plain = path.replace("._", ".")
    while "." in plain:
        if plain in reported or path in reported:
            return True
        plain, path = plain.rpartition(".")[0], path.rpartition(".")[0]
    return False


def _without(value: Any, steps: tuple[Any, ...]) -> Any:
    """The value without what the steps lead to; what is empty then goes as well."""
    step, *rest = steps
    if isinstance(value, dict):
        content = dict(value)
        inner = _without(value[step], tuple(rest)) if rest else None
        if inner in (None, {}, []):
            del content[step]
        else:
            content[step] = inner
        return value.like(content) if isinstance(value, Element) else content
    inner = _without(value[step], tuple(rest)) if rest else None
    kept = [] if inner in (None, {}, []) else [inner]
    return [*value[:step], *kept, *value[step + 1 :]]


def _same(first: Lowered, second: Lowered) -> bool:
    return first.resources == second.resources and set(first.losses) == set(second.losses)
