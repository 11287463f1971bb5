from __future__ import annotations

import pytest

from fhir_kb.validate.input.recognition import recognise


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"resourceType": "Patient"}', ""),
        (b'\xef\xbb\xbf \n{"id": "a", "resourcetype": "Patient"}', ""),
        ('{"resourceType": "Patient"}'.encode("utf-16"), ""),
        (b'// note\n{"resourceType": "Patient"}', "p.JSON"),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', ""),
        (b'<?xml version="1.0"?>\n<!-- a --><f:Patient xmlns:f="http://hl7.org/fhir"/>', ""),
        (b'<Patient xmlns="https://HL7.org/FHIR/"/>', ""),
        (b'<Patient xmlns="http://hl7.org/fhir1"/>', ""),
        (b"<patient><id/></patient>", ""),
    ],
)
def test_fhir_is_recognised_by_its_content(data: bytes, name: str) -> None:
    assert recognise(data, name).is_fhir


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"", "an empty file"),
        (b"PK\x03\x04...", "a ZIP archive: unpack it and name the folder"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b...", "data compressed by gzip"),
        (bytes(257) + b"ustar", "a tar archive: a FHIR package is also gzipped"),
        (b"\x01\x00\x02", "binary data"),
        (b'The "resourceType" is given', "text that is neither JSON nor XML"),
        (b'{"name": "a package"}', "JSON without a 'resourceType'"),
        (
            b'{"index-version": 2, "files": [{"resourceType": "Patient"}]}',
            "the index of a FHIR package",
        ),
        (b"<html><a/></html>", "XML with the root 'html'"),
        (
            b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
            "XML with the root 'ClinicalDocument' of 'urn:hl7-org:v3'",
        ),
        (b"<", "text like XML, without a root"),
    ],
)
def test_anything_else_is_named(data: bytes, looks_like: str) -> None:
    content = recognise(data)
    assert (content.is_fhir, content.looks_like) == (False, looks_like)
