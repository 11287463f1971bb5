"""The client, against servers of this machine."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from pathlib import Path

import pytest
from serving import Reply, Web

from fhir_kb.net import Access, Client, NetError, OfflineError, RetryPolicy
from fhir_kb.net import client as client_module

TOKEN = "s3cret-t0ken"


def test_an_answer_is_given_with_its_headers(served: Web) -> None:
    served.answer = lambda asked: Reply(b'{"a":1}', headers={"X-Some": "thing"})
    answer = Client().get(f"{served.url}/x")
    assert (answer.status, answer.content) == (200, b'{"a":1}')
    assert answer.headers["x-some"] == "thing"
    assert served.asked[0].headers["user-agent"] == "fhir-kb"


def test_a_question_is_posted(served: Web) -> None:
    Client().post(served.url, b"{}", content_type="application/fhir+json")
    assert served.asked[0].method == "POST"
    assert served.asked[0].body == b"{}"
    assert served.asked[0].headers["content-type"] == "application/fhir+json"


@pytest.mark.disable_socket
def test_offline_opens_no_socket() -> None:
    client = Client(offline=True)
    with pytest.raises(OfflineError, match="this run is offline"):
        client.get("https://example.org/x")
    with pytest.raises(OfflineError):
        client.download("https://example.org/x", Path("never"), max_size=1)


def test_a_busy_server_is_asked_again_with_growing_patience(served: Web) -> None:
    waited: list[float] = []
    replies = [Reply(status=503), Reply(status=500), Reply(b"at last")]
    served.answer = lambda asked: replies.pop(0)
    assert Client(sleep=waited.append).get(served.url).content == b"at last"
    assert 0.5 <= waited[0] <= 0.75
    assert 1.0 <= waited[1] <= 1.5


def test_the_server_says_how_long_to_wait_within_reason(served: Web) -> None:
    waited: list[float] = []
    replies = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply(status=429, headers={"Retry-After": "99999"}),
        Reply(status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        Reply(),
    ]
    served.answer = lambda asked: replies.pop(0)
    Client(sleep=waited.append).get(served.url)
    assert 7.0 <= waited[0] <= 10.5
    assert 30.0 <= waited[1] <= 45.0
    assert 2.0 <= waited[2] <= 3.0


def test_patience_ends(served: Web) -> None:
    served.answer = lambda asked: Reply(status=503)
    with pytest.raises(NetError, match="HTTP 503") as caught:
        Client(sleep=lambda _: None).get(served.url)
    assert caught.value.status == 503
    assert len(served.asked) == 6
    assert "tried 6 times in" in caught.value.message
    assert "overloaded" in caught.value.help


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "Set a token"), (403, "token"), (404, "Check the address")]
)
def test_a_refusal_is_not_repeated_and_says_what_to_do(
    served: Web, status: int, advice: str
) -> None:
    served.answer = lambda asked: Reply(status=status)
    with pytest.raises(NetError) as caught:
        Client().get(f"{served.url}/a?key={TOKEN}")
    assert (caught.value.status, len(served.asked)) == (status, 1)
    assert advice in caught.value.help
    assert TOKEN not in caught.value.message


def test_the_token_goes_to_its_server(served: Web) -> None:
    Client(Access(served.url, TOKEN)).get(f"{served.url}/x")
    assert served.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_server_that_asks_for_user_and_password_gets_both(served: Web) -> None:
    # https://www.rfc-editor.org/rfc/rfc7617#section-2
    Client(Access(served.url, "open sesame", user="Aladdin")).get(served.url)
    assert served.asked[0].headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_the_token_goes_to_no_other_server(served: Web, other: Web) -> None:
    served.answer = lambda asked: Reply(status=302, headers={"Location": f"{other.url}/there"})
    with pytest.raises(NetError, match="302 Found to another server"):
        Client(Access(served.url, TOKEN)).get(served.url)
    assert "authorization" in served.asked[0].headers
    assert not other.asked
    Client(Access(served.url, TOKEN)).get(other.url)
    assert "authorization" not in other.asked[0].headers


def test_the_token_is_not_said_aloud_over_the_network() -> None:
    assert not Access("http://example.org", TOKEN).headers_for("http://example.org/x")
    assert Access("https://example.org", TOKEN).headers_for("https://example.org:443/x")
    assert not Access("https://example.org", TOKEN).headers_for("https://example.org:444/x")
    assert not Access("https://example.org", TOKEN).headers_for("https://example.org.evil.com/x")
    assert TOKEN not in repr(Access("https://example.org", TOKEN, proxy=f"http://u:{TOKEN}@p"))


def test_data_does_not_follow_a_redirection_to_another_server(served: Web, other: Web) -> None:
    served.answer = lambda asked: Reply(status=307, headers={"Location": other.url})
    with pytest.raises(NetError, match="307 Temporary Redirect to another server"):
        Client().post(served.url, b"patient data", content_type="text/plain")
    assert not other.asked


@pytest.mark.parametrize("place", ["http://[", "file:///etc/passwd", "//["])
def test_a_redirection_to_nonsense_is_an_error(served: Web, place: str) -> None:
    served.answer = lambda asked: Reply(status=302, headers={"Location": place})
    with pytest.raises(NetError, match=r"not a web address|cannot be read"):
        Client().get(served.url)


def test_the_content_of_a_redirection_is_not_read(served: Web) -> None:
    replies = [Reply(b"x" * 10, 302, {"Location": "/end"}, length=2**40), Reply(b"end")]
    served.answer = lambda asked: replies.pop(0)
    assert Client(retry=RetryPolicy(tries=1)).get(served.url).content == b"end"


def test_a_ring_of_redirections_ends(served: Web) -> None:
    served.answer = lambda asked: Reply(status=301, headers={"Location": asked.path + "x"})
    with pytest.raises(NetError, match=r"GET .*/x: too many redirects"):
        Client().get(f"{served.url}/x")


def test_an_answer_that_is_too_long_is_refused(served: Web) -> None:
    served.answer = lambda asked: Reply(b"x" * 3_000_000)
    with pytest.raises(NetError, match="more than 1 MB"):
        Client().get(served.url, max_response=1_000_000)


def test_an_answer_that_unpacks_to_too_much_is_refused(served: Web) -> None:
    served.answer = lambda asked: Reply(
        gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}
    )
    with pytest.raises(NetError, match="more than 1 MB"):
        Client().get(served.url, max_response=1_000_000)


def test_an_answer_that_takes_too_long_is_refused(
    served: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "WHOLE_TIMEOUT", -1.0)
    with pytest.raises(NetError, match="takes longer than"):
        Client().get(served.url)


def test_an_answer_that_breaks_off_is_asked_for_again(served: Web) -> None:
    replies = [Reply(b"half", length=100), Reply(b"whole")]
    served.answer = lambda asked: replies.pop(0)
    assert Client(sleep=lambda _: None).get(served.url).content == b"whole"


def test_an_answer_that_always_breaks_off_is_an_error(served: Web) -> None:
    served.answer = lambda asked: Reply(b"half", length=100)
    with pytest.raises(NetError, match=r"is incomplete or damaged|cannot be reached"):
        Client(sleep=lambda _: None).get(served.url)


def test_a_download_is_the_bytes_as_they_are_sent(served: Web, tmp_path: Path) -> None:
    content = gzip.compress(b"x" * 200_000)
    served.answer = lambda asked: Reply(content, headers={"Content-Encoding": "gzip"})
    received = Client().download(f"{served.url}/p.tgz", tmp_path / "p", max_size=10_000_000)
    assert (tmp_path / "p").read_bytes() == content
    assert received.size == len(content)
    assert received.sha1 == hashlib.sha1(content).hexdigest()
    assert received.sha256 == hashlib.sha256(content).hexdigest()
    assert received.sha512 == hashlib.sha512(content).hexdigest()


def test_a_download_that_breaks_off_begins_anew(served: Web, tmp_path: Path) -> None:
    replies = [Reply(b"half", length=100), Reply(b"whole")]
    served.answer = lambda asked: replies.pop(0)
    Client(sleep=lambda _: None).download(served.url, tmp_path / "p", max_size=100)
    assert (tmp_path / "p").read_bytes() == b"whole"


def test_a_server_that_is_not_there_is_an_error(served: Web) -> None:
    waited: list[float] = []
    with pytest.raises(NetError, match=r"127\.0\.0\.1 cannot be reached: connection refused"):
        Client(sleep=waited.append).get("http://127.0.0.1:9/x")
    assert len(waited) == 1


def test_a_proxy_is_asked_instead_and_its_password_is_not_told(served: Web) -> None:
    proxy = served.url.replace("http://", f"http://user:{TOKEN}@")
    Client(Access(proxy=proxy)).get("http://registry.example/x")
    assert served.asked[0].path == "http://registry.example/x"
    gone = f"http://user:{TOKEN}@127.0.0.1:9"
    with pytest.raises(NetError) as caught:
        Client(Access(proxy=gone), retry=RetryPolicy(tries=1)).get("http://registry.example/x")
    assert TOKEN not in f"{caught.value.message} {caught.value.help} {caught.value!r}"


def test_a_proxy_of_the_environment_is_used(served: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", served.url)
    Client().get("http://registry.example/x")
    assert served.asked[0].path == "http://registry.example/x"


def test_a_password_file_is_never_used(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login me password {TOKEN}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    Client().get(served.url)
    assert "authorization" not in served.asked[0].headers


def test_a_missing_file_of_certificates_is_an_error(served: Web) -> None:
    with pytest.raises(NetError, match="no file with certificates"):
        Client(Access(ca_file="nowhere.pem")).get(served.url)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://example.org", "https://", "http://[", "http://a b/",
            "https://example.org:99999/"]
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(NetError, match=r"not a web address|cannot be read"):
        Client().get(url)


def test_errors_pass_between_processes() -> None:
    error = pickle.loads(pickle.dumps(NetError("what", "do", 404)))
    assert (error.message, error.help, error.status) == ("what", "do", 404)
