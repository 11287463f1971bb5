"""KB322: a retraction notice and the work that it retracts are not told apart.

`retracted: true` says that the work itself was retracted. The notice that says so is another
article, of the type `retraction-notice`; it names the work, which is marked as retracted.

    trial-2010: {type: article, title: "A trial", retracted: true}
    trial-2010-notice: {type: retraction-notice, title: "Retraction: A trial", retracts: trial-2010}

Give the notice its type and `retracts`, and the work `retracted: true`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTICE: Final = re.compile(
    r"(?i)\s*(retraction( notice| note)?\s*[:\u2013\u2014-]|notice of retraction)"
)
_TYPE: Final = "retraction-notice"


def _check(scope: TopicScope) -> Iterator[Finding]:
    works = {str(work.id): work for work in scope.source.references}
    for work in scope.source.references:
        if work.type != _TYPE and _NOTICE.match(work.title):
            message = (
                f"'{work.id}' has the title of a retraction notice, and the type '{work.type}'"
            )
            yield Finding(work.type.span, message, f"write 'type: {_TYPE}' and what it retracts")
        if work.type == _TYPE and work.retracted:
            message = f"'{work.id}' is a retraction notice; what is retracted is another work"
            yield Finding(work.span, message, "mark the other work, and name it in 'retracts'")
        for name in work.retracts:
            other = works.get(str(name))
            if other is not None and not other.retracted:
                message = f"'{name}' was retracted by '{work.id}', but is not marked as retracted"
                yield Finding(other.span, message, "add 'retracted: true'")


RULE = Rule("KB322", "retraction-notice", Severity.ERROR, _check, __doc__)
