"""What asking the tasks takes: noted beside the answers of a cell, to estimate cells to come.

Reads and writes `asked.json` in the folders of the cache that hold answers, one a cell and task.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from wordrel.io.files import reading, write_text
from wordrel.io.store import finished

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
    """Write what a cell took into a folder that is being built.

    Raises:
        StoreError: when the disk refuses.
    """
    write_text(folder / _NOTE, json.dumps(vars(asked), sort_keys=True) + "\n", durable=False)


def noted(cache: Path) -> Iterator[Asked]:
    """What every cell of the cache took, all its tasks together; `reading` is its longest.

    Raises:
        StoreError: where a note cannot be read.
    """
    cells = defaultdict[Path, list[Asked]](list)
    for path in finished(cache / "answers", f"*/*/*/{_NOTE}"):
        cells[path.parent.parent].append(_read(path))
    for notes in cells.values():
        tasks = {name: seconds for one in notes for name, seconds in one.tasks.items()}
        yield Asked(notes[0].corpus, notes[0].kind, max(one.reading for one in notes), tasks)


def _read(path: Path) -> Asked:
    with reading(path):
        found = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(name): float(seconds) for name, seconds in found["tasks"].items()}
        return Asked(str(found["corpus"]), str(found["kind"]), float(found["reading"]), tasks)


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
