"""Who takes part: in activities, in steps, in the plan as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.concepts import codeable, readable, with_codes
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Participant


def participant(bench: CompileContext, one: Participant) -> Element:
    """A participant of an activity or a step."""
    return element(
        one.span,
        type=_type(one),
        role=codeable(bench, one.role),
        function=codeable(bench, one.function),
    )


def actor(bench: CompileContext, one: Participant) -> Element:
    """An actor of a plan; its function is described in words, for FHIR has no element for it."""
    role, function = codeable(bench, one.role), codeable(bench, one.function)
    return element(
        one.span,
        title=readable(role) or one.type.replace("-", " ").capitalize(),
        description=f"Function: {with_codes(function)}" if function else None,
        option=[element(one.span, type=_type(one), role=role)],
    )


def participant_text(bench: CompileContext, one: Participant) -> str:
    """How a participant reads."""
    kind = one.type.replace("-", " ")
    more = [readable(codeable(bench, meaning)) for meaning in (one.role, one.function)]
    return ", ".join((kind, *(word for word in more if word)))


def _type(one: Participant) -> str:
    return with_span_of(code_words.PARTICIPANT_TYPE[one.type], one.type)
