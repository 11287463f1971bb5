"""What FHIR says a type looks like: the records that the definitions are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["resource", "complex-type", "primitive-type", "profile"]
Strength: TypeAlias = Literal["required", "extensible", "preferred", "example"]


class TypeRef(NamedTuple):
    """One type that an element may have.

    code: the FHIR type name ("string", "Reference").
    profiles: data type profiles the value must meet ("SimpleQuantity").
    targets: what a Reference or canonical may point to: type names, without the url in front;
        empty where anything may be meant.
    """

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def schema_name(self) -> str:
        """The definition that the value follows: its data type profile, or else its type."""
        return self.profiles[0] if self.code == "Quantity" and self.profiles else self.code


class Binding(NamedTuple):
    """The codes an element may have. `max_value_set` holds even where `strength` is weaker."""

    strength: Strength
    value_set: str
    max_value_set: str = ""


class Invariant(NamedTuple):
    """A rule in FHIRPath; `severity` is "error" or "warning"."""

    key: str
    severity: str
    expression: str
    human: str
    best_practice: bool = False


@dataclass(frozen=True, slots=True)
class ElementDefinition:
    """One element of a type, as its StructureDefinition's snapshot has it.

    path: from the type's name on ("PlanDefinition.action.title"); a choice has no "[x]".
    name: the last word of the path. max: None stands for "*".
    types: empty where `content_reference` names the path whose content this element repeats.
    fixed, pattern: the JSON value demanded, None where there is none.
    invariants: those stated here; those of the element's type are found at the type.
    is_attribute: an attribute in XML (Element.id, Extension.url), so without extensions in JSON.
    """

    path: str
    name: str
    min: int
    max: int | None
    types: tuple[TypeRef, ...]
    choice: bool = False
    content_reference: str = ""
    binding: Binding | None = None
    invariants: tuple[Invariant, ...] = ()
    fixed: Any = None
    pattern: Any = None
    regex: str = ""
    is_modifier: bool = False
    is_summary: bool = False
    is_array: bool = False
    is_attribute: bool = False

    @property
    def type_codes(self) -> tuple[str, ...]:
        """The names of the types it may have."""
        return tuple(one.code for one in self.types)

    def json_names(self) -> tuple[tuple[str, TypeRef | None], ...]:
        """The JSON properties that can hold it, each with its type (None: content reference)."""
        if not self.types:
            return ((self.name, None),)
        if not self.choice:
            return ((self.name, self.types[0]),)
        return tuple((self.name + one.code[0].upper() + one.code[1:], one) for one in self.types)


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A resource, data type, primitive or data type profile.

    elements: in FHIR's order, the inherited ones included, the root left out.
    invariants: those stated on the type itself; see Definitions.invariants for all that hold.
    """

    name: str
    kind: Kind
    base: str
    abstract: bool
    elements: tuple[ElementDefinition, ...]
    invariants: tuple[Invariant, ...] = ()
    by_path: dict[str, ElementDefinition] = field(default_factory=dict, compare=False, repr=False)
    children: dict[str, tuple[ElementDefinition, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )


@dataclass(frozen=True, slots=True)
class Property:
    """A JSON property in its object.

    index: its place in FHIR's order. `_x` follows `x`.
    type_path: whose properties its value has: a type ("HumanName", "string"), a path
        ("PlanDefinition.action"), or "Resource" where the value's resourceType tells.
    is_array: whether JSON has a list here.
    element: the element that it holds; None for `resourceType`.
    """

    index: int
    type_path: str
    is_array: bool
    element: ElementDefinition | None


class ValueSetCodes(NamedTuple):
    """A value set, expanded as far as that is possible offline.

    systems: code system -> its codes in the set.
    checkers: code system -> how to check its codes where they cannot be listed: "bcp47",
        "mime", "currency", "ucum", "rgb", or "unknown" where nothing can be said.
    """

    systems: dict[str, frozenset[str]]
    checkers: dict[str, str]

    @property
    def is_complete(self) -> bool:
        """Whether every code of the set is listed."""
        return not self.checkers

    def all_codes(self) -> frozenset[str]:
        """The listed codes, whatever their system."""
        return frozenset().union(*self.systems.values())
