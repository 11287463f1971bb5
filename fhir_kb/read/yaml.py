"""YAML files as nodes with places: UTF-8, one document, scalars untouched.

What a scalar means is decided where it is wanted (`decode`), so `no`, `1:30` and `1.50` stay what
was written. Nothing is ever constructed from a tag.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias, cast

import yaml

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.read.definition_files import MAX_BYTES

YamlNode: TypeAlias = yaml.ScalarNode | yaml.SequenceNode | yaml.MappingNode

MAX_NESTING: Final = 100
_SURELY_SAFE: Final = 1000
_BRACKETS: Final = re.compile(
    r"""[\[\]{}]|(?<![^\s\[{,:])(?:'[^']*'|"[^"\\]*(?:\\.[^"\\]*)*")|(?<!\S)\#[^\n]*""", re.DOTALL
)  # those in quotes and comments are taken with them
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final = "tag:yaml.org,2002:"
_CORE_TAGS: Final = frozenset(
    _CORE + name
    for name in (
        "str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value",
    )
)  # fmt: skip


def text_of(data: bytes, file: str) -> tuple[str | None, Diagnostic | None]:
    """The text of a file of the definitions, or the finding that says why it has none."""
    if len(data) > MAX_BYTES:
        size, limit = len(data) / 1024 / 1024, MAX_BYTES // 1024 // 1024
        message = f"the file has {size:.1f} MB; a file of the definitions may have {limit}"
        return None, Diagnostic(
            "KB103", Severity.ERROR, message, Span(file), help="split it into smaller topics"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        return None, Diagnostic(
            "KB102",
            Severity.ERROR,
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} has no meaning there",
            Span(file, line, column, line, column + 1),
            help="save it as UTF-8",
        )
    return text.removeprefix("\ufeff"), None


def load(data: bytes, file: str) -> tuple[YamlNode | None, tuple[Diagnostic, ...]]:
    """The root node of a YAML file.

    Returns None where there is none to work with; then the findings say why.
    """
    text, finding = text_of(data, file)
    if text is None:
        return None, (finding,) if finding else ()
    try:
        if _may_be_deep(text) and (place := _too_deep(text)) is not None:
            return None, (_nested(place, file),)
        root = _compose(text)
        if isinstance(root, RecursionError):
            return None, (_nested(_too_deep(text) or (0, 0), file),)
    except yaml.MarkedYAMLError as error:
        return None, (_syntax(error, text, file),)
    except yaml.YAMLError as error:
        return None, (_unreadable(error, file),)
    if root is None:
        message = "the file is empty"
        return None, (Diagnostic("KB104", Severity.ERROR, message, Span(file, 1, 1, 1, 1)),)
    return root, ()


def _compose(text: str) -> YamlNode | RecursionError | None:
    """The root node, or the error of PyYAML without libyaml for a text that is nested deeply."""
    try:
        return cast("YamlNode | None", yaml.compose(text, Loader=_LOADER))
    except RecursionError as error:
        return error


def _may_be_deep(text: str) -> bool:
    """Whether the text has the brackets, or the columns, that deep nesting needs.

    In block style a level takes a column, except a list at the column of its key.
    """
    brackets = text.count("[") + text.count("{")
    return brackets + 2 * max(map(len, text.splitlines()), default=0) > _SURELY_SAFE


def _too_deep(text: str) -> tuple[int, int] | None:
    """Where the nesting passes what can be composed: that recurses, in C without any limit.

    Returns:
        Line and column from 0, or None where nothing is nested too deeply.

    Raises:
        yaml.YAMLError: for what is wrong with the text before that.
    """
    depth = position = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            position = cast("yaml.Mark", event.end_mark).index
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_NESTING:
                    mark = cast("yaml.Mark", event.start_mark)
                    return mark.line, mark.column
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        # The parser reads ahead of its events, and has a limit of its own since PyYAML 6.0.4.
        end = error.problem_mark.index if error.problem_mark else len(text)
        if (place := _brackets_too_deep(text, position, end, depth)) is not None:
            return place
        raise
    return None


def _brackets_too_deep(text: str, start: int, end: int, depth: int) -> tuple[int, int] | None:
    """Where brackets alone nest too deeply between two positions, without a parser.

    Args:
        text: the whole file, which has a syntax error at `end`.
        start: up to where the parser has given events.
        end: where the parser has given up.
        depth: how many collections are open at `start`.

    Returns:
        Line and column from 0, or None.
    """
    for match in _BRACKETS.finditer(text, start, end):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_NESTING:
                line_start = text.rfind("\n", 0, match.start()) + 1
                return text.count("\n", 0, match.start()), match.start() - line_start
        elif match[0] in "]}":
            depth -= 1
    return None


def _nested(place: tuple[int, int], file: str) -> Diagnostic:
    line, column = place[0] + 1, place[1] + 1
    message = "this is nested too deeply"
    span = Span(file, line, column, line, column + 1)
    return Diagnostic("KB106", Severity.ERROR, message, span, help="is a bracket not closed?")


def span_of(node: YamlNode, file: str) -> Span:
    """The place of a node; of a mapping or list in block style, its first line only."""
    start, end = node.start_mark, node.end_mark
    if end.line != start.line and not isinstance(node, yaml.ScalarNode):
        return Span(file, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def has_foreign_tag(node: YamlNode) -> bool:
    """Whether the node has a tag such as `!ref` or `!!python/name:…`."""
    return node.tag not in _CORE_TAGS


def is_null(node: YamlNode) -> bool:
    """Whether the node is a plain `null`, `~` or nothing at all."""
    return (
        isinstance(node, yaml.ScalarNode)
        and not node.style
        and node.value in ("", "~", "null", "Null", "NULL")
    )


_ADVICE: Final = (
    ("'\\t'", "indent with spaces: YAML does not allow tabs there"),
    ("mapping values are not allowed", "put the text in quotes, or check the indentation"),
    ("expected <block end>", "check the indentation of this line against the ones above it"),
    ("could not find expected ':'", "is there a ':' missing after a key?"),
    ("found undefined alias", "an alias (*name) needs an anchor (&name) before it"),
    ("expected a single document", "a file holds one document: take out the '---'"),
    ("found unexpected end of stream", "a quote or bracket is not closed"),
    ("found character that cannot start any token", "put the text in quotes"),
)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or error.context or "not YAML"
    lines = text.splitlines()
    at_tab = line <= len(lines) and lines[line - 1][: column + 1].strip(" ").startswith("\t")
    advice = "indent with spaces: YAML does not allow tabs there" if at_tab else None
    for sign, words in _ADVICE:
        if advice is None and sign in problem:
            advice = words
    return Diagnostic(
        "KB104",
        Severity.ERROR,
        f"this is not YAML: {problem}",
        Span(file, line, column, line, column + 1),
        help=advice,
    )


def _unreadable(error: yaml.YAMLError, file: str) -> Diagnostic:
    position = getattr(error, "position", None)
    character = getattr(error, "character", None)
    what = "not YAML"
    if position is not None and character is not None:
        code = character if isinstance(character, int) else ord(character)
        what = f"a control character (U+{code:04X}) that YAML does not allow"
    return Diagnostic("KB104", Severity.ERROR, f"this is not YAML: {what}", Span(file, 1, 1, 1, 1))
