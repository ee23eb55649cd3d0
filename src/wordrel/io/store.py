"""The cache and the results: folders that are complete or not there, and their names.

Reads and writes below the cache folder and the folder of a study's results. A folder is built
under a temporary name beside its place, synced and renamed; a process that is killed leaves
temporary names behind and never half a result.
"""

import errno
import glob
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from wordrel import config
from wordrel.errors import StoreError
from wordrel.io.files import (
    explained,
    lock,
    read_tensors,
    store_error,
    sync,
    sync_tree,
    write_json,
    write_parquet,
    write_tensors,
    write_text,
)

__all__ = [
    "DONE",
    "cache_root",
    "cell_digest",
    "cell_folder",
    "discard_partial",
    "heal",
    "is_done",
    "lock",
    "new_folder",
    "read_tensors",
    "replace_folder",
    "write_json",
    "write_parquet",
    "write_tensors",
    "write_text",
]

DONE = "DONE"
"""The file that stands in a folder once all else in it is on disk."""

_PARTIAL = ".partial"


def cache_root() -> Path:
    """Where corpora and cells are kept: WORDREL_CACHE, else the user's cache folder."""
    chosen = os.environ.get("WORDREL_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("wordrel")


def is_done(folder: Path) -> bool:
    """Whether a folder of `new_folder` is complete."""
    return (folder / DONE).is_file()


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Build a folder out of sight and let it appear at `final` complete, or not at all.

    Yields a temporary folder beside `final`. On success everything in it is synced, the marker
    last, and it is renamed. On an exception it is removed. Where another process has finished
    `final` by then, its folder stays and this one is dropped (cells are deterministic). A folder
    at `final` without a marker is damaged and is replaced.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    with _temporary_folder(final) as temporary:
        yield temporary
        sync_tree(temporary)
        write_text(temporary / DONE, "complete\n")
        _publish(temporary, final)


def _publish(temporary: Path, final: Path) -> None:
    while not is_done(final):
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if not is_done(final):
                _remove_damaged(final)
        else:
            sync(final.parent)
            return


def _remove_damaged(final: Path) -> None:
    """Drop what lies at `final`; renamed first, so that of two processes only one does it."""
    with _temporary_folder(final) as aside, suppress(FileNotFoundError):
        final.rename(aside)


@contextmanager
def _temporary_folder(final: Path) -> Iterator[Path]:
    """A folder beside `final` that is gone after the block, unless the block renamed it.

    Its lock is held from before it exists until after it is gone: a folder whose lock is free has
    lost its writer. No process id or age could say that across machines that share a disk.
    """
    temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    with ExitStack() as stack:
        with explained(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            stack.callback(_lock_file(temporary).unlink, missing_ok=True)
            # Nobody else knows this name, but discard_partial may look at it for a moment.
            stack.enter_context(FileLock(_lock_file(temporary), timeout=10))
            # What cannot be removed now is found by discard_partial: its lock is free then.
            stack.callback(shutil.rmtree, temporary, ignore_errors=True)
            temporary.mkdir()
        with _disk_errors_explained(final, temporary):
            yield temporary


@contextmanager
def _disk_errors_explained(final: Path, temporary: Path) -> Iterator[None]:
    """Explain what the disk did; leave alone what the block did elsewhere, such as reading."""
    try:
        yield
    except OSError as error:
        inside = str(error.filename or "").startswith(str(temporary))
        if inside or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise store_error(final, error) from error
        raise


def _lock_file(temporary: Path) -> Path:
    return temporary.with_name(temporary.name + ".lock")


def discard_partial(root: Path) -> list[Path]:
    """Remove the temporary folders below `root` whose writers are dead; says which."""
    with explained(root):
        return _discard(_left_below(root))


def _left_below(root: Path) -> Iterator[Path]:
    def unless_gone(error: OSError) -> None:  # a folder may be renamed while we walk
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, subfolders, names in os.walk(root, onerror=unless_gone):
        yield from (Path(folder, n) for n in subfolders + names if _is_temporary(n))
        subfolders[:] = [name for name in subfolders if not _is_temporary(name)]


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith((_PARTIAL, f"{_PARTIAL}.lock"))


def _discard(found: Iterable[Path]) -> list[Path]:
    """The same for folders and locks that were found; a lock may have outlived its folder."""
    folders = sorted({path.with_name(path.name.removesuffix(".lock")) for path in found})
    return [path for path in folders if path.parent.is_dir() and _discard_if_dead(path)]


def _discard_if_dead(temporary: Path) -> bool:
    try:
        with FileLock(_lock_file(temporary), timeout=0):
            was_there = temporary.is_dir()
            if was_there:
                shutil.rmtree(temporary)
            _lock_file(temporary).unlink(missing_ok=True)
    except Timeout:
        return False
    return was_there


@contextmanager
def replace_folder(final: Path, proof: str = "manifest.json") -> Iterator[Path]:
    """Build a folder out of sight, then swap it with the one at `final`, which stays until then.

    Holds the lock of `final` for the whole block, so a second run on the same place fails at its
    start. A crash between the two renames of the swap leaves the old one beside `final`; the next
    call, or `heal`, puts it back.

    Args:
        final: a folder made by this function, an empty one, or a name that is free.
        proof: a file that every complete folder holds; a folder without it is somebody else's.

    Raises:
        StoreError: when another process is at it, `final` is not ours, or the disk refuses.
        ValueError: when the block wrote no `proof`.
    """
    final = final.resolve()  # so that "." has a name, and a link keeps pointing where it did
    with lock(final.with_name(f".{final.name}.lock"), f"writing {final}"):
        heal(final)
        _refuse_foreign(final, proof)
        _discard(final.parent.glob(f".{glob.escape(final.name)}.{'?' * 8}{_PARTIAL}*"))
        with _temporary_folder(final) as temporary:
            yield temporary
            if not (temporary / proof).is_file():
                raise ValueError(f"{final}: the new folder has no {proof}, so the old one stays")
            sync_tree(temporary)
            _swap(temporary, final)


def _previous(final: Path) -> Path:
    return final.with_name(f".{final.name}.previous")


def _swap(temporary: Path, final: Path) -> None:
    if final.exists():
        final.rename(_previous(final))
    try:
        temporary.rename(final)
        sync(final.parent)
    finally:
        heal(final)


def heal(final: Path) -> None:
    """End a swap that a crash cut short: the old folder goes back, or goes."""
    final = final.resolve()
    previous = _previous(final)
    with explained(final):
        if previous.exists() and not final.exists():
            previous.rename(final)
            sync(final.parent)
        elif previous.exists():
            shutil.rmtree(previous)


def _refuse_foreign(final: Path, proof: str) -> None:
    with explained(final):
        if not final.exists() or (final / proof).is_file() or not any(final.iterdir()):
            return
    raise StoreError(
        f"{final}: found files but no {proof}, so this is not a result that may be replaced; "
        "choose another folder with --out, or empty this one"
    )


def cell_digest(
    corpus_digest: str,
    model: Mapping[str, object],
    training: Mapping[str, object] | None,
    seed: int,
    version: str,
) -> str:
    """12 hex digits that name a trained cell by all that decides its numbers."""
    return config.digest(
        {
            "corpus": corpus_digest,
            "model": _identity(model),
            "training": _identity(training) if training is not None else None,
            "seed": seed,
            "version": version,
        }
    )


_LATER: dict[str, object] = {"shuffled": False, "training": None}
"""Settings that came after the first cells, and what they are where they change nothing."""


def _identity(settings: Mapping[str, object]) -> dict[str, object]:
    """What names a cell; a setting that came later counts once it is used, so old cells serve."""
    return {key: value for key, value in settings.items() if _LATER.get(key, settings) != value}


def cell_folder(cache: Path, corpus_name: str, model_name: str, seed: int, digest: str) -> Path:
    """Where a cell is kept: readable first, unique last."""
    return cache / "cells" / corpus_name / f"{model_name}-seed{seed}-{digest}"
