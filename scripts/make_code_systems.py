"""Make the code systems in fhir_kb/packages/core/codes-*.bin from the official FHIR packages.

    python scripts/make_code_systems.py PACKAGE_DIR...

Each PACKAGE_DIR is an unpacked package (with its `package` folder). Core packages give the systems
under http://hl7.org/fhir of their release; the others (hl7.terminology, the extensions) are common
to all releases and go before them. Only complete code systems are taken: of others nobody can say
offline that a code does not exist. The packages are published under CC0-1.0; the same packages give
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

from fhir_kb.packages.codesystems import COMMON, path_of  # noqa: E402 (needs the path above)
from fhir_kb.packages.definitions import FILES  # noqa: E402

FHIR = "http://hl7.org/fhir/"
Resource = dict[str, Any]


def main(folders: list[str]) -> int:
    """Write one file for each core package given, and one for what is common to all."""
    common: dict[str, Resource] = {}
    for folder in sorted(folders):
        package = Path(folder) / "package"
        manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
        systems = _systems(package)
        if manifest["name"].endswith(".core"):
            known = {url: one for url, one in systems.items() if url.startswith(FHIR)}
            _write(FILES[manifest["fhirVersions"][0]], known)
        else:
            common.update(systems)
    if common:
        _write(COMMON, common)
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
    todo = list(reversed(resource["concept"]))
    while todo:
        concept = todo.pop()
        names = [concept.get("display", "")]
        names += [one["value"] for one in concept.get("designation", ()) if "value" in one]
        codes.setdefault(concept["code"], []).extend(dict.fromkeys(filter(None, names)))
        todo.extend(reversed(concept.get("concept", ())))
    line: Resource = {"version": resource.get("version", ""), "codes": codes}
    if not resource.get("caseSensitive", True):
        line["anyCase"] = True
    return line


def _write(name: str, systems: dict[str, Resource]) -> None:
    index: dict[str, list[int]] = {}
    body = b""
    for url, line in sorted(systems.items()):
        member = zlib.compress(_json(line), 9)
        index[url] = [len(body), len(member)]
        body += member
    head = zlib.compress(_json(index), 9)
    target = path_of(name)
    target.write_bytes(len(head).to_bytes(4, "big") + head + body)
    print(f"{target.name}: {len(systems)} code systems, {target.stat().st_size} bytes")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
