"""What doctor found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.servers.probe import ProbeResult

_HOW: Final = {
    "says": "it says so",
    "tried": "tried",
    "known": "known of this software",
    "not known": "not known before the first push",
}
_TOPIC: Final = 16
_TEXT: Final = 44


def page(
    here: Mapping[str, str], name: str, base: str, answers: Sequence[ProbeResult], style: Style
) -> str:
    """A table of the machine and one of the server."""
    lines = [f"  {topic:<{_TOPIC}} {terminal_safe(text)}" for topic, text in here.items()]
    if answers:
        title = style.bold(terminal_safe(name))
        lines += ["", title if name == base else f"{title}  {terminal_safe(base)}"]
        lines += [line for one in answers for line in _row(one, style)]
        trouble = sum(not one.fits for one in answers)
        lines.append(
            f"{trouble} in the way of a push" if trouble else "Nothing is in the way of a push"
        )
    return "".join(f"{line}\n" for line in lines)


def _row(one: ProbeResult, style: Style) -> Iterator[str]:
    sign = " " if one.fits else style.paint("!", "\x1b[31m")
    text = terminal_safe(one.text)
    how = style.dim(_HOW[one.how])
    if len(text) <= _TEXT:
        yield f"{sign} {one.topic:<{_TOPIC}} {text:<{_TEXT}} {how}".rstrip()
    else:
        yield f"{sign} {one.topic:<{_TOPIC}} {text}"
        yield f"{'':<{_TOPIC + 3}}{'':<{_TEXT}} {how}"


def data(
    here: Mapping[str, str], name: str, base: str, answers: Sequence[ProbeResult]
) -> dict[str, Any]:
    """The same for programs."""
    found: dict[str, Any] = {"machine": dict(here)}
    if answers:
        found["target"] = {
            "name": name,
            "url": base,
            "answers": [
                {"topic": one.topic, "text": one.text, "how": one.how, "fits": one.fits}
                for one in answers
            ],
        }
    return found
