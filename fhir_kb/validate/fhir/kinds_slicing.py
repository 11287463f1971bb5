"""Kinds of issue: the slices of a profile."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

SLICE_MISSING: Final = Kind(
    Code(
        "KB652",
        "slice-missing",
        Severity.ERROR,
        """\
A slice that the profile demands is not there.

A profile parts the values of an element into slices, told apart by what they contain, and demands
that some of them occur.

Add a value that belongs to the slice; the discriminator of the slicing says by what it is known.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Minimum_SLICE",
)

SLICE_TOO_MANY: Final = Kind(
    Code(
        "KB653",
        "slice-too-often",
        Severity.ERROR,
        """\
More values belong to a slice than the profile allows.

Leave out what is too much, or change what makes it belong to the slice.
""",
    ),
    "structure",
    "Validation_VAL_Profile_Maximum",
)

NO_SLICE: Final = Kind(
    Code(
        "KB654",
        "no-such-slice",
        Severity.ERROR,
        """\
A value belongs to none of the slices, and the slicing is closed.

With the rule `closed` there may be only what one of the slices describes; with `openAtEnd` other
values come after those that belong to slices.

Compare the value with the discriminators of the slices.
""",
    ),
    "structure",
    "This_element_does_not_match_any_known_slice_",
)

SEVERAL_SLICES: Final = Kind(
    Code(
        "KB655",
        "several-slices",
        Severity.ERROR,
        """\
A value belongs to more than one slice.

Slices part the values of an element; a value that fits two of them cannot be checked by either.

Change the value so that only one slice describes it; if none can, the profile is at fault.
""",
    ),
    "structure",
    "Validation_VAL_Profile_MatchMultiple",
)

SLICE_ORDER: Final = Kind(
    Code(
        "KB656",
        "slice-order",
        Severity.ERROR,
        """\
Values are not in the order of the profile's slices.

The slicing is `ordered`: values of a slice come after those of the slices that stand before it in
the profile.
""",
    ),
    "structure",
    "Validation_VAL_Profile_OutOfOrder",
)

KINDS: Final = (SLICE_MISSING, SLICE_TOO_MANY, NO_SLICE, SEVERAL_SLICES, SLICE_ORDER)
