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
        search_url,
        transaction,
        urn,
    )
    from fhir_kb.publish.errors import OutputError
    from fhir_kb.publish.file_content import FileContent, fixed_content, lazy_content
    from fhir_kb.publish.finding_codes import CODES
    from fhir_kb.publish.ndjson_file import ndjson
    from fhir_kb.publish.output_folder import WriteResult, complete, unchanged_digest, write
    from fhir_kb.publish.packaging import (
        MAX_PACKAGE_NAME,
        PACKAGE_NAME,
        Dependency,
        PackageInfo,
        implementation_guide,
        package,
    )
    from fhir_kb.publish.references import reachable, roots_first, unresolved_references
    from fhir_kb.publish.release_files import files_for_release

__all__ = [
    "CODES",
    "MAX_PACKAGE_NAME",
    "PACKAGE_NAME",
    "Dependency",
    "FileContent",
    "NotADocumentError",
    "OutputError",
    "PackageInfo",
    "WriteResult",
    "batch",
    "collection",
    "complete",
    "document",
    "files_for_release",
    "fixed_content",
    "implementation_guide",
    "lazy_content",
    "ndjson",
    "package",
    "reachable",
    "roots_first",
    "search_url",
    "transaction",
    "unchanged_digest",
    "unresolved_references",
    "urn",
    "write",
]
_HOMES = {
    "CODES": "finding_codes",
    "FileContent": "file_content",
    "Dependency": "packaging",
    "MAX_PACKAGE_NAME": "packaging",
    "NotADocumentError": "bundle",
    "OutputError": "errors",
    "PACKAGE_NAME": "packaging",
    "PackageInfo": "packaging",
    "WriteResult": "output_folder",
    "unchanged_digest": "output_folder",
    "batch": "bundle",
    "collection": "bundle",
    "complete": "output_folder",
    "lazy_content": "file_content",
    "document": "bundle",
    "files_for_release": "release_files",
    "implementation_guide": "packaging",
    "ndjson": "ndjson_file",
    "package": "packaging",
    "fixed_content": "file_content",
    "reachable": "references",
    "roots_first": "references",
    "search_url": "bundle",
    "transaction": "bundle",
    "unresolved_references": "references",
    "urn": "bundle",
    "write": "output_folder",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
