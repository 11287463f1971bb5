"""Kinds of issue: where extensions may stand, and what their definitions say of their use."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

EXTENSION_CONTEXT: Final = Kind(
    Code(
        "KB593",
        "extension-context",
        Severity.ERROR,
        """\
An extension stands where its definition does not allow it.

The StructureDefinition of an extension names the elements that it may be on (`context`), and
sometimes a rule that these have to fulfil (`contextInvariant`). A reader of another element will
not look for it there.

Put it on an element that the message names, or use another extension.
""",
    ),
    "structure",
    "Extension_EXTP_Context_Wrong",
)

EXTENSION_VERSION: Final = Kind(
    Code(
        "KB594",
        "extension-release",
        Severity.ERROR,
        """\
An extension is not meant for this release of FHIR.

Its definition says (by `version-specific-use`) from and up to which release it is used; elsewhere
an element of FHIR itself, or another extension, has its place.
""",
    ),
    "business-rule",
    "Extension_EXTP_Context_Wrong_VER",
)

EXTENSION_MODIFIER: Final = Kind(
    Code(
        "KB595",
        "extension-modifier",
        Severity.ERROR,
        """\
An extension that changes the meaning is not in `modifierExtension`, or one that does not is.

Whoever reads the resource may ignore what is in `extension`, and must not ignore what is in
`modifierExtension`. Its definition says which of the two an extension is.

Move it to the other property.
""",
    ),
    "structure",
    "Extension_EXT_Modifier_N",
)

EXTENSION_PART: Final = Kind(
    Code(
        "KB629",
        "extension-part",
        Severity.ERROR,
        """\
An extension has a part that its definition does not have.

The parts of an extension have short names, which mean only what the definition of the whole says.

Use a name that it has, or an extension of its own with an absolute url.

```json
{"url": "http://hl7.org/fhir/StructureDefinition/patient-citizenship",
 "extension": [{"url": "country", "valueString": "CH"}]}
```
""",
    ),
    "structure",
    "Extension_EXT_SubExtension_Invalid",
)

KINDS: Final = (EXTENSION_CONTEXT, EXTENSION_VERSION, EXTENSION_MODIFIER, EXTENSION_PART)
