"""Building one topic: from its source to the bytes of every release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import compile_topic
from fhir_kb.diagnostics import Diagnostic, Severity, Span, has_errors
from fhir_kb.emit import EmitError, EmittedResource, element_order, emit
from fhir_kb.lint import check_topic
from fhir_kb.model import span_of
from fhir_kb.releases.grade_extensions import GUIDE_EXTENSIONS
from fhir_kb.releases.pydantic_models import model_diagnostics
from fhir_kb.validate import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
    from fhir_kb.pipeline.model_checks import ModelChecker, PendingModelErrors
    from fhir_kb.releases import Release


@dataclass(frozen=True, slots=True)
class CompiledTopic:
    """The result of building a topic."""

    findings: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...]
    emitted: Mapping[str, tuple[EmittedResource, ...]]
    """Its resources by release name; empty where a finding is an error."""


@dataclass(slots=True)
class TopicBuild:
    """A topic of which everything is done but the checks that run in other processes."""

    findings: list[Diagnostic] = field(default_factory=list)
    losses: list[Diagnostic] = field(default_factory=list)
    emitted: dict[str, tuple[EmittedResource, ...]] = field(default_factory=dict)
    pending_checks: list[Callable[[], Iterable[Diagnostic]]] = field(default_factory=list)

    def finish(self) -> CompiledTopic:
        """Wait for the pending checks; the topic."""
        for findings in self.pending_checks:
            self.findings.extend(findings())
        emitted = {} if has_errors(self.findings) else self.emitted
        return CompiledTopic(tuple(self.findings), tuple(self.losses), emitted)


def build_topic(
    source: TopicSource,
    base: KnowledgeBase,
    releases: Sequence[Release],
    models: ModelChecker | None,
) -> TopicBuild:
    """Check a topic, compile it, lower it to each release, write and validate that.

    A topic that breaks a rule is not compiled: it would only repeat the finding in FHIR's words.

    Args:
        source: The topic as it was read.
        base: What it may know of the knowledge base.
        releases: The releases to build.
        models: Checks with the models of `fhir.resources`; None for no such check.
    """
    build = TopicBuild(list(check_topic(source, base)))
    if has_errors(build.findings):
        return build
    compiled = compile_topic(source, base)
    build.findings.extend(compiled.diagnostics)
    build_releases(compiled.resources, releases, models, build)
    build.findings = list(_without_repeated_expressions(build.findings))
    return build


def _without_repeated_expressions(findings: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings without those of the validator on expressions that the compiler has refused.

    The compiler's finding is within the expression, so both end at the same place.
    """
    refused = {_end(finding.span) for finding in findings if finding.code == "KB353"}
    for finding in findings:
        if finding.code not in _EXPRESSION_CODES or _end(finding.span) not in refused:
            yield finding


def _end(span: Span) -> tuple[str, int, int]:
    return span.file, span.end_line, span.end_column


def build_releases(
    resources: Sequence[Element],
    releases: Sequence[Release],
    models: ModelChecker | None,
    build: TopicBuild,
) -> None:
    """Lower compiled resources to each release, write and validate them; adds to `build`."""
    for release in releases:
        lowered: list[Element] = []
        for resource in resources:
            lowering = release.lower(resource)
            build.losses.extend(lowering.losses)
            lowered.extend(lowering.resources)
        order = element_order(release.fhir.version)
        try:
            emitted = tuple(emit(resource, order) for resource in lowered)
        except EmitError as error:
            build.findings.append(_unwritable(resources, error))
            return
        build.emitted[release.fhir.name] = emitted
        if models is not None and release.fhir.models_package:
            pending = models.submit(
                release.fhir.name, [resource.line_bytes for resource in emitted]
            )
            build.pending_checks.append(_model_check(release.fhir.name, lowered, pending))
        for resource in lowered:
            build.findings.extend(validation_findings(resource, release))


def _model_check(
    release: str, lowered: Sequence[Element], pending: PendingModelErrors
) -> Callable[[], Iterable[Diagnostic]]:
    def findings() -> Iterable[Diagnostic]:
        for resource, errors in zip(lowered, pending(), strict=True):
            yield from model_diagnostics(release, resource, errors)

    return findings


def _unwritable(resources: Sequence[Element], error: EmitError) -> Diagnostic:
    span = next((resource.span for resource in resources if resource.span is not None), Span(""))
    message = f"a value cannot be written as JSON: {error}"
    advice = "look for a character that is no valid Unicode, or a number that is too large"
    return Diagnostic("KB605", Severity.ERROR, message, Span(span.file), help=advice)


def validation_findings(resource: Element, release: Release) -> Iterable[Diagnostic]:
    """The issues of the FHIR validator with a resource, at the author's places.

    Left out is what an author cannot change: profiles and extensions of guides that the compiler
    uses, where their packages are not installed (`validate --package` checks them), codes that FHIR
    recommends where the definition has words, and codes of systems that do not ship (`validate
    --tx`).
    """
    for issue in validator(release.fhir.version).check(resource):
        if issue.code in _NOT_THE_AUTHORS:
            continue
        span = span_of(resource, issue.pointer)
        assert span is not None, resource.get("id")
        yield Diagnostic(
            issue.code,
            issue.severity,
            issue.message,
            span,
            path=issue.path,
            help=issue.help,
            release=release.fhir.name,
            is_not_checked=issue.is_not_checked,
        )


_EXPRESSION_CODES: Final = frozenset({"KB584", "KB592"})
_NOT_THE_AUTHORS: Final = frozenset({"KB662", "KB685", "KB720"})
_VALIDATORS: dict[str, Validator] = {}


def validator(fhir_version: str) -> Validator:
    """The validator of a FHIR version; always the same."""
    if fhir_version not in _VALIDATORS:
        _VALIDATORS[fhir_version] = Validator(fhir_version, allowed_extensions=GUIDE_EXTENSIONS)
    return _VALIDATORS[fhir_version]
