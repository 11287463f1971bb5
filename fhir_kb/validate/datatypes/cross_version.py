"""Extensions for elements of other releases: http://hl7.org/fhir/versions.html#extensions."""

from __future__ import annotations

import re
from typing import Final

from fhir_kb.model.fhir_release import CROSS_VERSION_EXTENSIONS, release_spelled
from fhir_kb.validate.core.issue import quoted

_STARTS: Final = tuple(f"http://hl7.org/fhir/{digit}" for digit in range(10))
_URL: Final = re.compile(
    r"http://hl7\.org/fhir/([0-9]+\.[0-9]+)/StructureDefinition/extension-([A-Za-z][^|#]*)"
)


def cross_version_problem(url: str) -> tuple[str, str] | None:
    """What is wrong with the url of an extension for an element of another release.

    Returns:
        The message and its id; None for other extensions, and where nothing is wrong.
    """
    match = _URL.fullmatch(url) if url.startswith(_STARTS) else None
    if match is None:
        return None
    major_minor, path = match[1], match[2]
    if major_minor not in CROSS_VERSION_EXTENSIONS:
        message = f"{quoted(url, 100)}: there are no such extensions for FHIR {major_minor}"
        return message, "Extension_EXT_Version_Invalid"
    if _has_element(major_minor, path) is not False:
        return None
    message = f"{quoted(url, 100)}: FHIR {major_minor} has no element {path}"
    return message, "Extension_EXT_Version_InvalidId"


def is_cross_version_element(url: str) -> bool:
    """Whether it is the extension for an element that a release which we know has."""
    match = _URL.fullmatch(url) if url.startswith(_STARTS) else None
    return match is not None and _has_element(match[1], match[2]) is True


def _has_element(major_minor: str, path: str) -> bool | None:
    """Whether a release has an element, or a type; None for releases that we do not know."""
    release = release_spelled(major_minor)
    if release is None:
        return None
    # Imported here, because such extensions are rare.
    from fhir_kb.packages import definitions

    elements = definitions(release.version)
    type_name, inner, _ = path.partition(".")
    if type_name not in elements:
        return False
    # an extension for a type as a whole has the type's name alone
    return not inner or elements.element(path.replace("[x]", "")) is not None
