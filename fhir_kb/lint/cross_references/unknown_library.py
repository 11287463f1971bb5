"""KB304: a library is named that the topic does not have.

`library` and `libraries` name entries of the topic's `libraries`: a file of the topic's folder, or
the canonical of one that is published elsewhere.

    when: {cql-identifier: Has CKD, library: cdk}      # libraries: {ckd: {file: ckd.cql}}

Name a library that is there, or add it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {str(library.id) for library in scope.source.topic.libraries}
    yield from undefined_names(scope, "library", defined, "library")


RULE = Rule("KB304", "unknown-library", Severity.ERROR, _check, __doc__)
