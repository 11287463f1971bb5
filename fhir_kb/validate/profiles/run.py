"""Checking one resource against profiles: what all parts of it share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.diagnostics import Severity
from fhir_kb.fhirpath import Element, Services
from fhir_kb.fhirpath.evaluation.references import (
    around,
    contained,
    entry_for,
    surroundings,
)
from fhir_kb.validate.profiles.tree import FHIR, BrokenProfileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.fast_path.profiles import Certain
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.tree import Node

_MAX_DEPTH = 60


class Walk(NamedTuple):
    """The ways of checking that lead into each other: slices and references need the whole again.

    profile: by a canonical url; node: a value by an element; children: what is inside a value;
    slice: whether a value is in the slice of that name.
    """

    profile: Callable[[Run, Element, str], list[Finding]]
    node: Callable[[Run, Node, Element], list[Finding]]
    children: Callable[[Run, Node, Element], list[Finding]]
    slice: Callable[[Run, Node, Element, str], bool]


@dataclass(eq=False)
class Run:
    """One resource (or bundle) being checked.

    certain: sees what surely conforms without the walk. under_way: what is being checked against
    which profile: a circle of references is not followed twice. depth: how many profiles are inside
    each other.
    """

    known: KnownProfiles
    root: Element
    walk: Walk
    certain: Certain
    services: Services = field(init=False)
    under_way: set[tuple[int, str]] = field(default_factory=set)
    depth: int = 0

    def __post_init__(self) -> None:
        self.services = Services(resolver=None, terminology=self.known.codes, profiles=_Asked(self))

    @property
    def is_too_deep(self) -> bool:
        """Whether profiles lead into each other without end."""
        return self.depth >= _MAX_DEPTH

    def conforms(self, element: Element, canonical: str) -> bool | None:
        """Whether it conforms to the profile; None where the profile is not known."""
        if self.known.is_core_type(canonical):
            return self.known.type_of(canonical) in element.type.names
        try:
            tree = self.known.tree(canonical)
        except BrokenProfileError:
            return None
        return None if tree is None else not has_errors(self.walk.profile(self, element, canonical))

    def resolve(self, element: Element, reference: str) -> Element | None:
        """What a reference leads to, in the same resource or bundle."""
        holder, bundle = surroundings(element)
        if reference.startswith("#"):
            if holder is None or reference == "#":
                return holder
            return contained(holder, reference[1:])
        return None if bundle is None else entry_for(bundle, reference, element)


class _Asked:
    """Answers FHIRPath's questions about profiles."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def conforms(self, value: Any, type_name: str, profile: str) -> bool | None:
        """See fhirpath.Profiles."""
        element = Element(value, self._run.root.type.schema.type(type_name))
        return self._run.conforms(element, profile)

    def definition(self, path: str) -> Mapping[str, Any] | None:
        """See fhirpath.Profiles; the definition is that of the type."""
        try:
            tree = self._run.known.tree(FHIR + path.partition(".")[0])
        except BrokenProfileError:
            return None
        node = None if tree is None else tree.at(path) or tree.at(f"{path}[x]")
        return None if node is None else node.definition

    def in_slice(self, value: Any, path: str, profile: str, name: str) -> bool | None:
        """See fhirpath.Profiles."""
        try:
            tree = self._run.known.tree(profile)
        except BrokenProfileError:
            return None
        node = None if tree is None else tree.at(path) or tree.at(f"{path}[x]")
        if node is None:
            return None
        element = Element(value, self._run.root.type.schema.type(_type_path(node, value)))
        return self._run.walk.slice(self._run, node, element, name)


def _type_path(node: Node, value: Any) -> str:
    """The type of a value at an element, as far as its definition tells."""
    path = str(node.definition.get("path"))
    codes = [str(one.get("code")) for one in node.types]
    if isinstance(value, dict) and "resourceType" in value:
        return str(value["resourceType"])
    return codes[0] if len(codes) == 1 and codes[0] not in ("BackboneElement", "Element") else path


def has_errors(found: list[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(one.code.severity is Severity.ERROR for one in found)


def resource_of(element: Element) -> Element:
    """The resource that the element belongs to, itself if it is one."""
    return next((one for one in around(element) if one.type.is_resource), element)
