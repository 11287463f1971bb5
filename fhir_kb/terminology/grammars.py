"""Code systems whose codes are defined by a grammar instead of a list."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# RFC 5646, section 2.1, without the grandfathered tags that begin otherwise.
_LANGUAGE: Final = (
    r"(?i:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+|i-[a-z]{2,8})"
)
# RFC 6838, section 4.2, with parameters as RFC 2045 has them; and FHIR's short names of formats.
_MIME: Final = (
    r"(?i:[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}/[a-z0-9*][a-z0-9!#$&\-^_.+]{0,126}"
    r"(?:\s*;\s*[a-z0-9!#$&\-^_.+]{1,127}=(?:[^\s;\"]{1,255}|\"[^\"]{0,255}\"))*)"
    r"|json|xml|ttl|html"
)
_RGB: Final = r"#[0-9a-fA-F]{6}"
_CURRENCY: Final = r"[A-Z]{3}"  # ISO 4217; its list is not in the packages
# What the HL7 library for UCUM accepts beside the grammar: several notes, spaces in them, and
# powers of more than our parser computes.
_UCUM_NOTES: Final = re.compile(r"(?:\{[ -z|~]*\})+")
_UCUM_POWER: Final = re.compile(r"(?<=[A-Za-z\]*^%'])[+-]?[0-9]{2,}")


@cache
def grammar_check(name: str) -> Callable[[str], bool] | None:
    """The check for a grammar that ValueSetCodes.checkers names; None for an unknown name."""
    if name == "ucum":
        return _is_ucum
    pattern = {
        "bcp47": _LANGUAGE,
        "mime": _MIME,
        "currency": _CURRENCY,
        "rgb": _RGB,
    }.get(name)
    if pattern is None:
        return None
    compiled = re.compile(pattern)  # compiled lazily: it takes milliseconds
    return lambda code: compiled.fullmatch(code) is not None


def _is_ucum(code: str) -> bool:
    """Whether it is a code of UCUM (case-sensitive), https://ucum.org/ucum section 2."""
    # Imported late: few value sets have units.
    from fhir_kb.fhirpath.values.ucum import unit

    if unit(code) is not None or code == "0":
        return True
    return unit(_UCUM_POWER.sub("2", _UCUM_NOTES.sub("{}", code))) is not None
