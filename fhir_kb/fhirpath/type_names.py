"""Type specifiers: what stands after `is`, `as` and in ofType()."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.diagnostics import nearest
from fhir_kb.fhirpath import nodes
from fhir_kb.fhirpath.errors import FHIRPathSemanticError
from fhir_kb.fhirpath.items import Element, Item, system_name
from fhir_kb.fhirpath.model import SYSTEM_TYPES, FhirType, Schema

if TYPE_CHECKING:
    from fhir_kb.fhirpath.typing_rules import Types

Matcher: TypeAlias = Callable[[Item], bool]


def written_type(node: nodes.Node) -> str | None:
    """The name that an argument such as `FHIR.Patient` is; None where it is no name."""
    if isinstance(node, nodes.Member):
        if node.target is None:
            return node.name
        if isinstance(node.target, nodes.Member) and node.target.target is None:
            return f"{node.target.name}.{node.name}"
    return None


def type_matcher(written: str, schema: Schema, *, exact: bool) -> Matcher:
    """A test whether an item is of the type that is written.

    exact: a primitive has to be of just that type, as HL7's tests and tools have it for `as` and
    ofType(): a code is a string, but `gender as string` is empty. For all other types, and for
    `is`, a subtype fits as well. An unknown System type fits nothing; other unknown names raise
    FHIRPathSemanticError.
    """
    namespace, _, name = written.rpartition(".")
    fhir = _fhir_name(written, schema)
    system = namespace in ("", "System") and name in SYSTEM_TYPES
    if not fhir and not system and (namespace != "System" or exact):
        raise FHIRPathSemanticError(_unknown(written, name, schema))

    def matches(item: Item) -> bool:
        if isinstance(item, Element):
            if not fhir or fhir not in item.type.names:
                return False
            return not exact or not item.type.system or item.type.name == fhir
        return system and (name == "Any" or system_name(item) == name)

    return matches


def _fhir_name(written: str, schema: Schema) -> str:
    """The FHIR type that is meant; "" where none is.

    Before R5 the case of primitives was not minded: rules of R4 say `as String` for a string.
    """
    namespace, _, name = written.rpartition(".")
    if namespace not in ("", "FHIR"):
        return ""
    if schema.knows(name):
        return name
    plain = name[:1].lower() + name[1:]
    is_lenient = schema.model.fhir_version in _CASELESS and plain in schema.model.primitive_types
    return plain if is_lenient else ""


def narrowed(types: Types, written: str, schema: Schema) -> Types:
    """The types left of `types` where only `written` passes."""
    name, fhir = written.rpartition(".")[2], _fhir_name(written, schema)
    found: set[FhirType | str] = set()
    if fhir:
        if types is None:
            found.add(schema.type(fhir))
        else:
            found |= {one for one in types if isinstance(one, FhirType) and fhir in one.names}
            if any(
                isinstance(one, FhirType) and (one.is_open or one.name in _GENERAL) for one in types
            ):
                found.add(schema.type(fhir))
    if (
        name in SYSTEM_TYPES
        and not written.startswith("FHIR.")
        and (types is None or name in types)
    ):
        found.add(name)
    return frozenset(found)


_CASELESS = frozenset(("4.0.1", "4.3.0"))
_GENERAL = frozenset(("Resource", "DomainResource", "Element", "DataType", "Base"))


def _unknown(written: str, name: str, schema: Schema) -> str:
    model = schema.model
    known = {*model.resource_types, *model.data_types, *model.primitive_types, *SYSTEM_TYPES}
    hint = nearest(name, known)
    return f"there is no type '{written}'" + (f"; did you mean '{hint}'?" if hint else "")
