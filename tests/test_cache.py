"""The commands on the cache: what is damaged, how much there is, and what may be removed."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from processes import started
from wordrel.cli import app
from wordrel.io import contents, marker
from wordrel.io.contents import folders, remove
from wordrel.io.store import build_once, is_done, lock_path

CORPUS, CELL = "corpora/text-0123456789ab", "cells/text/skip_gram-seed1-0123456789ab"
ANSWERS = "answers/text/skip_gram-seed1-0123456789ab/groups-0123456789ab-1"
COUNTS = f"{CORPUS}/pair_counts-5-1"
LONG_AGO = 10**9


def made(folder: Path, size: int = 1000) -> None:
    build_once(folder, lambda new: (new / "data").write_bytes(bytes(size)) and None)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a folder of each kind, what killed processes left, and what is the user's."""
    root = tmp_path / "cache"
    for name in (CORPUS, COUNTS, CELL, ANSWERS):
        made(root / name)
    (root / "cells/text/.a.0123abcd.partial").mkdir()
    (root / "cells/text/.a.0123abcd.partial/half").write_bytes(bytes(10))
    (root / "corpora/.text-0123456789ab.damaged-0123abcd").mkdir()
    (root / "corpora/.text-0123456789ab.damaged-0123abcd/data").write_bytes(bytes(10))
    for mine in ("notes", "corpora/notes", "cells/text/notes", "downloads"):
        (root / mine).mkdir(parents=True)
        (root / mine / "mine.txt").write_bytes(bytes(100))
    (tmp_path / "elsewhere").mkdir()
    made(tmp_path / "elsewhere" / "cells" / "x-0123456789ab")
    (root / "vectors").mkdir()
    (root / "vectors" / "link-0123456789ab").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("WORDREL_CACHE", str(root))
    return root


def call(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["cache", *arguments], input=typed, catch_exceptions=False)


def files(root: Path) -> list[str]:
    """All files but locks, which say nothing."""
    every = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith("lock"))
    return sorted(path.relative_to(root).as_posix() for path in every)


def test_a_sound_cache_is_checked_and_not_changed(cache: Path) -> None:
    before = files(cache)
    ended = call("check")
    assert ended.exit_code == 0
    assert ended.stdout == f"{cache}: 4 folders checked, 0 damaged\n"
    assert files(cache) == before


FOUND = {
    "data": "found other bytes than were written",
    "DONE": "found no marker that can be read",
    None: "found no DONE in it",
}
DAMAGED = [(folder, file) for folder in (CORPUS, COUNTS, CELL, ANSWERS) for file in FOUND]
DAMAGED.remove((COUNTS, None))  # without a marker they are no finished folder of their own


@pytest.mark.parametrize(("folder", "file"), DAMAGED)
def test_damage_is_told_with_its_place_and_nothing_is_renamed(
    cache: Path, folder: str, file: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDREL_CHECK", "quick")  # not for this command
    path = cache / folder / (file or "DONE")
    when = path.stat()
    if file == "data":
        path.write_bytes(b"x" + bytes(999))
        os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
    elif file:
        path.write_text("{")
    else:
        path.unlink()
    before = files(cache)
    ended = call("check")
    assert ended.exit_code == 1
    first, last = ended.stdout.splitlines()
    assert first.startswith(str(cache / folder)) and FOUND[file] in first
    assert last == f"{cache}: 4 folders checked, 1 damaged"
    assert files(cache) == before


def test_sizes_are_told_by_kind(cache: Path) -> None:
    printed = call("size").stdout
    rows = {line.split()[0]: line.split()[1:5] for line in printed.splitlines() if line.strip()}
    marked = [(cache / name / "DONE").stat().st_size + 1000 for name in (CORPUS, COUNTS, CELL)]
    assert rows["corpora"][:2] == ["1", "4"]
    assert rows["corpora"][2:] == [f"{(marked[0] + marked[1]) / 1000:.1f}", "kB"]
    assert rows["cells"] == ["1", "2", f"{marked[2] / 1000:.1f}", "kB"]
    assert rows["leftovers"] == ["2", "2", "20", "bytes"]
    assert rows["other"][:2] == ["0", "4"]  # three of the user, and a link
    assert rows["downloads"][1:] == ["1", "100", "bytes"]
    assert printed.rstrip().splitlines()[-1].startswith(f"{cache}: ")


@pytest.mark.parametrize("at", ["text", ".a.0123abcd.partial"])
def test_what_a_living_process_removes_meanwhile_is_no_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    entries = contents._entries

    def removing(folder: Path) -> list[os.DirEntry[str]]:
        found = entries(folder)
        if folder.name == at:
            shutil.rmtree(cache / "cells/text/.a.0123abcd.partial", ignore_errors=True)
        return found

    monkeypatch.setattr(contents, "_entries", removing)
    assert contents.sizes(cache)["leftovers"] == (1, 1, 10)


def test_clean_asks_first_and_leaves_all_where_the_answer_is_no(cache: Path) -> None:
    before = files(cache)
    for typed in ("n\n", "", None):
        ended = call("clean", typed=typed)
        assert ended.exit_code == 1
        assert "Remove these 5 folders" in ended.stdout
        assert str(cache / CORPUS) in ended.stdout
        assert "nothing was removed" in ended.stderr
        assert files(cache) == before


@pytest.mark.parametrize("how", ["--yes", "y"])
def test_clean_removes_what_is_ours_and_nothing_else(cache: Path, how: str) -> None:
    ended = call("clean", *([how] if how == "--yes" else []), typed="y\n")
    assert ended.exit_code == 0
    assert "removed 5 folders" in ended.stdout
    assert files(cache) == [
        f"{mine}/mine.txt" for mine in ("cells/text/notes", "corpora/notes", "downloads", "notes")
    ]
    assert (cache / "vectors" / "link-0123456789ab" / "cells" / "x-0123456789ab" / "DONE").is_file()
    assert call("clean", "--yes").stdout == "nothing to remove\n"


@pytest.mark.parametrize("place", [CORPUS, COUNTS])
def test_a_folder_with_a_file_of_the_user_stays(cache: Path, place: str) -> None:
    (cache / place / "mine.txt").write_text("mine")
    ended = call("clean", "--yes", "--kind", "corpora")
    assert f"stays: found {cache / place / 'mine.txt'} in it" in ended.stderr
    assert "removed 0 folders" in ended.stdout
    assert is_done(cache / CORPUS)


def test_clean_takes_a_kind_and_an_age(cache: Path) -> None:
    os.utime(cache / CELL / "DONE", (LONG_AGO, LONG_AGO))
    assert "removed 1 folders" in call("clean", "--yes", "--older-than", "30").stdout
    assert not (cache / CELL).exists() and (cache / CORPUS).exists()
    assert "removed 2 folders" in call("clean", "--yes", "--kind", "leftovers").stdout
    assert (cache / CORPUS).exists()
    ended = CliRunner().invoke(app, ["cache", "clean", "--kind", "downloads"])
    assert ended.exit_code == 2
    assert "found 'downloads', expected one of corpora, cells" in ended.stderr


def test_what_a_living_process_builds_stays(cache: Path) -> None:
    held = cache / "cells/text/.a.0123abcd.partial"
    code = "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); "
    code += "lock.acquire(); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(lock_path(held))]
    with started(command, stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        ended = call("clean", "--yes", "--kind", "leftovers")
        assert f"{held} stays: a process is at it" in ended.stderr
        assert held.is_dir()
    assert "removed 1 folders" in call("clean", "--yes", "--kind", "leftovers").stdout


def test_a_folder_of_a_newer_version_is_told_and_stays(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marker, "SCHEMA", 1)
    ended = call("check")
    assert ended.exit_code == 1
    assert ended.stdout.count("a newer wordrel wrote it") == 4
    (corpus,) = (one for one in folders(cache) if one.kind == "corpora")
    assert "a newer wordrel wrote it" in remove(corpus)
    assert (cache / CORPUS / "DONE").is_file()


def test_a_cache_that_is_not_there_is_empty_unless_an_option_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "none"
    for command in ("check", "size", "clean"):
        ended = call(command, "--cache", str(place))
        assert ended.exit_code == 2 and "found no folder" in ended.output
    monkeypatch.setenv("WORDREL_CACHE", str(place))
    assert "0 folders checked, 0 damaged" in call("check").stdout
    assert call("clean").stdout == "nothing to remove\n"
    assert call("size").exit_code == 0
    assert not place.exists()
