"""What every kind of task shares: data classes of tasks, predictions and measurements."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus import Split as Documents
from wordrel.corpus.vocab import Vocab
from wordrel.models.relations import QUERY_KEY
from wordrel.models.word_model import WordModel
from wordrel.tasks.items import Items, word_ids
from wordrel.tasks.registry import MainScore, Question, Split, TaskInfo

MIN_COVERED, MIN_COVERAGE = 30, 0.05
"""A set of words with fewer covered items, or a smaller covered share, is not evaluated: its score
would depend more on which words are common than on the model."""
MORE_TEXT = ": a larger corpus or a smaller corpora.N.min_count may cover some"
"""The cure in the note on a set without covered items, where a text can have its words."""
Better = Literal["higher", "lower"]
Space = TypeVar("Space")
"""An embedding or a relation of a model."""
RESTRICT_VOCAB = 30_000
"""Analogies and neighbours are searched among this many most frequent words, as is usual."""


@dataclass(frozen=True)
class Task:
    """A question with its items.

    Attributes:
        name: as in the config.
        kind: a key of `wordrel.tasks.KINDS`.
        question: which of a model's answers it judges.
        measure: a key of `wordrel.stats.MEASURES`.
        better: which way is good.
        split: "dev" where it may choose the selected embedding; no conclusion is drawn from it.
        items: what models are evaluated on.
        digest: 12 hex digits of the items and the version of the code that evaluates them.
        info: where it comes from.
        header: the first line of a user's file, where it was taken for the names of the columns.
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
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Predictions:
    """The answers of one model, in one embedding, to every item of one row of the result.

    Attributes:
        task: the row's name: the task's, or `task.variant`.
        measure: a key of `wordrel.stats.MEASURES`.
        embedding: the embedding or relation that was evaluated; empty where there is none.
        selected: whether this embedding was fixed beforehand as the headline.
        detail: whether this row is a part of another one (a section, a relation): it is shown, but
            not used to compare models.
        gold: shape [P].
        predicted: shape [P]; NaN where the model has no answer.
        covered: whether the vocabulary has what the item needs, shape [P].
        cluster: shape [P], see `wordrel.tasks.items.Items`.
        chance: the measure's value for a trivial baseline.
        better: which way is good.
        note: why answers are missing; empty where none is.
    """

    task: str
    measure: str
    embedding: str
    selected: bool
    gold: Float64[np.ndarray, " P"]
    predicted: Float64[np.ndarray, " P"]
    covered: Bool[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    chance: float
    better: Better
    note: str
    detail: bool = False

    def part(self, task: str, mask: Bool[np.ndarray, " P"]) -> "Predictions":
        """Some of the items as a row of their own."""
        return replace(
            self,
            task=task,
            gold=self.gold[mask],
            predicted=self.predicted[mask],
            covered=self.covered[mask],
            cluster=self.cluster[mask],
        )

    def noted(self, *notes: str) -> "Predictions":
        """With these notes behind its own, the empty ones left out."""
        return replace(self, note="; ".join(filter(None, (self.note, *notes))))

    def filled(self, answers: Float64[np.ndarray, " Q"], lacking: str) -> "Predictions":
        """With the answers to the Q covered items.

        Args:
            answers: NaN where there is none.
            lacking: the note on those without one, with {} for how many they are.
        """
        predicted = np.full(len(self.gold), np.nan)
        predicted[self.covered] = answers
        n = int(np.isnan(answers).sum())
        return replace(self, predicted=predicted).noted(lacking.format(n) if n else "")

    def screened(self) -> "Predictions":
        """The same where enough items are covered to score; else without answers, and why."""
        n, of = int(self.covered.sum()), len(self.covered)
        if self.note and not n:
            return self
        why = []
        if self.measure == "spearman" and len({*self.gold[self.covered].tolist()}) == 1:
            same = f"all scores of the {n} covered items are equal: there is no order to compare"
            why.append("one item has no order" if n == 1 else same)
        if n < max(MIN_COVERED, MIN_COVERAGE * of):
            needed = f"expected {MIN_COVERED} at least, and {MIN_COVERAGE:.0%}"
            why.append(f"the vocabulary covers {n} of {of} items, {needed}")
        if not why:
            return self
        nothing = np.full(len(self.predicted), np.nan)
        return replace(self, predicted=nothing).noted(f"not asked: {'; '.join(why)}")


@dataclass(frozen=True)
class Measurement:
    """A number about one model that is no score: neither direction is better.

    Attributes:
        task: the task's name.
        embedding: the embedding or relation that was measured.
        group: the part that was measured, such as "NOUN>VERB linked".
        statistic: what was computed, such as "mean" or "share_positive".
        value: the number; NaN where there is nothing to compute it from.
        error: its standard error over independent items (clusters); NaN where it has none.
        n: how many items.
        clusters: how many of them are independent evidence; None where all are taken so.
    """

    task: str
    embedding: str
    group: str
    statistic: str
    value: float
    error: float
    n: int
    clusters: int | None = None


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
    """How a task is evaluated on every model of a study.

    Attributes:
        lowercase: whether the corpus was lower-cased; the words of items then are, too.
        restrict_vocab: how many of the most frequent words can be an answer.
        probe: the held-out text; only tasks of the questions "fit" and "recall" need it.
        counts: of pairs in the training text; only `measure` of the question "syntax" needs them.
        development: documents on which a model may be calibrated; test: those that it is judged
            on. Only a task on whole documents needs them.
        train: what models were trained on; only n-gram rules are counted there.
    """

    lowercase: bool
    restrict_vocab: int = RESTRICT_VOCAB
    probe: Probe | None = None
    counts: PairCounts | None = None
    development: Documents | None = None
    test: Documents | None = None
    train: Documents | None = None


def nothing_to_answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """No predictions, of a kind that only measures."""
    return []


def nothing_to_measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """No measurements, of a kind that only scores."""
    return []


def all_covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """For tasks whose words are those of the vocabulary."""
    return np.ones(items.n_items, dtype=np.bool_)


def words_known(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Items of which the vocabulary has every word."""
    known: Bool[np.ndarray, " P"] = np.all(word_ids(items, vocab, scope.lowercase) >= 0, axis=1)
    return known


@dataclass(frozen=True)
class Kind:
    """A way to evaluate a model.

    Attributes:
        version: part of each task's digest; raised whenever answers or items can change.
        better: which way is good.
        covered: whether a vocabulary has what each item needs.
        answer: all outcomes of one model.
        measure: all measurements of one model, besides its outcomes.
        answer_and_measure: both at once, for a kind that computes them together.
    """

    version: int
    better: Better
    covered: Callable[[Items, Vocab, Scope], Bool[np.ndarray, " P"]] = all_covered
    answer: Callable[[Task, WordModel, Scope], list[Predictions]] = nothing_to_answer
    measure: Callable[[Task, WordModel, Scope], list[Measurement]] = nothing_to_measure
    answer_and_measure: (
        Callable[[Task, WordModel, Scope], tuple[list[Predictions], list[Measurement]]] | None
    ) = None

    def ask(
        self, task: Task, word_model: WordModel, scope: Scope
    ) -> tuple[list[Predictions], list[Measurement]]:
        """The outcomes and measurements of one model."""
        if self.answer_and_measure is not None:
            return self.answer_and_measure(task, word_model, scope)
        return self.answer(task, word_model, scope), self.measure(task, word_model, scope)


def unanswered(task: Task, covered: Bool[np.ndarray, " P"], chance: float) -> Predictions:
    """An outcome without predictions: a template that kinds fill in with `replace`."""
    items = task.items
    nothing = np.full(items.n_items, np.nan)
    nothing_covered = f"the vocabulary covers none of the {items.n_items} items{MORE_TEXT}"
    return Predictions(
        task=task.name,
        measure=task.measure,
        embedding="",
        selected=True,
        gold=items.gold,
        predicted=nothing,
        covered=covered,
        cluster=items.cluster,
        chance=chance,
        better=task.better,
        note="" if covered.any() else nothing_covered,
    )


def reason(word_model: WordModel, *questions: str) -> str:
    """Why the model has no answer: its note on the first of `questions` that has one."""
    for question in questions:
        if question in word_model.unavailable:
            return word_model.unavailable[question]
    return f"the model has no answer to the question {questions[0]!r} and does not say why"


QUERY_KEY_ROW = "query_key"
"""The end of the name of a row of the lift of query and key; see `with_query_key`."""
NO_VECTOR = "{} covered items have a word whose vector is zero or not finite"
"""The note on items of known words without a direction there; see `Predictions.filled`."""


def with_query_key(outcomes: list[Predictions]) -> list[Predictions]:
    """The outcomes, and that of the lift of query and key once more, as a row of its own.

    A model has one selected relation a row. Its relation to output words and its lift of query
    and key are two answers. The second is selected in the row `TASK.query_key`, which compares the
    models that have queries.
    """
    of_query_key = [outcome for outcome in outcomes if outcome.embedding == QUERY_KEY]
    return outcomes + [
        replace(outcome, task=f"{outcome.task}.{QUERY_KEY_ROW}", selected=True)
        for outcome in of_query_key
    ]


def in_each(
    template: Predictions, word_model: WordModel, question: str, spaces: Mapping[str, Space]
) -> Iterator[tuple[Predictions, Space]]:
    """Each embedding or relation of `spaces`, with its template, yet to be filled in.

    The one that is selected for the question is marked.
    """
    for name, space in spaces.items():
        yield (
            replace(template, embedding=name, selected=name == word_model.selected.get(question)),
            space,
        )
