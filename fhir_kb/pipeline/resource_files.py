"""The resources in FHIR files that are pushed as they are: bundles, packages, NDJSON, JSON."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages import PackageError, cache_folders, open_package
from fhir_kb.push import DesiredResource, PushError, desired_from_json, desired_resource, load_json
from fhir_kb.servers.references import ReferenceTargets, with_references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MAX_BYTES: Final = 512 * 2**20
_NOT_A_SET: Final = {
    "history": "what resources were, not what they should be",
    "batch-response": "the outcome of a request",
    "transaction-response": "the outcome of a request",
    "subscription-notification": "a message about an event",
}
"""Types of a Bundle whose entries are not resources to be pushed:
http://hl7.org/fhir/valueset-bundle-type.html."""
_SKIPPED: Final = frozenset({"ImplementationGuide"})
"""Of a package: what describes the package and not knowledge."""


def read_resources(path: Path, release: str) -> Iterator[DesiredResource]:
    """The resources of a file, or of the JSON files of a folder.

    References between the entries of a bundle by their fullUrl become literal ones. Raises
    PushError for anything that is no FHIR.

    release: The FHIR release by name, whose definitions say what is a reference.
    """
    if not path.exists():
        raise PushError("there is no such file or folder", "Give a bundle, a package or a folder")
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            yield from read_resources(file, release)
        return
    if path.name.endswith((".tgz", ".tar.gz")):
        yield from _of_package(path, release)
        return
    if path.stat().st_size > _MAX_BYTES:
        limit = _MAX_BYTES // 2**20
        raise PushError(f"it is larger than {limit} MB", "Split it and push the parts")
    if path.suffix == ".ndjson":
        with path.open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield desired_from_json(line.strip())
        return
    yield from _of_json(path.read_bytes(), release)


def _of_json(content: bytes, release: str) -> Iterator[DesiredResource]:
    try:
        resource = load_json(content)
    except ValueError:
        resource = None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise PushError("it is not FHIR JSON", "Give a resource, a Bundle or a package")
    if resource["resourceType"] != "Bundle" or resource.get("type") == "document":
        yield desired_resource(resource)
        return
    yield from _of_bundle(resource, release)


def _of_bundle(bundle: Mapping[str, Any], release: str) -> Iterator[DesiredResource]:
    entries = [entry for entry in bundle.get("entry") or () if isinstance(entry, dict)]
    _check_complete(bundle, entries)
    entries = [entry for entry in entries if _search_mode(entry) != "outcome"]
    names_by_url: dict[str, str] = {}
    resources: list[dict[str, Any]] = []
    names: set[str] = set()
    for entry in entries:
        full_url, resource = entry.get("fullUrl"), entry.get("resource")
        if not isinstance(resource, dict):
            raise PushError("an entry of the bundle has no resource", "Remove that entry")
        if not resource.get("id"):
            resource = {**resource, "id": _id_of(full_url, resource)}
        name = _name(resource)
        if name in names:  # another version of the same: its fullUrl tells them apart
            resource = {**resource, "id": _id_of(full_url, {})}
            name = _name(resource)
        names.add(name)
        resources.append(resource)
        if isinstance(full_url, str) and full_url:
            names_by_url[full_url] = name
    targets = ReferenceTargets(names_by_url)
    for resource in resources:
        yield desired_resource(with_references(resource, targets, release))


def _check_complete(bundle: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises PushError for a bundle that is not a whole set of resources to be pushed."""
    type_ = bundle.get("type")
    if type_ in _NOT_A_SET:
        raise PushError(
            f"it is a Bundle of type '{type_}': {_NOT_A_SET[type_]}",
            "Give a Bundle of type transaction, batch or collection",
        )
    if type_ != "searchset":
        return
    matches = sum(_search_mode(entry) in ("match", None) for entry in entries)
    links = [link for link in bundle.get("link") or () if isinstance(link, dict)]
    total = bundle.get("total")
    if any(link.get("relation") == "next" for link in links):
        raise PushError(
            "it is one page of the results of a search: it has a link to the next page",
            "Get all pages into one Bundle",
        )
    if isinstance(total, int) and total > matches:
        raise PushError(
            f"it is a part of the results of a search: {matches} of {total}",
            "Get all pages into one Bundle",
        )


def _search_mode(entry: Mapping[str, Any]) -> object:
    search = entry.get("search")
    return search.get("mode") if isinstance(search, dict) else None


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource['id']}"


def _id_of(full_url: object, resource: Mapping[str, Any]) -> str:
    """An id for an entry without one: what its canonical url ends with, else of its fullUrl."""
    url = resource.get("url")
    return str(url or full_url or "").rstrip("/").rpartition("/")[2].rpartition(":")[2]


def _of_package(path: Path, release: str) -> Iterator[DesiredResource]:
    try:
        package = open_package(path, cache_folders())
    except (PackageError, tarfile.TarError) as error:
        raise PushError(str(error), "Give a FHIR package") from error
    for file in sorted(package.folder.glob("*.json")):
        if file.name.startswith(".") or file.name == "package.json":
            continue
        for resource in _of_json(file.read_bytes(), release):
            if resource.type not in _SKIPPED:
                yield resource
