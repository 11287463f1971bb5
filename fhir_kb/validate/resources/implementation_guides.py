"""ImplementationGuides and OperationDefinitions.

http://hl7.org/fhir/implementationguide.html, http://hl7.org/fhir/operationdefinition.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.finding_codes import DEPENDENCY, PARAMETERS_PROFILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings

_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)+")


def check_ig_dependency(value: Mapping[str, Any], _context: Context) -> Findings:
    """What is wrong with ImplementationGuide.dependsOn."""
    findings: list[Finding] = []
    uri, _, url_version = text(value, "uri").partition("|")
    version, package = text(value, "version"), text(value, "packageId")
    if url_version and not version:
        message = f"the version {quoted(url_version)} is in the url, and not in 'version'"
        findings += report(DEPENDENCY, message, None, "IG_DEPENDENCY_CAN_VERSION_ALONE")
    elif url_version and url_version != version:
        message = (
            f"the url has the version {quoted(url_version)}, and 'version' is {quoted(version)}"
        )
        findings += report(DEPENDENCY, message, None, "IG_DEPENDENCY_CAN_VERSION_ERROR")
    if uri and "/ImplementationGuide/" not in uri:
        message = f"{quoted(uri, 100)} is not the url of an ImplementationGuide"
        findings += report(DEPENDENCY, message)
    if package and not _PACKAGE.fullmatch(package):
        message = f"{quoted(package)} is not the name of a package"
        findings += report(DEPENDENCY, message, None, "IG_DEPENDENCY_INVALID_PACKAGEID")
    return findings or None


def check_operation_definition(value: Mapping[str, Any], context: Context) -> Findings:
    """What is wrong with an OperationDefinition."""
    canonicals = context.canonicals
    findings: list[Finding] = []
    for name in ("inputProfile", "outputProfile"):
        url = text(value, name)
        profile = (
            canonicals.find(url, "StructureDefinition") if canonicals is not None and url else None
        )
        if profile is not None and profile.get("type") != "Parameters":
            message = f"{url} is a profile of {profile.get('type')}, not of Parameters"
            findings += under(report(PARAMETERS_PROFILE, message), name)
    return findings or None
