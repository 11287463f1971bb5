"""Checking resources against the profiles that they claim, and those that are required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import Element
from fhir_kb.fhirpath.types.schema import schema_of
from fhir_kb.terminology.coded_values import CodedValues
from fhir_kb.validate.core.issue import report
from fhir_kb.validate.finding_codes import PROFILE_UNKNOWN
from fhir_kb.validate.profiles.extensions import check_extensions
from fhir_kb.validate.profiles.fast_path.profiles import ProfileFastPath
from fhir_kb.validate.profiles.locations import report_at
from fhir_kb.validate.profiles.repository import ProfileRepository
from fhir_kb.validate.profiles.run import ProfileRun
from fhir_kb.validate.profiles.tree import BrokenProfileError
from fhir_kb.validate.profiles.vital_signs import implied_profile
from fhir_kb.validate.profiles.walk.conformance import WALK, walk_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fhir_kb.fhirpath import Services
    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.terminology.coded_values import ValueSetMembership
    from fhir_kb.validate.core.issue import Finding

_MAX_CLAIMED: Final = 100
#: In these, references may lead to resources that are in the same file.
_RESOURCE_HOLDERS: Final = frozenset({"Bundle", "Parameters"})
#: Elements that resources are nested in.
_NESTING: Final = (
    "parameter", "part", "entry", "response", "outcome", "resource", "contained",
)  # fmt: skip


class ProfileChecker:
    """Checks what profiles demand beyond the types; profiles are compiled when first needed."""

    def __init__(
        self,
        definitions: Definitions,
        canonicals: Canonicals,
        value_sets: ValueSetMembership,
        *,
        fast_paths: bool = True,
    ) -> None:
        """Set up the checker; nothing is read yet.

        Args:
            definitions: of the FHIR release.
            canonicals: where profiles are looked up.
            value_sets: decides whether codes are in value sets.
            fast_paths: see Validator.
        """
        self._repository = ProfileRepository(
            definitions, canonicals, CodedValues(value_sets), fast_paths=fast_paths
        )
        self._schema = schema_of(definitions)
        self._single = ProfileFastPath(self._repository, is_bundled=False)
        self._bundled = ProfileFastPath(self._repository, is_bundled=True)

    def check(
        self,
        resource: Mapping[str, Any],
        claiming: Sequence[Any],
        required: Sequence[str] = (),
        global_profiles: Mapping[str, Sequence[str]] | None = None,
        extensions: Sequence[Any] = (),
    ) -> list[Finding]:
        """What is wrong with a resource and those in it, paths seen from the outermost.

        Args:
            resource: the outermost resource as JSON.
            claiming: the resources in it (or itself) that name profiles in `meta.profile`, as the
                same objects.
            required: canonical URLs that the outermost resource has to conform to as well.
            global_profiles: type -> URLs that all resources of the type have to conform to.
            extensions: the extensions in it to check, as the same objects.
        """
        type_ = self._schema.of_value(resource)
        if type_.is_open:
            return not_checked_profiles(type_.name, required)
        if not type_.is_resource:
            return []
        fast_path = self._bundled if type_.name in _RESOURCE_HOLDERS else self._single
        open_required = self._open(fast_path, resource, dict.fromkeys(required))
        open_claimed = {
            id(inner): self._open(fast_path, inner, self._claimed_and_implied(inner))
            for inner in claiming
        }
        ignored = {
            id(inner): beyond
            for inner in claiming
            if (beyond := len(claimed_profiles(inner)) - _MAX_CLAIMED) > 0
        }
        is_done = not (open_required or any(open_claimed.values()))
        if is_done and not (global_profiles or extensions or ignored):
            return []
        root = Element(resource, type_)
        run = ProfileRun(self._repository, root, WALK, fast_path)
        findings: list[Finding] = []
        for url in open_required:
            findings += walk_profile(run, root, url)
        if extensions:
            findings += check_extensions(run, extensions)
        for element in _resources(root) if claiming or global_profiles else ():
            urls = [*open_claimed.get(id(element.value), ())]
            of_type = (global_profiles or {}).get(element.type.name, ())
            urls += self._open(fast_path, element.value, self._without_type(element.value, of_type))
            if count := ignored.get(id(element.value)):
                message = f"not checked: {count} profiles of meta.profile after {_MAX_CLAIMED}"
                findings += report_at(element, PROFILE_UNKNOWN, message)
            for url in dict.fromkeys(urls):
                if element is not root or url not in required:
                    findings += walk_profile(run, element, url)
        return _without_duplicates(findings)

    def extension_check(self, url: str, *, modifier: bool) -> Callable[[Any], bool]:
        """The fast check whether an extension (its JSON) conforms to its definition.

        modifier: whether it is in `modifierExtension`. Its context is not checked.
        """
        try:
            tree = self._repository.tree(url)
        except BrokenProfileError:
            tree = None
        if tree is None or (tree.root.definition.get("isModifier") is True) != modifier:
            return lambda _extension: False
        conforms = self._bundled.conforms
        return lambda extension: conforms(extension, "Extension", url)

    def fhirpath_services(self) -> Services:
        """Terminology and profiles for FHIRPath expressions outside of a validation."""
        placeholder = Element({}, self._schema.type("Basic"))
        return ProfileRun(self._repository, placeholder, WALK, self._single).services

    def _claimed_and_implied(self, resource: Mapping[str, Any]) -> list[str]:
        """The profiles that it claims and its content implies; its type is checked anyway."""
        urls, implied = claimed_profiles(resource)[:_MAX_CLAIMED], implied_profile(resource)
        if implied is not None and implied not in urls:
            urls.append(implied)
        return self._without_type(resource, urls)

    def _without_type(self, resource: Mapping[str, Any], urls: Iterable[str]) -> list[str]:
        """The URLs but those of the resource's own type and of what that is based on."""
        names = self._schema.of_value(resource).names
        repository = self._repository
        return [
            url
            for url in urls
            if not (repository.is_core_type(url) and repository.type_of(url) in names)
        ]

    def _open(
        self, fast_path: ProfileFastPath, resource: Mapping[str, Any], urls: Iterable[str]
    ) -> list[str]:
        """The profiles that the fast path leaves open."""
        type_name = str(resource.get("resourceType"))
        return [url for url in urls if not fast_path.conforms(resource, type_name, url)]


def claimed_profiles(resource: Mapping[str, Any]) -> list[str]:
    """The profiles that a resource names in `meta.profile`."""
    meta = resource.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    urls = [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    return list(dict.fromkeys(urls))


def not_checked_profiles(type_name: str, urls: Iterable[str]) -> list[Finding]:
    """The notes on profiles of a resource whose type FHIR does not have."""
    reason = f"since {type_name} is no type of FHIR"
    return [
        finding
        for url in urls
        for finding in report(PROFILE_UNKNOWN, f"not checked: the profile {url}, {reason}")
    ]


def _resources(root: Element) -> Iterator[Element]:
    """A resource and all that are nested in it."""
    todo = [root]
    while todo:
        element = todo.pop()
        if element.type.is_resource:
            yield element
        for name in _NESTING:
            if name in element.type.slots:
                children = element.children(name)
                todo += reversed([child for child in children if isinstance(child.value, dict)])


def _without_duplicates(findings: list[Finding]) -> list[Finding]:
    unique: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        unique.setdefault(finding.key, finding)
    return list(unique.values())
