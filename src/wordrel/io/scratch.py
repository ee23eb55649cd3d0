"""Folders for the time of a process, where the system keeps temporary files.

A process that is killed leaves its folder there. The next one that needs such a folder removes it:
its lock is free then, on any machine that shares the disk.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wordrel.io.files import explained
from wordrel.io.store import discard, temporary_folder

_PREFIX = "wordrel-"


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """A folder of this process that is gone after the block, readable by its user alone.

    What dead processes of this user left beside it is removed first.

    Args:
        purpose: part of its name.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    root = Path(tempfile.gettempdir()).resolve()
    with explained(root):
        discard(path for path in root.glob(f".{_PREFIX}*.partial*") if _is_mine(path))
    with temporary_folder(root / f"{_PREFIX}{purpose}") as folder:
        folder.chmod(0o700)
        yield folder


def _is_mine(path: Path) -> bool:
    """Others may write here too: a link of theirs would lead to a file that is none of ours."""
    try:
        found = path.lstat()
    except FileNotFoundError:  # its writer has just removed it
        return False
    plain = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
    return plain and found.st_uid == os.geteuid()
