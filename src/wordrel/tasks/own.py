"""A user's own sets: one file and a few lines of config for each kind that takes them.

Reads the user's file; writes nothing.
"""

from collections import Counter
from pathlib import Path

from wordrel.config import ItemsTask, LabelledPairsTask, PairsTask
from wordrel.errors import DatasetError
from wordrel.tasks.files import delimited, parsed, read_pairs, word_of
from wordrel.tasks.items import Items, Labelled, from_directed, from_labelled, from_pairs
from wordrel.tasks.readers import google_analogies
from wordrel.tasks.readers_text import context_pairs
from wordrel.tasks.registry import DataSet, TaskInfo

OwnSet = PairsTask | LabelledPairsTask | ItemsTask
"""What the config says of a user's own set."""


def read_own(config: OwnSet) -> tuple[TaskInfo, Items]:
    """A user's own set: what is said of it, and its items.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    items, described = _read(config)
    info = TaskInfo(
        name=config.name,
        kind=config.kind,
        description=described,
        data=DataSet(name=config.name, license="not specified"),
        n_items=items.n_items,
    )
    return info, items


def _read(config: OwnSet) -> tuple[Items, str]:
    """The items, and a sentence on how they were read."""
    path = config.path
    if isinstance(config, LabelledPairsTask):
        return _labelled_pairs(path, config.against)
    if isinstance(config, PairsTask):
        return _scored_pairs(path, ordered=config.kind == "directed_pairs")
    if config.kind == "context_pairs":
        return context_pairs(path), f"Words in sentences, with scores, from {path.name}."
    items = google_analogies([path])
    sections = ", ".join(dict.fromkeys(items.labels))
    return items, f"Analogies from {path.name} (sections: {sections})."


def _scored_pairs(path: Path, *, ordered: bool) -> tuple[Items, str]:
    rows, header = read_pairs(path)
    first = f"line 1 read as the header {', '.join(header)!r}" if header else "no header"
    if ordered:
        said = f"Word pairs whose order matters, with scores, from {path.name} ({first})."
        return from_directed(rows), said
    return from_pairs(rows), f"Word pairs with scores from {path.name} ({first})."


def _labelled_pairs(path: Path, against: str) -> tuple[Items, str]:
    """Word, word, label; there is no header, since nothing would tell it from a pair."""
    rows = parsed(path, delimited(path)[0], _labelled_row)
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
