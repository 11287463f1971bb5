"""Participants of activities, of steps and of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.concepts import codeable_concept, readable_text, text_with_codes
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Participant


def compile_participant(context: CompileContext, participant: Participant) -> Element:
    """A participant of an activity or a step."""
    return element(
        participant.span,
        type=_type(participant),
        role=codeable_concept(context, participant.role),
        function=codeable_concept(context, participant.function),
    )


def compile_actor(context: CompileContext, participant: Participant) -> Element:
    """An actor of a plan; its function is described in words, for FHIR has no element for it."""
    role, function = (
        codeable_concept(context, participant.role),
        codeable_concept(context, participant.function),
    )
    return element(
        participant.span,
        title=readable_text(role) or code_words.in_words(participant.type),
        description=f"Function: {text_with_codes(function)}" if function else None,
        option=[element(participant.span, type=_type(participant), role=role)],
    )


def participant_text(context: CompileContext, participant: Participant) -> str:
    """How a participant reads."""
    kind = participant.type.replace("-", " ")
    more = [
        readable_text(codeable_concept(context, meaning))
        for meaning in (participant.role, participant.function)
    ]
    return ", ".join((kind, *(word for word in more if word)))


def _type(participant: Participant) -> str:
    return with_span_of(code_words.PARTICIPANT_TYPE[participant.type], participant.type)
