"""How a run ends, whatever happens: the exit codes that scripts rely on, and one clear line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.model.fhir_release import NAMES
from fhir_kb.pipeline import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

PROGRAM = [sys.executable, "-c", "from fhir_kb.cli import main; main()"]


def failing(error: BaseException) -> Callable[..., Any]:
    def schema(name: str) -> Any:
        raise error

    return schema


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["biuld"], "there is no command 'biuld'; did you mean 'build'?"),
        (["build", "--fihr", "r4"], "there is no option '--fihr'; did you mean '--fhir'?"),
        (["build", "--format", "jsn"], "'jsn' is not known; did you mean 'json'?"),
        (
            ["build", "--fhir", "r0"],
            "not a supported FHIR release; expected one of: " + ", ".join(NAMES),
        ),
        (["build", "--fhir", ","], f"name at least one of: {', '.join(NAMES)}"),
        (["build", "--jobs", "0"], "'--jobs'"),
        (["bundle"], "'--fhir'"),
        (["validate"], "'PATH...'"),
        (["validate", "nowhere"], "there is no file or folder 'nowhere'"),
        (["schema", "topics"], "'topics' is not known; did you mean 'topic'?"),
        (["build", __file__], "'DEFINITIONS'"),
        (["--frobnicate"], "there is no option '--frobnicate'"),
    ],
)
def test_wrong_usage_is_2_and_names_the_nearest_word(
    fhir_kb: Callable[..., Ended], words: list[str], said: str
) -> None:
    code, out, err = fhir_kb(*words)
    assert (code, out) == (2, "")
    assert err.startswith("fhir-kb: ")
    assert said in err
    assert "--help shows more" in err


def test_without_words_the_overview_is_shown_and_usage_was_wrong(
    fhir_kb: Callable[..., Ended],
) -> None:
    code, out, err = fhir_kb()
    assert (code, out) == (2, "")
    assert "Usage: fhir-kb COMMAND" in err


def test_the_outside_world_is_3_with_advice(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    stand_in(
        "fhir_kb.pipeline",
        schema=failing(EnvironmentFailure("the disk is full", "Free some space")),
    )
    assert fhir_kb("schema") == (3, "", "fhir-kb: the disk is full\n  Free some space\n")


def test_a_refusal_of_the_operating_system_is_3(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    refused = PermissionError(13, "Permission denied", "/here/kb.yaml")
    stand_in("fhir_kb.pipeline", schema=failing(refused))
    message = "fhir-kb: /here/kb.yaml: Permission denied\n"
    advice = "  Fix its permissions, or choose another path\n"
    assert fhir_kb("schema") == (3, "", message + advice)


def test_a_bug_is_told_in_a_line_without_a_traceback(
    fhir_kb: Callable[..., Ended], stand_in: Callable[..., None]
) -> None:
    stand_in("fhir_kb.pipeline", schema=failing(KeyError("lost")))
    code, out, err = fhir_kb("schema")
    assert (code, out) == (70, "")
    assert err.startswith(
        "fhir-kb: this is a bug in fhir-kb, not in your files: KeyError: 'lost' ("
    )
    assert "Traceback" not in err
    assert "FHIR_KB_DEBUG=1" in err


def test_debugging_shows_the_traceback(
    fhir_kb: Callable[..., Ended],
    stand_in: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FHIR_KB_DEBUG", "1")
    stand_in("fhir_kb.pipeline", schema=failing(KeyError("lost")))
    assert "Traceback" in fhir_kb("schema").err


def in_a_process(source: str, **more: Any) -> subprocess.Popen[bytes]:
    """A process that runs `fhir-kb schema` with a schema() of its own."""
    # Where the tests run in the background, SIGINT is ignored, and processes inherit that.
    program = f"""
import signal, sys, fhir_kb.pipeline
signal.signal(signal.SIGINT, signal.default_int_handler)
def schema(name):
{source}
fhir_kb.pipeline.schema = schema
sys.argv = ["fhir-kb", "schema"]
from fhir_kb.cli import main
main()
"""
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_is_130_and_one_line() -> None:
    source = "    import time; print('ready', flush=True); time.sleep(60)"
    with in_a_process(source) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"fhir-kb: interrupted\n")


def test_a_pipe_that_nobody_reads_ends_quietly() -> None:
    with in_a_process("    return {'x': 'y' * 2_000_000}") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=30) == 141
    assert err == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
@pytest.mark.parametrize("word", ["--help", "schema"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_on_a_full_disk_is_3_and_says_what_to_do(word: str, unbuffered: str) -> None:
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, word], stdout=full, stderr=subprocess.PIPE, env=env, check=False
        )
    assert done.returncode == 3
    assert done.stderr.decode().splitlines() == [
        "fhir-kb: the output cannot be written: No space left on device",
        "  Free disk space and run the command again",
    ]


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes the streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("word", ["--help", "biuld", "fhirpath --jsonl"])
def test_a_stream_that_is_closed_is_no_bug(closed: str, word: str) -> None:
    program = f"exec \"$0\" -c 'from fhir_kb.cli import main; main()' {word} {closed} </dev/null"
    if closed == "<&-":
        program = program.removesuffix(" </dev/null")
    done = subprocess.run(
        ["/bin/sh", "-c", program, sys.executable], capture_output=True, check=False
    )
    assert done.returncode == (2 if word == "biuld" else 0)
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr


def test_output_is_utf8_whatever_the_locale() -> None:
    more = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    source = "    return {'title': '\\u937c\\u6cbb\\u7642'}"
    with in_a_process(source, env={**os.environ, **more}) as process:
        out, err = process.communicate(timeout=30)
    assert err == b""
    assert "鍼治療".encode() in out


def test_help_and_version_import_neither_click_nor_the_pipeline(tmp_path: Path) -> None:
    program = """
import sys
sys.argv = ["fhir-kb", {word!r}]
from fhir_kb.cli import main
try:
    main()
except SystemExit as end:
    heavy = {{"click", "yaml", "inspect", "typing", "fhir_kb.pipeline"}}.intersection(sys.modules)
    print(end.code, sorted(heavy), file=sys.stderr)
"""
    for word in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {ROOT!r})\n"
             + program.format(word=word)],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        assert done.stderr == "0 []\n"
        assert done.stdout.startswith("fhir-kb")


ROOT = str(Path(__file__).parents[2])
