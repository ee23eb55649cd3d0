"""Temporary folders: gone after their block, or with the next one where a process was killed."""

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from processes import started
from wordrel.errors import StoreError
from wordrel.io.scratch import discard_leftovers, scratch_folder
from wordrel.io.store import lock_path

HOLD = """
import sys
from wordrel.io.scratch import scratch_folder
with scratch_folder("run") as folder:
    (folder / "file").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_scratch_folder_is_empty_of_one_user_and_gone_after_the_block(place: Path) -> None:
    with pytest.raises(RuntimeError), scratch_folder("look") as folder:
        assert folder.parent == place and folder.name.startswith("wordrel-look-")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not list(folder.iterdir())
        raise RuntimeError
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_removed_and_nothing_else(place: Path) -> None:
    mine = [place / "wordrel-run-0123abcd", place / "wordrel-notes", place / "wordrel-run-mine"]
    for folder in mine:
        folder.mkdir()
        (folder / "file").write_text("mine")
    lock_path(mine[1]).touch()  # no name that wordrel gives
    command = [sys.executable, "-c", HOLD]
    environment = os.environ | {"TMPDIR": str(place)}
    with started(command, text=True, env=environment, stdin=-1, stdout=-1) as process:
        left = Path(process.stdout.readline().strip())
        assert discard_leftovers(place) == []
        with scratch_folder("run") as other:
            assert (left / "file").is_file() and other != left
    assert left.is_dir()  # it was killed
    with scratch_folder("run"):
        assert not left.exists() and not lock_path(left).exists()
    assert all((folder / "file").is_file() for folder in mine)
    assert {path.name for path in place.iterdir()} == {
        *(folder.name for folder in mine),
        ".wordrel-notes.lock",
    }


def test_locks_of_other_users_are_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = place / "wordrel-run-0123abcd"
    left.mkdir()
    lock_path(left).touch()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert discard_leftovers(place) == []
    monkeypatch.undo()
    assert discard_leftovers(place) == [left]


def test_a_place_that_refuses_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(StoreError, match=r"wordrel-run-.*cannot be written"), scratch_folder("run"):
        pass
