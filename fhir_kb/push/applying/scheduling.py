"""Sending chunks at the same time, each after those that it depends on."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.push.planning.order import Chunk

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
