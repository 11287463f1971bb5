"""Every kind of finding that a run can have."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Code, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES: Final = (
    Code(
        "KB223",
        "same-resource",
        Severity.ERROR,
        """Two definitions make the same resource.

Every resource has its own id within its type, made from the names of the topic and of the thing:
`<topic>.<name>`. Here two of them came out equal, so one would overwrite the other on every server.

    topic: needling        # its activity 'insertion' becomes needling.insertion

Rename one of the two.""",
    ),
    Code(
        "KB224",
        "no-document",
        Severity.ERROR,
        """No document can be made of this.

A document bundle is one page: it starts with the Composition that `page.md` becomes. Name one
topic, and give it a page.

    fhir-kb bundle dry-needling-myofascial-pain --fhir r4 --type document""",
    ),
    Code(
        "KB225",
        "unknown-topic-named",
        Severity.ERROR,
        """There is no topic of this name.

The words after `fhir-kb bundle` are names of topics: what stands after `topic:` in a topic.yaml.

    fhir-kb bundle dry-needling-myofascial-pain --fhir r4

`fhir-kb validate definitions --format json` lists what can be read; with shell completion the
names complete by themselves.""",
    ),
    Code(
        "KB226",
        "package-name",
        Severity.ERROR,
        """The name is not one that a FHIR package can have.

A package is known by two or more words with dots between them. Each has small letters, digits and
hyphens and starts with a letter. The release is added to it, and the whole is also an id, so that
59 characters are the most. Without `package.name`, the name is `local.` and the `id` of kb.yaml.

    package: {name: org.example.pain-kb}""",
    ),
)


@cache
def catalogue() -> Mapping[str, Code]:
    """Every code with its page, in order. Costs the import of every package that has codes."""
    from fhir_kb.compile.codes import CODES as COMPILE
    from fhir_kb.publish import CODES as PUBLISH
    from fhir_kb.push.codes import CODES as PUSH
    from fhir_kb.read.codes import CODES as READ
    from fhir_kb.releases import CODES as RELEASES
    from fhir_kb.validate.fhir import CODES as FHIR
    from fhir_kb.validate.rules import CODES as RULES

    found: dict[str, Code] = {}
    for family in (READ, RULES, CODES, COMPILE, RELEASES, FHIR, PUBLISH, PUSH):
        for code in family:
            assert code.id not in found, code.id
            found[code.id] = code
    return MappingProxyType(dict(sorted(found.items())))
