"""Predictions kept with a result: a study in parts, on several days or machines.

Reads and writes `answers.zip` in a results folder: of each run what training cost, and its answers
item by item. What the cache lacks of a study is taken from there, so that a later part makes its
statistics over all runs and trains only its own. No model is in it.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from wordrel.io.files import reading
from wordrel.io.store import DONE, is_done, new_folder, opened
from wordrel.study.answers import ANSWERS
from wordrel.study.cell import COST, cell_described
from wordrel.study.costs import notes_of
from wordrel.study.evaluate import TIMES, CellWork, is_answered

KEPT = "answers.zip"
_CELL = "cell.json"
_CURE = f"remove {KEPT}, or run without --keep-answers"

_LARGEST = 2**30
"""Bytes of one file, unpacked; answers to the largest test set take a thousandth of it."""
_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""A time of all files, so that the same answers are the same bytes."""


def keep(path: Path, works: Iterable[CellWork]) -> None:
    """Write the answers and costs of these runs, which are all there.

    Raises:
        StoreError: a run lacks predictions, or the file cannot be written.
    """
    written = set[PurePosixPath]()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _contents(works):
            if name not in written:  # runs of a model without a seed share their answers
                entry = zipfile.ZipInfo(str(name), _WRITTEN)
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
                written.add(name)


def _contents(works: Iterable[CellWork]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Name and content of each file."""
    absent = "found no answers of a trained run; run the study again"
    for work in works:
        cost = json.dumps(cell_described(work.cell), sort_keys=True)
        yield _name(work, work.folder / COST) / _CELL, cost.encode()
        for _, folder in work.paths():
            for file in sorted(opened(folder, absent).iterdir()):
                if file.name != DONE:
                    yield _name(work, folder) / file.name, file.read_bytes()


def restore(path: Path, works: Sequence[CellWork]) -> int:
    """Put what is kept of these runs into the cache, where it lacks it.

    Only names of these runs are read; anything else in the archive is ignored.

    Returns:
        The number of runs that are complete by that.

    Raises:
        StoreError: the archive or a file in it cannot be read; nothing of that folder is restored.
    """
    waiting = [work for work in works if not is_answered(work)]
    if not path.is_file() or not waiting:
        return 0
    with reading(path, _CURE):
        archive = zipfile.ZipFile(path)
    with archive:
        entries = {PurePosixPath(e.filename): e for e in archive.infolist() if not e.is_dir()}
        for work in waiting:
            for folder, needed, files in _folders(work):
                names = {name: _name(work, folder) / name for name in files}
                own = {file: entries[name] for file, name in names.items() if name in entries}
                if needed in own and not is_done(folder):
                    _install(_checked(archive, own, path), folder)
    return sum(map(is_answered, waiting))


def _checked(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], path: Path
) -> dict[str, bytes]:
    """The files of one folder by name, each checked to be readable."""
    contents = {}
    for name, entry in entries.items():
        with reading(path / PurePosixPath(entry.filename), _CURE):
            if entry.file_size > _LARGEST:
                raise ValueError(f"{entry.file_size:,} bytes, more than answers take")
            contents[name] = archive.read(entry)
            _parse(name, contents[name])
    return contents


def _parse(name: str, content: bytes) -> None:
    """Parse a file as later readers do; raises where they would."""
    if name == ANSWERS:
        pd.read_parquet(io.BytesIO(content))
    elif name == TIMES:
        notes_of(json.loads(content))
    else:
        cost = json.loads(content)["cost"]
        _ = [float(cost[key]) for key in ("parameters", "trained_tokens", "seconds")]


def _install(files: Mapping[str, bytes], folder: Path) -> None:
    with new_folder(folder, durable=False) as made:
        for name, content in files.items():
            (made / name).write_bytes(content)


def _folders(work: CellWork) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Of the cost and of the answers to each task: the file that it needs, and all that it has."""
    yield work.folder / COST, _CELL, (_CELL,)
    yield from ((path, ANSWERS, (ANSWERS, TIMES)) for _, path in work.paths())


def _name(work: CellWork, folder: Path) -> PurePosixPath:
    """Of a folder in the archive: corpus, run, task."""
    return PurePosixPath(work.cell.corpus_name, work.folder.name, folder.name)
