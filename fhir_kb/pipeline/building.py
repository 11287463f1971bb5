"""`build`: definitions in, checked files out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb import releases as fhir_releases
from fhir_kb.diagnostics import Diagnostic, Severity, Span, has_errors, to_json
from fhir_kb.model.fhir_release import BY_NAME, NAMES
from fhir_kb.pipeline.cache import (
    Cache,
    digest,
    findings_from,
    findings_json,
    program,
)
from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.pipeline.progress import NullProgress, Progress
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.definition_files import stamp as stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fhir_kb.emit import EmittedResource
    from fhir_kb.model.settings import Settings
    from fhir_kb.pipeline.executors import Executor
    from fhir_kb.pipeline.incremental import CompiledKnowledgeBase
    from fhir_kb.publish import FileContent, PackageInfo, WriteResult


@dataclass(frozen=True, slots=True)
class ReleaseOutput:
    """What was made for a release: how many resources of each type, and where they lie."""

    name: str
    label: str
    fhir_version: str
    counts: Mapping[str, int]
    folder: str


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What writing did to the files of the output folder."""

    created: int
    changed: int
    unchanged: int
    removed: int


@dataclass(frozen=True, slots=True)
class Build:
    """What a build has to say.

    files: None where nothing was to be written, or could be. without_models: how many topics the
    models of `fhir.resources` have not checked, because there were too many.
    """

    diagnostics: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...] = ()
    releases: tuple[ReleaseOutput, ...] = ()
    files: FileCounts | None = None
    topics: int = 0
    without_models: int = 0

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
    work: Executor | None = None,
    cache_folder: Path | None = None,
    models: bool | None = None,
) -> Build:
    """Compile, check and publish the definitions.

    definitions: the folder with kb.yaml. output: where to write; None checks only. releases: names;
    None: those of kb.yaml. work: who does it; None: this process. cache_folder: where to keep what
    was made, for the next time; None: nowhere. models: whether the models of `fhir.resources` check
    what is made; None: unless it is very many topics (they cost as much as all the rest).

    With any error nothing is written and the output stays as it was. Raises EnvironmentFailure
    where the output or the cache cannot be written, ValueError for an unknown release.
    """
    for name in releases or ():
        fhir_releases.get(name)
    cache = Cache(cache_folder)
    fingerprint = program()
    stamp = digest(
        fingerprint,
        stamp_of(find_definitions(definitions)[0]),
        str((releases, models)),
        str(output.absolute() if output else None),
    )
    if output is not None and (done := _done_before(cache, stamp, output)) is not None:
        return done
    from fhir_kb.pipeline.executors import SerialExecutor
    from fhir_kb.pipeline.incremental import (
        collect,  # all of the work: not needed when nothing changed
    )

    progress = progress or NullProgress()
    gathered = collect(
        definitions,
        releases,
        work=work or SerialExecutor(),
        cache=cache,
        program=fingerprint,
        progress=progress,
        models=models,
    )
    return _publish(gathered, output, cache, stamp, progress)


def _publish(
    gathered: CompiledKnowledgeBase,
    output: Path | None,
    cache: Cache,
    stamp: str,
    progress: Progress,
) -> Build:
    emitted = {name: _of_release(gathered, name) for name in gathered.releases}
    checked = Build(
        (*gathered.findings, *_same_names(emitted), *_package_name(gathered.settings)),
        gathered.losses,
        topics=len(gathered.directory),
        without_models=gathered.without_models,
    )
    if gathered.settings is None or has_errors(checked.diagnostics):
        return checked
    result = replace(checked, releases=_made(emitted, output))
    if output is None:
        return result
    from fhir_kb.publish import (
        OutputError,
        files_for_release,
        fixed_content,
        unresolved_references,
        write,
    )

    if lost := [one for name, all_ in emitted.items() for one in unresolved_references(all_, name)]:
        return replace(checked, diagnostics=(*checked.diagnostics, *lost))
    progress.stage("writing")
    info = package_info(gathered.settings)
    files: dict[str, FileContent] = {}
    for name, resources in emitted.items():
        version = BY_NAME[name].version
        files.update(files_for_release(resources, name, version, info))
    files["report.json"] = fixed_content(report(result))
    try:
        written = write(output, files, stamps=cache.stamps)
    except OutputError as error:
        raise EnvironmentFailure(error.message, error.help, error.code) from error
    findings = (*result.diagnostics, *written.diagnostics)
    if has_errors(written.diagnostics):
        return replace(checked, diagnostics=findings)
    counts = FileCounts(*(len(part) for part in written[:4]))
    whole = replace(result, diagnostics=findings, files=counts)
    _note(cache, stamp, whole, written)
    return whole


def report(result: Build) -> bytes:
    """report.json: what was made, found and lost."""
    content = {
        "releases": {
            release.name: {"fhirVersion": release.fhir_version, "resources": dict(release.counts)}
            for release in result.releases
        },
        "findings": [to_json(found) for found in result.diagnostics],
        "losses": [to_json(loss) for loss in result.losses],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def package_info(settings: Settings) -> PackageInfo:
    """What kb.yaml says of the package."""
    from fhir_kb.publish import Dependency, PackageInfo

    package = settings.package
    dependencies = (
        {
            release: tuple(
                Dependency(str(one.name), str(one.version))
                for one in package.dependencies
                if not one.releases or release in one.releases
            )
            for release in NAMES
        }
        if package
        else {}
    )
    return PackageInfo(
        name=_name_of_package(settings),
        version=str(settings.version),
        canonical=settings.canonical.rstrip("/"),
        title=str(settings.title),
        description=str(settings.description or settings.title),
        publisher=str(settings.publisher),
        license=str(settings.license or ""),
        status=str(settings.status or "draft"),
        experimental=settings.experimental,
        date=str(settings.date),
        copyright=str(settings.copyright or ""),
        dependencies=dependencies,
    )


def _name_of_package(settings: Settings) -> str:
    package = settings.package
    return str(package.name) if package and package.name else f"local.{settings.id}"


def _package_name(settings: Settings | None) -> list[Diagnostic]:
    """A package can have fewer names than a knowledge base."""
    from fhir_kb.publish import MAX_PACKAGE_NAME, PACKAGE_NAME

    if settings is None:
        return []
    name = _name_of_package(settings)
    if PACKAGE_NAME.fullmatch(name) and len(name) <= MAX_PACKAGE_NAME:
        return []
    given = settings.package.name if settings.package and settings.package.name else settings.id
    message = f"a FHIR package cannot be called '{name}'"
    advice = (
        "name it under 'package' in kb.yaml: words with dots between, each of small letters, "
        f"digits and hyphens and starting with a letter; at most {MAX_PACKAGE_NAME} characters"
    )
    return [Diagnostic("KB226", Severity.ERROR, message, given.span, help=advice)]


def _of_release(gathered: CompiledKnowledgeBase, name: str) -> tuple[EmittedResource, ...]:
    return tuple(one for made in gathered.everything() for one in made.emitted.get(name, ()))


def _made(
    emitted: Mapping[str, tuple[EmittedResource, ...]], output: Path | None
) -> tuple[ReleaseOutput, ...]:
    found = []
    for name, resources in emitted.items():
        counts: dict[str, int] = {}
        for one in resources:
            counts[one.resource_type] = counts.get(one.resource_type, 0) + 1
        release = BY_NAME[name]
        folder = (output / name).as_posix() if output else ""
        found.append(
            ReleaseOutput(
                name, release.title, release.version, dict(sorted(counts.items())), folder
            )
        )
    return tuple(found)


def _same_names(emitted: Mapping[str, tuple[EmittedResource, ...]]) -> list[Diagnostic]:
    """Two resources that would be one: topics keep their ids apart, so this is the last net."""
    found: dict[str, Diagnostic] = {}
    for resources in emitted.values():
        seen: set[str] = set()
        for one in resources:
            if one.name in seen:
                message = f"two definitions make the same resource, {one.name}"
                advice = "rename one of them"
                found[one.name] = Diagnostic(
                    "KB223", Severity.ERROR, message, Span(""), help=advice
                )
            seen.add(one.name)
    return list(found.values())


def _note(cache: Cache, stamp: str, result: Build, written: WriteResult) -> None:
    cache.put_note(
        "build",
        {
            "stamp": stamp,
            "output": written.digest,
            "findings": findings_json(result.diagnostics),
            "losses": findings_json(result.losses),
            "releases": [
                [m.name, m.label, m.fhir_version, m.counts, m.folder] for m in result.releases
            ],
            "files": sum(len(part) for part in written[:3]),
            "topics": result.topics,
            "without_models": result.without_models,
        },
    )


def _done_before(cache: Cache, stamp: str, output: Path) -> Build | None:
    """The last build, if nothing that it read or wrote has changed since."""
    note: Mapping[str, Any] = cache.note("build")
    if note.get("stamp") != stamp or cache.stamps is None:
        return None
    from fhir_kb.publish.output_folder import unchanged_digest

    if unchanged_digest(output, stamps=cache.stamps) != note["output"]:
        return None
    return Build(
        findings_from(note["findings"]),
        findings_from(note["losses"]),
        tuple(ReleaseOutput(*made) for made in note["releases"]),
        FileCounts(0, 0, note["files"], 0),
        note["topics"],
        note["without_models"],
    )
