"""What stands on a server because of us, and how it came there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fhir_kb.cli.views.packages import Page
from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.push import ServerCapabilities
    from fhir_kb.push.planning.state import State

_SHOWN = 10


def page(
    name: str,
    profile: ServerCapabilities,
    state: State,
    log: Sequence[Mapping[str, Any]],
    style: Style,
) -> Page:
    """The answer for people and for programs. log: a line for each push, the oldest first."""
    types = Counter(record.ref.type for record in state.records.values() if not record.retired)
    retired = sum(record.retired for record in state.records.values())
    server = f"FHIR {profile.fhir_version}, {profile.software}".rstrip(", ")
    lines = [
        f"{style.bold(terminal_safe(name))} ({terminal_safe(server)})",
        f"  {terminal_safe(profile.base)}",
    ]
    if not state.records:
        lines.append("  Nothing stands there because of us")
    for kind, number in sorted(types.items()):
        lines.append(f"  {number:>5} {kind}")
    if retired:
        lines.append(f"  {retired:>5} retired")
    lines += map(_push, log[-_SHOWN:])
    data = {
        "target": name,
        "server": profile.base,
        "software": profile.software,
        "fhirVersion": profile.fhir_version,
        "resources": dict(sorted(types.items())),
        "retired": retired,
        "pushes": list(log),
    }
    return Page("".join(f"{line}\n" for line in lines), data)


def _push(line: Mapping[str, Any]) -> str:
    made = Counter(str(row[0]) for row in line.get("made", ()))
    what = ", ".join(f"{number} {kind}" for kind, number in sorted(made.items())) or "nothing"
    failed = len(line.get("refused", ()))
    more = f", {failed} not made" if failed else ""
    broke = ", broke off" if line.get("failure") else ""
    when, who = (
        str(line.get("time", ""))[:16].replace("T", " "),
        terminal_safe(str(line.get("who", ""))),
    )
    return f"  push {line.get('push')}  {when}  {who}  {what}{more}{broke}"
