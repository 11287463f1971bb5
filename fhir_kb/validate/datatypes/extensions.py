"""Extensions: http://hl7.org/fhir/extensibility.html#Extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.validate.codes import EXTENSION_PART, EXTENSION_URL
from fhir_kb.validate.core.issue import combine, located_at, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_MEMORY = 4096
_OF_OTHER_RELEASES = tuple(f"http://hl7.org/fhir/{number}" for number in range(10))
_CROSS_VERSION = re.compile(
    r"http://hl7\.org/fhir/([0-9]+\.[0-9]+)/StructureDefinition/extension-([A-Za-z][^|#]*)"
)
#: The releases that have such extensions: http://hl7.org/fhir/versions.html#extensions.
_RELEASES = frozenset({"1.0", "1.4", "3.0", "4.0", "4.6", "5.0"})


def _of_release(url: str) -> tuple[str, str] | None:
    """What is wrong with the url of an extension that stands for an element of another release."""
    found = _CROSS_VERSION.fullmatch(url)
    if found is None:
        return None
    release, path = found[1], found[2]
    if release not in _RELEASES:
        message = f"{quoted(url, 100)}: there are no such extensions for FHIR {release}"
        return message, "Extension_EXT_Version_Invalid"
    if release != "5.0":
        return None
    # Imported here, because such extensions are rare.
    from fhir_kb.packages import definitions

    newest = definitions("5.0.0")
    name, inside, _ = path.partition(".")
    if name in newest and (not inside or newest.element(path.replace("[x]", "")) is not None):
        return None  # an extension for a type as a whole has the type's name alone
    message = f"{quoted(url, 100)}: FHIR {release} has no element {path}"
    return message, "Extension_EXT_Version_InvalidId"


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
        if "extension" in value:
            found = combine(found, _parts(value, extensions.parts(url), url))
        if not extensions.is_fine(url, owner, value, modifier=modifier):
            context.deferred_extensions.append(value)
        elif not found:
            extensions.remember(owner, value, modifier=modifier)
        return found

    return check


def _parts(value: dict[str, Any], known: frozenset[str] | None, url: str) -> Findings:
    """The parts of an extension that its definition does not have."""
    if known is None:
        return None
    found: list[Finding] = []
    for number, one in objects(value, "extension"):
        name = text(one, "url")
        if name and ":" not in name and name not in known:
            advice = f"it has: {', '.join(sorted(known))}" if known else "it has a value"
            bad = report(EXTENSION_PART, f"{quoted(url, 100)} has no part {quoted(name)}", advice)
            found += under(bad, "extension", number)
    return found or None


def named_extension(inner: Checker) -> Checker:
    """A check of an extension that is not inside another: its url is absolute."""
    known: set[str] = set()

    def check(value: Any, context: Context) -> Findings:
        found = inner(value, context)
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(url, str) or not url or url in known:
            return found
        if url.startswith(_OF_OTHER_RELEASES) and (wrong := _of_release(url)):
            return combine(
                found, located_at(report(EXTENSION_URL, wrong[0], None, wrong[1]), "url")
            )
        if _ABSOLUTE.fullmatch(url):
            if len(known) >= _MEMORY:
                known.clear()
            known.add(url)
            return found
        more = report(EXTENSION_URL, f"the url {quoted(url)} of the extension is not absolute")
        return combine(found, located_at(more, "url"))

    return check
