"""A finding in words: in whom, of what, with which numbers, how certain, in whose words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import citation_text, hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.evidence_variable import variable_roles, variable_title
from fhir_kb.compile.statistic import compile_statistics, statistic_text
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence, Quote

#: what is said of a comparison where the definitions name no comparator
_NO_COMPARATOR: Final = "Comparator: none is stated"


def evidence_content(
    context: CompileContext, evidence: Evidence, statistics: Iterable[Element]
) -> str:
    """All that a finding says, under its title: in XHTML, without its references."""
    blocks = [
        write.prose(evidence.statement),
        write.prose(evidence.text),
        quotation(context, evidence.quote) if evidence.quote is not None else "",
        write.line("Kind of study", code_words.STUDY[evidence.study]),
        write.texts("Variables", _variables(context, evidence)),
        write.texts("Statistics", map(statistic_text, statistics)),
        write.texts("Certainty", certainty_lines(context, evidence.certainty))
        if evidence.certainty is not None
        else write.line("Certainty", "none is stated"),
    ]
    return "".join(blocks)


def evidence_item(context: CompileContext, evidence: Evidence) -> str:
    """A finding as a list item of a page, with the works that it comes from."""
    works = (context.reference(name) for name in evidence.from_)
    names = [citation_text.short_citation(work) for work in works if work is not None]
    head = f"<b>{write.escape(evidence.title)}</b>"
    content = evidence_content(context, evidence, compile_statistics(context, evidence))
    return head + content + write.line("From", "; ".join(names))


def quotation(context: CompileContext, quote: Quote) -> str:
    """A quotation as a block, and under it where it is from."""
    lines = "<br/>".join(write.escape(line) for line in quote.text.splitlines())
    return f"<blockquote><p>{lines}</p></blockquote><p>{write.escape(_source(context, quote))}</p>"


def quotation_source(context: CompileContext, quote: Quote) -> str:
    """Where a quotation is from: the work as the prose names it, and the place in it."""
    work = context.reference(quote.from_)
    parts = (citation_text.short_citation(work) if work else "", quote.locator or "")
    return ", ".join(part for part in parts if part)


def _source(context: CompileContext, quote: Quote) -> str:
    return f"Quoted from: {quotation_source(context, quote)}"


def _variables(context: CompileContext, evidence: Evidence) -> Iterator[str]:
    for role in variable_roles(context, evidence):
        yield f"{role.label}: {variable_title(context, role.variable)}"
        if role.code == "exposure" and evidence.comparator is None:
            yield _NO_COMPARATOR


def certainty_lines(context: CompileContext, certainty: Certainty) -> list[str]:
    """How certain a finding is, in lines."""
    ratings = hl7_codes.DISPLAYS[hl7_codes.CERTAINTY_RATING]
    rater = f" (rated by {certainty.by})" if certainty.by else ""
    lines = [
        f"{ratings[certainty.rating]}{rater}"
        if certainty.rating is not None
        else rater.strip(" ()")
    ]
    lines.append(certainty.text or "")
    lines += [_aspect_line(aspect) for aspect in certainty.aspects]
    work = context.reference(certainty.from_) if certainty.from_ is not None else None
    lines.append(f"Rated in: {citation_text.full_citation(work)}" if work else "")
    return [line for line in lines if line]


def _aspect_line(aspect: Aspect) -> str:
    """An aspect with its rating and why: `Risk of bias: Serious concern: no blinding`."""
    kind = code_words.CERTAINTY_ASPECT[aspect.aspect]
    rating = hl7_codes.DISPLAYS[hl7_codes.CERTAINTY_RATING][aspect.rating] if aspect.rating else ""
    words = (hl7_codes.DISPLAYS[hl7_codes.CERTAINTY_TYPE][kind], rating, str(aspect.text or ""))
    return ": ".join(filter(None, words))
