"""Files that are complete or not there: written to a temporary name, synced, renamed; and locks.

Reads safetensors; writes text, JSON, parquet and safetensors, nothing pickled. A failed
write becomes a `StoreError` with the place, what was found, and the cure.
"""

import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from wordrel.errors import StoreError, WordrelError
from wordrel.io.headers import check_npy, check_safetensors

if TYPE_CHECKING:
    import pandas as pd  # takes half a second, which a command that only reads a config is spared

_CURES = {
    errno.ENOSPC: "free some space or choose another folder, then run again",
    errno.EDQUOT: "free some of your quota or choose another folder, then run again",
    errno.EROFS: "choose a folder on a disk that can be written (WORDREL_CACHE, --out)",
    errno.EACCES: "choose a folder that you may write to (WORDREL_CACHE, --out)",
    errno.EPERM: "choose a folder that you may write to (WORDREL_CACHE, --out)",
}
_OTHER_CURE = "mend this or choose another folder (WORDREL_CACHE, --out), then run again"


@contextmanager
def explained(path: Path, inside: Path | None = None) -> Iterator[None]:
    """Turn an OSError into a StoreError with place, problem and cure.

    Args:
        path: what is to be written.
        inside: a temporary folder for it; what the block does elsewhere, such as reading, is left
            alone then, unless the disk is full or can only be read.
    """
    try:
        yield
    except OSError as error:
        elsewhere = inside is not None and not str(error.filename or "").startswith(str(inside))
        if elsewhere and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise store_error(path, error) from error


def store_error(path: Path, error: OSError) -> StoreError:
    """The error for a failed write: place, problem, what is safe, cure."""
    cure = _CURES.get(error.errno or 0, _OTHER_CURE)
    reason = error.strerror or str(error)
    return StoreError(f"{path}: cannot be written: {reason}; what was finished is kept; {cure}")


def refused(error: OSError) -> str:
    """The message for an OSError that no caller expected: which file, what was found, and a cure.

    A disk may fail at any call; this is for the outermost caller.
    """
    cure = _CURES.get(error.errno or 0, _OTHER_CURE)
    place = error.filename if isinstance(error.filename, str) else "a file"
    reason = error.strerror or str(error)
    return f"{place}: found {reason}; what was finished is kept; {cure}"


def check_is_text(path: Path) -> None:
    """Refuse a path that could not stand in the files that name it, before a long run starts.

    Raises:
        StoreError: bytes of it are no UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        problem = "found a byte that is no UTF-8 in the path, expected UTF-8"
        raise StoreError(f"{path}: {problem}; choose another folder with --out") from error


CACHE_CURE = "set WORDREL_CACHE to another folder and run again, or remove the folder of this file"
"""Of a file whose bytes are those that were written, and which cannot be read all the same."""


@contextmanager
def reading(path: Path, cure: str = CACHE_CURE) -> Iterator[None]:
    """Turn whatever a reader of this file raises into a StoreError: place, found, cure.

    Parsers raise errors of many kinds for a file that is not what it should be; the block holds
    nothing but the reading of one file, or of the files of one folder.
    """
    try:
        yield
    except WordrelError:
        raise
    except FileNotFoundError as error:
        raise StoreError(f"{error.filename or path}: there is no such file; {cure}") from error
    except Exception as error:
        raise StoreError(f"{path}: cannot be read: {_parser_error(error)}; {cure}") from error


def _parser_error(error: Exception) -> str:
    """The message of a parser on one line."""
    message = " ".join(str(error).split())
    if "pickle" in message:  # numpy's advice for such a file is to load it all the same
        return "it does not hold plain numbers"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def read_array(path: Path, *, mapped: bool = False) -> np.ndarray:
    """A .npy file, in memory or left on disk.

    Raises:
        StoreError: it cannot be read.
    """
    with reading(path):
        check_npy(path)
        array: np.ndarray = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        return array


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace a file by this text, as UTF-8.

    Args:
        path: the file; its folder is made where it is missing.
        text: written as it is, line ends included.
        durable: sync to disk before renaming. False is for what may be lost with the power.

    Raises:
        StoreError: when the disk is full or the place cannot be written.
    """
    write_bytes(path, text.encode(), durable=durable)


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file by these bytes; see `write_text`."""
    _replace_file(path, lambda temporary: temporary.write_bytes(data), durable)


def write_json(path: Path, data: Any, *, durable: bool = True) -> None:
    """Replace a file by indented JSON; keys keep their order, NaN is refused."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n", durable=durable)


def write_parquet(path: Path, table: "pd.DataFrame", *, durable: bool = True) -> None:
    """Replace a file by this table; same table, same bytes."""
    _replace_file(path, lambda temporary: table.to_parquet(temporary, index=False), durable)


def read_parquet(path: Path, columns: list[str] | None = None) -> "pd.DataFrame":
    """A table, or some columns of it; its metadata are in its `attrs`.

    Raises:
        StoreError: it cannot be read.
    """
    import pandas as pd

    with reading(path):
        return pd.read_parquet(path, columns=columns)


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Replace a file by these arrays as safetensors; same arrays, same bytes, in any order."""
    # safetensors copies the buffer as it lies: anything but C order would be written scrambled.
    ordered = {name: np.asarray(tensors[name], order="C") for name in sorted(tensors)}
    _replace_file(path, lambda temporary: _save_tensors(ordered, temporary))


def _save_tensors(tensors: dict[str, np.ndarray], path: Path) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))  # the only trace of the disk's error
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a safetensors file, by name.

    Raises:
        StoreError: it cannot be read.
    """
    with reading(path):
        check_safetensors(path)
        tensors: dict[str, np.ndarray] = load_file(path)
        return tensors


def _replace_file(path: Path, write: Callable[[Path], object], durable: bool = True) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with explained(path), ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_dead(path)
        try:
            stack.enter_context(_held_open(temporary))
            write(temporary)
            if durable:
                sync(temporary)
            temporary.replace(path)
            if durable:
                sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _held_open(temporary: Path) -> Iterator[None]:
    """Make a file and lock it: one whose lock is free has lost its writer."""
    with temporary.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_dead(path: Path) -> None:
    """Remove what dead processes wrote in order to replace a file."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.tmp"):
        with suppress(FileNotFoundError, BlockingIOError), leftover.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until everything in a folder is on disk."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


@contextmanager
def lock(path: Path, what: str) -> Iterator[None]:
    """Keep other processes out for the block; the system frees the lock when the holder dies.

    Args:
        path: the lock file; who holds it stands beside it in `path` + ".holder".
        what: what the holder does, for the message that the others get ("writing results/a").

    Raises:
        StoreError: at once, when another process holds it, naming that process.
    """
    holder = path.with_name(path.name + ".holder")
    with ExitStack() as stack:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(FileLock(path, timeout=0))
            except Timeout as error:
                raise StoreError(_held(path, holder)) from error
        stack.callback(holder.unlink, missing_ok=True)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "what": what}
        write_json(holder, me)
        yield


def _held(path: Path, holder: Path) -> str:
    try:
        who: dict[str, str] = json.loads(holder.read_text(encoding="utf-8"))
        return (
            f"{path}: process {who['pid']} on {who['host']} holds it since {who['since']} "
            f"({who['what']}); wait until it ends or end it, then run again"
        )
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        # It took the lock this very moment, or is just letting it go; or its note is damaged.
        return f"{path}: another process holds it; wait a moment and run again"


def files_digest(paths: Sequence[Path]) -> str:
    """12 hex digits of the bytes of all these files, in their order."""
    digests = [file_digest(path) for path in paths]
    joined = "".join(digests)
    return (joined if len(digests) == 1 else hashlib.sha256(joined.encode()).hexdigest())[:12]


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
