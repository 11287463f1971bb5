"""Elements of a profile that demand no more than their type, which is checked anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.profiles.tree import ProfileNode

#: Properties of an ElementDefinition that demand nothing, or are compared separately.
_NOT_COMPARED: Final = frozenset(
    {
        "alias", "base", "binding", "comment", "condition", "constraint", "definition", "example",
        "id", "isModifier", "isModifierReason", "isSummary", "label", "mapping",
        "meaningWhenMissing", "mustSupport", "orderMeaning", "representation", "requirements",
        "short", "code",
    }
)  # fmt: skip


def mark_unconstrained(node: ProfileNode, type_elements: Mapping[str, Mapping[str, Any]]) -> bool:
    """Set `is_unconstrained` on a node and all below it.

    type_elements: the elements of the type's own definition by path.
    """
    children = [mark_unconstrained(child, type_elements) for child in node.children.values()]
    type_element = type_elements.get(str(node.definition.get("path")))
    node.is_unconstrained = (
        all(children)
        and type_element is not None
        and not node.slices
        and not node.slice_name
        and "contentReference" not in node.definition
        and _adds_nothing(node.definition, type_element)
    )
    return node.is_unconstrained


def _adds_nothing(element: Mapping[str, Any], type_element: Mapping[str, Any]) -> bool:
    names = (element.keys() | type_element.keys()) - _NOT_COMPARED
    return (
        all(element.get(name) == type_element.get(name) for name in names)
        and _binding(element) == _binding(type_element)
        and _invariant_keys(element) <= _invariant_keys(type_element)
    )


def _binding(element: Mapping[str, Any]) -> Any:
    binding = element.get("binding")
    if not isinstance(binding, dict):
        return binding
    url = str(binding.get("valueSet")).partition("|")[0]
    return binding.get("strength"), url, binding.get("additional"), binding.get("extension")


def _invariant_keys(element: Mapping[str, Any]) -> set[str]:
    invariants = element.get("constraint")
    if not isinstance(invariants, list):
        return set()
    return {str(invariant.get("key")) for invariant in invariants if isinstance(invariant, dict)}
