"""Make the core profiles and extensions in fhir_kb/packages/core from the official FHIR packages.

    python scripts/make_profiles.py PACKAGE_DIR...

Each PACKAGE_DIR is an unpacked package (with its `package` folder): the core package of every
release and the packages hl7.fhir.uv.extensions.{r4,r5}. The official packages are published under
CC0-1.0. The same packages give the same bytes, if zlib is the same.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from make_definitions import ERRATA, ERRATA_EXPRESSIONS, FHIR, REGEX  # noqa: E402 (the path above)

from fhir_kb.packages.core.definitions import CORE, supported_release  # noqa: E402
from fhir_kb.packages.index import Index, IndexEntry, index_entry  # noqa: E402

#: Raw bytes of a block: large enough to compress well, small enough to unpack in a millisecond.
BLOCK = 400_000
KEYS = (
    "resourceType", "id", "extension", "url", "version", "name", "title", "status", "experimental",
    "fhirVersion", "kind", "abstract", "context", "contextInvariant", "type", "baseDefinition",
    "derivation",
)  # fmt: skip
#: Of an element, what is for readers or for other standards.
FOR_READERS = frozenset(
    ("definition", "comment", "requirements", "alias", "mapping", "example", "isModifierReason",
     "meaningWhenMissing", "orderMeaning")
)  # fmt: skip
#: Extensions that say how HL7 works on a definition or shows it, and nothing about instances.
ABOUT_WORK = frozenset(
    FHIR + name
    for name in (
        "structuredefinition-fmm", "structuredefinition-fmm-no-warnings", "structuredefinition-wg",
        "structuredefinition-category", "structuredefinition-ancestor",
        "structuredefinition-security-category", "structuredefinition-standards-status-reason",
        "structuredefinition-normative-version", "structuredefinition-summary",
        "structuredefinition-display-hint", "structuredefinition-table-name",
        "structuredefinition-hierarchy", "elementdefinition-isCommonBinding",
        "elementdefinition-bindingName", "elementdefinition-translatable", "resource-approvalDate",
        "resource-lastReviewDate", "structuredefinition-implements", "structuredefinition-rdf-type",
        "structuredefinition-json-type", "structuredefinition-xml-type",
        "structuredefinition-conformance-derivedFrom",
    )
)  # fmt: skip

Resource = dict[str, Any]


def main(folders: list[str]) -> int:
    """Write one file for each package given."""
    for folder in map(Path, folders):
        manifest = json.loads((folder / "package" / "package.json").read_text(encoding="utf-8"))
        release = supported_release(manifest["fhirVersions"][0]).name
        kind = "profiles" if manifest["name"].endswith(".core") else "extensions"
        paths = sorted((folder / "package").glob("StructureDefinition-*.json"))
        found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        target = CORE / f"{kind}-{release}.ndjson.gz"
        kept = [trimmed(one) for one in found if one["kind"] != "logical"]
        target.write_bytes(packed(kept, f"{kind}-{release}"))
        print(f"{target.name}: {len(found)} definitions, {target.stat().st_size} bytes")
    return 0 if folders else 2


def trimmed(definition: Resource) -> Resource:
    """The definition without what is only for readers."""
    made = {key: definition[key] for key in KEYS if key in definition}
    _without_work(made)
    views = ["snapshot"]
    if definition.get("derivation") == "constraint":
        views.append("differential")
    for view in views:
        if view in definition:
            made[view] = {"element": [_element(one) for one in definition[view]["element"]]}
    return made


def _element(element: Resource) -> Resource:
    made = {key: value for key, value in element.items() if key not in FOR_READERS}
    _without_work(made)
    if "binding" in made:
        made["binding"] = {k: v for k, v in made["binding"].items() if k != "description"}
        _without_work(made["binding"])
    if "constraint" in made:
        made["constraint"] = [_constraint(one) for one in made["constraint"]]
    if "type" in made:
        made["type"] = [_type(one) for one in made["type"]]
    return made


def _constraint(constraint: Resource) -> Resource:
    made = {k: v for k, v in constraint.items() if k not in ("xpath", "requirements")}
    if "expression" in made:
        made["expression"] = ERRATA_EXPRESSIONS.get(made["expression"], made["expression"])
    return made


def _type(one: Resource) -> Resource:
    """The type, its regular expression mended."""
    if "extension" not in one:
        return one
    return one | {"extension": [_regex(extension) for extension in one["extension"]]}


def _regex(extension: Resource) -> Resource:
    if extension["url"] != REGEX:
        return extension
    return {k: ERRATA.get(v, v) if k.startswith("value") else v for k, v in extension.items()}


def _without_work(item: Resource) -> None:
    kept = [one for one in item.pop("extension", ()) if one["url"] not in ABOUT_WORK]
    if kept:
        item["extension"] = kept


def packed(definitions: list[Resource], name: str) -> bytes:
    """The file of that name: similar definitions side by side, an index in front."""
    ordered = sorted(definitions, key=lambda one: (_group(one), one["url"], one.get("version", "")))
    blocks: list[list[bytes]] = [[]]
    entries: list[IndexEntry] = []
    for one in ordered:
        line = _json(one)
        if sum(map(len, blocks[-1])) + len(line) > BLOCK and blocks[-1]:
            blocks.append([])
        entry = index_entry(one, f"{name}:{len(blocks) - 1}:{len(blocks[-1])}")
        assert entry is not None, one["id"]
        entries.append(entry)
        blocks[-1].append(line)
    members = [_member(b"\n".join(lines) + b"\n") for lines in blocks]
    ends = [sum(map(len, members[: number + 1])) for number in range(len(members))]
    header = {
        "blocks": list(zip([0, *ends], ends, strict=False)),
        "resources": Index.of(entries).rows,
    }
    return b"".join((_member(_json(header) + b"\n"), *members))


def _group(one: Resource) -> tuple[str, ...]:
    return (one.get("derivation", ""), one["kind"], one["type"] * (one["kind"] != "resource"))


def _member(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
