"""What asking the tasks takes: noted beside the answers of a cell, and told of cells to come.

Reads and writes `asked.json` in the folders of the cache that hold answers.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from wordrel.errors import StoreError
from wordrel.io.files import write_text

_NOTE = "asked.json"


@dataclass(frozen=True)
class Asked:
    """What one cell took.

    Attributes:
        corpus: its name; kind: of the model.
        reading: seconds before the first task: loading the cell, and reading the text.
        tasks: seconds of each task that it was asked.
    """

    corpus: str
    kind: str
    reading: float
    tasks: Mapping[str, float]


def note(folder: Path, asked: Asked) -> None:
    """Keep what a cell took; tasks that it was asked before stay in the note.

    Raises:
        StoreError: when the disk refuses, or the older note cannot be read.
    """
    path = folder / _NOTE
    before = dict(_read(path).tasks) if path.is_file() else {}
    found = {**vars(asked), "tasks": {**before, **asked.tasks}}
    write_text(path, json.dumps(found, sort_keys=True) + "\n")


def noted(cache: Path) -> Iterator[Asked]:
    """What every cell of the cache took that left a note.

    Raises:
        StoreError: where one is no such note.
    """
    yield from map(_read, sorted(cache.glob(f"answers/*/*/{_NOTE}")))


def _read(path: Path) -> Asked:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(name): float(seconds) for name, seconds in found["tasks"].items()}
        return Asked(str(found["corpus"]), str(found["kind"]), float(found["reading"]), tasks)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{path}: found no note of what asking took ({error!r}), expected what a run wrote: "
            "remove it; only estimates rest on it"
        ) from error


def seconds_to_ask(
    cells: Collection[Asked], corpus: str, kind: str, tasks: Collection[str]
) -> float | None:
    """What asking these tasks of one cell takes on one core; None where one was never asked.

    The cells of the same corpus and kind decide, then those of the same corpus, then all: each by
    their median.
    """
    if not tasks:
        return 0.0
    here = [cell for cell in cells if cell.corpus == corpus]
    nearest = ([cell for cell in here if cell.kind == kind], here, list(cells))
    parts = [_median(nearest, task) for task in tasks]
    parts.append(next((median(c.reading for c in some) for some in nearest if some), None))
    known = [part for part in parts if part is not None]
    return sum(known, 0.0) if len(known) == len(parts) else None


def _median(nearest: Collection[list[Asked]], task: str) -> float | None:
    for some in nearest:
        found = [cell.tasks[task] for cell in some if task in cell.tasks]
        if found:
            return median(found)
    return None
