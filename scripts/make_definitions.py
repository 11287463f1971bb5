"""Make the core definitions in fhir_kb/packages/core from the official FHIR packages.

    python scripts/make_definitions.py PACKAGE_DIR...

Each PACKAGE_DIR is an unpacked package (with its `package` folder): the core package of every
release to make, and packages of further code systems (hl7.terminology), each used for the
releases named in its package.json (those for R4 serve R4B too). The official packages are published
under CC0-1.0. The same packages give the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fhir_kb.packages.core.definitions import CORE, supported_release  # noqa: E402 (needs the path above)
from fhir_kb.packages.core.expansion import Expander  # noqa: E402

FHIR = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = FHIR + "structuredefinition-fhir-type"
REGEX = FHIR + "regex"
MAX_VALUE_SET = FHIR + "elementdefinition-maxValueSet"
BEST_PRACTICE = FHIR + "elementdefinition-bestpractice"
SYSTEM = "http://hl7.org/fhirpath/System."
#: Data type profiles that core elements refer to.
PROFILES = ("SimpleQuantity", "MoneyQuantity")
#: Types that the packages give in different ways, here as the text of the specification has them.
ERRATA_TYPES = {"Resource.id": "id", "Element.id": "string"}
#: Errors in the packages, and what is meant. R5's pattern for decimals has a brace too many, which
#: forbids every exponent; the HL7 validator mends it in this way.
ERRATA = {
    r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,9}})?": (
        r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE](0|[+\-]?[1-9][0-9]{0,9}))?"
    )
}
#: Invariants that cannot mean what they say, and how later releases say it.
ERRATA_EXPRESSIONS = {
    # adf-0, pdf-0, … (R4): broken wherever there is no name
    "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')": (
        "name.exists() implies name.matches('[A-Z]([A-Za-z0-9_]){0,254}')"
    ),
    # bdl-8 (R4): broken wherever there is no fullUrl
    "fullUrl.contains('/_history/').not()": (
        "fullUrl.exists() implies fullUrl.contains('/_history/').not()"
    ),
    # con-3 (R4): compares a CodeableConcept with a string
    "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/"
    "CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or "
    "category.select($this='problem-list-item').empty()": (
        "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7"
        ".org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or "
        "category.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-category' "
        "and code='problem-list-item').empty()"
    ),
    # que-12 (R4): says "more than one", counts more than two
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() > 1 implies enableBehavior.exists()"
    ),
    # que-7 (R4): FHIRPath's own type instead of FHIR's
    "operator = 'exists' implies (answer is Boolean)": (
        "operator = 'exists' implies (answer is boolean)"
    ),
    # ras-2 (R4): broken wherever there is no probability
    "probability is decimal implies (probability as decimal) <= 100": (
        "probability.empty() or "
        "((probability is decimal) implies ((probability as decimal) <= 100))"
    ),
    # tim-9 (R4, R4B): `in` with several values on its left has no result
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": (
        "offset.empty() or (when.exists() and "
        "when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())"
    ),
    # opd-3 (R4, R4B): a parameter may be a resource with a profile
    "targetProfile.exists() implies (type = 'Reference' or type = 'canonical')": (
        "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or "
        "type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))"
    ),
}

Resource = dict[str, Any]


def main(folders: list[str]) -> int:
    """Write one file for each core package given."""
    packages = [_Package(Path(folder)) for folder in folders]
    for core in packages:
        if core.is_core:
            others = [p for p in packages if not p.is_core and core.majors & p.majors]
            _write(core, others)
    return 0 if packages else 2


class _Package:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "package"
        manifest = json.loads((self.folder / "package.json").read_text(encoding="utf-8"))
        self.versions: list[str] = manifest["fhirVersions"]
        self.majors = {version.partition(".")[0] for version in self.versions}
        self.is_core = manifest["name"].endswith(".core")

    def read(self, kind: str) -> list[Resource]:
        paths = sorted(self.folder.glob(f"{kind}-*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _write(core: _Package, others: list[_Package]) -> None:
    version = core.versions[0]
    types = _types(core)
    by_name = {one["type"] if one["name"] not in PROFILES else one["name"]: one for one in types}
    lines = [_type_line(name, one, by_name) for name, one in sorted(by_name.items())]
    value_sets = _value_set_lines(lines, core, others)
    header = {
        "fhirVersion": version,
        "types": [
            [line["name"], line["kind"], line.get("base", ""), line.get("abstract", False)]
            for line in lines
        ],
        "valueSets": [line["url"] for line in value_sets],
    }
    content = b"".join(_json(line) + b"\n" for line in (header, *lines, *value_sets))
    target = CORE / f"{supported_release(version).name}.ndjson.gz"
    target.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    print(f"{target.name}: {len(lines)} types, {len(value_sets)} value sets, {len(content)} bytes")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _types(core: _Package) -> list[Resource]:
    return [
        one
        for one in core.read("StructureDefinition")
        if one["url"].startswith(FHIR)
        and one["kind"] != "logical"
        and (one.get("derivation") != "constraint" or one["name"] in PROFILES)
    ]


def _type_line(name: str, definition: Resource, types: dict[str, Resource]) -> Resource:
    is_profile = definition.get("derivation") == "constraint"
    root, *elements = definition["snapshot"]["element"]
    line: Resource = {
        "name": name,
        "kind": "profile" if is_profile else definition["kind"],
        "base": definition.get("baseDefinition", "").removeprefix(FHIR),
    }
    if definition.get("abstract"):
        line["abstract"] = True
    inherited = _inherited_keys(line["base"], types)
    line["invariants"] = _invariants(root, inherited)
    old = definition["type"]
    line["elements"] = [
        _element(element, name + element["path"][len(old) :], types) for element in elements
    ]
    return line


def _inherited_keys(base: str, types: dict[str, Resource]) -> set[str]:
    keys: set[str] = set()
    while base in types:
        keys.update(c["key"] for c in types[base]["snapshot"]["element"][0].get("constraint", ()))
        base = types[base].get("baseDefinition", "").removeprefix(FHIR)
    return keys


def _element(element: Resource, path: str, types: dict[str, Resource]) -> Resource:
    relative = path.partition(".")[2]
    made: Resource = {"path": relative.removesuffix("[x]")}
    if element["min"]:
        made["min"] = element["min"]
    if element["max"] != "1":
        made["max"] = "*" if element["max"] == "*" else int(element["max"])
    if element.get("base", {}).get("max", element["max"]) not in ("0", "1"):
        made["array"] = True
    if relative.endswith("[x]"):
        made["choice"] = True
    if "contentReference" in element:
        made["content"] = element["contentReference"].partition("#")[2]
    else:
        made["types"] = [_type_ref(one, element) for one in element.get("type", ())]
    made.update(_rules(element, types))
    if "xmlAttr" in element.get("representation", ()):
        made["attribute"] = True
    for key, name in (("isModifier", "modifier"), ("isSummary", "summary")):
        if element.get(key):
            made[name] = True
    return made


def _rules(element: Resource, types: dict[str, Resource]) -> Resource:
    """The binding, values and invariants of an element."""
    made: Resource = {}
    if binding := _binding(element):
        made["binding"] = binding
    for key, value in element.items():
        for prefix in ("fixed", "pattern"):
            if key.startswith(prefix) and key[len(prefix) :][:1].isupper():
                made[prefix] = value
    for one in element.get("type", ()):
        if regex := _extension(one, REGEX):
            made["regex"] = ERRATA.get(regex, regex)
    known = {"ele-1"}
    for one in element.get("type", ()):
        known |= _inherited_keys(one["code"], types)
    if invariants := _invariants(element, known):
        made["invariants"] = invariants
    return made


def _type_ref(one: Resource, element: Resource) -> str | Resource:
    code = one["code"]
    if code.startswith(SYSTEM):
        code = ERRATA_TYPES.get(element["base"]["path"]) or _extension(one, FHIR_TYPE) or "string"
    made: Resource = {"code": code}
    if profiles := [url.removeprefix(FHIR) for url in one.get("profile", ())]:
        made["profiles"] = profiles
    targets = [url.removeprefix(FHIR) for url in one.get("targetProfile", ())]
    if targets and "Resource" not in targets:
        made["targets"] = targets
    return made if len(made) > 1 else code


def _binding(element: Resource) -> list[str] | None:
    binding = element.get("binding")
    if not binding:
        return None
    highest = (_extension(binding, MAX_VALUE_SET) or "").partition("|")[0]
    url = binding.get("valueSet", "").partition("|")[0]
    if not url or (binding["strength"] == "example" and not highest):
        return None
    return [binding["strength"], url, *([highest] if highest else [])]


def _invariants(element: Resource, known: set[str]) -> list[list[Any]]:
    return [
        [one["key"], one["severity"], _mended(one["expression"]), one["human"]]
        + ([True] if _extension(one, BEST_PRACTICE) else [])
        for one in element.get("constraint", ())
        if one["key"] not in known and "expression" in one
    ]


def _mended(expression: str) -> str:
    return ERRATA_EXPRESSIONS.get(expression, expression)


def _extension(item: Resource, url: str) -> Any:
    for one in item.get("extension", ()):
        if one["url"] == url:
            return next(value for key, value in one.items() if key.startswith("value"))
    return None


def _value_set_lines(
    types: list[Resource], core: _Package, others: list[_Package]
) -> list[Resource]:
    needed = set()
    for line in types:
        for element in line["elements"]:
            strength, url, *highest = element.get("binding") or ("", "")
            needed.update(highest)
            if strength == "required":
                needed.add(url)
    packages = (core, *others)
    resources = [r for p in packages for kind in ("CodeSystem", "ValueSet") for r in p.read(kind)]
    expander = Expander(resources)
    lines = []
    for url in sorted(needed):
        expansion = expander.expand(url)
        if expansion is None:
            print(f"  not in the packages: {url}", file=sys.stderr)
            continue
        systems = {s: sorted(codes) for s, codes in sorted(expansion.systems.items())}
        line: Resource = {"url": url, "systems": systems}
        if expansion.checkers:
            line["checkers"] = dict(sorted(expansion.checkers.items()))
        lines.append(line)
    return lines


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
