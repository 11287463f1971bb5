"""Our validator beside others for Python, on the same files, warm, one core.

python benchmarks/validate_others.py [--others PYTHON] [--schema FILE] [--shared DIR]

fhir.resources and jsonschema are measured by the Python that runs this. --others: a Python that has
fhirpathpy and fhirkit-rs. --schema: fhir.schema.json of FHIR R5 (hl7.fhir.r5.core, openapi/). What
is not given is left out. Prints microseconds for one resource, the best of the runs.

They do not check the same. fhir.resources and the JSON Schema know structure and no invariant;
fhirkit-rs (R4 only) structure and codes; fhirpathpy evaluates what the type itself states, 2 to 9
invariants, and does nothing else. Ours checks all of that, the invariants of all types inside,
profiles and extensions.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TYPES = ("PlanDefinition", "ActivityDefinition", "Evidence", "ValueSet")
MOST = 20
#: How long each tool is measured for a type, at least one run.
SECONDS = 2.0

Check = Callable[[str, Any], object]


def ours(version: str) -> Check:
    from fhir_kb.validate import Validator

    validator = Validator(version)
    return lambda _name, resource: validator.check(resource)


def fhir_resources() -> Check:
    from fhir.resources import get_fhir_model_class

    return lambda name, resource: get_fhir_model_class(name).model_validate(resource)


def json_schema(path: Path) -> Check:
    from jsonschema import Draft6Validator

    schema = json.loads(path.read_text("utf-8"))
    definitions = schema["definitions"]
    made: dict[str, Any] = {}

    def check(name: str, resource: Any) -> object:
        if name not in made:
            of_type = {"$ref": f"#/definitions/{name}", "definitions": definitions}
            made[name] = Draft6Validator(of_type)
        return list(made[name].iter_errors(resource))

    return check


def fhirkit_rs() -> Check:
    import fhirkit

    return lambda _name, resource: fhirkit.validate(resource)


def fhirpathpy(invariants: dict[str, list[str]]) -> Check:
    import fhirpathpy as engine
    from fhirpathpy.models import models

    made: dict[str, list[Any]] = {}

    def check(name: str, resource: Any) -> object:
        if name not in made:
            made[name] = [engine.compile(one, models["r5"]) for one in invariants.get(name, ())]
        return [_answer(one, resource) for one in made[name]]

    return check


def _answer(compiled: Any, resource: Any) -> Any:
    try:
        return compiled(resource)
    except Exception:  # noqa: BLE001  what it cannot evaluate still took its time
        return None


def _invariants() -> dict[str, list[str]]:
    """The invariants of the types, each for all places that it is for."""
    from fhir_kb.packages import definitions

    found: dict[str, list[str]] = {}
    known = definitions("5.0.0")
    for name in TYPES:
        stated = [(name, one.expression) for one in known.type(name).invariants]
        for path, element in known.type(name).by_path.items():
            plain = path.replace("[x]", "")
            stated += [(plain, one.expression) for one in element.invariants if "." in path]
        found[name] = [f"{path}.all({expression})" for path, expression in stated]
    return found


def measured(check: Check, files: dict[str, list[Any]]) -> dict[str, float]:
    """Microseconds for one resource of each type."""
    found: dict[str, float] = {}
    for name, resources in files.items():
        best, end = float("inf"), time.perf_counter() + SECONDS
        while best == float("inf") or time.perf_counter() < end:
            start = time.perf_counter()
            for one in resources:
                with contextlib.suppress(ValueError):  # a verdict, for those that raise theirs
                    check(name, one)
            best = min(best, (time.perf_counter() - start) / len(resources) * 1e6)
        found[name] = best
    return found


def _read(examples: Path, release: str) -> dict[str, list[Any]]:
    files = {name: sorted((examples / release).glob(f"{name}-*.json"))[:MOST] for name in TYPES}
    return {
        name: [json.loads(path.read_text("utf-8")) for path in paths]
        for name, paths in files.items()
        if paths
    }


def main() -> int:
    """Print a table."""
    asked = argparse.ArgumentParser(description="Our validator beside others.")
    asked.add_argument("--others", type=Path)
    asked.add_argument("--schema", type=Path)
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    asked.add_argument("--alone", help=argparse.SUPPRESS)
    given = asked.parse_args()
    examples = given.shared / "suites" / "official-examples"
    if given.alone:
        told = json.load(sys.stdin)
        check = fhirkit_rs() if given.alone == "fhirkit-rs" else fhirpathpy(told["invariants"])
        print(json.dumps(measured(check, told["files"])))
        return 0
    if not examples.is_dir():
        print(f"no official examples in {examples}", file=sys.stderr)
        return 2
    r4, r5 = _read(examples, "r4"), _read(examples, "r5")
    _row("", dict.fromkeys(r5, 0.0), {}, heads=True)
    base5, base4 = measured(ours("5.0.0"), r5), measured(ours("4.0.1"), r4)
    _row("fhir-kb, R5", base5, {})
    _row("fhir.resources, R5", measured(fhir_resources(), r5), base5)
    if given.schema:
        _row("JSON Schema (jsonschema), R5", measured(json_schema(given.schema), r5), base5)
    if given.others:
        invariants = _invariants()
        apart = _apart(given.others, "fhirpathpy", {"files": r5, "invariants": invariants})
        _row("fhirpathpy, invariants, R5", apart, base5)
    _row("fhir-kb, R4", base4, {})
    if given.others:
        _row("fhirkit-rs, R4", _apart(given.others, "fhirkit-rs", {"files": r4}), base4)
    return 0


def _apart(python: Path, tool: str, told: dict[str, Any]) -> dict[str, float]:
    """What another Python measures of a tool that it has."""
    done = subprocess.run(
        [python.absolute(), __file__, "--alone", tool],
        input=json.dumps(told), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _row(
    label: str, figures: dict[str, float], base: dict[str, float], *, heads: bool = False
) -> None:
    def cell(name: str) -> str:
        if heads:
            return name
        if name not in figures:
            return "-"
        ratio = f" ({figures[name] / base[name]:.1f}x)" if name in base else ""
        return f"{figures[name]:,.0f}{ratio}"

    print(f"{label:30}" + "".join(f"{cell(name):>20}" for name in TYPES), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
