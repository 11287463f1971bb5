"""Make the tables that say how R5 content is lowered: fhir_kb/releases/{r4b,r4}/table.json.

    python scripts/make_lowering_tables.py --xver r4 XVER_R5_R4.tgz --xver r4b XVER_R5_R4B.tgz \
        --extensions EXTENSIONS_R4_FOLDER --extensions-r5 EXTENSIONS_R5_FOLDER

The elements come from the core definitions that ship with fhir-kb; the extensions, their contexts
and value types from HL7's cross-version packages (hl7.fhir.uv.xver-r5.r4 and …r4b, CC0) and the
extensions pack (hl7.fhir.uv.extensions.r4 and …r5, CC0; unpacked). Only facts are taken over:
URLs, element names, type names.

A table has:
    types       R5 type or inner element -> property -> "=T" (same in the release), "~T" (there, but
                different) or "-T" (not there), T the R5 type, with "*" where it is a list
    plain       data types that are the same all the way down
    targets     reference properties with fewer target types than R5 allows -> those that remain
    codes       properties with a required binding -> the R5 codes that the release does not have
    extensions  property -> [url, value, context]; value is a type name, or property -> [url, value]
                again, or "@path" for the value of another entry; the context is left out where it
                is the element that R5 has the property in
    kinds       the resource types of the release
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, TypeAlias

from lowering_sources import (
    ROOTS,
    Extension,
    Part,
    read_misplaced,
    read_well_known,
    read_xver,
)

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.packages import Definitions, UnknownTypeError, definitions

# Assigners are organizations, which every release has: an identifier needs no second look.
SAFE = {"Identifier.assigner"}

Spec: TypeAlias = str | dict[str, list[Any]]


class Maker:
    """Makes the table of one release."""

    def __init__(
        self,
        name: str,
        xver: tuple[dict[str, Extension], dict[str, frozenset[str]]],
        known: dict[str, Extension],
        misplaced: dict[str, list[str]],
    ) -> None:
        self._r5 = definitions("5.0.0")
        self._older = definitions(BY_NAME[name].version)
        self._xver, self._value_sets = xver
        self._known = known
        self._misplaced = misplaced
        self._extensions: dict[str, list[Any]] = {}
        self._targets: dict[str, list[str]] = {}
        self._codes: dict[str, list[str]] = {}
        self._allowed: dict[str, list[str]] = {}

    def table(self) -> dict[str, Any]:
        """The table as JSON."""
        types = {path: self._properties(path) for path in self._reachable()}
        for kind in sorted(set(ROOTS) - self._older.resource_types):
            whole = self._xver[kind]
            self._extensions[kind] = [whole.url, self._named(kind, whole.content), "Basic"]
        return {
            "fhirVersion": self._older.fhir_version,
            "kinds": sorted(self._older.resource_types),
            "plain": sorted(path for path in types if self._is_plain(path, types, ())),
            "codes": dict(sorted(self._codes.items())),
            "targets": dict(sorted(self._targets.items())),
            "extensions": dict(sorted(self._extensions.items())),
            "allowed": dict(sorted(self._allowed.items())),
            "misplaced": self._misplaced,
            "types": types,
        }

    def _reachable(self) -> list[str]:
        found: dict[str, None] = {}
        todo = [*ROOTS, "Element", "Extension"]
        while todo:
            path = todo.pop(0)
            if path in found or path == "Resource":
                continue
            found[path] = None
            todo += [
                known.type_path
                for name, known in self._r5.properties(path).items()
                if known.element is not None
                and not (path == "Extension" and name.startswith("value"))
                and known.type_path not in self._r5.primitive_types
            ]
        extension = self._r5.properties("Extension").values()
        values = {known.type_path for known in extension} - self._r5.primitive_types
        found.update(dict.fromkeys(sorted(values & self._r5.data_types)))
        return sorted(found)

    def _properties(self, path: str) -> dict[str, str]:
        older = _properties(self._older, path)
        made = {}
        for name, known in self._r5.properties(path).items():
            if known.element is None or name.startswith("_"):
                continue
            there = older.get(name)
            mark = "-" if there is None else self._mark(known, there)
            made[name] = mark + known.type_path + ("*" if known.is_array else "")
            key = f"{path}.{name}"
            if there is not None:
                self._note_narrower(key, known, there)
            if mark != "=" or key in self._codes or key in self._targets:
                self._note_extension(path, name)
        return made

    @staticmethod
    def _mark(known: Any, there: Any) -> str:
        text = {"markdown", "string"}
        terminal_safe = {("id", "string"), ("SimpleQuantity", "Quantity")}
        same_type = (
            known.type_path == there.type_path
            or {known.type_path, there.type_path} == text
            or (known.type_path, there.type_path) in terminal_safe
        )
        return "=" if same_type and known.is_array == there.is_array else "~"

    def _note_narrower(self, path: str, known: Any, there: Any) -> None:
        allowed = {t for ref in there.element.types if ref.code == "Reference" for t in ref.targets}
        r5 = {t for ref in known.element.types if ref.code == "Reference" for t in ref.targets}
        if known.type_path == "Reference" and allowed - {"Resource"} and (not r5 or r5 - allowed):
            self._targets[path] = sorted(allowed)
        new, old = known.element.binding, there.element.binding
        if known.type_path == "code" and old is not None and old.strength == "required" and new:
            r5_codes = self._r5.codes(new.value_set) or frozenset()
            gone = r5_codes - (self._older.codes(old.value_set) or r5_codes)
            if gone:
                self._codes[path] = sorted(gone)

    def _note_extension(self, path: str, name: str) -> None:
        element = self._r5.properties(path)[name].element
        assert element is not None
        key = f"{path}.{element.name}"
        extension = self._known.get(key) or self._xver.get(key)
        if extension is None or not extension.is_sound:
            return
        value = self._value(path, name, extension.content)
        if value is not None:
            here = {path, "Resource", "Element"} & set(extension.contexts)
            elsewhere = [] if here else extension.contexts[:1]
            self._extensions[f"{path}.{name}"] = [extension.url, value, *elsewhere]

    def _value(self, path: str, name: str, content: Part) -> Spec | None:
        """What the extension for a property holds; None where it cannot hold the property."""
        type_path = self._r5.properties(path)[name].type_path
        if content.parts.keys() - {"_datatype"}:
            return self._named(type_path, content)
        if "_datatype" in content.parts and "." in type_path:
            return f"@{type_path}"
        code = {"SimpleQuantity": "Quantity", "integer64": "string"}.get(type_path, type_path)
        if code not in content.types or "." in code:
            return None
        allowed = self._value_sets.get(content.value_set)
        if allowed and not (self._r5_codes(path, name) or allowed) <= allowed:
            self._allowed[f"{path}.{name}"] = sorted(allowed)
        return code

    def _r5_codes(self, path: str, name: str) -> frozenset[str] | None:
        element = self._r5.properties(path)[name].element
        binding = element.binding if element is not None else None
        return self._r5.codes(binding.value_set) if binding is not None else None

    def _named(self, type_path: str, content: Part) -> dict[str, list[Any]]:
        made = {}
        for name, known in self._r5.properties(type_path).items():
            if known.element is None or name.startswith("_"):
                continue
            element = known.element
            part = f"{element.name}[x]" if element.choice else element.name
            if part in content.parts:
                value = self._value(type_path, name, content.parts[part])
                if value is not None:
                    made[name] = [part, value]
        return made

    def _is_plain(
        self, path: str, types: dict[str, dict[str, str]], above: tuple[str, ...]
    ) -> bool:
        if path in above:
            return True
        if path == "Reference" or "." in path or path not in self._r5.data_types | {"Element"}:
            return path not in types and path in self._r5.primitive_types
        return self._inside_is_plain(path, types, above)

    def _inside_is_plain(
        self, path: str, types: dict[str, dict[str, str]], above: tuple[str, ...]
    ) -> bool:
        for name, entry in types[path].items():
            key, inner = f"{path}.{name}", entry[1:].rstrip("*")
            if key in SAFE or inner in ("Extension", "Resource"):
                continue
            if entry[0] != "=" or key in self._codes or key in self._targets:
                return False
            if inner in types:
                whole = self._inside_is_plain if "." in inner else self._is_plain
                if inner not in above and not whole(inner, types, (*above, path)):
                    return False
        return True


def _properties(known: Definitions, path: str) -> Any:
    try:
        return known.properties(path)
    except UnknownTypeError:
        return {}


def main() -> None:
    """Read the packages named on the command line and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--xver", nargs=2, action="append", required=True, metavar=("R", "TGZ"))
    parser.add_argument("--extensions", type=Path, required=True, help="for R4, unpacked")
    parser.add_argument("--extensions-r5", type=Path, required=True, help="for R5, unpacked")
    options = parser.parse_args()
    known = read_well_known(options.extensions)
    misplaced = read_misplaced(options.extensions, options.extensions_r5)
    releases = Path(__file__).parents[1] / "fhir_kb" / "releases"
    for name, package in options.xver:
        table = Maker(name, read_xver(Path(package)), known, misplaced).table()
        target = releases / name / "table.json"
        text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
        # one line an entry, so that a difference can be read
        text = text.replace('},"', '},\n"').replace('],"', '],\n"')
        target.write_text(text + "\n", encoding="utf-8")
        sizes = {key: len(value) for key, value in table.items()}
        print(f"{target.name} of {name}: {sizes}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
