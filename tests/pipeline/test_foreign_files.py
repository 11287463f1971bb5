"""Files of others: each resource is loaded, or one finding says with its name why it is not."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_kb.pipeline.desired_state import DesiredState, desired_from_files
from fhir_kb.push import PushError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANONICAL = "https://kb.example/Library/a"
LIBRARY = {"resourceType": "Library", "id": "a", "url": CANONICAL}
GROUP = {"resourceType": "Group", "id": "g"}
CITATION = {"resourceType": "Citation", "id": "c"}
XML = b'<Library xmlns="http://hl7.org/fhir"><id value="x"/><date value="2026"/></Library>'


def plan(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "PlanDefinition", "id": "p", **elements}


def bundle(*entries: dict[str, Any], type_: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def entry(resource: dict[str, Any], full_url: str = "", **request: str) -> dict[str, Any]:
    content: dict[str, Any] = {"resource": resource}
    if full_url:
        content["fullUrl"] = full_url
    return content | ({"request": request} if request else {})


def read(folder: Path, content: Any, name: str = "file.json", **more: Any) -> DesiredState:
    """What one file asks of a server of FHIR R4."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return desired_from_files([path], more.pop("release", "r4"), **more)


def package(folder: Path, files: dict[str, Any], **manifest: Any) -> Path:
    path = folder / "given.tgz"
    manifest = {"name": "kb.example", "version": "1.0.0", **manifest}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"package/package.json": manifest, **files}.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def names(state: DesiredState) -> list[str]:
    return sorted(f"{one.type}/{one.id}" for one in state.resources.values())


def body(state: DesiredState, name: str) -> dict[str, Any]:
    (found,) = (one for one in state.resources.values() if f"{one.type}/{one.id}" == name)
    return found.body()


def found(state: DesiredState, folder: Path) -> list[str]:
    """The findings: code, file, and message."""
    return [
        f"{one.code} {one.span}: {one.message}".replace(f"{folder.as_posix()}/", "")
        for one in state.diagnostics
    ]


def test_of_two_versions_with_one_id_the_newest_keeps_it(tmp_path: Path) -> None:
    url = "https://server.example/Library/a"
    links = [
        {"url": "https://x.example/1", "valueReference": {"reference": f"{url}|1.9.0"}},
        {"url": "https://x.example/2", "valueReference": {"reference": f"{url}|1.10.0"}},
        {"url": "https://x.example/3", "valueReference": {"reference": "Library/a"}},
    ]
    state = read(tmp_path, bundle(
        entry({**LIBRARY, "version": "1.9.0"}, f"{url}|1.9.0"),
        entry({**LIBRARY, "version": "1.10.0"}, f"{url}|1.10.0"),
        entry(plan(extension=links), "urn:uuid:9d2f4d1c-6f5d-4b1c-8ef5-8a5f8e0f7a11"),
    ))  # fmt: skip
    assert names(state) == ["Library/a", "Library/a-1.9.0", "PlanDefinition/p"]
    assert body(state, "Library/a")["version"] == "1.10.0"
    targets = [
        one["valueReference"]["reference"] for one in body(state, "PlanDefinition/p")["extension"]
    ]
    assert targets == ["Library/a-1.9.0", "Library/a", "Library/a"]
    assert not state.diagnostics


def test_two_versions_with_one_id_in_two_lines(tmp_path: Path) -> None:
    lines = [{**LIBRARY, "version": version} for version in ("2.0.0", "1.0.0")]
    state = read(tmp_path, "\n".join(map(json.dumps, lines)).encode(), "file.ndjson")
    assert names(state) == ["Library/a", "Library/a-1.0.0"]
    assert body(state, "Library/a")["version"] == "2.0.0"
    assert body(state, "Library/a-1.0.0")["id"] == "a-1.0.0"


@pytest.mark.parametrize("changed", [{"url": "https://other.example/Library/a"}, {"title": "x"}])
def test_two_resources_with_one_id_that_differ_are_refused(
    changed: dict[str, str], tmp_path: Path
) -> None:
    state = read(tmp_path, bundle(entry(LIBRARY), entry({**LIBRARY, **changed})))
    assert found(state, tmp_path) == [
        "KB817 file.json: Bundle.entry[0] and Bundle.entry[1] are both Library/a, and they differ"
    ]
    assert not state.resources


def test_the_same_resource_twice_is_loaded_once(tmp_path: Path) -> None:
    state = read(tmp_path, bundle(entry(LIBRARY), entry(LIBRARY)))
    assert (names(state), found(state, tmp_path)) == (["Library/a"], [])


def test_contradicting_files_are_named(tmp_path: Path) -> None:
    for name, title in (("1.json", "one"), ("2.json", "two")):
        (tmp_path / name).write_text(json.dumps({**LIBRARY, "title": title}))
    (message,) = found(desired_from_files([tmp_path], "r4"), tmp_path)
    assert message == (
        "KB817 2.json: Library/a: another resource, in 1.json, is the same artifact "
        "(Library https://kb.example/Library/a|), and they differ"
    )


@pytest.mark.parametrize(
    ("given", "full_url", "expected"),
    [
        ({"resourceType": "Library", "url": f"{CANONICAL}_b"}, "", "Library/a-b"),
        (GROUP, "urn:uuid:9d2f4d1c-6f5d-4b1c-8ef5-8a5f8e0f7a11",
         "Group/9d2f4d1c-6f5d-4b1c-8ef5-8a5f8e0f7a11"),
        (GROUP, "https://server.example/Group/77", "Group/77"),
        ({**GROUP, "identifier": [{"value": "k 1"}]}, "", "Group/k-1"),
    ],
)  # fmt: skip
def test_an_id_is_taken_from_what_there_is(
    given: dict[str, Any], full_url: str, expected: str, tmp_path: Path
) -> None:
    resource = {key: value for key, value in given.items() if key != "id"}
    assert names(read(tmp_path, bundle(entry(resource, full_url)))) == [expected]


def test_what_has_no_id_is_refused(tmp_path: Path) -> None:
    nameless = {"resourceType": "Group", "contained": [LIBRARY]}
    state = read(tmp_path, bundle(entry(nameless)))
    (message,) = found(state, tmp_path)
    assert message.startswith("KB817 file.json: Bundle.entry[0], Group: ")
    assert "no id" in message


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"method": "PUT", "url": "Library/b"},
         ("KB817 file.json: Bundle.entry[0], Library/a: its request is PUT Library/b, but it is "
         "Library/a")),
        ({"method": "POST", "url": "Group"},
         ("KB817 file.json: Bundle.entry[0], Library/a: its request is POST Group, but it is "
         "Library/a")),
        ({"method": "PATCH", "url": "Library/a"},
         ("KB819 file.json: Bundle.entry[0], Library/a is left out: it asks for PATCH Library/a, "
         "and a push only stores resources")),
        ({"method": "POST", "url": "Library", "ifNoneExist": "title=x"},
         ("KB819 file.json: Bundle.entry[0], Library/a: it is pushed without its condition "
         "(ifNoneExist)")),
        ({"method": "PUT", "url": "Library/a", "ifMatch": 'W/"3"'},
         ("KB819 file.json: Bundle.entry[0], Library/a: it is pushed without its condition "
         "(ifMatch)")),
        ({"method": "PUT", "url": "Library?url=https://kb.example/Library/b"},
         ("KB817 file.json: Bundle.entry[0], Library/a: its request is PUT "
         "Library?url=https://kb.example/Library/b, which would not find it")),
        ({"method": "PUT", "url": "Library?identifier=s|v"},
         ("KB817 file.json: Bundle.entry[0], Library/a: its request is PUT "
         "Library?identifier=s|v, which would not find it")),
        ({"method": "POST", "url": "Library", "ifNoneExist": "url=https://kb.example/Library/b"},
         ("KB819 file.json: Bundle.entry[0], Library/a: it is pushed without its condition "
         "(ifNoneExist)")),
        ({"method": "PUT", "url": "Library/a"}, ""),
        ({"method": "PUT", "url": f"Library?url={CANONICAL}"}, ""),
        ({"method": "POST", "url": "Library", "ifNoneExist": f"url={CANONICAL}"}, ""),
    ],
)  # fmt: skip
def test_the_request_of_an_entry(request_: dict[str, str], message: str, tmp_path: Path) -> None:
    state = read(tmp_path, bundle(entry(LIBRARY, **request_), entry(GROUP), type_="transaction"))
    assert found(state, tmp_path) == ([message] if message else [])
    refused, left_out = message.startswith("KB817"), "left out" in message
    assert (
        names(state) == [] if refused else (["Group/g"] if left_out else ["Group/g", "Library/a"])
    )
    assert state.left_out == left_out


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD"])
def test_an_entry_that_stores_nothing_is_left_out(method: str, tmp_path: Path) -> None:
    request = {"request": {"method": method, "url": "Library/z"}}
    state = read(tmp_path, bundle(request, entry(GROUP), type_="batch"))
    assert names(state) == ["Group/g"]
    assert found(state, tmp_path) == [
        (
            f"KB819 file.json: Bundle.entry[0] is left out: it asks for {method} Library/z, "
            "and a push only stores resources"
        )
    ]
    assert state.left_out == 1


def test_a_type_that_the_release_lacks_is_left_out(tmp_path: Path) -> None:
    state = read(tmp_path, bundle(entry(CITATION), entry(GROUP)))
    assert names(state) == ["Group/g"]
    assert found(state, tmp_path) == [
        (
            "KB815 file.json: Bundle.entry[0], Citation/c is left out: FHIR R4 has no Citation; "
            "R5 and R4B have one"
        )
    ]
    assert names(read(tmp_path, bundle(entry(CITATION)), release="r5")) == ["Citation/c"]


@pytest.mark.parametrize("link", ["Citation/c", "urn:uuid:c0a80121-7ac0-4e1c-9d0b-0d5b0e4d1a11"])
def test_a_link_to_what_is_left_out_is_told(link: str, tmp_path: Path) -> None:
    citing = {**GROUP, "managingEntity": {"reference": link}}
    given = bundle(entry(CITATION, "urn:uuid:c0a80121-7ac0-4e1c-9d0b-0d5b0e4d1a11"), entry(citing))
    messages = found(read(tmp_path, given), tmp_path)
    assert f"KB806 : Group/g refers to {link}, which is left out" in messages
    assert len(messages) == 2


@pytest.mark.parametrize(("type_", "message"), [("set", "no Bundle of type 'set'"), (5, "no str")])
def test_a_bundle_of_no_known_type_is_refused(type_: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(PushError, match=message):
        read(tmp_path, bundle(entry(GROUP), type_=type_))


def test_a_folder_with_a_bundle_of_its_files_says_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**LIBRARY, "title": "one"}))
    (tmp_path / "all.json").write_text(json.dumps(bundle(entry(LIBRARY), entry(GROUP))))
    (finding,) = desired_from_files([tmp_path], "r4").diagnostics
    assert finding.help == (
        f"The Bundle has what the other files have: --bundle {tmp_path.as_posix()}/all.json"
    )


def test_a_type_that_the_server_lacks_is_left_out(tmp_path: Path) -> None:
    state = read(tmp_path, bundle(entry(LIBRARY), entry(GROUP)), types={"Group", "Basic"})
    assert names(state) == ["Group/g"]
    assert state.left_out == 1
    assert "the server has no Library" in found(state, tmp_path)[0]


def test_a_type_that_fhir_lacks_is_left_out(tmp_path: Path) -> None:
    state = read(tmp_path, bundle(entry({"resourceType": "Libary", "id": "a"}), entry(GROUP)))
    assert names(state) == ["Group/g"]
    assert "no resource type 'Libary': did you mean 'Library'?" in found(state, tmp_path)[0]


def test_a_package_of_another_release_is_refused_with_both_names(tmp_path: Path) -> None:
    path = package(tmp_path, {"package/a.json": LIBRARY}, fhirVersions=["5.0.0"])
    state = desired_from_files([path], "r4")
    assert not state.resources
    assert found(state, tmp_path) == [
        (
            "KB816 given.tgz: package kb.example#1.0.0 is for FHIR 5.0.0, and the server has "
            "FHIR 4.0.1 (R4)"
        )
    ]


@pytest.mark.parametrize("versions", [{}, {"fhirVersions": ["4.0.0", "5.0.0"]}])
def test_a_package_that_names_this_release_or_none_is_loaded(
    versions: dict[str, Any], tmp_path: Path
) -> None:
    path = package(tmp_path, {"package/a.json": LIBRARY}, **versions)
    assert names(desired_from_files([path], "r4")) == ["Library/a"]


def test_a_package_states_its_release_by_the_core_package_that_it_needs(tmp_path: Path) -> None:
    needs = {"dependencies": {"hl7.fhir.r5.core": "5.0.0"}}
    path = package(tmp_path, {"package/a.json": LIBRARY}, **needs)
    assert found(desired_from_files([path], "r4"), tmp_path) == [
        (
            "KB816 given.tgz: package kb.example#1.0.0 is for FHIR 5.0.0, and the server has "
            "FHIR 4.0.1 (R4)"
        )
    ]
    assert names(desired_from_files([path], "r5")) == ["Library/a"]


def test_a_file_of_an_unpacked_package_states_its_release(tmp_path: Path) -> None:
    manifest = {"name": "kb.example", "version": "1.0.0", "fhirVersions": ["5.0.0"]}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    assert found(read(tmp_path, LIBRARY), tmp_path) == [
        (
            "KB816 file.json: it is for FHIR 5.0.0 (R5) by package.json, and the server has FHIR "
            "4.0.1 (R4)"
        )
    ]
    assert names(read(tmp_path, LIBRARY, release="r5")) == ["Library/a"]


def test_resources_that_state_another_release_are_refused(tmp_path: Path) -> None:
    profiles = [
        {"resourceType": "StructureDefinition", "id": f"s{n}", "fhirVersion": "5.0.0"} for n in "12"
    ]
    state = read(tmp_path, bundle(*map(entry, profiles)))
    assert found(state, tmp_path) == [
        (
            "KB816 file.json: StructureDefinition/s1 is for FHIR 5.0.0 by its fhirVersion, as "
            "are 1 more, and the server has FHIR 4.0.1 (R4)"
        )
    ]
    assert len(read(tmp_path, bundle(*map(entry, profiles)), release="r5").resources) == 2


def test_what_else_is_in_a_package_is_named(tmp_path: Path) -> None:
    path = package(tmp_path, {
        "package/.index.json": {"index-version": 1, "files": []},
        "package/package.manifest.json": {"date": "2026"},
        "package/ImplementationGuide-kb.json": {"resourceType": "ImplementationGuide", "id": "i"},
        "package/Library-a.json": b"\xef\xbb\xbf" + json.dumps(LIBRARY).encode(),
        "package/Library-x.xml": XML,
        "package/profiles/Group-g.json": GROUP,
        "package/doc/1.html": b"<html/>",
        "package/doc/2.html": b"<html/>",
        "package/example/Patient-p.json": {"resourceType": "Patient", "id": "p"},
        "package/list.ndjson": json.dumps(plan()).encode(),
        "other/Library-o.json": {"resourceType": "Library", "id": "o"},
    })  # fmt: skip
    state = desired_from_files([path], "r4")
    assert names(state) == ["Group/g", "Library/a", "Library/x", "PlanDefinition/p"]
    assert found(state, tmp_path) == [
        "KB814 given.tgz!other: not loaded: it is not in the folder 'package'",
        (
            "KB814 given.tgz!package/ImplementationGuide-kb.json: not loaded: the "
            "ImplementationGuide describes the package"
        ),
        "KB814 given.tgz!package/doc: not loaded: 2 files that are no FHIR (.html)",
        (
            "KB814 given.tgz!package/example: not loaded: 1 file of examples: name the folder "
            "to push them"
        ),
        (
            "KB814 given.tgz!package/package.manifest.json: not loaded: it is JSON without a "
            "'resourceType'"
        ),
    ]
    assert state.left_out == 0


def test_a_folder_is_read_with_its_folders(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.json").write_text(json.dumps(LIBRARY))
    (tmp_path / "x.xml").write_bytes(XML)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "settings.json").write_text("{}")
    state = desired_from_files([tmp_path], "r4")
    assert names(state) == ["Library/a", "Library/x"]
    assert found(state, tmp_path) == [
        "KB814 notes.txt: not loaded: it is text that is neither JSON nor XML",
        "KB814 settings.json: not loaded: it is JSON without a 'resourceType'",
    ]


def test_an_unpacked_package_is_a_package(tmp_path: Path) -> None:
    manifest = {"name": "kb.example", "version": "1.0.0", "fhirVersions": ["4.3.0"]}
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "package.json").write_text(json.dumps(manifest))
    (tmp_path / "package" / "a.json").write_text(json.dumps(LIBRARY))
    assert "KB816" in found(desired_from_files([tmp_path], "r4"), tmp_path)[0]
    assert names(desired_from_files([tmp_path], "r4b")) == ["Library/a"]


def test_a_bundle_in_xml_is_read(tmp_path: Path) -> None:
    inner = XML.decode()
    text = (
        '<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>'
        f"<entry><resource>{inner}</resource></entry></Bundle>"
    )
    state = read(tmp_path, text.encode(), "file.xml")
    assert body(state, "Library/x") == {"resourceType": "Library", "id": "x", "date": "2026"}


@pytest.mark.parametrize(
    ("content", "name", "place"),
    [
        (b'{"resourceType":"Library","id":"a"', "file.json", "file.json:1:"),
        (b'{"resourceType":"Library","id":"a","id":"b"}', "file.json", "file.json"),
        (b'{"resourceType":"Library","id":"a","title":"\xff"}', "file.json", "file.json"),
        (b'{"resourceType":"Library","id":"a","extension":' + b"[" * 300 + b"]" * 300 + b"}",
         "file.json", "file.json"),
        (b'{"resourceType":"Library","id":"a"}\n\n{"resourceType":', "file.ndjson",
         "file.ndjson:3:1"),
        (b'{"resourceType":"Library","id":"a"}\n5\n', "file.ndjson", "file.ndjson:2:1"),
        (b'{"resourceType":"Library","id":"a"}\n{"id":"b"}', "file.ndjson", "file.ndjson:2:1"),
        (b"<Library xmlns='http://hl7.org/fhir'><id value='a'></Library>", "file.xml",
         "file.xml:1:"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_with_its_place(
    content: bytes, name: str, place: str, tmp_path: Path
) -> None:
    state = read(tmp_path, content, name)
    (message,) = found(state, tmp_path)
    assert message.startswith(f"KB817 {place}")
    assert state.has_errors
    assert not state.resources


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04", "a ZIP archive"), (b"", "an empty file"), (b"[]", "JSON without")],
)
def test_what_is_no_fhir_is_a_usage_error(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(PushError, match=f"this is {message}.*, and no FHIR"):
        read(tmp_path, content)


def test_an_element_that_the_release_lacks_is_told(tmp_path: Path) -> None:
    composition = {"resourceType": "Composition", "id": "c", "url": "https://kb.example/c"}
    assert found(read(tmp_path, composition), tmp_path) == [
        "KB817 file.json: Composition/c: FHIR R4 has no 'url' in Composition"
    ]
    assert names(read(tmp_path, composition, release="r5")) == ["Composition/c"]


def test_ndjson_with_a_mark_and_empty_lines_is_read(tmp_path: Path) -> None:
    lines = [b"\xef\xbb\xbf" + json.dumps(LIBRARY).encode(), b"", b"\r", json.dumps(GROUP).encode()]
    state = read(tmp_path, b"\n".join(lines), "file.ndjson")
    assert (names(state), found(state, tmp_path)) == (["Group/g", "Library/a"], [])


def test_a_decimal_keeps_its_digits(tmp_path: Path) -> None:
    text = (
        b'{ "resourceType": "Group", "id": "g", "extension": [{"url": "x", "valueDecimal": 1.50}] }'
    )
    (group,) = read(tmp_path, text).resources.values()
    assert b"1.50" in group.body.content  # type: ignore[attr-defined]  # a JsonResource


def test_an_incomplete_resource_is_refused(tmp_path: Path) -> None:
    subset = {**LIBRARY, "meta": {"tag": [{"code": "SUBSETTED"}]}}
    (message,) = found(read(tmp_path, subset), tmp_path)
    assert message.startswith("KB817 file.json: Library/a: it is marked SUBSETTED")


def test_a_document_is_one_resource_and_a_nested_bundle_too(tmp_path: Path) -> None:
    document = {**bundle(entry(LIBRARY), type_="document"), "id": "d"}
    parameters = {"resourceType": "Parameters", "id": "v", "parameter": []}
    state = read(tmp_path, bundle(entry(document), entry(parameters)))
    assert names(state) == ["Bundle/d", "Parameters/v"]
    assert names(read(tmp_path, document)) == ["Bundle/d"]


def test_a_link_to_a_version_of_what_is_pushed_is_told(tmp_path: Path) -> None:
    links = ["Library/a/_history/3", "Library/other/_history/3"]
    state = read(tmp_path, bundle(entry(plan(library=links)), entry(LIBRARY)))
    assert body(state, "PlanDefinition/p")["library"] == ["Library/a", "Library/other/_history/3"]
    assert [one.code for one in state.diagnostics] == ["KB818"]
    assert "PlanDefinition/p refers to version 3 of Library/a" in state.diagnostics[0].message


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"url={CANONICAL}", "Library/a"),
        (f"url={CANONICAL}&version=2.0.0", "Library/a"),
        ("identifier=https://kb.example/ids|k", "Library/a"),
        (f"url={CANONICAL}&version=3.0.0", ""),
        ("title=x", ""),
        (f"url={CANONICAL}x", ""),
    ],
)
def test_a_conditional_reference_to_what_is_pushed(
    query: str, expected: str, tmp_path: Path
) -> None:
    identifier = [{"system": "https://kb.example/ids", "value": "k"}]
    library = {**LIBRARY, "version": "2.0.0"}
    if "identifier" in query:
        library = {"resourceType": "Library", "id": "a", "identifier": identifier}
    reference = {"reference": f"Library?{query}"}
    state = read(tmp_path, bundle(entry(plan(subjectReference=reference)), entry(library)))
    stored = body(state, "PlanDefinition/p")["subjectReference"]["reference"]
    assert stored == (expected or f"Library?{query}")


def test_a_full_url_of_two_resources_is_refused(tmp_path: Path) -> None:
    url = "https://server.example/Library/a"
    state = read(tmp_path, bundle(entry(LIBRARY, url), entry(GROUP, url)))
    assert found(state, tmp_path) == [
        (
            "KB817 file.json: Bundle.entry[0] (Library/a) and Bundle.entry[1] (Group/g) have the "
            "same fullUrl, https://server.example/Library/a"
        )
    ]


def test_a_number_that_json_cannot_hold_is_told(tmp_path: Path) -> None:
    text = b'{"resourceType":"Group","id":"g","quantity":99999999999999999999999}'
    (message,) = found(read(tmp_path, text), tmp_path)
    assert message.startswith("KB817 file.json: Group/g: ")


def test_a_full_url_with_another_id_leads_to_the_resource(tmp_path: Path) -> None:
    reference = {"reference": "Library/old"}
    state = read(tmp_path, bundle(
        entry(plan(subjectReference=reference), "https://server.example/r4/PlanDefinition/p"),
        entry(LIBRARY, "https://server.example/r4/Library/old"),
    ))  # fmt: skip
    assert body(state, "PlanDefinition/p")["subjectReference"] == {"reference": "Library/a"}


def test_a_full_url_that_is_the_canonical_url_changes_references_only(tmp_path: Path) -> None:
    given = plan(library=[CANONICAL], subjectReference={"reference": CANONICAL})
    state = read(tmp_path, bundle(entry(given), entry(LIBRARY, CANONICAL)))
    assert body(state, "Library/a")["url"] == CANONICAL
    assert body(state, "PlanDefinition/p")["library"] == [CANONICAL]
    assert body(state, "PlanDefinition/p")["subjectReference"] == {"reference": "Library/a"}


def test_an_empty_bundle_asks_for_nothing(tmp_path: Path) -> None:
    state = read(tmp_path, bundle())
    assert (names(state), found(state, tmp_path)) == ([], [])


def test_an_empty_file_of_lines_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(PushError, match="there is no resource in it"):
        read(tmp_path, b"\n\n", "file.ndjson")


def test_an_empty_folder_is_a_usage_error_beside_a_full_one(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "a.json").write_text(json.dumps(LIBRARY))
    with pytest.raises(PushError, match="empty: there is no resource in it"):
        desired_from_files([tmp_path / "full", tmp_path / "empty"], "r4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(PushError, match="no regular file"):
        desired_from_files([tmp_path / "fifo"], "r4")


RICH: dict[str, Any] = bundle(
    entry({**LIBRARY, "version": "1", "meta": {"tag": [{"code": "x"}]}}, f"{CANONICAL}|1",
          method="PUT", url="Library/a", ifMatch="1"),
    entry({**LIBRARY, "version": "2"}, f"{CANONICAL}|2", method="POST", url="Library",
          ifNoneExist="url=x"),
    entry(plan(library=["Library/a/_history/1"], identifier=[{"system": "s", "value": "v"}],
               subjectReference={"reference": "Library?url=x"}), "urn:uuid:x"),
    entry({**bundle(entry(LIBRARY, CANONICAL)), "id": "b"}),
    type_="searchset",
) | {"total": 4, "link": [{"relation": "self", "url": "x"}]}  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def damaged(value: Any, spots: Iterator[int], new: Any) -> Any:
    """The value with one of its parts replaced."""
    if not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    spot = next(spots)
    if spot % 5 == 0:
        return new
    copy, key = value.copy(), keys[spot % len(keys)]
    copy[key] = damaged(value[key], spots, new)
    return copy


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 1000), min_size=12, max_size=12), ANY_JSON)
def test_whatever_a_file_holds_is_read_or_told(tmp_path: Path, spots: list[int], new: Any) -> None:
    with contextlib.suppress(PushError):
        state = read(tmp_path, damaged(RICH, iter(spots), new))
        assert not state.has_errors or not state.resources


def test_what_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(PushError, match="no such file"):
        desired_from_files([tmp_path / "none.json"], "r4")
