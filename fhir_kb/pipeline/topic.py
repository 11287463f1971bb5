"""One topic, from what was read to the bytes of every release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import compile_topic
from fhir_kb.diagnostics import Diagnostic, Severity, Span, has_errors
from fhir_kb.emit import EmitError, EmittedResource, element_order, emit
from fhir_kb.lint import check_topic
from fhir_kb.model import span_of
from fhir_kb.releases.pydantic_models import model_diagnostics
from fhir_kb.validate import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
    from fhir_kb.pipeline.model_checks import ModelChecker, PendingRefusals
    from fhir_kb.releases import Release


@dataclass(frozen=True, slots=True)
class CompiledTopic:
    """What became of a topic.

    emitted: by release name; empty where a finding is an error.
    """

    findings: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...]
    emitted: Mapping[str, tuple[EmittedResource, ...]]


@dataclass(slots=True)
class TopicBuild:
    """A topic of which everything is done, but for what the models have not answered yet."""

    findings: list[Diagnostic] = field(default_factory=list)
    losses: list[Diagnostic] = field(default_factory=list)
    emitted: dict[str, tuple[EmittedResource, ...]] = field(default_factory=dict)
    answers: list[Callable[[], Iterable[Diagnostic]]] = field(default_factory=list)

    def finish(self) -> CompiledTopic:
        """The topic; waits for the models."""
        for answer in self.answers:
            self.findings.extend(answer())
        emitted = {} if has_errors(self.findings) else self.emitted
        return CompiledTopic(tuple(self.findings), tuple(self.losses), emitted)


def build_topic(
    source: TopicSource,
    base: KnowledgeBase,
    releases: Sequence[Release],
    models: ModelChecker | None,
) -> TopicBuild:
    """Check a topic, compile it, lower it to each release, write and check that.

    A topic that breaks a rule is not compiled: it would only repeat the finding in FHIR's words.
    models: who asks the models of `fhir.resources`; None: nobody.
    """
    made = TopicBuild(list(check_topic(source, base)))
    if has_errors(made.findings):
        return made
    compiled = compile_topic(source, base)
    made.findings.extend(compiled.diagnostics)
    build_releases(compiled.resources, releases, models, made)
    return made


def build_releases(
    resources: Sequence[Element],
    releases: Sequence[Release],
    models: ModelChecker | None,
    made: TopicBuild,
) -> None:
    """Lower compiled resources to each release, write and check them; adds to `made`."""
    for release in releases:
        lowered: list[Element] = []
        for resource in resources:
            one = release.lower(resource)
            made.losses.extend(one.losses)
            lowered.extend(one.resources)
        order = element_order(release.fhir.version)
        try:
            emitted = made.emitted[release.fhir.name] = tuple(emit(one, order) for one in lowered)
        except EmitError as error:
            made.findings.append(_unwritable(resources, error))
            return
        if models is not None and release.fhir.models_package:
            answers = models.ask(release.fhir.name, [one.line_bytes for one in emitted])
            made.answers.append(_answer(release.fhir.name, lowered, answers))
        for resource in lowered:
            made.findings.extend(validation_findings(resource, release))


def _answer(
    release: str, lowered: Sequence[Element], answers: PendingRefusals
) -> Callable[[], Iterable[Diagnostic]]:
    def findings() -> Iterable[Diagnostic]:
        for resource, refused in zip(lowered, answers(), strict=True):
            yield from model_diagnostics(release, resource, refused)

    return findings


def _unwritable(resources: Sequence[Element], error: EmitError) -> Diagnostic:
    span = next((one.span for one in resources if one.span is not None), Span(""))
    message = f"a value cannot be written as JSON: {error}"
    advice = "look for a broken character or a number without end"
    return Diagnostic("KB605", Severity.ERROR, message, Span(span.file), help=advice)


def validation_findings(resource: Element, release: Release) -> Iterable[Diagnostic]:
    """What FHIR's own rules say of a resource, at the author's place.

    Passed over is what an author cannot mend: profiles of guides that the compiler claims, where
    they are not at hand (`validate --package` looks at them), and codes that FHIR recommends where
    the definition has words.
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
        )


_NOT_THE_AUTHORS: Final = frozenset({"KB662", "KB720"})
_VALIDATORS: dict[str, Validator] = {}


def validator(fhir_version: str) -> Validator:
    """The validator of a FHIR version, made once."""
    found = _VALIDATORS.get(fhir_version)
    if found is None:
        found = _VALIDATORS[fhir_version] = Validator(fhir_version)
    return found
