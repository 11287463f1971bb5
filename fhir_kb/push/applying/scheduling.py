"""Sending chunks at the same time, each after those that it depends on."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from fhir_kb.servers.references import references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from fhir_kb.push.planning.order import Chunk, Unit
    from fhir_kb.servers.protocol import Ref

T = TypeVar("T")


class ChunkScheduler:
    """Runs a task for each chunk, as many at a time as the server takes."""

    def __init__(self, chunks: Sequence[Chunk], max_concurrent: int) -> None:
        self._waiting = {chunk.number: chunk for chunk in chunks}
        self._max_concurrent = max(1, max_concurrent)

    @property
    def waiting(self) -> list[Chunk]:
        """The chunks that have not been started."""
        return list(self._waiting.values())

    def run(
        self,
        *,
        task: Callable[[Chunk], Callable[[], T]],
        done: Callable[[T], None],
        overloaded: Callable[[], int],
        stopped: Callable[[], bool],
    ) -> None:
        """Run all of it.

        Args:
            task: Makes what is run for a chunk in a thread; it is called in this one.
            done: Takes what a task returned; it is called in this thread.
            overloaded: How often the server was overloaded so far; when that grows, half as many
                tasks run at a time, and one more after every chunk without it.
            stopped: Whether no further chunk may be started.
        """
        limit = self._max_concurrent
        overloads = 0
        running: dict[Future[T], Chunk] = {}
        finished: set[int] = set()
        with ThreadPoolExecutor(self._max_concurrent) as pool:
            while self._waiting or running:
                for chunk in self.waiting:
                    if len(running) < limit and chunk.depends_on <= finished and not stopped():
                        del self._waiting[chunk.number]
                        running[pool.submit(task(chunk))] = chunk
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    finished.add(running.pop(future).number)
                    done(future.result())
                    if overloaded() > overloads:
                        overloads = overloaded()
                        limit = max(1, limit // 2)
                    else:
                        limit = min(self._max_concurrent, limit + 1)


def possible_units(
    units: Sequence[Unit], missing: Collection[str], release: str
) -> tuple[list[Unit], dict[Ref, str]]:
    """The units that refer to nothing that is missing on the server.

    Args:
        units: In order.
        missing: What could not be made ("Type/id").
        release: The FHIR release, by whose definitions things refer to others.

    Returns:
        The units that can be sent; for each change of the others, the first that is missing.
    """
    if not missing:
        return list(units), {}
    possible: list[Unit] = []
    lacking: dict[Ref, str] = {}
    for unit in units:
        targets = {
            reference
            for change in unit.changes
            for reference in references(change.resource or {}, release)
            if reference in missing
        }
        if targets:
            lacking.update({change.ref: min(targets) for change in unit.changes})
        else:
            possible.append(unit)
    return possible, lacking
