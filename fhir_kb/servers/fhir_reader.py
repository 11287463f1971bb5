"""Reading a resource from a server: one whose answer makes no sense is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.net import NetError
from fhir_kb.net.notices import notice
from fhir_kb.net.redirects import RedirectedError
from fhir_kb.servers.final_answers import is_server_failure
from fhir_kb.servers.protocol import ServerError
from fhir_kb.servers.responses import resource_in, unusable

if TYPE_CHECKING:
    from fhir_kb.net import Response, Session
    from fhir_kb.servers.base_url import BaseUrl
    from fhir_kb.servers.content import Resource

JSON: Final = "application/fhir+json"


class FhirReader:
    """Reads from the server at one address. May be used by several threads."""

    def __init__(self, session: Session, address: BaseUrl) -> None:
        self._session = session
        self._address = address
        self._moved_to = ""

    def resource(self, url: str, form: bytes | None = None) -> Resource:
        """The resource at `url`. Raises ServerError."""
        response, resource = self.read(url, form)
        if response.status >= 400 or resource is None:
            raise unusable(response, url)
        return resource

    def read(self, url: str, form: bytes | None = None) -> tuple[Response, Resource | None]:
        """The response to a read, whatever its status, and the resource in it.

        form: the parameters of a search by POST.
        Raises ServerError where there is no response.
        """
        headers = {"Accept": JSON, "Cache-Control": "no-cache"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        resource: Resource | None = None

        def problem(response: Response) -> str:
            nonlocal resource
            resource = resource_in(response)
            if is_server_failure(response.status):
                return f"the server failed (HTTP {response.status})"
            is_readable = resource is not None or response.status >= 300
            return "" if is_readable else f"HTTP {response.status} without FHIR"

        method = "GET" if form is None else "POST"
        try:
            response = self._session.request(
                method, url, headers=headers, content=form, retry_if=problem
            )
        except RedirectedError as error:
            raise self._address.redirected(error, url) from error
        except NetError as error:
            raise ServerError(error.message, error.help) from error
        self._note_new_base(url, response)
        return response, resource if resource is not None else resource_in(response)

    def _note_new_base(self, requested: str, response: Response) -> None:
        """Say once to which base the server sends reads on."""
        moved_to = response.moved_to
        base = self._address.moved(requested, moved_to) if moved_to else ""
        if base and base != self._moved_to:
            self._moved_to = base
            root = self._address.root
            notice(f"{root}: the server's base is now {base}: use it in kb.yaml (url)")
