"""What this machine has, and what a server can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.servers.probe import ProbeResult

_LABELS: Final = {
    "version": "fhir-kb",
    "python": "Python",
    "definitions": "definitions",
    "packages": "packages",
    "loginFile": "login file",
}
_BASIS: Final = {
    "says": ("declared", "declared"),
    "tried": ("tested", "tested"),
    "known": ("software", "known for this software"),
    "not known": ("unknown", "not known before the first push"),
}
"""How a property is known: for programs and for people."""
_LABEL_WIDTH: Final = 16
_TEXT_WIDTH: Final = 44


class ServerReport(NamedTuple):
    """What a server can do."""

    name: str
    """Its name in kb.yaml, or its URL."""
    url: str
    properties: Sequence[ProbeResult]

    @property
    def is_fit(self) -> bool:
        """Whether pushing works with it as it is."""
        return all(property_.fits for property_ in self.properties)


def page(machine: Mapping[str, str], report: ServerReport | None, style: Style) -> str:
    """A table of the machine and one of the server."""
    lines = [
        f"  {_LABELS[name]:<{_LABEL_WIDTH}} {terminal_safe(text)}" for name, text in machine.items()
    ]
    if report is not None:
        title = style.bold(terminal_safe(report.name))
        url = "" if report.name == report.url else f"  {terminal_safe(report.url)}"
        lines += ["", f"{title}{url}"]
        for property_ in report.properties:
            lines += _row(property_, style)
        problems = sum(not property_.fits for property_ in report.properties)
        noun = "problem prevents" if problems == 1 else "problems prevent"
        lines.append(f"{problems} {noun} a push" if problems else "Ready for a push")
    return "".join(f"{line}\n" for line in lines)


def _row(property_: ProbeResult, style: Style) -> Iterator[str]:
    sign = " " if property_.fits else style.paint("!", "\x1b[31m")
    text = terminal_safe(property_.text)
    basis = style.dim(_BASIS[property_.how][1])
    label = f"{sign} {property_.topic:<{_LABEL_WIDTH}}"
    if len(text) <= _TEXT_WIDTH:
        yield f"{label} {text:<{_TEXT_WIDTH}} {basis}".rstrip()
    else:
        yield f"{label} {text}"
        yield f"{'':<{_LABEL_WIDTH + 3}}{'':<{_TEXT_WIDTH}} {basis}"


def data(machine: Mapping[str, str], report: ServerReport | None) -> dict[str, Any]:
    """The same for programs."""
    content: dict[str, Any] = {"machine": dict(machine)}
    if report is not None:
        content["target"] = {
            "name": report.name,
            "url": report.url,
            "capabilities": [
                {
                    "name": property_.topic,
                    "value": property_.text,
                    "basis": _BASIS[property_.how][0],
                    "ok": property_.fits,
                }
                for property_ in report.properties
            ],
        }
    return content
