"""Regular files, apart from what else a path may lead to: pipes, devices, sockets, folders.

Looks at the file's kind and opens nothing: opening a pipe waits, and a device may have no end.
"""

import errno
import stat
from collections.abc import Callable
from pathlib import Path

from wordrel.errors import WordrelError

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def regular_file(path: Path, error: Callable[[str], WordrelError]) -> Path:
    """The same path, if it may be opened for reading; links are followed.

    Args:
        path: of a file that a user named, or that lies in a folder that a user named.
        error: makes the error of the caller's room from the message.

    Raises:
        WordrelError: for what is there and is no regular file, with its kind.
        OSError: for a path that leads to nothing and is no link, or that may not be looked at.
    """
    found = _other_kind(path)
    if found:
        raise error(
            f"{path}: found {found}; expected a regular file: give the path of one, or move this "
            "out of the folder of texts"
        )
    return path


def _other_kind(path: Path) -> str:
    """What a path leads to, in words; empty for a regular file."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as problem:
        dead = {errno.ENOENT: "a link to nothing", errno.ELOOP: "a link that leads in a circle"}
        if problem.errno not in dead or not path.is_symlink():
            raise
        return dead[problem.errno]
    if kind == stat.S_IFREG:
        return ""
    linked = "a link to " if path.is_symlink() else ""
    return linked + _KINDS.get(kind, "a file of a special kind")
