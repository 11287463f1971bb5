"""Resources: alone, contained in others, and in bundles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.bundles.bundle import check_bundle
from fhir_kb.validate.codes import (
    CONTAINED_ID,
    CONTAINED_UNUSED,
    NOT_A_RESOURCE,
    RESOURCE_TYPE,
    UNKNOWN_RESOURCE,
)
from fhir_kb.validate.core.issue import Finding, combine, json_type, quoted, report, under
from fhir_kb.validate.profiles.vital_signs import implied_profile

if TYPE_CHECKING:
    from collections.abc import Callable

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
        """A check of a resource of any type, or of those in `only`.

        A contained one shares the contained resources of its container.
        """

        def check(value: Any, context: Context) -> Findings:
            type_name = value.get("resourceType") if isinstance(value, dict) else None
            checker = self._checks.get(type_name) if isinstance(type_name, str) else None
            if checker is None:
                checker = self._find(type_name)
                if checker is None:
                    return None if _is_defined(type_name, context) else self._no_resource(value)
            outer, container = context.resource, context.container
            context.resource = value
            if not contained:
                context.container = value
            found = checker(value, context)
            if "meta" in value or type_name == "Observation":
                _note_profiles(value, context)
            if type_name == "Bundle" and (bad := check_bundle(value, self._definitions)):
                found = combine(found, bad)
            context.resource, context.container = outer, container
            if only and type_name not in only:
                found = combine(found, self._wrong_type(str(type_name), only))
            return found

        return check

    def _find(self, type_name: object) -> Checker | None:
        if not isinstance(type_name, str) or type_name not in self._definitions.resource_types:
            return None
        made = self._checks[type_name] = self._object_check(type_name)
        return made

    def _no_resource(self, value: Any) -> list[Finding]:
        if not isinstance(value, dict):
            return report(NOT_A_RESOURCE, f"a resource is an object, not {json_type(value)}")
        type_name = value.get("resourceType")
        if type_name is None:
            return report(
                NOT_A_RESOURCE, "there is no 'resourceType', so this is not a FHIR resource"
            )
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
            found = inner(value, context)
            if not isinstance(value, list):
                return found
            seen: set[str] = set()
            for index, one in enumerate(value):
                if not isinstance(one, dict):
                    continue
                name = one.get("id")
                if not isinstance(name, str):
                    bad = report(CONTAINED_ID, "the contained resource has no id")
                elif name in seen:
                    bad = report(
                        CONTAINED_ID,
                        f"the id '{name}' belongs to another contained resource already",
                        message_id="RESOURCE_DUPLICATE_CONTAINED_ID",
                    )
                else:
                    seen.add(name)
                    continue
                found = combine(found, under(bad, index))
            if "contained" in context.container and context.container["contained"] is value:
                found = combine(found, _unused(value, context.container))
            return found

        return check


def _is_defined(type_name: object, context: Context) -> bool:
    """Whether a definition at hand makes a resource type of that name, which FHIR has not."""
    if context.canonicals is None or not isinstance(type_name, str):
        return False
    url = "http://hl7.org/fhir/StructureDefinition/" + type_name
    found = context.canonicals.find(url, "StructureDefinition")
    return (
        found is not None
        and found.get("type") == type_name
        and (found.get("kind"), found.get("derivation")) == ("resource", "specialization")
        and found.get("abstract") is not True
    )


def _note_profiles(value: dict[str, Any], context: Context) -> None:
    """Keep resources that say, or imply, that they conform to a profile: it is checked later."""
    meta = value.get("meta")
    if (isinstance(meta, dict) and "profile" in meta) or implied_profile(value):
        context.deferred_resources.append(value)


def _unused(contained: list[Any], container: Any) -> list[Finding]:
    """The contained resources that nothing refers to and that don't refer to their container."""
    names = [one.get("id") if isinstance(one, dict) else None for one in contained]
    lost = {"#" + name for name in names if isinstance(name, str)}
    lost -= _used(container, lost)
    found: list[Finding] = []
    for index, (name, one) in enumerate(zip(names, contained, strict=True)):
        if isinstance(name, str) and "#" + name in lost and not _used(one, {"#"}):
            bad = report(
                CONTAINED_UNUSED,
                f"nothing refers to the contained {one.get('resourceType')} '#{name}'",
            )
            found += under(bad, index)
    return found


def _used(value: Any, names: set[str]) -> set[str]:
    """Those of the names ("#id") that are strings in the value, or sources of its images.

    It stops when it has seen all of them, and looks at the images only for what is left.
    """
    found: set[str] = set()
    narratives: list[str] = []
    todo: list[Any] = [value]
    while todo and len(found) < len(names):
        one = todo.pop()
        for name, inner in one.items() if isinstance(one, dict) else enumerate(one):
            if isinstance(inner, str):
                if inner in names:
                    found.add(inner)
                elif name == "div":
                    narratives.append(inner)
            elif isinstance(inner, dict | list):
                todo.append(inner)
    for narrative in narratives if len(found) < len(names) else ():
        found.update(names.intersection(_IMAGE.findall(narrative)))
    return found
