"""The wheel and the sdist: the same bytes each time, and with everything that the program needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
from unpacking import unpack

ROOT = Path(__file__).parents[2]
SOURCES = ("fhir_kb", "definitions", "tests", "docs", "benchmarks", "scripts", "requirements")
FILES = ("pyproject.toml", "README.md", "LICENSE", "Makefile", "CHANGELOG.md", "CONTRIBUTING.md")
BUILD = """
import sys
from hatchling.build import build_sdist, build_wheel
print((build_wheel if sys.argv[1] == "wheel" else build_sdist)(sys.argv[2]))
"""
pytestmark = pytest.mark.slow


def copy(to: Path) -> Path:
    """The files that belong to a release, with other times than the originals'."""
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=left_out, copy_function=shutil.copyfile)
    for name in FILES:
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, to / name)
    return to


def build(kind: str, source: Path, to: Path) -> Path:
    environ = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(to)],
        cwd=source, capture_output=True, text=True, check=True, env=environ,
    )  # fmt: skip
    return to / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def wheel(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", first, tmp_path_factory.mktemp("dist"))


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_built_twice_the_bytes_are_the_same(kind: str, first: Path, tmp_path: Path) -> None:
    second = copy(tmp_path / "elsewhere")
    one, two = tmp_path / "one", tmp_path / "two"
    assert build(kind, first, one).read_bytes() == build(kind, second, two).read_bytes()


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "fhir_kb").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in ZipFile(wheel).namelist() if name.startswith("fhir_kb/")}
    assert packed == expected
    assert any(name.endswith(".ndjson.gz") for name in packed)
    assert "fhir_kb/cli/starter/files/kb.yaml" in packed


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fhir_kb"}


def test_a_wheel_from_the_sdist_is_the_wheel_from_the_sources(
    first: Path, wheel: Path, tmp_path: Path
) -> None:
    sdist = build("sdist", first, tmp_path / "sdist")
    unpack(sdist, tmp_path / "unpacked")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert build("wheel", source, tmp_path / "wheel").read_bytes() == wheel.read_bytes()


def test_installed_alone_it_works(wheel: Path, tmp_path: Path) -> None:
    """The wheel in an environment of its own; the dependencies are borrowed from this one."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    (site,) = home.glob("lib/python*/site-packages") or home.glob("Lib/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))  # without its own .pth files
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(*words: str) -> str:
        program = "from fhir_kb.cli import main; main()"
        done = subprocess.run(
            [python, "-c", program, *words],
            cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8",
        )  # fmt: skip
        return done.stdout

    where = subprocess.run(
        [python, "-c", "import fhir_kb; print(fhir_kb.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(home) in where.stdout
    run("init", "kb")
    assert "output/" in run("build", "kb")
    assert (tmp_path / "output" / "r4" / "bundle.transaction.json").is_file()
