"""Rules for HL7's own publications: https://confluence.hl7.org/display/FHIR/WorkGroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding, quoted
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import PUBLISHER, PUBLISHER_DOUBTFUL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-"
_WORK_GROUP: Final = _EXTENSIONS + "wg"
_STANDARDS_STATUS: Final = _EXTENSIONS + "standards-status"
_PAGE_ROOT: Final = "http://www.hl7.org/Special/committees/"
#: Code of the work group -> the last part of its page's URL, its name, its other name.
_WORK_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "aid": ("java", "Application Implementation and Design"),
    "arden": ("arden", "Arden Syntax"),
    "brr": ("rcrim", "Biomedical Research and Regulation"),
    "cbcc": ("cbcc", "Community Based Collaborative Care"),
    "cdamg": ("cdamg", "CDA Management Group"),
    "cds": ("dss", "Clinical Decision Support"),
    "cg": ("clingenomics", "Clinical Genomics"),
    "cgp": ("cgp", "Cross-Group Projects"),
    "cic": ("cic", "Clinical Interoperability Council"),
    "cimi": ("cimi", "Clinical Information Modeling Initiative"),
    "claims": ("claims", "Payer/Provider Information Exchange Work Group"),
    "cqi": ("cqi", "Clinical Quality Information"),
    "dev": ("healthcaredevices", "Devices"),
    "ec": ("emergencycare", "Emergency Care"),
    "ehr": ("ehr", "Electronic Health Records"),
    "fhir": ("fiwg", "FHIR Infrastructure"),
    "fm": ("fm", "Financial Management"),
    "fmg": ("fhirmg", "FHIR Management Group"),
    "hsi": ("hsi", "Health Standards Integration"),
    "hsswg": ("hsswg", "Human and Social Services"),
    "hta": ("termauth", "Terminology Authority"),
    "ictc": ("ictc", "Conformance"),
    "ii": ("imagemgt", "Imaging Integration"),
    "inm": ("inm", "Infrastructure And Messaging"),
    "its": ("xml", "Implementable Technology Specifications"),
    "lhs": ("lhs", "Learning Health Systems"),
    "mnm": ("mnm", "Modeling and Methodology"),
    "mobile": ("mobile", "Mobile Health"),
    "oo": ("orders", "Orders and Observations"),
    "pa": ("pafm", "Patient Administration"),
    "pc": ("patientcare", "Patient Care"),
    "pe": ("patientempowerment", "Patient Empowerment"),
    "pher": ("pher", "Public Health"),
    "phx": ("medication", "Pharmacy"),
    "sd": ("structure", "Structured Documents"),
    "sec": ("secure", "Security"),
    "soa": ("soa", "Services Oriented Architecture"),
    "ti": ("Vocab", "Terminology Infrastructure", "Vocabulary"),
    "tsmg": ("tsmg", "Terminology Services Management Group (TSMG)"),
    "us": ("usrealm", "US Realm Steering Committee"),
    "v2": ("v2management", "V2 Management Group"),
    "vocab": ("Vocab", "Terminology Infrastructure", "Vocabulary"),
}


def check_publisher(value: Mapping[str, Any], context: Context) -> Findings:
    """Check a resource that HL7 publishes, recognized by its URL."""
    if "extension" not in value or value is not context.container:
        return None
    return [*_check_work_group(value), *_check_status(value)] or None


def _check_work_group(value: Mapping[str, Any]) -> Iterator[Finding]:
    code = _extension_code(value, _WORK_GROUP)
    if not code or not text(value, "url").startswith("http://hl7.org/fhir/"):
        return
    work_group = _WORK_GROUPS.get(code)
    if work_group is None:
        message = f"HL7 has no work group {quoted(code)}"
        yield Finding(PUBLISHER, message, message_id="VALIDATION_HL7_WG_UNKNOWN")
        return
    page, *names = work_group
    expected = [f"HL7 International / {name}" for name in names]
    publisher = text(value, "publisher")
    advice = f"the publisher is {' or '.join(map(quoted, expected))}"
    if not publisher:
        message = f"the work group '{code}' publishes this, and there is no publisher"
        yield Finding(PUBLISHER_DOUBTFUL, message, advice, "VALIDATION_HL7_PUBLISHER_MISSING")
    elif publisher not in expected:
        # the HL7 validator takes a name with a slash for that of a work group
        finding_code = PUBLISHER if "/" in publisher else PUBLISHER_DOUBTFUL
        suffix = "2" if len(expected) > 1 else ""
        message = f"the work group is '{code}', and the publisher {quoted(publisher)}"
        yield Finding(finding_code, message, advice, f"VALIDATION_HL7_PUBLISHER_MISMATCH{suffix}")
    if not any(url.startswith(_PAGE_ROOT + page) for url in _contact_urls(value)):
        message = f"there is no contact with the page of the work group '{code}'"
        advice = f"its page is {_PAGE_ROOT}{page}"
        yield Finding(PUBLISHER_DOUBTFUL, message, advice, "VALIDATION_HL7_WG_URL")


def _check_status(value: Mapping[str, Any]) -> Iterator[Finding]:
    if value.get("status") == "active" and _extension_code(value, _STANDARDS_STATUS) == "draft":
        message = "the status is 'active', and the standards status 'draft'"
        yield Finding(PUBLISHER_DOUBTFUL, message, message_id="VALIDATION_VAL_STATUS_INCONSISTENT")


def _extension_code(value: Mapping[str, Any], url: str) -> str:
    for _, extension in objects(value, "extension"):
        if extension.get("url") == url:
            return text(extension, "valueCode")
    return ""


def _contact_urls(value: Mapping[str, Any]) -> Iterator[str]:
    for _, contact in objects(value, "contact"):
        for _, telecom in objects(contact, "telecom"):
            if telecom.get("system") == "url":
                yield text(telecom, "value")
