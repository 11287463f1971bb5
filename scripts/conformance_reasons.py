"""Why fhir-kb and the HL7 engine differ on cases of the suites, for docs/conformance.md."""

from __future__ import annotations

#: Messages that depend on what else is loaded: see the suites' README.
ELSEWHERE = {
    "Reference_REF_CantResolve",
    "Type_Specific_Checks_DT_URL_Resolve",
    "Extension_EXT_Unknown_NotHere",
    "TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE",
}
NO_SERVER = ("TerminologyClientContext", "running without terminolog")
#: What the engine says -> why we do not. The first that fits is taken; "open" is not done yet.
CAUSES = (
    (
        r"TerminologyClientContext",
        "ours right",
        (
            "The engine meets a null pointer of its own when it looks for a media type without a "
            "terminology server, and reports an error. `text/cql` and its like have the form of "
            "media types."
        ),
    ),
    (
        r"running without terminolog",
        "ours right",
        (
            "The engine reports as an error that it could not look up a code of SNOMED CT or "
            "LOINC. Offline nobody can say; a false error would be worse than none."
        ),
    ),
    (
        r"Extension_EXTP_Context_Wrong|Profile_EXT_Not_Here",
        "open",
        "An extension stands where its definition does not allow it.",
    ),
    (
        r"derived max",
        "open",
        "The engine generates the snapshot of a profile and finds it impossible.",
    ),
    (
        r"Terminology_TX_System_Unknown",
        "not applicable",
        (
            "A code system under `http://hl7.org/fhir/uv` of a guide that was not loaded. What is "
            "not loaded we call unchecked, not unknown."
        ),
    ),
    (
        r"VALIDATION_HL7_PUBLISHER_MISMATCH",
        "open",
        "HL7's own rules of publishing: the work group and the publisher.",
    ),
    (
        r"VALUESET_VALUE_MISMATCH",
        "open",
        "A coding has another version than the value set's include.",
    ),
    (
        r"Validation_VAL_Profile",
        "open",
        "What a profile in `meta.profile`, or the definition of an extension, demands.",
    ),
    (r"Reference_REF_ResourceType", "open", "A reference matched by the id of a `urn:uuid:` only."),
)
REFUSED = {
    "ebm-r5/Composition-236951.json": "narratives with a missing and a surplus `</div>`",
    "ebm-r5/Evidence-236987.json": "a range from -0.09 to -0.85 Kg, low above high",
    "narrative-binary.xml": "`MEKH....SD/Z` is not base64: FHIR's own pattern has no full stop",
    "narrative-binary-bad.xml": "`MEKH....SD/Z` is not base64: FHIR's own pattern has no full stop",
}
#: Expected errors that a case's settings or packages that were loaded there make.
SETTINGS = (
    r"could not be found so is not allowed here|Example URLs are not allowed|embedded HTML tags"
    r"|Unable to resolve resource with reference '(?!#)"
)
#: Cases with supporting files -> why we differ.
SUPPORTED = {
    "profile-patient-op1": "not applicable: that unknown extensions are errors is a setting",
    "profile-patient-op2": "not applicable: that unknown extensions are errors is a setting",
    "patient-circle1-bad-linked1": "not applicable: the harness fetches the target from its files",
    "patient-circle2-bad-linked": "not applicable: the harness fetches the target from its files",
    "patient-circle2-bad-source1": "not applicable: the harness fetches the target from its files",
    "reslicing-extensions": "ours right: the slice that is sliced again says what tells its parts "
    "apart, and each value fits just one; the engine looks at the outer slicing only",
    "aggregation-apart-good4": "ours right: an Encounter of R4 has a class; the case expects what "
    "holds for R5",
}
