"""A FHIR terminology server: http://hl7.org/fhir/terminology-service.html.

It is asked only for what cannot be known without it. Where it fails, or does not know, the answer
is None, "not checked": never that a code is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from fhir_kb.net.errors import NetError
from fhir_kb.terminology.membership import Coded, is_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.net import Answer, SessionSettings
    from fhir_kb.terminology.concepts import Concepts
    from fhir_kb.terminology.tx_cache import TxCache

FHIR_JSON: Final = "application/fhir+json"
#: After so many failures in a row it is not asked again.
PATIENCE: Final = 3
#: How often a question is asked where no answer comes.
TRIES: Final = 2
#: After so many questions about one value set its expansion is asked for.
QUESTIONS: Final = 3
MAX_EXPANSION: Final = 2000
_MOST: Final = 8 * 2**20
_REFUSED: Final = frozenset({401, 403, 407, 429})
#: What servers say when they do not know, though their result is "false".
_NOT_KNOWN: Final = re.compile(
    r"unable to (?:expand|validate|provide|find)"
    r"|(?:could|can)(?:not|n't| not) be (?:found|validated)"
    r"|unknown (?:code ?system|value ?set|version)|not supported|unsupported"
    r"|no (?:codesystem|valueset) |(?:code ?system|value ?set)[^.]{0,200} (?:not found|is unknown)",
    re.IGNORECASE,
)
#: Where they do know, though the rest of the message sounds otherwise.
_KNOWN: Final = re.compile(r"code is not found in code ?system", re.IGNORECASE)
_NOT_FOUND: Final = frozenset({"not-found", "not-supported", "too-costly", "timeout", "exception"})
_SIGNS: Final = frozenset({"x-unknown-system", "x-caused-by-unknown-system"})


class Asking(Protocol):
    """What is needed of a net.Session."""

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        repeat: bool = True,
        most: int | None = None,
    ) -> Answer:
        """See net.Session.ask."""


class TxServer:
    """A terminology server, as `Terminology` asks it.

    session: an open net.Session with whatever login the server wants. base: its address. cache:
    keeps answers between runs; None: only in memory. Nothing is sent before the first question.
    """

    def __init__(self, session: Asking, base: str, cache: TxCache | None = None) -> None:
        self._session = session
        self._base = base.rstrip("/")
        self._cache = cache
        self._software: str | None = None
        self._failures = 0
        self._problem = ""
        self._asked: dict[str, int] = {}
        self._expansions: dict[str, Mapping[str, Any] | None] = {}

    @property
    def problem(self) -> str:
        """What went wrong first, in one sentence without secrets; "" where nothing did."""
        return self._problem

    def contains(
        self, value_set: str, coded: Coded, definition: Mapping[str, Any] | None = None
    ) -> bool | None:
        """Whether a value set has a code (ValueSet/$validate-code, or its expansion)."""
        if (expansion := self._expansion(value_set, definition)) is not None:
            found = is_member(expansion, coded, _Nothing(), lambda _url, _coded: None)
            if found is not None:
                return found
        url, _, version = value_set.partition("|")
        if definition is not None:
            which = [{"name": "valueSet", "resource": definition}]
        else:
            which = [{"name": "url", "valueUri": url}]
            which += [{"name": "valueSetVersion", "valueString": version}] if version else []
        found = _result(self._question("ValueSet/$validate-code", [*which, *_of_code(coded)]))
        # not every server infers the system of a plain code, and then all codes are wrong to it
        return None if found is False and coded.system is None else found

    def has_code(self, system: str, code: str, version: str = "") -> bool | None:
        """Whether a code system has a code (CodeSystem/$validate-code)."""
        return _result(self._of_system(system, code, version))

    def names(self, system: str, code: str) -> tuple[str, ...] | None:
        """The display that the server gives to a code."""
        answer = self._of_system(system, code, "")
        if _result(answer) is not True:
            return None
        display = _parameter(answer, "display").get("valueString")
        return (display,) if isinstance(display, str) else ()

    def _of_system(self, system: str, code: str, version: str) -> Mapping[str, Any] | None:
        asked = [{"name": "url", "valueUri": system}, {"name": "code", "valueCode": code}]
        if version:
            asked.append({"name": "version", "valueString": version})
        return self._question("CodeSystem/$validate-code", asked)

    def _expansion(
        self, value_set: str, definition: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        """All codes of a value set, where somebody asks for many of them and they are few."""
        if value_set in self._expansions:
            return self._expansions[value_set]
        self._asked[value_set] = self._asked.get(value_set, 0) + 1
        if self._asked[value_set] <= QUESTIONS:
            return None
        url, _, version = value_set.partition("|")
        asked: list[dict[str, Any]] = [{"name": "count", "valueInteger": MAX_EXPANSION}]
        if definition is not None:
            asked.append({"name": "valueSet", "resource": definition})
        else:
            asked.append({"name": "url", "valueUri": url})
            if version:
                asked.append({"name": "valueSetVersion", "valueString": version})
        answer = self._question("ValueSet/$expand", asked)
        whole = answer if answer is not None and _is_whole(answer) else None
        self._expansions[value_set] = None if whole is None else {"expansion": whole["expansion"]}
        return self._expansions[value_set]

    def _question(self, operation: str, parameters: list[Any]) -> Mapping[str, Any] | None:
        """The resource that an operation answers with; None where it fails or does not know."""
        if self._failures >= PATIENCE:
            return None
        body = orjson.dumps(
            {"resourceType": "Parameters", "parameter": parameters}, option=orjson.OPT_SORT_KEYS
        )
        key = ""
        if self._cache is not None and (software := self._version()):
            key = self._cache.key(self._base, software, operation, body)
            if (known := self._cache.get(key)) is not None:
                return known
        answer = self._ask("POST", operation, body)
        if answer is not None and self._cache is not None and key:
            self._cache.put(key, answer)
        return answer

    def _version(self) -> str:
        """The server's software, which answers depend on; "" where it does not say."""
        if self._software is None:
            found = self._ask("GET", "metadata?_summary=true", None) or {}
            software = found.get("software")
            words = software if isinstance(software, dict) else {}
            named = f"{words.get('name', '')} {words.get('version', '')}".strip()
            self._software = named or str(found.get("fhirVersion", ""))
        return self._software

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any] | None:
        headers = {"Accept": FHIR_JSON}
        if body is not None:
            headers["Content-Type"] = FHIR_JSON
        url = f"{self._base}/{path}"
        try:
            answer = self._session.ask(
                method, url, headers=headers, content=body, repeat=True, most=_MOST
            )
        except NetError as error:
            self._fail(error.message)
            return None
        if answer.status >= 500 and path.endswith("$expand"):
            return None  # too large, or not supported: there is another way to ask
        if answer.status in _REFUSED or answer.status >= 500:
            self._fail(f"it answers {answer.status}")
            return None
        try:
            content = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            self._fail("its answer is not JSON")
            return None
        if not isinstance(content, dict) or "resourceType" not in content:
            self._fail("its answer is not FHIR")
            return None
        self._failures = 0
        return content if answer.status < 300 else None

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if not self._problem:
            self._problem = f"the terminology server could not be asked: {reason}"


def tx_server(base: str, settings: SessionSettings | None = None) -> TxServer:
    """A terminology server at that address, with answers kept in the user's cache folder.

    settings: login, certificates and proxy; None for the usual ones. Nothing is sent yet.
    """
    # Imported here, because most runs ask no server.
    from fhir_kb.net import SessionSettings, open_session
    from fhir_kb.terminology.tx_cache import TxCache, cache_file

    chosen = settings or SessionSettings(server=base, tries=TRIES)
    return TxServer(open_session(chosen), base, TxCache(cache_file()))


class _Nothing:
    """No value sets and code systems: an expansion says all."""

    def value_set(self, canonical: str) -> Mapping[str, Any] | None:
        """None."""

    def concepts(self, system: str, version: str = "") -> Concepts | None:
        """None."""


def _of_code(coded: Coded) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"name": "code", "valueCode": coded.code}]
    if coded.system is None:
        made.append({"name": "inferSystem", "valueBoolean": True})
    else:
        made.append({"name": "system", "valueUri": coded.system})
    if coded.version:
        made.append({"name": "systemVersion", "valueString": coded.version})
    return made


def _result(answer: Mapping[str, Any] | None) -> bool | None:
    """What $validate-code says; None where its "false" means that it does not know."""
    if answer is None or answer.get("resourceType") != "Parameters":
        return None
    result = _parameter(answer, "result").get("valueBoolean")
    if result is not False:
        return result if result is True else None
    if any(_parameter(answer, name) for name in _SIGNS):
        return None
    issues = _parameter(answer, "issues").get("resource")
    for one in issues.get("issue", ()) if isinstance(issues, dict) else ():
        if isinstance(one, dict) and one.get("code") in _NOT_FOUND:
            return None
    message = _parameter(answer, "message").get("valueString")
    if not isinstance(message, str) or _KNOWN.search(message):
        return False
    return None if _NOT_KNOWN.search(message) else False


def _parameter(answer: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    """The parameter of that name; empty where there is none."""
    found = answer.get("parameter") if answer is not None else None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and one.get("name") == name:
            return one
    return {}


def _is_whole(answer: Mapping[str, Any]) -> bool:
    """Whether an expansion has all codes of the value set."""
    expansion = answer.get("expansion")
    if not isinstance(expansion, dict) or not isinstance(expansion.get("contains"), list):
        return False
    total = expansion.get("total")
    number = len(expansion["contains"])
    return number < MAX_EXPANSION and (not isinstance(total, int) or total <= number)
