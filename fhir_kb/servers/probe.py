"""What a server can do, found out by requests that change nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.model.resource_kind import published_types
from fhir_kb.servers.capabilities import software_quirks
from fhir_kb.servers.protocol import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.servers.protocol import FhirServer, Observation, Query, ServerCapabilities

Basis = Literal["says", "tried", "known", "not known"]
"""Whether the server says so itself, has shown it, its software is known for it, or nobody knows
before something is written."""
_NOWHERE: Final = "fhir-kb-looks-for-nothing"

_OBSERVED: Final[dict[Observation, str]] = {
    "assigns-ids": "assigns ids, though it says that it takes ours",
    "no-transaction": "refuses transactions",
    "no-batch": "refuses batches",
    "no-history": "refuses the history of types",
    "no-post-search": "refuses POST [type]/_search",
    "no-elements": "refuses _elements",
    "no-page-size": "refuses _count",
    "no-summary-count": "refuses or ignores _summary=count",
    "no-conditional-create": "refuses the condition of a create",
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One property of a server."""

    topic: str
    text: str
    how: Basis
    fits: bool = True
    """Whether pushing works with it as it is."""


def probe(server: FhirServer) -> list[ProbeResult]:
    """What a push has to know of a server. Raises ServerError where it does not answer at all."""
    capabilities = server.capabilities
    label = BY_NAME[capabilities.release].label if capabilities.release else ""
    return [
        ProbeResult("software", capabilities.software or "not stated", "says"),
        ProbeResult("FHIR", f"{capabilities.fhir_version} ({label or 'none of ours'})",
               "says", bool(capabilities.release)),
        _types(capabilities),
        _send_mode(capabilities),
        *_conditions(capabilities),
        *_tested(server),
        _ids(capabilities),
        _references(capabilities),
        _limits(capabilities),
        *(ProbeResult("observed", _OBSERVED[name], "tried") for name in capabilities.observed),
    ]  # fmt: skip


def _types(capabilities: ServerCapabilities) -> ProbeResult:
    published = published_types(BY_NAME[capabilities.release]) if capabilities.release else ()
    missing = [type_ for type_ in published if type_ not in capabilities.types]
    if not capabilities.types:
        return ProbeResult("types", "not stated", "says")
    if missing:
        return ProbeResult("types", f"lacks {', '.join(missing)}", "says", fits=False)
    return ProbeResult("types", f"all {len(published)} that definitions become", "says")


def _send_mode(capabilities: ServerCapabilities) -> ProbeResult:
    texts = {"transaction": "transactions", "batch": "batches", "single": "one by one"}
    return ProbeResult("send mode", f"as {texts[capabilities.send_modes[0]]}", "says")


def _conditions(capabilities: ServerCapabilities) -> Iterator[ProbeResult]:
    types = capabilities.types.get("PlanDefinition", frozenset())
    history = "history-type" in types
    text = "by the history of each type" if history else "no history: all versions are compared"
    yield ProbeResult("changes since", text, "says")
    conditional = ", ".join(capabilities.conditional) or "none"
    yield ProbeResult("conditional", f"{conditional} (not needed)", "says")
    if not capabilities.versioning:
        yield ProbeResult(
            "versions", "none: changes of others are not detected", "says", fits=False
        )
    elif software_quirks(capabilities.software):
        yield ProbeResult("versions", "a stale change is rejected", "known")
    else:
        yield ProbeResult("versions", "kept; whether a stale change is rejected", "not known")


def _tested(server: FhirServer) -> Iterator[ProbeResult]:
    """Searches that any server should answer."""
    start = time.perf_counter()
    yield _test(
        "search", lambda: f"works; it holds {server.count('PlanDefinition', {})} PlanDefinition"
    )
    seconds = time.perf_counter() - start
    yield ProbeResult("response time", f"{seconds * 1000:.0f} ms", "tried")
    url = "https://fhir-kb.example/nothing"
    yield _test("by url", lambda: _number_matching(server, {"url": url}))
    yield _test("by id", lambda: _number_matching(server, {"_id": _NOWHERE}))


def _number_matching(server: FhirServer, query: Query) -> str:
    """What a search says for a value that nothing has."""
    number = sum(1 for _ in server.search("PlanDefinition", query))
    if number:
        return f"{number} matches, where 0 are expected"
    return "works: 0 matches, as expected"


def _test(topic: str, request: Callable[[], str]) -> ProbeResult:
    try:
        return ProbeResult(topic, request(), "tried")
    except ServerError as error:
        return ProbeResult(topic, error.message, "tried", fits=False)


def _ids(capabilities: ServerCapabilities) -> ProbeResult:
    if capabilities.client_ids == "no":
        return ProbeResult(
            "ids", "assigned by the server: resources are found by url and version", "says"
        )
    if software_quirks(capabilities.software):
        return ProbeResult("ids", "chosen by us, unless they are numbers", "known")
    if any("update" in interactions for interactions in capabilities.types.values()):
        return ProbeResult("ids", "whether we may choose them", "not known")
    return ProbeResult("ids", "no updates: we cannot choose them", "says", fits=False)


def _references(capabilities: ServerCapabilities) -> ProbeResult:
    if software_quirks(capabilities.software):
        return ProbeResult("references", "to missing resources are rejected", "known")
    return ProbeResult("references", "whether those to missing resources are rejected", "not known")


def _limits(capabilities: ServerCapabilities) -> ProbeResult:
    if capabilities.max_entries or capabilities.max_bytes:
        text = (
            f"{capabilities.max_entries or 'any'} entries, {capabilities.max_bytes or 'any'} bytes"
        )
        return ProbeResult("request limits", text, "says")
    return ProbeResult(
        "request limits", "no limit known; one that is too large is split", "not known"
    )
