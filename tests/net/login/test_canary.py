"""No secret is ever shown: every error of the package is provoked while it holds one.

Each scene has secrets that all contain CANARY, and ends in an error. None of its messages, nor of
the errors behind it, nor what is logged, may show any of them, in any form in which it is sent. The
last test counts: each `raise` of the package has to have happened.
"""

from __future__ import annotations

import ast
import base64
import copy
import json
import logging
import pickle
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from issuing import EC, Clock, Issuer, certificate, form, jwk, pem, private_file
from serving import Asked, Reply, Web, web

import fhir_kb.net.login
from fhir_kb.net import NetError
from fhir_kb.net.login import (
    Basic,
    Bearer,
    Certificate,
    ClientCredentials,
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    Login,
    SmartBackend,
    login_from,
    logins_from,
    open_credentials,
    session_settings,
)

CANARY = "c4nary+w0rd"
HOME = Path(fhir_kb.net.login.__file__).parent
FHIR = "https://fhir.example.org/r4"


@dataclass
class Place:
    """Where a scene plays. leaked: all texts that must not be seen."""

    folder: Path
    served: Web
    patch: pytest.MonkeyPatch
    leaked: set[str] = field(default_factory=lambda: {CANARY, quote(CANARY), quote_plus(CANARY)})

    @property
    def secret(self) -> FromEnvironment:
        return self.environment(f"{CANARY} of the client")

    def environment(self, value: str) -> FromEnvironment:
        self.patch.setenv("KB_CANARY", value)
        return FromEnvironment("KB_CANARY")

    def file(self, content: bytes | str, name: str = "secret") -> str:
        return private_file(self.folder / name, content)

    def key(self, passphrase: str = "") -> str:
        content = pem(EC, passphrase)
        self.leaked |= {one for one in content.decode().splitlines() if "---" not in one}
        self.leaked.add(jwk(EC, "a")["d"])
        return self.file(content, "a.pem")

    def asks(self, login: Login, server: str = FHIR) -> None:
        clock = Clock()
        credentials = open_credentials(login, server, sleep=clock.sleep, clock=clock, now=clock)
        assert CANARY not in f"{credentials!r}{login!r}"
        credentials.headers_for(server)

    def answers(self, content: object, status: int = 200) -> ClientCredentials:
        """A login whose server answers this; "ECHO" in it is what the server was sent."""

        def answer(asked: Asked) -> Reply:
            sent = form(asked)
            words = asked.headers.get("authorization", "")
            self.leaked |= {words.partition(" ")[2]} - {""}
            assertion = sent.get("client_assertion", "")
            secret = "" if assertion else FromEnvironment("KB_CANARY").read()
            self.leaked |= {assertion} - {""}
            echo = f"{words} {assertion} {asked.body.decode()} {secret} {quote(secret)}"
            said = content if isinstance(content, bytes) else json.dumps(content).encode()
            return Reply(said.replace(b"ECHO", json.dumps(echo)[1:-1].encode()), status)

        self.served.answer = answer
        return ClientCredentials("kb", self.secret, token_endpoint=f"{self.served.url}/token")


Scene = Callable[[Place], object]
SCENES: dict[str, Scene] = {}


def scene(play: Scene) -> Scene:
    SCENES[play.__name__] = play
    return play


# -- places of secrets --------------------------------------------------------------------------


@scene
def a_variable_that_is_not_set(place: Place) -> None:
    FromEnvironment("KB_NOT_THERE").read()


@scene
def a_variable_with_two_lines(place: Place) -> None:
    place.environment(f"{CANARY}\nmore").read()


@scene
def a_variable_that_is_no_text(place: Place) -> None:
    place.asks(Basic("me", place.environment(f"{CANARY}\udcff")))


@scene
def an_empty_file(place: Place) -> None:
    FromFile(place.file("")).read()


@scene
def a_file_that_is_no_text(place: Place) -> None:
    FromFile(place.file(CANARY.encode() + b"\xff")).read()


@scene
def a_file_that_is_too_long(place: Place) -> None:
    FromFile(place.file(CANARY * 10_000)).read()


@scene
def a_file_that_others_read(place: Place) -> None:
    name = place.file(CANARY)
    Path(name).chmod(0o644)
    FromFile(name).read()


@scene
def a_file_that_is_not_there(place: Place) -> None:
    FromFile(str(place.folder / "nowhere")).read()


@scene
def no_keyring(place: Place) -> None:
    place.patch.setitem(sys.modules, "keyring.errors", None)
    FromKeyring("a", "b").read()


def keyring(place: Place, answer: Callable[..., Any]) -> FromKeyring:
    made, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = RuntimeError  # type: ignore[attr-defined]
    made.get_password = answer  # type: ignore[attr-defined]
    place.patch.setitem(sys.modules, "keyring", made)
    place.patch.setitem(sys.modules, "keyring.errors", errors)
    return FromKeyring("a", "b")


@scene
def a_keyring_that_fails(place: Place) -> None:
    def fails(*_: str) -> str:
        raise RuntimeError(CANARY)

    keyring(place, fails).read()


@scene
def a_keyring_without_it(place: Place) -> None:
    keyring(place, lambda *_: None).read()


@scene
def no_command(place: Place) -> None:
    FromCommand(()).read()


@scene
def a_command_that_fails(place: Place) -> None:
    script = "import sys; print(sys.argv[1]); sys.stderr.write(sys.argv[1]); sys.exit(3)"
    FromCommand((sys.executable, "-c", script, CANARY)).read()


@scene
def a_command_that_takes_too_long(place: Place) -> None:
    script = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"
    FromCommand((sys.executable, "-c", script, CANARY), 0.3).read()


@scene
def a_command_that_does_not_start(place: Place) -> None:
    FromCommand(("fhir-kb-no-such-program", CANARY)).read()


# -- keys ---------------------------------------------------------------------------------------


def smart(place: Place, keys: str, passphrase: FromEnvironment | None = None) -> None:
    endpoint = f"{place.served.url}/token"
    place.asks(SmartBackend("kb", keys, ("s",), passphrase=passphrase, token_endpoint=endpoint))


@scene
def a_key_without_the_extra(place: Place) -> None:
    place.patch.setitem(sys.modules, "jwt.algorithms", None)
    smart(place, place.key())


@scene
def a_key_whose_passphrase_is_missing(place: Place) -> None:
    smart(place, place.key(CANARY))


@scene
def a_key_whose_passphrase_is_wrong(place: Place) -> None:
    smart(place, place.key("another"), place.secret)


@scene
def a_key_that_is_cut_off(place: Place) -> None:
    name = place.key()
    smart(place, place.file(Path(name).read_bytes()[:-60], "cut.pem"))


@scene
def a_key_of_another_kind(place: Place) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = pem(ec.generate_private_key(ec.SECP256R1()))
    place.leaked |= {one for one in key.decode().splitlines() if "---" not in one}
    smart(place, place.file(key, "b.pem"))


@scene
def a_jwks_that_is_none(place: Place) -> None:
    place.key()
    smart(place, place.file(json.dumps({"keys": jwk(EC, "a")})[:-1], "keys.json"))


@scene
def a_jwks_without_usable_keys(place: Place) -> None:
    place.key()
    smart(place, place.file(json.dumps({"keys": [jwk(EC, "a", x="AA")]}), "keys.json"))


@scene
def keys_that_the_server_does_not_know(place: Place) -> None:
    login = place.answers({"error": "invalid_client", "error_description": "ECHO"}, 400)
    smart(place, place.key())
    assert login


@scene
def a_scope_that_the_server_does_not_know(place: Place) -> None:
    place.answers({"error": "invalid_scope", "error_description": "ECHO"}, 400)
    smart(place, place.key())


# -- login servers ------------------------------------------------------------------------------


@scene
def a_refusal_that_repeats_what_was_sent(place: Place) -> None:
    login = place.answers({"error": "invalid_client", "error_description": "ECHO"}, 401)
    place.asks(login)


@scene
def a_refusal_in_the_form_that_repeats_it(place: Place) -> None:
    from dataclasses import replace

    login = place.answers({"error": "ECHO", "error_description": "ECHO"}, 400)
    place.asks(replace(login, authentication="post"))


@scene
def a_kind_of_token_that_repeats_it(place: Place) -> None:
    place.asks(place.answers({"access_token": CANARY, "token_type": "ECHO"}))


@scene
def a_token_that_cannot_be_sent(place: Place) -> None:
    place.asks(place.answers({"access_token": f"{CANARY}\r\n", "token_type": "Bearer"}))


@scene
def a_page(place: Place) -> None:
    place.asks(place.answers(b"<html>ECHO"))


@scene
def a_refused_page(place: Place) -> None:
    place.asks(place.answers(b"<html>ECHO", 403))


@scene
def no_login_server(place: Place) -> None:
    place.asks(ClientCredentials("kb", place.secret, token_endpoint="http://127.0.0.1:9/t"))


@scene
def a_login_server_where_others_listen(place: Place) -> None:
    place.asks(ClientCredentials("kb", place.secret, token_endpoint="http://l.example.org/t"))


@scene
def an_issuer_that_says_nothing(place: Place) -> None:
    place.answers([])
    place.asks(ClientCredentials("kb", place.secret, issuer=place.served.url))


@scene
def an_issuer_that_is_another(place: Place) -> None:
    place.answers({"issuer": "https://evil.example"})
    place.asks(ClientCredentials("kb", place.secret, issuer=place.served.url))


@scene
def an_issuer_without_an_endpoint(place: Place) -> None:
    place.answers({"issuer": place.served.url})
    place.asks(ClientCredentials("kb", place.secret, issuer=place.served.url))


@scene
def an_issuer_that_names_a_user(place: Place) -> None:
    endpoint = place.served.url.replace("//", f"//{CANARY}@")
    place.answers({"issuer": place.served.url, "token_endpoint": f"{endpoint}/token"})
    place.asks(ClientCredentials("kb", place.secret, issuer=place.served.url))


@scene
def a_token_that_ran_out_and_cannot_be_had_again(place: Place) -> None:
    clock = Clock()
    issuer = Issuer(place.served, access_token=CANARY)
    login = ClientCredentials("kb", place.secret, token_endpoint=issuer.url)
    credentials = open_credentials(login, FHIR, sleep=clock.sleep, clock=clock, now=clock)
    assert CANARY in credentials.headers_for(FHIR)["Authorization"]
    assert CANARY not in f"{credentials!r} {vars(credentials)}"
    place.answers({"error": "invalid_client", "error_description": "ECHO"}, 401)
    clock.seconds += 301
    credentials.headers_for(FHIR)


@scene
def many_that_wait_for_one_failure(place: Place) -> None:
    import threading

    login = place.answers({"error": "invalid_client", "error_description": "ECHO"}, 401)
    credentials = open_credentials(login, FHIR)
    begun, go = threading.Event(), threading.Event()
    answer = place.served.answer

    def slow(asked: Asked) -> Reply:
        begun.set()
        go.wait(10)
        return answer(asked)

    place.served.answer = slow
    found: list[NetError] = []

    def ask() -> None:
        try:
            credentials.headers_for(FHIR)
        except NetError as error:
            found.append(error)

    first = threading.Thread(target=ask)
    first.start()
    begun.wait(10)
    threading.Timer(0.3, go.set).start()
    try:
        credentials.headers_for(FHIR)
    finally:
        first.join()


# -- opening ------------------------------------------------------------------------------------


@scene
def a_token_that_is_none(place: Place) -> None:
    place.asks(Bearer(place.environment(f"{CANARY} ü")))


@scene
def a_server_where_others_listen(place: Place) -> None:
    place.asks(Basic("me", place.secret), "http://fhir.example.org")


@scene
def an_address_with_a_password(place: Place) -> None:
    place.asks(Basic("me", place.secret), f"http://me:{CANARY}@fhir.example.org")


@scene
def no_certificate(place: Place) -> None:
    session_settings(Certificate(str(place.folder / "nowhere")), FHIR)


@scene
def a_certificate_with_a_passphrase(place: Place) -> None:
    shown, _ = certificate(place.folder, "me")
    session_settings(Certificate(shown, place.key(CANARY)), FHIR)


@scene
def a_certificate_of_another_key(place: Place) -> None:
    shown, _ = certificate(place.folder, "me")
    session_settings(Certificate(shown, place.key()), FHIR)


@scene
def a_certificate_that_ran_out(place: Place) -> None:
    shown, _ = certificate(place.folder, "me", -1)
    session_settings(Certificate(shown, place.folder.joinpath("me.key").as_posix()), FHIR)


@scene
def a_certificate_that_holds_later(place: Place) -> None:
    place.patch.setattr("time.time", lambda: 0.0)
    session_settings(Certificate(*certificate(place.folder, "me")), FHIR)


@scene
def credentials_that_somebody_pickles(place: Place) -> None:
    credentials = open_credentials(Basic("me", place.secret), FHIR)
    credentials.headers_for(FHIR)
    pickle.dumps(credentials)


@scene
def credentials_that_somebody_copies(place: Place) -> None:
    credentials = open_credentials(Basic("me", place.secret), FHIR)
    credentials.headers_for(FHIR)
    copy.deepcopy(credentials)


@scene
def an_attribute_that_is_not_there(place: Place) -> None:
    _ = fhir_kb.net.login.secret  # type: ignore[attr-defined]


def played(name: str, folder: Path) -> tuple[BaseException | None, set[str]]:
    """How a scene ends, and what must not be seen then."""
    with web() as served, pytest.MonkeyPatch.context() as patch:
        for one in ("http_proxy", "https_proxy", "all_proxy", "REQUESTS_CA_BUNDLE"):
            patch.delenv(one, raising=False)
            patch.delenv(one.upper(), raising=False)
        place = Place(folder, served, patch)
        try:
            SCENES[name](place)
        except (NetError, TypeError, AttributeError) as error:
            return error, place.leaked | forms(place.leaked)
    return None, set()


def forms(secrets: set[str]) -> set[str]:
    return {base64.b64encode(one.encode()).decode().rstrip("=")[:-1] for one in secrets}


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def shown_by(error: BaseException) -> str:
    """All that a log, a screen or a report of a crash would show."""
    texts = ["".join(traceback.format_exception(error))]
    for one in chain(error):
        state = {name: value for name, value in vars(one).items() if isinstance(value, str)}
        texts.append(f"{one} {one!r} {one.args} {getattr(one, '__notes__', '')} {state}")
    if isinstance(error, NetError):
        texts.append(repr(pickle.dumps(error)))
    return "\n".join(texts)


@pytest.mark.parametrize("name", SCENES)
def test_no_error_shows_a_secret(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    error, leaked = played(name, tmp_path)
    assert error is not None
    assert isinstance(error, TypeError | AttributeError) or getattr(error, "help", "")
    said = shown_by(error) + caplog.text + "".join(capfd.readouterr())
    assert [one for one in leaked if one in said] == []


def test_a_secret_that_is_shown_would_be_found() -> None:
    error = NetError("no")
    error.__context__ = ValueError(CANARY)
    assert CANARY in shown_by(error)


@pytest.mark.parametrize(
    "data",
    [
        {"type": "basic", "user": "me", "password": CANARY},
        {"type": "bearer", "token": [CANARY]},
        {"type": "bearer", "token": {"env": [CANARY]}},
        {"type": "bearer", "token": {"command": CANARY}},
        {"type": "bearer", "token": {"command": [CANARY], "timeout": "x"}},
        {"type": "client-credentials", "client-id": "a", "client-secret": CANARY},
        {"type": "smart-backend", "client-id": "a", "keys": [CANARY], "passphrase": CANARY},
        {"type": "basic", "user": f"me:{CANARY}", "password": {"env": f"{CANARY}\n"}},
    ],
)
def test_no_problem_of_the_file_shows_a_secret(data: dict[str, Any]) -> None:
    server = f"https://me:{CANARY}@fhir.example.org"
    for problems in (login_from(data), logins_from({server: data})):
        assert isinstance(problems, list)
        assert CANARY not in repr(problems)


def test_each_error_of_the_package_has_happened(tmp_path: Path) -> None:
    happened: set[tuple[str, int]] = set()

    def watch(frame: types.FrameType, event: str, argument: object) -> Any:
        if Path(frame.f_code.co_filename).parent != HOME:
            return None
        happened.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return watch

    for number, name in enumerate(SCENES):
        folder = tmp_path / str(number)
        folder.mkdir()
        before = sys.gettrace()
        sys.settrace(watch)
        try:
            played(name, folder)
        finally:
            sys.settrace(before)
    wanted = {
        (path.name, node.lineno)
        for path in HOME.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Raise) and "AssertionError" not in ast.unparse(node)
    }
    assert sorted(wanted - happened) == []
