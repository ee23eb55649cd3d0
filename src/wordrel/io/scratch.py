"""Folders of the system's place for temporary files, which no process leaves for long.

Writes `wordrel-WHAT-XXXXXXXX/` there and a lock beside it. A process that is killed leaves both;
its lock is free then, and the next process that needs such a folder removes them.
"""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock

from wordrel.io.files import explained
from wordrel.io.store import discard_if_dead, lock_path

_LOCK = re.compile(r"\.(wordrel-[a-z]+-[0-9a-f]{8})\.lock")


@contextmanager
def scratch_folder(what: str) -> Iterator[Path]:
    """An empty folder of this user alone, gone after the block.

    Args:
        what: in its name, lower-case letters.

    Raises:
        StoreError: it cannot be made.
    """
    place = Path(tempfile.gettempdir()).resolve()
    discard_leftovers(place)
    folder = place / f"wordrel-{what}-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        with explained(folder):
            stack.callback(lock_path(folder).unlink, missing_ok=True)
            # Held from before the folder exists: where it is free, its owner is dead.
            stack.enter_context(FileLock(lock_path(folder), timeout=10))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        yield folder


def discard_leftovers(place: Path) -> list[Path]:
    """Remove what dead processes of this user left there; returns them.

    Folders without a lock stay: they may be of another program.
    """
    with os.scandir(place) as entries:
        locks = [_LOCK.fullmatch(e.name) for e in entries if e.name.startswith(".wordrel-")]
    folders = [place / match[1] for match in locks if match and _is_own(place / match[0])]
    with explained(place):
        return [folder for folder in folders if discard_if_dead(folder)]


def _is_own(lock: Path) -> bool:
    try:
        return lock.lstat().st_uid == os.getuid()
    except FileNotFoundError:  # its owner has ended in the meantime
        return False
