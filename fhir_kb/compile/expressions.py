"""Expressions: in words, in FHIRPath, in CQL; never words that an engine could take for true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.elements import element
from fhir_kb.compile.ids import variable_name
from fhir_kb.diagnostics import Span
from fhir_kb.model import Element, code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Text
    from fhir_kb.model.activity import DynamicValue
    from fhir_kb.model.activity import Expression as Said

ALTERNATIVE = "http://hl7.org/fhir/StructureDefinition/cqf-alternativeExpression"
WORDS_ALONE = "text/plain"


def expression(bench: CompileContext, said: Said) -> Element | None:
    """The Expression of an expression.

    The first language of CQL by name, CQL and FHIRPath is the expression; others are alternatives
    that mean the same. Words alone are an expression in text/plain: no engine works that out.
    """
    name = variable_name(said.name) if said.name is not None else None
    reference = bench.library(said.library) if said.library is not None else None
    return _expression(bench, said, name, reference)


def dynamic_value(bench: CompileContext, value: DynamicValue) -> Element | None:
    """The dynamicValue of a value that is worked out later."""
    made = _expression(bench, value, None, None)
    return element(value.span, path=value.path, expression=made) if made else None


def _expression(
    bench: CompileContext, said: Said | DynamicValue, name: str | None, reference: str | None
) -> Element | None:
    given = ((key, getattr(said, key.replace("-", "_"))) for key in _ORDER)
    formal = [(code_words.EXPRESSION[key], text) for key, text in given if text is not None]
    if said.fhirpath is not None:
        _check(bench, said.fhirpath)
    if not formal:
        if said.text is None:
            bench.say("KB354", "this has neither words nor an expression", said.span)
            return None
        formal = [(WORDS_ALONE, said.text)]
    (language, text), *others = formal
    alternatives = [
        element(
            said.span,
            url=ALTERNATIVE,
            valueExpression=element(said.span, language=other, expression=same),
        )
        for other, same in others
    ]
    return element(
        said.span,
        extension=alternatives,
        description=said.text,
        name=name,
        language=language,
        expression=text,
        reference=reference,
    )


_ORDER = ("cql-identifier", "cql", "fhirpath")


def _check(bench: CompileContext, text: Text) -> None:
    """Whether the text can be read as FHIRPath."""
    from fhir_kb.fhirpath import FHIRPathError, parse

    try:
        parse(str(text))
    except FHIRPathError as error:
        message = f"this is not FHIRPath: {error.message}"
        bench.say("KB353", message, _place(text, error.line, error.column))


def _place(text: Text, line: int, column: int) -> Span:
    """The place within an expression, where that stands on one line as it is, or in quotes."""
    span = text.span
    extra = span.end_column - span.column - len(text)
    if line != 1 or not column or span.line != span.end_line or extra not in (0, 2):
        return span
    start = min(span.column + extra // 2 + column - 1, span.end_column)
    return Span(span.file, span.line, start, span.end_line, span.end_column)
