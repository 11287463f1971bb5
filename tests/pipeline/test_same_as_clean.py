"""Whatever happened before, a build leaves the same bytes as one into a new folder."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from knowledge_bases import KB, content, write

from fhir_kb.pipeline import build

NAMES = ("ache", "burn", "cough", "fever", "sepsis", "wound")
LARGE = ("bundle.transaction.json", "bundle.collection.json", "resources.ndjson", "package.tgz")


class Life:
    """A knowledge base to which things happen."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.definitions = write(folder / "definitions", "ache", "cough", "fever")
        self.output = folder / "output"
        self.cache = folder / "cache"
        self.releases: tuple[str, ...] | None = None
        self.turn = 0

    def edit(self) -> None:
        name = self.random.choice(self.there())
        words = "word " * self.random.randrange(9000 if self.random.random() < 0.2 else 5)
        write(self.definitions, name, **{name: f"purpose: Turn {self.turn}. {words}x\n"})

    def add(self) -> None:
        write(self.definitions, self.random.choice(NAMES))

    def remove(self) -> None:
        if len(self.there()) > 1:
            shutil.rmtree(self.definitions / self.random.choice(self.there()))

    def settings(self) -> None:
        text = KB.replace("version: 1.0.0", f"version: 1.{self.turn}.0")
        if self.random.random() < 0.5:
            text = KB.replace("The ward", f"The ward {self.turn}")
        (self.definitions / "kb.yaml").write_text(text, "utf-8")

    def other_releases(self) -> None:
        self.releases = self.random.choice([None, ("r5",), ("r4", "r5"), ("r4b",)])

    def foreign_edit(self) -> None:
        large = [one for one in self.output.rglob("*.*") if one.name in LARGE]
        file = self.random.choice(sorted(large))
        at = self.random.randrange(file.stat().st_size)
        old = file.read_bytes()
        way = self.random.choice([old[:at], old[:at] + b"!" + old[at + 1 :], b"", None])
        file.unlink() if way is None else file.write_bytes(way)

    def damaged_cache(self) -> None:
        file = self.random.choice(sorted(one for one in self.cache.rglob("*") if one.is_file()))
        old = file.read_bytes()
        at = self.random.randrange(len(old) + 1)
        way = self.random.choice([old[:at], old[:at] + b"7" + old[at + 1 :], b"", None])
        file.unlink() if way is None else file.write_bytes(way)

    def lost_cache(self) -> None:
        shutil.rmtree(self.cache)

    def there(self) -> list[str]:
        return sorted(one.name for one in self.definitions.iterdir() if one.is_dir())

    def happen(self) -> str:
        self.turn += 1
        often = [self.edit] * 6 + [self.add, self.remove] * 2
        rare = [self.settings, self.other_releases, self.foreign_edit, self.damaged_cache]
        event = self.random.choice([*often, *rare, self.lost_cache])
        event()
        return event.__name__

    def build(self) -> None:
        result = build(
            self.definitions,
            output=self.output,
            releases=self.releases,
            cache_folder=self.cache,
            models=False,
        )
        assert result.exit_code == 0, result.diagnostics


@pytest.mark.parametrize("seed", range(6))
def test_any_history_ends_in_the_bytes_of_a_clean_build(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    life.build()
    history = []
    for _ in range(6):
        history.append(life.happen())
        if life.random.random() < 0.3:
            history.append(life.happen())
        life.build()
        clean = tmp_path / f"clean{life.turn}"
        build(life.definitions, output=clean, releases=life.releases, models=False)
        found, wanted = content(life.output), content(clean)
        assert found.keys() == wanted.keys(), history
        assert [name for name in found if found[name] != wanted[name]] == [], history
