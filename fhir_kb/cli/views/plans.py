"""Plans, pushes and drift, for people and for merge requests."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width
from fhir_kb.model.fhir_release import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.diagnostics.span import Span
    from fhir_kb.push import Drift, Plan, PlannedChange, PushResult, ServerCapabilities
    from fhir_kb.push.planning.differences import Difference
    from fhir_kb.servers.content import Loss

    Where = Callable[[str, str], Span | None]
    """The place where a resource ("Type/id"), or an element of it, was written."""

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
WORDS: Final = {
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
_DIFFERENCES: Final = 8
_VALUE: Final = 60
_BEFORE: Final = 12
_TAG: Final = re.compile(r"<[^<>]*>")


def plan(
    made: Plan,
    name: str,
    profile: ServerCapabilities,
    style: Style,
    where: Where,
    names: Mapping[str, str],
    limit: int | None,
) -> str:
    """A plan in lines of at most 80 columns. limit: of items; None for all.

    names: what the definitions call the resource of a key ("Type/id").
    """
    lines = [_head(made, name, profile, style)]
    shown = [item for item in made.changes if item.action != "unchanged"]
    for item in shown[:limit]:
        origin = names.get(item.key, "")
        lines.append(_item(item, style, where(origin, "") if origin else None))
        lines += _reason(item, style)
        lines += differences(item.differences, style, _at(where, origin))
    if limit is not None and len(shown) > limit:
        lines.append(style.dim(f"  … and {len(shown) - limit} more; --all shows them"))
    return "".join(f"{line}\n" for line in lines)


def _at(where: Where, origin: str) -> Callable[[str], Span | None]:
    return lambda path: where(origin, path) if origin else None


def _head(made: Plan, name: str, profile: ServerCapabilities, style: Style) -> str:
    server = ", ".join(filter(None, (BY_NAME[made.release].title, profile.software)))
    return f"{style.bold(terminal_safe(name))} ({terminal_safe(server)}): {counts(made)}"


def counts(made: Plan) -> str:
    """How many there are to create, to update, …"""
    numbers = made.counts()
    return (
        ", ".join(f"{numbers[kind]} {word}" for kind, word in WORDS.items() if numbers.get(kind))
        or "nothing there and nothing defined"
    )


def _item(item: PlannedChange, style: Style, span: Span | None) -> str:
    sign, colour = SIGNS[item.action]
    start = f"  {style.paint(sign, colour)} {terminal_safe(item.name)}"
    wide = 4 + width(terminal_safe(item.name))
    place = f"{span.file}:{span.line}" if span is not None and span.file else ""
    if not place:
        return start
    if max(wide, 51) + 1 + width(place) <= style.width:
        return f"{start}{' ' * (max(wide, 51) + 1 - wide)}{style.dim(place)}"
    return f"{start}\n      {style.dim(place)}"


def _reason(item: PlannedChange, style: Style) -> Iterator[str]:
    if item.reason:
        yield f"      {terminal_safe(item.reason)}"
    if item.approval:
        yield f"      {style.dim(_ADVICE[item.approval])}"


def differences(
    found: Sequence[Difference], style: Style, where: Callable[[str], Span | None]
) -> Iterator[str]:
    """Old → new of each element, with the line of the definition."""
    for one in found[:_DIFFERENCES]:
        span = where(one.path)
        place = f"  {span.file.rpartition('/')[2]}:{span.line}" if span and span.file else ""
        old, new = pair(one.old, one.new)
        label, change = terminal_safe(one.label), f"{old} → {new}"
        if 6 + width(label) + 2 + width(change) + width(place) <= style.width:
            yield f"      {label}  {change}{style.dim(place)}"
        else:
            yield f"      {label}{style.dim(place)}"
            yield f"        {old}"
            yield f"        → {new}"
    if len(found) > _DIFFERENCES:
        yield style.dim(f"      … and {len(found) - _DIFFERENCES} more differences")


def value(found: Any) -> str:
    """A value on one line, not too long."""
    from fhir_kb.servers.content import MISSING

    if found is MISSING:
        return "(none)"
    return _cut(_text(found))


def pair(old: Any, new: Any) -> tuple[str, str]:
    """Two values; of long texts the part where they part, a little before and after."""
    if not isinstance(old, str) or not isinstance(new, str):
        return value(old), value(new)
    first, second = _text(old), _text(new)
    if max(len(first), len(second)) <= _VALUE:
        return first, second
    start = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        start += 1
    start = max(0, start - _BEFORE)
    while start and first[start - 1] != " ":
        start -= 1
    mark = "…" if start else ""
    return _cut(mark + first[start:]), _cut(mark + second[start:])


def _text(found: Any) -> str:
    """A value in a line; of narrative, what people read."""
    from fhir_kb.emit import compact_json

    text = found if isinstance(found, str) else compact_json(found).decode()
    if text.startswith("<div"):
        text = unescape(_TAG.sub(" ", text))
    return terminal_safe(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 1]}…"


def markdown(made: Plan, name: str, where: Where, names: Mapping[str, str]) -> str:
    """The plan for a merge request: a table, and the differences of each resource below it."""
    lines = [f"### {_cell(name)}: {counts(made)}", ""]
    shown = [item for item in made.changes if item.action != "unchanged"]
    if shown:
        lines += ["| | resource | where | why |", "|---|---|---|---|"]
    for item in shown:
        origin = names.get(item.key, "")
        span = where(origin, "") if origin else None
        place = f"`{span.file}:{span.line}`" if span and span.file else ""
        lines.append(f"| {item.action} | `{_cell(item.name)}` | {place} | {_cell(item.reason)} |")
    for item in (one for one in shown if one.differences):
        lines += ["", f"<details><summary>{_cell(item.name)}</summary>", "", "```diff"]
        for one in item.differences:
            old, new = pair(one.old, one.new)
            lines += [f"# {terminal_safe(one.label)}", f"- {old}", f"+ {new}"]
        lines += ["```", "", "</details>"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return terminal_safe(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def result(made: PushResult, style: Style, undecided: int) -> str:
    """What a push did, in a few lines. undecided: what needed a word that was not given."""
    from collections import Counter

    lines = []
    numbers = Counter(str(entry.change.action) for entry in made.applied)
    done = {"create": "created", "update": "updated", "retire": "retired", "delete": "deleted",
            "adopt": "adopted", "conflict": "overwritten"}  # fmt: skip
    words = [f"{numbers[kind]} {word}" for kind, word in done.items() if numbers.get(kind)]
    if made.number:
        lines.append(f"{style.bold(f'push {made.number}')}: {', '.join(words) or 'nothing sent'}")
    elif not undecided:
        lines.append("Nothing to push: the server is as defined")
    if undecided:
        things = "1 is left as it is" if undecided == 1 else f"{undecided} are left as they are"
        lines.append(f"{things} until you decide: see the plan above")
    failed = len(made.failed)
    if failed:
        lines.append(f"{failed} failed: fix the errors above, then push again")
    lossy = sum(1 for one in made.applied if one.losses)
    if lossy:
        lines.append(f"{lossy} not stored as sent: see the errors above")
    lines += [
        f"{terminal_safe(one.change.name)}: somebody created it since the plan was made; replaced"
        for one in made.applied
        if one.replaced
    ]
    return "".join(f"{line}\n" for line in lines)


def drift(found: Sequence[Drift], name: str, style: Style) -> str:
    """What is no longer as we left it."""
    if not found:
        return f"{style.bold(terminal_safe(name))}: everything is as we left it\n"
    lines = [f"{style.bold(terminal_safe(name))}: {len(found)} changed since, not by us"]
    for one in found:
        sign, colour = SIGNS["conflict"]
        when = f" ({one.remote.updated[:10]})" if one.remote.updated else ""
        gone = "deleted" if one.deleted else f"version {one.remote.version}"
        lines.append(f"  {style.paint(sign, colour)} {one.remote.ref}  {gone}{when}")
        lines += differences(one.differences, style, lambda _: None)
    return "".join(f"{line}\n" for line in lines)


def drift_data(found: Iterable[Drift]) -> list[dict[str, Any]]:
    """The same for programs."""
    from fhir_kb.push.planning.plan_file import difference_json

    return [
        {
            "reference": str(one.remote.ref),
            "key": one.key,
            "deleted": one.deleted,
            "version": one.remote.version,
            "updated": one.remote.updated,
            "differences": [difference_json(each) for each in one.differences],
        }
        for one in found
    ]


def result_data(made: PushResult) -> dict[str, Any]:
    """What a push did, for programs."""
    return {
        "push": made.number,
        "applied": [
            _change_data(entry.change)
            | ({"losses": [_loss_data(loss) for loss in entry.losses]} if entry.losses else {})
            | ({"replaced": True} if entry.replaced else {})
            for entry in made.applied
        ],
        "failed": [_change_data(entry.change) | {"reason": entry.reason} for entry in made.failed],
        "error": str(made.error) if made.error else None,
    }


def _change_data(change: PlannedChange) -> dict[str, Any]:
    return {"action": change.action, "reference": str(change.ref), "key": change.key}


def _loss_data(loss: Loss) -> dict[str, Any]:
    from fhir_kb.servers.content import MISSING

    stored = {} if loss.there is MISSING else {"stored": loss.there}
    return {"path": loss.path, "sent": loss.sent} | stored
