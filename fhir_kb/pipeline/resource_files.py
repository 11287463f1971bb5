"""The resources in FHIR files that are pushed as they are: bundles, packages, NDJSON, JSON, XML.

Each resource of a file is loaded, or a finding says with its name why it is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import Diagnostic, FindingCode, Span, did_you_mean, has_errors
from fhir_kb.emit import EmitError
from fhir_kb.model.fhir_release import BY_NAME, FHIR_RELEASES
from fhir_kb.packages import definitions
from fhir_kb.packages.canonicals import version_key
from fhir_kb.pipeline.resource_entries import GivenResource, entries_of
from fhir_kb.pipeline.resource_ids import (
    bundle_targets,
    id_with_version,
    with_distinct_ids,
    with_id,
)
from fhir_kb.pipeline.resource_links import links_to_left_out, resolved_links
from fhir_kb.pipeline.resource_members import (
    Member,
    OtherFiles,
    members,
    package_at,
    package_members,
)
from fhir_kb.pipeline.resource_releases import (
    file_conflict,
    is_of_other_release,
    package_conflict,
    resources_conflict,
    versions_of_package,
)
from fhir_kb.pipeline.resource_texts import TextError, resource_in
from fhir_kb.push import DesiredResource, PushError, desired_resource
from fhir_kb.push.finding_codes import (
    NO_RESOURCE,
    NOT_LOADABLE,
    NOT_REQUESTED,
    OTHER_RELEASE,
    UNSUPPORTED_TYPE,
)
from fhir_kb.servers.content import RelocatedResource, content_digest
from fhir_kb.servers.json_values import object_in, objects
from fhir_kb.servers.references import ReferenceTargets, with_references
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.input.recognition import recognise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.packages import Package

_SKIPPED: Final = frozenset({"ImplementationGuide"})
"""Of a package: what describes the package and not knowledge."""
_OTHER_RELEASE: Final = "Give what is made for the server's release, or another server"
_SUBSETTED: Final = "SUBSETTED"
"""The tag of what a server has left elements out of: http://hl7.org/fhir/search.html#summary."""


class ResourceReader:
    """Reads the files that are to be pushed to one server; see the module."""

    def __init__(self, release: str, types: Collection[str] = ()) -> None:
        """A reader for a server.

        Args:
            release: Its FHIR release by name.
            types: The resource types that it has; none where it does not say.
        """
        self._release = BY_NAME[release]
        self._definitions = definitions(self._release.version)
        self._types = types
        self.findings: list[Diagnostic] = []
        """What is not loaded, and why."""
        self.left_out = 0
        """How many resources and requests are left out though nothing is wrong with them."""
        self._left_out: set[str] = set()
        """The names and fullUrls of these."""
        self.content: Mapping[str, Any] = {}  # what was read last, where a file is one resource
        self.package_name = ""
        """The name of what was read last, where it is a package."""
        self._known: dict[str, tuple[DesiredResource, GivenResource]] = {}
        """What is read so far, by key."""
        self._by_name: dict[str, list[DesiredResource]] = {}
        self._loaded = 0
        """How many resources, and Bundles, which may be empty, were read so far."""

    def read(self, path: Path) -> list[DesiredResource]:
        """The resources of a file, of a folder with all its folders, or of a package.

        References between the entries of a bundle by their fullUrl become literal ones.

        Raises:
            PushError: There is no such file, it is no set of resources, or there is none in it.
        """
        findings, left_out, loaded = len(self.findings), self.left_out, self._loaded
        resources = self._read(path)
        is_explained = left_out < self.left_out or has_errors(self.findings[findings:])
        if self._loaded == loaded and not is_explained:
            raise PushError("there is no resource in it", "Give a bundle, a package or a folder")
        return resources

    def _read(self, path: Path) -> list[DesiredResource]:
        try:
            package = package_at(path)
            self.content, self.package_name = {}, str(package.name) if package else ""
            if package is None:
                conflict = file_conflict(path, self._release) if path.is_file() else ""
            else:
                conflict = package_conflict(package, self._release)
            if conflict:
                self._find(OTHER_RELEASE, Span(path.as_posix()), conflict, _OTHER_RELEASE)
                return []
            if package is None:
                return list(self._resources(members(path), None))
            return list(self._resources(package_members(path, package), package))
        except OSError as error:
            name, reason = error.filename or path, error.strerror or error
            raise PushError(f"'{name}' cannot be read: {reason}") from error

    def completed(self, resources: Iterable[DesiredResource]) -> list[DesiredResource]:
        """All that was read, with ids of their own, and with links that hold on any server."""
        older = {
            resource.key: _with_version(resource, self._release.name)
            for versions in self._by_name.values()
            for resource in sorted(versions, key=lambda one: version_key(one.version))[:-1]
        }
        named = [older.get(resource.key, resource) for resource in resources]
        resolved, findings = resolved_links(named, self._release.name)
        self.findings += findings
        self.findings += links_to_left_out(resolved, self._left_out, self._release.name)
        return resolved

    def _resources(
        self, contents: Iterable[Member | OtherFiles], package: Package | None
    ) -> Iterator[DesiredResource]:
        """package: what they are of; the release that it names is the server's."""
        states_release = package is not None and bool(versions_of_package(package))
        others: list[GivenResource] = []
        for member in contents:
            if isinstance(member, OtherFiles):
                self._find(NO_RESOURCE, member.span, f"not loaded: {member.reason}")
                continue
            loadable = []
            for item in map(with_id, self._items(member)):
                if not self._is_loadable(item, is_of_package=package is not None):
                    continue
                if not states_release and is_of_other_release(item, self._release):
                    others.append(item)
                loadable.append(item)
            self._loaded += len(loadable)
            yield from self._desired(loadable)
        if others:
            conflict = resources_conflict(others, self._release)
            place = others[0]
            self._find(OTHER_RELEASE, place.span, conflict, _OTHER_RELEASE, path=place.path)

    def _items(self, member: Member) -> list[GivenResource]:
        """The resources in a content; a Bundle of them as its entries."""
        looks = recognise(member.content, member.span.file)
        if not member.is_line and not looks.is_fhir:
            if member.is_named:
                reason = f"this is {looks.looks_like}, and no FHIR"
                raise PushError(reason, "Give a resource, a Bundle or a package")
            self._find(NO_RESOURCE, member.span, f"not loaded: it is {looks.looks_like}")
            return []
        try:
            resource = resource_in(member.content, self._definitions)
        except TextError as error:
            place = member.span
            if error.line and not member.is_line:
                place = Span(place.file, error.line, error.column)
            self._find(NOT_LOADABLE, place, str(error), "Correct it, or leave it out")
            return []
        self.content = resource if member.is_named and not member.is_line else {}
        if resource["resourceType"] != "Bundle" or resource.get("type") == "document":
            return [GivenResource(member.span, resource)]
        self._loaded += 1
        try:
            return list(entries_of(member.span, resource))
        except PushError as error:
            if member.is_named and not member.is_line:
                raise
            self._leave_out(
                NOT_REQUESTED, GivenResource(member.span, resource), error.message, error.help
            )
            return []

    def _is_loadable(self, item: GivenResource, *, is_of_package: bool) -> bool:
        """Whether a resource can be pushed; if not, a finding says why."""
        if item.not_done:
            reason = f"it asks for {item.not_done}, and a push only stores resources"
            self._leave_out(NOT_REQUESTED, item, reason, "Do it yourself where it is still due")
            return False
        type_ = str(item.resource.get("resourceType"))
        if is_of_package and type_ in _SKIPPED:
            self._find(NO_RESOURCE, item.span, f"not loaded: the {type_} describes the package")
            return False
        if problem := item.problem or self._problem(item):
            self._find(NOT_LOADABLE, item.span, f"{_subject(item)}: {problem}", path=item.path)
            return False
        if reason := self._unsupported(type_):
            self._leave_out(UNSUPPORTED_TYPE, item, reason)
            return False
        if item.ignored:
            message = f"{_subject(item)}: it is pushed without its condition ({item.ignored})"
            advice = "A push compares url and version, or the identifier, with the server"
            self._find(NOT_REQUESTED, item.span, message, advice, path=item.path)
        return True

    def _problem(self, item: GivenResource) -> str:
        """Why a resource cannot be pushed as it is; "" for nothing."""
        for tag in objects(object_in(item.resource.get("meta")).get("tag")):
            if tag.get("code") == _SUBSETTED:
                return "it is marked SUBSETTED: a server has left elements out of it"
        if not isinstance(item.resource.get("resourceType"), str):
            return "it has no resourceType"
        try:
            desired_resource(item.resource)
        except (PushError, EmitError) as error:
            return str(error)
        return self._unknown_element(item.resource)

    def _unknown_element(self, resource: Mapping[str, Any]) -> str:
        """What the release has no element for: a server would drop it, often without a word."""
        type_ = resource["resourceType"]
        if type_ not in self._definitions.resource_types:
            return ""
        properties = self._definitions.properties(type_)
        unknown = sorted(name for name in resource if name not in properties)
        if not unknown:
            return ""
        names = ", ".join(quoted(name) for name in unknown)
        return f"{self._release.title} has no {names} in {type_}"

    def _unsupported(self, type_name: str) -> str:
        """Why a server of this release cannot hold a type; "" where it can."""
        known = self._definitions.resource_types
        if type_name in known:
            if not self._types or type_name in self._types:
                return ""
            return f"the server has no {type_name}, by its CapabilityStatement"
        others = [
            release.label
            for release in FHIR_RELEASES
            if type_name in definitions(release.version).resource_types
        ]
        if others:
            verb = "has one" if len(others) == 1 else "have one"
            return f"{self._release.title} has no {type_name}; {' and '.join(others)} {verb}"
        advice = did_you_mean(type_name, known)
        return f"FHIR has no resource type '{type_name}'" + (f": {advice}" if advice else "")

    def _desired(self, items: list[GivenResource]) -> Iterator[DesiredResource]:
        """The resources of one content, with the references between them."""
        try:
            items = with_distinct_ids(items)
        except PushError as error:
            self._find(NOT_LOADABLE, items[0].span, error.message, error.help)
            return
        targets = bundle_targets(items)
        for item in items:
            resource = with_references(item.resource, targets, self._release.name)
            desired = desired_resource(resource)
            if item.id_hint:
                desired = replace(desired, id_has_version=True)
            if self._is_new(desired, item):
                yield desired

    def _is_new(self, desired: DesiredResource, item: GivenResource) -> bool:
        """Whether a resource was not read before; a finding says where it contradicts another."""
        known = self._known.setdefault(desired.key, (desired, item))
        if known[0] is not desired:
            other, place = known
            if content_digest(other.body()) != content_digest(desired.body()):
                self._contradicts(item, place, f"the same artifact ({desired.key})")
            return False
        same_name = self._by_name.setdefault(f"{desired.type}/{desired.id}", [])
        if same_name and (not desired.url or same_name[0].url != desired.url):
            self._contradicts(item, self._known[same_name[0].key][1], "of the same type and id")
            return False
        same_name.append(desired)
        return True

    def _contradicts(self, item: GivenResource, other: GivenResource, what: str) -> None:
        place = f"{other.span}" + (f", {other.path}" if other.path else "")
        message = f"{_subject(item)}: another resource, in {place}, is {what}, and they differ"
        advice = "Leave one of them out, or give it another id, url or version"
        if bool(item.path) != bool(other.path) and item.span.file != other.span.file:
            bundle = item if item.path else other
            advice = f"The Bundle has what the other files have: --bundle {bundle.span.file}"
        self._find(NOT_LOADABLE, item.span, message, advice, path=item.path)

    def _leave_out(
        self, code: FindingCode, item: GivenResource, reason: str, advice: str | None = None
    ) -> None:
        self.left_out += 1
        self._left_out |= {item.name, item.full_url} - {""}
        message = f"{_subject(item)} is left out: {reason}"
        self._find(code, item.span, message, advice, path=item.path)

    def _find(
        self,
        code: FindingCode,
        span: Span,
        message: str,
        advice: str | None = None,
        *,
        path: str = "",
    ) -> None:
        self.findings.append(
            Diagnostic(code.id, code.severity, message, span, path=path, help=advice)
        )


def _with_version(resource: DesiredResource, release: str) -> DesiredResource:
    """An older version of an artifact whose newest one has the id."""
    id_ = id_with_version(resource.id, resource.version)
    body = RelocatedResource(resource.body, id_, ReferenceTargets({}), release)
    return replace(resource, id=id_, body=body, id_has_version=True)


def _subject(item: GivenResource) -> str:
    """How a message names a resource: with its entry where its type and id are not enough."""
    if not item.path:
        return item.name
    return item.path if item.name == item.path else f"{item.path}, {item.name}"
