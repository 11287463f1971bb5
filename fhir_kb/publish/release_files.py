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
    """What lies below output/<release>, by path ("r4/PlanDefinition-x.json").

    resources: those of this release, each id of a type once, in any order; every Composition has a
    date. docs/output.md describes the files.
    """
    ordered = sorted(resources, key=lambda one: one.file_name)
    by_name = {one.name: one for one in ordered}
    base = info.canonical
    files = {one.file_name: fixed_content(one.file_bytes, one.digest) for one in ordered}
    for one in ordered:
        if one.resource_type == "Composition":
            made = bundle.document(one, by_name, release, base)
            files[f"bundle.document.{one.id}.json"] = made
    files["bundle.transaction.json"] = bundle.transaction(ordered, release)
    files["bundle.collection.json"] = bundle.collection(ordered, base)
    files["resources.ndjson"] = ndjson(ordered)
    files["package.tgz"] = package(ordered, info, release, fhir_version)
    return {f"{release}/{name}": content for name, content in files.items()}
