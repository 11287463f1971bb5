"""What can happen to processes."""

from __future__ import annotations


class WorkerLostError(Exception):
    """A process ended before its work did: killed, or out of memory."""
