"""KB335: a CQL library includes one that the topic does not list.

An engine loads what a library includes from the server, by name. If it is not there, every
condition that uses the including library fails, and its step is not proposed. FHIRHelpers is the
exception: engines bring it themselves.

    # ckd.cql
    include Kidney version '1.0.0' called Kidney

List it in `libraries`: as a `file`, which is then published with the topic, or by the `canonical`
of where it is published, with its `name`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.libraries._cql_files import cql_files
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.cql_header import FHIR_HELPERS

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    files = list(cql_files(scope))
    listed = {file.header.library.own_name for file in files if file.header.library is not None}
    for library in scope.source.topic.libraries:
        if library.canonical is not None:
            listed |= {str(library.name), library.cql_name_of_canonical}
    for file in files:
        for include in file.header.includes:
            if include.own_name not in listed and include.own_name != FHIR_HELPERS:
                message = f"the library '{include.name}' is included and not listed"
                yield Finding(
                    file.span(include),
                    message,
                    "list it in `libraries`: its file, or the canonical of where it is published",
                )


RULE = Rule("KB335", "library-not-listed", Severity.WARNING, _check, __doc__)
