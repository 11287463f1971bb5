"""What has become of the output so far in this run."""

from __future__ import annotations


class Written:
    """Whether this run has written anything to the output."""

    anything = False
