"""What has to stand on a server: resources made of definitions, or read from somebody's files."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import compile_shared, compile_topic
from fhir_kb.diagnostics import Diagnostic, FindingCode, Span, has_errors, in_order
from fhir_kb.model import Element, span_at
from fhir_kb.model.knowledge_base import KnowledgeBase
from fhir_kb.packages import PackageError, cache_folders, open_package
from fhir_kb.pipeline.cache import Cache, program
from fhir_kb.pipeline.executors import SerialExecutor
from fhir_kb.pipeline.incremental import CompiledKnowledgeBase, collect
from fhir_kb.pipeline.progress import NullProgress, Progress
from fhir_kb.publish import unresolved_references
from fhir_kb.push import (
    DesiredResource,
    PushError,
    desired_from_json,
    desired_resource,
    desired_state,
    load_json,
)
from fhir_kb.push.codes import MOVED, NOT_KEPT, NOT_SENT, REFUSED
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic
from fhir_kb.releases import get
from fhir_kb.servers.content import MISSING
from fhir_kb.servers.responses import issue_expressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.pipeline.executors import Executor
    from fhir_kb.push import FailedChange, PlannedChange, PushResult

_MOST_BYTES: Final = 512 * 2**20
_IN_BUNDLE: Final = re.compile(r"^Bundle\.entry\[\d+\](?:\.resource(?:/\*.*?\*/)?)?\.?")
_SKIPPED: Final = frozenset({"ImplementationGuide"})
"""Of a package: what describes the package and not knowledge."""


@dataclass(slots=True)
class DesiredState:
    """What shall stand on a server, by key; and what was found on the way to it.

    wanted is empty where a finding is an error.
    """

    release: str
    wanted: dict[str, DesiredResource] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    losses: tuple[Diagnostic, ...] = ()
    origins: Origins | None = None

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be pushed."""
        return has_errors(self.diagnostics)


def desired_from_definitions(
    definitions: Path,
    release: str,
    *,
    work: Executor | None = None,
    cache_folder: Path | None = None,
    progress: Progress | None = None,
) -> DesiredState:
    """What the definitions want to stand on a server of this release; compiled and checked as by
    `build`. Raises EnvironmentFailure where the disk stands in the way.
    """
    gathered = collect(
        definitions,
        (release,),
        work=work or SerialExecutor(),
        cache=Cache(cache_folder),
        program=program(),
        progress=progress or NullProgress(),
    )
    emitted = [one for made in gathered.everything() for one in made.emitted.get(release, ())]
    findings = [*gathered.findings]
    if gathered.settings is not None and not has_errors(findings):
        findings += unresolved_references(emitted, release)
    result = DesiredState(release, {}, in_order(findings), gathered.losses)
    if not result.has_errors:
        result.wanted = desired_state(desired_from_json(one.line_bytes) for one in emitted)
        result.origins = Origins(definitions, gathered, release)
    return result


class Origins:
    """Where the elements of resources were written. A topic is compiled again when it is asked
    for, so this is for what people look at.
    """

    def __init__(self, definitions: Path, gathered: CompiledKnowledgeBase, release: str) -> None:
        self._definitions, self._gathered, self._release = definitions, gathered, release
        self._folder_of = {
            one.name: folder
            for folder, made in gathered.topics.items()
            for one in made.emitted.get(release, ())
        }
        self._elements: dict[str, dict[str, Element]] = {}

    def place(self, name: str, path: str = "") -> Span | None:
        """Where the resource `name` ("Type/id") was written, or an element of it.

        path: such as "PlanDefinition.action[2].title".
        """
        element = self._of(self._folder_of.get(name, "")).get(name)
        if element is None:
            return None
        return span_at(element, path) if path else element.span

    def _of(self, folder: str) -> dict[str, Element]:
        if folder not in self._elements:
            self._elements[folder] = self._compiled(folder)
        return self._elements[folder]

    def _compiled(self, folder: str) -> dict[str, Element]:
        sources, _ = find_definitions(self._definitions)
        settings, concepts, _ = read_settings(sources)
        if settings is None:
            return {}
        base = KnowledgeBase(
            settings=settings, concepts=concepts, directory=self._gathered.directory
        )
        if not folder:
            made = compile_shared(base)
        else:
            topic = next((one for one in sources.folders if one.path == folder), None)
            read = read_topic(sources, topic) if topic else None
            if read is None or read.source is None:
                return {}
            made = compile_topic(read.source, base)
        lower = get(self._release).lower
        lowered = (one for resource in made.resources for one in lower(resource).resources)
        return {f"{one['resourceType']}/{one['id']}": one for one in lowered}


def findings(result: PushResult, found: DesiredState | None) -> tuple[Diagnostic, ...]:
    """What a server did not take, or not keep, at the lines of the definitions."""
    made: list[Diagnostic] = []
    for one in result.failed:
        code = _code_of(one)
        name = _name_of(one.change, found)
        places = issue_expressions(one.rejection.outcome) if one.rejection else []
        for place, text in places or [("", one.reason)]:
            path = _IN_BUNDLE.sub("", place)
            span = _span(found, name, path)
            made.append(_finding(code, f"{one.change.name}: {text}", span, path))
    for kept in result.applied:
        name = _name_of(kept.change, found)
        for loss in kept.losses:
            what = "drops" if loss.there is MISSING else "changes"
            message = f"{kept.change.name}: the server {what} {loss.path}"
            made.append(_finding(NOT_KEPT, message, _span(found, name, loss.path), loss.path))
    return in_order(made)


def _code_of(one: FailedChange) -> FindingCode:
    if one.rejection is None:
        return NOT_SENT
    return MOVED if one.rejection.conflict else REFUSED


def _name_of(item: PlannedChange, found: DesiredState | None) -> str:
    """What the definitions call it: "Type/id"."""
    one = found.wanted.get(item.key) if found else None
    return f"{one.type}/{one.id}" if one else ""


def _span(found: DesiredState | None, name: str, path: str) -> Span:
    origins = found.origins if found else None
    return (origins.place(name, path) if origins and name else None) or Span("")


def _finding(code: FindingCode, message: str, span: Span, path: str) -> Diagnostic:
    return Diagnostic(code.id, code.severity, message, span, path=path)


def desired_from_files(paths: Iterable[Path], release: str) -> DesiredState:
    """What bundles, packages, NDJSON or single resources want to stand on a server.

    References between the entries of a bundle by their fullUrl become literal ones. Raises
    PushError where a file is none of these.
    """
    found: list[DesiredResource] = []
    for path in paths:
        try:
            found += _of_file(path)
        except PushError as error:
            raise PushError(f"{path}: {error.message}", error.help, usage=True) from error
    return DesiredState(release, desired_state(found))


def _of_file(path: Path) -> Iterator[DesiredResource]:
    if not path.exists():
        raise PushError("there is no such file", "Give a bundle, a package or a folder")
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            yield from _of_file(file)
        return
    if path.name.endswith((".tgz", ".tar.gz")):
        yield from _of_package(path)
        return
    if path.stat().st_size > _MOST_BYTES:
        raise PushError(f"it has more than {_MOST_BYTES // 2**20} MB", "Push it in parts")
    if path.suffix == ".ndjson":
        with path.open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield desired_from_json(line.strip())
        return
    yield from _of_json(path.read_bytes())


def _of_json(content: bytes) -> Iterator[DesiredResource]:
    try:
        resource = load_json(content)
    except ValueError:
        resource = None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise PushError("this is no FHIR JSON", "Give a resource, a Bundle or a package")
    if resource["resourceType"] != "Bundle" or resource.get("type") == "document":
        yield desired_resource(resource)
        return
    yield from _of_bundle(resource)


def _of_bundle(bundle: Mapping[str, Any]) -> Iterator[DesiredResource]:
    entries = [one for one in bundle.get("entry") or () if isinstance(one, dict)]
    resources = [(one.get("fullUrl"), one.get("resource")) for one in entries]
    places: dict[str, str] = {}
    kept: list[dict[str, Any]] = []
    seen: set[str] = set()
    for full_url, resource in resources:
        if not isinstance(resource, dict):
            raise PushError("an entry of the bundle has no resource", "Only contents can be pushed")
        named = resource if resource.get("id") else {**resource, "id": _id_of(full_url, resource)}
        name = f"{named.get('resourceType')}/{named['id']}"
        if name in seen:  # another version of the same: its place in the bundle tells them apart
            named = {**named, "id": _id_of(full_url, {})}
            name = f"{named.get('resourceType')}/{named['id']}"
        seen.add(name)
        kept.append(named)
        if isinstance(full_url, str) and full_url:
            places[full_url] = name
    for resource in kept:
        yield desired_resource(_led(resource, places))


def _id_of(full_url: object, resource: Mapping[str, Any]) -> str:
    """An id for an entry without one: what its canonical url ends with, else of its fullUrl."""
    url = resource.get("url")
    return str(url or full_url or "").rstrip("/").rpartition("/")[2].rpartition(":")[2]


def _led(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: places.get(inner, inner)
            if key == "reference" and isinstance(inner, str)
            else _led(inner, places)
            for key, inner in value.items()
        }
    return [_led(inner, places) for inner in value] if isinstance(value, list) else value


def _of_package(path: Path) -> Iterator[DesiredResource]:
    try:
        package = open_package(path, cache_folders())
    except (PackageError, tarfile.TarError) as error:
        raise PushError(str(error), "Give a FHIR package") from error
    for file in sorted(package.folder.glob("*.json")):
        if file.name.startswith(".") or file.name == "package.json":
            continue
        for one in _of_json(file.read_bytes()):
            if one.type not in _SKIPPED:
                yield one
