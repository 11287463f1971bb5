"""Slicing rules and discriminators: http://hl7.org/fhir/profiling.html#discriminator."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.profiles.tree import ProfileNode

_STEP: Final = re.compile(
    r"\$this|extension\(\s*['\"]([^'\"]+)['\"]\s*\)|resolve\(\s*\)|(?:ofType|as)\(\s*([\w.]+)\s*\)"
    r"|([A-Za-z]\w*)(?:\[x\])?"
)


class Discriminator(NamedTuple):
    """ElementDefinition.slicing.discriminator."""

    type: str
    """value, pattern, exists, type, profile or position."""
    path: str
    """Restricted FHIRPath."""


class PathStep(NamedTuple):
    """A step of a discriminator's path: one field is set, none for resolve()."""

    extension_url: str
    type_name: str
    name: str


def slicing_rules(node: ProfileNode) -> Mapping[str, Any]:
    """ElementDefinition.slicing; empty if the element has none."""
    slicing = node.definition.get("slicing")
    return slicing if isinstance(slicing, dict) else {}


def discriminators_of(node: ProfileNode) -> list[Discriminator]:
    """The discriminators of a sliced element, with those that FHIR implies."""
    listed = slicing_rules(node).get("discriminator")
    discriminators = [
        Discriminator(str(entry.get("type", "value")), entry["path"])
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("path"), str)
    ]
    if not listed and node.name in ("extension", "modifierExtension"):
        discriminators.append(Discriminator("value", "url"))
    elif not listed and str(node.definition.get("path", "")).endswith("[x]"):
        discriminators.append(Discriminator("type", "$this"))
    return discriminators


@lru_cache(maxsize=1000)
def path_steps(path: str) -> tuple[PathStep, ...]:
    """The steps of a path without `$this`; what is not restricted FHIRPath is skipped."""
    return tuple(
        PathStep(step[1] or "", _without_namespace(step[2] or ""), step[3] or "")
        for step in _STEP.finditer(path)
        if step[0] != "$this"
    )


def _without_namespace(type_name: str) -> str:
    return type_name.rpartition(".")[2] or type_name
