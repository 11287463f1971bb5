"""Duration in R4B: a number needs a UCUM code (rule drt-1, which R4 and R5 have the other way)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode

_UCUM = "http://unitsofmeasure.org"
_WORDS = {
    "ms": ("ms", "millisecond", "milliseconds"),
    "s": ("s", "sec", "second", "seconds"),
    "min": ("min", "minute", "minutes"),
    "h": ("h", "hr", "hour", "hours"),
    "d": ("d", "day", "days"),
    "wk": ("wk", "week", "weeks"),
    "mo": ("mo", "month", "months"),
    "a": ("a", "yr", "year", "years"),
}
_CODES = {word: code for code, words in _WORDS.items() for word in words}


def _finish(node: LoweringNode) -> None:
    target = node.target
    if "value" not in target or ("code" in target and target.get("system") == _UCUM):
        return
    code = _CODES.get(str(target.get("code") or target.get("unit")))
    if code is None:
        node.drop("a duration", f"{node.release} wants durations in a UCUM unit")
        return
    target["system"], target["code"] = _UCUM, code
    message = f"a duration of {node.owner} has no UCUM code: {node.release} requires one"
    node.report("KB412", Severity.INFORMATION, f"{message}, so '{code}' is filled in")


FINISHERS: dict[str, tuple[Finisher, ...]] = {"Duration": (_finish,)}
