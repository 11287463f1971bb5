"""Kinds of issue: which elements there are, how many, and of what type."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

NOT_A_RESOURCE: Final = Kind(
    Code(
        "KB510",
        "not-a-resource",
        Severity.ERROR,
        """\
The content is not a FHIR resource.

A resource is a JSON object whose property `resourceType` names its type. Without it nobody can
tell what the rest means.

Add `"resourceType": "…"`, or check whether the file is FHIR at all.
""",
    ),
    "structure",
)

UNKNOWN_RESOURCE: Final = Kind(
    Code(
        "KB511",
        "unknown-resource-type",
        Severity.ERROR,
        """\
The FHIR release has no resource type of this name.

Resource types come and go between releases: Citation exists in R4B and R5 but not in R4,
RequestGroup became RequestOrchestration in R5. Case counts.

Check the spelling, and check that the file is validated as the release it was written for.
""",
    ),
    "structure",
    "This_does_not_appear_to_be_a_FHIR_resource_unknown_name_",
)

UNKNOWN_PROPERTY: Final = Kind(
    Code(
        "KB512",
        "unknown-property",
        Severity.ERROR,
        """\
The element has no property of this name.

Servers refuse such a resource or drop the property without a word, and what it said is lost.

Mind the spelling, the release (elements are renamed between R4 and R5), and the place: the property
may belong one level up or down. What FHIR has no element for goes into an extension.

```json
{"resourceType": "PlanDefinition", "status": "draft", "titel": "Dry needling"}
```

Here `title` was meant.
""",
    ),
    "structure",
    "Unrecognised_property_",
)

WRONG_JSON_TYPE: Final = Kind(
    Code(
        "KB513",
        "wrong-json-type",
        Severity.ERROR,
        """\
A value has the wrong form in JSON.

Elements that can repeat are always lists, even with one item; all others never are. Numbers and
booleans have no quotation marks; codes, dates and all other simple values have.

```json
{"resourceType": "Patient", "active": "true", "name": {"family": "Berg"}}
```

Right is `"active": true` and `"name": [{"family": "Berg"}]`.
""",
    ),
    "invalid",
    "This_property_must_be_an_simple_value_not_",
)

MISSING: Final = Kind(
    Code(
        "KB514",
        "missing-element",
        Severity.ERROR,
        """\
An element that must be there is missing.

The release's definition demands it (cardinality 1..1 or 1..*); without it the resource cannot be
understood safely.

Add the element. Where its value is truly unknown and its type allows it, say so with the
data-absent-reason extension.

```json
{"resourceType": "PlanDefinition", "title": "Dry needling"}
```

`status` is missing.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Minimum",
)

TOO_MANY: Final = Kind(
    Code(
        "KB515",
        "too-many",
        Severity.ERROR,
        """\
An element is there more often than is allowed.

Readers would use one value and drop the others, and nobody knows which.

Keep the one that is meant. Where the element is forbidden at this place, leave it out.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Maximum",
)

CHOICE_TWICE: Final = Kind(
    Code(
        "KB516",
        "choice-twice",
        Severity.ERROR,
        """\
Two types were chosen for an element that has one value.

`value[x]` and its like stand for exactly one property, such as `valueString` or `valueCode`.

Keep the one that is meant.

```json
{"url": "…", "valueString": "a", "valueCode": "a"}
```
""",
    ),
    "structure",
)

MISALIGNED: Final = Kind(
    Code(
        "KB517",
        "misaligned-lists",
        Severity.ERROR,
        """\
A list and the list with the underscore don't fit each other.

Extensions on simple values stand in a second list: the first item of `_given` belongs to the first
of `given`, and so on. Both have the same length; null fills the places where one has nothing.

```json
{"given": ["Ann", "Bo"], "_given": [null, {"id": "b"}]}
```
""",
    ),
    "structure",
)

WRONG_CHOICE_TYPE: Final = Kind(
    Code(
        "KB518",
        "wrong-choice-type",
        Severity.ERROR,
        """\
A choice element has a type that is not among its choices.

`timing[x]` of a PlanDefinition's action may be a Timing, a Range, a Duration or an Age, but not a
string: `timingString` does not exist.

Use one of the types listed in the message, or an extension.
""",
    ),
    "structure",
    "Unrecognised_property_",
)

EXTENSION_CONTENT: Final = Kind(
    Code(
        "KB519",
        "extension-content",
        Severity.ERROR,
        """\
An extension has both a value and inner extensions, or neither.

An extension is either simple (`value[x]`) or complex (`extension`), so that a reader knows where to
look (rule ext-1).

```json
{"url": "http://example.org/e", "valueString": "a", "extension": [{"url": "b", "valueCode": "c"}]}
```

Move the value into an inner extension with a url of its own, or drop one of the two.
""",
    ),
    "invariant",
    "http://hl7.org/fhir/StructureDefinition/Extension#ext-1",
)

KINDS: Final = (
    NOT_A_RESOURCE, UNKNOWN_RESOURCE, UNKNOWN_PROPERTY, WRONG_JSON_TYPE, MISSING, TOO_MANY,
    CHOICE_TWICE, MISALIGNED, WRONG_CHOICE_TYPE, EXTENSION_CONTENT,
)  # fmt: skip
