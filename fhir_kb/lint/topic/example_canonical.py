"""KB321: the canonical URL is one that is set apart for examples.

HL7's validator refuses references with `example.org`, `example.com`, `example.net`, `acme.com` or
`acme.org` in them, so that nobody publishes what was copied from an example. Every artifact's URL
begins with `canonical`.

    canonical: https://kb.example.org/fhir      # refused
    canonical: https://ward-kb.example/fhir     # for trying out

Take a domain of your own. It need not be a web address. For trying out, names that end in
`.example` are nobody's (RFC 2606) and pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, SharedScope, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSED: Final = ("example.org", "example.com", "example.net", "acme.com", "acme.org")


def _check(_scope: TopicScope) -> Iterator[Finding]:
    return iter(())


def _shared(shared: SharedScope) -> Iterator[Finding]:
    canonical = shared.settings.canonical
    refused = next((name for name in _REFUSED if name in canonical), None)
    if refused is not None:
        message = f"HL7's validator refuses URLs with '{refused}', and every artifact's has it"
        advice = f"take a domain of your own, or https://{shared.settings.id}.example/fhir for now"
        yield Finding(canonical.span, message, advice)


RULE = Rule("KB321", "example-canonical", Severity.WARNING, _check, __doc__, _shared)
