"""What goes wrong between us and a FHIR server, a small function for each.

A mood is given the request and `forward`, which asks the server behind the proxy; it gives the
reply. Some are made by a function of their own name: `redirected(308, to)`. To add one, write it
here, nothing more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson
from moody_proxy import Asked, Reply, calm

if TYPE_CHECKING:
    from collections.abc import Callable

    from moody_proxy import Forward, Mood

__all__ = ["Asked", "Reply", "calm"]

_FHIR = {"Content-Type": "application/fhir+json"}


def html(status: int, title: str) -> Reply:
    """A page of something that is no FHIR server."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status, {"Content-Type": "text/html"}, page.encode())


def outcome(status: int, text: str, code: str = "processing") -> Reply:
    """An OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Reply(status, dict(_FHIR), orjson.dumps(body))


# a proxy that has the last word


def html_413(limit: int) -> Mood:
    """A proxy that takes bodies of so many bytes at most, as nginx says it."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        if len(asked.body) > limit:
            return html(413, "413 Request Entity Too Large")
        return forward(asked)

    return mood


def html_403_on_changes(asked: Asked, forward: Forward) -> Reply:
    """A proxy that lets only reads through."""
    return html(403, "403 Forbidden: read only") if asked.is_change else forward(asked)


def html_401(asked: Asked, forward: Forward) -> Reply:
    """A portal's login page, with its right status."""
    return html(401, "Sign in")


def html_on(status: int, title: str = "Gateway") -> Mood:
    """A page of this status to all but /metadata."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        return forward(asked) if "/metadata" in asked.path else html(status, title)

    return mood


def only_with_slash(base_path: str) -> Mood:
    """A server that takes transactions at `/fhir/` only, and has a 404 page at `/fhir`."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        path = asked.path.partition("?")[0]
        if path == base_path.rstrip("/"):
            return html(404, "404 Not Found")
        if path == base_path.rstrip("/") + "/":
            return forward(replace(asked, path=base_path.rstrip("/")))
        return forward(asked)

    return mood


def post_to_base_redirected(base_path: str, status: int = 301) -> Mood:
    """A server that sends `POST /fhir` on to `/fhir/`, as many web servers do for folders."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        path = asked.path.partition("?")[0]
        if path == base_path.rstrip("/"):
            return Reply(status, {"Location": base_path.rstrip("/") + "/"})
        if path == base_path.rstrip("/") + "/":
            return forward(replace(asked, path=base_path.rstrip("/")))
        return forward(asked)

    return mood


# redirects


def redirected(
    status: int,
    location: str | Callable[[Asked], str],
    *,
    of: Callable[[Asked], bool] | None = None,
) -> Mood:
    """Requests (those that `of` says) are sent on to what `location` gives, and go no further."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        if of is not None and not of(asked):
            return forward(asked)
        target = location if isinstance(location, str) else location(asked)
        return Reply(status, {"Location": target} if target else {})

    return mood


def moved_within(status: int, old: str, new: str) -> Mood:
    """The base path `new` is served by the server's `old`; what asks for `old` is sent on."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        if asked.path.startswith(new):
            return forward(replace(asked, path=old + asked.path.removeprefix(new)))
        return Reply(status, {"Location": new + asked.path.removeprefix(old)})

    return mood


def elsewhere(status: int, origin: str, *, changes_only: bool = False) -> Mood:
    """All requests, or all changes, are sent on to the same path of another server."""
    return redirected(
        status,
        lambda asked: origin + asked.path,
        of=(lambda asked: asked.is_change) if changes_only else None,
    )


# time


def slow(pace: float) -> Mood:
    """Bodies come byte by byte."""
    return lambda asked, forward: replace(forward(asked), pace=pace)


def slow_head(pace: float) -> Mood:
    """Status line and headers come byte by byte."""
    return lambda asked, forward: replace(forward(asked), head_pace=pace)


def hangs_up(asked: Asked, forward: Forward) -> Reply:
    """The connection is reset before anything is done."""
    return Reply(hangs_up=True)


def hangs_up_after(asked: Asked, forward: Forward) -> Reply:
    """The connection is reset after the server has acted."""
    return replace(forward(asked), hangs_up=True)


def busy_first(times: int, retry_after: str = "") -> Mood:
    """Busy so many times, then calm."""
    left = [times]

    def mood(asked: Asked, forward: Forward) -> Reply:
        if left[0]:
            left[0] -= 1
            return Reply(503, {"Retry-After": retry_after} if retry_after else {})
        return forward(asked)

    return mood


# what the server says


def repeats_authorization(*, changes_only: bool = False, status: int = 400) -> Mood:
    """An error that holds the Authorization header that came with the request."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        if changes_only and not asked.is_change:
            return forward(asked)
        return outcome(status, f"bad request: {asked.headers.get('authorization', 'none')}")

    return mood


def gives_own_ids(asked: Asked, forward: Forward) -> Reply:
    """Resources of a bundle get ids of the server's own, whatever its statement says."""
    bundle = asked.json
    if asked.method != "POST" or not isinstance(bundle, dict) or "entry" not in bundle:
        return forward(asked)
    for entry in bundle["entry"]:
        request = entry["request"]
        is_create = request.get("ifMatch", 'W/"0"') == 'W/"0"'
        if request["method"] == "PUT" and is_create:
            request["method"], request["url"] = "POST", request["url"].partition("/")[0]
            request.pop("ifNoneMatch", None)
            request.pop("ifMatch", None)
            entry["resource"].pop("id", None)
    return forward(replace(asked, body=orjson.dumps(bundle)))


def no_transactions(asked: Asked, forward: Forward) -> Reply:
    """POST of a bundle is not allowed, though the statement promises it."""
    bundle = asked.json
    if asked.method == "POST" and isinstance(bundle, dict) and bundle.get("type") == "transaction":
        return outcome(405, "transaction is not supported", "not-supported")
    return forward(asked)


def no_history(asked: Asked, forward: Forward) -> Reply:
    """History is not implemented, though the statement promises it."""
    if asked.path.partition("?")[0].endswith("/_history"):
        return outcome(501, "history is not supported", "not-supported")
    return forward(asked)


def next_links(change: Callable[[str], str]) -> Mood:
    """`change` writes the links to next pages anew."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        reply = forward(asked)
        body = reply.json if reply.content[:1] == b"{" else {}
        for link in body.get("link", ()) if body.get("resourceType") == "Bundle" else ():
            if link.get("relation") == "next":
                link["url"] = change(link["url"])
        return reply.with_json(body) if body else reply

    return mood


def at_origin(origin: str) -> Callable[[str], str]:
    """The same link at another server."""
    return lambda url: origin + urlsplit(url)._replace(scheme="", netloc="").geturl()
