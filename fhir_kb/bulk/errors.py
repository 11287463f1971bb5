"""What can happen to processes."""

from __future__ import annotations


class WorkerLostError(Exception):
    """A worker process ended before its work was done: killed, or out of memory."""

    def __init__(self) -> None:
        super().__init__("a worker process was killed, perhaps because memory ran out")
