"""Evaluating FHIRPath expressions, for a person or line by line for a program."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.cli.console import put, style_of
from fhir_kb.cli.exit_codes import FINDINGS, FINE
from fhir_kb.diagnostics.render.terminal_text import json_safe, terminal_safe, width
from fhir_kb.fhirpath.errors import FHIRPathError
from fhir_kb.fhirpath.evaluation.services import NO_SERVICES
from fhir_kb.fhirpath.protocol import ResultItem, evaluate, respond

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from fhir_kb.fhirpath.evaluation.services import Services
    from fhir_kb.packages import Definitions

MAX_BYTES: Final = 256 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_SERVICE_FUNCTIONS: Final = ("memberOf", "conformsTo", "elementDefinition", "slice", "subsume")
"""Functions that need code systems or profiles."""


def load(path: str, model: Definitions) -> Any:
    """The JSON of a file, JSON or XML, `-` for the standard input; decimals as they are written.

    Raises OSError or ValueError.
    """
    if path == "-":
        text = sys.stdin.read().encode("utf-8", "surrogateescape")
    else:
        text = _content(Path(path))
        if len(text) > MAX_BYTES:
            raise ValueError(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
    if text.removeprefix(_BOM).lstrip()[:1] == b"<":
        return _from_xml(text, model)
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ValueError("this is not JSON: it nests too deeply") from None
    except ValueError as error:
        raise ValueError(f"this is not JSON: {error}") from None


def _content(path: Path) -> bytes:
    """What a file has, or what comes from a pipe; at most one byte more than is allowed."""
    if path.is_fifo():  # one that nobody writes to would be waited for without end
        from fhir_kb.pipeline.input_files import read_stream

        return read_stream(path)
    with path.open("rb") as file:  # what is no regular file has no size
        return file.read(MAX_BYTES + 1)


def _from_xml(data: bytes, model: Definitions) -> Any:
    # Imported here, because most resources are JSON.
    from fhir_kb.validate.input.xml import parse_xml

    parsed = parse_xml(data, model)
    if not parsed.is_read:
        reason = parsed.findings[0].finding.message if parsed.findings else "there is no resource"
        raise ValueError(f"this is not FHIR: {reason}")
    return parsed.value


def services_for(expression: str, version: str) -> Services:
    """Code systems and profiles for an expression; none where it needs none."""
    if not any(name in expression for name in _SERVICE_FUNCTIONS):
        return NO_SERVICES
    from fhir_kb.validate import fhirpath_services

    return fhirpath_services(version)


def serve(requests: TextIO, responses: TextIO, model: Callable[[str], Definitions]) -> None:
    """Respond to each line as soon as it comes; a file is read once for each FHIR version."""
    loaded: dict[tuple[str, str], Any] = {}

    def load_once(path: str, version: str) -> Any:
        if path == "-":
            raise ValueError("the standard input has the requests; name a file")
        if (path, version) not in loaded:
            loaded[path, version] = load(path, model(version))
        return loaded[path, version]

    for line in requests:
        if line.strip():
            responses.write(json_safe(respond(line, model, load_once)) + "\n")
            responses.flush()


def response_line(
    expression: str,
    file: str | None,
    version: str,
    model: Callable[[str], Definitions],
    *,
    strict: bool,
) -> str:
    """The response to one request, in the line protocol."""
    request = {"fhir": version, "input": file, "expression": expression}
    if strict:
        request["mode"] = "strict"
    services = services_for(expression, version)
    return respond(json.dumps(request), model, lambda path, fhir: load(path, model(fhir)), services)


def show(expression: str, file: str | None, model: Definitions, *, strict: bool) -> int:
    """Print a result for a person; the exit code. Raises OSError where the file can't be read."""
    try:
        resource = None if file is None else load(file, model)
    except ValueError as error:
        put(f"{terminal_safe(str(file))}: {terminal_safe(str(error))}\n", error=True)
        return FINDINGS
    try:
        services = services_for(expression, model.fhir_version)
        result = evaluate(expression, resource, model, strict=strict, services=services)
    except FHIRPathError as error:
        put(_error_text(expression, error), error=True)
        return FINDINGS
    for name, items in result.traces:
        put("".join(f"trace {terminal_safe(name)}: {row}\n" for row in _rows(items)), error=True)
    rows = _rows(result.items)
    put("".join(f"{row}\n" for row in rows) or "empty\n")
    return FINE


def _rows(items: tuple[ResultItem, ...]) -> list[str]:
    """Place, type and value of each item, in columns."""
    paths = [terminal_safe(item.path) or "-" for item in items]
    path_width = max(map(width, paths), default=0)
    type_width = max((len(item.type) for item in items), default=0)
    return [
        f"{path}{' ' * (path_width - width(path))}  {item.type:<{type_width}}  {_value(item.value)}"
        for path, item in zip(paths, items, strict=True)
    ]


def _value(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return terminal_safe(value)
    return terminal_safe(json.dumps(value, ensure_ascii=False, default=str))


def _error_text(expression: str, error: FHIRPathError) -> str:
    """The message, and a mark below the place in the expression."""
    style = style_of(sys.stderr)
    head = f"{style.paint(style.bold('error'), chr(27) + '[31m')}: {terminal_safe(error.message)}\n"
    lines = expression.splitlines()
    if not 0 < error.line <= len(lines):
        return head
    before = width(terminal_safe(lines[error.line - 1][: max(0, error.column - 1)]))
    return f"{head}  {terminal_safe(lines[error.line - 1])}\n  {' ' * before}^\n"
