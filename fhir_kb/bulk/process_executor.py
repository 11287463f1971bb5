"""Running the work on topics in several processes of this machine.

Each process keeps the topics that it has read, so that the second round need not read again.
"""

from __future__ import annotations

import os
import sys
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.bulk.errors import WorkerLostError
from fhir_kb.bulk.model_processes import ProcessModelChecker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType

    from fhir_kb.model.knowledge_base import KnowledgeBase
    from fhir_kb.pipeline.executors import BuildContext, ParsedTopic, SerialExecutor, TopicJob
    from fhir_kb.pipeline.topic import CompiledTopic
    from fhir_kb.read.definition_files import TopicFolder

_BATCH: Final = 8
WORTH_SHARING: Final = 32
"""From so many changed topics on, starting processes costs less than it saves."""
_END: Final = None


class ProcessExecutor:
    """Runs the work in processes; a context manager that ends them.

    Topics go to processes in turn, so that each has its share of the large ones. For a few topics
    that takes longer than it saves: they are compiled in this process, and only the models of
    `fhir.resources`, which take long to import, have a process for each release.
    """

    def __init__(self, count: int, *, models: bool = True) -> None:
        """Start nothing yet.

        Args:
            count: The number of processes.
            models: Whether the models of `fhir.resources` will be needed.
        """
        self._count: Final = count
        self._models: ProcessModelChecker | None = None
        self._use_models = models and count > 1
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        self._owners: dict[str, int] = {}
        self._serial: SerialExecutor | None = None

    def __enter__(self) -> ProcessExecutor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(gently=kind is None)

    def shutdown(self) -> None:
        """End the processes."""
        self._end(gently=True)

    def _end(self, *, gently: bool) -> None:
        if self._models is not None:
            self._models.end()
            self._models = None
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=0.2 if gently else 0)
            if process.is_alive():
                process.terminate()
                process.join()
        self._pipes, self._processes = [], []

    def read(self, context: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics, each in the process that will compile it."""
        if self._count == 1 or (not self._pipes and len(folders) < WORTH_SHARING):
            if folders and self._use_models and self._models is None:
                self._models = ProcessModelChecker(process_context(), context.releases)
            return self._in_this_process().read(context, folders)
        self._start()
        shares: list[list[TopicFolder]] = [[] for _ in range(self._count)]
        for at, folder in enumerate(folders):
            owner = at % self._count
            shares[owner].append(folder)
            self._owners[folder.path] = owner
        return self._round([("read", context, share) for share in shares])

    def compile(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Compile topics, each in the process that has read it."""
        shares: list[list[TopicJob]] = [[] for _ in self._pipes]
        own: list[TopicJob] = []
        for job in jobs:
            owner = self._owners.get(job.folder)
            (own if owner is None else shares[owner]).append(job)
        topics = self._round([("compile", (base, models), share) for share in shares])
        return chain(topics, self._in_this_process().compile(base, own, models=models))

    def compile_shared(
        self, context: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """Compile what belongs to all topics together, in this process."""
        return self._in_this_process().compile_shared(context, base, job, models=models)

    def _in_this_process(self) -> SerialExecutor:
        """The executor of this process; imported when there is work at all."""
        if self._serial is None:
            from fhir_kb.pipeline.executors import SerialExecutor

            self._serial = SerialExecutor(self._models)
        return self._serial

    def _start(self) -> None:
        if self._pipes:
            return
        import fhir_kb.pipeline.executors  # noqa: F401  before the fork, so that it is imported once

        multiprocessing = process_context()
        for _ in range(self._count):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(
                target=_serve, args=(theirs, [*self._pipes, ours]), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def _round(self, orders: list[tuple[str, Any, list[Any]]]) -> Iterator[Any]:
        """Give each process its order; the results as they come."""
        from multiprocessing.connection import wait

        busy: list[Any] = []
        for pipe, order in zip(self._pipes, orders, strict=True):
            if order[2]:
                pipe.send(order)
                busy.append(pipe)
        while busy:
            ready: list[Any] = wait(busy)
            for pipe in ready:
                try:
                    batch = pipe.recv()
                except (EOFError, OSError) as error:
                    raise WorkerLostError from error
                if batch is _END:
                    busy.remove(pipe)
                elif isinstance(batch, BaseException):
                    raise batch
                else:
                    yield from batch


def process_context() -> Any:
    """How processes are started: forked where that is sound, because it takes no time."""
    import multiprocessing

    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _serve(pipe: Connection, others: list[Connection]) -> None:
    """The main function of a worker process: take orders and send results until the pipe closes."""
    for other in others:
        other.close()
    from fhir_kb.pipeline.executors import SerialExecutor
    from fhir_kb.releases.pydantic_models import prepare_process

    executor = SerialExecutor()
    try:
        while True:
            kind, argument, share = pipe.recv()
            if kind == "read":
                _send_all(pipe, executor.read(argument, share))
            else:
                base, models = argument
                if models:
                    prepare_process()
                _send_all(pipe, executor.compile(base, share, models=models))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _send_all(pipe: Connection, results: Iterator[Any]) -> None:
    """Send results in batches, then the end mark; or the exception that was raised."""
    batch: list[Any] = []
    try:
        for result in results:
            batch.append(result)
            if len(batch) == _BATCH:
                pipe.send(batch)
                batch = []
    except Exception as error:  # noqa: BLE001  raised again where the work was ordered
        pipe.send(error)
        return
    if batch:
        pipe.send(batch)
    pipe.send(_END)


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
