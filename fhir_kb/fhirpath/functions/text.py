"""FHIRPath: String manipulation."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Item, boolean, value_of
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.subsets import integer

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANKS = " \t\r\n"
_WORK_PER_STEP = 100
# `regex` and `html` are imported late: few expressions need them, and they cost time.


def text_of(items: list[Item], what: str) -> str | None:
    """A single String; None where there is none."""
    item = single(items, what)
    if item is None:
        return None
    value = value_of(item)
    if value is None and not _could_have_text(item):
        raise FHIRPathExecutionError(f"{what} needs a String")
    if value is not None and not isinstance(value, str):
        raise FHIRPathExecutionError(f"{what} needs a String, not {value}")
    return value


def _could_have_text(item: Item) -> bool:
    """Whether the item is a primitive without a value (but with extensions)."""
    kind = getattr(item, "type", None)
    return kind is not None and kind.system == "String"


def _test(name: str, compare: Callable[[str, str], bool]) -> None:
    @function(name, "value", returns="Boolean")
    def run(_: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
        text, part = text_of(focus, f"{name}()"), text_of(other, f"{name}()")
        return EMPTY if text is None or part is None else boolean(compare(text, part))


_test("startsWith", str.startswith)
_test("endsWith", str.endswith)
_test("contains", str.__contains__)


def _find(name: str, find: Callable[[str, str], int]) -> None:
    @function(name, "value", returns="Integer")
    def run(_: Scope, focus: list[Item], other: list[Item]) -> list[Item]:
        text, part = text_of(focus, f"{name}()"), text_of(other, f"{name}()")
        return EMPTY if text is None or part is None else [find(text, part)]


_find("indexOf", str.find)
_find("lastIndexOf", str.rfind)


def _change(name: str, change: Callable[[str], str]) -> None:
    @function(name, returns="String")
    def run(scope: Scope, focus: list[Item]) -> list[Item]:
        text = text_of(focus, f"{name}()")
        if text is None:
            return EMPTY
        scope.env.write(len(text))
        return [change(text)]


_change("upper", str.upper)
_change("lower", str.lower)
_change("trim", lambda text: text.strip(_BLANKS))


@function("substring", "value", "value?", returns="String")
def substring(
    _: Scope, focus: list[Item], start: list[Item], length: list[Item] | None = None
) -> list[Item]:
    """The part from `start` on, at most `length` characters."""
    text = text_of(focus, "substring()")
    first = integer(start, "substring()")
    count = None if length is None else integer(length, "substring()")
    if text is None or first is None or not 0 <= first < len(text):
        return EMPTY
    return [text[first:] if count is None else text[first : first + max(count, 0)]]


@function("replace", "value", "value", returns="String")
def replace(
    scope: Scope, focus: list[Item], pattern: list[Item], substitution: list[Item]
) -> list[Item]:
    """The text with every `pattern` replaced."""
    text, old = text_of(focus, "replace()"), text_of(pattern, "replace()")
    new = text_of(substitution, "replace()")
    if text is None or old is None or new is None:
        return EMPTY
    scope.env.write(len(text) + len(new) * (text.count(old) if old else len(text) + 1))
    return [text.replace(old, new)]


def _flags(items: list[Item] | None) -> str:
    flags = "" if items is None else text_of(items, "the flags of a pattern") or ""
    if set(flags) - {"i", "m"}:
        raise FHIRPathExecutionError(f"a pattern has the flags 'i' and 'm', not '{flags}'")
    return flags


def _matcher(name: str, *, full: bool) -> None:
    @function(name, "value", "value?", returns="Boolean")
    def run(
        scope: Scope, focus: list[Item], pattern: list[Item], flags: list[Item] | None = None
    ) -> list[Item]:
        text, form = text_of(focus, f"{name}()"), text_of(pattern, f"{name}()")
        if text is None or form is None:
            return EMPTY
        from fhir_kb.fhirpath import regex

        options = _flags(flags)
        scope.env.spend(len(text) + regex.cost(form, len(text), flags=options) // _WORK_PER_STEP)
        return boolean(regex.matches(form, text, flags=options, full=full))


_matcher("matches", full=False)
_matcher("matchesFull", full=True)


@function("replaceMatches", "value", "value", "value?", returns="String")
def replace_matches(
    scope: Scope,
    focus: list[Item],
    pattern: list[Item],
    substitution: list[Item],
    flags: list[Item] | None = None,
) -> list[Item]:
    r"""The text with every match replaced; $1, ${name} and \1 stand for groups."""
    text, form = text_of(focus, "replaceMatches()"), text_of(pattern, "replaceMatches()")
    new = text_of(substitution, "replaceMatches()")
    if text is None or form is None or new is None:
        return EMPTY
    from fhir_kb.fhirpath import regex

    options = _flags(flags)
    scope.env.spend(len(text) + regex.cost(form, len(text), flags=options) // _WORK_PER_STEP)
    result = regex.replace(form, text, new, flags=options)
    scope.env.write(len(result))
    return [result]


@function("length", returns="Integer")
def length(_: Scope, focus: list[Item]) -> list[Item]:
    """How many characters there are."""
    text = text_of(focus, "length()")
    return EMPTY if text is None else [len(text)]


@function("toChars", returns="String")
def to_chars(scope: Scope, focus: list[Item]) -> list[Item]:
    """The characters, one by one."""
    text = text_of(focus, "toChars()") or ""
    scope.env.spend(len(text))
    return list(text)


@function("split", "value", returns="String")
def split(scope: Scope, focus: list[Item], separator: list[Item]) -> list[Item]:
    """The parts between the separators."""
    text, mark = text_of(focus, "split()"), text_of(separator, "split()")
    if text is None or mark is None:
        return EMPTY
    scope.env.spend(len(text))
    return list(text) if not mark else list(text.split(mark))


@function("join", "value?", returns="String")
def join(scope: Scope, focus: list[Item], separator: list[Item] | None = None) -> list[Item]:
    """All texts in one."""
    mark = "" if separator is None else text_of(separator, "join()") or ""
    parts = [text for item in focus if (text := text_of([item], "join()")) is not None]
    if not parts:
        return EMPTY
    scope.env.write(sum(map(len, parts)) + len(mark) * len(parts))
    return [mark.join(parts)]


def _encode(text: str, form: str) -> str | None:
    raw = text.encode("utf-8", "replace")
    match form:
        case "hex":
            return raw.hex()
        case "base64":
            return base64.b64encode(raw).decode()
        case "urlbase64":
            return base64.urlsafe_b64encode(raw).decode()
        case "ascii":
            return text.encode("ascii", "replace").decode()
    return None


def _decode(text: str, form: str) -> str | None:
    try:
        match form:
            case "hex":
                return bytes.fromhex(text).decode()
            case "base64":
                return base64.b64decode(text, validate=True).decode()
            case "urlbase64":
                return base64.b64decode(text, b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        return None
    return None


def _escape(text: str, target: str) -> str | None:
    import html

    match target:
        case "html":
            return html.escape(text, quote=True).replace("&#x27;", "&#39;")
        case "json":
            return json.dumps(text, ensure_ascii=False)[1:-1]
    return None


_JSON_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))')
_JSON_CHARACTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _json_character(match: re.Match[str]) -> str:
    if match[1] is not None:
        return _JSON_CHARACTERS.get(match[1], match[1])
    code = int(match[2], 16)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _unescape(text: str, target: str) -> str | None:
    import html

    match target:
        case "html":
            return html.unescape(text)
        case "json":
            return _JSON_ESCAPE.sub(_json_character, text)
    return None


def _recode(name: str, change: Callable[[str, str], str | None]) -> None:
    @function(name, "value", returns="String")
    def run(scope: Scope, focus: list[Item], form: list[Item]) -> list[Item]:
        text, kind = text_of(focus, f"{name}()"), text_of(form, f"{name}()")
        scope.env.write(6 * len(text or ""))
        result = None if text is None or kind is None else change(text, kind)
        return EMPTY if result is None else [result]


_recode("encode", _encode)
_recode("decode", _decode)
_recode("escape", _escape)
_recode("unescape", _unescape)
