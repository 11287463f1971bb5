"""What a check is given beside the value: the resource around it, and what is known of codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages import Canonicals
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.issue import Findings
    from fhir_kb.validate.core.known_extensions import KnownExtensions


class Context:
    """What a check may need to know of the whole.

    resource: the nearest one, be it contained or in an entry. container: the one that holds the
    contained resources a "#id" may mean. root: the whole. canonicals: where definitions are looked
    up by canonical URL; None where nothing can be. claiming: the resources that name profiles.
    known_extensions: tells which extensions need a look; doubtful: those that do.
    terminology: what is known of codes. told: what was said once and need not be said again.
    """

    __slots__ = (
        "_contained",
        "canonicals",
        "container",
        "deferred_extensions",
        "deferred_resources",
        "depth",
        "fhirpath_elements",
        "known_extensions",
        "reported",
        "resource",
        "root",
        "terminology",
    )  # fmt: skip

    def __init__(
        self,
        root: Mapping[str, Any],
        canonicals: Canonicals | None = None,
        terminology: TerminologyService | None = None,
    ) -> None:
        self.root = root
        self.canonicals = canonicals
        self.terminology = terminology
        self.reported: set[tuple[str, str]] = set()
        self.deferred_resources: list[Mapping[str, Any]] = []
        self.known_extensions: KnownExtensions | None = None
        self.deferred_extensions: list[Mapping[str, Any]] = []
        self.resource = root
        self.container = root
        self.depth = 0
        #: id() of a resource -> the same for FHIRPath.
        self.fhirpath_elements: dict[int, Any] = {}
        self._contained: dict[int, dict[str, dict[str, Any]]] = {}

    def contained(self, name: str) -> dict[str, Any] | None:
        """The contained resource with that id, or None."""
        key = id(self.container)
        known = self._contained.get(key)
        if known is None:
            resources = self.container.get("contained")
            known = self._contained[key] = {
                one["id"]: one
                for one in (resources if isinstance(resources, list) else ())
                if isinstance(one, dict) and isinstance(one.get("id"), str)
            }
        return known.get(name)


#: Looks at a JSON value; None (or an empty list) means that all is well.
Checker: TypeAlias = "Callable[[Any, Context], Findings]"
