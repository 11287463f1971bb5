"""Checking NDJSON with all cores: in order, and with as much memory for a million lines as for few.

Each process is given a block, and another only when its reports have been received, so that the
two sides never both wait to send.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.bulk.process_executor import available_cores, process_context
from fhir_kb.pipeline import EnvironmentFailure
from fhir_kb.validate import check_lines_with

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from multiprocessing.connection import Connection

    from fhir_kb.validate import ResourceReport, ValidationOptions

BLOCK: Final = 512 * 1024
"""How many bytes of lines a process is given at once."""


class _Block(NamedTuple):
    first: int
    lines: list[bytes]


class _Worker(NamedTuple):
    pipe: Connection
    process: Any


def check_lines(
    lines: Iterable[bytes], options: ValidationOptions, *, jobs: int | None = None
) -> Generator[ResourceReport, None, None]:
    """As `fhir_kb.validate.check_lines`, by `jobs` processes (None: as many as there are cores).

    A few lines are checked in this process. Raises EnvironmentFailure if a process is lost.
    """
    count = jobs or available_cores()
    blocks = _blocks(lines)
    head = list(islice(blocks, 2))
    if count == 1 or len(head) < 2:  # one block is no work for two
        validator = options.validator()
        for block in chain(head, blocks):
            yield from check_lines_with(validator, block.lines, first=block.first)
        return
    workers: list[_Worker] = []
    try:
        yield from _shared(chain(head, blocks), options, count, workers)
    except EOFError as error:
        msg = "a worker process was killed, perhaps because memory ran out"
        raise EnvironmentFailure(msg, "run it again with smaller files, which need less") from error
    finally:
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.terminate()
            worker.process.join()


def _shared(
    blocks: Iterator[_Block], options: ValidationOptions, count: int, workers: list[_Worker]
) -> Iterator[ResourceReport]:
    busy: list[_Worker] = []
    for block in islice(blocks, count):
        workers.append(_start(options, workers))
        busy.append(workers[-1])
        busy[-1].pipe.send(block)
    while busy:
        worker = busy.pop(0)
        reports = worker.pipe.recv()
        if isinstance(reports, BaseException):
            raise reports
        following = next(blocks, None)
        if following is not None:
            worker.pipe.send(following)
            busy.append(worker)
        yield from reports


def _blocks(lines: Iterable[bytes]) -> Iterator[_Block]:
    first, size = 1, 0
    block: list[bytes] = []
    for number, line in enumerate(lines, 1):
        block.append(line)
        size += len(line)
        if size >= BLOCK:
            yield _Block(first, block)
            first, size, block = number + 1, 0, []
    if block:
        yield _Block(first, block)


def _start(options: ValidationOptions, others: list[_Worker]) -> _Worker:
    context = process_context()
    ours, theirs = context.Pipe()
    inherited = [*(other.pipe for other in others), ours]
    process = context.Process(target=_serve, args=(theirs, inherited, options), daemon=True)
    process.start()
    theirs.close()
    return _Worker(ours, process)


def _serve(pipe: Connection, inherited: list[Connection], options: ValidationOptions) -> None:
    """The main function of a worker process: check blocks until the pipe closes."""
    for other in inherited:
        other.close()
    try:
        validator = options.validator()
        while True:
            first, lines = pipe.recv()
            try:
                reports: Any = list(check_lines_with(validator, lines, first=first))
            except Exception as error:  # noqa: BLE001  raised again where the work was ordered
                reports = error
            pipe.send(reports)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return
