"""KB304: a library is named that the topic does not have.

`library` and `libraries` name entries of the topic's `libraries`: a file of the topic's folder, or
the canonical of one that is published elsewhere.

    when: {cql-identifier: Has CKD, library: cdk}      # libraries: {ckd: {file: ckd.cql}}

Name a library that is there, or add it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.names._known import unknown
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: Scope) -> Iterator[Finding]:
    known = {str(one.id) for one in scope.source.topic.libraries}
    yield from unknown(scope, "library", known, "library")


RULE = Rule("KB304", "unknown-library", Severity.ERROR, _check, __doc__)
