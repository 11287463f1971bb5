"""References by a profile: http://hl7.org/fhir/elementdefinition.html (type)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.fhirpath.evaluation.references import json_property
from fhir_kb.terminology.three_valued import any_of
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.finding_codes import AGGREGATION, PROFILE_NOT_CHECKED, PROFILE_TARGET
from fhir_kb.validate.profiles.constraints.references import (
    reference_text,
    reference_types,
    target_profiles,
    target_types,
)
from fhir_kb.validate.profiles.locations import report_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding
    from fhir_kb.validate.profiles.run import ProfileRun
    from fhir_kb.validate.profiles.tree import ProfileNode

_AGGREGATION_TEXT: Final = {
    "contained": "contained",
    "referenced": "not in the bundle",
    "bundled": "in the bundle",
}


class _Reference(NamedTuple):
    element: Element
    text: str
    types: list[Mapping[str, Any]]
    """The entries of ElementDefinition.type that allow it."""
    target: Element | None
    """Where it leads within the resource or bundle."""


def check_reference(run: ProfileRun, node: ProfileNode, element: Element) -> list[Finding]:
    """What is wrong with the target of a reference."""
    types = reference_types(node, element.type.name)
    text = reference_text(json_property(element, "reference")) if types else None
    if text is None:
        return []
    reference = _Reference(element, text, types, run.resolve(element, text))
    return _check_aggregation(run, node, reference) or _check_target_profiles(run, node, reference)


def _check_target_profiles(
    run: ProfileRun, node: ProfileNode, reference: _Reference
) -> list[Finding]:
    repository = run.repository
    urls = [repository.canonical_in(node.tree, url) for url in target_profiles(reference.types)]
    if not urls:
        return []
    text, target = reference.text, reference.target
    if target is not None:
        is_allowed = any_of(_conforms(run, target, url) for url in urls)
        if is_allowed is not False:
            return [] if is_allowed else _not_checked(run, reference, urls, "a profile")
    else:
        names = target_types(repository.definitions, reference.element.value, text)
        types = [repository.type_of(url) for url in urls]
        possible = [
            url
            for url, type_ in zip(urls, types, strict=True)
            if not names or type_ is None or type_ in names
        ]
        if possible:
            is_known = bool(names) and any(map(repository.is_core_type, possible))
            return [] if is_known else _not_checked(run, reference, possible, "the target")
    message = (
        f"{quoted(text)} refers to nothing that {node.tree.name} allows here: {', '.join(urls)}"
    )
    return report_at(reference.element, PROFILE_TARGET, message)


def _not_checked(
    run: ProfileRun, reference: _Reference, urls: list[str], missing: str
) -> list[Finding]:
    """The finding that it is not known whether the target conforms; once for each list of profiles.

    Nothing is said where any profile of the list is a type of FHIR: few targets are at hand.
    """
    profiles = ", ".join(urls)
    if any(map(run.repository.is_core_type, urls)) or not run.is_first(profiles):
        return []
    message = f"not checked: whether {quoted(reference.text)} conforms to {profiles}"
    return report_at(reference.element, PROFILE_NOT_CHECKED, message, f"{missing} is not available")


def _conforms(run: ProfileRun, target: Element, url: str) -> bool | None:
    type_name = run.repository.type_of(url)
    if type_name is not None and type_name not in target.type.names:
        return False
    return run.conforms(target, url)


def _check_aggregation(run: ProfileRun, node: ProfileNode, reference: _Reference) -> list[Finding]:
    """Check contained, bundled and referenced; only within bundles.

    A resource by itself may still become part of a bundle.
    """
    listed = [entry.get("aggregation") for entry in reference.types]
    modes = [mode for modes in listed if isinstance(modes, list) for mode in modes]
    if not modes or not all(listed) or run.root.type.name != "Bundle":
        return []
    actual = "referenced" if reference.target is None else "bundled"
    if reference.text.startswith("#"):
        actual = "contained"
    if actual in modes or (actual == "bundled" and "referenced" in modes):
        return []
    message = (
        f"the target of {quoted(reference.text)} is {_AGGREGATION_TEXT[actual]}; "
        f"{node.tree.name} asks for: " + ", ".join(map(str, modes))
    )
    return report_at(reference.element, AGGREGATION, message)
