"""The records that the core definitions consist of: types, elements, bindings, invariants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

TypeKind: TypeAlias = Literal["resource", "complex-type", "primitive-type", "profile"]
Strength: TypeAlias = Literal["required", "extensible", "preferred", "example"]


class TypeRef(NamedTuple):
    """One type that an element may have."""

    code: str
    """The FHIR type name: "string", "Reference"."""
    profiles: tuple[str, ...] = ()
    """The data type profiles that the value must conform to: "SimpleQuantity"."""
    targets: tuple[str, ...] = ()
    """The types that a Reference or canonical may point to, by name; empty for any."""

    @property
    def schema_name(self) -> str:
        """The definition that the value follows: its data type profile, or else its type."""
        return self.profiles[0] if self.code == "Quantity" and self.profiles else self.code


class Binding(NamedTuple):
    """The codes that an element may have."""

    strength: Strength
    value_set: str
    max_value_set: str = ""
    """A value set that is required, even if `strength` is weaker."""


class Invariant(NamedTuple):
    """A rule in FHIRPath."""

    key: str
    severity: str
    """"error" or "warning"."""
    expression: str
    human: str
    best_practice: bool = False


@dataclass(frozen=True, slots=True)
class ElementDefinition:
    """An element of a type, as in the snapshot of its StructureDefinition."""

    path: str
    """"PlanDefinition.action.title"; a choice has no "[x]"."""
    name: str
    """The last part of the path."""
    min: int
    max: int | None
    """None stands for "*"."""
    types: tuple[TypeRef, ...]
    """Empty for an element with a content reference."""
    choice: bool = False
    content_reference: str = ""
    """The path whose content this element repeats."""
    binding: Binding | None = None
    invariants: tuple[Invariant, ...] = ()
    """Those of the element itself; those of its type are at the type."""
    fixed: Any = None
    """The JSON value that the element must have; None where there is none."""
    pattern: Any = None
    """The JSON value that the element must contain; None where there is none."""
    regex: str = ""
    is_modifier: bool = False
    is_summary: bool = False
    is_array: bool = False
    is_attribute: bool = False
    """Whether it is an attribute in XML (Element.id, Extension.url), so without extensions in
    JSON."""

    @property
    def type_codes(self) -> tuple[str, ...]:
        """The names of the types it may have."""
        return tuple(ref.code for ref in self.types)

    def json_names(self) -> tuple[tuple[str, TypeRef | None], ...]:
        """The JSON properties that can hold it, each with its type (None: content reference)."""
        if not self.types:
            return ((self.name, None),)
        if not self.choice:
            return ((self.name, self.types[0]),)
        return tuple((self.name + ref.code[0].upper() + ref.code[1:], ref) for ref in self.types)


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A resource, data type, primitive or data type profile."""

    name: str
    kind: TypeKind
    base: str
    abstract: bool
    elements: tuple[ElementDefinition, ...]
    """In FHIR's order, the inherited ones included, without the root."""
    invariants: tuple[Invariant, ...] = ()
    """Those of the type itself; Definitions.invariants has those of its ancestors, too."""
    by_path: dict[str, ElementDefinition] = field(default_factory=dict, compare=False, repr=False)
    children: dict[str, tuple[ElementDefinition, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )


@dataclass(frozen=True, slots=True)
class Property:
    """A JSON property in its object."""

    index: int
    """Its position in FHIR's order; `_x` follows `x`."""
    type_path: str
    """The type of its value ("HumanName", "string"), the path of an inner element
    ("PlanDefinition.action"), or "Resource" where the resourceType of the value says it."""
    is_array: bool
    """Whether JSON has a list here."""
    element: ElementDefinition | None
    """The element that it holds; None for `resourceType`."""


class ValueSetCodes(NamedTuple):
    """A value set, expanded as far as that is possible offline."""

    systems: dict[str, frozenset[str]]
    """Code system -> its codes in the value set."""
    checkers: dict[str, str]
    """Code system -> how to check its codes where they cannot be listed: "bcp47", "mime",
    "currency", "ucum", "rgb", or "unknown" where they cannot be checked."""

    @property
    def is_complete(self) -> bool:
        """Whether every code of the set is listed."""
        return not self.checkers

    def all_codes(self) -> frozenset[str]:
        """The listed codes, whatever their system."""
        return frozenset().union(*self.systems.values())
