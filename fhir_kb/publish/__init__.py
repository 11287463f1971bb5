"""From emitted resources to files: bundles, packages, NDJSON, in a folder that is kept whole.

What is named here is imported when it is first used: to see that nothing has changed, a build needs
no bundles.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_kb.publish.bundle import (
        NotADocumentError,
        batch,
        collection,
        document,
        match,
        transaction,
        urn,
    )
    from fhir_kb.publish.codes import CODES
    from fhir_kb.publish.content import Content, composed, plain
    from fhir_kb.publish.errors import OutputError
    from fhir_kb.publish.folder import Written, as_written, write
    from fhir_kb.publish.lines import ndjson
    from fhir_kb.publish.links import reachable, roots_first, unresolved
    from fhir_kb.publish.packaging import (
        MAX_PACKAGE_NAME,
        PACKAGE_NAME,
        Dependency,
        PackageInfo,
        implementation_guide,
        package,
    )
    from fhir_kb.publish.release import files_for_release

__all__ = [
    "CODES",
    "MAX_PACKAGE_NAME",
    "PACKAGE_NAME",
    "Content",
    "Dependency",
    "NotADocumentError",
    "OutputError",
    "PackageInfo",
    "Written",
    "as_written",
    "batch",
    "collection",
    "composed",
    "document",
    "files_for_release",
    "implementation_guide",
    "match",
    "ndjson",
    "package",
    "plain",
    "reachable",
    "roots_first",
    "transaction",
    "unresolved",
    "urn",
    "write",
]
_HOMES = {
    "CODES": "codes",
    "Content": "content",
    "Dependency": "packaging",
    "MAX_PACKAGE_NAME": "packaging",
    "NotADocumentError": "bundle",
    "OutputError": "errors",
    "PACKAGE_NAME": "packaging",
    "PackageInfo": "packaging",
    "Written": "folder",
    "as_written": "folder",
    "batch": "bundle",
    "collection": "bundle",
    "composed": "content",
    "document": "bundle",
    "files_for_release": "release",
    "implementation_guide": "packaging",
    "match": "bundle",
    "ndjson": "lines",
    "package": "packaging",
    "plain": "content",
    "reachable": "links",
    "roots_first": "links",
    "transaction": "bundle",
    "unresolved": "links",
    "urn": "bundle",
    "write": "folder",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
