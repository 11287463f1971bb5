"""The base keeps its slash, and what a server sends leads nowhere but below it."""

from __future__ import annotations

import pytest

from fhir_kb.net.redirects import RedirectedError
from fhir_kb.servers.base_url import BaseUrl
from fhir_kb.servers.protocol import ServerError

BASE = BaseUrl("https://x.example/r4")


@pytest.mark.parametrize("written", ["https://x.example/r4", "https://x.example/r4/"])
def test_the_slash_is_kept_for_bundles_and_not_doubled(written: str) -> None:
    base = BaseUrl(written)
    assert base.written == written
    assert base.below("Library", "a") == "https://x.example/r4/Library/a"
    assert base.below("Library", "_history", query="_count=1") == (
        "https://x.example/r4/Library/_history?_count=1"
    )


@pytest.mark.parametrize("id_", ["..", ".", ""])
def test_an_id_that_leads_elsewhere_is_refused(id_: str) -> None:
    with pytest.raises(ServerError, match="no name of a type or resource"):
        BASE.below("Library", id_)


def test_an_id_stays_one_segment() -> None:
    assert BASE.below("Library", "../x?y#z") == "https://x.example/r4/Library/..%2Fx%3Fy%23z"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://x.example/r4?page=2", "https://x.example/r4?page=2"),
        ("https://X.EXAMPLE:443/r4?page=2", "https://x.example/r4?page=2"),
        ("https://x.example/r4/Library?page=2", "https://x.example/r4/Library?page=2"),
        ("https://x.example/r4/./a/../Library?p=2", "https://x.example/r4/Library?p=2"),
        ("https://me:pass@x.example/r4?page=2", "https://x.example/r4?page=2"),
        ("http://inside:8080/r4?page=2", "https://x.example/r4?page=2"),
        ("//evil.example/r4?page=2", "https://x.example/r4?page=2"),
        ("?page=2", "https://x.example/r4/?page=2"),
        ("Library?page=2#top", "https://x.example/r4/Library?page=2"),
        ("/r4/Library?page=2", "https://x.example/r4/Library?page=2"),
        (
            "https://x.example/r4?url=http%3A%2F%2Fa%2Fb",
            "https://x.example/r4?url=http%3A%2F%2Fa%2Fb",
        ),
    ],
)
def test_a_next_page_is_at_this_server(link: str, address: str) -> None:
    assert BASE.page(link) == address


@pytest.mark.parametrize(
    "link",
    [
        "https://x.example/r5?page=2",
        "https://x.example/r42?page=2",
        "https://x.example/r4/../admin?page=2",
        "https://x.example/r4/%2e%2e/admin?page=2",
        "https://x.example/r4/%2E./admin?page=2",
        "https://x.example/r4/..%2fadmin?page=2",
        "https://x.example/r4/..%5Cadmin?page=2",
        "https://x.example/r4/%252e%252e/admin?page=2",
        "https://x.example/r4\\..\\admin?page=2",
        "https://x.example//r4/../../admin?page=2",
        "https://x.example/../../r4/../x?page=2",
        "/admin?page=2",
        "../admin?page=2",
        "https://x.example/R4?page=2",
        "ftp://x.example/r4?page=2",
        "https://evil.example/r4",
        "https://[::1/r4?page=2",
        "https://x.example/r4?page=2\n",
        ":",
        "",
    ],
)
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(ServerError, match="leads to another server or path"):
        BASE.page(link)


def test_a_base_at_the_root() -> None:
    base = BaseUrl("https://x.example")
    assert base.page("https://x.example?page=2") == "https://x.example/?page=2"
    assert base.below("metadata") == "https://x.example/metadata"


@pytest.mark.parametrize(
    ("requested", "target", "moved"),
    [
        ("/metadata", "https://x.example/new/metadata", "https://x.example/new"),
        ("/Library?url=a", "https://y.example/Library", "https://y.example"),
        ("", "https://x.example/r4/", "https://x.example/r4/"),
        ("/metadata", "https://x.example/login", ""),
    ],
)
def test_the_new_base_of_a_redirect(requested: str, target: str, moved: str) -> None:
    assert BASE.moved(BASE.root + requested, target) == moved


def test_what_is_sent_on_names_the_base_to_write() -> None:
    to_slash = RedirectedError("POST …", "Use it", 301, "https://x.example/r4/")
    error = BASE.redirected(to_slash, BASE.written)
    assert error.help == (
        "The server's base ends with a slash: write 'https://x.example/r4/' (url in kb.yaml)"
    )
    assert error.status == 301
    away = RedirectedError("GET …", "Use it", 308, "https://y.example/fhir/metadata")
    assert "write 'https://y.example/fhir'" in BASE.redirected(away, BASE.below("metadata")).help
