"""From YAML nodes to the model: every mistake is a finding with its place; nothing raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml

from fhir_kb.diagnostics import Diagnostic, Severity, did_you_mean
from fhir_kb.model.schema_shape import (
    ListShape,
    RecordKey,
    RecordShape,
    ScalarShape,
    SchemaShape,
    layout,
)
from fhir_kb.model.text import File, Markdown, Title
from fhir_kb.read import scalar_formats
from fhir_kb.read.corrections import corrected
from fhir_kb.read.inline_markup import plain_title
from fhir_kb.read.page_markup import refused_in_fields
from fhir_kb.read.unsafe_markup import unsafe_markup
from fhir_kb.read.yaml import YamlNode, has_foreign_tag, is_null, span_of

if TYPE_CHECKING:
    from fhir_kb.model.record import Pattern, Record
    from fhir_kb.read.scalar_formats import ScalarFormat

MAX_DEPTH: Final = 48
MAX_VALUES: Final = 200_000
MAX_TEXT: Final = 200_000
MAX_FINDINGS: Final = (
    200  # of one file: more help nobody, and each costs a search for the nearest word
)
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,8})")
_BOOLEANS: Final = {"true": True, "false": False}
_YES_NO: Final = {"yes": "true", "no": "false", "on": "true", "off": "false"}

R = TypeVar("R", bound="Record")


class _Invalid:
    """Stands for a value that cannot be read; it never leaves this module."""


_INVALID: Final = _Invalid()


def decode(node: YamlNode, record: type[R], file: str) -> tuple[R | None, tuple[Diagnostic, ...]]:
    """Decode a node as a record, and report all that is wrong with it.

    Returns None instead of the record where anything is wrong with severity error.
    """
    decoder = _Decoder(file)
    value = decoder.mapping(node, record, None, 0)
    findings = tuple(decoder.findings)
    return (None if findings or not isinstance(value, record) else value), findings


class _Decoder:
    """The decoding of one file: its findings, and the number of values so far."""

    def __init__(self, file: str) -> None:
        self.file: Final = file
        self.findings: Final[list[Diagnostic]] = []
        self._values = 0

    @property
    def full(self) -> bool:
        """Whether there are so many findings that decoding stops."""
        return len(self.findings) >= MAX_FINDINGS

    def report(
        self, code: str, message: str, node: YamlNode, advice: str | None = None
    ) -> _Invalid:
        self.findings.append(
            Diagnostic(code, Severity.ERROR, message, span_of(node, self.file), help=advice)
        )
        return _INVALID

    def value(self, node: YamlNode, shape: SchemaShape, key: str, depth: int) -> Any:
        self._values += 1
        if self.full:
            return _INVALID
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            if self._values <= MAX_VALUES or not any(f.code == "KB106" for f in self.findings):
                self._values = max(self._values, MAX_VALUES + 1)
                self.report("KB106", _limit(depth), node)
            return _INVALID
        if has_foreign_tag(node):
            return self.report(
                "KB107", f"the tag '{node.tag}' has no meaning here", node, "remove it"
            )
        if isinstance(shape, ScalarShape):
            return self.scalar(node, shape, key)
        if isinstance(shape, ListShape):
            return self.many(node, shape, key, depth)
        return self.mapping(node, shape.record, None, depth, key)

    def scalar(self, node: YamlNode, shape: ScalarShape, key: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            what = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
            return self.report("KB112", f"'{key}' is a single value, not {what}", node)
        if is_null(node):
            return self.report(
                "KB115", f"'{key}' has no value", node, "give it one, or take it out"
            )
        text = node.value
        if shape.type is bool:
            return self._boolean(node, text, key)
        if shape.type is int:
            if not node.style and _INTEGER.fullmatch(text):
                return int(text)
            return self.report("KB112", f"'{key}' is a whole number, not '{_short(text)}'", node)
        return self._text(node, text, shape, key)

    def _boolean(self, node: yaml.ScalarNode, text: str, key: str) -> Any:
        if not node.style and text in _BOOLEANS:
            return _BOOLEANS[text]
        meant = _YES_NO.get(text.casefold())
        advice = f"write {meant}" if meant else None
        return self.report("KB112", f"'{key}' is true or false, not '{_short(text)}'", node, advice)

    def _text(self, node: yaml.ScalarNode, text: str, shape: ScalarShape, key: str) -> Any:
        if shape.type is Title and len(text) <= MAX_TEXT:
            text = plain_title(text)
        if not text.strip():
            return self.report("KB116", f"'{key}' is empty", node, "give it a text, or take it out")
        if len(text) > MAX_TEXT:
            return self.report(
                "KB103", f"'{key}' has {len(text)} characters; that is too many", node
            )
        text = text.rstrip("\n")
        if shape.words is not None and text not in shape.words.words:
            return self.report(
                "KB113",
                f"'{_short(text)}' is not a word for '{key}'",
                node,
                did_you_mean(text, shape.words.words) or _listed(shape.words.words),
            )
        expected = _mismatch(shape, text)
        if expected is not None:
            message = f"'{_short(text)}' is not {expected.called}"
            meant = corrected(text, lambda other: _mismatch(shape, other) is None)
            advice = f"write '{meant}'" if meant is not None else expected.help or None
            return self.report("KB114", message, node, advice)
        if shape.type is File and (".." in text.split("/") or text.startswith(("/", "\\"))):
            return self.report("KB140", f"'{_short(text)}' is outside the topic's folder", node)
        if shape.type is Markdown:
            for markup in unsafe_markup(text):
                return self.report(markup.code, markup.message, node, markup.help)
            for refused in refused_in_fields(text):
                return self.report(refused.code, refused.message, node, refused.help)
        return shape.type(text, span_of(node, self.file))

    def many(self, node: YamlNode, shape: ListShape, key: str, depth: int) -> Any:
        if shape.keyed:
            return self._keyed(node, shape, key, depth)
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        values = [self.value(item, shape.item, key, depth + 1) for item in items]
        return _INVALID if _INVALID in values else tuple(values)

    def _keyed(self, node: YamlNode, shape: ListShape, key: str, depth: int) -> Any:
        assert isinstance(shape.item, RecordShape)
        if not isinstance(node, yaml.MappingNode):
            if is_null(node):
                return self.report(
                    "KB115", f"'{key}' has no value", node, "take it out, or fill it"
                )
            return self.report(
                "KB112", f"'{key}' is a mapping from names to their definitions", node
            )
        seen: dict[str, YamlNode] = {}
        values = []
        for name, item in node.value:
            if self.full or self._repeated(name, seen):
                continue
            if has_foreign_tag(item):
                self.value(item, shape.item, key, depth)
                continue
            self._values += 1
            values.append(self.mapping(item, shape.item.record, name, depth + 1))
        return _INVALID if _INVALID in values else tuple(values)

    def _repeated(self, name: YamlNode, seen: dict[str, YamlNode]) -> bool:
        if not isinstance(name, yaml.ScalarNode):
            self.report("KB112", "a key is a single word", name)
            return True
        if name.value in seen:
            first = span_of(seen[name.value], self.file)
            message = f"'{_short(name.value)}' is a duplicate key"
            self.report("KB105", message, name, f"the first is in line {first.line}")
            return True
        seen[name.value] = name
        return False

    def mapping(
        self, node: YamlNode, record: type[Record], name: YamlNode | None, depth: int, key: str = ""
    ) -> Any:
        """The record of a node.

        Args:
            node: the mapping, or what stands in its place.
            record: the class of the record.
            name: the node of its name, where records stand in a map.
            depth: how deeply it is nested.
            key: the key that holds it, where it has no name.
        """
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            return self.value(node, RecordShape(record), key, MAX_DEPTH + 1)
        fields: dict[str, Any] = {}
        if name is not None and not self._name(name, record, fields):
            return _INVALID
        before = len(self.findings)
        if isinstance(node, yaml.MappingNode) and not layout(record).whole:
            self._fields(node, record, fields, depth)
        elif not self._shorthand(node, record, name or key, fields, depth):
            return _INVALID
        required = layout(record).required
        if len(self.findings) == before and any(key.field not in fields for key in required):
            self._missing(node, name, required, fields)
        if self.full or len(self.findings) > before or _INVALID in fields.values():
            return _INVALID
        return record(span=span_of(name if name is not None else node, self.file), **fields)

    def _name(self, name: YamlNode, record: type[Record], fields: dict[str, Any]) -> bool:
        key = layout(record).keyed
        assert key is not None, record
        value = (
            self.scalar(name, key.shape, key.name)
            if isinstance(key.shape, ScalarShape)
            else _INVALID
        )
        fields[key.field] = value
        return value is not _INVALID

    def _fields(
        self, node: yaml.MappingNode, record: type[Record], fields: dict[str, Any], depth: int
    ) -> None:
        known = layout(record).by_name
        seen: dict[str, YamlNode] = {}
        for name, item in node.value:
            if self.full or self._repeated(name, seen):
                continue
            key = known.get(name.value)
            if key is None or key.field in fields:
                advice = did_you_mean(name.value, known) or f"expected one of: {', '.join(known)}"
                if name.value == "<<":
                    advice = "merge keys are not YAML 1.2; write the keys out"
                elif node.flow_style and is_null(item):
                    advice = "within {…} a comma ends a value: put a text that has one in quotes"
                self.report("KB110", f"'{_short(name.value)}' is not a key here", name, advice)
                continue
            fields[key.field] = self.value(item, key.shape, key.name, depth + 1)

    def _shorthand(
        self,
        node: YamlNode,
        record: type[Record],
        name: YamlNode | str,
        fields: dict[str, Any],
        depth: int,
    ) -> bool:
        label = name if isinstance(name, str) else str(name.value)
        short = layout(record).shorthand
        if short is None:
            called = f"'{label}'" if label else "this file"
            if is_null(node):
                self.report(
                    "KB115", f"{called} has no value", node if isinstance(name, str) else name
                )
            else:
                keys = ", ".join(layout(record).by_name)
                what = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
                message = f"{called} is a mapping, not {what}"
                self.report("KB112", message, node, f"its keys are: {keys}")
            return False
        label = label or short.name
        if isinstance(node, yaml.SequenceNode) and isinstance(short.shape, ScalarShape):
            self.report("KB112", f"'{label}' is a single value or a mapping, not a list", node)
            return False
        value = self.value(node, short.shape, label, depth + 1)
        fields[short.field] = value
        return value is not _INVALID

    def _missing(
        self,
        node: YamlNode,
        name: YamlNode | None,
        required: tuple[RecordKey, ...],
        fields: dict[str, Any],
    ) -> None:
        lacking = [key for key in required if key.field not in fields]
        called = f"'{name.value}' lacks" if isinstance(name, yaml.ScalarNode) else "this lacks"
        listed = ", ".join(f"'{key.name}'" for key in lacking)
        message = f"{called} {listed}"
        self.report("KB111", message, name if name is not None else node, lacking[0].doc)


def _mismatch(shape: ScalarShape, text: str) -> Pattern | ScalarFormat | None:
    """The form that a text does not have; None where it has all that its place wants."""
    pattern = shape.pattern
    if pattern is not None and _compiled(pattern.regex).fullmatch(text) is None:
        return pattern
    return scalar_formats.mismatch(shape.type, text)


_REGEXES: dict[str, re.Pattern[str]] = {}


def _compiled(regex: str) -> re.Pattern[str]:
    return _REGEXES.setdefault(regex, re.compile(regex))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."


def _listed(words: Any) -> str | None:
    return "one of: " + ", ".join(words)


def _limit(depth: int) -> str:
    """Which limit a file passes here."""
    if depth > MAX_DEPTH:
        return f"this is nested more than {MAX_DEPTH} levels deep"
    return f"a file may have {MAX_VALUES:,} values, aliases counted; here it has more"
