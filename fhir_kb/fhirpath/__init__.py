"""FHIRPath 2.0 and 3.0 with FHIR's additions: parsed once, compiled to closures, cached.

parse("name.exists()")                                  the syntax tree, or FHIRPathSyntaxError
compile_expression("name.exists()", definitions("5.0.0"))(patient)          the items
compile_expression(…).test(node, type_path="Patient.contact")               an invariant's truth
check("nmae.exists()", definitions("5.0.0"), "Patient")                     what is wrong, or None
"""

from fhir_kb.fhirpath.engine import Compiled, Evaluation, boolean_of, check, compile_expression
from fhir_kb.fhirpath.errors import (
    FHIRPathError,
    FHIRPathExecutionError,
    FHIRPathLimitError,
    FHIRPathSemanticError,
    FHIRPathSyntaxError,
)
from fhir_kb.fhirpath.evaluation.items import Element, Item
from fhir_kb.fhirpath.evaluation.services import Profiles, Services, Terminology
from fhir_kb.fhirpath.syntax.nodes import Expression
from fhir_kb.fhirpath.syntax.parser import parse
from fhir_kb.fhirpath.types.model import Model

__all__ = [
    "Compiled",
    "Element",
    "Evaluation",
    "Expression",
    "FHIRPathError",
    "FHIRPathExecutionError",
    "FHIRPathLimitError",
    "FHIRPathSemanticError",
    "FHIRPathSyntaxError",
    "Item",
    "Model",
    "Profiles",
    "Services",
    "Terminology",
    "boolean_of",
    "check",
    "compile_expression",
    "parse",
]
