"""`python -m fhir_kb` is the same program."""

import subprocess
import sys


def test_it_answers_like_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fhir_kb", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fhir-kb ")
    done = subprocess.run(
        [sys.executable, "-m", "fhir_kb", "biuld"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no command 'biuld'; did you mean 'build'?" in done.stderr
