"""Split the text of an expression into tokens (FHIRPath grammar, lexical rules)."""

from __future__ import annotations

import re
from typing import NamedTuple

from fhir_kb.fhirpath.errors import FHIRPathSyntaxError


class Token(NamedTuple):
    """A token of an expression."""

    kind: str
    """"name", "quoted" (`x`), "string", "number", "long", "date", "dateTime", "time", "variable"
    ($this), "symbol" or "end"."""
    text: str
    """The content, without quotes and with escapes resolved."""
    line: int
    column: int


_DATE = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_TIME = r"\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?"
_TOKEN = re.compile(
    rf"""
    (?P<blank>[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)
    |@(?P<dateTime>{_DATE}T(?:{_TIME}(?:Z|[+-]\d\d:\d\d)?)?)
    |@(?P<date>{_DATE})
    |@T(?P<time>{_TIME})
    |(?P<long>[0-9]+L\b)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<variable>\$(?:this|index|total)\b)
    |'(?P<string>(?:[^'\\]|\\.)*)'
    |"(?P<doubled>(?:[^"\\]|\\.)*)"
    |`(?P<quoted>(?:[^`\\]|\\.)*)`
    |(?P<symbol><=|>=|!=|!~|[-+*/&|<>=~.,:()\[\]{{}}%])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.)",
    re.DOTALL,
)
_PLAIN_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# A backslash before any other character stands for that character: authors write '\-' and '\_' in
# patterns, and the engines in use accept it.
_UNCLOSED = {
    "'": "the string is not closed",
    '"': "the string is not closed",
    "`": "the name is not closed",
}


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind "end". Raises FHIRPathSyntaxError."""
    result: list[Token] = []
    position = line_start = 0
    line = 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        column = position - line_start + 1
        if match is None or (text.startswith("/*", position) and match.lastgroup != "blank"):
            raise FHIRPathSyntaxError(_error_message(text, position), line, column)
        kind, content = match.lastgroup or "", match[match.lastgroup or 0]
        if kind != "blank":
            result.append(_token(kind, content, line, column))
        if (breaks := match[0].count("\n")) > 0:
            line += breaks
            line_start = match.start() + match[0].rindex("\n") + 1
        position = match.end()
    result.append(Token("end", "", line, position - line_start + 1))
    return result


def _token(kind: str, content: str, line: int, column: int) -> Token:
    if kind in ("string", "quoted", "doubled"):
        if "\\" in content:
            content = _ESCAPE.sub(_unescape, content)
        return Token("string" if kind == "doubled" else kind, content, line, column)
    return Token(kind, content, line, column)


def _unescape(match: re.Match[str]) -> str:
    written = match[0]
    digits = written.replace("\\u", "")
    if len(digits) == 8:  # a surrogate pair is one character
        high, low = int(digits[:4], 16), int(digits[4:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if len(digits) == 4:
        code = int(digits, 16)
        return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)
    return _PLAIN_ESCAPES.get(written[1], written[1])


def _error_message(text: str, position: int) -> str:
    character = text[position]
    if text.startswith("/*", position):
        return "the comment is not closed"
    if character in _UNCLOSED:
        return _UNCLOSED[character]
    if character == "@":
        return "a date, dateTime or time is written like @2024-05-01, @2024-05-01T10:00Z or @T10:00"
    if character == "$":
        return "after $ comes this, index or total"
    return f"'{character}' has no meaning here"
