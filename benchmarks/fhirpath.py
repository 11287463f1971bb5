"""How long FHIRPath takes: parse, compile, typical invariants, and HL7's own suite of expressions.

python benchmarks/fhirpath.py            prints a table; times are the best of several runs
"""

from __future__ import annotations

import sys
import timeit
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath import compile_expression, parse
from fhir_kb.packages import definitions

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = definitions("5.0.0")

PLAN: dict[str, Any] = {
    "resourceType": "PlanDefinition",
    "id": "dry-needling",
    "url": "http://example.org/PlanDefinition/dry-needling",
    "name": "DryNeedling",
    "status": "draft",
    "title": "Dry needling",
    "goal": [{"id": "motion", "description": {"text": "Full range of motion"}}],
    "action": [
        {
            "linkId": f"step-{number}",
            "title": f"Step {number}",
            "goalId": ["motion"],
            "relatedAction": [{"targetId": f"step-{number - 1}", "relationship": "after"}]
            if number
            else [],
            "dynamicValue": [{"path": "status", "expression": {"language": "text/fhirpath"}}],
        }
        for number in range(10)
    ],
    "relatedArtifact": [{"type": "citation", "label": "1", "resource": "http://example.org/c|1"}],
}
QUANTITY: dict[str, Any] = {
    "value": Decimal("5.4"),
    "code": "mg",
    "system": "http://unitsofmeasure.org",
}
PERIOD = {"start": "2024-05-01T10:00:00+02:00", "end": "2024-06"}

INVARIANTS: tuple[tuple[str, str, Any], ...] = (
    ("PlanDefinition", "name.exists() and status in ('draft'|'active')", PLAN),
    ("PlanDefinition", "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){1,254}$')", PLAN),
    ("PlanDefinition", "contained.contained.empty()", PLAN),
    ("PlanDefinition", "action.all(title.exists() or code.exists())", PLAN),
    ("PlanDefinition", "action.where(relatedAction.targetId = 'step-3').exists()", PLAN),
    (
        "PlanDefinition",
        "%context.repeat(action).where((goalId in %context.goal.id).not()).exists().not()",
        PLAN,
    ),
    ("PlanDefinition.action", "hasValue() or (children().count() > id.count())", PLAN["action"][1]),
    ("Quantity", "code.empty() or system.exists()", QUANTITY),
    ("Quantity", "value > 5 'g' or value.toString().length() < 4", QUANTITY),
    (
        "Period",
        (
            "start.hasValue().not() or end.hasValue().not()"
            " or (start.lowBoundary() <= end.highBoundary())"
        ),
        PERIOD,
    ),
)


def best(run: Callable[[], object]) -> float:
    """Microseconds of one run, the best of five series."""
    timer = timeit.Timer(run)
    number, _ = timer.autorange()
    return min(timer.repeat(5, max(number // 5, 1))) / max(number // 5, 1) * 1e6


def main() -> int:
    """Print the table."""
    expression = INVARIANTS[0][1]
    print(f"{'µs':>8}  what")
    print(f"{best(lambda: parse.__wrapped__(expression)):8.1f}  parse {expression}")
    fresh = compile_expression.__wrapped__
    took = best(lambda: fresh(expression, MODEL).fragment("PlanDefinition"))
    print(f"{took:8.1f}  compile the same")
    for type_path, invariant, node in INVARIANTS:
        test = compile_expression(invariant, MODEL).test
        took = best(lambda test=test, node=node, path=type_path: test(node, type_path=path))
        print(f"{took:8.2f}  test {type_path}: {invariant}")
    for path in ("action.title", "action.relatedAction.where(relationship = 'after').targetId"):
        call = compile_expression(path, MODEL)
        print(f"{best(lambda call=call: call(PLAN)):8.2f}  evaluate {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
