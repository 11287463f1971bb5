"""Start a real HAPI FHIR server for a test and stop it afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import canonicalize

import pytest
import requests
from environ import SHARED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

HAPI = SHARED / "tools" / "hapi" / "hapi"


class Hapi:
    """A running server: `base` is its FHIR address."""

    def __init__(self, base: str, start: list[str] | None = None) -> None:
        self.base = base
        self._start = start or []
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Cache-Control"] = "no-cache"  # searches are remembered for a minute

    def post_bundle(self, bundle: bytes) -> dict[str, Any]:
        """Send a transaction or batch; the answer, which must be 200."""
        kind = {"Content-Type": "application/fhir+json"}
        return self._answer(self.session.post(self.base, data=bundle, headers=kind, timeout=300))

    def get(self, path: str) -> dict[str, Any]:
        """Read or search; the answer, which must be 200."""
        return self._answer(self.session.get(f"{self.base}/{path}", timeout=120))

    def kill(self) -> None:
        """End it as a power failure would."""
        script, _, _, port, *_ = self._start
        subprocess.run(
            [script, "stop", port, "--kill"], capture_output=True, check=True, env=_outside()
        )

    def restart(self) -> None:
        """Start it again with the same data; only with `--file` there are any."""
        subprocess.run(self._start, capture_output=True, check=True, env=_outside())

    @staticmethod
    def _answer(answer: requests.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text[:2000]
        return parse(answer.content)


def parse(content: bytes) -> dict[str, Any]:
    """JSON with decimals as they are written."""
    found: dict[str, Any] = json.loads(content, parse_float=Decimal)
    return found


# Elements that HAPI 8.2 does not keep, though they are valid; it answers 201 and drops them.
DROPPED = {"r4b": {"Citation.summary"}}


def load_and_compare(
    server: Hapi, transaction: bytes, *, dropped: Collection[str] = ()
) -> list[str]:
    """Send a transaction bundle, find each of its resources by its condition, compare.

    Returns what differs, one line an element; nothing where the server holds what was sent. What
    servers choose themselves (id, meta) is left out, and references are followed by fullUrl.
    dropped: elements ("Citation.summary") that this server is known to lose.
    """
    bundle = parse(transaction)
    answer = server.post_bundle(transaction)
    ids = {
        sent["fullUrl"]: "/".join(done["response"]["location"].split("/")[:2])
        for sent, done in zip(bundle["entry"], answer["entry"], strict=True)
    }
    differences = []
    for entry in bundle["entry"]:
        condition = entry["request"]["url"]
        found = server.get(condition).get("entry", [])
        if len(found) != 1:
            differences.append(f"{condition}: found {len(found)} times")
            continue
        sent = _comparable(entry["resource"], ids)
        stored = _comparable(found[0]["resource"], {})
        differences += [
            f"{condition}: {name}: {sent.get(name)!r} became {stored.get(name)!r}"
            for name in sorted(sent.keys() | stored.keys())
            if sent.get(name) != stored.get(name)
            and f"{sent['resourceType']}.{name}" not in dropped
        ]
    return differences


def versions(server: Hapi, transaction: bytes) -> dict[str, str]:
    """The server's version number of each resource of a transaction, by its condition."""
    conditions = [entry["request"]["url"] for entry in parse(transaction)["entry"]]
    return {
        condition: server.get(condition)["entry"][0]["resource"]["meta"]["versionId"]
        for condition in conditions
    }


def _comparable(value: Any, ids: dict[str, str], *, top: bool = True) -> Any:
    if isinstance(value, list):
        return [_comparable(item, ids, top=False) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        name: _comparable(item, ids, top=False)
        for name, item in value.items()
        if not (top and name in {"id", "meta"})
    }
    if isinstance(div := kept.get("div"), str):
        kept["div"] = canonicalize(div)  # servers write the attributes in another order
    if isinstance(reference := kept.get("reference"), str):
        kept["reference"] = ids.get(reference, reference)
    return kept


class HapiPool:
    """Servers that are started when they are first asked for, one at a time."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._release = ""
        self._server: Hapi | None = None

    def __enter__(self) -> HapiPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def running(self, release: str) -> Hapi:
        """The server of "R4", "R4B" or "R5"; one of another release is stopped before."""
        if self._server is None or self._release != release:
            self._open.close()
            self._server = self._open.enter_context(hapi(release))
            self._release = release
        return self._server


@contextmanager
def hapi(release: str, *options: str) -> Iterator[Hapi]:
    """A fresh server of "R4", "R4B" or "R5" with its data in memory; takes 20 to 60 s to start."""
    if not HAPI.exists():
        pytest.skip(f"no HAPI server at {HAPI}")
    port = str(_free_port())
    with tempfile.TemporaryDirectory() as folder:
        start = [HAPI, "start", release, port, "--dir", folder, *options]
        started = subprocess.run(start, capture_output=True, text=True, check=False, env=_outside())
        pid = Path(folder, "pid")
        try:
            assert started.returncode == 0, started.stderr
            base = started.stdout.strip().splitlines()[-1]
            server = Hapi(base, [str(word) for word in start])
            with server.session:
                yield server
        finally:
            number = int(pid.read_text()) if pid.is_file() else None
            subprocess.run([HAPI, "stop", port], capture_output=True, check=False, env=_outside())
            if number is not None and _is_alive(number):
                os.kill(number, signal.SIGKILL)
                pytest.fail(f"the server on port {port} did not stop")


def _outside() -> dict[str, str]:
    """COLUMNS would make `ps`, by which the script knows its server, cut the line off."""
    return {name: value for name, value in os.environ.items() if name != "COLUMNS"}


def _is_alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
