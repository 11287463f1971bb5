"""Type specifiers: the type names in `is`, `as` and ofType(), and how these are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.diagnostics import nearest
from fhir_kb.fhirpath.compiler.fragment import Fragment
from fhir_kb.fhirpath.compiler.steps import after
from fhir_kb.fhirpath.errors import FHIRPathError, FHIRPathSemanticError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item, boolean, system_name
from fhir_kb.fhirpath.evaluation.scope import single
from fhir_kb.fhirpath.fast_path.functions import fast_type_test
from fhir_kb.fhirpath.fast_path.json_paths import fast_if_empty
from fhir_kb.fhirpath.syntax import nodes
from fhir_kb.fhirpath.types.schema import SYSTEM_TYPES, FhirType, Schema
from fhir_kb.fhirpath.types.static_types import system
from fhir_kb.model.fhir_release import BY_VERSION

if TYPE_CHECKING:
    from fhir_kb.fhirpath.evaluation.scope import Scope
    from fhir_kb.fhirpath.types.static_types import Types

Matcher: TypeAlias = Callable[[Item], bool]

_GENERAL = frozenset(("Resource", "DomainResource", "Element", "DataType", "Base"))


def type_specifier(node: nodes.Node) -> str | None:
    """The type specifier that an argument such as `FHIR.Patient` is; None where it is none."""
    if isinstance(node, nodes.Member):
        if node.target is None:
            return node.name
        if isinstance(node.target, nodes.Member) and node.target.target is None:
            return f"{node.target.name}.{node.name}"
    return None


def compile_type_operator(
    operator: str,
    specifier: str,
    code: Fragment,
    schema: Schema,
    place: nodes.Place,
    *,
    as_filters: bool,
) -> Fragment:
    """`is`, `as` or ofType(), after a compiled part.

    Args:
        operator: "is", "as" or "ofType".
        specifier: The type as written: "FHIR.Patient", "Patient", "System.String".
        code: The part whose items are tested.
        schema: The types of the FHIR release.
        place: The place of the operator.
        as_filters: Whether `as` filters several items, instead of refusing them.
    """
    try:
        matches = type_matcher(specifier, schema, exact=operator != "is")
    except FHIRPathError as error:
        error.at(place.line, place.column)
        raise

    def is_step(_: Scope, items: list[Item]) -> list[Item]:
        item = single(items, "'is'")
        return EMPTY if item is None else boolean(matches(item))

    def as_step(_: Scope, items: list[Item]) -> list[Item]:
        if operator == "as" and not as_filters:
            single(items, "'as'")
        return [item for item in items if matches(item)]

    if operator == "is":
        fast_path = fast_type_test(
            code.fast_path, lambda fhir_type: matches(Element(None, fhir_type))
        )
        step = after(code, is_step, system("Boolean"), place)
    else:
        fast_path = fast_if_empty(code.fast_path)
        step = after(code, as_step, narrowed(code.types, specifier, schema), place)
    return Fragment(step.run, step.types, None, step.ordered, fast_path)


def type_matcher(specifier: str, schema: Schema, *, exact: bool) -> Matcher:
    """A test whether an item is of the specified type.

    Args:
        specifier: The type as written. An unknown type of the System namespace fits nothing.
        schema: The types of the FHIR release.
        exact: Whether a primitive has to be of just that type, as HL7's tests and tools have it
            for `as` and ofType(): a code is a string, but `gender as string` is empty. For all
            other types, and for `is`, a subtype fits as well.

    Raises:
        FHIRPathSemanticError: There is no such type.
    """
    namespace, _, name = specifier.rpartition(".")
    fhir_name = _fhir_name(specifier, schema)
    is_system = namespace in ("", "System") and name in SYSTEM_TYPES
    if not fhir_name and not is_system and (namespace != "System" or exact):
        raise FHIRPathSemanticError(_unknown_type(specifier, name, schema))

    def matches(item: Item) -> bool:
        if isinstance(item, Element):
            if not fhir_name or fhir_name not in item.type.names:
                return False
            return not exact or not item.type.system or item.type.name == fhir_name
        return is_system and (name == "Any" or system_name(item) == name)

    return matches


def _fhir_name(specifier: str, schema: Schema) -> str:
    """The name of the FHIR type that is specified; "" where it is none.

    Before R5 the case of primitives does not matter: rules of R4 have `as String` for a string.
    """
    namespace, _, name = specifier.rpartition(".")
    if namespace not in ("", "FHIR"):
        return ""
    if schema.knows(name):
        return name
    release = BY_VERSION.get(schema.model.fhir_version)
    if release is None or not release.ignores_case_of_primitive_types:
        return ""
    primitive = name[:1].lower() + name[1:]
    return primitive if primitive in schema.model.primitive_types else ""


def narrowed(types: Types, specifier: str, schema: Schema) -> Types:
    """The types that items of `types` can have once they have passed the specifier."""
    name, fhir_name = specifier.rpartition(".")[2], _fhir_name(specifier, schema)
    passing: set[FhirType | str] = set()
    if fhir_name:
        if types is None:
            passing.add(schema.type(fhir_name))
        else:
            fhir_types = [kind for kind in types if isinstance(kind, FhirType)]
            passing |= {kind for kind in fhir_types if fhir_name in kind.names}
            if any(kind.is_open or kind.name in _GENERAL for kind in fhir_types):
                passing.add(schema.type(fhir_name))
    if (
        name in SYSTEM_TYPES
        and not specifier.startswith("FHIR.")
        and (types is None or name in types)
    ):
        passing.add(name)
    return frozenset(passing)


def _unknown_type(specifier: str, name: str, schema: Schema) -> str:
    model = schema.model
    names = {*model.resource_types, *model.data_types, *model.primitive_types, *SYSTEM_TYPES}
    suggestion = nearest(name, names)
    hint = f"; did you mean '{suggestion}'?" if suggestion else ""
    return f"there is no type '{specifier}'{hint}"
