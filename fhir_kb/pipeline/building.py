"""`build`: definitions in, checked files out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb import releases as fhir_releases
from fhir_kb.diagnostics import Diagnostic, Severity, Span, has_errors, to_json
from fhir_kb.diagnostics.progress import NullProgress, Progress
from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.pipeline.cache import (
    Cache,
    findings_from,
    findings_json,
    fingerprint,
    program_fingerprint,
)
from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.pipeline.interrupted_output import complete_output
from fhir_kb.read.definition_files import definitions_stamp as sources_stamp
from fhir_kb.read.definition_files import find_definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fhir_kb.emit import EmittedResource
    from fhir_kb.model.settings import Settings
    from fhir_kb.pipeline.executors import Executor
    from fhir_kb.pipeline.incremental import CompiledKnowledgeBase
    from fhir_kb.publish import FileContent, WriteResult


@dataclass(frozen=True, slots=True)
class ReleaseOutput:
    """What a build has for one FHIR release."""

    name: str
    label: str
    fhir_version: str
    counts: Mapping[str, int]
    """How many resources of each type."""
    folder: str
    """Where they are; "" where nothing was to be written."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What writing did to the files of the output folder."""

    created: int
    changed: int
    unchanged: int
    removed: int


@dataclass(frozen=True, slots=True)
class Build:
    """The result of a build."""

    diagnostics: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...] = ()
    """What a release cannot express."""
    releases: tuple[ReleaseOutput, ...] = ()
    files: FileCounts | None = None
    """None where nothing was to be written, or could be."""
    topics: int = 0
    without_models: int = 0
    """How many topics the models of `fhir.resources` have not checked: there were too many."""

    @property
    def exit_code(self) -> int:
        """0, or 1 where a finding is an error."""
        return int(has_errors(self.diagnostics))


def build(
    definitions: Path,
    *,
    output: Path | None,
    releases: tuple[str, ...] | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
    cache_folder: Path | None = None,
    models: bool | None = None,
) -> Build:
    """Compile, check and publish the definitions. With any error, the output stays as it was.

    What an earlier build was interrupted in is completed first, whatever the definitions say.

    Args:
        definitions: The folder with kb.yaml.
        output: Where to write; None checks only.
        releases: Names of FHIR releases; None: those of kb.yaml.
        progress: Is told how far the build is.
        executor: Runs the work; None: this process.
        cache_folder: Where to keep compiled topics for the next time; None: nowhere.
        models: Whether the models of `fhir.resources` check the result; None: unless it is very
            many topics (they cost as much as all the rest).

    Raises:
        EnvironmentFailure: The output cannot be written.
        ValueError: A release is unknown.
    """
    for name in releases or ():
        fhir_releases.get(name)
    if output is not None:
        complete_output(output)
    cache = Cache(cache_folder)
    program = program_fingerprint()
    found = sources, unreadable = find_definitions(definitions)
    stamp = fingerprint(
        program,
        sources_stamp(sources),
        str((releases, models)),
        str(output.absolute() if output else None),
    )
    if output is not None and not has_errors(unreadable):
        cached = _cached_build(cache, stamp, output)
        if cached is not None:
            return cached
    from fhir_kb.pipeline.executors import SerialExecutor  # not needed when nothing changed
    from fhir_kb.pipeline.incremental import collect

    progress = progress or NullProgress()
    compiled = collect(
        found,
        releases,
        executor=executor or SerialExecutor(),
        cache=cache,
        program=program,
        progress=progress,
        models=models,
    )
    return _publish(compiled, output, cache, stamp, progress)


def _publish(
    compiled: CompiledKnowledgeBase,
    output: Path | None,
    cache: Cache,
    stamp: str,
    progress: Progress,
) -> Build:
    from fhir_kb.pipeline.package_info import check_package_name
    from fhir_kb.publish import unresolved_references

    emitted = {name: _of_release(compiled, name) for name in compiled.releases}
    result = Build(
        (*compiled.findings, *_duplicates(emitted)),
        compiled.losses,
        topics=len(compiled.directory),
        without_models=compiled.without_models,
    )
    settings = compiled.settings
    if settings is None:
        return result
    result = _with_findings(result, check_package_name(settings))
    if has_errors(result.diagnostics):
        return result
    if output is None:
        return replace(result, releases=_outputs(emitted, output))
    if unresolved := [
        finding
        for name, resources in emitted.items()
        for finding in unresolved_references(resources, name)
    ]:
        return _with_findings(result, unresolved)
    progress.stage("writing")
    complete = replace(result, releases=_outputs(emitted, output))
    written = _write(complete, emitted, settings, output, cache)
    if has_errors(written.diagnostics):
        return _with_findings(result, written.diagnostics)
    counts = FileCounts(*(len(paths) for paths in written[:4]))
    complete = replace(_with_findings(complete, written.diagnostics), files=counts)
    _cache_build(cache, stamp, complete, written)
    return complete


def _with_findings(build: Build, findings: Iterable[Diagnostic]) -> Build:
    return replace(build, diagnostics=(*build.diagnostics, *findings))


def _write(
    result: Build,
    emitted: Mapping[str, tuple[EmittedResource, ...]],
    settings: Settings,
    output: Path,
    cache: Cache,
) -> WriteResult:
    from fhir_kb.pipeline.package_info import package_info
    from fhir_kb.publish import OutputError, files_for_release, fixed_content, write

    info = package_info(settings)
    files: dict[str, FileContent] = {}
    for name, resources in emitted.items():
        files.update(files_for_release(resources, name, BY_NAME[name].version, info))
    files["report.json"] = fixed_content(report(result))
    try:
        return write(output, files, stamps=cache.stamps)
    except OutputError as error:
        raise EnvironmentFailure(error.message, error.help, error.code) from error


def report(result: Build) -> bytes:
    """report.json: the releases with their resources, the findings and the losses."""
    content = {
        "releases": {
            release.name: {"fhirVersion": release.fhir_version, "resources": dict(release.counts)}
            for release in result.releases
        },
        "findings": [to_json(finding) for finding in result.diagnostics],
        "losses": [to_json(loss) for loss in result.losses],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _of_release(compiled: CompiledKnowledgeBase, name: str) -> tuple[EmittedResource, ...]:
    return tuple(
        resource for topic in compiled.everything() for resource in topic.emitted.get(name, ())
    )


def _outputs(
    emitted: Mapping[str, tuple[EmittedResource, ...]], output: Path | None
) -> tuple[ReleaseOutput, ...]:
    outputs = []
    for name, resources in emitted.items():
        counts = Counter(resource.resource_type for resource in resources)
        release = BY_NAME[name]
        folder = (output / name).as_posix() if output else ""
        outputs.append(
            ReleaseOutput(
                name, release.title, release.version, dict(sorted(counts.items())), folder
            )
        )
    return tuple(outputs)


def _duplicates(emitted: Mapping[str, tuple[EmittedResource, ...]]) -> list[Diagnostic]:
    """Two resources with one type and id; topics keep their ids apart, so this is the last net."""
    findings: dict[str, Diagnostic] = {}
    for resources in emitted.values():
        counts = Counter(resource.name for resource in resources)
        for name in [name for name, count in counts.items() if count > 1]:
            message = f"two definitions make the same resource, {name}"
            findings[name] = Diagnostic(
                "KB223", Severity.ERROR, message, Span(""), help="rename one of them"
            )
    return list(findings.values())


def _cache_build(cache: Cache, stamp: str, result: Build, written: WriteResult) -> None:
    cache.write_json(
        "build",
        {
            "stamp": stamp,
            "output": written.digest,
            "findings": findings_json(result.diagnostics),
            "losses": findings_json(result.losses),
            "releases": [
                [release.name, release.label, release.fhir_version, release.counts, release.folder]
                for release in result.releases
            ],
            "files": sum(len(paths) for paths in written[:3]),
            "topics": result.topics,
            "without_models": result.without_models,
        },
    )


def _cached_build(cache: Cache, stamp: str, output: Path) -> Build | None:
    """The last build, if nothing that it read or wrote has changed since."""
    record = cache.read_json("build")
    if record.get("stamp") != stamp or cache.stamps is None:
        return None
    from fhir_kb.publish.output_folder import unchanged_digest

    if unchanged_digest(output, stamps=cache.stamps) != record.get("output"):
        return None
    try:
        return _build_from(record)
    except (KeyError, TypeError, ValueError):  # damaged
        return None


def _build_from(record: dict[str, Any]) -> Build:
    return Build(
        findings_from(record["findings"]),
        findings_from(record["losses"]),
        tuple(ReleaseOutput(*fields) for fields in record["releases"]),
        FileCounts(0, 0, record["files"], 0),
        record["topics"],
        record["without_models"],
    )
