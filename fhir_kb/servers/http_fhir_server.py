"""A FHIR server over HTTP: https://hl7.org/fhir/http.html.

What real servers do otherwise than the specification says is in `capabilities.py`; how requests and
responses read is in `interactions.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fhir_kb.emit import compact_json
from fhir_kb.net import NetError
from fhir_kb.net.redirects import RedirectedError
from fhir_kb.servers.capabilities import (
    capabilities_from_statement,
    is_same_software,
    with_observation,
)
from fhir_kb.servers.fhir_reader import JSON
from fhir_kb.servers.final_answers import TOO_LARGE, check_about_content, is_unclear
from fhir_kb.servers.http_reads import HttpReads
from fhir_kb.servers.interactions import (
    BUSY,
    GONE,
    applied,
    blamed_entry,
    bundle_outcomes,
    bundle_request,
    conditions,
    create_outcome,
    stated_place,
    without_id,
)
from fhir_kb.servers.links import response_version
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    NotSupportedError,
    Outcome,
    Rejected,
    SendMode,
    ServerCapabilities,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.responses import (
    NOT_IMPLEMENTED,
    is_unsupported,
    rejected,
    resource_in,
    response_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.net import Response, Session
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import Ref

_CONDITION_HEADERS: Final = {
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
    "ifNoneExist": "If-None-Exist",
}
_NOT_ALLOWED: Final = 405
_CREATED: Final = 201
_MODE_REFUSED: Final = frozenset({_NOT_ALLOWED, NOT_IMPLEMENTED})
_LOG: Final = logging.getLogger(__name__)


def open_server(
    session: Session,
    base: str,
    cached: ServerCapabilities | None = None,
    *,
    refresh: bool = False,
) -> HttpFhirServer:
    """The server at `base`. Its capabilities are requested at once.

    Args:
        session: With the login that the server requires.
        base: The base URL.
        cached: The capabilities of last time. Then only a summary is requested (all of it is
            megabytes), and they hold if software and FHIR version are the same.
        refresh: Request all of it; only what the server was observed to do is taken from `cached`.

    Raises:
        ServerError: There is no usable response.
    """
    server = HttpFhirServer(session, base)
    metadata = server.address.below("metadata")
    known = cached if cached is not None and cached.base == server.base else None
    if known is not None and not refresh:
        summary = _summary(server, metadata)
        if summary is not None and is_same_software(known, summary):
            server.capabilities = known
            return server
    statement = server.get_resource(metadata)
    server.capabilities = capabilities_from_statement(server.base, statement)
    if known is not None and is_same_software(known, statement):
        for observation in known.observed:
            server.capabilities = with_observation(server.capabilities, observation)
    _LOG.info(
        "%s: FHIR %s, %s",
        server.base, server.capabilities.fhir_version, server.capabilities.software,
    )  # fmt: skip
    return server


def _summary(server: HttpFhirServer, metadata: str) -> Resource | None:
    """The summary of the CapabilityStatement; None where the server refuses to give one."""
    try:
        return server.get_resource(f"{metadata}?_summary=true")
    except ServerError as error:
        if not error.is_refusal:
            raise
        return None


class HttpFhirServer(HttpReads):
    """See `FhirServer`. May be used by several threads."""

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """See the protocol."""
        if mode == "single":
            return [self._send_single(change) for change in changes]
        bundle = bundle_request(changes, mode, self.capabilities)
        url = self.address.written
        response, resource = self._send("POST", url, bundle, {})
        if response.status in BUSY:
            wait = response.retry_after
            return [Unavailable(change.ref, response.status, wait) for change in changes]
        if response.status in _MODE_REFUSED or (
            is_unsupported(response.status, resource, mode) and blamed_entry(resource) is None
        ):
            self.observe("no-transaction" if mode == "transaction" else "no-batch")
            raise NotSupportedError(response_text(response, url), "", response.status)
        if response.status == TOO_LARGE:
            text = f"{response_text(response, url)}: raise the limit there"
            return [Rejected(change.ref, TOO_LARGE, text) for change in changes]
        check_about_content(response, url, is_bundle=True)
        return bundle_outcomes(changes, mode, response.status, resource)

    def _send_single(self, change: ChangeRequest) -> Outcome:
        headers = {
            _CONDITION_HEADERS[name]: value
            for name, value in conditions(change, self.capabilities).items()
        }
        if change.if_none_exist is not None:
            return self._create(change, headers)
        content = change.content or None
        method = "DELETE" if content is None else "PUT"
        url = self.address.below(*change.ref)
        response, resource = self._send(method, url, content, headers)
        if response.status in BUSY:
            return Unavailable(change.ref, response.status, response.retry_after)
        check_about_content(response, url)
        if response.status >= 400 and not (content is None and response.status in GONE):
            return rejected(change, response.status, resource)
        if content is None:
            return Applied(change.ref, response_version(response))
        return applied(
            change,
            _place(change, response, resource),
            resource,
            version=response_version(response),
            created=response.status == _CREATED,
        )

    def _create(self, change: ChangeRequest, headers: Mapping[str, str]) -> Outcome:
        """A create whose id the server assigns."""
        content = compact_json(without_id(change.resource or {}))
        url = self.address.below(change.ref.type)
        response, resource = self._send("POST", url, content, headers)
        if response.status in BUSY:
            return Unavailable(change.ref, response.status, response.retry_after)
        check_about_content(response, url)
        if response.status >= 400:
            return rejected(change, response.status, resource)
        place = _place(change, response, resource)
        if exists := create_outcome(change, response.status, place):
            return exists
        return applied(change, place, resource, version=response_version(response), created=True)

    def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Response, Resource | None]:
        """The response to a change.

        Raises:
            UnknownOutcomeError: It leaves open whether the change was made.
            ServerError: The server sends it elsewhere, where it is not sent.
        """
        try:
            response = self.session.request(
                method,
                url,
                headers={
                    "Accept": JSON,
                    "Content-Type": JSON,
                    "Prefer": "return=representation",
                    **headers,
                },
                content=content,
                retry=False,
            )
        except RedirectedError as error:
            raise self.address.redirected(error, url) from error
        except NetError as error:
            raise UnknownOutcomeError(error.message) from error
        if is_unclear(response.status) or 300 <= response.status < 400:
            raise UnknownOutcomeError(response_text(response, url), response.retry_after)
        resource = resource_in(response)
        if response.content and resource is None and response.status < 300:
            raise UnknownOutcomeError(response_text(response, url))
        return response, resource


def _place(change: ChangeRequest, response: Response, resource: Resource | None) -> Ref | None:
    """Where a response says that a resource is stored. Raises UnknownOutcomeError."""
    headers = response.headers
    locations = (headers.get("location"), headers.get("content-location"))
    return stated_place(change, *locations, resource=resource)
