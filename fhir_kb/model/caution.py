"""Cautions: whom something could harm, and how."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.record import Names, OneOf, Record, doc, record
from fhir_kb.model.text import Id, Markdown, Text


@record
class Caution(Record):
    """A contraindication, a caution, an interaction, an adverse effect or another harm."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is known by.")
    kind: Annotated[Text, OneOf(code_words.CAUTION)] = doc("What kind of caution it is.")
    text: Markdown = doc("What it says, whole: whom it concerns, and what to do.")
    for_: tuple[Annotated[Text, Names("activity")], ...] = doc(
        "The activities that it is about; all that the topic says if left out.", default=()
    )
    because: tuple[Annotated[Text, Names("evidence")], ...] = doc(
        "The evidence it rests on.", default=()
    )
    from_: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The references it is taken from.", default=()
    )
