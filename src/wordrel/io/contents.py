"""What a cache holds: finished folders by kind, what dead processes left, and what is not ours.

Reads markers and sizes; removes the folders that a caller names. A folder is ours where it has a
marker (see `marker`), or a hidden name that wordrel gives to folders which it builds or sets aside.
"""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from wordrel.errors import StoreError
from wordrel.io.files import explained
from wordrel.io.marker import DONE, fault_of, marked_files
from wordrel.io.store import discard_if_dead, lock_path

KINDS = {
    "corpora": "prepared texts, with their counts of word pairs",
    "cells": "trained models",
    "answers": "predictions of trained models",
    "checkpoints": "states of training runs that were cut short",
    "vectors": "vectors that others made, converted",
}
LEFTOVERS = "leftovers"
OTHERS = {
    LEFTOVERS: "what killed processes left, and damaged folders that were set aside",
    "downloads": "texts and test sets that were fetched",
    "planted": "texts that were made",
    "digests": "digests of texts",
    "other": "files that wordrel did not make",
}
_DEPTH = {"corpora": 1, "cells": 2, "answers": 3, "vectors": 1}
_DIGEST = re.compile(r"(.+-)?[0-9a-f]{12}(-\d+)?")
_LEFTOVER = re.compile(r"\..+\.([0-9a-f]{8}\.partial|damaged-[0-9a-f]{8})")
_LOCK = re.compile(r"\..+\.lock(\.holder)?")


@dataclass(frozen=True)
class Stored:
    """A folder of the cache.

    Attributes:
        kind: a key of KINDS, or LEFTOVERS.
        path: its place.
        files: below it, without locks; links are not followed.
        bytes: of these files.
        modified: when it was finished or last changed, in seconds since 1970.
    """

    kind: str
    path: Path
    files: int
    bytes: int
    modified: float


def folders(cache: Path) -> Iterator[Stored]:
    """The folders of wordrel, the outermost alone; sorted, and links are not followed."""
    for kind in KINDS:
        yield from _below(cache / kind, kind)
    yield from _below(cache / "progress", LEFTOVERS)  # of runs on a cluster


def _below(folder: Path, kind: str) -> Iterator[Stored]:
    for entry in _entries(folder):
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            continue
        if _LEFTOVER.fullmatch(entry.name):
            yield from _measured(path, LEFTOVERS, path)
        elif (path / DONE).is_file():
            yield from _measured(path, kind, path / DONE)
        elif not entry.name.startswith("."):
            yield from _below(path, kind)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:  # as `_stat`
        return []


def _stat(path: Path) -> os.stat_result | None:
    """Of a file or folder; None where a process that is at work has removed it meanwhile."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _files(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)


def _measured(path: Path, kind: str, dated: Path) -> Iterator[Stored]:
    """The folder, if it is still there; `dated` is as old as it."""
    files = (file for file in _files(path) if not _LOCK.fullmatch(file.name))
    sizes = [stat.st_size for stat in map(_stat, files) if stat]
    if stat := _stat(dated):
        yield Stored(kind, path, len(sizes), sum(sizes), stat.st_mtime)


def sizes(cache: Path) -> dict[str, tuple[int, int, int]]:
    """Folders, files and bytes of each kind, of those that there are; locks are left out."""
    totals = {kind: [0, 0, 0] for kind in (*KINDS, *OTHERS)}
    seen = set[Path]()
    for stored in folders(cache):
        seen.add(stored.path)
        for i, number in enumerate((1, stored.files, stored.bytes)):
            totals[stored.kind][i] += number
    for file in _files(cache):
        stat = _stat(file)
        if stat is None or _LOCK.fullmatch(file.name) or not seen.isdisjoint(file.parents):
            continue
        top = file.relative_to(cache).parts[0]
        kind = top if top in OTHERS else "other"
        totals[kind][1] += 1
        totals[kind][2] += stat.st_size
    return {kind: (n, files, size) for kind, (n, files, size) in totals.items() if files}


def damage(cache: Path) -> Iterator[tuple[Path, str]]:
    """Each finished folder, with what is wrong with it or an empty text; every file is digested.

    A folder without a marker counts where its place and its name are those of a finished one.
    """
    for kind in KINDS:
        for folder in _finished(cache / kind, _DEPTH.get(kind, 0)):
            try:
                yield folder, fault_of(folder)
            except StoreError as error:
                yield folder, str(error)


def _finished(folder: Path, depth: int) -> Iterator[Path]:
    for entry in _entries(folder):
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False) or entry.name.startswith("."):
            continue
        marked = (path / DONE).is_file()
        if marked or (depth == 1 and _DIGEST.fullmatch(entry.name)):
            yield path
        yield from _finished(path, depth - 1)  # counts of word pairs lie in their corpus


def _why_it_stays(stored: Stored) -> str:
    """Why a folder may not be removed; empty where it may."""
    try:
        marked = marked_files(stored.path)
        if marked is None:
            return "" if stored.kind == LEFTOVERS else f"found no {DONE} in it that can be read"
        for path in _files(stored.path):
            if path.name == DONE:
                written = marked_files(path.parent)
                marked |= set(_files(path.parent)) if written is None else written
    except StoreError as error:
        return str(error)
    unmarked = (path for path in _files(stored.path) if path not in marked)
    other = next((path for path in unmarked if not _is_ours(path.relative_to(stored.path))), None)
    return f"found {other} in it, which wordrel did not write; move it elsewhere" if other else ""


def _is_ours(path: Path) -> bool:
    """A lock, or below a folder that was being built or was set aside."""
    return bool(_LOCK.fullmatch(path.name)) or any(map(_LEFTOVER.fullmatch, path.parts[:-1]))


def remove(stored: Stored) -> str:
    """Remove a folder; why not, where it stays.

    Raises:
        StoreError: it cannot be removed.
    """
    path = stored.path
    with explained(path):
        if path.name.endswith(".partial"):
            return "" if discard_if_dead(path) else "a process is at it"
        if why := _why_it_stays(stored):
            return why
        try:
            with FileLock(lock_path(path), timeout=0):
                _remove_whole(path)
        except Timeout:
            return "a process is at it"
        lock_path(path).unlink(missing_ok=True)
    return ""


def _remove_whole(path: Path) -> None:
    """The folder is whole or gone; a process that is killed leaves a hidden part of it."""
    gone = path.with_name(f".{path.name.removeprefix('.')}.{uuid.uuid4().hex[:8]}.partial")
    with FileLock(lock_path(gone), timeout=10):
        path.rename(gone)
        shutil.rmtree(gone)
        lock_path(gone).unlink(missing_ok=True)
