"""From emitted resources to files: bundles, packages, NDJSON, in a folder that is kept whole."""

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
from fhir_kb.publish.links import reachable, roots_first, unresolved
from fhir_kb.publish.ndjson import ndjson
from fhir_kb.publish.package import (
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
