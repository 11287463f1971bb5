"""Merging the JSON of elements: a differential's into its base's, a profile's into its type's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import codes_of, value_properties

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.elements import ElementJson

#: Lists that a differential adds to, where it otherwise replaces.
_ADDED: Final = ("constraint", "condition", "mapping", "alias", "example", "code")
#: Texts that are appended to the base's where they begin with "...".
_TEXTS: Final = ("short", "definition", "comment", "requirements", "label")
_PLACE: Final = ("id", "path", "base")


def merged(base: ElementJson, change: ElementJson) -> ElementJson:
    """The base with the change of a differential; neither is changed."""
    element = {**base}
    for name in value_properties(change, ("fixed", "pattern")):
        # A fixed value replaces a pattern, and a value of another type.
        for replaced in value_properties(base, ("fixed", "pattern")):
            if replaced != name:
                element.pop(replaced, None)
    for key, value in change.items():
        if key in _PLACE:
            continue
        if key == "binding" and isinstance(value, dict) and isinstance(base.get(key), dict):
            element[key] = {**base[key], **value}
        elif key == "extension" and isinstance(value, list):
            element[key] = _joined(base.get(key), value, "url")
        elif key in _ADDED and isinstance(value, list):
            element[key] = _joined(base.get(key), value, "key" if key == "constraint" else "")
        elif key in _TEXTS and isinstance(value, str) and value.startswith("..."):
            element[key] = f"{base.get(key, '')}\r\n{value[3:]}"
        else:
            element[key] = value
    return element


def of_type(element: ElementJson, root: ElementJson) -> ElementJson:
    """The element with the properties of the root of its type's profile that it does not have."""
    combined = {**element}
    for key, value in root.items():
        if (key == "isModifier" and "Extension" in codes_of(element)) or key in (
            "short", "definition", "comment", "requirements", "alias", "mapping",
        ):  # fmt: skip
            combined[key] = value
        elif key.startswith(("fixed", "pattern")) or key == "binding":
            combined.setdefault(key, value)
    return combined


def slice_of(sliced: ElementJson, name: str, before: ElementJson) -> ElementJson:
    """The JSON that a new slice begins with; `before`: the sliced element in the base."""
    element = {key: value for key, value in sliced.items() if key != "slicing"}
    if sliced.get("mustSupport") != before.get("mustSupport"):
        # mustSupport of an element does not extend to its slices.
        element["mustSupport"] = before.get("mustSupport", False)
    return {**element, "sliceName": name, "min": 0}


def _joined(base: object, added: list[Any], key: str) -> list[Any]:
    """Both lists; an added item replaces the one with its key, or without key its equal."""
    before = base if isinstance(base, list) else []
    if not key:
        return [*before, *(item for item in added if item not in before)]
    names = {str(item.get(key)) for item in added if isinstance(item, dict)}
    kept = [item for item in before if not (isinstance(item, dict) and str(item.get(key)) in names)]
    return [*kept, *added]
