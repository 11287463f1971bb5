"""Links of foreign resources that mean something only on the server that they come from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from fhir_kb.diagnostics import Diagnostic, Span
from fhir_kb.push.finding_codes import LINK_TO_LEFT_OUT, VERSION_OF_ANOTHER_SERVER
from fhir_kb.servers.content import compact_bytes, json_resource, load_json
from fhir_kb.servers.references import ReferenceTargets, links, with_references

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from fhir_kb.push import DesiredResource

_HISTORY: Final = b"/_history/"
_CONDITIONAL: Final = re.compile(rb'"reference":"([A-Z][A-Za-z]+)\?([^"\\]+)"')


def resolved_links(
    resources: Sequence[DesiredResource], release: str
) -> tuple[list[DesiredResource], list[Diagnostic]]:
    """The resources with links to each other by type and id alone.

    A conditional reference (`Library?url=…`, http://hl7.org/fhir/http.html#trefs) to one of them
    leads to it; a link to a version of one of them loses the version, which a finding says.

    Args:
        resources: All that is pushed.
        release: The FHIR release by name, whose definitions say what is a link.
    """
    names = {f"{resource.type}/{resource.id}" for resource in resources}
    by_query: dict[tuple[str, str, str], list[DesiredResource]] | None = None
    resolved, findings = [], []
    for resource in resources:
        content = compact_bytes(resource.body)
        targets: dict[str, str] = {}
        if _HISTORY in content:
            versions = _versions_linked(resource, names, release)
            targets |= {target: target for target in versions}
            findings += [
                _version_finding(resource, target, version) for target, version in versions.items()
            ]
        conditions = _CONDITIONAL.findall(content)
        if conditions:
            by_query = _by_query(resources) if by_query is None else by_query
            targets |= _conditional_targets(conditions, by_query)
        if targets:
            body = with_references(load_json(content), ReferenceTargets(targets), release)
            resource = replace(resource, body=json_resource(body))  # noqa: PLW2901
        resolved.append(resource)
    return resolved, findings


def links_to_left_out(
    resources: Sequence[DesiredResource], left_out: Collection[str], release: str
) -> list[Diagnostic]:
    """Findings of links that lead to what is not pushed.

    Args:
        resources: All that is pushed.
        left_out: What is given but left out: "Type/id", and as fullUrl.
        release: The FHIR release by name.
    """
    if not left_out:
        return []
    names = {f"{resource.type}/{resource.id}" for resource in resources}
    code = LINK_TO_LEFT_OUT
    return [
        Diagnostic(
            code.id,
            code.severity,
            f"{resource.name} refers to {target}, which is left out",
            Span(""),
        )
        for resource in resources
        for target in sorted({link.target for link in links(resource.body(), release)})
        if target in left_out and target not in names
    ]


def _versions_linked(resource: DesiredResource, names: set[str], release: str) -> dict[str, str]:
    """The targets that a resource links to by a version, with one of these."""
    return {
        link.target: link.version
        for link in links(resource.body(), release)
        if link.version and link.target in names
    }


def _version_finding(resource: DesiredResource, target: str, version: str) -> Diagnostic:
    code = VERSION_OF_ANOTHER_SERVER
    message = (
        f"{resource.name} refers to version {version} of {target} on the server that it comes "
        "from: the link leads to what is pushed"
    )
    return Diagnostic(code.id, code.severity, message, Span(""))


def _by_query(
    resources: Sequence[DesiredResource],
) -> dict[tuple[str, str, str], list[DesiredResource]]:
    """The resources by type, search parameter and value."""
    found: dict[tuple[str, str, str], list[DesiredResource]] = {}
    for resource in resources:
        values = [("_id", resource.id), ("url", resource.url)]
        if resource.identifier:
            values += [("identifier", "|".join(resource.identifier))]
        for name, value in values:
            if value:
                found.setdefault((resource.type, name, value), []).append(resource)
    return found


def _conditional_targets(
    conditions: Sequence[tuple[bytes, bytes]],
    by_query: Mapping[tuple[str, str, str], Sequence[DesiredResource]],
) -> dict[str, str]:
    """Where conditional references lead that match exactly one of the resources."""
    targets = {}
    for type_, query in conditions:
        type_name, text = type_.decode(), query.decode()
        matches = None
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name == "version" and matches is not None:
                matches = [match for match in matches if match.version == value]
                continue
            hits = by_query.get((type_name, name, value), ())
            matches = [hit for hit in hits if matches is None or hit in matches]
        if matches is not None and len(matches) == 1:
            targets[f"{type_name}?{text}"] = f"{type_name}/{matches[0].id}"
    return targets
