"""Code systems of one's own become CodeSystems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.elements import element
from fhir_kb.compile.markdown import escape
from fhir_kb.compile.metadata import artifact_resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.concept import CodeDefinition, CodeSystem


def compile_code_system(context: CompileContext, code_system: CodeSystem) -> Element:
    """The CodeSystem with all its codes; narrower codes stand within wider ones (is-a)."""
    is_nested = any(code.codes for code in code_system.codes)
    resource = artifact_resource(
        context,
        "CodeSystem",
        context.part_id(code_system.id),
        code_system.span,
        title=code_system.title,
        description=code_system.text or code_system.title,
        caseSensitive=True,
        hierarchyMeaning="is-a" if is_nested else None,
        content="complete",
        count=_count(code_system.codes),
        concept=[_concept(code) for code in code_system.codes],
    )
    blocks = [
        write.heading(2, code_system.title),
        write.prose(code_system.text),
        listed(code_system.codes),
    ]
    resource["text"] = write.narrative(context.language, code_system.span, blocks)
    return resource


def listed(codes: Iterable[CodeDefinition]) -> str:
    """Codes as a list, narrower ones within wider ones."""
    return write.bullets(
        f"<code>{escape(code.code)}</code> {escape(code.display)}"
        f"{escape(': ' + code.definition) if code.definition else ''}{listed(code.codes)}"
        for code in codes
    )


def _concept(code: CodeDefinition) -> Element:
    return element(
        code.span,
        code=code.code,
        display=code.display,
        definition=code.definition,
        concept=[_concept(inner) for inner in code.codes],
    )


def _count(codes: Iterable[CodeDefinition]) -> int:
    return sum(1 + _count(code.codes) for code in codes)
