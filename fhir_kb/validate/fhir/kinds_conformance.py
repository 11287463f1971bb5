"""Kinds of issue: the content of conformance resources."""

from __future__ import annotations

from typing import Final

from fhir_kb.diagnostics import Code, Severity
from fhir_kb.validate.fhir.issue import Kind

TYPE_OF_ITS_OWN: Final = Kind(
    Code(
        "KB580",
        "type-of-its-own",
        Severity.ERROR,
        """\
A StructureDefinition makes a new type with the name of one that FHIR has.

With the derivation `specialization` the definition is that of a new type, and its name must be new.
Rules for an existing type are a profile.

Write `"derivation": "constraint"` for a profile, or give the new type a name of its own.
""",
    ),
    "business-rule",
    "SD_TYPE_NOT_DERIVED",
)

NOT_IN_A_PROFILE: Final = Kind(
    Code(
        "KB581",
        "not-in-a-profile",
        Severity.ERROR,
        """\
A profile states something that only the definition of the type itself may state.

What an element's absence means belongs to the type; a reader that does not know the profile would
understand something else.

Leave it out of the profile.
""",
    ),
    "business-rule",
    "SD_ELEMENT_NOT_IN_CONSTRAINT",
)

PROFILE_OF_OTHER_TYPE: Final = Kind(
    Code(
        "KB582",
        "profile-of-other-type",
        Severity.ERROR,
        """\
An element's type names a profile that is one of another type.

`profile` narrows the type that `code` names, so it is a profile of just this type.

Name a profile of the type, or correct `code`.
""",
    ),
    "business-rule",
    "SD_ED_TYPE_PROFILE_WRONG",
)

SEARCH_DIFFERS: Final = Kind(
    Code(
        "KB583",
        "search-parameter-differs",
        Severity.ERROR,
        """\
A search parameter differs from the one of FHIR that it names.

A CapabilityStatement that names a search parameter by its definition, and a SearchParameter that is
derived from another, keep its type; a derived one has no other base resources.

Correct the type or the bases, or name another definition.
""",
    ),
    "invalid",
    "CapabalityStatement_CS_SP_WrongType",
)

NOT_FHIRPATH: Final = Kind(
    Code(
        "KB584",
        "not-fhirpath",
        Severity.ERROR,
        """\
An expression inside a resource is not FHIRPath.

Invariants of profiles, search parameters and expressions with the language `text/fhirpath` are
evaluated by other systems; one that breaks the grammar can never be.

Mend the expression at the place that the message gives. `fhir-kb fhirpath` evaluates one.

```json
{"language": "text/fhirpath", "expression": "name.exists( and"}
```
""",
    ),
    "invalid",
    "ED_SEARCH_EXPRESSION_ERROR",
)

SEARCHES_NOTHING: Final = Kind(
    Code(
        "KB623",
        "search-parameter-finds-nothing",
        Severity.ERROR,
        """\
A search parameter cannot find anything.

Its expression names elements that none of its base types has, or it is of the type `composite` and
has fewer than two components. A server cannot index it.

Name elements of the types in `base`, or correct `base`.

```json
{"base": ["Patient"], "expression": "Patient.dateOfBirth"}
```
""",
    ),
    "invalid",
    "ED_SEARCH_EXPRESSION_ERROR",
)

SEARCH_DOUBTFUL: Final = Kind(
    Code(
        "KB624",
        "search-parameter-doubtful",
        Severity.WARNING,
        """\
A search parameter may not work as it is meant.

Its code has a character that means something in the URL of a search (`.`, `$`, `|`), or it is
derived from one that is not known here, so nothing can be compared.

Give it a code of letters, digits and hyphens, or name the definition of a parameter that is known.
""",
    ),
    "business-rule",
    "SEARCHPARAMETER_BAD_CHAR",
)

DEPENDENCY: Final = Kind(
    Code(
        "KB625",
        "guide-dependency",
        Severity.ERROR,
        """\
A dependency of an ImplementationGuide cannot be found by what it says.

`uri` is the canonical url of the other ImplementationGuide, `version` its version and `packageId`
the name of its package: `hl7.fhir.us.core`.

Write the url with `/ImplementationGuide/` in it, and the version only as `version`.

```json
{"uri": "http://example.org/fhir|1.0.0", "packageId": "example.fhir"}
```
""",
    ),
    "business-rule",
    "IG_DEPENDENCY_DIRECT",
)

PARAMETERS_PROFILE: Final = Kind(
    Code(
        "KB626",
        "not-a-profile-of-parameters",
        Severity.ERROR,
        """\
The profile of an operation's input or output is none of Parameters.

All that goes into an operation, and all that comes out, is a Parameters resource, so `inputProfile`
and `outputProfile` are profiles of it.

Name a profile of Parameters; the type of a single parameter belongs to `parameter`.
""",
    ),
    "business-rule",
    "OPDEF_PROFILE_NOT_PARAMETERS",
)

KINDS: Final = (
    TYPE_OF_ITS_OWN, NOT_IN_A_PROFILE, PROFILE_OF_OTHER_TYPE, SEARCH_DIFFERS, NOT_FHIRPATH,
    SEARCHES_NOTHING, SEARCH_DOUBTFUL, DEPENDENCY, PARAMETERS_PROFILE,
)  # fmt: skip
