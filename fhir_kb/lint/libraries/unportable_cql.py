"""KB333: not every engine runs this CQL.

*Using CQL with FHIR* wants a name without underscores. And the engines that are in use know one
model of FHIR for CQL, 4.0.1, whatever release their data are in: with `using FHIR version
'5.0.0'` HAPI proposes no step that has a condition ("Could not resolve model info provider"),
with 4.0.1 it reads R5 data as well.

    library CKD_Stage version '0.1.0'
    using FHIR version '5.0.0'

Write `library CKDStage version '0.1.0'` and `using FHIR version '4.0.1'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.libraries._cql_files import cql_files
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.fhir_release import R4

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODEL: Final = R4.version  # the model of CQL engines, whatever release is published


def _check(scope: TopicScope) -> Iterator[Finding]:
    for file in cql_files(scope):
        declared = file.header.library
        if declared is not None and not declared.own_name.isalnum():
            message = f"the name of the CQL library '{declared.own_name}' is not portable"
            yield Finding(file.span(declared), message, "letters and digits only")
        for model in file.header.models:
            if model.name == "FHIR" and model.version != _MODEL:
                version = f"version '{model.version}'" if model.version else "no version"
                message = f"engines run CQL on FHIR {_MODEL}, and this uses {version}"
                yield Finding(file.span(model), message, f"using FHIR version '{_MODEL}'")


RULE = Rule("KB333", "unportable-cql", Severity.WARNING, _check, __doc__)
