"""The currency of tasks: items that are asked, and the outcome of asking one model.

Data classes and the two helpers that every kind of task shares; reads and writes no file.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.readings import Readings
from wordrel.tasks.registry import TaskInfo

Better = Literal["higher", "lower"]
RESTRICT_VOCAB = 30_000
"""Analogies and neighbours are searched among this many most frequent words, as is usual."""


@dataclass(frozen=True)
class Items:
    """What is asked, as it stands in the file; nothing is dropped.

    Attributes:
        words: the words of each item, as written: 2 for a pair, 4 for an analogy; empty where
            items are not words.
        gold: what the right answer is worth, shape [P].
        cluster: items that are no independent evidence share a number, shape [P].
        duplicates: items that stood in the file before (a pair also in the other order).
        multiword: items with a word of several words (white space or underscore).
    """

    words: tuple[tuple[str, ...], ...]
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    duplicates: int
    multiword: int

    @property
    def n_items(self) -> int:
        """P; 0 for a task whose items come from the corpus."""
        return len(self.gold)


@dataclass(frozen=True)
class Task:
    """A question with its items.

    Attributes:
        name: as in the config.
        kind: a key of `wordrel.tasks.KINDS`.
        question: "alike", "fit", "recall" or "agreement".
        measure: a key of `wordrel.stats.MEASURES`.
        better: which way is good.
        items: what is asked.
        digest: 12 hex digits that name the items and the version of the code that asks them.
        info: where it comes from.
    """

    name: str
    kind: str
    question: str
    measure: str
    better: Better
    items: Items
    digest: str
    info: TaskInfo


@dataclass(frozen=True)
class Outcome:
    """The answers of one model, in one view, to every item of one row of the result.

    Attributes:
        task: the row's name: the task's, or `task.variant`.
        measure: a key of `wordrel.stats.MEASURES`.
        view: the space that answered; empty where none did.
        primary: whether this view was fixed beforehand as the headline.
        gold: shape [P].
        predicted: shape [P]; NaN where the model has no answer.
        covered: whether the vocabulary has what the item needs, shape [P].
        cluster: shape [P], see `Items`.
        chance: the measure's value for a model that knows nothing.
        better: which way is good.
        note: why answers are missing; empty where none is.
    """

    task: str
    measure: str
    view: str
    primary: bool
    gold: Float64[np.ndarray, " P"]
    predicted: Float64[np.ndarray, " P"]
    covered: Bool[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    chance: float
    better: Better
    note: str


@dataclass(frozen=True)
class Probe:
    """Running text that no model was trained on.

    Attributes:
        ids: the N held-out token ids.
        ends: the S exclusive sentence ends, the last N.
        max_tokens: whole sentences, spread evenly, are taken up to this many tokens.
    """

    ids: Int64[np.ndarray, " N"]
    ends: Int64[np.ndarray, " S"]
    max_tokens: int = 20_000


@dataclass(frozen=True)
class Scope:
    """How a task is put to every model of a study.

    Attributes:
        lowercase: whether the corpus was lower-cased; the words of items then are, too.
        restrict_vocab: how many of the most frequent words can be an answer.
        probe: the held-out text; only tasks of the questions "fit" and "recall" need it.
    """

    lowercase: bool
    restrict_vocab: int = RESTRICT_VOCAB
    probe: Probe | None = None


@dataclass(frozen=True)
class Kind:
    """A way of asking.

    Attributes:
        version: part of each task's digest; raised whenever answers or items can change.
        better: which way is good.
        read: a file -> its items; for kinds without a file, never called.
        covered: whether a vocabulary has what each item needs.
        answer: all outcomes of one model.
    """

    version: int
    better: Better
    read: Callable[[Path], Items]
    covered: Callable[[Items, Vocab, Scope], Bool[np.ndarray, " P"]]
    answer: Callable[[Task, Readings, Scope], list[Outcome]]


def word_ids(items: Items, vocab: Vocab, lowercase: bool) -> Int64[np.ndarray, "P W"]:
    """One row an item, one column a word of it; -1 where the vocabulary lacks the word."""
    flat = vocab.ids(w.lower() if lowercase else w for words in items.words for w in words)
    return flat.reshape(items.n_items, -1)


def unanswered(task: Task, covered: Bool[np.ndarray, " P"], chance: float) -> Outcome:
    """The outcome of a model that says nothing: a form that kinds fill in with `replace`."""
    items = task.items
    nothing = np.full(items.n_items, np.nan)
    note = "" if covered.any() else _nothing_covered(items.n_items)
    return Outcome(
        task=task.name,
        measure=task.measure,
        view="",
        primary=True,
        gold=items.gold,
        predicted=nothing,
        covered=covered,
        cluster=items.cluster,
        chance=chance,
        better=task.better,
        note=note,
    )


def _nothing_covered(n_items: int) -> str:
    return (
        f"the vocabulary covers none of the {n_items} items: "
        "a larger corpus or a smaller corpus.min_count would"
    )


def reason(readings: Readings, *questions: str) -> str:
    """Why the model has no answer to the first of `questions` that it explains."""
    for question in questions:
        if question in readings.unavailable:
            return readings.unavailable[question]
    return f"the model has no answer to the question {questions[0]!r} and does not say why"


def without_vector(answered: Bool[np.ndarray, " P"], covered: Bool[np.ndarray, " P"]) -> str:
    """A note on the items whose words are known but have no direction in this view."""
    n = int((covered & ~answered).sum())
    return f"{n} covered items have a word whose vector is zero or not finite" if n else ""


def number(keys: Iterable[object]) -> Int64[np.ndarray, " P"]:
    """The same number for the same key, counting from 0 in order of first appearance."""
    seen: dict[object, int] = {}
    return np.fromiter((seen.setdefault(key, len(seen)) for key in keys), dtype=np.int64)
