"""The work on many topics, shared among processes of this machine.

Each process reads its share and keeps it, so that the second round need not read again.
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
    """So many processes; a context that ends them.

    Topics go to processes in turn, so that each has its share of the large ones. A few topics are
    not worth that: they are done here, and only the models of `fhir.resources`, which take long to
    import, have a process for each release.

    models: False where nobody is going to ask them.
    """

    def __init__(self, count: int, *, models: bool = True) -> None:
        self._count: Final = count
        self._models: ProcessModelChecker | None = None
        self._ask_models = models and count > 1
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        self._owners: dict[str, int] = {}
        self._here: SerialExecutor | None = None

    def __enter__(self) -> ProcessExecutor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(gently=kind is None)

    def rest(self) -> None:
        """There is no more work: end the processes."""
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

    def read(self, task: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics, each in the process that will make it."""
        if self._count == 1 or (not self._pipes and len(folders) < WORTH_SHARING):
            if folders and self._ask_models and self._models is None:
                self._models = ProcessModelChecker(process_context(), task.releases)
            return self._alone().read(task, folders)
        self._start()
        shares: list[list[TopicFolder]] = [[] for _ in range(self._count)]
        for at, folder in enumerate(folders):
            owner = at % self._count
            shares[owner].append(folder)
            self._owners[folder.path] = owner
        return self._round([("read", task, share) for share in shares])

    def make(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Make topics, each in the process that has read it."""
        shares: list[list[TopicJob]] = [[] for _ in self._pipes]
        own: list[TopicJob] = []
        for job in jobs:
            owner = self._owners.get(job.folder)
            (own if owner is None else shares[owner]).append(job)
        shared = self._round([("make", (base, models), share) for share in shares])
        return chain(shared, self._alone().make(base, own, models=models))

    def shared(
        self, task: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """Make what belongs to all topics together."""
        return self._alone().shared(task, base, job, models=models)

    def _alone(self) -> SerialExecutor:
        """The work in this process; imported when there is work at all."""
        if self._here is None:
            from fhir_kb.pipeline.executors import SerialExecutor

            self._here = SerialExecutor(self._models)
        return self._here

    def _start(self) -> None:
        if self._pipes:
            return
        import fhir_kb.pipeline.executors  # noqa: F401  before the fork, so that it is imported once

        context = process_context()
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(theirs, [*self._pipes, ours]), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def _round(self, orders: list[tuple[str, Any, list[Any]]]) -> Iterator[Any]:
        from multiprocessing.connection import wait

        open_: list[Any] = []
        for pipe, order in zip(self._pipes, orders, strict=True):
            if order[2]:
                pipe.send(order)
                open_.append(pipe)
        while open_:
            ready: list[Any] = wait(open_)
            for answering in ready:
                try:
                    answer = answering.recv()
                except (EOFError, OSError) as error:
                    msg = "a process of this run was ended from outside"
                    raise WorkerLostError(msg) from error
                if answer is _END:
                    open_.remove(answering)
                elif isinstance(answer, BaseException):
                    raise answer
                else:
                    yield from answer


def process_context() -> Any:
    """How processes are started: forked where that is sound, because it takes no time."""
    import multiprocessing

    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _serve(pipe: Connection, others: list[Connection]) -> None:
    """A process's life: take orders, answer in batches, end when nobody listens."""
    for other in others:
        other.close()
    from fhir_kb.pipeline.executors import SerialExecutor
    from fhir_kb.releases.pydantic_models import prepare_process

    work = SerialExecutor()
    try:
        while True:
            kind, shared, share = pipe.recv()
            if kind == "read":
                _answer(pipe, work.read(shared, share))
            else:
                base, models = shared
                if models:
                    prepare_process()
                _answer(pipe, work.make(base, share, models=models))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _answer(pipe: Connection, results: Iterator[Any]) -> None:
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


def cores() -> int:
    """How many processes can work at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
