"""Plans, for people and for merge requests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from fhir_kb.cli.views.differences import difference_lines, value_pair
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width
from fhir_kb.model.fhir_release import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.diagnostics.span import Span
    from fhir_kb.pipeline.desired_state import DesiredState
    from fhir_kb.push import Plan, PlannedChange, ServerCapabilities

SIGNS: Final = {
    "create": ("+", "\x1b[32m"),
    "update": ("~", "\x1b[33m"),
    "adopt": ("=", "\x1b[36m"),
    "conflict": ("!", "\x1b[31m"),
    "retire": ("-", "\x1b[33m"),
    "delete": ("x", "\x1b[31m"),
    "orphaned": ("?", "\x1b[33m"),
    "forget": (".", "\x1b[2m"),
}
_COUNTED: Final = {
    "create": "to create",
    "update": "to update",
    "adopt": "to adopt",
    "conflict": "in conflict",
    "retire": "to retire",
    "delete": "to delete",
    "orphaned": "orphaned",
    "forget": "to forget",
    "unchanged": "unchanged",
}
_ADVICE: Final = {
    "adopt": "with --adopt it becomes ours and is changed",
    "overwrite": "with --overwrite it becomes what is defined",
}
_PLACE_COLUMN: Final = 51


def render_plan(
    plan: Plan,
    name: str,
    capabilities: ServerCapabilities,
    style: Style,
    desired: DesiredState | None,
    limit: int | None,
) -> str:
    """A plan in lines of at most 80 columns.

    Args:
        plan: What would be changed.
        name: The name of the server.
        capabilities: The server's release and software.
        style: How wide, and with which colours.
        desired: The resources that were defined, to find their lines.
        limit: Of changes to show; None for all.
    """
    server = [BY_NAME[plan.release].title, capabilities.software]
    title = f"{style.bold(terminal_safe(name))} ({terminal_safe(', '.join(filter(None, server)))})"
    lines = [f"{title}: {counts(plan, desired)}"]
    lines += [f"  {style.dim(terminal_safe(line))}" for line in _scope_lines(plan, desired)]
    origins = _Origins(desired)
    changes = [change for change in plan.changes if change.action != "unchanged"]
    for change in changes[:limit]:
        lines.append(_title(change, style, origins.span(change)))
        lines += _reason(change, style)
        lines += difference_lines(change.differences, style, origins.spans_in(change))
    if limit is not None and len(changes) > limit:
        lines.append(style.dim(f"  … and {len(changes) - limit} more; --all shows them"))
    return "".join(f"{line}\n" for line in lines)


def _scope_lines(plan: Plan, desired: DesiredState | None) -> Iterator[str]:
    """The scopes, where they are not those of the definitions; what is left or shared."""
    if desired is None or desired.origins is None:
        for scope in filter(None, plan.scopes):
            yield f"scope {scope}"
    if plan.unpruned:
        yield (
            "1 pushed before is no longer in the bundle and stays; --prune retires it"
            if len(plan.unpruned) == 1
            else f"{len(plan.unpruned)} pushed before are no longer in the bundle and stay; "
            "--prune retires them"
        )
    shared = Counter(
        scope
        for change in plan.changes
        for scope in change.scopes
        if scope not in plan.scopes and scope and not change.retired
    )
    for scope, count in sorted(shared.items()):
        yield f"{count} held by '{scope}', too"


class _Origins:
    """Where the resources of a plan were written."""

    def __init__(self, desired: DesiredState | None) -> None:
        self._desired = desired
        self._names = desired.local_names() if desired else {}

    def span(self, change: PlannedChange, path: str = "") -> Span | None:
        name = self._names.get(change.key)
        return self._desired.span(name, path) if self._desired and name else None

    def spans_in(self, change: PlannedChange) -> Callable[[str], Span | None]:
        return lambda path: self.span(change, path)


def counts(plan: Plan, desired: DesiredState | None) -> str:
    """How many changes of each action there are; of --prune also where it retires nothing."""
    numbers = plan.counts()
    if plan.prune and desired is not None and desired.origins is None:
        numbers.setdefault("delete" if plan.delete else "retire", 0)
    parts = [
        f"{numbers[action]} {words}" for action, words in _COUNTED.items() if action in numbers
    ]
    return ", ".join(parts) or "nothing defined, and nothing of it on the server"


def _title(change: PlannedChange, style: Style, span: Span | None) -> str:
    sign, colour = SIGNS[change.action]
    title = f"  {style.paint(sign, colour)} {terminal_safe(change.name)}"
    cells = 4 + width(terminal_safe(change.name))
    place = terminal_safe(f"{span.file}:{span.line}") if span is not None and span.file else ""
    if not place:
        return title
    column = max(cells, _PLACE_COLUMN) + 1
    if column + width(place) <= style.width:
        return f"{title}{' ' * (column - cells)}{style.dim(place)}"
    return f"{title}\n      {style.dim(place)}"


def _reason(change: PlannedChange, style: Style) -> Iterator[str]:
    if change.reason:
        yield f"      {terminal_safe(change.reason)}"
    if change.approval:
        yield f"      {style.dim(_ADVICE[change.approval])}"


def render_markdown(plan: Plan, name: str, desired: DesiredState) -> str:
    """The plan for a merge request: a table, and the differences of each resource below it."""
    lines = [f"### {_cell(name)}: {counts(plan, desired)}", ""]
    if notes := [_cell(line) for line in _scope_lines(plan, desired)]:
        lines += ["; ".join(notes), ""]
    origins = _Origins(desired)
    changes = [change for change in plan.changes if change.action != "unchanged"]
    if changes:
        lines += ["| | resource | where | why |", "|---|---|---|---|"]
    for change in changes:
        span = origins.span(change)
        place = f"`{_cell(f'{span.file}:{span.line}')}`" if span and span.file else ""
        cells = (change.action, f"`{_cell(change.name)}`", place, _cell(change.reason))
        lines.append(f"| {' | '.join(cells)} |")
    for change in changes:
        if change.differences:
            lines += _details(change)
    return "\n".join(lines) + "\n"


def _details(change: PlannedChange) -> Iterator[str]:
    yield from ("", f"<details><summary>{_cell(change.name)}</summary>", "", "```diff")
    for difference in change.differences:
        old, new = value_pair(difference.old, difference.new)
        yield from (f"# {terminal_safe(difference.label)}", f"- {old}", f"+ {new}")
    yield from ("```", "", "</details>")


def _cell(text: str) -> str:
    return terminal_safe(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
