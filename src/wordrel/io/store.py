"""The cache and the results: folders that are complete or not there, and their names.

Reads and writes below the cache folder and the folder of a study's results. A folder is built
under a temporary name beside its place, marked (see `marker`), synced and renamed; a process that
is killed leaves temporary names behind and never half a result. All names of temporary folders and
of locks are made here.
"""

import errno
import glob
import os
import re
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from wordrel.errors import StoreError
from wordrel.io.files import (
    check_is_text,
    explained,
    lock,
    read_tensors,
    sync,
    sync_tree,
    write_json,
    write_parquet,
    write_tensors,
    write_text,
)
from wordrel.io.marker import DONE, is_done, opened, write_marker

__all__ = [
    "DONE",
    "build_once",
    "cache_folder",
    "cache_root",
    "discard",
    "discard_partial",
    "finished",
    "heal",
    "is_done",
    "lock",
    "lock_path",
    "new_folder",
    "opened",
    "read_tensors",
    "replace_folder",
    "temporary_folder",
    "write_json",
    "write_parquet",
    "write_tensors",
    "write_text",
]

_PARTIAL = ".partial"
_HALF_A_FILE = re.compile(r"\..+\.[0-9a-f]{8}\.tmp", re.DOTALL)
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


def cache_root() -> Path:
    """Where corpora and cells are kept: WORDREL_CACHE, else the user's cache folder."""
    chosen = os.environ.get("WORDREL_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("wordrel")


def cache_folder(chosen: Path | str | None) -> Path:
    """The chosen folder, else `cache_root`; absolute, for workers may start elsewhere."""
    return (Path(chosen) if chosen else cache_root()).resolve()


def finished(root: Path, pattern: str) -> Iterator[Path]:
    """The files below `root` that match, each of a folder that is finished and not hidden.

    Of these folders no other file is digested; a folder that is damaged is set aside.
    """
    for path in sorted(root.glob(pattern)):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and is_done(path.parent, [path.name]):
            yield path


def lock_path(path: Path) -> Path:
    """The lock of a file or folder, hidden beside it."""
    return path.with_name(f".{path.name.removeprefix('.')}.lock")


def build_once(final: Path, build: Callable[[Path], None]) -> None:
    """Have `build` fill a new folder where `final` is not there; other processes wait meanwhile.

    What dead processes left beside `final` is removed first.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    if is_done(final):
        return
    with ExitStack() as stack:
        with explained(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(lock_path(final)))
            discard(final.parent.iterdir())
        if not is_done(final):  # else another process has built it meanwhile
            with new_folder(final) as temporary:
                build(temporary)


@contextmanager
def new_folder(final: Path, *, durable: bool = True) -> Iterator[Path]:
    """Build a folder out of sight and let it appear at `final` complete, or not at all.

    Yields a temporary folder beside `final`. On success it is marked, everything in it is synced,
    and it is renamed. On an exception it is removed. Where another process has finished `final` by
    then, its folder stays and this one is dropped (cells are deterministic). What lies at `final`
    and is damaged is set aside.

    Args:
        final: where it appears.
        durable: wait until it is on disk. False is for many small folders: what the power takes
            from one of them is noticed by its digests, and it is built again.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    with temporary_folder(final) as temporary:
        yield temporary
        write_marker(temporary)
        if durable:
            sync_tree(temporary)
        _publish(temporary, final)
        if durable:
            sync(final.parent)


def _publish(temporary: Path, final: Path) -> None:
    while not is_done(final):
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        else:
            return


@contextmanager
def temporary_folder(final: Path) -> Iterator[Path]:
    """A folder beside `final` that is gone after the block, unless the block renamed it.

    Its lock is held from before it exists until after it is gone: a folder whose lock is free has
    lost its writer. No process id or age could show that across machines that share a disk.
    """
    temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    with ExitStack() as stack:
        with explained(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            stack.callback(lock_path(temporary).unlink, missing_ok=True)
            # No other process has this name, but discard_partial may look at it for a moment.
            stack.enter_context(FileLock(lock_path(temporary), timeout=10))
            # What cannot be removed now is found by discard_partial: its lock is free then.
            stack.callback(shutil.rmtree, temporary, ignore_errors=True)
            temporary.mkdir()
        with explained(final, inside=temporary):
            yield temporary


def discard_partial(root: Path) -> list[Path]:
    """Remove the temporary folders below `root` whose writers are dead; returns them."""
    with explained(root):
        return discard(_leftovers_below(root))


def _leftovers_below(root: Path) -> Iterator[Path]:
    def unless_gone(error: OSError) -> None:  # a folder may be renamed while we walk
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, subfolders, names in os.walk(root, onerror=unless_gone):
        yield from (Path(folder, n) for n in subfolders + names if _is_temporary(n))
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith((_PARTIAL, f"{_PARTIAL}.lock"))


def discard(paths: Iterable[Path]) -> list[Path]:
    """Remove those among some paths; a lock may have outlived its folder.

    Raises:
        OSError: one cannot be removed.
    """
    names = {path for path in paths if _is_temporary(path.name)}
    folders = sorted({path.with_name(path.name.removesuffix(".lock")) for path in names})
    return [path for path in folders if path.parent.is_dir() and discard_if_dead(path)]


def discard_if_dead(temporary: Path) -> bool:
    """Remove a temporary folder and its lock where the lock is free; whether there was one."""
    try:
        with FileLock(lock_path(temporary), timeout=0):
            was_there = temporary.is_dir()
            if was_there:
                shutil.rmtree(temporary)
            lock_path(temporary).unlink(missing_ok=True)
    except Timeout:
        return False
    return was_there


@contextmanager
def replace_folder(
    final: Path, proof: str = "manifest.json", *, ours: Collection[str] | None = None
) -> Iterator[Path]:
    """Build a folder out of sight, then swap it with the one at `final`, which stays until then.

    Holds the lock of `final` for the whole block, so a second run on the same place fails at its
    start. A crash between the two renames of the swap leaves the old one beside `final`; the next
    call, or `heal`, puts it back.

    Args:
        final: a folder made by this function, an empty one, or a name that is free.
        proof: a file that every complete folder holds; a folder without it is not ours.
        ours: names that the older folder loses; all others in it are its user's, and move to the
            new one. Default: it loses all.

    Raises:
        StoreError: when another process uses it, `final` is not ours, or a write fails.
        ValueError: when the block wrote no `proof`.
    """
    final = final.resolve()  # so that "." has a name, and a link keeps pointing where it did
    check_is_text(final)
    with lock(lock_path(final), f"writing {final}"):
        heal(final, proof, ours)
        _refuse_foreign(final, proof)
        discard(final.parent.glob(f".{glob.escape(final.name)}.{'?' * 8}{_PARTIAL}*"))
        with temporary_folder(final) as temporary:
            yield temporary
            if not (temporary / proof).is_file():
                raise ValueError(f"{final}: the new folder has no {proof}, so the old one stays")
            sync_tree(temporary)
            _refuse_foreign(final, proof)  # it may have been made since
            _swap(temporary, final, proof, ours)


def _previous(final: Path) -> Path:
    return final.with_name(f".{final.name}.previous")


def _swap(temporary: Path, final: Path, proof: str, ours: Collection[str] | None) -> None:
    if final.exists():
        final.rename(_previous(final))
    try:
        _rename_onto(temporary, final)
        sync(final.parent)
    finally:
        heal(final, proof, ours)


def _rename_onto(temporary: Path, final: Path) -> None:
    """Rename, though another command made the folder anew for a page of the result that was moved.

    That page goes; where no result was moved, what stands there is not ours.
    """
    while True:
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno not in _TAKEN or not _previous(final).exists():
                raise
            with temporary_folder(final) as aside:
                final.rename(aside)
        else:
            return


def heal(final: Path, proof: str = "manifest.json", ours: Collection[str] | None = None) -> None:
    """End a swap that a crash cut short: the old folder goes back, or goes.

    Args:
        final: the folder that was to be replaced.
        proof: as in `replace_folder`.
        ours: as in `replace_folder`.
    """
    final = final.resolve()
    previous = _previous(final)
    with explained(final):
        if not previous.exists():
            return
        if (final / proof).is_file():
            if ours is not None:
                _move_foreign(previous, final, ours)
            shutil.rmtree(previous)
            return
        if final.exists():  # written since the crash; perhaps by its user, so it is kept
            final.rename(final.with_name(f".{final.name}.damaged-{uuid.uuid4().hex[:8]}"))
        previous.rename(final)
        sync(final.parent)


def _move_foreign(older: Path, newer: Path, ours: Collection[str]) -> None:
    for path in sorted(older.iterdir()):
        if path.name not in ours and not _HALF_A_FILE.fullmatch(path.name):
            free = not os.path.lexists(newer / path.name)
            path.rename(
                newer / (path.name if free else f"{path.name}.older-{uuid.uuid4().hex[:8]}")
            )
    sync(newer)


def _refuse_foreign(final: Path, proof: str) -> None:
    with explained(final):
        if not final.exists() or (final / proof).is_file() or not any(final.iterdir()):
            return
    raise StoreError(
        f"{final}: found files but no {proof}, so this is not a result that may be replaced; "
        "choose another folder with --out, or empty this one"
    )
