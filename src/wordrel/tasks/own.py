"""A user's own sets: one file and a few lines of config for each kind that takes them.

Reads the user's file; writes nothing.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from wordrel.config import ItemsTask, LabelledPairsTask, PairsTask
from wordrel.errors import DatasetError
from wordrel.tasks.files import delimited, read_pairs, refuse, word_of
from wordrel.tasks.items import Items
from wordrel.tasks.readers import (
    Labelled,
    from_directed,
    from_labelled,
    from_pairs,
    google_analogies,
)
from wordrel.tasks.readers_text import context_pairs
from wordrel.tasks.registry import DataSet, TaskInfo

OwnSet = PairsTask | LabelledPairsTask | ItemsTask
"""What the config says of a user's own set."""


def read_own(config: OwnSet) -> tuple[TaskInfo, Items]:
    """A user's own set: what is said of it, and its items.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    if isinstance(config, LabelledPairsTask):
        items, described = _labelled_pairs(config.path, config.against)
    else:
        items, described = _READ[config.kind](config.path)
    info = TaskInfo(
        name=config.name,
        kind=config.kind,
        description=described,
        data=DataSet(name=config.name, license="not specified"),
        n_items=items.n_items,
    )
    return info, items


def _pairs(path: Path) -> tuple[Items, str]:
    rows, header = read_pairs(path)
    return from_pairs(rows), f"Word pairs with scores from {path.name} ({_first_line(header)})."


def _directed_pairs(path: Path) -> tuple[Items, str]:
    rows, header = read_pairs(path)
    said = f"Word pairs whose order matters, with scores, from {path.name} ({_first_line(header)})."
    return from_directed(rows), said


def _first_line(header: tuple[str, ...]) -> str:
    return f"line 1 read as the header {', '.join(header)!r}" if header else "no header"


def _labelled_pairs(path: Path, against: str) -> tuple[Items, str]:
    """Word, word, label; there is no header, since nothing would tell it from a pair."""
    rows, problems = [], []
    for line, fields in delimited(path)[0]:
        try:
            rows.append(_labelled_row(fields))
        except ValueError as error:
            problems.append(f"{path}:{line}: {error}")
    refuse(problems)
    labels = Counter(label for _, _, label in rows)
    if against not in labels or len(labels) < 2:
        raise DatasetError(
            f"{path}: found the labels {', '.join(map(repr, labels)) or 'of no pair'}, expected "
            f"{against!r} (against), and another one at least"
        )
    counts = ", ".join(f"{label} {count:,}" for label, count in labels.most_common())
    said = f"Word pairs with labels from {path.name} ({counts}), each relation against {against}."
    return from_labelled(rows, [against]), said


def _labelled_row(fields: list[str]) -> Labelled:
    if len(fields) != 3:
        raise ValueError(f"found {len(fields)} columns, expected 3 (word, word, label)")
    return word_of(fields[0]), word_of(fields[1]), word_of(fields[2])


def _analogies(path: Path) -> tuple[Items, str]:
    items = google_analogies([path])
    sections = ", ".join(dict.fromkeys(items.labels))
    return items, f"Analogies from {path.name} (sections: {sections})."


def _context_pairs(path: Path) -> tuple[Items, str]:
    return context_pairs(path), f"Words in sentences, with scores, from {path.name}."


_READ: dict[str, Callable[[Path], tuple[Items, str]]] = {
    "pairs": _pairs,
    "directed_pairs": _directed_pairs,
    "analogies": _analogies,
    "context_pairs": _context_pairs,
}
