"""The syntax tree of a FHIRPath expression: immutable, with the place of each part.

Named tuples, because a dozen dataclasses take ten times as long to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.fhirpath.values.system import System


class Place(NamedTuple):
    """Where a part of an expression begins: line and column, both from 1."""

    line: int
    column: int


class Literal(NamedTuple):
    """A constant; no value at all is `{}`."""

    values: tuple[System, ...]
    place: Place


class This(NamedTuple):
    """`$this`."""

    place: Place


class Index(NamedTuple):
    """`$index`."""

    place: Place


class Total(NamedTuple):
    """`$total`."""

    place: Place


class Variable(NamedTuple):
    """`%name`."""

    name: str
    place: Place


class Member(NamedTuple):
    """`target.name`; without a target, a name at the root: an element of $this, or its type."""

    target: Node | None
    name: str
    place: Place


class Call(NamedTuple):
    """`target.name(arguments)`; without a target it is called on $this."""

    target: Node | None
    name: str
    arguments: tuple[Node, ...]
    place: Place
    descending: tuple[bool, ...] = ()
    """For each argument of sort() whether `desc` follows it."""


class Indexer(NamedTuple):
    """`target[position]`."""

    target: Node
    position: Node
    place: Place


class Unary(NamedTuple):
    """`+operand` or `-operand`."""

    operator: str
    operand: Node
    place: Place


class Binary(NamedTuple):
    """`left operator right`; the place is the operator's."""

    operator: str
    left: Node
    right: Node
    place: Place


class TypeTest(NamedTuple):
    """`operand is type` or `operand as type`; the type's name as written, "FHIR.Patient"."""

    operator: str
    operand: Node
    type_name: str
    place: Place


class Instance(NamedTuple):
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


class Expression(NamedTuple):
    """A parsed expression with its text."""

    text: str
    root: Node
