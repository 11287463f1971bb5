"""TLS: a certificate that nobody vouches for is refused, one of the own CA is taken."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Reply, Web, web

from fhir_kb.net import Access, Client, NetError

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module", name="certificate")
def made_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


@pytest.fixture(name="encrypted")
def encrypted_web(certificate: tuple[Path, Path]) -> Iterator[Web]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    with web(context) as served:
        yield served


def test_an_unknown_certificate_is_refused_at_once(encrypted: Web) -> None:
    waited: list[float] = []
    with pytest.raises(NetError, match=r"certificate of 127\.0\.0\.1 cannot be trusted") as caught:
        Client(sleep=waited.append).get(encrypted.url)
    assert "CA" in caught.value.help
    assert not waited
    assert not encrypted.asked


def test_a_certificate_of_the_own_ca_is_taken(
    encrypted: Web, certificate: tuple[Path, Path]
) -> None:
    assert Client(Access(ca_file=str(certificate[1]))).get(encrypted.url).status == 200


def test_the_environment_may_name_the_ca(
    encrypted: Web, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[1]))
    assert Client().get(encrypted.url).status == 200


def test_nothing_leads_from_encrypted_to_open(
    encrypted: Web, served: Web, certificate: tuple[Path, Path]
) -> None:
    encrypted.answer = lambda asked: Reply(status=302, headers={"Location": served.url})
    with pytest.raises(NetError, match="is not encrypted"):
        Client(Access(ca_file=str(certificate[1]))).get(encrypted.url)
    assert not served.asked


def test_a_file_whose_digest_is_known_may_come_from_a_cdn(
    encrypted: Web, served: Web, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    encrypted.answer = lambda asked: Reply(b"tarball")
    served.answer = lambda asked: Reply(status=302, headers={"Location": f"{encrypted.url}/end"})
    client = Client(Access(served.url, "t0ken-of-this-one", ca_file=str(certificate[1])))
    file = client.download(f"{served.url}/x", tmp_path / "x", max_size=99, may_leave=True)
    assert file.sha256 == hashlib.sha256(b"tarball").hexdigest()
    assert "authorization" in served.asked[0].headers
    assert "authorization" not in encrypted.asked[0].headers
