"""The digests of a source's files, kept so that a file that has not changed is not read again.

Reads and writes `CACHE/digests/NAME.json`, one table for all files below one folder: a check of the
rest, then a line a file with its path, size, time, inode and sha256.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from wordrel.io.files import file_digest, reading, write_text

_RACY_SECONDS = 2  # a file changed so lately could change again within the same time stamp
_Stamp = tuple[int, int, int]


class DigestTable:
    """The digests that are known of the files below one folder.

    Args:
        files: whose digests will be requested.
        cache: where the table is kept.
    """

    def __init__(self, files: Iterable[Path], cache: Path) -> None:
        self._asked = {os.path.abspath(file) for file in files}  # noqa: PTH100 - links stay
        folder = os.path.commonpath([os.path.dirname(file) for file in self._asked])  # noqa: PTH120
        self._path = cache / "digests" / f"{_sha256_of(folder)[:32]}.json"
        self._known = _read(self._path)
        self._new = False

    def digest(self, path: Path, stat: os.stat_result) -> str:
        """The sha256 of a file, from the table if size, time and inode are as they were.

        Raises:
            OSError: it cannot be read.
        """
        name = os.path.abspath(path)  # noqa: PTH100
        stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = self._known.get(name)
        if known and known[0] == stamp:
            return known[1]
        digest = file_digest(path)
        if time.time() - stat.st_mtime > _RACY_SECONDS:
            self._known[name], self._new = (stamp, digest), True
        return digest

    def keep(self) -> None:
        """Write the table, if there is something new in it; files that are gone are left out.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._new:
            return
        rows = [
            json.dumps([name, *stamp, digest])
            for name, (stamp, digest) in sorted(self._known.items())
            if name in self._asked or os.path.lexists(name)
        ]
        text = "".join(f"{row}\n" for row in rows)
        write_text(self._path, f"{_sha256_of(text)}\n{text}", durable=False)


def _read(path: Path) -> dict[str, tuple[_Stamp, str]]:
    """The table; empty where it is damaged: a wrong digest would name another corpus."""
    if not path.exists():
        return {}
    with reading(path):
        data = path.read_bytes()
    check, _, text = data.decode("utf-8", "replace").partition("\n")
    if check != _sha256_of(text):
        return {}
    rows = map(json.loads, text.splitlines())
    return {name: ((size, modified, inode), digest) for name, size, modified, inode, digest in rows}


def _sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
