"""Questions to FHIRPath, from a person or line by line from a program."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.cli.console import put, style_of
from fhir_kb.cli.exit_codes import FINDINGS, FINE
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.evaluation.services import NO_SERVICES
from fhir_kb.fhirpath.protocol import ResultItem, evaluate, respond

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from fhir_kb.fhirpath.evaluation.services import Services
    from fhir_kb.fhirpath.types.model import Model
    from fhir_kb.packages import Definitions

MAX_BYTES: Final = 256 * 1024 * 1024
_ASKING: Final = ("memberOf", "conformsTo", "elementDefinition", "slice", "subsume")
_NESTS: Final = "it nests too deeply"


def load(path: str, model: Definitions | None = None) -> Any:
    """The JSON of a file, `-` for the standard input; decimals as they are written.

    model: with which FHIR XML is read as well. Raises OSError or ValueError.
    """
    if path == "-":
        text: str | bytes = sys.stdin.read()
    else:
        file = Path(path)
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
        text = file.read_bytes()
        if model is not None and text.lstrip()[:1] == b"<":
            return _from_xml(text, model)
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ValueError(f"this is not JSON: {_NESTS}") from None
    except ValueError as error:
        raise ValueError(f"this is not JSON: {error}") from None


def _from_xml(data: bytes, model: Definitions) -> Any:
    # Imported here, because most resources are JSON.
    from fhir_kb.validate.input.xml import parse_xml

    parsed = parse_xml(data, model)
    if not parsed.is_read:
        said = parsed.found[0].finding.message if parsed.found else "there is no resource"
        raise ValueError(f"this is not FHIR: {said}")
    return parsed.value


def services_for(expression: str, version: str) -> Services:
    """What the expression may ask of codes and profiles; nothing where it asks for none."""
    if not any(name in expression for name in _ASKING):
        return NO_SERVICES
    from fhir_kb.validate import fhirpath_services

    return fhirpath_services(version)


def serve(questions: TextIO, answers: TextIO, model: Callable[[str], Model]) -> None:
    """Answer each line as soon as it comes; a file is read once."""
    loaded: dict[str, Any] = {}

    def remembered(path: str) -> Any:
        if path not in loaded:
            loaded[path] = load(path)
        return loaded[path]

    for line in questions:
        if line.strip():
            answers.write(respond(line, model, remembered) + "\n")
            answers.flush()


def answered(
    expression: str,
    file: str | None,
    version: str,
    model: Callable[[str], Definitions],
    *,
    strict: bool,
) -> str:
    """The answer to one question as the line protocol has it."""
    question = {"fhir": version, "input": file, "expression": expression}
    if strict:
        question["mode"] = "strict"
    asked = services_for(expression, version)
    return respond(json.dumps(question), model, lambda path: load(path, model(version)), asked)


def show(expression: str, file: str | None, model: Definitions, *, strict: bool) -> int:
    """Print a result for a person; the exit code. Raises OSError where the file can't be read."""
    try:
        resource = None if file is None else load(file, model)
    except ValueError as error:
        put(f"{terminal_safe(str(file))}: {terminal_safe(str(error))}\n", error=True)
        return FINDINGS
    try:
        asked = services_for(expression, model.fhir_version)
        found = evaluate(expression, resource, model, strict=strict, services=asked)
    except FHIRPathError as error:
        put(_wrong(expression, error), error=True)
        return FINDINGS
    for name, items in found.traces:
        put("".join(f"trace {terminal_safe(name)}: {row}\n" for row in _rows(items)), error=True)
    rows = _rows(found.items)
    put("".join(f"{row}\n" for row in rows) or "empty\n")
    return FINE


def _rows(items: tuple[ResultItem, ...]) -> list[str]:
    """Place, type and value of each item, in columns."""
    places = [terminal_safe(one.path) or "-" for one in items]
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
        return terminal_safe(value)
    return terminal_safe(json.dumps(value, ensure_ascii=False, default=str))


def _wrong(expression: str, error: FHIRPathError) -> str:
    """The message, and the place in the expression."""
    style = style_of(sys.stderr)
    head = f"{style.paint(style.bold('error'), chr(27) + '[31m')}: {terminal_safe(error.message)}\n"
    lines = expression.splitlines()
    if not 0 < error.line <= len(lines):
        return head
    before = width(terminal_safe(lines[error.line - 1][: max(0, error.column - 1)]))
    return f"{head}  {terminal_safe(lines[error.line - 1])}\n  {' ' * before}^\n"
