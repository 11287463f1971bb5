"""kill -9 of the client at forty random moments: the next push finishes the work."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from model_server import ModelServer
from pushed import artifact
from temper import HAPI, OTHER

pytestmark = [
    pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket,
]  # fmt: skip

TOOL = Path(sys.executable).with_name("fhir-kb")
NUMBER = 300


@pytest.mark.parametrize("seed", range(40))
def test_a_client_that_is_killed_finishes_next_time(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    resources = [artifact(f"k{number}") for number in range(NUMBER)]
    file = tmp_path / "all.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    with ModelServer(rng.choice([HAPI, OTHER])) as server:
        words = [TOOL, "push", "-q", "--yes", "--target", server.base, "--bundle", file]
        started = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, 1.4))
        started.kill()
        started.wait()
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
        assert set(server.resources) == {f"PlanDefinition/k{n}-1.0.0" for n in range(NUMBER)}
        assert {len(server.versions_of(place)) for place in server.resources} == {1}
