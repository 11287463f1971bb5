"""What a differential says of an element, put on what its base says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import types_of, valued

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.elements import Element

#: What a differential adds to, where it otherwise replaces.
_ADDED: Final = ("constraint", "condition", "mapping", "alias", "example", "code")
#: Where a text that begins with "..." is put after the base's.
_TEXTS: Final = ("short", "definition", "comment", "requirements", "label")
_PLACE: Final = ("id", "path", "base")


def merged(base: Element, change: Element) -> Element:
    """The element as both say; neither is changed."""
    made = {**base}
    for name in valued(change, ("fixed", "pattern")):
        # A fixed value takes the place of a pattern, and of one of another type.
        for known in valued(base, ("fixed", "pattern")):
            if known != name:
                made.pop(known, None)
    for key, value in change.items():
        if key in _PLACE:
            continue
        if key == "binding" and isinstance(value, dict) and isinstance(base.get(key), dict):
            made[key] = {**base[key], **value}
        elif key == "extension" and isinstance(value, list):
            made[key] = _with(base.get(key), value, "url")
        elif key in _ADDED and isinstance(value, list):
            made[key] = _with(base.get(key), value, "key" if key == "constraint" else "")
        elif key in _TEXTS and isinstance(value, str) and value.startswith("..."):
            made[key] = f"{base.get(key, '')}\r\n{value[3:]}"
        else:
            made[key] = value
    return made


def of_type(element: Element, root: Element) -> Element:
    """The element with what a profile of its type says on its root, where it says nothing."""
    made = {**element}
    for key, value in root.items():
        if (
            key == "isModifier" and "Extension" in {one["code"] for one in types_of(element)}
        ) or key in ("short", "definition", "comment", "requirements", "alias", "mapping"):
            made[key] = value
        elif key.startswith(("fixed", "pattern")) or key == "binding":
            made.setdefault(key, value)
    return made


def slice_of(sliced: Element, name: str, before: Element) -> Element:
    """What a new slice is to begin with; before: what was said before this differential."""
    made = {key: value for key, value in sliced.items() if key != "slicing"}
    if sliced.get("mustSupport") != before.get("mustSupport"):
        # To support an element is not to support each of its slices.
        made["mustSupport"] = before.get("mustSupport", False)
    return {**made, "sliceName": name, "min": 0}


def _with(known: object, more: list[Any], key: str) -> list[Any]:
    """Both lists; what has the same key, or is the same where there is no key, once."""
    before = known if isinstance(known, list) else []
    if not key:
        return [*before, *(one for one in more if one not in before)]
    names = {str(one.get(key)) for one in more if isinstance(one, dict)}
    kept = [one for one in before if not (isinstance(one, dict) and str(one.get(key)) in names)]
    return [*kept, *more]
