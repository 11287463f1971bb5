"""Which statuses end a request, and what they are about: the change, or the way to the server.

A proxy, a login or a wrong address says the same to every change: it is said once, and nothing more
is sent. https://hl7.org/fhir/http.html#Status-Codes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.servers.responses import operation_outcome, resource_in, unusable

if TYPE_CHECKING:
    from fhir_kb.net import Response

TOO_LARGE: Final = 413
_LOGIN: Final = frozenset({401, 407, 511})
_OF_CHANGE: Final = frozenset({400, 404, 405, 409, 410, 412, 422})
"""The statuses that a FHIR server may give to one change without a word more."""
_OF_BUNDLE: Final = frozenset({400, 409, 412, 422})
_FAILURES: Final = frozenset({500, 502, 503, 504})
_OF_CLOUDFLARE: Final = range(520, 528)
_NOT_HERE: Final = frozenset({404, 405})
_TIMEOUT: Final = 408


def is_server_failure(status: int) -> bool:
    """Whether another try may help: 501, 505 or 511 stay what they are."""
    return status in _FAILURES or status in _OF_CLOUDFLARE


def is_unclear(status: int) -> bool:
    """Whether a change may have been made all the same, by a server or behind a proxy."""
    return status == _TIMEOUT or (is_server_failure(status) and status != 503)


def check_about_content(response: Response, url: str, *, is_bundle: bool = False) -> None:
    """Raises ServerError for a rejection that every other change would get as well.

    response: whatever is not unclear. is_bundle: whether it is for several changes at once.
    """
    status = response.status
    if status < 400 or status == TOO_LARGE:
        return
    is_fhir = operation_outcome(resource_in(response)) is not None
    of_content = _OF_BUNDLE if is_bundle else _OF_CHANGE
    if status in _LOGIN or not (is_fhir or (not response.content and status in of_content)):
        error = unusable(response, url)
        if is_bundle and status in _NOT_HERE:
            other = url.rstrip("/") if url.endswith("/") else f"{url}/"
            error.help = f"Check the address (url in kb.yaml); perhaps it is '{other}'"
        raise error
