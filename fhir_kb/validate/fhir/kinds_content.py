"""Kinds of issue: codes, fixed values, references, contained resources, invariants."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

CODE_NOT_IN_SET: Final = Kind(
    Code(
        "KB540",
        "code-not-in-value-set",
        Severity.ERROR,
        """\
A code is not in the value set that this element is bound to.

A required binding leaves no choice: readers act on these codes, and servers refuse others.

Use one of the codes of the set, which the message names. Codes are case-sensitive.

```json
{"resourceType": "PlanDefinition", "status": "published"}
```

Right is `active`.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_16",
)

CODING_NOT_IN_SET: Final = Kind(
    Code(
        "KB541",
        "coding-not-in-value-set",
        Severity.ERROR,
        """\
No coding comes from the value set that this element is bound to.

With a required binding a Coding must be in the set, system and code, and of a CodeableConcept at
least one coding must be. Text alone is not enough.

Add a coding from the set beside those that are there.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_1_CC",
)

FIXED_VALUE: Final = Kind(
    Code(
        "KB542",
        "other-than-fixed",
        Severity.ERROR,
        """\
A value differs from the one that the definition fixes.

Write exactly the value that the message names, or follow another profile.
""",
    ),
    "value",
)

BAD_REFERENCE: Final = Kind(
    Code(
        "KB550",
        "bad-reference",
        Severity.ERROR,
        """\
A reference does not have the form of one.

It is `Type/id` on the same server (`Type/id/_history/2` for one version), an absolute url,
`urn:uuid:…` inside a bundle, or `#id` for a contained resource. The type's name starts with a
capital letter.

```json
{"subject": {"reference": "patients/7"}}
```

Right is `Patient/7`.
""",
    ),
    "invalid",
    "Reference_REF_Format1",
)

WRONG_TARGET: Final = Kind(
    Code(
        "KB551",
        "wrong-reference-target",
        Severity.ERROR,
        """\
A reference points to a type of resource that is not allowed here.

The element's definition lists what it may refer to; a system that follows the reference expects one
of these.

Refer to a resource of an allowed type, or use the element that was made for the other one.
""",
    ),
    "structure",
    "Reference_REF_BadTargetType2",
)

REFERENCE_TYPE: Final = Kind(
    Code(
        "KB552",
        "reference-type-differs",
        Severity.ERROR,
        """\
`type` and `reference` of a reference name different types.

`type` repeats the type of the target, so both must agree.

Correct one of the two; `type` may be left out.
""",
    ),
    "structure",
    "Reference_REF_BadTargetType",
)

NO_SUCH_CONTAINED: Final = Kind(
    Code(
        "KB553",
        "no-such-contained-resource",
        Severity.ERROR,
        """\
A reference names a contained resource that is not there.

`#id` is the resource in `contained` with that id, of the same outermost resource; `#` alone is
the container itself.

Add the contained resource, or correct the id.
""",
    ),
    "invariant",
    "http://hl7.org/fhir/StructureDefinition/Reference#ref-1",
)

CONTAINED_ID: Final = Kind(
    Code(
        "KB554",
        "contained-id",
        Severity.ERROR,
        """\
A contained resource has no id, or shares it with another.

It can only be referred to as `#id`; without an id of its own nothing can reach it.

Give each contained resource an id, different within the resource that contains it.
""",
    ),
    "invalid",
    "Resource_RES_ID_Missing",
)

CONTAINED_UNUSED: Final = Kind(
    Code(
        "KB557",
        "contained-not-used",
        Severity.ERROR,
        """\
A contained resource is not referred to.

It has no identity outside of its container, so one that nothing refers to (and that does not refer
to its container by `#`) says nothing (rule dom-3).

Refer to it as `#id`, or leave it out.
""",
    ),
    "invalid",
    "CONTAINED_ORPHAN_DOM3",
)

RESOURCE_TYPE: Final = Kind(
    Code(
        "KB555",
        "wrong-resource-type",
        Severity.ERROR,
        """\
A resource of this type cannot stand at this place.

Some places hold one type only: `Bundle.issues` an OperationOutcome, the first entry of a document a
Composition, that of a message a MessageHeader.
""",
    ),
    "invalid",
    "Bundle_BUNDLE_Entry_Type",
)

EXTENSION_URL: Final = Kind(
    Code(
        "KB556",
        "extension-url",
        Severity.ERROR,
        """\
The url of an extension is not absolute.

The url is the name under which the extension is defined, and the only thing that says what it
means. Only inner extensions have short names.
""",
    ),
    "invalid",
    "Extension_EXT_URL_Absolute",
)

FULL_URL: Final = Kind(
    Code(
        "KB570",
        "full-url",
        Severity.ERROR,
        """\
The fullUrl of a bundle's entry is missing or does not fit its resource.

It is the identity of the resource and the base for relative references: an absolute url that ends
in `Type/id`, or a `urn:uuid:`. It is needed in all bundles but transactions, batches and histories.

```json
{"fullUrl": "http://example.org/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "2"}}
```
""",
    ),
    "invalid",
    "BUNDLE_ENTRY_URL_ABSOLUTE",
)

FIRST_ENTRY: Final = Kind(
    Code(
        "KB571",
        "first-entry",
        Severity.ERROR,
        """\
A document or message does not begin as it must.

The first entry of a document is its Composition, the first entry of a message its MessageHeader;
there is no document or message without entries.
""",
    ),
    "invalid",
    "Bundle_BUNDLE_Entry_Document",
)

INVARIANT: Final = Kind(
    Code(
        "KB590",
        "rule-broken",
        Severity.ERROR,
        """\
A rule of the FHIR definition does not hold.

Each type has rules that go beyond structure, written as FHIRPath expressions and named by a
key such as `cnl-0` or `pld-3`. The message gives the key and what the rule says in words.

Look the key up on the resource's page of the specification, under "Constraints".
""",
    ),
    "invariant",
)

INVARIANT_WARNING: Final = Kind(
    Code(
        "KB591",
        "recommendation-not-met",
        Severity.WARNING,
        """\
A recommendation of the FHIR definition is not met.

It is a rule that the definition itself marks as a warning: the resource is valid, but some systems
will handle it less well.
""",
    ),
    "invariant",
)

INVARIANT_NOT_EVALUATED: Final = Kind(
    Code(
        "KB592",
        "rule-not-evaluated",
        Severity.INFORMATION,
        """\
A rule of the FHIR definition could not be evaluated.

The content is such that the rule's expression has no result, or it takes too long. So it is not
known whether the rule holds; this is said, and not counted as an error.

Look at the other findings on the same element first.
""",
    ),
    "informational",
)

DUPLICATE_ID: Final = Kind(
    Code(
        "KB628",
        "element-id-twice",
        Severity.ERROR,
        """\
Two elements of a resource have the same id.

The id of an element is what others refer to it by, so there is one of each in a resource.

Give each its own.
""",
    ),
    "business-rule",
    "DUPLICATE_ID",
)

KINDS: Final = (
    CODE_NOT_IN_SET, CODING_NOT_IN_SET, FIXED_VALUE, BAD_REFERENCE, WRONG_TARGET, REFERENCE_TYPE,
    NO_SUCH_CONTAINED, CONTAINED_ID, CONTAINED_UNUSED, RESOURCE_TYPE, EXTENSION_URL, FULL_URL,
    FIRST_ENTRY, INVARIANT, INVARIANT_WARNING, INVARIANT_NOT_EVALUATED, DUPLICATE_ID,
)  # fmt: skip
