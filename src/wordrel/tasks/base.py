"""The currency of tasks: items that are asked, and the outcome of asking one model.

Data classes and the two helpers that every kind of task shares; reads and writes no file.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Readings
from wordrel.tasks.registry import MainScore, Question, Split, TaskInfo

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
        labels: what each item is called in its set (a relation, a section, a category, a split);
            empty where items have no labels.
    """

    words: tuple[tuple[str, ...], ...]
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    duplicates: int
    multiword: int
    labels: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """P; 0 for a task whose items come from the corpus."""
        return len(self.gold)

    def content(self) -> list[Any]:
        """All that decides an answer, as JSON: the same items in another file are the same task."""
        labels = [self.labels] if self.labels else []
        return [self.words, self.gold.tolist(), self.cluster.tolist(), *labels]


@dataclass(frozen=True)
class Sentence:
    """Running text with one of its words in view.

    Attributes:
        words: as written, punctuation included.
        position: place of the word in view, from 0.
    """

    words: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class InText(Items):
    """Items whose words stand in sentences.

    Attributes:
        sentences: one a word of the item, in which that word is in view.
    """

    sentences: tuple[tuple[Sentence, ...], ...] = ()

    def content(self) -> list[Any]:
        """See `Items.content`."""
        texts = [[(s.words, s.position) for s in item] for item in self.sentences]
        return [*super().content(), texts]


@dataclass(frozen=True)
class Token:
    """A word of a parsed sentence; names as in CoNLL-U.

    Attributes:
        form: as written.
        upos: universal part of speech, such as NOUN.
        head: place of its head in the sentence, from 0; -1 for the root.
        deprel: its relation to its head, without subtype, such as nsubj.
    """

    form: str
    upos: str
    head: int
    deprel: str


@dataclass(frozen=True)
class Treebank(Items):
    """Parsed sentences; gold is their number of tokens, each is its own cluster.

    Attributes:
        trees: the sentences, token by token.
    """

    trees: tuple[tuple[Token, ...], ...] = ()

    def content(self) -> list[Any]:
        """See `Items.content`."""
        trees = [[(t.form, t.upos, t.head, t.deprel) for t in tree] for tree in self.trees]
        return [*super().content(), trees]


@dataclass(frozen=True)
class Task:
    """A question with its items.

    Attributes:
        name: as in the config.
        kind: a key of `wordrel.tasks.KINDS`.
        question: which of a model's answers it judges.
        measure: a key of `wordrel.stats.MEASURES`.
        better: which way is good.
        split: "dev" where it may decide which view is the primary one; it then concludes nothing.
        items: what is asked.
        digest: 12 hex digits that name the items and the version of the code that asks them.
        info: where it comes from.
    """

    name: str
    kind: str
    question: Question
    measure: MainScore
    better: Better
    split: Split
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
        detail: whether this row is a part of another one (a section, a relation): it is shown, and
            no models are compared on it.
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
    detail: bool = False


@dataclass(frozen=True)
class Measurement:
    """A number about one model that is no score: nothing says which way is good.

    Attributes:
        task: the task's name.
        view: the view or relation that was read.
        group: what was looked at, such as "NOUN>VERB linked".
        statistic: what was computed, such as "mean" or "share_positive".
        value: the number; NaN where there is nothing to compute it from.
        error: its standard error over independent items (clusters); NaN where it has none.
        n: how many items.
    """

    task: str
    view: str
    group: str
    statistic: str
    value: float
    error: float
    n: int


@runtime_checkable
class PairCounts(Protocol):
    """How often words stand near each other in the training text."""

    def pmi(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """Log p(a, b) / (p(a) p(b)) of each pair of ids; -inf where the two never meet."""
        ...


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
        counts: of pairs in the training text; only `measure` of the question "syntax" needs them.
    """

    lowercase: bool
    restrict_vocab: int = RESTRICT_VOCAB
    probe: Probe | None = None
    counts: PairCounts | None = None


def nothing_to_measure(task: Task, readings: Readings, scope: Scope) -> list[Measurement]:
    """Of a kind that only scores."""
    return []


@dataclass(frozen=True)
class Kind:
    """A way of asking.

    Attributes:
        version: part of each task's digest; raised whenever answers or items can change.
        better: which way is good.
        covered: whether a vocabulary has what each item needs.
        answer: all outcomes of one model.
        measure: what is told of one model besides its outcomes.
    """

    version: int
    better: Better
    covered: Callable[[Items, Vocab, Scope], Bool[np.ndarray, " P"]]
    answer: Callable[[Task, Readings, Scope], list[Outcome]]
    measure: Callable[[Task, Readings, Scope], list[Measurement]] = nothing_to_measure


def all_covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """For tasks whose words are those of the vocabulary."""
    return np.ones(items.n_items, dtype=np.bool_)


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
