"""The bindings of a profile that are not those of the type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import PROFILE_CODE, PROFILE_CODE_OTHER, PROFILE_NOT_CHECKED
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.profiles.places import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.fhirpath import Element
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node, Sure

_MAX_VALUE_SET: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_OWN: Final = ("bindings", "")
_CODED: Final = frozenset(
    {"code", "string", "uri", "Coding", "CodeableConcept", "CodeableReference", "Quantity"}
)


def check_binding(run: Run, node: Node, element: Element) -> list[Finding]:
    """Whether a coded value is in the value sets that the profile binds to it."""
    binding = node.definition.get("binding")
    if not isinstance(binding, dict) or _CODED.isdisjoint(element.type.names):
        return []
    found: list[Finding] = []
    for value_set, is_required in _own(run.known.definitions, node):
        found += _check(run, node, element, value_set, is_required=is_required)
    return found


def is_surely_bound(known: KnownProfiles, node: Node, kind: FhirType) -> Sure | None:
    """What tells of a value (its JSON) that its binding has nothing against it; None: no need to.

    kind: the type of the values. See certain.py.
    """
    binding = node.definition.get("binding")
    if not isinstance(binding, dict) or _CODED.isdisjoint(kind.names):
        return None
    own = _own(known.definitions, node)
    if not own:
        return None

    def holds(coded: Any, _room: int) -> bool:
        if isinstance(coded, dict) and _says_nothing(kind, coded):
            return True
        for value_set, is_required in own:
            answer = known.codes.member_of(coded, kind.name, value_set)
            if answer is False or (answer is None and is_required):
                return False
        return True

    return holds


def bound_value_sets(node: Node) -> list[str]:
    """The value sets that a code has to be in."""
    binding = node.definition.get("binding")
    return (
        [url for url, required in _bound(binding) if required] if isinstance(binding, dict) else []
    )


def _listed(owner: dict[str, Any], name: str) -> list[Any]:
    found = owner.get(name)
    return found if isinstance(found, list) else []


def _bound(binding: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Value sets, and whether a code has to be in them."""
    strength, value_set = binding.get("strength"), binding.get("valueSet")
    if isinstance(value_set, str) and strength in ("required", "extensible"):
        yield value_set, strength == "required"
    for one in _listed(binding, "extension"):
        if isinstance(one, dict) and one.get("url") == _MAX_VALUE_SET:
            url = one.get("valueCanonical") or one.get("valueUri")
            if isinstance(url, str):
                yield url, True
    for one in _listed(binding, "additional"):
        if not isinstance(one, dict) or one.get("purpose") not in ("required", "maximum"):
            continue
        if isinstance(url := one.get("valueSet"), str) and not one.get("usage"):
            yield url, True


def _own(definitions: Definitions, node: Node) -> list[tuple[str, bool]]:
    """The value sets that the type itself does not bind, and whether a code has to be in them."""
    found: list[tuple[str, bool]] | None = node.kept.get(_OWN)
    if found is None:
        found = node.kept[_OWN] = [
            (url, is_required)
            for url, is_required in _bound(node.definition["binding"])
            if not _is_of_type(definitions, node, url, is_required=is_required)
        ]
    return found


def _is_of_type(definitions: Definitions, node: Node, value_set: str, *, is_required: bool) -> bool:
    """Whether the type itself has the binding, which is checked anyway."""
    path = str(node.definition.get("path", "")).removesuffix("[x]")
    known = definitions.element(path) if path.partition(".")[0] in definitions else None
    if known is None or known.binding is None:
        return False
    url, own = value_set.partition("|")[0], known.binding
    if own.max_value_set.partition("|")[0] == url:
        return True
    strengths = ("required",) if is_required else ("required", "extensible")
    return own.value_set.partition("|")[0] == url and own.strength in strengths


def _check(
    run: Run, node: Node, element: Element, value_set: str, *, is_required: bool
) -> list[Finding]:
    coded = element.value
    if coded is None or (isinstance(coded, dict) and _says_nothing(element.type, coded)):
        return []
    answer = run.known.codes.member_of(coded, element.type.name, value_set)
    if answer:
        return []
    if answer is None:
        message = f"whether {_said(coded)} is in {value_set} cannot be known offline"
        return at(element, PROFILE_NOT_CHECKED, message) if is_required else []
    # HL7's engine takes a required binding of a unit as a recommendation, and so do we.
    is_unit = "Quantity" in element.type.names
    kind = PROFILE_CODE if is_required and not is_unit else PROFILE_CODE_OTHER
    return at(
        element, kind, f"{_said(coded)} is not in {value_set}, to which {node.tree.name} binds it"
    )


def _says_nothing(kind: FhirType, coded: dict[str, Any]) -> bool:
    """Whether there is no code that could be looked at, and none is asked for."""
    if "CodeableReference" in kind.names:
        return "concept" not in coded
    return "Quantity" in kind.names and "code" not in coded


def _said(coded: Any) -> str:
    if isinstance(coded, str):
        return quoted(coded)
    concept = coded.get("concept", coded) if isinstance(coded, dict) else {}
    codings = concept.get("coding", [concept]) if isinstance(concept, dict) else []
    said = [
        f"{one.get('system', '')}#{one['code']}"
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict) and "code" in one
    ]
    return f"'{', '.join(said)}'" if said else "what has no code"
