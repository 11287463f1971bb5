"""Extensions: http://hl7.org/fhir/extensibility.html#Extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import combine, located_at, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.cross_version import cross_version_problem
from fhir_kb.validate.finding_codes import (
    EXTENSION_PART,
    EXTENSION_UNKNOWN,
    EXTENSION_URL,
    MODIFIER_UNKNOWN,
)

if TYPE_CHECKING:
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_CACHE_SIZE: Final = 4096


def extension_by_definition(owner: str, inner: Checker, *, modifier: bool) -> Checker:
    """A check of extensions that defers those that have to be validated by their definition.

    Args:
        owner: The type of the element that the extensions are on.
        inner: The check of the Extension itself.
        modifier: Whether they are in `modifierExtension`.
    """

    def check(value: Any, context: Context) -> Findings:
        extensions = context.extensions
        if extensions is None or not isinstance(value, dict):
            return inner(value, context)
        if extensions.is_cached(owner, value, modifier=modifier):
            return None
        findings = inner(value, context)
        url = value.get("url")
        # Inside of extensions, a relative url is defined by the extension around it.
        if not isinstance(url, str) or ":" not in url:
            return findings
        if extensions.is_unknown(url):
            if (other := _defined_as_other(url, context)) is not None:
                return combine(findings, other)
            return combine(findings, _unknown(url, modifier=modifier))
        if "extension" in value:
            findings = combine(findings, _undefined_parts(value, extensions.parts(url), url))
        if findings or not extensions.conforms(url, owner, value, modifier=modifier):
            context.deferred_extensions.append(value)
        else:
            extensions.cache(owner, value, modifier=modifier)
        return findings

    return check


def _defined_as_other(url: str, context: Context) -> Findings:
    """The finding that what the url names is no extension; None where it names nothing."""
    canonicals = context.canonicals
    definition = None if canonicals is None else canonicals.find(url, "StructureDefinition")
    if definition is None:
        return None
    message = f"{quoted(url, 100)} defines {definition.get('type')}, and no extension"
    return located_at(report(EXTENSION_URL, message), "url")


def _unknown(url: str, *, modifier: bool) -> list[Finding]:
    """The finding that nothing defines an extension."""
    advice = "give its definition (--package, --also), or allow it (--allow-extensions)"
    if not modifier:
        message = f"not checked: nothing defines the extension {quoted(url, 120)}"
        return report(EXTENSION_UNKNOWN, message, advice)
    message = f"not checked: nothing defines the modifier extension {quoted(url, 120)}"
    return report(MODIFIER_UNKNOWN, message, advice)


def _undefined_parts(value: dict[str, Any], defined: frozenset[str] | None, url: str) -> Findings:
    """The extensions inside an extension that its definition does not have."""
    if defined is None:
        return None
    findings: list[Finding] = []
    for index, part in objects(value, "extension"):
        name = text(part, "url")
        if name and ":" not in name and name not in defined:
            advice = f"it has: {', '.join(sorted(defined))}" if defined else "it has a value"
            message = f"{quoted(url, 100)} has no part {quoted(name)}"
            findings += under(report(EXTENSION_PART, message, advice), "extension", index)
    return findings or None


def extension_with_absolute_url(inner: Checker) -> Checker:
    """A check of an extension that is not inside another."""
    absolute: set[str] = set()

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(url, str) or not url or url in absolute:
            return findings
        if (problem := cross_version_problem(url)) is not None:
            message, message_id = problem
            more = report(EXTENSION_URL, message, None, message_id)
            return combine(findings, located_at(more, "url"))
        if _ABSOLUTE.fullmatch(url):
            if len(absolute) >= _CACHE_SIZE:
                absolute.clear()
            absolute.add(url)
            return findings
        more = report(EXTENSION_URL, f"the url {quoted(url)} of the extension is not absolute")
        return combine(findings, located_at(more, "url"))

    return check
