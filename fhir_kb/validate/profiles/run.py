"""The state of one run of profile checks over a resource, shared by all of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fhir_kb.diagnostics import Severity
from fhir_kb.fhirpath import Element, Services
from fhir_kb.fhirpath.evaluation.references import (
    contained_resource,
    enclosing_resources,
    find_entry,
    with_ancestors,
)
from fhir_kb.validate.profiles.tree import CORE_URL, BrokenProfileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

_MAX_DEPTH: Final = 60


class FastPath(Protocol):
    """Recognizes values that certainly conform; see fast_path.profiles."""

    def conforms(self, value: Any, type_name: str, canonical: str) -> bool:
        """Whether a value of the type (its JSON) certainly conforms to the profile."""

    def child_conforms(self, node: ProfileNode, element: Element, name: str) -> bool:
        """Whether the children of that name of an element certainly conform to the node's."""


class Walk(NamedTuple):
    """The checks that lead into each other: slices and references need the whole walk again."""

    check_profile: Callable[[ProfileRun, Element, str], list[Finding]]
    """Checks an element against the profile with a canonical URL."""
    check_node: Callable[[ProfileRun, ProfileNode, Element], list[Finding]]
    """Checks a value against an element of a profile."""
    check_children: Callable[[ProfileRun, ProfileNode, Element], list[Finding]]
    """Checks what is inside a value."""
    is_in_slice: Callable[[ProfileRun, ProfileNode, Element, str], bool]
    """Whether a value is in the slice of that name."""


@dataclass(eq=False)
class ProfileRun:
    """The check of one resource (or bundle) against profiles."""

    repository: ProfileRepository
    root: Element
    """The outermost resource."""
    walk: Walk
    fast_path: FastPath
    services: Services = field(init=False)
    """For FHIRPath expressions."""
    in_progress: set[tuple[int, str]] = field(default_factory=set)
    """(id of a value, profile) pairs on the stack: circular references are followed once."""
    depth: int = 0
    """How many profiles are nested."""
    unchecked: set[str] = field(default_factory=set)
    """What is reported as not checked once in a run: value sets, targets of references."""

    def __post_init__(self) -> None:
        self.services = Services(
            resolver=None,
            terminology=self.repository.coded_values,
            profiles=_FHIRPathProfiles(self),
        )

    @property
    def is_too_deep(self) -> bool:
        """Whether profiles lead into each other without end."""
        return self.depth >= _MAX_DEPTH

    def is_first(self, subject: str) -> bool:
        """Whether it has not been asked of the subject before: it is reported once only."""
        is_first = subject not in self.unchecked
        self.unchecked.add(subject)
        return is_first

    def conforms(self, element: Element, canonical: str) -> bool | None:
        """Whether it conforms to the profile; None where the profile is not available."""
        if self.repository.is_core_type(canonical):
            return self.repository.type_of(canonical) in element.type.names
        try:
            tree = self.repository.tree(canonical)
        except BrokenProfileError:
            return None
        if tree is None:
            return None
        return not has_errors(self.walk.check_profile(self, element, canonical))

    def resolve(self, element: Element, reference: str) -> Element | None:
        """The target of a reference, if it is in the same resource or bundle."""
        holder, bundle = enclosing_resources(element)
        if reference.startswith("#"):
            if holder is None or reference == "#":
                return holder
            return contained_resource(holder, reference[1:])
        return None if bundle is None else find_entry(bundle, reference, element)


class _FHIRPathProfiles:
    """Answers FHIRPath's questions about profiles; see fhirpath.Profiles."""

    def __init__(self, run: ProfileRun) -> None:
        self._run = run

    def conforms(self, value: Any, type_name: str, profile: str) -> bool | None:
        """See fhirpath.Profiles."""
        element = Element(value, self._run.root.type.schema.type(type_name))
        return self._run.conforms(element, profile)

    def definition(self, path: str) -> Mapping[str, Any] | None:
        """See fhirpath.Profiles; the definition is that of the type."""
        node = self._node(CORE_URL + path.partition(".")[0], path)
        return None if node is None else node.definition

    def in_slice(self, value: Any, path: str, profile: str, name: str) -> bool | None:
        """See fhirpath.Profiles."""
        node = self._node(profile, path)
        if node is None:
            return None
        element = Element(value, self._run.root.type.schema.type(_type_path(node, value)))
        return self._run.walk.is_in_slice(self._run, node, element, name)

    def _node(self, profile: str, path: str) -> ProfileNode | None:
        try:
            tree = self._run.repository.tree(profile)
        except BrokenProfileError:
            return None
        return None if tree is None else tree.node_at(path) or tree.node_at(f"{path}[x]")


def _type_path(node: ProfileNode, value: Any) -> str:
    """The type of a value at an element, as far as its definition determines it."""
    if isinstance(value, dict) and "resourceType" in value:
        return str(value["resourceType"])
    path = str(node.definition.get("path"))
    codes = [str(entry.get("code")) for entry in node.types]
    return codes[0] if len(codes) == 1 and codes[0] not in ("BackboneElement", "Element") else path


def has_errors(findings: list[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(finding.code.severity is Severity.ERROR for finding in findings)


def resource_of(element: Element) -> Element:
    """The resource that the element belongs to, itself if it is one."""
    return next((outer for outer in with_ancestors(element) if outer.type.is_resource), element)
