"""The FHIR releases that knowledge is published in.

Content is made once, shaped as in R5, and lowered to each release; what a release cannot say is
reported as a loss. Everything that is true of one release only is in here: a package of its
name, with a function `make`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Literal, TypeAlias

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.releases.finding_codes import CODES
from fhir_kb.releases.release import Lowered, Release

__all__ = ["CODES", "Citations", "Lowered", "Release", "get"]

#: What becomes of references in a release without Citation: text where they are used, or a Basic
Citations: TypeAlias = Literal["text", "basic"]


@cache
def get(name: str, *, citations: Citations = "text") -> Release:
    """The release of that name.

    Args:
        name: the name that it is declared by: "r4".
        citations: what becomes of references in a release without Citation.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    if name not in NAMES:
        hint = did_you_mean(name, NAMES) or f"expected one of: {', '.join(NAMES)}"
        raise ValueError(f"there is no FHIR release '{name}': {hint}")
    package = import_module(f"fhir_kb.releases.{name}")
    release: Release = package.make(citations_as_basic=citations == "basic")
    return release
