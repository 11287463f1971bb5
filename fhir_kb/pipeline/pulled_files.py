"""`pull`: resources of a server as files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.emit import canonical_json
from fhir_kb.pipeline.environment import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_NAME: Final = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9\-.]{1,64}\.json")


def write_pulled(resources: Iterable[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write each as <Type>-<id>.json and remove other files of that form.

    Raises EnvironmentFailure.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for resource in resources:
            name = f"{resource.get('resourceType')}-{resource.get('id')}.json"
            if not _NAME.fullmatch(name):
                raise EnvironmentFailure(
                    f"the server sent a resource whose type or id FHIR does not allow: {name!r}"
                )
            path = folder / name
            path.write_bytes(canonical_json(resource))
            written.append(path)
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) and path not in written:
                path.unlink()
    except OSError as error:
        raise EnvironmentFailure(
            f"the files cannot be written to '{folder}': {error.strerror or error}",
            "Free disk space, fix its permissions, or choose another folder",
        ) from error
    return written
