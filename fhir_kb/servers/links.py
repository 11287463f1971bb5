"""What the URLs and the headers of a server's responses name: places, versions, the next page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.json_values import is_id, is_type, objects, text_in
from fhir_kb.servers.protocol import Ref, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.net import Response

MISBEHAVES: Final = "Ask the operator of the server: its responses are not as FHIR has them"


def place_in(url: object) -> Ref | None:
    """The resource that a URL names, with or without its version: its last two steps."""
    steps = re.split(r"[?#]", text_in(url), maxsplit=1)[0].strip("/").split("/")
    if "_history" in steps:
        steps = steps[: steps.index("_history")]
    type_, id_ = steps[-2:] if len(steps) > 1 else ("", "")
    return Ref(type_, id_) if is_type(type_) and is_id(id_) else None


def ref_in(type_: str, *urls: object) -> Ref | None:
    """The first place of a type that one of these URLs names."""
    places = map(place_in, urls)
    return next((place for place in places if place and place.type == type_), None)


def etag(value: object) -> str:
    """The version that an ETag names; HAPI writes `1`, others `W/"1"`."""
    return text_in(value).removeprefix("W/").strip('"')


def version_in(location: object) -> str:
    """The version that a location names; "" for none."""
    _, history, version = text_in(location).partition("/_history/")
    return re.split(r"[?#/]", version, maxsplit=1)[0] if history else ""


def response_version(response: Response) -> str:
    """The version that the headers of a response name; "" for none."""
    headers = response.headers
    names = ("content-location", "location")
    versions = [etag(headers.get("etag")), *(version_in(headers.get(name)) for name in names)]
    return next(filter(None, versions), "")


def next_page(bundle: Mapping[str, Any]) -> str:
    """The URL of the next page; "" for none. Raises ServerError where there is one that is none."""
    for link in objects(bundle.get("link")):
        if link.get("relation") == "next":
            url = link.get("url")
            if not isinstance(url, str) or not url:
                raise ServerError("the link to the next page has no URL", MISBEHAVES)
            return url
    return ""
