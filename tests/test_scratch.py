"""Folders for temporary files: gone after their block, and after the death of their process."""

import os
import signal
import sys
from pathlib import Path

import pytest

from processes import started
from wordrel.io.scratch import scratch_folder
from wordrel.io.store import lock_path

DYING = """
import os, signal
from wordrel.io.scratch import scratch_folder
with scratch_folder("test") as folder:
    (folder / "file").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_a_folder_is_its_users_alone_and_gone_after_the_block(root: Path) -> None:
    with scratch_folder("test") as folder:
        assert folder.parent == root
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("whole")
    assert [*root.iterdir()] == []


def test_what_a_dead_process_left_is_removed_by_the_next_and_living_ones_are_not(
    root: Path,
) -> None:
    with started([sys.executable, "-c", DYING], env={**os.environ, "TMPDIR": str(root)}) as writer:
        assert writer.wait() == -signal.SIGKILL
    (left,) = root.glob("*.partial")
    assert (left / "file").read_text() == "half"
    with scratch_folder("living") as living, scratch_folder("test"):
        assert not left.exists()
        assert living.exists()


def test_a_link_and_a_name_that_is_not_ours_are_left_alone(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "file").write_text("mine")
    (root / ".wordrel-test.00000000.partial").symlink_to(mine)
    (root / ".another.00000000.partial").mkdir()
    with scratch_folder("test"):
        pass
    assert (mine / "file").read_text() == "mine"
    names = sorted(path.name for path in root.iterdir())
    assert names == [".another.00000000.partial", ".wordrel-test.00000000.partial", "mine"]
    assert not lock_path(root / ".wordrel-test.00000000.partial").exists()
