"""References in bundles: conditional ones, and what a message is about.

http://hl7.org/fhir/http.html#trules, http://hl7.org/fhir/messaging.html; the comparisons with HL7's
validator were made with its version 6.9.4.
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.validate import Validator

_BASE = "https://kb.test/fhir"
_URN = "urn:uuid:6f2b5e0a-0b1e-4a57-9c1c-0b2c8b9b7f10"
_PATIENT = {"resourceType": "Patient", "id": "p"}


def _observation(reference: str, **more: Any) -> dict[str, Any]:
    observation = {"resourceType": "Observation", "id": "o", "status": "final"}
    return {**observation, "code": {"text": "x"}, "subject": {"reference": reference}, **more}


def _bundle(bundle_type: str, *resources: dict[str, Any]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [
        {"fullUrl": f"{_BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources
    ]
    for entry in entries:
        if bundle_type in ("transaction", "batch"):
            entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    bundle = {"resourceType": "Bundle", "id": "b", "type": bundle_type, "entry": entries}
    identifier = {"system": "urn:ietf:rfc:3986", "value": _URN}
    if bundle_type in ("message", "document"):
        bundle |= {"identifier": identifier, "timestamp": "2020-01-01T00:00:00Z"}
    return bundle


def _message(*resources: dict[str, Any], **header: Any) -> dict[str, Any]:
    event = {"eventUri": f"{_BASE}/e", "source": {"endpoint": f"{_BASE}/s"}}
    return _bundle(
        "message", {"resourceType": "MessageHeader", "id": "m", **event, **header}, *resources
    )


def _focus(*references: str) -> dict[str, Any]:
    return {"focus": [{"reference": reference} for reference in references]}


def _found(resource: dict[str, Any], version: str = "4.0.1") -> list[str]:
    issues = Validator(version).check(resource)
    return [f"{issue.code} {issue.path}" for issue in issues if not issue.code.startswith("KB59")]


_CONTAINED = {"contained": [_observation("Patient?identifier=1", id="c")]}
_MEMBER = {"hasMember": [{"reference": "#c"}]}


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
@pytest.mark.parametrize(
    ("resource", "finds"),
    [
        (_bundle("transaction", _observation("Patient?identifier=1")), []),
        (
            _bundle(
                "transaction", _observation("Patient?identifier=https://a.test/i|1&active=true")
            ),
            [],
        ),
        (_bundle("transaction", _observation("Patient/1", **_CONTAINED, **_MEMBER)), []),
        (
            _bundle("transaction", _observation("Patient?")),
            ["KB550 Bundle.entry[0].resource.subject"],
        ),
        (
            _bundle("transaction", _observation("Patient?identifier")),
            ["KB550 Bundle.entry[0].resource.subject"],
        ),
        (
            _bundle("transaction", _observation("Condition?identifier=1")),
            ["KB551 Bundle.entry[0].resource.subject"],
        ),
        (
            _bundle("batch", _observation("Patient?identifier=1")),
            ["KB673 Bundle.entry[0].resource.subject"],
        ),
        (
            _bundle("collection", _observation("Patient?identifier=1")),
            ["KB672 Bundle.entry[0].resource.subject"],
        ),
        (
            _bundle("collection", _bundle("transaction", _observation("Patient?identifier=1"))),
            [],
        ),
        (_observation("Patient?identifier=1"), ["KB672 Observation.subject"]),
        (
            _observation("Patient/1", **_CONTAINED, **_MEMBER),
            ["KB672 Observation.contained[0].subject"],
        ),
    ],
)
def test_a_conditional_reference_is_for_transactions(
    resource: dict[str, Any], finds: list[str], version: str
) -> None:
    assert _found(resource, version) == finds


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0"])
@pytest.mark.parametrize(
    ("message", "finds"),
    [
        (_message(_PATIENT, **_focus("Patient/p")), []),
        (_message(_PATIENT, **_focus(f"{_BASE}/Patient/p")), []),
        (_message({**_PATIENT, "meta": {"versionId": "1"}}, **_focus("Patient/p/_history/1")), []),
        (_message(), []),
        (_message(focus=[{"identifier": {"value": "1"}}]), []),
        (_message(contained=[{"resourceType": "Patient", "id": "c"}], **_focus("#c")), []),
        (_message(**_focus("Patient/q")), ["KB674 Bundle.entry[0].resource.focus[0]"]),
        (
            _message(_PATIENT, **_focus("Patient/p", "Patient/q")),
            ["KB674 Bundle.entry[0].resource.focus[1]"],
        ),
        (
            _message(_PATIENT, **_focus("https://other.test/Patient/p", "Patient/p")),
            ["KB674 Bundle.entry[0].resource.focus[0]"],
        ),
        (_message(**_focus(_URN)), ["KB674 Bundle.entry[0].resource.focus[0]"]),
        (
            _message({**_PATIENT, "meta": {"versionId": "2"}}, **_focus("Patient/p/_history/1")),
            ["KB674 Bundle.entry[0].resource.focus[0]"],
        ),
        (
            _message(**_focus("Patient?identifier=1")),
            ["KB672 Bundle.entry[0].resource.focus[0]"],
        ),
    ],
)
def test_what_a_message_is_about_is_in_it(
    message: dict[str, Any], finds: list[str], version: str
) -> None:
    found = _found(message, version)
    assert [finding for finding in found if not finding.startswith("KB728")] == finds


@pytest.mark.parametrize(
    "focus", [5, "x", [5], [{"reference": 5}], {"reference": "Patient/q"}, None]
)
def test_a_focus_of_any_form_is_no_failure(focus: Any) -> None:
    _found(_message(focus=focus))
