"""What a server's answers say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.content import load
from fhir_kb.servers.server import Refused

if TYPE_CHECKING:
    from fhir_kb.net import Answer
    from fhir_kb.servers.server import Change, Outcome, Resource

_MOVED: Final = frozenset({409, 412})
_LONGEST: Final = 300


def resource_of(answer: Answer) -> Resource | None:
    """The resource that an answer is; None where it is something else, such as a page of HTML."""
    try:
        found = load(answer.content)
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(found, dict) and isinstance(found.get("resourceType"), str)
    return found if is_one else None


def wait_of(answer: Answer) -> float:
    """Seconds for which the server asks us to wait; 0 where it does not."""
    from fhir_kb.net.session import seconds_of  # it brings `requests`, which is slow to load

    return seconds_of(answer.headers.get("retry-after", ""))


def outcome_of(*candidates: object) -> Resource | None:
    """The first that is an OperationOutcome."""
    for one in candidates:
        if isinstance(one, dict) and one.get("resourceType") == "OperationOutcome":
            return one
    return None


def text_of(outcome: Resource | None) -> str:
    """What an OperationOutcome says, in a few words; "" for none."""
    words: list[str] = []
    for issue in (outcome or {}).get("issue") or ():
        if isinstance(issue, dict) and issue.get("severity") in ("error", "fatal", None):
            details = issue.get("details")
            said = details.get("text") if isinstance(details, dict) else None
            words.append(str(issue.get("diagnostics") or said or issue.get("code") or ""))
    text = " ".join("; ".join(filter(None, words)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def refusal_text(answer: Answer) -> str:
    """What a server says when it says no: its own words, or the number of its status."""
    return text_of(outcome_of(resource_of(answer))) or f"status {answer.status}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A refusal. resource: the OperationOutcome, if that was the answer."""

    status: int
    resource: Resource | None

    def outcome(self, change: Change) -> Outcome:
        """The same for one of the changes that it was about."""
        outcome = outcome_of(self.resource)
        text = text_of(outcome) or f"the server answered {self.status}"
        return Refused(change.ref, self.status, text, moved=self.status in _MOVED, outcome=outcome)


def expressions(outcome: Resource | None) -> list[tuple[str, str]]:
    """(place, text) of each issue of an OperationOutcome that names a place in the resource."""
    found: list[tuple[str, str]] = []
    for issue in (outcome or {}).get("issue") or ():
        places: Any = issue.get("expression") if isinstance(issue, dict) else None
        named = [place for place in places or () if isinstance(place, str)]
        found += [(place, text_of({"issue": [issue]})) for place in named]
    return found
