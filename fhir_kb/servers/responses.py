"""What a server's answers say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.content import load_json
from fhir_kb.servers.protocol import Rejected

if TYPE_CHECKING:
    from fhir_kb.net import Answer
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import ChangeRequest, Outcome

_MOVED: Final = frozenset({409, 412})
_LONGEST: Final = 300


def resource_in(answer: Answer) -> Resource | None:
    """The resource that an answer is; None where it is something else, such as a page of HTML."""
    try:
        found = load_json(answer.content)
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(found, dict) and isinstance(found.get("resourceType"), str)
    return found if is_one else None


def retry_after(answer: Answer) -> float:
    """Seconds for which the server asks us to wait; 0 where it does not."""
    from fhir_kb.net.session import seconds_of  # it brings `requests`, which is slow to load

    return seconds_of(answer.headers.get("retry-after", ""))


def operation_outcome(*candidates: object) -> Resource | None:
    """The first that is an OperationOutcome."""
    for one in candidates:
        if isinstance(one, dict) and one.get("resourceType") == "OperationOutcome":
            return one
    return None


def outcome_text(outcome: Resource | None) -> str:
    """What an OperationOutcome says, in a few words; "" for none."""
    words: list[str] = []
    for issue in (outcome or {}).get("issue") or ():
        if isinstance(issue, dict) and issue.get("severity") in ("error", "fatal", None):
            details = issue.get("details")
            said = details.get("text") if isinstance(details, dict) else None
            words.append(str(issue.get("diagnostics") or said or issue.get("code") or ""))
    text = " ".join("; ".join(filter(None, words)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def rejection_text(answer: Answer) -> str:
    """What a server says when it says no: its own words, or the number of its status."""
    return outcome_text(operation_outcome(resource_in(answer))) or f"status {answer.status}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A refusal. resource: the OperationOutcome, if that was the answer."""

    status: int
    resource: Resource | None

    def outcome(self, change: ChangeRequest) -> Outcome:
        """The same for one of the changes that it was about."""
        outcome = operation_outcome(self.resource)
        text = outcome_text(outcome) or f"the server answered {self.status}"
        return Rejected(
            change.ref, self.status, text, conflict=self.status in _MOVED, outcome=outcome
        )


def issue_expressions(outcome: Resource | None) -> list[tuple[str, str]]:
    """(place, text) of each issue of an OperationOutcome that names a place in the resource."""
    found: list[tuple[str, str]] = []
    for issue in (outcome or {}).get("issue") or ():
        places: Any = issue.get("expression") if isinstance(issue, dict) else None
        named = [place for place in places or () if isinstance(place, str)]
        found += [(place, outcome_text({"issue": [issue]})) for place in named]
    return found
