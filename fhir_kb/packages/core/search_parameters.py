"""FHIR's own search parameters: what the check of others compares with.

The files are made by scripts/make_search_parameters.py.
"""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import orjson

from fhir_kb.packages.core.definitions import CORE, supported_release

if TYPE_CHECKING:
    from collections.abc import Mapping


class SearchParameter(NamedTuple):
    """A search parameter."""

    url: str
    type: str
    bases: tuple[str, ...]
    """The resource types that it is for."""


@cache
def search_parameters(fhir_version: str) -> Mapping[str, SearchParameter]:
    """Those of a FHIR release by url. Raises ValueError for a version that we do not support."""
    name = supported_release(fhir_version).name
    content = gzip.decompress((CORE / f"search-{name}.json.gz").read_bytes())
    return {
        url: SearchParameter(url, kind, tuple(bases))
        for url, (kind, *bases) in orjson.loads(content).items()
    }
