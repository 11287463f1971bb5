"""The FHIR validator for content that is already in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.packages import core_profiles, definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate.codes import CODE_NOT_CHECKED
from fhir_kb.validate.compiler import Compiler
from fhir_kb.validate.core.context import Context
from fhir_kb.validate.core.issue import combine, report
from fhir_kb.validate.core.known_extensions import KnownExtensions

if TYPE_CHECKING:
    from fhir_kb.packages import Canonicals
    from fhir_kb.validate.core.issue import Findings, Issue
    from fhir_kb.validate.profiles import ProfileChecker


class Validator:
    """Checks resources against the core definitions of a FHIR release.

    Making one costs a few milliseconds; the rules of a type are compiled when the first value of
    that type is met, and are shared by all validators of the same release.

    Args:
        fhir_version: "5.0.0", "4.3.0" or "4.0.1".
        invariants: Whether the rules that FHIR states as FHIRPath are checked too.
        canonicals: Where profiles, extensions, value sets, questionnaires, … are looked up, before
            FHIR's own.
        profiles: Canonical URLs that every resource has to conform to, besides those that it
            claims in `meta.profile`.
        global_profiles: Resource type -> profiles that all resources of the type have to conform
            to, contained ones and those in bundles included.
        terminology: Answers whether codes exist and are in value sets; by default from what ships
            and from `canonicals`.

    Raises:
        ValueError: For any other FHIR version.
    """

    def __init__(
        self,
        fhir_version: str = "5.0.0",
        *,
        invariants: bool = True,
        canonicals: Canonicals | None = None,
        profiles: Sequence[str] = (),
        global_profiles: Mapping[str, Sequence[str]] | None = None,
        terminology: TerminologyService | None = None,
    ) -> None:
        self.fhir_version = fhir_version
        self._canonicals = Known(fhir_version, canonicals)
        self._profile_urls = tuple(profiles)
        self._global_profiles = dict(global_profiles or {})
        self._terminology = terminology or TerminologyService(
            self._canonicals, definitions(fhir_version)
        )
        self._known_extensions = KnownExtensions(
            definitions(fhir_version),
            self._canonicals,
            lambda url, modifier: self._profiles_made().extension_check(url, modifier=modifier),
        )
        self._profiles: ProfileChecker | None = None
        self._check = _compiled(fhir_version, invariants).resources.any_resource()

    def check(self, resource: Mapping[str, Any] | object) -> list[Issue]:
        """The issues of a resource, as JSON has it; an empty list where there is none.

        Never raises on bad content. Numbers may be int, float or Decimal; of these only Decimal
        keeps what was written.
        """
        content: Any = dict(resource) if isinstance(resource, Mapping) else resource
        context = self._context(content)
        found = self._check(content, context)
        if (
            context.deferred_resources
            or context.deferred_extensions
            or self._profile_urls
            or self._global_profiles
        ):
            found = combine(found, self._by_profiles(content, context))
        if news := self._terminology.unreported_problem():
            found = combine(
                found, report(CODE_NOT_CHECKED, news, "nothing is said of codes that it knows")
            )
        if not found:
            return []
        type_name = content.get("resourceType") if isinstance(content, dict) else None
        root = type_name if isinstance(type_name, str) else "Resource"
        return [one.issue(root) for one in found]

    def _by_profiles(self, content: Any, context: Context) -> Findings:
        if not isinstance(content, dict):
            return None
        return self._profiles_made().check(
            content,
            context.deferred_resources,
            self._profile_urls,
            self._global_profiles,
            context.deferred_extensions,
        )

    def _profiles_made(self) -> ProfileChecker:
        if self._profiles is None:
            # Imported here, because most resources claim no profile.
            from fhir_kb.validate.profiles import ProfileChecker

            known = definitions(self.fhir_version)
            self._profiles = ProfileChecker(known, self._canonicals, self._terminology)
        return self._profiles

    def _context(self, content: object) -> Context:
        root = content if isinstance(content, dict) else {}
        context = Context(root, self._canonicals, self._terminology)
        context.known_extensions = self._known_extensions
        return context


class Known:
    """What is looked up by canonical URL: first what was given, then what FHIR itself defines."""

    def __init__(self, fhir_version: str, given: Canonicals | None) -> None:
        self._fhir_version = fhir_version
        self._given = given

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find."""
        found = self._given.find(canonical, resource_type) if self._given is not None else None
        if found is not None:
            return found
        return core_profiles(self._fhir_version).find(canonical, resource_type)


@cache
def _compiled(fhir_version: str, with_invariants: bool) -> Compiler:
    known = definitions(fhir_version)
    if not with_invariants:
        return Compiler(known)
    # Imported here, because FHIRPath takes longer to import than the rest of the validator.
    from fhir_kb.validate.invariants.invariants import Invariants

    return Compiler(known, Invariants(known))
