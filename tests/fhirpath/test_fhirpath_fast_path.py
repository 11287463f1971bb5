"""Fast paths on plain JSON never differ from the full evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fhir_kb.fhirpath import Element, FHIRPathError, compile_expression
from fhir_kb.fhirpath.evaluation.scope import Environment, Scope
from fhir_kb.fhirpath.types.schema import schema_of
from fhir_kb.packages import definitions

PLAN: dict[str, Any] = {
    "resourceType": "PlanDefinition",
    "id": "p",
    "status": "draft",
    "experimental": True,
    "name": "Plan",
    "_title": {"extension": [{"url": "u"}]},
    "subjectCodeableConcept": {"text": "all"},
    "jurisdiction": [],
    "library": [None, "http://example.org/l"],
    "_library": [{"extension": [{"url": "u"}]}, None],
    "goal": [{"id": "g", "description": {"text": "x"}}],
    "action": [
        {"title": "a", "goalId": ["g"]},
        {"code": {"text": "b"}, "goalId": ["g", "h"], "documentation": [{"type": "citation"}]},
    ],
}


def both_ways(expression: str, value: Any, type_path: str) -> tuple[Any, Any, bool]:
    """The result of the fast path, of the full evaluation, and whether there is a fast path."""
    model = definitions("5.0.0")
    schema = schema_of(model)
    code = compile_expression(expression, model).fragment(type_path)
    element = Element(value, schema.type(type_path))
    try:
        full: Any = code.as_truth()(
            Scope(Environment(schema, [element], [element], [element]), [element])
        )
    except FHIRPathError:
        full = "error"
    fast_test = None if code.fast_path is None else code.fast_path.as_test()
    if fast_test is None:
        return None, full, False
    try:
        return fast_test(value), full, True
    except FHIRPathError:
        return "error", full, True


WITH_FAST_PATH = [
    "name.exists() and status in ('draft' | 'active')",
    "title.exists()",
    "title = 'x'",
    "title.hasValue()",
    "name.hasValue().not()",
    "jurisdiction.empty()",
    "library.count() = 2",
    "library.exists($this = 'http://example.org/l')",
    "subject.exists() and subject.empty().not()",
    "experimental",
    "experimental.not()",
    "experimental = true or experimental = false",
    "experimental != false",
    "name = 'Plan' xor status = 'draft'",
    "status != 'draft' implies name.empty()",
    "name.startsWith('P') and name.matches('^[A-Z]') and name.contains('la')",
    "action.all(title.exists() or code.exists())",
    "action.where(goalId.count() > 1).exists()",
    "action.exists(documentation.where(type = 'citation').exists())",
    "action.select(goalId).count() = 3",
    "action.goalId.isDistinct()",
    "(action.count() + goal.count()) >= 3",
    "action.count() > goal.count()",
    "hasValue() or (children().count() > id.count())",
    "status = {}",
    "nothing.exists()",
    "$this is PlanDefinition",
    "PlanDefinition.status.trace('s') = 'draft'",
    "goal.first().id.exists()",
    "url.empty() = version.empty()",
    "type.coding.where(system = %ucum and code = 'x').empty()",
    "action.title in ('a' | 'b')",
    "status = 'draft' or status > 1",
    "extension.exists() != goal.exists()",
]


@pytest.mark.parametrize("expression", WITH_FAST_PATH)
def test_the_fast_path_gives_what_the_full_evaluation_gives(expression):
    fast, full, _ = both_ways(expression, PLAN, "PlanDefinition")
    assert fast is None or fast == full or fast == "error"
    model = definitions("5.0.0")
    compiled = compile_expression(expression, model)
    try:
        tested: Any = compiled.test(PLAN, type_path="PlanDefinition")
    except FHIRPathError:
        tested = "error"
    assert tested == full


def test_most_of_these_have_a_fast_path():
    without = [one for one in WITH_FAST_PATH if not both_ways(one, PLAN, "PlanDefinition")[2]]
    assert without == ["status = {}", "$this is PlanDefinition", "status = 'draft' or status > 1"]


def _elements(element: Element) -> Iterator[Element]:
    yield element
    for child in element.all_children():
        yield from _elements(child)


def _resources(folder: Any) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.json")):
        if path.stat().st_size < 40_000:
            value = json.loads(path.read_text("utf-8"), parse_float=Decimal)
            if isinstance(value, dict) and "resourceType" in value:
                yield value


@pytest.mark.lab
@pytest.mark.parametrize(("release", "version"), [("r4", "4.0.1"), ("r5", "5.0.0")])
def test_all_invariants_of_fhir_agree_on_hl7s_examples(shared, release, version):
    model = definitions(version)
    schema = schema_of(model)
    compared = 0
    for resource in _resources(shared / "suites/official-examples" / release):
        root = Element(resource, schema.of_value(resource))
        for element in _elements(root):
            if "." in element.type.path or element.type.is_open:
                continue
            for invariant in model.invariants(element.type.path):
                compiled = compile_expression(invariant.expression, model)
                code = compiled.fragment(element.type.path)
                fast_test = None if code.fast_path is None else code.fast_path.as_test()
                if fast_test is None or not isinstance(element.value, dict):
                    continue
                env = Environment(schema, [element], [root], [root])
                try:
                    fast = fast_test(element.value)
                except FHIRPathError:
                    continue
                compared += 1
                full = code.as_truth()(Scope(env, [element]))
                assert fast is full, (invariant.key, element.path)
    assert compared > 500
