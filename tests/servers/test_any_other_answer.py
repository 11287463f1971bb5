"""Any JSON from terminology servers, login servers, registries, packages, bundles and caches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from any_json import NEARLY, each_damage

from fhir_kb.net import NetError, Response
from fhir_kb.net.login.discovery import (
    check_confidential,
    issuer_metadata,
    smart_configuration,
    token_endpoint,
)
from fhir_kb.net.login.token_response import LoginRejectedError, token_from_response, with_clock
from fhir_kb.net.retry import retry_after_seconds
from fhir_kb.packages.cache.folder_index import index_of, resource_in
from fhir_kb.packages.cache.manifest import read_manifest
from fhir_kb.packages.dependencies.lock_file import read_lock_file
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, parse_object
from fhir_kb.packages.registry.npm import parse_listing
from fhir_kb.pipeline.resource_files import ResourceReader
from fhir_kb.push import PushError, desired_state
from fhir_kb.servers.content import content_digest
from fhir_kb.terminology.membership import Coding
from fhir_kb.terminology.tx_cache import TxCache
from fhir_kb.terminology.tx_server import TxServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://x.example"
NONSENSE = (
    "", " ", "²", "٣", "-1", "1.5", "NaN", "inf", "9" * 400, "Mon, 99 Foo 99999 99:99:99",
    "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "1 Jan 99999", "\xff",
    "Thu, 01 Jan 1970 00:00:00 +9999999999999999", ",", "0 0 0 0:0:0", "Mon,",
)  # fmt: skip


class Same:
    """A session with one answer to everything."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        self._response = Response(status, {"content-type": "application/json"}, content, URL)

    def request(self, *_: Any, **__: Any) -> Response:
        return self._response


def bodies(*documents: Any) -> Iterator[bytes]:
    for document in documents:
        yield from each_damage(document)
    yield from NEARLY


# a terminology server: http://hl7.org/fhir/valueset-operation-validate-code.html

VALIDATED = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "result", "valueBoolean": False},
        {"name": "message", "valueString": "unknown"},
        {"name": "display", "valueString": "A"},
        {
            "name": "issues",
            "resource": {"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]},
        },
    ],
}
EXPANDED = {
    "resourceType": "ValueSet",
    "expansion": {
        "total": 2,
        "contains": [
            {"system": "s", "code": "b", "version": "1", "display": "B",
             "contains": [{"system": "s", "code": "c", "inactive": True, "abstract": True}]},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("status", [200, 422])
def test_a_terminology_server(status: int) -> None:
    for body in bodies(VALIDATED, EXPANDED):
        server = TxServer(Same(body, status), URL)
        for _ in range(6):  # after some questions the expansion is requested
            assert server.contains("vs", Coding("a", "s")) in (True, False, None)
        assert server.has_code("s", "a") in (True, False, None)
        displays = server.displays("s", "a")
        assert displays is None or all(type(display) is str for display in displays)
        assert type(server.problem) is str


def test_what_a_terminology_server_said_before(tmp_path: Path) -> None:
    cache = TxCache(tmp_path / "answers.sqlite")
    for number, body in enumerate(NEARLY):
        assert cache._connection is not None
        cache._connection.execute("INSERT INTO answers VALUES (?, ?)", (str(number), body))
        response = cache.get(str(number))
        assert response is None or isinstance(response, dict)
    cache.close()


# a login server: https://www.rfc-editor.org/rfc/rfc6749#section-5

TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
REFUSED = {"error": "invalid_client", "error_description": "no"}
CONFIGURATION = {"issuer": URL, "token_endpoint": f"{URL}/token"}


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_token_response(status: int) -> None:
    for body in bodies(TOKEN, REFUSED):
        try:
            token = token_from_response(Response(status, {}, body, URL), ["s3cret"])
        except NetError as error:
            assert error.message
        else:
            assert type(token.value) is str
            assert 0 <= token.lifetime <= 86400


@pytest.mark.parametrize("date", NONSENSE)
def test_the_clock_of_a_login_server(date: str) -> None:
    error = LoginRejectedError("no", "advice", 400, "invalid_grant")
    with_clock(error, Response(400, {"date": date}, b"", URL), 0.0)


def test_the_configuration_of_a_login() -> None:
    for body in bodies(CONFIGURATION):
        for discover in (smart_configuration, issuer_metadata):
            try:
                endpoint = token_endpoint(discover(Same(body), URL), URL)  # type: ignore[arg-type]
                check_confidential(endpoint, insecure=False)
            except NetError as error:
                assert error.message


@pytest.mark.parametrize("value", NONSENSE)
def test_retry_after(value: str) -> None:
    seconds = retry_after_seconds(value)
    assert seconds >= 0
    assert seconds < float("inf")


# packages: https://hl7.org/fhir/packages.html

LISTING = {
    "name": "x.y",
    "dist-tags": {"latest": "1.0.0"},
    "versions": {
        "1.0.0": {
            "version": "1.0.0",
            "dist": {"tarball": f"{URL}/a.tgz", "shasum": "aa", "integrity": "sha512-YQ=="},
            "url": f"{URL}/a",
            "dependencies": {"a.b": "1.0.0"},
        }
    },
}
MANIFEST = {
    "name": "x.y", "version": "1.0.0", "fhirVersions": ["4.0.1"], "canonical": URL, "title": "x",
    "dependencies": {"a.b": "1.0.0"},
}  # fmt: skip
INDEX = {
    "index-version": 1,
    "files": [{"filename": "a.json", "resourceType": "ValueSet", "url": URL, "id": "a"}],
}
VALUE_SET = {"resourceType": "ValueSet", "id": "a", "url": URL, "version": "1", "kind": "x"}
LOCK = {
    "format": 1,
    "packages": [{"name": "x.y", "version": "1.0.0", "content": "aa", "sha256": "", "url": URL}],
}


def test_the_answer_of_a_registry() -> None:
    integrities = ("sha512", "sha512-ü", "sha512-%%", "sha512-" + "a" * 9, "-", "sha256-")
    damages = [
        body
        for text in integrities
        for body in [str(LISTING).replace("'", '"').replace("sha512-YQ==", text).encode()]
    ]
    for body in [*damages, *bodies(LISTING)]:
        try:
            listing = parse_listing("x.y", parse_object(body), URL)
        except UnreadableError:
            continue
        for version in listing.versions.values():
            assert type(version.url) is str
            assert all(type(digest) is str for digest in version.digests.values())


@pytest.mark.parametrize(
    ("name", "document"),
    [("package.json", MANIFEST), (".index.json", INDEX), ("a.json", VALUE_SET)],
)
def test_a_foreign_package(tmp_path: Path, name: str, document: Any) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "b.json").write_text("{")
    for body in bodies(document):
        (folder / name).write_bytes(body)
        with contextlib.suppress(PackageError):
            read_manifest(folder / "package.json")
        index = index_of(folder, tmp_path / "own", is_package=True, rebuild=True)
        assert all(type(problem) is str for problem in index.problems)
        for entry in index.entries:
            assert all(type(field) is str for field in entry)
            with contextlib.suppress(UnreadableError):
                resource_in(folder, entry.file)


def test_the_index_that_was_kept(tmp_path: Path) -> None:
    folder, own = tmp_path / "package", tmp_path / "own"
    folder.mkdir()
    (folder / "a.json").write_text('{"resourceType": "ValueSet", "url": "https://x.example"}')
    index_of(folder, own, is_package=True)
    (kept,) = own.rglob("*.json")
    document = parse_object(kept.read_bytes())
    for body in bodies(document):
        kept.write_bytes(body)
        index = index_of(folder, own, is_package=True)
        for entry in [*index.entries, *index.entries.matching(URL)]:
            assert all(type(field) is str for field in entry)
        assert all(type(problem) is str for problem in index.problems)


def test_the_lock_file(tmp_path: Path) -> None:
    path = tmp_path / "fhir-packages.lock"
    for body in bodies(LOCK):
        path.write_bytes(body)
        try:
            packages = read_lock_file(path)
        except PackageError as error:
            assert str(path) in error.message
        else:
            assert all(type(package.name) is str for package in packages)


# a bundle that somebody pushes

PUSHED = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 2,
    "link": [{"relation": "self", "url": URL}],
    "entry": [
        {
            "fullUrl": f"{URL}/Library/a",
            "search": {"mode": "match"},
            "request": {"method": "PUT", "url": "Library/a"},
            "resource": {
                "resourceType": "Library", "id": "a", "url": f"{URL}/Library/a", "version": "1",
                "identifier": [{"system": "s", "value": "v"}], "meta": {"tag": [{"code": "x"}]},
                "relatedArtifact": [{"type": "depends-on", "resource": "Library/b"}],
            },
        },
        {"fullUrl": "urn:uuid:1", "resource": {
            "resourceType": "Basic", "subject": {"reference": f"{URL}/Library/a"}}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".json", ".ndjson"])
def test_a_bundle_to_be_pushed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bundle{suffix}"
    for body in bodies(PUSHED):
        path.write_bytes(body)
        reader = ResourceReader("r4")
        try:
            resources = desired_state(reader.completed(reader.read(path)))
        except PushError as error:
            assert error.message
            continue
        for finding in reader.findings:
            assert finding.message
        for key, resource in resources.items():
            key.encode()
            content_digest(resource.body())
