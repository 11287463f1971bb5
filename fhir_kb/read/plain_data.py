"""YAML nodes as plain data: dicts, lists, texts, numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from fhir_kb.read.decode import MAX_DEPTH, MAX_VALUES
from fhir_kb.read.yaml import YamlNode, is_null

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NODES: Final = 2 * MAX_VALUES  # keys count as well
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BOOLEANS: Final = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class TooLargeError(ValueError):
    """The file is larger, or deeper, than one of ours may be."""


def plain_data(node: YamlNode) -> Any:
    """A node as plain data by the core schema of YAML 1.2. Raises TooLargeError."""
    return _Converter().value(node, 0)


def node_at(node: YamlNode, path: Sequence[str | int]) -> YamlNode:
    """The node that a path of keys and numbers leads to, or as far as it leads."""
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                return node
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            inner = next((item for key, item in pairs(node) if key.value == step), None)
            if inner is None:
                return node
            node = inner
    return node


class _Converter:
    """Nodes as plain data by the core schema of YAML 1.2."""

    def __init__(self) -> None:
        self._nodes = 0

    def value(self, node: YamlNode, depth: int) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise TooLargeError
        if isinstance(node, yaml.MappingNode):
            return {key.value: self.value(item, depth + 1) for key, item in pairs(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return scalar_value(node)


def scalar_value(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """What a scalar means in YAML 1.2: quoted, it is text."""
    text: str = node.value
    if node.style:
        return text
    if is_null(node):
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    return float(text) if _FLOAT.fullmatch(text) else text


def pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, YamlNode]]:
    """The keys and values of a mapping."""
    for key, item in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield key, item
