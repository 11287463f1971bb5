"""A FHIR terminology server over HTTP: http://hl7.org/fhir/terminology-service.html.

It is asked only for what cannot be decided offline. If it fails or does not know a code system, the
answer is None ("not checked"), never that a code is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from fhir_kb.net.errors import NetError
from fhir_kb.terminology.membership import Coding, is_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.net import Response, SessionSettings
    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.tx_cache import TxCache

FHIR_JSON: Final = "application/fhir+json"
#: After so many failures in a row the server is not asked again.
MAX_FAILURES: Final = 3
#: How often one request is tried.
MAX_TRIES: Final = 2
#: After so many questions about one value set its expansion is requested.
EXPAND_AFTER: Final = 3
MAX_EXPANSION: Final = 2000
_MAX_RESPONSE: Final = 8 * 2**20
_REFUSED_STATUS: Final = frozenset({401, 403, 407, 429})
#: Messages with result "false" that mean: unknown to this server.
_UNKNOWN_TO_SERVER: Final = re.compile(
    r"unable to (?:expand|validate|provide|find)"
    r"|(?:could|can)(?:not|n't| not) be (?:found|validated)"
    r"|unknown (?:code ?system|value ?set|version)|not supported|unsupported"
    r"|no (?:codesystem|valueset) |(?:code ?system|value ?set)[^.]{0,200} (?:not found|is unknown)",
    re.IGNORECASE,
)
#: Messages that mean an invalid code, though the rest may match the pattern above.
_SURELY_INVALID: Final = re.compile(r"code is not found in code ?system", re.IGNORECASE)
_UNDECIDED_ISSUES: Final = frozenset(
    {"not-found", "not-supported", "too-costly", "timeout", "exception"}
)
_UNKNOWN_SYSTEM_PARAMETERS: Final = frozenset({"x-unknown-system", "x-caused-by-unknown-system"})


class HttpSession(Protocol):
    """The part of net.Session that is needed here."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        retry: bool = True,
        max_response: int | None = None,
    ) -> Response:
        """See net.Session.request."""


class TxServer:
    """The terminology server that a TerminologyService asks."""

    def __init__(self, session: HttpSession, base: str, cache: TxCache | None = None) -> None:
        """Set up the client; nothing is sent before the first question.

        Args:
            session: an open net.Session, with the login that the server requires.
            base: the server's base URL.
            cache: keeps responses between runs; None: only expansions are kept, in memory.
        """
        self._session = session
        self._base = base.rstrip("/")
        self._cache = cache
        self._software: str | None = None
        self._failures = 0
        self._problem = ""
        self._question_counts: dict[str, int] = {}
        self._expansions: dict[str, Mapping[str, Any] | None] = {}

    @property
    def problem(self) -> str:
        """The first failure in one sentence, without secrets; "" if there was none."""
        return self._problem

    def contains(
        self, value_set: str, coding: Coding, definition: Mapping[str, Any] | None = None
    ) -> bool | None:
        """Whether a value set has a code (ValueSet/$validate-code, or its expansion)."""
        if (expansion := self._expansion(value_set, definition)) is not None:
            is_contained = is_member(expansion, coding, _NoSource(), lambda _url, _coded: None)
            if is_contained is not None:
                return is_contained
        url, _, version = value_set.partition("|")
        if definition is not None:
            parameters = [{"name": "valueSet", "resource": definition}]
        else:
            parameters = [{"name": "url", "valueUri": url}]
            parameters += [{"name": "valueSetVersion", "valueString": version}] if version else []
        is_contained = _validation_result(
            self._operation("ValueSet/$validate-code", [*parameters, *_coding_parameters(coding)])
        )
        # not every server infers the system of a plain code; one that does not rejects every code
        return None if is_contained is False and coding.system is None else is_contained

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether a code system has a code (CodeSystem/$validate-code)."""
        return _validation_result(self._validate_in_system(system, code, version))

    def displays(self, system: str, code: str) -> tuple[str, ...] | None:
        """The display that the server has for a code."""
        response = self._validate_in_system(system, code, "")
        if _validation_result(response) is not True:
            return None
        display = _parameter(response, "display").get("valueString")
        return (display,) if isinstance(display, str) else ()

    def _validate_in_system(self, system: str, code: str, version: str) -> Mapping[str, Any] | None:
        parameters = [{"name": "url", "valueUri": system}, {"name": "code", "valueCode": code}]
        if version:
            parameters.append({"name": "version", "valueString": version})
        return self._operation("CodeSystem/$validate-code", parameters)

    def _expansion(
        self, value_set: str, definition: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        """All codes of a value set, once it was asked for often and if it is small."""
        if value_set in self._expansions:
            return self._expansions[value_set]
        self._question_counts[value_set] = self._question_counts.get(value_set, 0) + 1
        if self._question_counts[value_set] <= EXPAND_AFTER:
            return None
        url, _, version = value_set.partition("|")
        parameters: list[dict[str, Any]] = [{"name": "count", "valueInteger": MAX_EXPANSION}]
        if definition is not None:
            parameters.append({"name": "valueSet", "resource": definition})
        else:
            parameters.append({"name": "url", "valueUri": url})
            if version:
                parameters.append({"name": "valueSetVersion", "valueString": version})
        response = self._operation("ValueSet/$expand", parameters)
        complete = response if response is not None and _is_complete(response) else None
        self._expansions[value_set] = (
            None if complete is None else {"expansion": complete["expansion"]}
        )
        return self._expansions[value_set]

    def _operation(self, operation: str, parameters: list[Any]) -> Mapping[str, Any] | None:
        """The resource that an operation returns, perhaps from the cache; None if it fails."""
        if self._failures >= MAX_FAILURES:
            return None
        body = orjson.dumps(
            {"resourceType": "Parameters", "parameter": parameters}, option=orjson.OPT_SORT_KEYS
        )
        key = ""
        if self._cache is not None and (software := self._version()):
            key = self._cache.key(self._base, software, operation, body)
            if (cached := self._cache.get(key)) is not None:
                return cached
        response = self._send("POST", operation, body)
        if response is not None and self._cache is not None and key:
            self._cache.put(key, response)
        return response

    def _version(self) -> str:
        """The server's software and version, which responses depend on; "" if not stated."""
        if self._software is None:
            statement = self._send("GET", "metadata?_summary=true", None) or {}
            software = statement.get("software")
            named_software = software if isinstance(software, dict) else {}
            label = f"{named_software.get('name', '')} {named_software.get('version', '')}".strip()
            self._software = label or str(statement.get("fhirVersion", ""))
        return self._software

    def _send(self, method: str, path: str, body: bytes | None) -> dict[str, Any] | None:
        headers = {"Accept": FHIR_JSON}
        if body is not None:
            headers["Content-Type"] = FHIR_JSON
        url = f"{self._base}/{path}"
        try:
            response = self._session.request(
                method, url, headers=headers, content=body, retry=True, max_response=_MAX_RESPONSE
            )
        except NetError as error:
            self._fail(error.message)
            return None
        if response.status >= 500 and path.endswith("$expand"):
            return None  # too large or not supported: $validate-code is used instead
        if response.status in _REFUSED_STATUS or response.status >= 500:
            self._fail(str(response))
            return None
        try:
            content = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body_name = "an HTML page" if response.is_html else "other content"
            self._fail(f"{response} with {body_name} instead of FHIR")
            return None
        if not isinstance(content, dict) or "resourceType" not in content:
            self._fail(f"{response} with other JSON instead of FHIR")
            return None
        self._failures = 0
        return content if response.status < 300 else None

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if not self._problem:
            self._problem = f"the terminology server cannot be used: {reason}"


def tx_server(base: str, settings: SessionSettings | None = None) -> TxServer:
    """A terminology server at that URL, with responses kept in the user's cache folder.

    settings: login, certificates and proxy; None for the defaults. Nothing is sent yet.
    """
    # Imported late: most runs ask no server.
    from fhir_kb.net import RetryPolicy, SessionSettings, open_session
    from fhir_kb.terminology.tx_cache import TxCache, cache_file

    chosen = settings or SessionSettings(server=base, retry=RetryPolicy(tries=MAX_TRIES))
    return TxServer(open_session(chosen), base, TxCache(cache_file()))


class _NoSource:
    """A source without value sets and code systems: an expansion needs none."""

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """None."""

    def code_system(self, system: str, version: str = "") -> CodeSystemConcepts | None:
        """None."""


def _coding_parameters(coding: Coding) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [{"name": "code", "valueCode": coding.code}]
    if coding.system is None:
        parameters.append({"name": "inferSystem", "valueBoolean": True})
    else:
        parameters.append({"name": "system", "valueUri": coding.system})
    if coding.version:
        parameters.append({"name": "systemVersion", "valueString": coding.version})
    return parameters


def _validation_result(response: Mapping[str, Any] | None) -> bool | None:
    """The result of $validate-code; None where its "false" means unknown to the server."""
    if response is None or response.get("resourceType") != "Parameters":
        return None
    result = _parameter(response, "result").get("valueBoolean")
    if result is not False:
        return result if result is True else None
    if any(_parameter(response, name) for name in _UNKNOWN_SYSTEM_PARAMETERS):
        return None
    outcome = _parameter(response, "issues").get("resource")
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    for issue in issues if isinstance(issues, list) else ():
        code = issue.get("code") if isinstance(issue, dict) else None
        if isinstance(code, str) and code in _UNDECIDED_ISSUES:
            return None
    message = _parameter(response, "message").get("valueString")
    if not isinstance(message, str) or _SURELY_INVALID.search(message):
        return False
    return None if _UNKNOWN_TO_SERVER.search(message) else False


def _parameter(response: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    """The parameter of that name; empty if there is none."""
    listed = response.get("parameter") if response is not None else None
    for parameter in listed if isinstance(listed, list) else ():
        if isinstance(parameter, dict) and parameter.get("name") == name:
            return parameter
    return {}


def _is_complete(response: Mapping[str, Any]) -> bool:
    """Whether an expansion lists all codes of the value set."""
    expansion = response.get("expansion")
    if not isinstance(expansion, dict) or not isinstance(expansion.get("contains"), list):
        return False
    total = expansion.get("total")
    count = len(expansion["contains"])
    return count < MAX_EXPANSION and (not isinstance(total, int) or total <= count)
