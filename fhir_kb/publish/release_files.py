"""The files that a build makes for one FHIR release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.publish import bundle
from fhir_kb.publish.file_content import FileContent, fixed_content
from fhir_kb.publish.ndjson_file import ndjson
from fhir_kb.publish.packaging import package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.emit import EmittedResource
    from fhir_kb.publish.packaging import PackageInfo


def files_for_release(
    resources: Sequence[EmittedResource], release: str, fhir_version: str, info: PackageInfo
) -> dict[str, FileContent]:
    """The files below output/<release>, by path ("r4/PlanDefinition-x.json"); see docs/output.md.

    Args:
        resources: Those of the release, each id of a type once, in any order; every Composition
            has a date.
        release: Its name ("r4").
        fhir_version: Its version ("4.0.1").
        info: What the package says of itself.
    """
    ordered = sorted(resources, key=lambda resource: resource.file_name)
    by_name = {resource.name: resource for resource in ordered}
    base = info.canonical
    files = {
        resource.file_name: fixed_content(resource.file_bytes, resource.digest)
        for resource in ordered
    }
    for resource in ordered:
        if resource.resource_type == "Composition":
            document = bundle.document(resource, by_name, release, base)
            files[f"bundle.document.{resource.id}.json"] = document
    files["bundle.transaction.json"] = bundle.transaction(ordered, release)
    files["bundle.collection.json"] = bundle.collection(ordered, base)
    files["resources.ndjson"] = ndjson(ordered)
    files["package.tgz"] = package(ordered, info, release, fhir_version)
    return {f"{release}/{name}": content for name, content in files.items()}
