"""Where two JSON trees of one FHIR resource differ, element by element."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A place where two trees differ."""

    path: str
    """Without indices; an extension is `extension(<end of its url>)`."""

    ours: Any
    """What we write there; None for nothing."""

    theirs: Any
    """What the other writes there; None for nothing."""


def differences(ours: Any, theirs: Any, path: str) -> Iterator[Difference]:
    """All places where two values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name == "extension":
                yield from _extensions(ours.get(name, []), theirs.get(name, []), path)
            else:
                yield from differences(ours.get(name), theirs.get(name), f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, path)
    elif path.endswith(".div") and isinstance(ours, str) and isinstance(theirs, str):
        if ET.canonicalize(ours) != ET.canonicalize(theirs):
            yield Difference(path, ours, theirs)
    elif ours != theirs:
        yield Difference(path, ours, theirs)


def _extensions(ours: list[Any], theirs: list[Any], path: str) -> Iterator[Difference]:
    """Extensions of one url are compared in their order; those of different urls have none."""
    urls = dict.fromkeys(extension["url"] for extension in (*ours, *theirs))
    for url in urls:
        here = f"{path}.extension({re.split('[/]', url)[-1]})"
        of_ours = [extension for extension in ours if extension["url"] == url]
        of_theirs = [extension for extension in theirs if extension["url"] == url]
        if len(of_ours) != len(of_theirs):
            yield Difference(here, of_ours or None, of_theirs or None)
            continue
        for one, other in zip(of_ours, of_theirs, strict=True):
            yield from differences(one, other, here)
