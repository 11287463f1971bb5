"""Secrets are read from their places, and refused where others could have read them too."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest
from issuing import private_file

from fhir_kb.net import NetError
from fhir_kb.net.login import FromCommand, FromEnvironment, FromFile, FromKeyring

PYTHON = sys.executable


def printing(text: str, *more: str) -> FromCommand:
    return FromCommand((PYTHON, "-c", f"print({text!r})", *more))


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", "s3cret ü\n")
    assert FromEnvironment("KB_SECRET").read() == "s3cret ü"


def test_the_environment_is_read_when_the_secret_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_SECRET", "old")
    source = FromEnvironment("KB_SECRET")
    monkeypatch.setenv("KB_SECRET", "new")
    assert source.read() == "new"


@pytest.mark.parametrize("value", ["", " \n", "two\nlines", "a\x00b"])
def test_a_variable_without_a_usable_secret(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(os, "environ", {"KB_SECRET": value})
    with pytest.raises(NetError, match=r"'KB_SECRET' (for the secret is empty|contains more)"):
        FromEnvironment("KB_SECRET").read()


def test_a_variable_that_is_not_set() -> None:
    with pytest.raises(NetError, match="'KB_NOT_THERE' with the secret is not set"):
        FromEnvironment("KB_NOT_THERE").read()


@pytest.mark.parametrize("content", ["s3cret", "s3cret\n", "\ufeffs3cret\r\n", "  s3cret  "])
def test_a_file(tmp_path: Path, content: str) -> None:
    assert FromFile(private_file(tmp_path / "secret", content)).read() == "s3cret"


@pytest.mark.skipif(os.name != "posix", reason="files elsewhere have no such modes")
@pytest.mark.parametrize(
    ("mode", "good"),
    [(0o600, True), (0o400, True), (0o640, True), (0o644, False), (0o604, False), (0o602, False),
     (0o660, False), (0o666, False)],
)  # fmt: skip
def test_a_file_that_others_can_reach(tmp_path: Path, mode: int, good: bool) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret")
    path.chmod(mode)
    if good:
        assert FromFile(str(path)).read() == "s3cret"
        return
    with pytest.raises(NetError, match="others on this machine can reach it") as caught:
        FromFile(str(path)).read()
    assert "chmod 600" in caught.value.help


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"one\ntwo", "more than one line"), (b"\xff\xff", "not text"),
     (b"x" * 70_000, "too long")],
)  # fmt: skip
def test_a_file_without_a_usable_secret(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(NetError, match=message):
        FromFile(private_file(tmp_path / "secret", content)).read()


@pytest.mark.parametrize("name", ["nowhere", ".", "a\x00b"])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(NetError, match="cannot be read"):
        FromFile(f"{tmp_path}/{name}").read()


def test_a_command_without_a_shell() -> None:
    assert printing("first\nsecond").read() == "first"
    told = FromCommand((PYTHON, "-c", "import sys; print(sys.argv[1])", "$HOME; echo *"))
    assert told.read() == "$HOME; echo *"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            FromCommand((PYTHON, "-c", "print('s3cret'); raise SystemExit(3)")),
            "ends with exit code 3",
        ),
        (FromCommand((PYTHON, "-c", "")), "is empty"),
        (FromCommand((PYTHON, "-c", "print(); print('second')")), "is empty"),
        (FromCommand((PYTHON, "-c", "import time; time.sleep(60)"), 0.2), "takes longer than 0 s"),
        (FromCommand(("fhir-kb-no-such-program",)), "cannot be started"),
        (FromCommand(("a\x00b",)), "cannot be started"),
        (FromCommand(()), "is empty"),
    ],
)
def test_a_command_that_gives_nothing(source: FromCommand, message: str) -> None:
    with pytest.raises(NetError, match=message):
        source.read()


def test_what_a_command_says_aside_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    script = "import sys; sys.stderr.write('s3cret'); print('x')"
    assert FromCommand((PYTHON, "-c", script)).read() == "x"
    assert "s3cret" not in "".join(capfd.readouterr())


def test_arguments_of_a_command_are_not_shown() -> None:
    assert "s3cret" not in repr(printing("s3cret"))


class KeyringError(Exception):
    """As the package `keyring` has it."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    made, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = KeyringError  # type: ignore[attr-defined]
    kept = {("fhir-kb", "me"): "s3cret"}
    made.get_password = lambda *asked: kept.get(asked)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", made)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return made


def test_the_keyring(keyring: types.ModuleType) -> None:
    assert FromKeyring("fhir-kb", "me").read() == "s3cret"
    with pytest.raises(NetError, match="no secret of 'you'") as caught:
        FromKeyring("fhir-kb", "you").read()
    assert "keyring set fhir-kb you" in caught.value.help


@pytest.mark.parametrize("error", [KeyringError, RuntimeError, OSError])
def test_a_keyring_that_is_locked(keyring: types.ModuleType, error: type[Exception]) -> None:
    def locked(service: str, user: str) -> str:
        raise error("s3cret")

    keyring.get_password = locked  # type: ignore[attr-defined]
    with pytest.raises(NetError, match="cannot be read") as caught:
        FromKeyring("fhir-kb", "me").read()
    assert caught.value.__context__ is None


def test_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring.errors", None)
    with pytest.raises(NetError, match="'keyring' is not installed") as caught:
        FromKeyring("fhir-kb", "me").read()
    assert "fhir-kb[keyring]" in caught.value.help
