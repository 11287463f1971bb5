"""The models of `fhir.resources`, asked in processes of their own while this one goes on."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from fhir_kb.bulk.errors import WorkerLostError
from fhir_kb.model.fhir_release import FHIR_RELEASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.connection import Connection

    from fhir_kb.pipeline.model_checks import PendingRefusals
    from fhir_kb.releases.pydantic_models import ModelError


class ProcessModelChecker:
    """A process for each release that has models; they start to import them at once.

    context: how to start processes, of `multiprocessing`.
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
            process.listen()

    def ask(self, release: str, contents: Sequence[bytes]) -> PendingRefusals:
        """See fhir_kb.pipeline.model_checks.ModelChecker."""
        return self._processes[release].ask(contents)

    def end(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self._processes.values():
            process.end()


class _Process:
    def __init__(self, context: Any, release: str, others: Iterable[_Process]) -> None:
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self._questions: SimpleQueue[tuple[Sequence[bytes], SimpleQueue[Any]] | None]
        self._questions = SimpleQueue()
        pipes = [self.pipe, *(other.pipe for other in others)]
        self._process = context.Process(target=_serve, args=(theirs, pipes, release), daemon=True)
        self._process.start()
        theirs.close()

    def listen(self) -> None:
        """Start the thread that asks: a pipe that is full must not stop this process."""
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def ask(self, contents: Sequence[bytes]) -> PendingRefusals:
        answer: SimpleQueue[Any] = SimpleQueue()
        self._questions.put((contents, answer))

        def found() -> Sequence[Sequence[ModelError]]:
            given = answer.get()
            if isinstance(given, Exception):
                raise given
            return given  # type: ignore[no-any-return]  # it came through a pipe

        return found

    def end(self) -> None:
        self._questions.put(None)
        self._process.terminate()
        self._process.join()
        self._thread.join()

    def _talk(self) -> None:
        lost: Exception | None = None
        while (question := self._questions.get()) is not None:
            contents, answer = question
            try:
                if lost is None:
                    self.pipe.send(list(contents))
                    answer.put(self.pipe.recv())
                    continue
            except (EOFError, OSError):
                lost = WorkerLostError("a process of this run was ended from outside")
            answer.put(lost)


def _serve(pipe: Connection, others: Iterable[Connection], release: str) -> None:
    for other in others:
        other.close()
    from fhir_kb.pipeline.model_checks import ask
    from fhir_kb.releases.pydantic_models import import_common_models, prepare_process

    prepare_process()
    import_common_models(release)
    try:
        while True:
            contents = pipe.recv()
            try:
                pipe.send(ask(release, contents))
            except Exception as error:  # noqa: BLE001  raised again where the question came from
                pipe.send(error)
    except (EOFError, OSError, KeyboardInterrupt):
        return
