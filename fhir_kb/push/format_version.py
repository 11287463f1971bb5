"""The version that every file of ours carries: an older one is read, a newer one is refused."""

from __future__ import annotations

from fhir_kb.push.errors import PushError


def check_version(subject: str, version: object, newest: int) -> int:
    """The format version of a file, if this program can read it.

    Args:
        subject: The file, as it is called in the message.
        version: What the file says of its format.
        newest: The newest version that this program reads.

    Raises:
        PushError: A newer fhir-kb wrote the file.
        ValueError: It is no version: the file is damaged, or not ours.
    """
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(version)
    if version > newest:
        raise PushError(
            f"{subject} was written by a newer fhir-kb: it has format {version}, and this version "
            f"reads up to {newest}",
            "Upgrade fhir-kb to the version that wrote it, or a later one",
        )
    return version
