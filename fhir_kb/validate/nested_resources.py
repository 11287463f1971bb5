"""Resources: alone, contained in others, and in bundles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.bundles.bundle import check_bundle
from fhir_kb.validate.core.issue import Finding, combine, json_type, quoted, report, under
from fhir_kb.validate.finding_codes import (
    CONTAINED_ID,
    CONTAINED_UNUSED,
    NOT_A_RESOURCE,
    PROFILE_NOT_CHECKED,
    RESOURCE_TYPE,
    UNKNOWN_RESOURCE,
)
from fhir_kb.validate.profiles.vital_signs import implied_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


_IMAGE = re.compile(r"""\ssrc\s*=\s*["'](#[^"']{1,64})["']""")


class Resources:
    """Checks of resources by their `resourceType`."""

    def __init__(self, definitions: Definitions, object_check: Callable[[str], Checker]) -> None:
        self._definitions = definitions
        self._object_check = object_check
        self._checks: dict[str, Checker] = {}

    def any_resource(self, only: tuple[str, ...] = (), *, contained: bool = False) -> Checker:
        """A check of a resource.

        Args:
            only: The types that are allowed; any, if empty.
            contained: Whether it is contained, and shares the contained resources of its container.
        """

        def check(value: Any, context: Context) -> Findings:
            type_name = value.get("resourceType") if isinstance(value, dict) else None
            checker = self._checks.get(type_name) if isinstance(type_name, str) else None
            if checker is None:
                checker = self._find(type_name)
                if checker is None:
                    if _is_defined(type_name, context):
                        return _not_checked(value)
                    return self._no_resource(value)
            outer, container = context.resource, context.container
            context.resource = value
            if not contained:
                context.container = value
            outer_bundle_type = context.bundle_type
            if type_name == "Bundle":
                context.bundle_type = str(value.get("type"))
            findings = checker(value, context)
            context.bundle_type = outer_bundle_type
            if "meta" in value or type_name == "Observation":
                _defer_profiles(value, context)
            if type_name == "Bundle":
                findings = combine(findings, check_bundle(value, self._definitions))
            context.resource, context.container = outer, container
            if only and type_name not in only:
                findings = combine(findings, self._wrong_type(str(type_name), only))
            return findings

        return check

    def _find(self, type_name: object) -> Checker | None:
        if not isinstance(type_name, str) or type_name not in self._definitions.resource_types:
            return None
        check = self._checks[type_name] = self._object_check(type_name)
        return check

    def _no_resource(self, value: Any) -> list[Finding]:
        if not isinstance(value, dict):
            return report(NOT_A_RESOURCE, f"a resource is an object, not {json_type(value)}")
        type_name = value.get("resourceType")
        if type_name is None:
            message = "there is no 'resourceType', so this is not a FHIR resource"
            return report(NOT_A_RESOURCE, message, _misspelt_type(value))
        if not isinstance(type_name, str):
            return report(
                NOT_A_RESOURCE,
                f"'resourceType' is {json_type(type_name)}, not a string",
                message_id="RESOURCETYPE_PROPERTY_WRONG_TYPE",
            )
        return report(
            UNKNOWN_RESOURCE,
            f"FHIR {self._definitions.fhir_version} has no resource type {quoted(type_name)}",
            did_you_mean(type_name, self._definitions.resource_types),
        )

    @staticmethod
    def _wrong_type(type_name: str, only: tuple[str, ...]) -> list[Finding]:
        return report(RESOURCE_TYPE, f"a {type_name} is not allowed here, only: {', '.join(only)}")

    @staticmethod
    def all_contained(inner: Checker) -> Checker:
        """A check of the list of contained resources: each has an id of its own."""

        def check(value: Any, context: Context) -> Findings:
            findings = inner(value, context)
            if not isinstance(value, list):
                return findings
            ids: set[str] = set()
            for index, resource in enumerate(value):
                if isinstance(resource, dict):
                    findings = combine(findings, under(_check_id(resource.get("id"), ids), index))
            if "contained" in context.container and context.container["contained"] is value:
                findings = combine(findings, _unused(value, context.container))
            return findings

        return check


def _check_id(resource_id: object, ids: set[str]) -> list[Finding]:
    """Whether a contained resource has an id that no other has; adds the id to `ids`."""
    if not isinstance(resource_id, str):
        return report(CONTAINED_ID, "the contained resource has no id")
    if resource_id in ids:
        return report(
            CONTAINED_ID,
            f"the id '{resource_id}' belongs to another contained resource already",
            message_id="RESOURCE_DUPLICATE_CONTAINED_ID",
        )
    ids.add(resource_id)
    return []


def _is_defined(type_name: object, context: Context) -> bool:
    """Whether a definition that was given adds a resource type of that name to FHIR's."""
    if context.canonicals is None or not isinstance(type_name, str):
        return False
    url = "http://hl7.org/fhir/StructureDefinition/" + type_name
    definition = context.canonicals.find(url, "StructureDefinition")
    return (
        definition is not None
        and definition.get("type") == type_name
        and definition.get("kind") == "resource"
        and definition.get("derivation") == "specialization"
        and definition.get("abstract") is not True
    )


def _not_checked(value: dict[str, Any]) -> list[Finding]:
    """The notes on a resource of a type that a definition adds: it is taken as it is."""
    # Imported here, because such types are rare.
    from fhir_kb.validate.profiles.checker import claimed_profiles, not_checked_profiles

    name = str(value.get("resourceType"))
    message = f"not checked: what is in a {name}, which is no type of FHIR"
    return [
        *report(PROFILE_NOT_CHECKED, message),
        *not_checked_profiles(name, claimed_profiles(value)),
    ]


def _defer_profiles(value: dict[str, Any], context: Context) -> None:
    """Keep a resource that claims or implies profiles: they are checked later."""
    meta = value.get("meta")
    if (isinstance(meta, dict) and "profile" in meta) or implied_profile(value):
        context.deferred_resources.append(value)


def _unused(contained: list[Any], container: Any) -> list[Finding]:
    """Contained resources that nothing refers to and that don't refer to their container."""
    ids = [resource.get("id") if isinstance(resource, dict) else None for resource in contained]
    unused = {"#" + resource_id for resource_id in ids if isinstance(resource_id, str)}
    unused -= _referenced(container, unused)
    findings: list[Finding] = []
    for index, (resource_id, resource) in enumerate(zip(ids, contained, strict=True)):
        if not isinstance(resource_id, str) or "#" + resource_id not in unused:
            continue
        if not _referenced(resource, {"#"}):
            type_name = resource.get("resourceType")
            message = f"nothing refers to the contained {type_name} '#{resource_id}'"
            findings += under(report(CONTAINED_UNUSED, message), index)
    return findings


def _referenced(value: Any, references: set[str]) -> set[str]:
    """Those of the references ("#id") that are strings in the value, or sources of its images.

    It stops when it has all of them, and reads narratives only for the remaining ones.
    """
    referenced: set[str] = set()
    narratives: list[str] = []
    todo: list[Any] = [value]
    while todo and len(referenced) < len(references):
        node = todo.pop()
        for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(inner, str):
                if inner in references:
                    referenced.add(inner)
                elif name == "div":
                    narratives.append(inner)
            elif isinstance(inner, dict | list):
                todo.append(inner)
    for narrative in narratives if len(referenced) < len(references) else ():
        referenced.update(references.intersection(_IMAGE.findall(narrative)))
    return referenced


def _misspelt_type(value: Mapping[str, Any]) -> str | None:
    """Advice for an object that has 'resourceType' in another case."""
    spelling = next((name for name in value if name.lower() == "resourcetype"), None)
    return None if spelling is None else f"write 'resourceType' instead of {quoted(spelling)}"
