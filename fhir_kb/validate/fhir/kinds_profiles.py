"""Kinds of issue: what a profile demands."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

PROFILE_MISSING: Final = Kind(
    Code(
        "KB650",
        "profile-element-missing",
        Severity.ERROR,
        """\
An element occurs less often than the profile demands.

A profile raises the least number of times that an element occurs; the base type would allow the
resource as it is.

Add the element, or leave the profile out of `meta.profile` if the resource need not conform.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Minimum",
)

PROFILE_TOO_MANY: Final = Kind(
    Code(
        "KB651",
        "profile-element-too-often",
        Severity.ERROR,
        """\
An element occurs more often than the profile allows.

A profile lowers the number of times that an element occurs, to 0 where it must not be used.

Leave out what is too much, or choose another profile.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Maximum",
)

PROFILE_VALUE: Final = Kind(
    Code(
        "KB657",
        "profile-value",
        Severity.ERROR,
        """\
A value is not the one that the profile fixes.

`fixed[x]` demands exactly this value, `pattern[x]` at least all that the pattern contains.

Write the value that the message names.
""",
    ),
    "value",
    "Fixed_Type_Checks_DT_Fixed_Wrong",
)

PROFILE_TYPE: Final = Kind(
    Code(
        "KB658",
        "profile-type",
        Severity.ERROR,
        """\
A value has a type that the profile does not allow.

The base type allows more types than the profile leaves.
""",
    ),
    "structure",
    "Validation_VAL_Profile_NoType",
)

PROFILE_NO_MATCH: Final = Kind(
    Code(
        "KB659",
        "no-profile-fits",
        Severity.ERROR,
        """\
A value conforms to none of the profiles that it may have here.

The findings at the same place say what each of the profiles demands.
""",
    ),
    "structure",
    "Validation_VAL_Profile_NoMatch",
)

PROFILE_TARGET: Final = Kind(
    Code(
        "KB660",
        "profile-target",
        Severity.ERROR,
        """\
A reference leads to a resource that does not conform to any of the profiles asked for.

What is referred to stands in the same bundle or is contained, so it was looked at.

Check the target with `fhir-kb validate --profile`, or refer to another resource.
""",
    ),
    "structure",
    "Reference_REF_CantMatchChoice",
)

AGGREGATION: Final = Kind(
    Code(
        "KB661",
        "reference-aggregation",
        Severity.ERROR,
        """\
A reference leads to a place that the profile does not allow.

`aggregation` says whether the target is to be contained in the resource, to stand in the same
bundle, or to be somewhere else.
""",
    ),
    "structure",
    "Reference_REF_Aggregation",
)

PROFILE_UNKNOWN: Final = Kind(
    Code(
        "KB662",
        "profile-unknown",
        Severity.WARNING,
        """\
A profile is not known, so nothing was checked against it.

Add the package or the file that defines it: `--package NAME#VERSION`, `--also PATH`.
""",
    ),
    "not-found",
    "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY",
)

PROFILE_BROKEN: Final = Kind(
    Code(
        "KB663",
        "profile-broken",
        Severity.ERROR,
        """\
A profile cannot be used: its definition is broken.

The StructureDefinition has no elements, refers to a base that is not known, or contradicts its
base, so nobody can say what it demands.

`fhir-kb validate` on the StructureDefinition says more.
""",
    ),
    "invalid",
    "Validation_VAL_Profile_NoSnapshot",
)

PROFILE_OTHER_TYPE: Final = Kind(
    Code(
        "KB664",
        "profile-for-other-type",
        Severity.ERROR,
        """\
A resource claims a profile for another type.

A profile constrains one type of resource (or all, where its type is abstract); a resource of
another type cannot conform to it.
""",
    ),
    "structure",
    "Validation_VAL_Profile_WrongType",
)

PROFILE_RANGE: Final = Kind(
    Code(
        "KB665",
        "profile-range",
        Severity.ERROR,
        """\
A value is out of the range that the profile sets.

`minValue[x]`, `maxValue[x]` and `maxLength` limit numbers, dates, quantities and texts. Quantities
are compared after conversion of their UCUM units.
""",
    ),
    "value",
    "Type_Specific_Checks_DT_Decimal_GT",
)

PROFILE_CODE: Final = Kind(
    Code(
        "KB666",
        "profile-code",
        Severity.ERROR,
        """\
A code is not in the value set that the profile binds to the element.

The binding is required, so no other code will do.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_1_CC",
)

PROFILE_CODE_OTHER: Final = Kind(
    Code(
        "KB667",
        "profile-code-other",
        Severity.WARNING,
        """\
A code is not in the value set that the profile binds to the element, as it should be.

The binding is extensible: another code may be used only where the value set has none that fits.
""",
    ),
    "code-invalid",
    "Terminology_TX_NoValid_2_CC",
)

NOT_CHECKED: Final = Kind(
    Code(
        "KB668",
        "profile-not-checked",
        Severity.INFORMATION,
        """\
Something that a profile demands could not be checked.

A value set needs a terminology server, or an extension, profile or code system is not known.
Nothing is said about whether the resource conforms.

Add the package that defines it with `--package`, or a terminology server with `--tx`.
""",
    ),
    "informational",
)

SEVERAL_PROFILES: Final = Kind(
    Code(
        "KB669",
        "several-profiles-fit",
        Severity.WARNING,
        """\
A value conforms to more than one of the profiles that it may have here.

That is allowed, but a reader cannot know which of them is meant.
""",
    ),
    "structure",
    "Validation_VAL_Profile_MultipleMatches",
)

NARRATIVE_LANGUAGE: Final = Kind(
    Code(
        "KB670",
        "narrative-language",
        Severity.ERROR,
        """\
A narrative does not have the sections by language that the profile asks for.

A profile can demand or forbid that the narrative is parted into `<div lang="…">` sections, or
demand one in the language of the resource.
""",
    ),
    "business-rule",
)

NARRATIVE_SOURCE: Final = Kind(
    Code(
        "KB671",
        "narrative-source",
        Severity.ERROR,
        """\
A part of a narrative does not say where it comes from, as the profile asks.

The `class` of each heading, paragraph or table says that it is `boilerplate`, `generated` from the
data, or `original`, written by a person.
""",
    ),
    "business-rule",
    "XHTML_CONTROL_NO_SOURCE",
)

KINDS: Final = (
    PROFILE_MISSING, PROFILE_TOO_MANY,
    PROFILE_VALUE, PROFILE_TYPE, PROFILE_NO_MATCH, PROFILE_TARGET, AGGREGATION,
    PROFILE_UNKNOWN, PROFILE_BROKEN, PROFILE_OTHER_TYPE, PROFILE_RANGE, PROFILE_CODE,
    PROFILE_CODE_OTHER, NOT_CHECKED, SEVERAL_PROFILES, NARRATIVE_LANGUAGE, NARRATIVE_SOURCE,
)  # fmt: skip
