"""Answers that stay with a result: a study in parts, on several days or machines.

Reads and writes `answers.zip` in a results folder: of each run what training cost, and its answers
item by item. What the cache lacks of a study is taken from there, so that a later part makes its
statistics over all runs and trains only its own. No model is in it.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from wordrel.errors import StoreError
from wordrel.io.store import DONE, is_done, new_folder, opened
from wordrel.study.cell import COST, cell_described
from wordrel.study.evaluate import CellWork, is_answered

KEPT = "answers.zip"

_LARGEST = 2**30
"""Bytes of one file, unpacked; answers to the largest test set take a thousandth of it."""
_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""A time of all files, so that the same answers are the same bytes."""


def keep(path: Path, works: Iterable[CellWork]) -> None:
    """Write the answers and costs of these runs, which are all there.

    Raises:
        StoreError: a run has not answered everything, or the disk refuses.
    """
    absent = "found no answers of a trained run; run the study again"
    with zipfile.ZipFile(path, "w") as archive:
        for work in works:
            cost = json.dumps(cell_described(work.cell), sort_keys=True)
            _add(archive, _name(work, work.folder / COST) / "cell.json", cost.encode())
            for _, folder in work.paths():
                for file in sorted(opened(folder, absent).iterdir()):
                    if file.name != DONE:
                        _add(archive, _name(work, folder) / file.name, file.read_bytes())


def _add(archive: zipfile.ZipFile, name: PurePosixPath, content: bytes) -> None:
    entry = zipfile.ZipInfo(str(name), _WRITTEN)
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def restore(path: Path, works: Sequence[CellWork]) -> int:
    """Put what is kept of these runs into the cache, where it lacks it.

    Only names that these runs have are read: what else an archive holds stays in it.

    Returns:
        The number of runs that have answered everything by that.

    Raises:
        StoreError: the archive cannot be read.
    """
    waiting = [work for work in works if not is_answered(work)]
    if not path.is_file() or not waiting:
        return 0
    try:
        with zipfile.ZipFile(path) as archive:
            names = {PurePosixPath(name) for name in archive.namelist()}
            for work in waiting:
                for folder in _folders(work):
                    own = [name for name in names if name.parent == _name(work, folder)]
                    if own and not is_done(folder):
                        _unpack(archive, sorted(own), folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        cure = "remove it, or run without --keep-answers"
        raise StoreError(f"{path}: cannot be read: {error}; {cure}") from error
    return sum(map(is_answered, waiting))


def _unpack(archive: zipfile.ZipFile, names: Iterable[PurePosixPath], folder: Path) -> None:
    with new_folder(folder, durable=False) as made:
        for name in names:
            entry = archive.getinfo(str(name))
            if entry.file_size > _LARGEST:
                found = f"{name} has {entry.file_size:,} bytes, more than answers take"
                raise zipfile.BadZipFile(found)
            (made / name.name).write_bytes(archive.read(entry))


def _folders(work: CellWork) -> Iterator[Path]:
    """Of the cost and of the answers to each task."""
    yield work.folder / COST
    yield from (path for _, path in work.paths())


def _name(work: CellWork, folder: Path) -> PurePosixPath:
    """Of a folder in the archive: corpus, run, task."""
    return PurePosixPath(work.cell.corpus_name, work.folder.name, folder.name)
