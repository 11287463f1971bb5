"""DataRequirements: https://hl7.org/fhir/R5/metadatatypes.html#DataRequirement"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.build import element

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.plan import Data


def requirement(context: Context, given: Data) -> Element:
    """The data that a step needs or makes."""
    filter_ = None
    if given.code is not None or given.value_set is not None:
        filter_ = element(
            given.span,
            path="code",
            valueSet=_value_set(context, given),
            code=context.meaning(given.code).get("coding") if given.code else None,
        )
        if len(filter_) == 1:  # a code in words only: the title says it
            filter_ = None
    return element(
        given.span,
        type=given.type,
        profile=[given.profile] if given.profile else None,
        codeFilter=[filter_] if filter_ else None,
    )


def _value_set(context: Context, given: Data) -> str | None:
    if given.value_set is None:
        return None
    if str(given.value_set) in context.value_sets:
        return context.canonical("ValueSet", str(given.value_set))
    if ":" in given.value_set:
        return str(given.value_set)
    context.missing("value set", given.value_set)
    return None
