"""The error of making a snapshot."""

from __future__ import annotations


class SnapshotError(Exception):
    """A snapshot cannot be made of a StructureDefinition."""

    def __init__(
        self,
        reason: str,
        path: str = "",
        help: str = "",  # noqa: A002  as in FhirKbError
        *,
        certain: bool = False,
    ) -> None:
        """An error.

        Args:
            reason: What is wrong, without the path.
            path: The id of the element, or "".
            help: What to do about it.
            certain: Whether the differential is wrong in any case. Otherwise a definition may be
                missing, or the differential be read more strictly than usual.
        """
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path
        self.certain = certain
        self.help = help
