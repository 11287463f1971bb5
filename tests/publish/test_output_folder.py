from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.diagnostics import Severity
from fhir_kb.publish import (
    FileContent,
    OutputError,
    WriteResult,
    fixed_content,
    lazy_content,
    staging,
    unchanged_digest,
    write,
    writing,
)
from fhir_kb.publish.folder_swap import MARK
from fhir_kb.publish.journal import STAGE
from fhir_kb.publish.lock import LOCK, locked
from fhir_kb.publish.output_manifest import MANIFEST

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")

UNSAFE = [
    *("", ".", "/a", "../a", "r4/../a", "r4//a", "a\\b", "a:b", "r4/a\n", "r4/" + "x" * 256),
    *("r4/con", "r4/Nul.json", "r4/lpt1.x", "r4/a.", "r4/a "),
    *(".fhir-kb.json", ".fhir-kb.stage/1"),
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def stamps(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "stamps.json"


def files(**texts: str) -> dict[str, FileContent]:
    """r4_a="x" is the file r4/a with that text."""
    return {name.replace("_", "/"): fixed_content(text.encode()) for name, text in texts.items()}


def standing(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def codes(written: WriteResult) -> list[str]:
    return [found.code for found in written.diagnostics]


def refusal(folder: Path, *, many: bool = False) -> OutputError:
    wanted = {f"r4_{name}": "x" for name in ("acdefgh" if many else "a")}
    with pytest.raises(OutputError) as raised:
        write(folder, files(**wanted))
    assert raised.value.help
    return raised.value


def stamp(path: Path) -> tuple[int, int, int]:
    """Which file it is, and when it was changed; reading it, or a second name, changes others."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


class TestWriting:
    def test_makes_the_folder_and_says_what_it_made(self, out: Path) -> None:
        written = write(out, files(r4_a="1", r5_b="2", report="3"))
        assert written.created == ("r4/a", "r5/b", "report")
        assert standing(out) == {"r4/a": "1", "r5/b": "2", "report": "3"}

    def test_changes_removes_and_leaves_alone(self, out: Path) -> None:
        write(out, files(r4_a="1", r4_b="2", r5_c="3"))
        before = stamp(out / "r4/a")
        written = write(out, files(r4_a="1", r4_b="two", r4_d="4"))
        assert written[:4] == (("r4/d",), ("r4/b",), ("r4/a",), ("r5/c",))
        assert standing(out) == {"r4/a": "1", "r4/b": "two", "r4/d": "4"}
        assert stamp(out / "r4/a") == before
        assert not (out / "r5").exists()

    def test_second_time_touches_nothing(self, out: Path, stamps: Path) -> None:
        first = write(out, files(r4_a="1"), stamps=stamps)
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
        second = write(out, files(r4_a="1"), stamps=stamps)
        assert second == WriteResult(unchanged=("r4/a",), digest=first.digest)
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before

    def test_unchanged_content_is_not_even_made(self, out: Path) -> None:
        write(out, {"r4/x": lazy_content(lambda: [b"1", b"2"], "the same")})

        def never() -> list[bytes]:
            raise AssertionError

        assert write(out, {"r4/x": lazy_content(never, "the same")}).unchanged == ("r4/x",)

    def test_another_key_for_the_same_bytes_touches_nothing(self, out: Path) -> None:
        write(out, {"r4/x": lazy_content(lambda: [b"12"], "old way")})
        before = stamp(out / "r4/x")
        written = write(out, {"r4/x": lazy_content(lambda: [b"1", b"2"], "new way")})
        assert written.unchanged == ("r4/x",)
        assert stamp(out / "r4/x") == before

    def test_two_folders_are_the_same_to_the_last_byte(self, tmp_path: Path) -> None:
        one, other = tmp_path / "one", tmp_path / "other"
        write(one, files(r4_a="1", r4_old="2"))
        write(one, files(r4_b="3", r4_a="1"))
        write(other, files(r4_a="1", r4_b="3"))
        everything = [
            {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
            for root in (one, other)
        ]
        assert everything[0] == everything[1]
        assert set(everything[0]) == {MANIFEST, "r4/a", "r4/b"}

    def test_large_content_comes_in_pieces(self, out: Path) -> None:
        pieces = [bytes([n % 251]) * 100_000 for n in range(30)]
        write(out, {"r4/big": lazy_content(lambda: pieces, "big"), "r4/empty": fixed_content(b"")})
        assert (out / "r4/big").read_bytes() == b"".join(pieces)
        assert (out / "r4/empty").read_bytes() == b""

    def test_nothing_wanted_empties_what_is_ours(self, out: Path) -> None:
        write(out, files(r4_a="1"))
        assert write(out, {}).removed == ("r4/a",)
        assert [path.name for path in out.iterdir()] == [MANIFEST]


class TestWhatIsNotOurs:
    def test_stays(self, out: Path) -> None:
        write(out, files(r4_a="1", r5_b="2"))
        (out / "r5/notes.txt").write_text("mine")
        written = write(out, files(r4_a="1"))
        assert written.diagnostics == ()
        assert standing(out) == {"r4/a": "1", "r5/notes.txt": "mine"}

    def test_in_the_way_stops_everything(self, out: Path) -> None:
        write(out, files(r4_a="1"))
        (out / "r4/b").write_text("mine")
        written = write(out, files(r4_a="changed", r4_b="ours", r4_c="new"))
        assert codes(written) == ["KB601"]
        assert written.diagnostics[0].span.file == (out / "r4/b").as_posix()
        assert written[:4] == ((), (), (), ())
        assert standing(out) == {"r4/a": "1", "r4/b": "mine"}

    def test_a_folder_or_a_file_for_a_folder_is_in_the_way(self, out: Path) -> None:
        write(out, files(r4_a="1"))
        (out / "r4/b").mkdir()
        (out / "site").write_text("mine")
        written = write(out, {"r4/b": fixed_content(b"x"), "site/css/x": fixed_content(b"y")})
        assert codes(written) == ["KB601", "KB601"]
        assert standing(out) == {"r4/a": "1", "site": "mine"}

    def test_with_the_same_content_is_welcome(self, out: Path) -> None:
        write(out, files(r4_a="1"))
        (out / "r4/b").write_text("2")
        assert write(out, files(r4_a="1", r4_b="2")).unchanged == ("r4/a", "r4/b")
        assert write(out, files(r4_a="1")).removed == ("r4/b",)

    def test_a_folder_with_other_things_is_refused(self, out: Path) -> None:
        out.mkdir()
        (out / "thesis.docx").write_text("years of work")
        error = refusal(out)
        assert error.code == "KB611"
        assert "thesis.docx" in error.message
        assert [path.name for path in out.iterdir()] == ["thesis.docx"]

    @pytest.mark.parametrize("name", ["README.md", ".gitignore", ".gitkeep"])
    def test_a_folder_kept_in_git_is_taken(self, out: Path, name: str) -> None:
        out.mkdir()
        (out / name).write_text("about")
        write(out, files(r4_a="1"))
        assert standing(out) == {name: "about", "r4/a": "1"}


class TestChangedByHand:
    def test_is_made_again_with_a_warning(self, out: Path, stamps: Path) -> None:
        write(out, files(r4_a="1", r4_b="2"), stamps=stamps)
        (out / "r4/a").write_text("edited")
        written = write(out, files(r4_a="1", r4_b="2"), stamps=stamps)
        assert (codes(written), written.changed) == (["KB604"], ("r4/a",))
        assert written.diagnostics[0].severity is Severity.WARNING
        assert standing(out) == {"r4/a": "1", "r4/b": "2"}
        assert write(out, files(r4_a="1", r4_b="2"), stamps=stamps).diagnostics == ()

    def test_is_removed_with_a_warning(self, out: Path) -> None:
        write(out, files(r4_a="1", r4_b="2"))
        (out / "r4/b").write_text("edited")
        written = write(out, files(r4_a="1"))
        assert (codes(written), written.removed) == (["KB604"], ("r4/b",))

    def test_to_what_is_wanted_now_is_no_matter(self, out: Path) -> None:
        write(out, files(r4_a="1"))
        (out / "r4/a").write_text("2")
        written = write(out, files(r4_a="2"))
        assert (written.unchanged, written.diagnostics) == (("r4/a",), ())

    def test_same_size_is_seen_without_and_with_stamps(self, out: Path, stamps: Path) -> None:
        for kept in (None, stamps):
            write(out, files(r4_a="1"), stamps=kept)
            (out / "r4/a").write_text("!")
            os.utime(out / "r4/a", ns=(1, 1))
            assert codes(write(out, files(r4_a="1"), stamps=kept)) == ["KB604"]

    def test_missing_is_made_again(self, out: Path, stamps: Path) -> None:
        write(out, files(r4_a="1"), stamps=stamps)
        (out / "r4/a").unlink()
        assert write(out, files(r4_a="1"), stamps=stamps).created == ("r4/a",)

    def test_touched_only_is_unchanged(self, out: Path, stamps: Path) -> None:
        write(out, files(r4_a="1"), stamps=stamps)
        os.utime(out / "r4/a")
        assert write(out, files(r4_a="1"), stamps=stamps).unchanged == ("r4/a",)


class TestAsWritten:
    def test_knows_an_untouched_folder(self, out: Path, stamps: Path) -> None:
        written = write(out, files(r4_a="1", r5_b="2"), stamps=stamps)
        assert unchanged_digest(out, stamps=stamps) == written.digest != ""
        again = write(out, files(r4_a="1", r5_b="2"), stamps=stamps)
        assert unchanged_digest(out, stamps=stamps) == again.digest

    def test_sees_what_was_touched(self, out: Path, stamps: Path) -> None:
        for spoil in (
            lambda: (out / "r4/a").write_text("longer"),
            (out / "r4/a").unlink,
            lambda: (out / MANIFEST).write_text("{}"),
            (out / STAGE).mkdir,
            stamps.unlink,
            lambda: stamps.write_text("[1"),
            lambda: stamps.write_text('{"files": {}}'),
        ):
            (out / MANIFEST).unlink(missing_ok=True)
            for path in list(out.glob("r4/*")):
                path.unlink()
            if (out / "r4").exists():
                (out / "r4").rmdir()
            write(out, files(r4_a="1"), stamps=stamps)
            assert unchanged_digest(out, stamps=stamps)
            spoil()
            assert unchanged_digest(out, stamps=stamps) == ""

    def test_other_peoples_files_do_not_matter(self, out: Path, stamps: Path) -> None:
        write(out, files(r4_a="1"), stamps=stamps)
        (out / "notes.txt").write_text("mine")
        assert unchanged_digest(out, stamps=stamps)

    def test_no_folder_is_not_written(self, out: Path, stamps: Path) -> None:
        assert unchanged_digest(out, stamps=stamps) == ""

    def test_a_cache_that_cannot_be_written_is_no_error(self, out: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert write(out, files(r4_a="1"), stamps=tmp_path / "file" / "stamps").created == ("r4/a",)


class TestNames:
    @pytest.mark.parametrize("path", UNSAFE)
    def test_unsafe_ones_are_refused(self, out: Path, path: str) -> None:
        assert codes(write(out, {path: fixed_content(b"x")})) == ["KB602"]
        assert not out.exists()

    @pytest.mark.parametrize("path", ["r4/console", "r4/A-x..json", "site/ä b.html", ".gitkeep"])
    def test_safe_ones_are_written(self, out: Path, path: str) -> None:
        assert write(out, {path: fixed_content(b"x")}).created == (path,)

    def test_names_that_differ_in_case_only_are_refused(self, out: Path) -> None:
        written = write(
            out,
            {
                "r4/A-x": fixed_content(b"1"),
                "r4/A-X": fixed_content(b"2"),
                "r5/A-x": fixed_content(b"3"),
            },
        )
        assert codes(written) == ["KB603"]
        assert "'r4/A-x'" in written.diagnostics[0].message
        assert "'r4/A-X'" in written.diagnostics[0].message


class TestTrouble:
    def test_path_is_a_file(self, out: Path) -> None:
        out.write_text("a file")
        assert refusal(out).code == "KB614"
        assert out.read_text() == "a file"

    def test_path_goes_through_a_file(self, out: Path) -> None:
        out.write_text("a file")
        assert refusal(out / "inner").code == "KB614"

    @needs_posix
    def test_link_that_leads_out(self, out: Path, tmp_path: Path) -> None:
        write(out, files(r5_b="1"))
        (tmp_path / "elsewhere").mkdir()
        (out / "r4").symlink_to(tmp_path / "elsewhere")
        assert "'r4'" in refusal(out).message
        assert list((tmp_path / "elsewhere").iterdir()) == []

    @needs_posix
    def test_link_in_the_place_of_a_file(self, out: Path, tmp_path: Path) -> None:
        write(out, files(r5_b="1"))
        (tmp_path / "precious").write_text("years of work")
        (out / "r5/c").symlink_to(tmp_path / "precious")
        assert codes(write(out, files(r5_b="1", r5_c="2"))) == ["KB601"]
        assert (tmp_path / "precious").read_text() == "years of work"

    @needs_posix
    def test_broken_link(self, out: Path, tmp_path: Path) -> None:
        out.symlink_to(tmp_path / "nowhere")
        assert refusal(out).code == "KB614"

    @needs_posix
    def test_folder_may_itself_be_a_link(self, out: Path, tmp_path: Path) -> None:
        (tmp_path / "big-disk").mkdir()
        out.symlink_to(tmp_path / "big-disk")
        assert write(out, files(r4_a="1")).created == ("r4/a",)

    @pytest.mark.skipif(
        sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root"
    )
    def test_read_only_folder(self, out: Path) -> None:
        write(out, files(r4_b="1"))
        out.chmod(stat.S_IRUSR | stat.S_IXUSR)
        try:
            assert "permission" in refusal(out).message
        finally:
            out.chmod(0o755)
        assert standing(out) == {"r4/b": "1"}

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (errno.ENOSPC, "the disk is full"),
            (errno.EROFS, "it is on a read-only file system"),
            (errno.EIO, os.strerror(errno.EIO)),
        ],
    )
    def test_disk_refuses(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
    ) -> None:
        write(out, files(r4_b="1"))

        def refuse(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patched:
            patched.setattr(os, "write", refuse)
            error = refusal(out)
        assert error.message == f"cannot write the output folder '{out}': {said}"
        assert standing(out) == {"r4/b": "1"}
        assert not (out / STAGE).exists()

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"files": {}}', '{"format": 1, "files": {"../x": [1, "a"]}}'],
    )
    def test_damaged_manifest(self, out: Path, text: str) -> None:
        write(out, files(r4_b="1"))
        (out / MANIFEST).write_text(text)
        assert refusal(out).code == "KB612"
        assert (out / "r4/b").read_text() == "1"

    @pytest.mark.parametrize(
        "journal",
        [
            "{",
            "[]",
            '{"renames": [["0", "../x"]], "removals": []}',
            '{"renames": [["../0", "x"]], "removals": []}',
            '{"renames": [], "removals": ["/etc/passwd"]}',
        ],
    )
    def test_damaged_journal(self, out: Path, journal: str) -> None:
        write(out, files(r4_b="1"))
        (out / STAGE).mkdir()
        (out / STAGE / "journal.json").write_text(journal)
        assert refusal(out).code == "KB612"

    @pytest.mark.parametrize(
        ("stated", "message"),
        [(2, "by a newer version of fhir-kb (format 2; this one reads 1)"),
         (0, "an unknown format: 0"), ('"1"', "an unknown format: '1'"),
         ("null", "an unknown format: None")],
    )  # fmt: skip
    def test_manifest_of_another_version(self, out: Path, stated: object, message: str) -> None:
        write(out, files(r4_b="1"))
        (out / MANIFEST).write_text(f'{{"format": {stated}, "files": {{}}}}')
        error = refusal(out)
        assert (error.code, message in error.message) == ("KB612", True), error.message
        assert error.help
        assert (out / "r4/b").read_text() == "1"

    def test_journal_of_a_newer_version(self, out: Path) -> None:
        write(out, files(r4_b="1"))
        (out / STAGE).mkdir()
        journal = '{"format": 3, "renames": [], "removals": ["r4/b"]}'
        (out / STAGE / "journal.json").write_text(journal)
        error = refusal(out)
        assert error.code == "KB612"
        assert "newer version of fhir-kb" in error.message
        assert (out / "r4/b").read_text() == "1"

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9, "manifest": "", "files": {}}'])
    def test_stamps_of_another_version_are_only_slower(
        self, out: Path, stamps: Path, text: str
    ) -> None:
        write(out, files(r4_b="1"), stamps=stamps)
        stamps.write_text(text)
        assert unchanged_digest(out, stamps=stamps) == ""
        assert write(out, files(r4_b="1"), stamps=stamps).unchanged == ("r4/b",)

    def test_manifest_does_not_hide_a_removal_outside(self, out: Path, tmp_path: Path) -> None:
        """A manifest is data like any other: it must not make us delete what lies elsewhere."""
        (tmp_path / "precious").write_text("years of work")
        write(out, files(r4_b="1"))
        stated = json.loads((out / MANIFEST).read_bytes())
        stated["files"]["../precious"] = [13, "0" * 64]
        (out / MANIFEST).write_text(json.dumps(stated))
        assert refusal(out).code == "KB612"
        assert (tmp_path / "precious").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a second process is forked")
class TestManyFiles:
    """A second process writes half of them; here from three files on."""

    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writing, "_MANY", 3)
        monkeypatch.setattr(writing, "_can_fork", lambda: True)

    def test_are_all_written(self, out: Path) -> None:
        wanted = {f"r4/{number}": str(number) for number in range(25)}
        done = write(out, {path: fixed_content(text.encode()) for path, text in wanted.items()})
        assert set(done.created) == set(wanted)
        assert standing(out) == wanted
        again = write(out, {path: fixed_content(text.encode()) for path, text in wanted.items()})
        assert not again.created
        assert not again.changed

    def test_a_full_disk_in_either_process_leaves_the_old(
        self, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(out, files(r4_b="1"))
        parent, plainly = os.getpid(), os.write
        for fails_here in (True, False):

            def refuse(file: int, data: bytes, here: bool = fails_here) -> int:
                if (os.getpid() == parent) == here:
                    raise OSError(errno.ENOSPC, "")
                return plainly(file, data)

            with monkeypatch.context() as patched:
                patched.setattr(os, "write", refuse)
                error = refusal(out, many=True)
            assert "disk is full" in error.message
            assert standing(out) == {"r4/b": "1"}
            assert not (out / STAGE).exists()

    def test_a_lost_process_leaves_the_old(
        self, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(out, files(r4_b="1"))
        monkeypatch.setattr(writing, "_serve", lambda *_: os._exit(9))
        error = refusal(out, many=True)
        assert "was killed" in error.message
        assert standing(out) == {"r4/b": "1"}


class TestLock:
    def test_second_writer_is_told(self, out: Path) -> None:
        write(out, files(r4_b="1"))
        with locked(out):
            assert refusal(out).code == "KB613"
        assert write(out, files(r4_b="1")).unchanged == ("r4/b",)
        assert not (out / LOCK).exists()

    def test_a_lock_file_left_behind_does_not_matter(self, out: Path) -> None:
        out.mkdir()
        (out / LOCK).touch()
        assert write(out, files(r4_b="1")).created == ("r4/b",)

    def test_what_another_first_run_is_about_to_leave_is_not_foreign(
        self, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its stage goes, or its folder comes, between two looks at them."""
        (out / STAGE).mkdir(parents=True)
        is_dir, is_file = Path.is_dir, Path.is_file

        def going(path: Path) -> bool:
            if path == out / STAGE and path.exists():
                path.rmdir()
            return is_dir(path)

        def going_too(path: Path) -> bool:
            going(path)
            return is_file(path)

        monkeypatch.setattr(Path, "is_dir", going)
        monkeypatch.setattr(Path, "is_file", going_too)
        assert write(out, files(r4_a="1")).created == ("r4/a",)

        new = out.with_name("new")
        exists = Path.exists

        def coming(path: Path) -> bool:
            if path == new:
                new.mkdir(exist_ok=True)
            return exists(path)

        monkeypatch.setattr(Path, "exists", coming)
        assert write(new, files(r4_a="1")).created == ("r4/a",)

    def test_what_stands_beside_the_lock_of_another_run_is_not_foreign_yet(self, out: Path) -> None:
        (out / "r4").mkdir(parents=True)
        with locked(out), pytest.raises(OutputError) as busy:
            write(out, files(r4_a="1"))
        assert busy.value.code == "KB613"
        with pytest.raises(OutputError) as foreign:
            write(out, files(r4_a="1"))
        assert foreign.value.code == "KB611"

    @needs_posix
    def test_many_at_once_never_mix(self, out: Path) -> None:
        """Each of several processes writes all files with its own text, again and again."""
        program = (
            "import sys; from pathlib import Path; from fhir_kb.publish import *\n"
            "me = sys.argv[2].encode()\n"
            "done = 0\n"
            "while done < 5:\n"
            "    files = {f'r4/{n}': fixed_content(me) for n in range(9)}\n"
            "    try: write(Path(sys.argv[1]), files); done += 1\n"
            "    except OutputError as error: assert error.code == 'KB613', error\n"
        )
        writers = [
            subprocess.Popen([sys.executable, "-c", program, out, name], stderr=subprocess.PIPE)
            for name in ("one", "two", "three")
        ]
        for writer in writers:
            _, errors = writer.communicate(timeout=120)
            assert writer.returncode == 0, errors
        assert len(set(standing(out).values())) == 1
        assert len(standing(out)) == 9


@needs_posix
def test_a_change_is_on_the_disk_before_it_is_carried_out(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(out, {"r4/a": fixed_content(b"old"), "r4/b": fixed_content(b"old")})
    synced: set[int] = set()
    sync, carry_out = os.fsync, staging.carry_out

    def noting(file: int) -> None:
        synced.add(os.fstat(file).st_ino)
        sync(file)

    def checking(folder: Path, *change: Any, **more: Any) -> None:
        staged = [path for path in (folder / STAGE).rglob("*") if path.name != MARK]
        assert len(staged) == 5  # two files in their folder, the manifest and the journal
        assert {one.stat().st_ino for one in staged} <= synced
        carry_out(folder, *change, **more)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(staging, "carry_out", checking)
    written = write(out, {"r4/a": fixed_content(b"new"), "r4/b": fixed_content(b"newer")})
    assert written.changed == ("r4/a", "r4/b")
