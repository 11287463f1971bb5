"""Rules for some datatypes beyond their structure."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.datatypes.units import check_unit
from fhir_kb.validate.finding_codes import (
    ATTACHMENT_SIZE,
    DUPLICATE_LABEL,
    IDENTIFIER_NOT_URI,
    RELATIVE_SYSTEM,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.\-]*:")
_URIS: Final = "urn:ietf:rfc:3986"


def _identifier(value: Mapping[str, Any], _context: Context) -> Findings:
    """http://hl7.org/fhir/datatypes.html#Identifier: with this system the value is a full uri."""
    system = value.get("system")
    if system != _URIS:
        if not isinstance(system, str) or not system or _SCHEME.match(system):
            return None
        return report(RELATIVE_SYSTEM, f"the system {quoted(system)} is not an absolute uri")
    written = value.get("value")
    if not isinstance(written, str) or _ABSOLUTE.fullmatch(written):
        return None
    return report(
        IDENTIFIER_NOT_URI,
        f"{quoted(written)} is not an absolute uri, as the system {_URIS} says",
        "write urn:oid: before an OID and urn:uuid: before a UUID",
    )


def _attachment(value: Mapping[str, Any], _context: Context) -> Findings:
    """http://hl7.org/fhir/datatypes.html#Attachment: size is that of the data before base64."""
    size, data = value.get("size"), value.get("data")
    if size is None or not isinstance(data, str):
        return None
    try:
        actual = len(b64decode(data, validate=False))
    except (Base64Error, ValueError):
        return None  # reported by the check of base64Binary
    if str(size) == str(actual):
        return None
    return report(ATTACHMENT_SIZE, f"the size is given as {size}, but the data has {actual} bytes")


def _meta(value: Mapping[str, Any], _context: Context) -> Findings:
    """http://hl7.org/fhir/resource.html#Meta: labels are a set."""
    labels = value.get("security")
    if not isinstance(labels, list) or len(labels) < 2:
        return None
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for index, coding in enumerate(labels):
        if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
            continue
        label = (str(coding.get("system", "")), coding["code"])
        if label in seen:
            message = f"the label '{label[0]}#{label[1]}' is there already"
            findings += under(report(DUPLICATE_LABEL, message), "security", index)
        seen.add(label)
    return findings or None


#: Type -> its check; called with objects only.
TYPE_RULES: Final[dict[str, Checker]] = {
    "Identifier": _identifier,
    "Attachment": _attachment,
    "Meta": _meta,
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), check_unit),
}
