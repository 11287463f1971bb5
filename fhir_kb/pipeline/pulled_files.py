"""`pull`: resources of a server as files."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import has_errors
from fhir_kb.emit import canonical_json
from fhir_kb.pipeline.environment import EnvironmentFailure
from fhir_kb.publish import OutputError, fixed_content, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import Diagnostic

_NAME: Final = re.compile(r"[A-Z][A-Za-z]{1,63}-[A-Za-z0-9\-.]{1,64}")
_ADVICE: Final = "Move it away, or choose another folder (-o)"


def write_pulled(
    resources: Iterable[Mapping[str, Any]], folder: Path
) -> tuple[list[Path], tuple[Diagnostic, ...]]:
    """Write each as <Type>-<id>.json, and remove those of an earlier pull that are not there now.

    A list in the folder says which files are ours. Others are neither replaced nor removed.

    Returns:
        The files; and which of them somebody had changed.

    Raises:
        EnvironmentFailure: The server sent what FHIR does not allow, a file of others is in the
            way, or the disk refuses. The files are as they were.
    """
    contents: dict[str, bytes] = {}
    for resource in resources:
        words = resource.get("resourceType"), resource.get("id")
        name = "-".join(map(str, words))
        if not all(isinstance(word, str) for word in words) or not _NAME.fullmatch(name):
            raise EnvironmentFailure(
                f"the server sent a resource whose type or id FHIR does not allow: {name[:200]!r}"
            )
        if name in contents:
            raise EnvironmentFailure(f"the server sent two resources of one id: {name!r}")
        contents[name] = canonical_json(resource)
    folded = Counter(name.casefold() for name in contents)
    files = {
        _file_name(name, is_unique=folded[name.casefold()] == 1): fixed_content(content)
        for name, content in contents.items()
    }
    try:
        result = write(folder, files, purpose="pull")
    except OutputError as error:
        raise EnvironmentFailure(error.message, error.help, error.code) from error
    if has_errors(result.diagnostics):
        first = result.diagnostics[0]
        raise EnvironmentFailure(f"{folder}: {first.message}", _ADVICE, first.code)
    advice = "copy what you change to another folder"
    changed = tuple(replace(finding, help=advice) for finding in result.diagnostics)
    return [folder / name for name in files], changed


def _file_name(name: str, *, is_unique: bool) -> str:
    """The file of a resource; of ids that differ in capital letters only, one for each."""
    if is_unique:
        return f"{name}.json"
    return f"{name}.{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
