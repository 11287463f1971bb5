"""Make the code systems and value sets in fhir_kb/packages/core from the official FHIR packages.

    python scripts/make_code_systems.py PACKAGE_DIR...

Each PACKAGE_DIR is an unpacked package (with its `package` folder). Core packages give the systems
(codes-*.bin) and value sets (sets-*.bin) under http://hl7.org/fhir of their release; the others
(hl7.terminology, the extensions) are common to all releases and go before them. Only complete code
systems are taken: of others nobody can say offline that a code does not exist. Of value sets their
compose is taken, without displays. The packages are published under CC0-1.0; the same packages give
the same bytes.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fhir_kb.packages.core.code_systems import (  # noqa: E402 (needs the path above)
    COMMON,
    path_of,
    sets_path,
)
from fhir_kb.packages.core.definitions import supported_release  # noqa: E402
from fhir_kb.terminology.concepts import value_text  # noqa: E402

FHIR = "http://hl7.org/fhir/"
#: Properties that are remarks for readers, or say again what `concept` says.
REMARKS = {
    "internalId", "v2-concComment", "v2-concCommentAsPub", "HL7usageNotes", "synonymCode",
    "v2-table-deprecated", "parent", "child", "subsumedBy", "OpenIssue",
}  # fmt: skip
#: So many value sets are compressed together: most are a few words.
TOGETHER = 40
Resource = dict[str, Any]


def main(folders: list[str]) -> int:
    """Write one file for each core package given, and one for what is common to all."""
    common: tuple[dict[str, Resource], dict[str, Resource]] = ({}, {})
    for folder in sorted(folders):
        package = Path(folder) / "package"
        manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
        found = (_systems(package), _value_sets(package))
        if manifest["name"].endswith(".core"):
            name = supported_release(manifest["fhirVersions"][0]).name
            systems, sets = (
                {u: one for u, one in of.items() if u.startswith(FHIR)} for of in found
            )
            _write(path_of(name), systems, 1)
            _write(sets_path(name), sets, TOGETHER)
        else:
            for known, new in zip(common, found, strict=True):
                known.update(new)
    if common[0]:
        _write(path_of(COMMON), common[0], 1)
        _write(sets_path(COMMON), common[1], TOGETHER)
    return 0 if folders else 2


def _systems(package: Path) -> dict[str, Resource]:
    found = {}
    for path in sorted(package.glob("CodeSystem-*.json")):
        resource = json.loads(path.read_text(encoding="utf-8"))
        if resource.get("content") == "complete" and resource.get("concept"):
            found[resource["url"]] = _line(resource)
    return found


def _line(resource: Resource) -> Resource:
    codes: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    properties: dict[str, dict[str, list[str]]] = {}
    todo = [(one, "") for one in reversed(resource["concept"])]
    while todo:
        concept, parent = todo.pop()
        code = concept["code"]
        names = [concept.get("display", "")]
        names += [one["value"] for one in concept.get("designation", ()) if "value" in one]
        codes.setdefault(code, []).extend(dict.fromkeys(filter(None, names)))
        if parent:
            parents.setdefault(code, []).append(parent)
        for one in concept.get("property", ()):
            _property(code, one, parents, properties)
        todo += [(one, code) for one in reversed(concept.get("concept", ()))]
    line: Resource = {"version": resource.get("version", ""), "codes": codes}
    if resource.get("caseSensitive") is not True:
        line["anyCase"] = True
    if parents:
        line["parents"] = {code: list(dict.fromkeys(of)) for code, of in parents.items()}
    if properties:
        line["properties"] = properties
    if declared := [one["code"] for one in resource.get("property", ())]:
        line["declared"] = declared
    if "valueSet" in resource:
        line["valueSet"] = resource["valueSet"].partition("|")[0]
    return line


def _property(
    code: str,
    one: Resource,
    parents: dict[str, list[str]],
    properties: dict[str, dict[str, list[str]]],
) -> None:
    name, value = one["code"], value_text(one)
    if name in ("parent", "subsumedBy"):
        parents.setdefault(code, []).append(value)
    elif name == "child":
        parents.setdefault(value, []).append(code)
    elif name not in REMARKS and (name, value) != ("status", "active"):
        properties.setdefault(code, {}).setdefault(name, []).append(value)


def _value_sets(package: Path) -> dict[str, Resource]:
    found = {}
    for path in sorted(package.glob("ValueSet-*.json")):
        resource = json.loads(path.read_text(encoding="utf-8"))
        if compose := resource.get("compose"):
            line = {"version": resource.get("version", ""), "compose": _bare(compose)}
            found[resource["url"]] = line
    return found


def _bare(compose: Resource) -> Resource:
    """What decides which codes are in the set."""
    made: Resource = {"inactive": False} if compose.get("inactive") is False else {}
    for name in ("include", "exclude"):
        if name in compose:
            made[name] = [_part(one) for one in compose[name]]
    return made


def _part(one: Resource) -> Resource:
    made = {name: one[name] for name in ("system", "version", "valueSet") if name in one}
    if "concept" in one:
        made["concept"] = [{"code": concept["code"]} for concept in one["concept"]]
    if "filter" in one:
        made["filter"] = [{n: f[n] for n in ("property", "op", "value")} for f in one["filter"]]
    return made


def _write(target: Path, resources: dict[str, Resource], together: int) -> None:
    index: dict[str, list[int]] = {}
    body = b""
    items = sorted(resources.items())
    for first in range(0, len(items), together):
        block = items[first : first + together]
        member = zlib.compress(b"\n".join(_json(line) for _, line in block), 9)
        for number, (url, _) in enumerate(block):
            index[url] = [len(body), len(member), number]
        body += member
    head = zlib.compress(_json(index), 9)
    target.write_bytes(len(head).to_bytes(4, "big") + head + body)
    print(f"{target.name}: {len(items)}, {target.stat().st_size} bytes")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
