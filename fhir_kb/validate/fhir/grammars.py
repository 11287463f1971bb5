"""Code systems whose codes follow a grammar instead of a list."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# RFC 5646, section 2.1, without the grandfathered tags that begin otherwise.
_LANGUAGE: Final = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+|i-[a-z]{2,8}",
    re.IGNORECASE,
)
# RFC 6838, section 4.2, with parameters as RFC 2045 has them.
_MIME: Final = re.compile(
    r"[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}/[a-z0-9*][a-z0-9!#$&\-^_.+]{0,126}"
    r"(?:\s*;\s*[a-z0-9!#$&\-^_.+]{1,127}=(?:[^\s;\"]{1,255}|\"[^\"]{0,255}\"))*",
    re.IGNORECASE,
)
_RGB: Final = re.compile(r"#[0-9a-fA-F]{6}")
#: What FHIR itself uses as short names of formats.
_SHORT_MIME: Final = frozenset({"json", "xml", "ttl", "html"})
_UCUM: Final = re.compile(r"[!-~]{1,200}")


def _is_mime(code: str) -> bool:
    return code in _SHORT_MIME or _MIME.fullmatch(code) is not None


def _is_ucum(code: str) -> bool:
    """Printable ASCII with brackets that close: whether the units exist is not looked at."""
    if not _UCUM.fullmatch(code):
        return False
    return all(code.count(left) == code.count(right) for left, right in ("[]", "{}", "()"))


@cache
def grammar(name: str) -> Callable[[str], bool] | None:
    """The test of a grammar that ValueSetCodes.checkers names; None where nothing can be said."""
    return {
        "bcp47": lambda code: _LANGUAGE.fullmatch(code) is not None,
        "mime": _is_mime,
        "ucum": _is_ucum,
        "rgb": lambda code: _RGB.fullmatch(code) is not None,
    }.get(name)
