"""What HL7 asks of its own publications: https://confluence.hl7.org/display/FHIR/WorkGroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import PUBLISHER, PUBLISHER_DOUBTFUL
from fhir_kb.validate.core.issue import Finding, quoted
from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-"
_WORK_GROUP: Final = _EXTENSIONS + "wg"
_STANDARDS_STATUS: Final = _EXTENSIONS + "standards-status"
_PAGES: Final = "http://www.hl7.org/Special/committees/"
#: Code of the work group -> the end of its page, its name, its other name.
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
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
    """The check of a resource that HL7 publishes, by its url; of others nothing is asked."""
    if "extension" not in value or value is not context.container:
        return None
    return [*_group(value), *_status(value)] or None


def _group(value: Mapping[str, Any]) -> Iterator[Finding]:
    code = _extension(value, _WORK_GROUP)
    if not code or not text(value, "url").startswith("http://hl7.org/fhir/"):
        return
    known = _GROUPS.get(code)
    if known is None:
        message = f"HL7 has no work group {quoted(code)}"
        yield Finding(PUBLISHER, message, message_id="VALIDATION_HL7_WG_UNKNOWN")
        return
    page, *names = known
    wanted = [f"HL7 International / {name}" for name in names]
    publisher = text(value, "publisher")
    advice = f"the publisher is {' or '.join(map(quoted, wanted))}"
    if not publisher:
        message = f"the work group '{code}' publishes this, and there is no publisher"
        yield Finding(PUBLISHER_DOUBTFUL, message, advice, "VALIDATION_HL7_PUBLISHER_MISSING")
    elif publisher not in wanted:
        # the HL7 validator takes a name with a stroke for that of a work group
        kind = PUBLISHER if "/" in publisher else PUBLISHER_DOUBTFUL
        suffix = "2" if len(wanted) > 1 else ""
        message = f"the work group is '{code}', and the publisher {quoted(publisher)}"
        yield Finding(kind, message, advice, f"VALIDATION_HL7_PUBLISHER_MISMATCH{suffix}")
    if not any(url.startswith(_PAGES + page) for url in _contacts(value)):
        message = f"there is no contact with the page of the work group '{code}'"
        advice = f"its page is {_PAGES}{page}"
        yield Finding(PUBLISHER_DOUBTFUL, message, advice, "VALIDATION_HL7_WG_URL")


def _status(value: Mapping[str, Any]) -> Iterator[Finding]:
    if value.get("status") == "active" and _extension(value, _STANDARDS_STATUS) == "draft":
        message = "the status is 'active', and the standards status 'draft'"
        yield Finding(PUBLISHER_DOUBTFUL, message, message_id="VALIDATION_VAL_STATUS_INCONSISTENT")


def _extension(value: Mapping[str, Any], url: str) -> str:
    for _, one in objects(value, "extension"):
        if one.get("url") == url:
            return text(one, "valueCode")
    return ""


def _contacts(value: Mapping[str, Any]) -> Iterator[str]:
    for _, contact in objects(value, "contact"):
        for _, telecom in objects(contact, "telecom"):
            if telecom.get("system") == "url":
                yield text(telecom, "value")
