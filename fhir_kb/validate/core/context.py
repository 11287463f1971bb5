"""What a check is given beside the value: the resources around it, and services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages import Canonicals
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.issue import Findings


class Extensions(Protocol):
    """What checks of extensions ask; see datatypes/extension_fast_path.py."""

    def is_cached(self, owner: str, extension: Mapping[str, Any], *, modifier: bool) -> bool:
        """Whether an equal extension on the same type of element conformed before."""

    def cache(self, owner: str, extension: Mapping[str, Any], *, modifier: bool) -> None:
        """Remember an extension that conforms."""

    def conforms(
        self, url: str, owner: str, extension: Mapping[str, Any], *, modifier: bool
    ) -> bool:
        """Whether a valid Extension certainly conforms to its definition."""

    def is_unknown(self, url: str) -> bool:
        """Whether nothing defines the extension, and it is not allowed without a definition."""

    def parts(self, url: str) -> frozenset[str] | None:
        """The urls of the extensions inside a complex extension; None where nothing defines it."""


class Context:
    """What a check may need to know of the whole."""

    __slots__ = (
        "_contained",
        "bundle_type",
        "canonicals",
        "container",
        "deferred_extensions",
        "deferred_resources",
        "depth",
        "extensions",
        "fhirpath_elements",
        "resource",
        "root",
        "terminology",
        "unchecked_systems",
        "unchecked_value_sets",
    )

    def __init__(
        self,
        root: Mapping[str, Any],
        canonicals: Canonicals | None = None,
        terminology: TerminologyService | None = None,
        extensions: Extensions | None = None,
    ) -> None:
        self.root = root
        """The resource that is validated, or the bundle around all others."""
        self.resource = root
        """The nearest resource: the root, contained, or in a bundle's entry."""
        self.container = root
        """The resource whose contained resources a "#id" may refer to."""
        self.bundle_type = ""
        """The type of the nearest bundle around the value; "" where there is none."""
        self.canonicals = canonicals
        """Where definitions are looked up by canonical URL."""
        self.terminology = terminology
        """Whether codes exist and are in value sets."""
        self.extensions = extensions
        """Which extensions certainly conform."""
        self.deferred_resources: list[Mapping[str, Any]] = []
        """Resources that claim or imply profiles; the profiles are checked after the types."""
        self.deferred_extensions: list[Mapping[str, Any]] = []
        """Extensions that are validated by their definitions after the types."""
        self.unchecked_value_sets: set[str] = set()
        """Value sets that could not be checked: that is reported once in a validation."""
        self.unchecked_systems: set[str] = set()
        """Code systems that are not at hand: that is reported once in a validation."""
        self.depth = 0
        """How deep the value is nested, as far as the compiler counts it."""
        self.fhirpath_elements: dict[int, Any] = {}
        """id() of a resource -> the resource as FHIRPath's Element."""
        self._contained: dict[int, dict[str, dict[str, Any]]] = {}

    def contained(self, resource_id: str) -> dict[str, Any] | None:
        """The contained resource with that id, or None."""
        key = id(self.container)
        by_id = self._contained.get(key)
        if by_id is None:
            listed = self.container.get("contained")
            by_id = self._contained[key] = {
                resource["id"]: resource
                for resource in (listed if isinstance(listed, list) else ())
                if isinstance(resource, dict) and isinstance(resource.get("id"), str)
            }
        return by_id.get(resource_id)


#: Checks a JSON value; None or an empty list: no findings.
Checker: TypeAlias = "Callable[[Any, Context], Findings]"
