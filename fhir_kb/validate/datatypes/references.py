"""References: their form, and what they may point to.

http://hl7.org/fhir/references.html#literal
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.validate.core.issue import combine, quoted, report, under
from fhir_kb.validate.finding_codes import (
    BAD_REFERENCE,
    CONDITIONAL_REFERENCE,
    CONDITIONAL_REFERENCE_IN_BATCH,
    NO_SUCH_CONTAINED,
    REFERENCE_TYPE,
    WRONG_TARGET,
)

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_RESTFUL = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*://[^?#]*)/)?([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#.*)?"
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_QUERY = re.compile(
    r"([A-Z][A-Za-z]+)\?[\w\-]+(?::[\w\-]+)?=[^=&?]*(?:&[\w\-]+(?::[\w\-]+)?=[^=&?]*)*"
)
_CACHE_SIZE: Final = 4096
_TYPE_URL: Final = "http://hl7.org/fhir/StructureDefinition/"


class References:
    """Checks references against the resource types of a release."""

    def __init__(self, definitions: Definitions) -> None:
        self._types = definitions.resource_types
        self._ancestors = definitions.ancestors
        self._target_types: dict[str, str | None] = {}

    def checker(self, targets: tuple[str, ...], inner: Checker) -> Checker:
        """A check of a Reference whose target is one of `targets` (none: of any type)."""
        allowed = frozenset(targets)

        def check(value: Any, context: Context) -> Findings:
            findings = inner(value, context)
            if not isinstance(value, dict):
                return findings
            reference = value.get("reference")
            if type(reference) is not str or not reference:
                return findings
            if reference[0] == "#":
                more = self._contained(reference[1:], allowed, value, context)
            else:
                type_name = self._type_of(reference)
                if type_name is None:
                    more = self._no_reference(reference)
                elif type_name and "?" in reference and reference.startswith(f"{type_name}?"):
                    more = _conditional(reference, context)
                    more += self._target(type_name, reference, allowed, value)
                elif (allowed and type_name) or "type" in value:
                    more = self._target(type_name, reference, allowed, value)
                else:
                    return findings
            return combine(findings, more)

        return check

    def inside(self, targets: tuple[str, ...], inner: Checker) -> Checker:
        """A check of a CodeableReference whose reference goes to one of `targets`."""
        check_reference = self.checker(targets, lambda _value, _context: None)

        def check(value: Any, context: Context) -> Findings:
            findings = inner(value, context)
            if not isinstance(value, dict) or "reference" not in value:
                return findings
            more = check_reference(value["reference"], context)
            return combine(findings, under(more, "reference")) if more else findings

        return check

    def _type_of(self, reference: str) -> str | None:
        """The type that a reference names, "" where it names none, None where it is not one."""
        if reference in self._target_types:
            return self._target_types[reference]
        if len(self._target_types) >= _CACHE_SIZE:
            self._target_types.clear()
        type_name = self._target_types[reference] = self._parse(reference)
        return type_name

    def _parse(self, reference: str) -> str | None:
        match = _RESTFUL.fullmatch(reference)
        if match is not None and match[2] in self._types:
            return match[2]
        if _ABSOLUTE.fullmatch(reference):
            return ""
        query = _QUERY.fullmatch(reference)
        return query[1] if query is not None and query[1] in self._types else None

    def _no_reference(self, reference: str) -> list[Finding]:
        first = reference.partition("/")[0]
        if "/" in reference and first not in self._types:
            return report(
                BAD_REFERENCE,
                f"the reference {quoted(reference)} does not begin with a resource type",
                did_you_mean(first, self._types),
            )
        return report(
            BAD_REFERENCE,
            f"{quoted(reference)} is not a reference",
            "write Type/id, an absolute url, or #id for a contained resource",
        )

    def _target(
        self, type_name: str, reference: str, allowed: frozenset[str], value: dict[str, Any]
    ) -> list[Finding]:
        findings: list[Finding] = []
        if allowed and type_name and not self._is_allowed(type_name, allowed):
            findings += report(
                WRONG_TARGET,
                f"{quoted(reference)} refers to a {type_name}; allowed here: "
                + ", ".join(sorted(allowed)),
            )
        stated = value.get("type")
        if isinstance(stated, str) and type_name:
            plain = stated.removeprefix(_TYPE_URL)
            if plain != type_name and plain not in self._ancestors(type_name):
                findings += report(
                    REFERENCE_TYPE,
                    f"the type is '{plain}', but {quoted(reference)} refers to a {type_name}",
                )
        return findings

    def _is_allowed(self, type_name: str, allowed: frozenset[str]) -> bool:
        return type_name in allowed or not allowed.isdisjoint(self._ancestors(type_name))

    def _contained(
        self, name: str, allowed: frozenset[str], value: dict[str, Any], context: Context
    ) -> list[Finding]:
        if not name:
            return []
        resource = context.contained(name)
        if resource is None:
            return report(NO_SUCH_CONTAINED, f"there is no contained resource with the id '{name}'")
        type_name = resource.get("resourceType")
        if not isinstance(type_name, str) or type_name not in self._types:
            return []
        return self._target(type_name, "#" + name, allowed, value)


def _conditional(reference: str, context: Context) -> list[Finding]:
    """A finding on a conditional reference that is in no transaction.

    http://hl7.org/fhir/http.html#trules: a server replaces it "in a transaction (and only there)".
    """
    if context.bundle_type == "transaction":
        return []
    in_batch = context.bundle_type == "batch"
    return report(
        CONDITIONAL_REFERENCE_IN_BATCH if in_batch else CONDITIONAL_REFERENCE,
        f"the conditional reference {quoted(reference)} is "
        + ("in a batch, not in a transaction" if in_batch else "not in a transaction"),
        "refer to Type/id, or use 'identifier' instead of 'reference'",
    )
