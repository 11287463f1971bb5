"""What a server shall hold: the resources of definitions, or of given FHIR files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Diagnostic, has_errors, in_order
from fhir_kb.diagnostics.progress import NullProgress, Progress
from fhir_kb.pipeline.cache import Cache, program_fingerprint
from fhir_kb.pipeline.executors import SerialExecutor
from fhir_kb.pipeline.incremental import collect
from fhir_kb.pipeline.origins import Origins
from fhir_kb.pipeline.push_scopes import manifest_of, scope_of_files
from fhir_kb.pipeline.resource_files import ResourceReader
from fhir_kb.publish import unresolved_references
from fhir_kb.push import DesiredResource, PushError, PushScope, desired_from_json, desired_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from fhir_kb.diagnostics import Span
    from fhir_kb.pipeline.executors import Executor


@dataclass(slots=True)
class DesiredState:
    """The resources that a server shall hold, and the findings on the way to them."""

    release: str
    resources: dict[str, DesiredResource] = field(default_factory=dict)
    """By key; empty where a finding is an error."""
    diagnostics: tuple[Diagnostic, ...] = ()
    losses: tuple[Diagnostic, ...] = ()
    """What the release cannot express."""
    left_out: int = 0
    """How many resources and requests of given files are not pushed, as the findings say."""
    origins: Origins | None = None
    """Where the resources were written; None for given files."""
    scopes: tuple[str, ...] = ()
    """What they are of: the knowledge base, or the bundles; sorted."""

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be pushed."""
        return has_errors(self.diagnostics)

    def push_scope(self, *, prune: bool) -> PushScope:
        """What a plan for it may retire.

        prune: Whether a bundle's plan retires what it brought before; definitions' always does.
        """
        return PushScope(self.scopes, prune or self.origins is not None)

    @property
    def file_findings(self) -> tuple[Diagnostic, ...]:
        """What is said of given files; those of definitions are for `build` to show."""
        return self.diagnostics if self.origins is None else ()

    def local_names(self) -> dict[str, str]:
        """How the definitions name the resource of a key: "Type/id"."""
        return {key: f"{resource.type}/{resource.id}" for key, resource in self.resources.items()}

    def span(self, name: str, path: str = "") -> Span | None:
        """Where a resource ("Type/id"), or an element of it, was written."""
        return self.origins.span(name, path) if self.origins else None


def desired_from_definitions(
    definitions: Path,
    release: str,
    *,
    executor: Executor | None = None,
    cache_folder: Path | None = None,
    progress: Progress | None = None,
    scope: str = "",
) -> DesiredState:
    """What the definitions ask a server to hold; compiled and checked as by `build`.

    Args:
        definitions: The folder with kb.yaml.
        release: The FHIR release of the server.
        executor: Runs the work; None: this process.
        cache_folder: Where compiled topics are kept; None: nowhere.
        progress: Is told how far it is.
        scope: The scope to push as; "" for that of the knowledge base.
    """
    compiled = collect(
        definitions,
        (release,),
        executor=executor or SerialExecutor(),
        cache=Cache(cache_folder),
        program=program_fingerprint(),
        progress=progress or NullProgress(),
    )
    emitted = [
        resource for topic in compiled.everything() for resource in topic.emitted.get(release, ())
    ]
    findings = [*compiled.findings]
    if compiled.settings is not None and not has_errors(findings):
        findings += unresolved_references(emitted, release)
    state = DesiredState(release, {}, in_order(findings), compiled.losses)
    if not state.has_errors:
        resources = [desired_from_json(resource.line_bytes) for resource in emitted]
        scope = scope or manifest_of(resources)
        state.resources = desired_state(_in_scope(resources, scope))
        state.scopes = (scope,)
        state.origins = Origins(definitions, compiled, release)
    return state


def desired_from_files(
    paths: Iterable[Path], release: str, scope: str = "", types: Collection[str] = ()
) -> DesiredState:
    """What bundles, packages, NDJSON or single resources ask a server to hold.

    Args:
        paths: The files; each is a scope of its own.
        release: The FHIR release of the server.
        scope: The scope to push all of them as; "" for that of each.
        types: The resource types that the server has; none where it does not say.

    Raises:
        PushError: A file is none of these.
    """
    reader = ResourceReader(release, types)
    resources: list[DesiredResource] = []
    scopes: set[str] = set()
    for path in paths:
        try:
            of_file = reader.read(path)
        except PushError as error:
            raise PushError(f"{path}: {error.message}", error.help, usage=True) from error
        name = scope or scope_of_files(path, of_file, reader.content, reader.package_name)
        scopes.add(name)
        resources += _in_scope(of_file, name)
    resources = reader.completed(resources)
    state = DesiredState(
        release,
        {},
        in_order(reader.findings),
        left_out=reader.left_out,
        scopes=tuple(sorted(scopes)),
    )
    if not state.has_errors:
        state.resources = desired_state(resources)
    return state


def _in_scope(resources: Iterable[DesiredResource], scope: str) -> list[DesiredResource]:
    return [replace(resource, scope=scope) for resource in resources]
