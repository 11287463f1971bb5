"""FHIR's own search parameters, as far as others are compared with them.

The files are made by scripts/make_search_parameters.py.
"""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import orjson

from fhir_kb.packages.definitions import CORE, FILES

if TYPE_CHECKING:
    from collections.abc import Mapping


class SearchParameter(NamedTuple):
    """A search parameter: what it is named by, its type, the resource types it is for."""

    url: str
    type: str
    bases: tuple[str, ...]


@cache
def search_parameters(fhir_version: str) -> Mapping[str, SearchParameter]:
    """Those of "5.0.0", "4.3.0" or "4.0.1" by url; KeyError for any other version."""
    content = gzip.decompress((CORE / f"search-{FILES[fhir_version]}.json.gz").read_bytes())
    return {
        url: SearchParameter(url, kind, tuple(bases))
        for url, (kind, *bases) in orjson.loads(content).items()
    }
