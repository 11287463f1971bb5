"""Where references lead, by a profile: http://hl7.org/fhir/elementdefinition.html (type)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath.evaluation.references import member
from fhir_kb.validate.codes import AGGREGATION, PROFILE_TARGET
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.profiles.places import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.run import Run
    from fhir_kb.validate.profiles.tree import Node, Sure

_REFERENCES: Final = ("Reference", "CodeableReference")
_RESTFUL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[^/]+)?")


def check_target(run: Run, node: Node, element: Element) -> list[Finding]:
    """What is wrong with where a reference leads."""
    if element.type.name not in _REFERENCES:
        return []
    types = [one for one in node.types if str(one.get("code")) == element.type.name]
    text = text_of(member(element, "reference"))
    if text is None or not types:
        return []
    target = run.resolve(element, text)
    return _aggregation(run, node, element, types, text, target) or _profiles(
        run, node, element, types, text, target
    )


def is_surely_allowed(
    known: KnownProfiles, node: Node, kind: FhirType, *, is_bundled: bool
) -> Sure | None:
    """What tells of a reference (its JSON) that it may lead where it does; see certain.py.

    kind: the type of the values. is_bundled: whether they stand in a bundle, where it matters what
    a reference leads to. None where nothing is demanded.
    """
    types = [one for one in node.types if str(one.get("code")) == kind.name]
    if kind.name not in _REFERENCES or not types:
        return None
    urls = [known.within(node.tree, url) for url in target_profiles(types)]
    if not urls and not any(one.get("aggregation") for one in types):
        return None
    kinds = {known.type_of(url) for url in urls}

    def test(value: Any, _room: int) -> bool:
        if type(value) is not dict:
            return False
        text = text_of(value.get("reference"))
        if text is None:
            return True
        if is_bundled or text.startswith("#"):
            return False
        names = _names(known, _type_name(value, text)) if urls else None
        return not names or None in kinds or not kinds.isdisjoint(names)

    return test


def target_profiles(types: list[Mapping[str, Any]]) -> list[str]:
    """The profiles that what is referred to may have; none: all may."""
    found: list[str] = []
    for one in types:
        urls = one.get("targetProfile")
        if not isinstance(urls, list) or not urls:
            return []
        found += [url for url in urls if isinstance(url, str)]
    return found


def _profiles(
    run: Run,
    node: Node,
    element: Element,
    types: list[Mapping[str, Any]],
    text: str,
    target: Element | None,
) -> list[Finding]:
    urls = [run.known.within(node.tree, url) for url in target_profiles(types)]
    if not urls:
        return []
    if target is not None:
        answers = [_fits(run, target, url) for url in urls]
        if any(one is not False for one in answers):
            return []
    else:
        names = _names(run.known, _type_name(element.value, text))
        kinds = [run.known.type_of(url) for url in urls]
        if not names or any(kind is None or kind in names for kind in kinds):
            return []
    return at(
        element,
        PROFILE_TARGET,
        f"{quoted(text)} leads to nothing that {node.tree.name} allows here: {', '.join(urls)}",
    )


def _fits(run: Run, target: Element, url: str) -> bool | None:
    kind = run.known.type_of(url)
    if kind is not None and kind not in target.type.names:
        return False
    return run.conforms(target, url)


def text_of(reference: Any) -> str | None:
    """The text of a Reference, or of the one in a CodeableReference."""
    text = reference.get("reference") if isinstance(reference, dict) else reference
    return text if isinstance(text, str) else None


def _type_name(value: Mapping[str, Any], text: str) -> str:
    found = _RESTFUL.fullmatch(text)
    if found:
        return found[1]
    said = value.get("type")
    return said.rpartition("/")[2] if isinstance(said, str) else ""


def _names(known: KnownProfiles, name: str) -> frozenset[str]:
    definitions = known.definitions
    if name not in definitions.resource_types:
        return frozenset()
    return frozenset((name, *definitions.ancestors(name)))


def _aggregation(
    run: Run,
    node: Node,
    element: Element,
    types: list[Mapping[str, Any]],
    text: str,
    target: Element | None,
) -> list[Finding]:
    """contained, bundled, or somewhere else: told within bundles only, as a resource by itself may
    be on its way into one.
    """
    listed = [one.get("aggregation") for one in types]
    modes = [mode for some in listed if isinstance(some, list) for mode in some]
    if not modes or any(not one.get("aggregation") for one in types):
        return []
    if run.root.type.name != "Bundle":
        return []
    is_now = "referenced" if target is None else "bundled"
    if text.startswith("#"):
        is_now = "contained"
    if is_now in modes or (is_now == "bundled" and "referenced" in modes):
        return []
    return at(
        element,
        AGGREGATION,
        f"the target of {quoted(text)} is {_WORDS[is_now]}; {node.tree.name} asks for: "
        + ", ".join(map(str, modes)),
    )


_WORDS = {
    "contained": "contained",
    "referenced": "not in the bundle",
    "bundled": "in the bundle",
}
