"""`fhir-kb explain`: what a finding's code means and how to fix it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from fhir_kb.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from fhir_kb.diagnostics import FindingCode


class CodeName(options.ParamType):
    """A finding's code."""

    name = "code"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The codes with what they are about."""
        from click.shell_completion import CompletionItem

        from fhir_kb.pipeline import catalogue

        return [
            CompletionItem(code.id, help=code.summary)
            for code in catalogue().values()
            if code.id.startswith(incomplete.upper())
        ]


@click.command("explain")
@click.argument("code", required=False, type=CodeName())
@options.plain_form
def command(code: str | None, form: str) -> int:
    """Explain a finding's CODE: what it means and how to fix it; list all codes without one."""
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import explanations
    from fhir_kb.pipeline import catalogue

    by_id = catalogue()
    selected = list(by_id.values()) if code is None else [_find(code, by_id)]
    if form == "json":
        from fhir_kb.diagnostics.render.json import as_json

        data = [_data(code_) for code_ in selected]
        put(as_json({"codes": data} if code is None else data[0]))
    elif code is None:
        put(explanations.listing(selected, style_of(sys.stdout)))
    else:
        put(explanations.page(selected[0], style_of(sys.stdout)))
    return 0


def _find(text: str, by_id: Mapping[str, FindingCode]) -> FindingCode:
    """The code of that id or name; raises click.UsageError with the nearest one."""
    from fhir_kb.diagnostics.nearest import nearest

    by_name = {code.name: code for code in by_id.values()}
    code = by_id.get(text.upper()) or by_name.get(text.lower())
    if code is not None:
        return code
    near = nearest(text, [*by_id, *by_name])
    advice = f"did you mean '{near}'?" if near else "fhir-kb explain lists all"
    raise click.UsageError(f"there is no code '{text}'; {advice}", click.get_current_context())


def _data(code: FindingCode) -> dict[str, Any]:
    return {
        "code": code.id,
        "name": code.name,
        "severity": code.severity.value,
        "summary": code.summary,
        "explanation": code.explanation.strip(),
        "specification": code.specification,
    }
