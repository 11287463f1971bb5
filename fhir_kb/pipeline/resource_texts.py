"""One FHIR resource from JSON or XML, strictly: nothing is repaired, nothing given twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.packages.json_files import nests_deeper
from fhir_kb.pipeline.resource_members import BYTE_ORDER_MARK
from fhir_kb.validate.finding_codes import BYTE_ORDER_MARK as BOM_CODE

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.input.json import Parsed

_MAX_DEPTH: Final = 200
"""How deep JSON may nest: far more than any resource does, and what every server reads."""


class TextError(ValueError):
    """A text that is no FHIR resource; the message says why, in a few words."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def resource_in(content: bytes, fhir_definitions: Definitions) -> dict[str, Any]:
    """The resource in a text, its decimals digit for digit. Raises TextError."""
    content = content.removeprefix(BYTE_ORDER_MARK).strip()
    if content.startswith(b"<"):
        from fhir_kb.validate.input.xml import parse_xml

        resource = _checked(parse_xml(content, fhir_definitions))
    else:
        if nests_deeper(content, _MAX_DEPTH):
            raise TextError(f"the JSON is nested deeper than {_MAX_DEPTH} levels")
        resource = _json(content)
    if not isinstance(resource, dict):
        raise TextError("it is JSON, but not an object")
    if not isinstance(resource.get("resourceType"), str):
        raise TextError("it has no resourceType, so it is no FHIR resource")
    return resource


def _json(content: bytes) -> Any:
    try:
        value = orjson.loads(content)
        if orjson.dumps(value) == content:
            return value
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass
    from fhir_kb.validate.input.json import parse

    return _checked(parse(content))


def _checked(parsed: Parsed) -> Any:
    """The value of a text that has no findings. Raises TextError with the first one."""
    for finding, line, column in parsed.findings:
        if finding.code is not BOM_CODE:
            raise TextError(finding.message, line, column)
    if not parsed.is_read:
        raise TextError("it cannot be read")
    if parsed.has_duplicates:
        raise TextError("a property is given twice in it")
    return parsed.value
