"""ImplementationGuides and OperationDefinitions.

http://hl7.org/fhir/implementationguide.html, http://hl7.org/fhir/operationdefinition.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import DEPENDENCY, PARAMETERS_PROFILE
from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.core.json_values import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings

_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)+")


def check_dependency(value: Mapping[str, Any], _context: Context) -> Findings:
    """What is wrong with ImplementationGuide.dependsOn."""
    found: list[Finding] = []
    uri, _, inside = text(value, "uri").partition("|")
    version, package = text(value, "version"), text(value, "packageId")
    if inside and not version:
        message = f"the version {quoted(inside)} is in the url, and not in 'version'"
        found += report(DEPENDENCY, message, None, "IG_DEPENDENCY_CAN_VERSION_ALONE")
    elif inside and inside != version:
        message = f"the url has the version {quoted(inside)}, and 'version' is {quoted(version)}"
        found += report(DEPENDENCY, message, None, "IG_DEPENDENCY_CAN_VERSION_ERROR")
    if uri and "/ImplementationGuide/" not in uri:
        message = f"{quoted(uri, 100)} is not the url of an ImplementationGuide"
        found += report(DEPENDENCY, message)
    if package and not _PACKAGE.fullmatch(package):
        message = f"{quoted(package)} is not the name of a package"
        found += report(DEPENDENCY, message, None, "IG_DEPENDENCY_INVALID_PACKAGEID")
    return found or None


def check_operation(value: Mapping[str, Any], context: Context) -> Findings:
    """What is wrong with an OperationDefinition."""
    known = context.canonicals
    found: list[Finding] = []
    for name in ("inputProfile", "outputProfile"):
        url = text(value, name)
        profile = known.find(url, "StructureDefinition") if known is not None and url else None
        if profile is not None and profile.get("type") != "Parameters":
            message = f"{url} is a profile of {profile.get('type')}, not of Parameters"
            found += under(report(PARAMETERS_PROFILE, message), name)
    return found or None
