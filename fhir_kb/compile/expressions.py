"""Expressions in FHIRPath, in CQL or in words, and conditions of them.

Words are for people. An engine that finds them where it expects an expression drops the step and
says nothing, so they are an extension there (docs/adr/0012-words-and-engines.md).
"""

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
FORMAL = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
WORDS = "http://hl7.org/fhir/StructureDefinition/originalText"


def compile_expression(context: CompileContext, expression: Said) -> Element | None:
    """The Expression of an expression; None of words alone.

    The first language of CQL by name, CQL and FHIRPath is the expression; others are alternatives
    that mean the same.
    """
    name = variable_name(expression.name) if expression.name is not None else None
    reference = context.library(expression.library) if expression.library is not None else None
    return _expression(context, expression, name, reference)


def compile_condition(context: CompileContext, kind: str, condition: Said) -> Element | None:
    """The `condition` of an action, of that kind.

    Only an applicability that can be evaluated has an `expression`. Words alone are in the
    extension originalText; what starts or ends a step is in cqf-expression, because HAPI's engine
    takes these kinds for applicability and drops the step before it has started.
    """
    compiled = compile_expression(context, condition)
    words = words_extension(condition)
    if compiled is None and words is None:
        return None
    if kind == "applicability" and compiled is not None:
        return element(condition.span, kind=kind, expression=compiled)
    formal = (
        element(condition.span, url=FORMAL, valueExpression=compiled)
        if compiled is not None
        else None
    )
    return element(condition.span, extension=[words, formal], kind=kind)


def words_extension(source: Said) -> Element | None:
    """The words of an expression as an extension, for where words alone are no expression."""
    if source.text is None:
        return None
    return element(source.span, url=WORDS, valueString=source.text)


def report_inline_conditions(context: CompileContext) -> None:
    """Report, once for a topic, the conditions that some engines cannot evaluate."""
    inline = [
        (step, condition)
        for step in context.source.steps
        for condition in step.when
        if condition.is_formal and condition.cql_identifier is None
    ]
    if not inline:
        return
    steps = list(dict.fromkeys(f"'{step.id}'" for step, _ in inline))
    of = f"step {steps[0]}" if len(steps) == 1 else f"{len(steps)} steps, {steps[0]} first,"
    context.report(
        "KB414",
        f"a condition of {of} is written into the plan: not every engine evaluates that",
        inline[0][1].span,
        "name a definition of a CQL library: `cql-identifier` and `library`",
    )


def compile_dynamic_value(context: CompileContext, value: DynamicValue) -> Element | None:
    """The dynamicValue of a value that is computed when the plan is applied."""
    compiled = _expression(context, value, None, None)
    if compiled is None and value.text is not None:
        # ActivityDefinition.dynamicValue.expression is 1..1; HAPI passes over this one
        compiled = element(
            value.span, description=value.text, language="text/plain", expression=value.text
        )
    return element(value.span, path=value.path, expression=compiled) if compiled else None


def _expression(
    context: CompileContext, source: Said | DynamicValue, name: str | None, reference: str | None
) -> Element | None:
    given = ((key, getattr(source, key.replace("-", "_"))) for key in _ORDER)
    formal = [(code_words.EXPRESSION[key], text) for key, text in given if text is not None]
    if source.fhirpath is not None:
        _check(context, source.fhirpath)
    if not formal:
        if source.text is None:
            context.report("KB354", "this has neither words nor an expression", source.span)
        return None
    (language, text), *others = formal
    alternatives = [
        element(
            source.span,
            url=ALTERNATIVE,
            valueExpression=element(source.span, language=other, expression=same),
        )
        for other, same in others
    ]
    return element(
        source.span,
        extension=alternatives,
        description=source.text,
        name=name,
        language=language,
        expression=text,
        reference=reference,
    )


_ORDER = ("cql-identifier", "cql", "fhirpath")


def _check(context: CompileContext, text: Text) -> None:
    """Whether the text can be read as FHIRPath."""
    from fhir_kb.fhirpath import FHIRPathError, parse

    try:
        parse(str(text))
    except FHIRPathError as error:
        message = f"this is not FHIRPath: {error.message}"
        context.report("KB353", message, _place(text, error.line, error.column))


def _place(text: Text, line: int, column: int) -> Span:
    """The place within an expression, where that stands on one line as it is, or in quotes."""
    span = text.span
    extra = span.end_column - span.column - len(text)
    if line != 1 or not column or span.line != span.end_line or extra not in (0, 2):
        return span
    start = min(span.column + extra // 2 + column - 1, span.end_column)
    return Span(span.file, span.line, start, span.end_line, span.end_column)
