"""What HL7's packages say of extensions that stand for R5 elements, for make_lowering_tables."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.model.resource_kind import BASIC, BY_TYPE, RESOURCE_KINDS

if TYPE_CHECKING:
    from pathlib import Path

ROOTS = (
    *BY_TYPE,
    # these come as contained resources
    "Group",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    # what others become
    BASIC,
)
XVER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
# R4's own extensions, older and better known than the cross-version ones; CRMI's profiles name them
WELL_KNOWN = {
    **{
        f"{kind.type}.{element}": f"artifact-{element}"
        for kind in RESOURCE_KINDS
        if kind.is_canonical and "versionAlgorithmString" not in kind.omits
        for element in ("versionAlgorithm", "copyrightLabel")
    },
    **{
        f"{kind}.{element}": f"resource-{element}"
        for kind in ("ValueSet", "CodeSystem")
        for element in ("approvalDate", "lastReviewDate", "effectivePeriod")
    },
    **{
        f"{kind}.{element}": f"artifact-{element}"
        for kind in ("ValueSet", "CodeSystem")
        for element in ("topic", "author", "editor", "reviewer", "endorser", "relatedArtifact")
    },
    "RelatedArtifact.publicationDate": "cqf-publicationDate",
    "RelatedArtifact.publicationStatus": "cqf-publicationStatus",
    "RelatedArtifact.classifier": "relatesto-classifier",
    "RelatedArtifact.resourceReference": "artifact-reference",
    "Composition.note": "note",
    "Composition.version": "composition-clinicaldocument-versionNumber",
    "Group.description": "artifact-description",
}


class Extension:
    """What an extension's definition says: its URL, where it may stand, what it holds."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self.url: str = definition["url"]
        self.contexts = [one["expression"] for one in definition["context"]]
        elements = definition["snapshot"]["element"]
        ids = [element["id"] for element in elements]
        # hl7.fhir.uv.xver 0.0.1-snapshot-1 defines Extension.url twice in most of its extensions,
        # and the HL7 validator refuses every use of these
        self.is_sound = len(ids) == len(set(ids))
        self.content = _part(elements, "Extension")


class Part(NamedTuple):
    """What an extension holds: named parts or a value of one of some types, and its codes."""

    parts: dict[str, Part]
    types: list[str]
    value_set: str


def _part(elements: list[dict[str, Any]], path: str) -> Part:
    start = path + ".extension:"
    parts = {
        element["id"][len(start) :]: _part(elements, element["id"])
        for element in elements
        if element["id"].startswith(start) and "." not in element["id"][len(start) :]
    }
    value = next((e for e in elements if e["id"] == path + ".value[x]"), {})
    types = [one["code"] for one in value.get("type", ())] if value.get("max") != "0" else []
    binding = value.get("binding", {})
    required = binding.get("valueSet", "") if binding.get("strength") == "required" else ""
    return Part(parts, types, required.partition("|")[0])


def read_xver(path: Path) -> tuple[dict[str, Extension], dict[str, frozenset[str]]]:
    """A cross-version package: extensions by the R5 path they stand for, codes of value sets."""
    found, codes = {}, {}
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None and "/StructureDefinition-ext-R5-" in member.name:
                extension = Extension(json.load(content))
                found[extension.url.removeprefix(XVER)] = extension
            elif content is not None and "/ValueSet-" in member.name:
                value_set = json.load(content)
                listed = [one.get("concept", ()) for one in value_set["compose"]["include"]]
                codes[value_set["url"]] = frozenset(one["code"] for part in listed for one in part)
    return found, codes


def read_misplaced(older: Path, newer: Path) -> dict[str, list[str]]:
    """Where extensions of the extensions pack may stand in R5, and may not before, of our types."""
    found = {}
    for path in sorted(newer.glob("StructureDefinition-*.json")):
        definition = json.loads(path.read_bytes())
        if definition["type"] != "Extension":
            continue
        contexts = {one["expression"] for one in definition["context"]} & set(ROOTS)
        if (older / path.name).exists():
            before = json.loads((older / path.name).read_bytes())["context"]
            contexts -= {one["expression"] for one in before}
            if {"Resource", "DomainResource", "Element"} & {one["expression"] for one in before}:
                continue
        if contexts:
            found[definition["url"]] = sorted(contexts)
    return found


def read_well_known(folder: Path) -> dict[str, Extension]:
    """The extensions of the extensions pack that WELL_KNOWN names, by the path they stand for."""
    return {
        path: Extension(json.loads((folder / f"StructureDefinition-{name}.json").read_bytes()))
        for path, name in WELL_KNOWN.items()
    }
