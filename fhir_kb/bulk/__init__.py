"""The jobs of `pipeline` over many topics: with all cores, and a cache between runs."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_kb.bulk.errors import WorkerLostError
from fhir_kb.bulk.process_executor import ProcessExecutor, available_cores
from fhir_kb.pipeline import EnvironmentFailure
from fhir_kb.pipeline.building import Build
from fhir_kb.pipeline.building import build as build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.diagnostics.progress import Progress

__all__ = ["ProcessExecutor", "WorkerLostError", "available_cores", "build", "cache_folder"]


def build(
    definitions: Path,
    *,
    output: Path | None,
    releases: tuple[str, ...] | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
    cache: bool = True,
    models: bool | None = None,
) -> Build:
    """As `fhir_kb.pipeline.build`, with `jobs` processes (None: as many as there are cores)."""
    count = jobs or available_cores()
    with _without_collector(), ProcessExecutor(count, models=models is not False) as executor:
        try:
            return build_with(
                definitions,
                output=output,
                releases=releases,
                progress=progress,
                executor=executor,
                cache_folder=cache_folder(definitions) if cache else None,
                models=models,
            )
        except WorkerLostError as error:
            advice = "run it again; with --jobs 1 it needs less memory"
            raise EnvironmentFailure(str(error), advice) from error


@contextmanager
def _without_collector() -> Iterator[None]:
    """No search for circular garbage meanwhile: there is none, and it takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def cache_folder(definitions: Path) -> Path:
    """The build cache of a folder of definitions: in .fhir-kb beside it."""
    absolute = Path(os.path.abspath(definitions))  # noqa: PTH100  (without "..", links as named)
    return absolute.parent / ".fhir-kb" / "cache" / absolute.name
