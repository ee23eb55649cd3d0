"""The marker of a finished folder in the cache: what the folder holds, and whether it still does.

Reads the files of such folders; writes the marker `DONE`; renames a damaged folder. The marker is
JSON: `schema`, the version of this format; `files`, for each file its sha256, its size in bytes and
the time of its last change in nanoseconds; and `sha256` of the marker itself, without this key. The
first edition's marker was a line of text without any digest, so what it stands for cannot be
checked and is built again.
"""

import errno
import hashlib
import json
import logging
import os
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wordrel.errors import DamagedError, StoreError
from wordrel.io.files import file_digest, store_error, write_text

SCHEMA = 2
"""Version of all stored folders; 1 is the first edition, whose markers have no digests."""

DONE = "DONE"
"""The file that stands in a finished folder, and in no other."""

CHECK = "WORDREL_CHECK"
"""Environment variable: `quick` trusts a file whose size and time are those of the marker."""

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)
"""Errors that say what stands at a path; any other may pass, and says nothing about a file."""

_log = logging.getLogger("wordrel")


class _File(NamedTuple):
    """The entry of one file in the marker."""

    sha256: str
    bytes: int
    modified_ns: int


class _FaultError(Exception):
    """What is wrong with a folder: in which file, and what was found there."""


_Identity = tuple[int, int, int]
_sound: dict[Path, _Identity] = {}
"""The folders that this process has checked, each with the marker that stood in it."""


def write_marker(folder: Path) -> None:
    """Write the digest of every file below the folder into its marker."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): _described(path)._asdict() for path in paths}
    marker = {"schema": SCHEMA, "files": files}
    text = json.dumps(marker | {"sha256": own_digest(marker)}, indent=1)
    write_text(folder / DONE, text + "\n", durable=False)


def own_digest(record: Mapping[str, Any]) -> str:
    """Of all that a record holds besides `sha256`; the same in every version of the format."""
    content = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _described(path: Path) -> _File:
    stat = path.stat()
    return _File(file_digest(path), stat.st_size, stat.st_mtime_ns)


def is_done(folder: Path, files: Collection[str] = ()) -> bool:
    """Whether a folder is finished and holds what was written; damaged, it is set aside.

    A process digests a file once. A damaged folder is renamed, never deleted; one line in the log
    names the file, the folder and its new name. A disk that cannot read changes nothing.

    Args:
        folder: its name in the cache.
        files: digest these alone, and look at the size of the others; default: digest all.

    Raises:
        StoreError: the folder was written by a newer version, or cannot be read or renamed.
    """
    sound, damage = _examined(folder, files)
    if damage:
        _log.warning("%s, and a run builds it again", damage)
    return sound


def opened(folder: Path, absent: str) -> Path:
    """The folder, once it is known to be finished and to hold what was written.

    Args:
        folder: its name in the cache.
        absent: the message where there is no such folder, and the cure.

    Raises:
        DamagedError: it holds something else, and was set aside.
        StoreError: there is none, or it was written by a newer version.
    """
    sound, damage = _examined(folder)
    if damage:
        cure = "`wordrel run` with the same config and cache builds it again"
        raise DamagedError(f"{damage}: {cure}")
    if not sound:
        raise StoreError(f"{folder}: {absent}")
    return folder


def _examined(folder: Path, only: Collection[str] = ()) -> tuple[bool, str]:
    """Whether the folder is there and sound; and of one that was set aside here, what was found."""
    identity = _identity(folder)
    try:
        if identity is None and not os.path.lexists(folder):
            return False, ""
        if identity is None or _sound.get(folder) != identity:
            _check(folder, only)
    except _FaultError as fault:
        file, problem = fault.args
        aside = _set_aside(folder, identity)
        return False, aside and f"{folder / file}: {problem}; its folder was set aside as {aside}"
    if identity is not None and not only:
        _sound[folder] = identity
    return True, ""


def fault_of(folder: Path) -> str:
    """What is wrong with a finished folder, all of it digested; empty where nothing is.

    Nothing is renamed.

    Raises:
        StoreError: it was written by a newer version, or may not be read.
    """
    try:
        _check(folder, (), trusting=False)
    except _FaultError as fault:
        file, problem = fault.args
        return f"{folder / file}: {problem}"
    return ""


def marked_files(folder: Path) -> set[Path] | None:
    """The files that a finished folder was written with; None where its marker cannot be read.

    Raises:
        StoreError: it was written by a newer version.
    """
    try:
        return {folder / DONE, *(folder / name for name in _read_marker(folder))}
    except _FaultError:
        return None


def _identity(folder: Path) -> _Identity | None:
    """Distinguishes the marker of a folder from that of one which was built there later."""
    try:
        stat = (folder / DONE).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _check(folder: Path, only: Collection[str], *, trusting: bool = True) -> None:
    """Look at every file of a folder; raises _FaultError at the first fault."""
    for name, file in _read_marker(folder).items():
        digested = not only or name in only
        quick = trusting and _is_quick()
        if difference := _difference(folder / name, file, digested=digested, quick=quick):
            raise _FaultError(name, difference)


def _read_marker(folder: Path) -> Mapping[str, _File]:
    try:
        text = (folder / DONE).read_text(encoding="utf-8")
        if text == "complete\n":
            raise _FaultError(DONE, "found the marker of the first edition, which has no digests")
        marker = json.loads(text)
        schema = marker["schema"]
        if marker["sha256"] != own_digest(marker):
            raise _FaultError(DONE, "found other bytes than were written")
        if schema <= SCHEMA:
            return {name: _File(**file) for name, file in marker["files"].items()}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _FaultError("", f"found no {DONE} in it") from error
    except OSError as error:
        if error.errno not in _ABSENT:
            raise _unreadable(folder / DONE, error) from error
        raise _FaultError(DONE, "found no marker that can be read") from error
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise _FaultError(DONE, "found no marker that can be read") from error
    raise StoreError(
        f"{folder / DONE}: found schema {schema}, expected at most {SCHEMA}: a newer wordrel wrote "
        "it; install that version, or choose another cache with WORDREL_CACHE"
    )


def _difference(path: Path, expected: _File, *, digested: bool, quick: bool) -> str:
    """How a file differs from its entry in the marker; empty where it does not."""
    try:
        stat = path.stat()
        if stat.st_size != expected.bytes:
            return f"found {stat.st_size} bytes, expected {expected.bytes}"
        trusted = quick and stat.st_mtime_ns == expected.modified_ns
        if digested and not trusted and file_digest(path) != expected.sha256:
            return "found other bytes than were written"
    except OSError as error:
        if error.errno not in _ABSENT:
            raise _unreadable(path, error) from error
        return "there is no such file" if error.errno == errno.ENOENT else f"found {error.strerror}"
    return ""


def _unreadable(path: Path, error: OSError) -> StoreError:
    cure = "run again; if this comes again, delete its folder"
    if isinstance(error, PermissionError):
        cure = "choose a cache that you may read (WORDREL_CACHE)"
    return StoreError(f"{path}: cannot be read: {error.strerror}; {cure}")


def _is_quick() -> bool:
    chosen = os.environ.get(CHECK, "")
    if chosen not in ("", "full", "quick"):
        raise StoreError(f"{CHECK}: found {chosen!r}, expected quick, full or nothing")
    return chosen == "quick"


def _set_aside(folder: Path, identity: _Identity | None) -> str:
    """Rename a damaged folder, so that its place is free; its new name, if this process did it."""
    aside = folder.with_name(f".{folder.name}.damaged-{uuid.uuid4().hex[:8]}")
    if _identity(folder) != identity:
        return ""  # what stands there now was built in the meantime
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise store_error(folder, error) from error
    return aside.name
