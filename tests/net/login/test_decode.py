"""The user's file of logins: what is taken, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

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
    Logins,
    NoLogin,
    Problem,
    SmartBackend,
    login_file_path,
    login_from,
    logins_from,
)

HOME = Path("/home/kb")
FOLDER = Path("/etc/kb")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(HOME))


def decoded(text: str) -> Login | list[Problem]:
    return login_from(yaml.safe_load(text), ("here",), folder=FOLDER)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("type: none", NoLogin()),
        ("{type: basic, user: kb, password: {env: PW}}", Basic("kb", FromEnvironment("PW"))),
        ("{type: bearer, token: {file: token}}", Bearer(FromFile("/etc/kb/token"))),
        ("{type: bearer, token: {file: ~/token}}", Bearer(FromFile("/home/kb/token"))),
        (
            "{type: bearer, token: {keyring: {service: fhir, user: me}}, insecure: true}",
            Bearer(FromKeyring("fhir", "me"), insecure=True),
        ),
        (
            "{type: bearer, token: {command: [pass, show, fhir], timeout: 5}}",
            Bearer(FromCommand(("pass", "show", "fhir"), 5.0)),
        ),
        (
            """
            type: client-credentials
            client-id: kb
            client-secret: {env: SECRET}
            authentication: post
            token-endpoint: https://login.example.org/token
            scopes: [a, b]
            audience: fhir
            resource: urn:x
            """,
            ClientCredentials(
                "kb", FromEnvironment("SECRET"), "post", "https://login.example.org/token",
                scopes=("a", "b"), audience="fhir", resource="urn:x",
            ),
        ),
        (
            """
            type: client-credentials
            client-id: kb
            authentication: certificate
            issuer: https://login.example.org/realms/a
            certificate: me.pem
            key: me.key
            """,
            ClientCredentials(
                "kb", None, "certificate", issuer="https://login.example.org/realms/a",
                certificate=Certificate("/etc/kb/me.pem", "/etc/kb/me.key"),
            ),
        ),
        (
            """
            type: smart-backend
            client-id: kb
            keys: keys
            kid: a
            passphrase: {env: PP}
            scopes: system/Patient.rs system/*.cruds
            """,
            SmartBackend(
                "kb", "/etc/kb/keys", ("system/Patient.rs", "system/*.cruds"), "a",
                FromEnvironment("PP"),
            ),
        ),
        ("{type: certificate, certificate: /a.pem}", Certificate("/a.pem")),
    ],
)  # fmt: skip
def test_what_is_taken(text: str, login: Login) -> None:
    assert decoded(text) == login


SMART = "type: smart-backend, client-id: kb, keys: k, scopes: [s]"
CLIENT = "type: client-credentials, client-id: kb"


@pytest.mark.parametrize(
    ("text", "path", "message", "advice"),
    [
        ("[]", "", "this is not a login", "Write 'type:'"),
        ("{}", "type", "'type' is missing", "Write 'type:'"),
        ("type: [basic]", "type", "not a string of one line", ""),
        ("type: smart", "type", "no login of the type 'smart'", "smart-backend"),
        ("type: oauth", "type", "no login of the type 'oauth'", "client-credentials"),
        ("{type: basic, user: a, pasword: {env: A}}", "pasword", "no field 'pasword", "password"),
        ("{type: basic, user: a}", "password", "'password' is missing", ""),
        ("{type: basic, password: {env: A}}", "user", "'user' is missing", ""),
        ("{type: basic, user: 'a:b', password: {env: A}}", "user", "cannot contain ':'", ""),
        ("{type: basic, user: a, password: hunter2}", "password", "must not be in", "{env: NAME}"),
        ("{type: bearer, token: [hunter2]}", "token", "must not be in", "{env: NAME}"),
        ("{type: bearer, token: {}}", "token", "needs exactly one source", ""),
        ("{type: bearer, token: {env: A, file: b}}", "token", "needs exactly one source", ""),
        ("{type: bearer, token: {enf: A}}", "token/enf", "no field 'enf'", "'env'"),
        ("{type: bearer, token: {env: ''}}", "token/env", "not a string of one line", ""),
        ("{type: bearer, token: {env: A, timeout: 3}}", "token/timeout", "no field 'timeout'", ""),
        ("{type: bearer, token: {command: pass show}}", "token/command", "a list of strings", ""),
        ("{type: bearer, token: {command: []}}", "token/command", "is empty", ""),
        ("{type: bearer, token: {command: [a], timeout: 0}}", "token/timeout", "seconds", "600"),
        ("{type: bearer, token: {command: [a], timeout: x}}", "token/timeout", "seconds", ""),
        ("{type: bearer, token: {keyring: fhir}}", "token/keyring", "a service and a user", ""),
        ("{type: bearer, token: {keyring: {service: a}}}", "token/keyring/user", "missing", ""),
        ("{type: bearer, token: {env: A}, insecure: maybe}", "insecure", "true nor false", ""),
        ("{CLIENT}", "client-secret", "'client-secret' is missing", ""),
        ("{CLIENT, authentication: certificate}", "authentication", "no certificate", ""),
        ("{CLIENT, authentication: jwt}", "authentication", "has an unknown value", "basic"),
        (
            "{CLIENT, authentication: certificate, certificate: a, client-secret: {env: A}}",
            "client-secret", "is not used with authentication: certificate", "Leave it out",
        ),
        (
            "{CLIENT, client-secret: {env: A}, issuer: 'https://a', token-endpoint: 'https://b'}",
            "issuer", "not used beside", "Leave one out",
        ),
        (
            "{CLIENT, client-secret: {env: A}, token-endpoint: 'https://u:p@b'}",
            "token-endpoint", "not a URL", "https://",
        ),
        ("{type: smart-backend, client-id: kb, keys: k}", "scopes", "not a list", "system/*.cruds"),
        ("{SMART, client-secret: {env: A}}", "client-secret", "no field 'client-secret'", ""),
        ("{SMART, passphrase: hunter2}", "passphrase", "must not be in", ""),
        ("{SMART, key: a.key}", "key", "a key and no certificate", ""),
        ("{type: certificate}", "certificate", "'certificate' is missing", ""),
        ("{type: certificate, certificate: a, insecure: true}", "insecure", "no field 'insec", ""),
    ],
)  # fmt: skip
def test_what_is_said_of_the_rest(text: str, path: str, message: str, advice: str) -> None:
    problems = decoded(text.replace("SMART", SMART).replace("CLIENT", CLIENT))
    assert isinstance(problems, list)
    where = ("here", *filter(None, path.split("/")))
    found = [one for one in problems if one.path == where]
    assert found, problems
    assert message in found[0].message
    assert advice in found[0].help
    assert "hunter2" not in f"{problems}"


def test_all_problems_are_said_at_once() -> None:
    problems = decoded("{type: basic, user: 7, password: hunter2, scopes: [a]}")
    assert isinstance(problems, list)
    assert [one.path[-1] for one in problems] == ["user", "password", "scopes"]


def test_logins_by_server() -> None:
    logins = logins_from(
        yaml.safe_load(
            """
            https://fhir.example.org: {type: none}
            https://fhir.example.org/a/: {type: basic, user: a, password: {env: A}}
            https://fhir.example.org/a/b: {type: basic, user: b, password: {env: A}}
            """
        )
    )
    assert isinstance(logins, Logins)
    users = {
        server: getattr(logins.of(server), "user", logins.of(server))
        for server in (
            "https://fhir.example.org/x", "https://fhir.example.org:443/a",
            "https://fhir.example.org/a/b/", "https://fhir.example.org/ab",
            "https://other.example.org/a", "http://fhir.example.org/a",
        )
    }  # fmt: skip
    assert users == {
        "https://fhir.example.org/x": NoLogin(),
        "https://fhir.example.org:443/a": "a",
        "https://fhir.example.org/a/b/": "b",
        "https://fhir.example.org/ab": NoLogin(),
        "https://other.example.org/a": None,
        "http://fhir.example.org/a": None,
    }
    with pytest.raises(NetError):
        logins.of("nowhere")


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("[]", [], "not a mapping of servers"),
        ("fhir.example.org: {type: none}", ["fhir.example.org"], "not the base URL"),
        ("7: {type: none}", ["7"], "not the base URL"),
        ("https://u:hunter2@h/a: {type: none}", ["…@h/a"], "a user or a password"),
        ("https://h/a?b=c: {type: none}", ["https://h/a?b=c"], "neither"),
        ("{https://h/a: {type: none}, https://h:443/a/: {type: none}}", ["https://h:443/a/"],
         "already"),
        ("https://h/a:", ["https://h/a"], "not a login"),
        ("https://h/a: {type: none, x: 1}", ["https://h/a", "x"], "no field 'x'"),
    ],
)  # fmt: skip
def test_what_is_said_of_servers(text: str, path: list[str], message: str) -> None:
    problems = logins_from(yaml.safe_load(text))
    assert isinstance(problems, list)
    assert list(problems[0].path) == path
    assert message in problems[0].message
    assert "hunter2" not in repr(problems)


def test_an_empty_file_has_no_logins() -> None:
    assert logins_from(None) == Logins()


WORDS = st.sampled_from(
    ["type", "basic", "bearer", "client-credentials", "smart-backend", "certificate", "none",
     "user", "password", "token", "env", "file", "keyring", "command", "service", "timeout",
     "client-id", "client-secret", "keys", "scopes", "passphrase", "key", "insecure", "issuer",
     "token-endpoint", "authentication", "post", "https://h", "~", "~nobody/x", "\ud800", "a\x00"]
)  # fmt: skip
SECRETS = st.just("hunter2")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | SECRETS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


@given(
    st.dictionaries(WORDS, PLAIN, max_size=8),
    st.sampled_from(["basic", "bearer", "client-credentials", "smart-backend", "certificate"]),
)
def test_anything_is_a_login_or_problems(data: dict[str, Any], kind: str) -> None:
    found = login_from({**data, "type": kind}, ("x",))
    if isinstance(found, list):
        assert found
        assert all(one.path[0] == "x" and one.message for one in found)
        assert "hunter2" not in repr(found)
    assert isinstance(logins_from({"https://h": data}), list)


def test_where_the_file_is() -> None:
    assert login_file_path({"FHIR_KB_LOGINS": "/x/y.yaml"}) == Path("/x/y.yaml")
    assert login_file_path({}, "posix") == HOME / ".config/fhir-kb/logins.yaml"
    assert login_file_path({"XDG_CONFIG_HOME": "/c"}, "posix") == Path("/c/fhir-kb/logins.yaml")
    assert login_file_path({"APPDATA": "/roaming"}, "nt") == Path("/roaming/fhir-kb/logins.yaml")


def test_a_login_has_no_secret_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "hunter2")
    login = decoded("{type: basic, user: a, password: {env: A}}")
    assert "hunter2" not in json.dumps(repr(login))
