"""Cautions in words, wherever people read what they are about.

FHIR's resource for them, ClinicalUseDefinition, is not in R4, and no engine reads it when it
applies a plan; docs/mapping.md has the reasons.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.compile import citation_text
from fhir_kb.compile import narrative as write
from fhir_kb.compile.elements import with_span_of
from fhir_kb.compile.metadata import disclaimer_text
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model.activity import Activity
    from fhir_kb.model.caution import Caution

TITLE = "Contraindications and cautions"


class CautionSection(NamedTuple):
    """All cautions of a topic."""

    content: str
    """Them in XHTML, by their kinds."""

    activities: tuple[str, ...]
    """The names of the activities that they are about."""

    evidence: tuple[str, ...]
    """The names of the evidence that they rest on."""

    works: tuple[str, ...]
    """The names of the works that they are taken from."""

    span: Span
    """Where the first is written."""


def caution_section(context: CompileContext) -> CautionSection | None:
    """The cautions of the topic, if it has any."""
    cautions = context.topic.cautions
    if not cautions:
        return None
    blocks = []
    for kind, alike in groupby(_by_kind(cautions), lambda caution: caution.kind):
        items = write.bullets(_item(context, caution) for caution in alike)
        blocks.append(f"<p><b>{write.escape(_PLURALS.get(kind, kind))}</b></p>{items}")
    return CautionSection(
        "".join(blocks),
        _names(name for caution in cautions for name in caution.for_),
        _names(name for caution in cautions for name in caution.because),
        _names(name for caution in cautions for name in caution.from_),
        cautions[0].span,
    )


def cautions_of(context: CompileContext, activity: Activity) -> tuple[Caution, ...]:
    """The cautions that are about an activity by its name, in order of their kinds."""
    return _by_kind(caution for caution in context.topic.cautions if activity.id in caution.for_)


def _by_kind(cautions: Iterable[Caution]) -> tuple[Caution, ...]:
    order = {kind: number for number, kind in enumerate(code_words.CAUTION)}
    return tuple(sorted(cautions, key=lambda caution: order.get(caution.kind, len(order))))


def caution_text(context: CompileContext, caution: Caution) -> str:
    """A caution in Markdown: its kind, what it says, where it is from."""
    return f"{_label(caution)}: {caution.text.strip()}{_source(context, caution)}"


def caution_blocks(context: CompileContext, activity: Activity) -> str:
    """The cautions about an activity in XHTML."""
    texts = [caution_text(context, caution) for caution in cautions_of(context, activity)]
    return "".join(write.prose(text) for text in texts)


def usage_text(context: CompileContext, cautions: Sequence[Caution]) -> str | None:
    """What `usage` says of an artifact with these cautions: them, and the disclaimer."""
    disclaimer = disclaimer_text(context)
    if not cautions:
        return disclaimer
    texts = [_with_activities(context, caution) for caution in _by_kind(cautions)]
    words = "\n\n".join((*texts, *([str(disclaimer)] if disclaimer else [])))
    return with_span_of(words, cautions[0].text)


def _with_activities(context: CompileContext, caution: Caution) -> str:
    about = f" ({_about(context, caution)})" if caution.for_ else ""
    return f"{_label(caution)}{about}: {caution.text.strip()}{_source(context, caution)}"


def _label(caution: Caution) -> str:
    return code_words.CAUTION.get(caution.kind, caution.kind)


def _about(context: CompileContext, caution: Caution) -> str:
    activities = [one for one in context.topic.activities if one.id in caution.for_]
    return "; ".join(str(activity.title) for activity in activities)


def _source(context: CompileContext, caution: Caution) -> str:
    works = [context.find_reference(name) for name in caution.from_]
    words = [citation_text.short_citation(work) for work in works if work is not None]
    return f" ({'; '.join(words)})" if words else ""


def _item(context: CompileContext, caution: Caution) -> str:
    """A caution in XHTML; its names are looked up here, so that one that is none is reported."""
    activities = [context.activity(name) for name in caution.for_]
    evidence = [context.evidence(name) for name in caution.because]
    works = [context.reference(name) for name in caution.from_]
    about = "; ".join(str(activity.title) for activity in activities if activity is not None)
    return "".join(
        (
            f"<p>{write.escape(about)}:</p>" if about else "",
            write.prose(caution.text),
            write.texts("Evidence", [str(one.title) for one in evidence if one is not None]),
            write.texts("From", [citation_text.short_citation(one) for one in works if one]),
        )
    )


def _names(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, names)))


_PLURALS = {
    "contraindication": "Contraindications",
    "caution": "Cautions",
    "interaction": "Interactions",
    "adverse-effect": "Adverse effects",
    "harm": "Harms",
}
