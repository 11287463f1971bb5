"""Questions to FHIRPath, from a person or line by line from a program."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.cli.console import put, style_of
from fhir_kb.cli.exits import FINDINGS, FINE
from fhir_kb.diagnostics.render.text import harmless, width
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.protocol import Answer, answer_line, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from fhir_kb.fhirpath.model import Model

MAX_BYTES: Final = 256 * 1024 * 1024
_NESTS: Final = "it nests too deeply"


def load(path: str) -> Any:
    """The JSON of a file, `-` for the standard input; decimals as they are written.

    Raises OSError or ValueError.
    """
    if path == "-":
        text: str | bytes = sys.stdin.read()
    else:
        file = Path(path)
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
        text = file.read_bytes()
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ValueError(_NESTS) from None


def serve(questions: TextIO, answers: TextIO, model: Callable[[str], Model]) -> None:
    """Answer each line as soon as it comes; a file is read once."""
    loaded: dict[str, Any] = {}

    def remembered(path: str) -> Any:
        if path not in loaded:
            loaded[path] = load(path)
        return loaded[path]

    for line in questions:
        if line.strip():
            answers.write(answer_line(line, model, remembered) + "\n")
            answers.flush()


def answered(
    expression: str,
    file: str | None,
    version: str,
    model: Callable[[str], Model],
    *,
    strict: bool,
) -> str:
    """The answer to one question as the line protocol has it."""
    question = {"fhir": version, "input": file, "expression": expression}
    if strict:
        question["mode"] = "strict"
    return answer_line(json.dumps(question), model, load)


def show(expression: str, file: str | None, model: Model, *, strict: bool) -> int:
    """Print a result for a person; the exit code. Raises OSError where the file can't be read."""
    try:
        resource = None if file is None else load(file)
    except ValueError as error:
        put(f"{harmless(str(file))}: this is not JSON: {harmless(str(error))}\n", error=True)
        return FINDINGS
    try:
        found = evaluate(expression, resource, model, strict=strict)
    except FHIRPathError as error:
        put(_wrong(expression, error), error=True)
        return FINDINGS
    for name, items in found.traces:
        put("".join(f"trace {harmless(name)}: {row}\n" for row in _rows(items)), error=True)
    rows = _rows(found.items)
    put("".join(f"{row}\n" for row in rows) or "empty\n")
    return FINE


def _rows(items: tuple[Answer, ...]) -> list[str]:
    """Place, type and value of each item, in columns."""
    places = [harmless(one.path) or "-" for one in items]
    wide = max(map(width, places), default=0)
    named = max((len(one.type) for one in items), default=0)
    return [
        f"{place}{' ' * (wide - width(place))}  {one.type:<{named}}  {_value(one.value)}"
        for place, one in zip(places, items, strict=True)
    ]


def _value(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return harmless(value)
    return harmless(json.dumps(value, ensure_ascii=False, default=str))


def _wrong(expression: str, error: FHIRPathError) -> str:
    """The message, and the place in the expression."""
    style = style_of(sys.stderr)
    head = f"{style.paint(style.bold('error'), chr(27) + '[31m')}: {harmless(error.message)}\n"
    lines = expression.splitlines()
    if not 0 < error.line <= len(lines):
        return head
    before = width(harmless(lines[error.line - 1][: max(0, error.column - 1)]))
    return f"{head}  {harmless(lines[error.line - 1])}\n  {' ' * before}^\n"
