"""`build` as a whole: what it writes, what it leaves alone, what it does again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from knowledge_bases import content, write

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.model.knowledge_base import TopicSource
from fhir_kb.pipeline import build, executors, topic
from fhir_kb.pipeline.topic import build_topic

RELEASES = {name: release.version for name, release in BY_NAME.items()}


def test_it_writes_every_file_that_the_architecture_names(tmp_path: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis")
    result = build(definitions, output=tmp_path / "output")

    assert result.exit_code == 0, result.diagnostics
    found = content(tmp_path / "output")
    for release in RELEASES:
        for name in ("bundle.transaction.json", "bundle.collection.json", "resources.ndjson"):
            assert f"{release}/{name}" in found
        assert f"{release}/package.tgz" in found
        plan = json.loads(found[f"{release}/PlanDefinition-sepsis.json"])
        assert plan["url"] == "https://kb.test/fhir/PlanDefinition/sepsis"
        assert plan["version"] == "1.0.0"
    report = json.loads(found["report.json"])
    assert {
        name: release["fhirVersion"] for name, release in report["releases"].items()
    } == RELEASES


def test_the_same_definitions_give_the_same_bytes_wherever_they_lie(tmp_path: Path) -> None:
    for place in ("a", "elsewhere/b"):
        folder = tmp_path / place
        build(write(folder / "definitions", "sepsis", "pain"), output=folder / "output")
    one, other = content(tmp_path / "a/output"), content(tmp_path / "elsewhere/b/output")
    for found in (one, other):
        for name in [name for name in found if name.startswith(".") or name == "report.json"]:
            del found[name]  # these name the definitions' files as the caller sees them
    assert one == other


def test_an_error_anywhere_leaves_the_old_output_whole(tmp_path: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis", "pain")
    build(definitions, output=tmp_path / "output")
    before = content(tmp_path / "output")

    write(definitions, "pain", pain="typo: x\n")
    write(definitions, "sepsis", sepsis="purpose: Another text.\n")
    result = build(definitions, output=tmp_path / "output")

    assert result.exit_code == 1
    assert [(found.code, found.span.line) for found in result.diagnostics] == [("KB110", 10)]
    assert result.files is None
    assert content(tmp_path / "output") == before


def test_every_topic_with_a_mistake_is_told_of_in_one_run(tmp_path: Path) -> None:
    definitions = write(
        tmp_path / "definitions", "sepsis", "pain", "cough", sepsis="typo: x\n", pain="tpyo: y\n"
    )
    result = build(definitions, output=None)
    files = [found.span.file.rsplit("/", 2)[1] for found in result.diagnostics]
    assert files == ["pain", "sepsis"]


def test_a_topic_that_is_gone_takes_its_files_with_it(tmp_path: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis", "pain")
    build(definitions, output=tmp_path / "output")
    (definitions / "pain" / "topic.yaml").unlink()
    (definitions / "pain").rmdir()
    result = build(definitions, output=tmp_path / "output")
    assert result.exit_code == 0
    assert result.files is not None
    assert result.files.removed > 0
    assert not [name for name in content(tmp_path / "output") if "pain" in name]


def test_an_unknown_release_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="r4"):
        build(tmp_path / "nowhere", output=None, releases=("r44",))


@pytest.fixture
def compiled_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the topics that were compiled, not taken from the cache."""
    names: list[str] = []

    def counted(source: TopicSource, *rest: object, **options: object) -> object:
        names.append(str(source.topic.topic))
        return build_topic(source, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(executors, "build_topic", counted)
    return names


def test_a_second_build_makes_only_what_changed(tmp_path: Path, compiled_names: list[str]) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis", "pain"), tmp_path / "cache"

    def again() -> list[str]:
        compiled_names.clear()
        result = build(definitions, output=tmp_path / "output", cache_folder=cache)
        assert result.exit_code == 0
        return sorted(compiled_names)

    assert again() == ["pain", "sepsis"]
    assert again() == []
    write(definitions, "pain", pain="purpose: Another text.\n")
    assert again() == ["pain"]
    settings = definitions / "kb.yaml"
    settings.write_text(settings.read_text("utf-8").replace("1.0.0", "1.1.0"), encoding="utf-8")
    assert again() == ["pain", "sepsis"]


def test_a_topic_is_made_again_when_one_that_it_follows_changes(
    tmp_path: Path, compiled_names: list[str]
) -> None:
    follow = "  #\n"
    definitions = write(tmp_path / "definitions", "sepsis", "pain", "cough", pain=follow)
    file = definitions / "pain" / "topic.yaml"
    text = file.read_text("utf-8").replace("title: Act,", "title: Act, plan: sepsis,")
    file.write_text(text, encoding="utf-8")
    arguments = {"output": tmp_path / "output", "cache_folder": tmp_path / "cache"}
    assert build(definitions, **arguments).exit_code == 0  # type: ignore[arg-type]

    compiled_names.clear()
    write(definitions, "sepsis", sepsis="version: 2.0.0\n")
    assert build(definitions, **arguments).exit_code == 0  # type: ignore[arg-type]

    assert sorted(compiled_names) == ["pain", "sepsis"]
    plan = (tmp_path / "output/r5/PlanDefinition-pain.json").read_text("utf-8")
    assert "PlanDefinition/sepsis|2.0.0" in plan


def test_a_cached_build_writes_what_a_fresh_one_writes(tmp_path: Path) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis", "pain"), tmp_path / "cache"
    build(definitions, output=tmp_path / "one", cache_folder=cache)
    write(definitions, "pain", pain="purpose: Another text.\n")
    build(definitions, output=tmp_path / "one", cache_folder=cache)
    build(definitions, output=tmp_path / "other")
    assert content(tmp_path / "one") == content(tmp_path / "other")


@pytest.mark.parametrize("damage", [b"", b"{", b'{"key": 1}\n', b"\xff\xfe", None])
def test_a_damaged_cache_is_only_slower(tmp_path: Path, damage: bytes | None) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis"), tmp_path / "cache"
    build(definitions, output=tmp_path / "output", cache_folder=cache)
    before = content(tmp_path / "output")
    for path in [path for path in cache.rglob("*") if path.is_file()]:
        path.write_bytes(path.read_bytes()[:-7] if damage is None else damage)
    result = build(definitions, output=tmp_path / "output", cache_folder=cache)
    assert result.exit_code == 0
    assert content(tmp_path / "output") == before


@pytest.mark.parametrize("version", [1, 3, None])
def test_a_cache_of_another_version_is_not_read(
    tmp_path: Path, compiled_names: list[str], version: int | None
) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis"), tmp_path / "cache"
    build(definitions, output=tmp_path / "output", cache_folder=cache)
    before = content(tmp_path / "output")
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert sum(b'"format":2' in path.read_bytes() for path in files) == len(files) - 1  # stamps
    for path in files:
        named = b"" if version is None else b'"format":%d,' % version
        path.write_bytes(path.read_bytes().replace(b'"format":2,', named))
    compiled_names.clear()
    assert build(definitions, output=tmp_path / "output", cache_folder=cache).exit_code == 0
    assert compiled_names == ["sepsis"]
    assert content(tmp_path / "output") == before


@pytest.mark.parametrize("name", ["read", "build"])
def test_a_cache_whose_content_is_odd_is_not_read(tmp_path: Path, name: str) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis"), tmp_path / "cache"
    build(definitions, output=tmp_path / "output", cache_folder=cache)
    before, file = content(tmp_path / "output"), cache / f"{name}.json"
    whole = json.loads(file.read_bytes())
    for key in whole:
        for odd in ({}, [], None, 1, {"sepsis": {}}, [[]]):
            file.write_text(json.dumps({**whole, key: odd}))
            done = build(definitions, output=tmp_path / "output", cache_folder=cache)
            assert done.exit_code == 0, (key, odd)
            assert content(tmp_path / "output") == before


def test_a_touched_output_is_mended_though_nothing_else_changed(tmp_path: Path) -> None:
    definitions, cache = write(tmp_path / "definitions", "sepsis"), tmp_path / "cache"
    build(definitions, output=tmp_path / "output", cache_folder=cache)
    (tmp_path / "output/r4/resources.ndjson").unlink()
    build(definitions, output=tmp_path / "output", cache_folder=cache)
    assert (tmp_path / "output/r4/resources.ndjson").is_file()


def test_the_models_check_few_topics_and_more_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_kb.pipeline.incremental.MODELS_UP_TO", 1)
    definitions = write(tmp_path / "definitions", "sepsis", "pain")
    assert build(definitions, output=None).without_models == 2
    assert build(definitions, output=None, models=True).without_models == 0


@pytest.mark.parametrize(
    "names_it",
    [
        "related: [{type: derived-from, topic: sepsis}]\n",
        "page",
    ],
)
def test_a_topic_is_made_again_when_one_that_it_names_changes(
    tmp_path: Path, compiled_names: list[str], names_it: str
) -> None:
    definitions = write(tmp_path / "definitions", "sepsis", "pain", "cough")
    file = definitions / "pain" / "topic.yaml"
    if names_it == "page":
        (definitions / "pain" / "page.md").write_text("See [[sepsis]].\n", encoding="utf-8")
    else:
        file.write_text(file.read_text("utf-8") + names_it, encoding="utf-8")
    arguments = {"output": tmp_path / "output", "cache_folder": tmp_path / "cache"}
    first = build(definitions, **arguments)  # type: ignore[arg-type]
    assert first.exit_code == 0, first.diagnostics

    compiled_names.clear()
    write(definitions, "sepsis", sepsis="version: 2.0.0\n")
    assert build(definitions, **arguments).exit_code == 0  # type: ignore[arg-type]
    assert sorted(compiled_names) == ["pain", "sepsis"]
    fresh = tmp_path / "fresh"
    build(definitions, output=fresh)
    assert content(tmp_path / "output") == content(fresh)


def test_the_manifest_of_all_topics_is_published_and_kept_up_to_date(tmp_path: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis", "pain")
    arguments = {"output": tmp_path / "output", "cache_folder": tmp_path / "cache"}

    def parts() -> list[str]:
        assert build(definitions, **arguments).exit_code == 0  # type: ignore[arg-type]
        made = json.loads((tmp_path / "output/r4/Library-ward.json").read_bytes())
        return [one["resource"].rpartition("/")[2] for one in made["relatedArtifact"]]

    assert parts() == ["pain|1.0.0", "sepsis|1.0.0"]
    write(definitions, "cough", "sepsis", sepsis="version: 2.0.0\n")
    assert parts() == ["cough|1.0.0", "pain|1.0.0", "sepsis|2.0.0"]
    bundle = json.loads((tmp_path / "output/r4/bundle.collection.json").read_bytes())
    assert "ward" in [entry["resource"]["id"] for entry in bundle["entry"]]


def test_half_a_character_is_a_finding(tmp_path: Path) -> None:
    text = 'purpose: "half of a smile: \\ud83d"\n'
    definitions = write(tmp_path / "definitions", "pain", pain=text)
    result = build(definitions, output=tmp_path / "output")
    assert result.exit_code == 1
    assert {found.code for found in result.diagnostics} & {"KB104", "KB605"}
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("change", "called"),
    [
        (("id: ward", "id: ward\npackage: {name: org.4west}"), "org.4west"),
        (("id: ward", "id: " + "w" * 60), "local." + "w" * 60),
    ],
)
def test_a_name_that_no_package_can_have_is_a_finding(
    tmp_path: Path, change: tuple[str, str], called: str
) -> None:
    definitions = write(tmp_path / "definitions", "pain")
    settings = definitions / "kb.yaml"
    settings.write_text(settings.read_text("utf-8").replace(*change), "utf-8")
    result = build(definitions, output=tmp_path / "output")
    (found,) = result.diagnostics
    assert found.code == "KB226"
    assert f"'{called}'" in found.message
    assert found.span.file.endswith("kb.yaml")
    assert not (tmp_path / "output").exists()

    name = settings.read_text("utf-8").replace("org.4west", "org.west4")
    if "package" not in name:
        name += "package: {name: org.west}\n"
    settings.write_text(name, "utf-8")
    assert build(definitions, output=tmp_path / "output").exit_code == 0


def test_a_reference_that_leads_nowhere_is_never_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules find it earlier; this is the last net before a server would refuse the bundle."""
    definitions = write(tmp_path / "definitions", "pain")
    plainly = topic.emit

    def astray(resource: object, order: object) -> object:
        return plainly(resource, order)._replace(references=("Citation/lost",))  # type: ignore[arg-type]

    monkeypatch.setattr(topic, "emit", astray)
    result = build(definitions, output=tmp_path / "output")
    assert {found.code for found in result.diagnostics} == {"KB606"}
    assert not (tmp_path / "output").exists()


def test_a_bad_expression_is_told_once(tmp_path: Path) -> None:
    definitions = write(tmp_path / "definitions", "sepsis")
    topic = definitions / "sepsis/topic.yaml"
    text = topic.read_text(encoding="utf-8")
    when = "when: [{text: Old, cql: AgeInYears() > 17, fhirpath: 'age > > 3'}]"
    topic.write_text(text.replace("after: look", f"after: look, {when}"), encoding="utf-8")
    result = build(definitions, output=None)
    errors = [one for one in result.diagnostics if one.severity.value == "error"]
    assert [finding.code for finding in errors] == ["KB353"]
