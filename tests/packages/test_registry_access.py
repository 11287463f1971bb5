"""Which registry is asked, and where the token goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_kb.packages import PackageError
from fhir_kb.packages.registry.access import registry_access, user_file

TOKEN = "s3cret-t0ken"
ONE, OTHER = "https://one.example/npm", "https://other.example"


@pytest.fixture(name="environ")
def own_environ(tmp_path: Path) -> dict[str, str]:
    return {"FHIR_KB_CONFIG": str(tmp_path / "config.yaml")}


def write(environ: dict[str, str], text: str) -> None:
    Path(environ["FHIR_KB_CONFIG"]).write_text(text, encoding="utf-8")


def test_without_settings_there_is_no_registry(environ: dict[str, str]) -> None:
    assert registry_access(environ=environ) is None


def test_the_environment_comes_before_kb_yaml_before_the_own_file(environ: dict[str, str]) -> None:
    write(environ, "registry: https://own.example\n")
    for from_kb, more, url in (
        ("", {}, "https://own.example"),
        (ONE, {}, ONE),
        (ONE, {"FHIR_KB_REGISTRY": OTHER}, OTHER),
    ):
        found = registry_access(from_kb, {**environ, **more})
        assert found is not None
        assert found.url == url


def test_a_token_of_the_environment_belongs_to_the_registry_that_the_user_named(
    environ: dict[str, str],
) -> None:
    environ |= {"FHIR_KB_REGISTRY": ONE, "FHIR_KB_REGISTRY_TOKEN": f" {TOKEN}\n"}
    found = registry_access(environ=environ)
    assert found is not None
    assert found.token == TOKEN


def test_kb_yaml_never_gets_a_token_for_an_address_of_its_own(environ: dict[str, str]) -> None:
    environ |= {"FHIR_KB_REGISTRY_TOKEN": TOKEN}
    write(environ, f"registry: {ONE}\nregistries:\n  {ONE}: {{token: {TOKEN}}}\n")
    stranger = registry_access("https://evil.example", environ)
    assert stranger is not None
    assert stranger.token == ""
    known = registry_access(ONE + "/other/path", environ)
    assert known is not None
    assert known.token == TOKEN


@pytest.mark.parametrize("line", ["token: TOKEN", "token-env: MY_TOKEN", "token-file: FILE"])
def test_the_own_file_says_where_the_token_is(
    environ: dict[str, str], tmp_path: Path, line: str
) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    line = line.replace(": TOKEN", f": {TOKEN}").replace("FILE", str(tmp_path / "token"))
    write(
        environ,
        f"registry: {ONE}\nregistries:\n  {ONE}:\n    {line}\n    ca: ca.pem\n    user: me\n",
    )
    found = registry_access(environ={**environ, "MY_TOKEN": TOKEN})
    assert found is not None
    assert (found.token, found.ca_file, found.user) == (TOKEN, "ca.pem", "me")


def test_a_tokens_file_may_be_named_in_the_environment(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    environ |= {"FHIR_KB_REGISTRY": ONE, "FHIR_KB_REGISTRY_TOKEN_FILE": str(tmp_path / "token")}
    found = registry_access(environ=environ)
    assert found is not None
    assert found.token == TOKEN
    environ["FHIR_KB_REGISTRY_TOKEN_FILE"] = str(tmp_path / "nowhere")
    with pytest.raises(PackageError, match="the token file"):
        registry_access(environ=environ)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "cannot be read"),
        ("- a\n", "has no settings"),
        ("registry: ftp://x.example\n", "not a web address"),
        (f"registry: https://me:{TOKEN}@one.example\n", "contains a password"),
        (f"registry: {ONE}\nregistries: {{'{ONE}': {{tokn: {TOKEN}}}}}\n", "unknown key 'tokn'"),
        (f"registry: {ONE}\nregistries: {{nonsense: {{token: {TOKEN}}}}}\n", "not a web address"),
        ("a: " + "[" * 5000, "cannot be read"),
    ],
)
def test_settings_that_make_no_sense_are_errors_without_the_token(
    environ: dict[str, str], text: str, reason: str
) -> None:
    write(environ, text)
    with pytest.raises(PackageError, match=reason) as caught:
        registry_access(environ=environ)
    assert TOKEN not in f"{caught.value.message} {caught.value.help}"
    assert caught.value.help


def test_the_own_file_is_where_the_system_has_such_files(tmp_path: Path) -> None:
    assert user_file({"FHIR_KB_CONFIG": "x.yaml"}) == Path("x.yaml")
    assert user_file({"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}) == (
        tmp_path / "fhir-kb" / "config.yaml"
    )
