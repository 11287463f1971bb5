"""The syntax tree of a FHIRPath expression: frozen, with the place of each part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.fhirpath.values import System


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of an expression begins: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; no value at all is `{}`."""

    values: tuple[System, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class This:
    """`$this`."""

    place: Place


@dataclass(frozen=True, slots=True)
class Index:
    """`$index`."""

    place: Place


@dataclass(frozen=True, slots=True)
class Total:
    """`$total`."""

    place: Place


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name`; without a target, a name at the root: an element of $this, or its type."""

    target: Node | None
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """`target.name(arguments)`; without a target it is called on $this.

    descending: for each argument whether `desc` follows it (sort only).
    """

    target: Node | None
    name: str
    arguments: tuple[Node, ...]
    place: Place
    descending: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Indexer:
    """`target[index]`."""

    target: Node
    index: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Unary:
    """`+operand` or `-operand`."""

    operator: str
    operand: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; the place is the operator's."""

    operator: str
    left: Node
    right: Node
    place: Place


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is type` or `operand as type`; the type's name as written, "FHIR.Patient"."""

    operator: str
    operand: Node
    type_name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Instance:
    """`Coding { system: 'x', code: 'y' }`."""

    type_name: str
    elements: tuple[tuple[str, Node], ...]
    place: Place


Node: TypeAlias = (
    Literal
    | This
    | Index
    | Total
    | Variable
    | Member
    | Call
    | Indexer
    | Unary
    | Binary
    | TypeTest
    | Instance
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression and the text that it was."""

    text: str
    root: Node
