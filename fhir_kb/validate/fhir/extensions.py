"""Extensions: http://hl7.org/fhir/extensibility.html#Extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.validate.fhir.issue import Context, both, fail, pointed, shown
from fhir_kb.validate.fhir.kinds_content import EXTENSION_URL

if TYPE_CHECKING:
    from fhir_kb.validate.fhir.issue import Checker, Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_MEMORY = 4096


def known_extension(owner: str, inner: Checker, *, modifier: bool) -> Checker:
    """A check of an extension on an element of a type: those that need it are noted for a look."""

    def check(value: Any, context: Context) -> Findings:
        extensions = context.known_extensions
        if extensions is None or not isinstance(value, dict):
            return inner(value, context)
        if extensions.was_right(owner, value, modifier=modifier):
            return None
        found = inner(value, context)
        url = value.get("url")
        # Inside of extensions, a relative url is defined by the extension around it.
        if not isinstance(url, str) or ":" not in url:
            return found
        if not extensions.is_fine(url, owner, value, modifier=modifier):
            context.doubtful.append(value)
        elif not found:
            extensions.remember(owner, value, modifier=modifier)
        return found

    return check


def named_extension(inner: Checker) -> Checker:
    """A check of an extension that is not inside another: its url is absolute."""
    known: set[str] = set()

    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(url, str) or not url or url in known:
            return found
        if _ABSOLUTE.fullmatch(url):
            if len(known) >= _MEMORY:
                known.clear()
            known.add(url)
            return found
        more = fail(EXTENSION_URL, f"the url {shown(url)} of the extension is not absolute")
        return both(found, pointed(more, "url"))

    return check
