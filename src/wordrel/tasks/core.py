"""The tasks by name: load one, ask a model, and say what a vocabulary covers.

Reads the files of data sets where they lie, and the user's own; writes nothing.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from wordrel.corpus.vocab import Vocab
from wordrel.errors import ConfigError, DatasetError
from wordrel.models.readings import Readings
from wordrel.tasks import (
    analogies,
    by_class,
    calibrated,
    categories,
    directed,
    held_out,
    in_context,
    labelled,
    last_word,
    learned,
    neighbours,
    order,
    pairs,
    parts_of_speech,
    roles,
    sense_shift,
    syntax,
)
from wordrel.tasks.base import RESTRICT_VOCAB, Items, Kind, Outcome, Probe, Scope, Task
from wordrel.tasks.fetch import find_files
from wordrel.tasks.own import OwnSet, read_own
from wordrel.tasks.readers import READERS
from wordrel.tasks.registry import REGISTRY, KindName, TaskInfo, explain_unknown

KINDS: dict[str, Kind] = {
    "pairs": pairs.KIND,
    "analogies": analogies.KIND,
    "categories": categories.KIND,
    "directed_pairs": directed.DIRECTED,
    "direction": directed.DIRECTION,
    "labelled_pairs": labelled.KIND,
    "syntax": syntax.KIND,
    "parts_of_speech": parts_of_speech.KIND,
    "context_pairs": in_context.CONTEXT_PAIRS,
    "same_sense": in_context.SAME_SENSE,
    "sense_shift": sense_shift.KIND,
    "held_out_loss": held_out.KIND,
    "calibrated_loss": calibrated.KIND,
    "held_out_by_class": by_class.KIND,
    "roles": roles.KIND,
    "order": order.KIND,
    "learned": learned.KIND,
    "last_word": last_word.KIND,
    "neighbours": neighbours.KIND,
}


def load_task(name: str, cache: Path | None = None) -> Task:
    """A task of the registry, with its items.

    Args:
        name: of the task.
        cache: below which downloaded data sets are; default: the user's cache.

    Raises:
        ConfigError: where there is no such task; says which name is nearest.
        MissingDatasetError: where its data set is not on this machine; says how to get it.
        DatasetError: where a file of it is altered or malformed.
    """
    if name not in REGISTRY:
        raise ConfigError([f"tasks: {explain_unknown(name)}"])
    info = REGISTRY[name]
    items = READERS[info.reader](find_files(info, cache))
    if info.n_items is not None and items.n_items != info.n_items:
        raise DatasetError(f"{name}: found {items.n_items} items, expected {info.n_items}")
    return _task(info, items)


def own_task(config: OwnSet) -> Task:
    """The user's own set as a task.

    Args:
        config: its settings: kind, name, path, and `against` for pairs with labels.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    own = read_own(config)
    return _task(own.info, own.items)


def pairs_task(name: str, path: Path) -> Task:
    """The user's own pairs file as a task: word, word, score; see `files.read_pairs`.

    Raises:
        DatasetError: with file, line, found and expected of everything that is wrong.
    """
    return own_task(_PairsFile(name, path))


@dataclass(frozen=True)
class _PairsFile:
    name: str
    path: Path
    kind: KindName = "pairs"


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
        split=info.split,
        items=items,
        digest=_digest(info.kind, kind.version, items),
        info=info,
    )


def _digest(kind: str, version: int, items: Items) -> str:
    """Content, not names: the same pairs in another file are the same task."""
    content = [kind, version, *items.content()]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
