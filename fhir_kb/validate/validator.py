"""The FHIR validator for content that is already in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.model.fhir_release import DEFAULT_RELEASE
from fhir_kb.packages import core_profiles, definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate.compiler import Compiler
from fhir_kb.validate.core.context import Context
from fhir_kb.validate.core.issue import combine, report
from fhir_kb.validate.datatypes.extension_fast_path import ExtensionFastPath
from fhir_kb.validate.finding_codes import CODE_NOT_CHECKED

if TYPE_CHECKING:
    from fhir_kb.packages import Canonicals
    from fhir_kb.validate.core.issue import Findings, Issue
    from fhir_kb.validate.profiles.checker import ProfileChecker


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
        allowed_extensions: How the urls of extensions begin that may be used although nothing
            defines them; "any" allows all of them.
        fast_paths: False: everything is validated in full, without the quick tests that come first
            and mostly suffice. The findings are the same, which a test verifies; it takes several
            times as long.

    Raises:
        ValueError: For any other FHIR version.
    """

    def __init__(
        self,
        fhir_version: str = DEFAULT_RELEASE.version,
        *,
        invariants: bool = True,
        canonicals: Canonicals | None = None,
        profiles: Sequence[str] = (),
        global_profiles: Mapping[str, Sequence[str]] | None = None,
        terminology: TerminologyService | None = None,
        allowed_extensions: Sequence[str] = (),
        fast_paths: bool = True,
    ) -> None:
        self.fhir_version = fhir_version
        self._definitions = definitions(fhir_version)
        self._canonicals = CanonicalLookup(fhir_version, canonicals)
        self._profile_urls = tuple(profiles)
        self._global_profiles = dict(global_profiles or {})
        self._terminology = terminology or TerminologyService(self._canonicals, self._definitions)
        self._extensions = ExtensionFastPath(
            self._definitions,
            self._canonicals,
            lambda url, modifier: self._profiles().extension_check(url, modifier=modifier),
            allowed=allowed_extensions,
            is_enabled=fast_paths,
        )
        self._fast_paths = fast_paths
        self._profile_checker: ProfileChecker | None = None
        compiler = _compiler(fhir_version, invariants=invariants, fast_paths=fast_paths)
        self._check = compiler.resources.any_resource()

    def check(self, resource: Mapping[str, Any] | object) -> list[Issue]:
        """The issues of a resource, as JSON has it; an empty list where there is none.

        Never raises on bad content. Numbers may be int, float or Decimal; of these only Decimal
        keeps what was written.
        """
        content: Any = dict(resource) if isinstance(resource, Mapping) else resource
        root = content if isinstance(content, dict) else {}
        context = Context(root, self._canonicals, self._terminology, self._extensions)
        findings = self._check(content, context)
        if (
            context.deferred_resources
            or context.deferred_extensions
            or self._profile_urls
            or self._global_profiles
        ):
            findings = combine(findings, self._check_profiles(content, context))
        if problem := self._terminology.unreported_problem():
            advice = "codes that only the server knows are not checked"
            findings = combine(findings, report(CODE_NOT_CHECKED, problem, advice))
        if not findings:
            return []
        type_name = root.get("resourceType")
        root_path = type_name if isinstance(type_name, str) else "Resource"
        return [finding.issue(root_path) for finding in findings]

    def _check_profiles(self, content: Any, context: Context) -> Findings:
        if not isinstance(content, dict):
            return None
        return self._profiles().check(
            content,
            context.deferred_resources,
            self._profile_urls,
            self._global_profiles,
            context.deferred_extensions,
        )

    def _profiles(self) -> ProfileChecker:
        if self._profile_checker is None:
            # Imported here, because most resources claim no profile.
            from fhir_kb.validate.profiles.checker import ProfileChecker

            self._profile_checker = ProfileChecker(
                self._definitions,
                self._canonicals,
                self._terminology,
                fast_paths=self._fast_paths,
            )
        return self._profile_checker


class CanonicalLookup:
    """Definitions by canonical URL: first those that were given, then FHIR's own."""

    def __init__(self, fhir_version: str, canonicals: Canonicals | None) -> None:
        self._fhir_version = fhir_version
        self._canonicals = canonicals

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find."""
        if self._canonicals is not None:
            definition = self._canonicals.find(canonical, resource_type)
            if definition is not None:
                return definition
        return core_profiles(self._fhir_version).find(canonical, resource_type)


@cache
def _compiler(fhir_version: str, *, invariants: bool, fast_paths: bool) -> Compiler:
    release = definitions(fhir_version)
    if not invariants:
        return Compiler(release, fast_paths=fast_paths)
    # Imported here, because FHIRPath takes longer to import than the rest of the validator.
    from fhir_kb.validate.invariants.invariants import Invariants

    return Compiler(release, Invariants(release, fast_paths=fast_paths), fast_paths=fast_paths)
