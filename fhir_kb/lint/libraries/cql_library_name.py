"""KB332: engines cannot find a CQL library by its name.

An engine looks a library up by the name that the CQL declares; so the URL of the published
Library ends in that name (*Using CQL with FHIR*, conformance requirement 4.2). A file that
declares none cannot be found, and a plan that names it proposes no step that has a condition.

    # ckd.cql, for `libraries: {ckd: {file: ckd.cql, name: CKDStage}}`
    library CKDStages version '0.1.0'

Begin the file with `library CKDStage version '0.1.0'`. `name` in topic.yaml is the same, or left
out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.libraries._cql_files import cql_files
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for file in cql_files(scope):
        declared, name = file.header.library, file.library.name
        if declared is None:
            message = f"the CQL of library '{file.library.id}' declares no name"
            yield Finding(
                file.span(None), message, "begin it with: library CKDStage version '0.1.0'"
            )
        elif name is not None and str(name) != declared.own_name:
            message = f"the library is called '{name}' here and '{declared.own_name}' in its CQL"
            yield Finding(name.span, message, "write the name of the CQL, or leave it out")


RULE = Rule("KB332", "cql-library-name", Severity.ERROR, _check, __doc__)
