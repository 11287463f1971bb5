"""Extensions: http://hl7.org/fhir/extensibility.html#Extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.model.fhir_release import CROSS_VERSION_EXTENSIONS, DEFAULT_RELEASE
from fhir_kb.validate.core.issue import combine, located_at, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import EXTENSION_PART, EXTENSION_URL

if TYPE_CHECKING:
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_CACHE_SIZE: Final = 4096
_CROSS_VERSION_STARTS: Final = tuple(f"http://hl7.org/fhir/{digit}" for digit in range(10))
_CROSS_VERSION = re.compile(
    r"http://hl7\.org/fhir/([0-9]+\.[0-9]+)/StructureDefinition/extension-([A-Za-z][^|#]*)"
)


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
        if "extension" in value:
            findings = combine(findings, _undefined_parts(value, extensions.parts(url), url))
        if findings or not extensions.conforms(url, owner, value, modifier=modifier):
            context.deferred_extensions.append(value)
        else:
            extensions.cache(owner, value, modifier=modifier)
        return findings

    return check


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
        if url.startswith(_CROSS_VERSION_STARTS):
            problem = _cross_version_problem(url)
            if problem is not None:
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


def _cross_version_problem(url: str) -> tuple[str, str] | None:
    """What is wrong with the url of an extension for an element of another release.

    http://hl7.org/fhir/versions.html#extensions

    Returns:
        The message and its id.
    """
    match = _CROSS_VERSION.fullmatch(url)
    if match is None:
        return None
    major_minor, path = match[1], match[2]
    if major_minor not in CROSS_VERSION_EXTENSIONS:
        message = f"{quoted(url, 100)}: there are no such extensions for FHIR {major_minor}"
        return message, "Extension_EXT_Version_Invalid"
    if major_minor != DEFAULT_RELEASE.major_minor:
        return None
    # Imported here, because such extensions are rare.
    from fhir_kb.packages import definitions

    newest = definitions(DEFAULT_RELEASE.version)
    type_name, inner, _ = path.partition(".")
    is_type = type_name in newest
    if is_type and (not inner or newest.element(path.replace("[x]", "")) is not None):
        return None  # an extension for a type as a whole has the type's name alone
    message = f"{quoted(url, 100)}: FHIR {major_minor} has no element {path}"
    return message, "Extension_EXT_Version_InvalidId"
