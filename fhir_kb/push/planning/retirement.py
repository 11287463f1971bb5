"""Which status says that a resource is no longer in use: by its type, in the server's release.

`entered-in-error` is never used: it would tell the hospital that the knowledge was a mistake.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.packages import definitions

STATUSES: Final = ("retired", "deprecated")
"""What says so, the better one first: http://hl7.org/fhir/valueset-publication-status.html, and
http://hl7.org/fhir/valueset-composition-status.html, which has `deprecated` from R5 on."""


@cache
def retired_status(release: str, type_name: str) -> str | None:
    """The code for `status` of a type that says that a resource is no longer in use.

    Args:
        release: The FHIR release by name ("r4"); "" for one that is not supported.
        type_name: The resource type.

    Returns:
        "retired" or "deprecated"; None where the type has no such code, or no status at all.
    """
    if release not in BY_NAME:
        return None
    known = definitions(BY_NAME[release].version)
    if type_name not in known.resource_types:
        return None
    element = known.type(type_name).by_path.get(f"{type_name}.status")
    if element is None or element.binding is None or element.binding.strength != "required":
        return None
    codes = known.codes(element.binding.value_set) or frozenset()
    return next((status for status in STATUSES if status in codes), None)
