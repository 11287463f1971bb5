"""What is recorded of a server, and by which pushes."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from fhir_kb.cli.views.page import Page
from fhir_kb.cli.views.push_results import DONE
from fhir_kb.diagnostics.render.terminal_text import terminal_safe
from fhir_kb.push.planning.scopes import resources_in_scopes, scope_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.push import ServerCapabilities
    from fhir_kb.push.planning.state import State
    from fhir_kb.push.workspace.push_log import LogEntry

_SHOWN = 10


def page(
    name: str,
    capabilities: ServerCapabilities,
    state: State,
    log: Sequence[LogEntry],
    style: Style,
) -> Page:
    """What is recorded of a server, for people and for programs.

    log: The oldest push first.
    """
    types = Counter(record.ref.type for record in state.resources.values() if not record.retired)
    retired = sum(record.retired for record in state.resources.values())
    server = f"FHIR {capabilities.fhir_version}, {capabilities.software}".rstrip(", ")
    lines = [f"{style.bold(terminal_safe(name))} ({terminal_safe(server)})"]
    if name != capabilities.base:
        lines.append(f"  {terminal_safe(capabilities.base)}")
    if not state.resources:
        lines.append("  Nothing that was pushed from here is recorded")
    for kind, number in sorted(types.items()):
        lines.append(f"  {number:>5} {terminal_safe(kind)}")
    if retired:
        lines.append(f"  {retired:>5} retired")
    names = scope_names(state)
    scopes = {
        name: sum(not record.retired for record in resources_in_scopes(state, [name]).values())
        for name in names
    }
    lines += [f"  {count:>5} in scope {terminal_safe(scope)}" for scope, count in scopes.items()]
    if unscoped := sum(not record.scopes for record in state.resources.values()):
        lines.append(f"  {unscoped:>5} in no scope: an earlier version recorded them")
    lines += map(_push, log[-_SHOWN:])
    data = {
        "target": name,
        "server": capabilities.base,
        "software": capabilities.software,
        "fhirVersion": capabilities.fhir_version,
        "resources": dict(sorted(types.items())),
        "retired": retired,
        "scopes": scopes,
        "unscoped": unscoped,
        "pushes": [asdict(entry) for entry in log],
    }
    return Page("".join(f"{line}\n" for line in lines), data)


def _push(entry: LogEntry) -> str:
    actions = Counter(str(row["action"]) for row in entry.applied)
    what = ", ".join(f"{number} {DONE.get(act, act)}" for act, number in sorted(actions.items()))
    failed = f", {len(entry.failed)} failed" if entry.failed else ""
    interrupted = ", interrupted" if entry.error else ""
    zone = " UTC" if entry.time.endswith(("+00:00", "Z")) else ""
    when = terminal_safe(entry.time[:16].replace("T", " ")) + zone
    user, what = terminal_safe(entry.user), terminal_safe(what)
    scopes = "".join(f"\n         {terminal_safe(scope)}" for scope in entry.scopes if scope)
    return f"  push {entry.push}  {when}  {user}  {what or 'nothing'}{failed}{interrupted}{scopes}"
