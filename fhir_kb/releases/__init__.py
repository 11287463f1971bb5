"""The FHIR releases that knowledge is published in.

Content is made once, shaped as in R5, and lowered to each release; what a release cannot say is
reported as a loss. Everything that is true of one release only is in here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.model.fhir_release import NAMES, R4, R4B, R5
from fhir_kb.releases.diagnostic_codes import CODES
from fhir_kb.releases.release import Lowered, Release

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CODES", "Citations", "Lowered", "Release", "get"]

#: What becomes of references in a release without Citation: text where they are used, or a Basic
Citations: TypeAlias = Literal["text", "basic"]


@cache
def get(name: str, *, citations: Citations = "text") -> Release:
    """The release of that name.

    Args:
        name: "r5", "r4b" or "r4".
        citations: what becomes of references in a release without Citation.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    makers: dict[str, Callable[[Citations], Release]] = {
        R5.name: _r5,
        R4B.name: _r4b,
        R4.name: _r4,
    }
    make = makers.get(name)
    if make is None:
        hint = did_you_mean(name, NAMES) or f"expected one of: {', '.join(NAMES)}"
        raise ValueError(f"there is no FHIR release '{name}': {hint}")
    return make(citations)


def _r5(_citations: Citations) -> Release:
    from fhir_kb.releases.r5 import R5

    return R5()


def _r4b(_citations: Citations) -> Release:
    from fhir_kb.releases.r4b import make

    return make()


def _r4(citations: Citations) -> Release:
    from fhir_kb.releases.r4 import make

    return make(citations_as_basic=citations == "basic")
