"""One topic, from what was read to the bytes of every release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.compile import compile_topic
from fhir_kb.diagnostics import Diagnostic, has_errors
from fhir_kb.emit import Emitted, element_order, emit
from fhir_kb.model import span_of
from fhir_kb.validate import Validator
from fhir_kb.validate.rules import check_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fhir_kb.model import Element
    from fhir_kb.model.knowledge import Base, Source
    from fhir_kb.releases import Release


@dataclass(frozen=True, slots=True)
class TopicMade:
    """What became of a topic.

    emitted: by release name; empty where a finding is an error.
    """

    findings: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...]
    emitted: Mapping[str, tuple[Emitted, ...]]


def make_topic(
    source: Source, base: Base, releases: Sequence[Release], *, models: bool = True
) -> TopicMade:
    """Check a topic, compile it, lower it to each release, check that, and write it.

    A topic that breaks a rule is not compiled: it would only repeat the finding in FHIR's words.
    models: whether the models of `fhir.resources` are asked too; they cost as much as all the rest.
    """
    findings = list(check_topic(source, base))
    if has_errors(findings):
        return TopicMade(tuple(findings), (), {})
    compiled = compile_topic(source, base)
    findings.extend(compiled.diagnostics)
    return _make(compiled.resources, findings, releases, models=models)


def _make(
    resources: Sequence[Element],
    findings: list[Diagnostic],
    releases: Sequence[Release],
    *,
    models: bool,
) -> TopicMade:
    losses: list[Diagnostic] = []
    emitted: dict[str, tuple[Emitted, ...]] = {}
    for release in releases:
        lowered: list[Element] = []
        for resource in resources:
            one = release.lower(resource)
            losses.extend(one.losses)
            lowered.extend(one.resources)
        for resource in lowered:
            if models:
                findings.extend(release.model_findings(resource))
            findings.extend(structure_findings(resource, release))
        order = element_order(release.fhir_version)
        emitted[release.name] = tuple(emit(resource, order) for resource in lowered)
    return TopicMade(tuple(findings), tuple(losses), {} if has_errors(findings) else emitted)


def structure_findings(resource: Element, release: Release) -> Iterable[Diagnostic]:
    """What FHIR's own rules say of a resource, at the author's place."""
    for issue in validator(release.fhir_version).check(resource):
        span = span_of(resource, issue.pointer)
        assert span is not None, resource.get("id")
        yield Diagnostic(
            issue.code,
            issue.severity,
            issue.message,
            span,
            path=issue.path,
            help=issue.help,
            release=release.name,
        )


_VALIDATORS: dict[str, Validator] = {}


def validator(fhir_version: str) -> Validator:
    """The validator of a FHIR version, made once."""
    found = _VALIDATORS.get(fhir_version)
    if found is None:
        found = _VALIDATORS[fhir_version] = Validator(fhir_version)
    return found
