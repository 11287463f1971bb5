"""Expressions: conditions and values, in words and in languages that computers read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile.build import element
from fhir_kb.fhirpath import FHIRPathSyntaxError, parse

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import DynamicValue, Expression

WORDS: Final = "text/plain"
"""The language of a condition that is words only: no engine takes it for true by mistake."""


def expression(context: Context, given: Expression) -> Element:
    """An Expression. Words alone become one that only people can evaluate."""
    language, text = _language(given.fhirpath, given.cql, given.cql_identifier, given.text)
    if given.fhirpath is not None:
        check_fhirpath(context, given.fhirpath)
    library = None
    if given.library is not None:
        library = library_canonical(context, given.library)
    return element(
        given.span,
        description=given.text,
        name=_variable(given.name),
        language=language,
        expression=text,
        reference=library,
    )


def dynamic_value(context: Context, given: DynamicValue) -> Element:
    """A dynamicValue of an action or an activity."""
    language, text = _language(given.fhirpath, given.cql, given.cql_identifier, given.text)
    if given.fhirpath is not None:
        check_fhirpath(context, given.fhirpath)
    value = element(given.span, description=given.text, language=language, expression=text)
    return element(given.span, path=given.path, expression=value)


def library_canonical(context: Context, name: Text) -> str | None:
    """The canonical of a library that the topic has or names."""
    library = context.libraries.get(str(name))
    if library is None:
        context.missing("library", name)
        return None
    if library.canonical is not None:
        return str(library.canonical)
    return context.canonical("Library", str(name))


def check_fhirpath(context: Context, text: Text) -> None:
    """Note what is wrong with the grammar of a FHIRPath expression."""
    try:
        parse(str(text))
    except FHIRPathSyntaxError as error:
        message = f"this is not FHIRPath: {error.message}"
        context.say("KB350", message, _within(text, error.line, error.column))


def _within(text: Text, line: int, column: int) -> Span:
    """The place in the definition, for an expression that stands on one line."""
    span = text.span
    if line != 1 or span.end_line != span.line or span.end_column - span.column < len(text):
        return span
    quotes = (span.end_column - span.column - len(text)) // 2
    start = span.column + quotes + column - 1
    return span._replace(column=start, end_column=max(start + 1, span.end_column - quotes))


def _language(
    fhirpath: Text | None, cql: Text | None, identifier: Text | None, text: Text | None
) -> tuple[str, Text | None]:
    if fhirpath is not None:
        return "text/fhirpath", fhirpath
    if cql is not None:
        return "text/cql", cql
    if identifier is not None:
        return "text/cql-identifier", identifier
    return WORDS, text


def _variable(name: Text | None) -> str | None:
    """A name that expressions can use: letters, digits, underscores (exp-2)."""
    return str(name).replace("-", "_") if name is not None else None
