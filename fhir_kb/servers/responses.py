"""What is read from the responses of a FHIR server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.net import redacted_url
from fhir_kb.net.redaction import redact
from fhir_kb.net.response import status_text
from fhir_kb.net.retry import tries_text
from fhir_kb.servers.content import load_json
from fhir_kb.servers.json_values import is_type, object_in, objects, strings, text_in
from fhir_kb.servers.protocol import Rejected, ServerError

if TYPE_CHECKING:
    from fhir_kb.net import Response
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import ChangeRequest

_CONFLICT: Final = frozenset({409, 412})
_LOGIN_REFUSED: Final = frozenset({401, 403})
_TOO_MANY: Final = 429
NOT_IMPLEMENTED: Final = 501
"""What the server cannot do, now or later: no retry helps."""
_REFUSED: Final = frozenset({400, 404, 422})
_MAX_TEXT: Final = 300


def resource_in(response: Response) -> Resource | None:
    """The resource in the body; None where it is something else, such as an HTML page."""
    try:
        body = load_json(response.content)
    except ValueError:
        return None
    is_resource = isinstance(body, dict) and is_type(body.get("resourceType"))
    return body if is_resource else None


def operation_outcome(*candidates: object) -> Resource | None:
    """The first that is an OperationOutcome."""
    for candidate in candidates:
        if isinstance(candidate, dict) and candidate.get("resourceType") == "OperationOutcome":
            return candidate
    return None


def outcome_text(outcome: Resource | None) -> str:
    """The errors of an OperationOutcome in a few words, without secrets of ours; "" for none."""
    texts: list[str] = []
    for issue in objects((outcome or {}).get("issue")):
        if text_in(issue.get("severity")) in ("error", "fatal", ""):
            said = (issue.get("diagnostics"), object_in(issue.get("details")).get("text"))
            texts.append(next(filter(None, map(text_in, (*said, issue.get("code")))), ""))
    text = redact(" ".join("; ".join(filter(None, texts)).split()))
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def response_text(response: Response, url: str) -> str:
    """A response that cannot be used, as people read it: request, status, what came, tries.

    Such as "GET https://fhir.example/metadata: HTTP 413 Content Too Large with an HTML page instead
    of FHIR (tried 6 times in 31 s)".
    """
    text = f"{response.method} {redacted_url(url, query=True)}: {status_text(response.status)}"
    resource = resource_in(response)
    if reason := outcome_text(operation_outcome(resource)):
        text += f": {reason}"
    elif resource is None and response.is_html:
        text += f" with {response.page} instead of FHIR"
    elif resource is None and response.content:
        text += " with a body that is not FHIR"
    elif resource is None and response.status < 300:
        text += " with an empty body instead of FHIR"
    tries = tries_text(response.tries, response.seconds)
    return text + (tries and f" ({tries})")


def unusable(response: Response, url: str) -> ServerError:
    """The error for a read without a usable response."""
    if response.status in _LOGIN_REFUSED:
        advice = "Check the login of this target, and what it may do on the server"
    elif response.status == _TOO_MANY:
        advice = "The server limits the number of requests: try again later"
    elif response.status >= 500 and response.status != NOT_IMPLEMENTED:
        advice = "The server is overloaded or down: try again later, or ask its operator"
    else:
        advice = "Check the address, and that a FHIR server is there"
    return ServerError(response_text(response, url), advice, response.status)


def is_unsupported(status: int, resource: Resource | None, what: str) -> bool:
    """Whether a response says that the server does not do `what` ("transaction") at all."""
    issues = objects((operation_outcome(resource) or {}).get("issue"))
    return status in _REFUSED and any(
        issue.get("code") == "not-supported" and what in outcome_text({"issue": [issue]}).lower()
        for issue in issues
    )


def rejected(change: ChangeRequest, status: int, resource: Resource | None) -> Rejected:
    """The outcome of a change that a response of this status is about."""
    outcome = operation_outcome(resource)
    text = outcome_text(outcome) or status_text(status)
    return Rejected(change.ref, status, text, conflict=status in _CONFLICT, outcome=outcome)


def issue_expressions(outcome: Resource | None) -> list[tuple[str, str]]:
    """(place, text) of each issue of an OperationOutcome that names a place in the resource."""
    issues: list[tuple[str, str]] = []
    for issue in objects((outcome or {}).get("issue")):
        text = outcome_text({"issue": [issue]})
        issues += [(path, text) for path in strings(issue.get("expression"))]
    return issues
