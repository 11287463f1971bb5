"""Large topics end: what the files of a topic may hold is built in one go, or refused by a number.

`benchmarks/size.py` measures how the time grows; here it only has to end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "size.py"
SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
import size
from fhir_kb.pipeline import build
root = Path(sys.argv[2])
for name, content in {"kb.yaml": size.KB, **size.KINDS[sys.argv[3]](int(sys.argv[4]))}.items():
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content, encoding="utf-8")
result = build(root, output=None, models=False)
print(result.exit_code, *sorted({finding.code for finding in result.diagnostics}))
print(next(iter(finding.message for finding in result.diagnostics), ""))
"""


def built(folder: Path, kind: str, number: int) -> tuple[list[str], str]:
    """The exit code with the codes of findings, and the first message; in a process of its own."""
    words = [sys.executable, "-c", SCRIPT, BENCHMARK, folder, kind, str(number)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=240)
    first, message = done.stdout.splitlines()[:2]
    return first.split(), message


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        "steps",
        "steps, each after the one before",
        "steps, all after the first",
        "steps within steps",
        "steps with concepts",
        "bullets",
        "sections",
    ],
)
def test_twenty_thousand(kind: str, tmp_path: Path) -> None:
    assert built(tmp_path, kind, 20_000)[0] == ["0"]


@pytest.mark.slow
def test_more_than_the_limit_is_refused_by_its_number(tmp_path: Path) -> None:
    codes, message = built(tmp_path, "steps", 80_000)
    assert codes == ["1", "KB106"]
    assert message.startswith("a file may have 200,000 values")
