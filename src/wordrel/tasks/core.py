"""The tasks by name: load one, ask a model, and say what a vocabulary covers.

Reads the files inside the installed gensim package and the user's pairs files; writes nothing.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from wordrel.corpus.vocab import Vocab
from wordrel.errors import ConfigError, DatasetError
from wordrel.readings import Readings
from wordrel.tasks import analogies, held_out, last_word, neighbours, pairs
from wordrel.tasks.base import RESTRICT_VOCAB, Items, Kind, Outcome, Probe, Scope, Task
from wordrel.tasks.files import package_file, read_pairs
from wordrel.tasks.registry import REGISTRY, TaskInfo, explain_unknown

KINDS: dict[str, Kind] = {
    "pairs": pairs.KIND,
    "analogies": analogies.KIND,
    "held_out_loss": held_out.KIND,
    "last_word": last_word.KIND,
    "neighbours": neighbours.KIND,
}


def load_task(name: str) -> Task:
    """A task of the registry, with its items.

    Raises:
        ConfigError: where there is no such task; says which name is nearest.
        DatasetError: where its file is missing, altered or malformed.
    """
    if name not in REGISTRY:
        raise ConfigError([f"tasks: {explain_unknown(name)}"])
    info = REGISTRY[name]
    if not info.path:
        return _task(info, _no_items())
    items = KINDS[info.kind].read(package_file(info))
    if items.n_items != info.n_items:
        raise DatasetError(f"{name}: found {items.n_items} items, expected {info.n_items}")
    return _task(info, items)


def pairs_task(name: str, path: Path) -> Task:
    """The user's own pairs file as a task: word, word, score; see `files.read_pairs`.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    rows, header = read_pairs(path)
    first_line = f"line 1 read as the header {', '.join(header)!r}" if header else "no header"
    info = TaskInfo(
        name=name,
        kind="pairs",
        question="alike",
        description=f"Word pairs with scores from {path.name} ({first_line}).",
        reference="",
        license="not specified",
        bibtex_citation="",
        date="",
        main_score="spearman",
        n_items=len(rows),
    )
    return _task(info, pairs.from_pairs(rows))


def ask(
    task: Task,
    readings: Readings,
    *,
    lowercase: bool,
    probe: Probe | None = None,
    restrict_vocab: int = RESTRICT_VOCAB,
) -> list[Outcome]:
    """Put a task to one trained model: an outcome for each of its views that can answer.

    Args:
        task: what is asked.
        readings: whom.
        lowercase: whether the corpus was lower-cased; the words of items then are, too.
        probe: held-out text, for a task of the question "fit" or "recall".
        restrict_vocab: how many of the most frequent words can answer an analogy.

    Returns:
        Outcomes; a model that has no answer gives one a row of the task, without predictions and
        with a note that says why. A task of the question "agreement" gives none.
    """
    return KINDS[task.kind].answer(task, readings, Scope(lowercase, restrict_vocab, probe))


def covered(
    task: Task, vocab: Vocab, *, lowercase: bool, restrict_vocab: int = RESTRICT_VOCAB
) -> Bool[np.ndarray, " P"]:
    """Which items a vocabulary can answer, before any model is trained on it."""
    return KINDS[task.kind].covered(task.items, vocab, Scope(lowercase, restrict_vocab))


def _task(info: TaskInfo, items: Items) -> Task:
    kind = KINDS[info.kind]
    return Task(
        name=info.name,
        kind=info.kind,
        question=info.question,
        measure=info.main_score,
        better=kind.better,
        items=items,
        digest=_digest(info.kind, kind.version, items),
        info=info,
    )


def _no_items() -> Items:
    return Items((), np.empty(0), np.empty(0, dtype=np.int64), duplicates=0, multiword=0)


def _digest(kind: str, version: int, items: Items) -> str:
    """Content, not names: the same pairs in another file are the same task."""
    content = [kind, version, items.words, items.gold.tolist(), items.cluster.tolist()]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
