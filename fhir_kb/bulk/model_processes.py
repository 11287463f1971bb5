"""Checking with the models of `fhir.resources` in processes of their own, meanwhile."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from fhir_kb.bulk.errors import WorkerLostError
from fhir_kb.model.fhir_release import FHIR_RELEASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.connection import Connection

    from fhir_kb.pipeline.model_checks import PendingModelErrors
    from fhir_kb.releases.pydantic_models import ModelError


class ProcessModelChecker:
    """A process for each release that has models; they start to import them at once.

    context: A `multiprocessing` context, which starts them.
    """

    def __init__(self, context: Any, releases: Iterable[str]) -> None:
        names = frozenset(releases)
        with_models = [
            release.name
            for release in FHIR_RELEASES
            if release.models_package and release.name in names
        ]
        self._processes: dict[str, _Process] = {}
        for name in with_models:  # all forks before the first thread
            self._processes[name] = _Process(context, name, [*self._processes.values()])
        for process in self._processes.values():
            process.start_thread()

    def submit(self, release: str, contents: Sequence[bytes]) -> PendingModelErrors:
        """See fhir_kb.pipeline.model_checks.ModelChecker."""
        return self._processes[release].submit(contents)

    def end(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self._processes.values():
            process.end()


class _Process:
    def __init__(self, context: Any, release: str, others: Iterable[_Process]) -> None:
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self._requests: SimpleQueue[tuple[Sequence[bytes], SimpleQueue[Any]] | None]
        self._requests = SimpleQueue()
        pipes = [self.pipe, *(other.pipe for other in others)]
        self._process = context.Process(target=_serve, args=(theirs, pipes, release), daemon=True)
        self._process.start()
        theirs.close()

    def start_thread(self) -> None:
        """Start the thread that sends requests: a pipe that is full must not stop this process."""
        self._thread = threading.Thread(target=self._send_requests, daemon=True)
        self._thread.start()

    def submit(self, contents: Sequence[bytes]) -> PendingModelErrors:
        response: SimpleQueue[Any] = SimpleQueue()
        self._requests.put((contents, response))

        def errors() -> Sequence[Sequence[ModelError]]:
            received = response.get()
            if isinstance(received, Exception):
                raise received
            return received  # type: ignore[no-any-return]  # it came through a pipe

        return errors

    def end(self) -> None:
        self._requests.put(None)
        self._process.terminate()
        self._process.join()
        self._thread.join()

    def _send_requests(self) -> None:
        lost: Exception | None = None
        while (request := self._requests.get()) is not None:
            contents, response = request
            try:
                if lost is None:
                    self.pipe.send(list(contents))
                    response.put(self.pipe.recv())
                    continue
            except (EOFError, OSError):
                lost = WorkerLostError()
            response.put(lost)


def _serve(pipe: Connection, others: Iterable[Connection], release: str) -> None:
    """The main function of a worker process: check until the pipe closes."""
    for other in others:
        other.close()
    from fhir_kb.pipeline.model_checks import check_models
    from fhir_kb.releases.pydantic_models import import_common_models, prepare_process

    prepare_process()
    import_common_models(release)
    try:
        while True:
            contents = pipe.recv()
            try:
                pipe.send(check_models(release, contents))
            except Exception as error:  # noqa: BLE001  raised again where it was submitted
                pipe.send(error)
    except (EOFError, OSError, KeyboardInterrupt):
        return
