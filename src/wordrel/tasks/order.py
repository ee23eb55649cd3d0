"""Order: does the state that predicts a word depend on the order of the words in its context?

"Attention does not care about order" is a claim about one sum: softmax weights ignore positions.
But the query is a word at a position, and relative positions or a residual add order. Every
target becomes a short sentence of its own, with the words of its window. So exchanging words inside
never changes which words are in the window. The state is read before and after

- "others permuted": its context in random order, but for the word before the target, which is the
  query of a next-word model;
- "two words exchanged": the two of these that are furthest apart;
- "asking word exchanged": the word before the target and the context word furthest from it;
- "all permuted": the whole context in random order.

Measured are the mean of |y - y'| / |y| (`moved`: 0 where order does not matter), the share of
targets with less than `SAME` of it (`unmoved`), and the loss added in nats (`added_loss`).
Targets are the same and change in the same ways for every model of one objective and window; one
with fewer than `MIN_CONTEXT` words around it is left out. Errors are clustered by sentence.

The group "mary gave roses to susan" is one pair of sentences, this one and "susan gave roses to
mary": `moved` and `cosine` of the two states that predict "gave" (masked word) or what follows the
last word (next word); left out where a word is unknown, or the window does not hold the sentence.

Glossary: N tokens, S sentences, M tokens of little sentences, T targets (one each), V words.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from wordrel.config.architectures import Objective
from wordrel.corpus.disk import joined_ranges
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Contextualizer, Windowed
from wordrel.models.word_model import WordModel
from wordrel.stats.ranks import quotient
from wordrel.tasks.base import Kind, Measurement, Scope, Task
from wordrel.tasks.clustered import clustered_mean
from wordrel.tasks.held_out import Text, surprises, text_of
from wordrel.tasks.scored_text import evenly

MAX_TARGETS, MIN_CONTEXT = 2_000, 3
SAME = 1e-5
"""Share of a state's length that summing the same numbers in another order may change."""
EXAMPLE = "mary gave roses to susan"
_SEED = 0

Row = tuple[str, str, float, float, int, int | None]
"""Group, statistic, value, error, n and clusters."""


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """How far states move; nothing of a model without states or a known window.

    Raises:
        ValueError: where `scope` has no probe.
    """
    text = text_of(task, scope)
    context = word_model.context
    if context is None or not isinstance(context, Windowed):
        return []
    small = little_sentences(text, context.window, context.objective)
    try:
        rows = [*_moves(context, small, len(word_model.vocab))]
        if context.window >= len(EXAMPLE.split()):
            rows += _example(context, word_model.vocab, scope.lowercase)
    except NotAvailableError:
        return []
    return [Measurement(task.name, "context", *row) for row in rows]


@dataclass(frozen=True)
class Little:
    """A sentence for each target: itself and the words of its context, in their order.

    Attributes:
        ids: of all their tokens, [M].
        of: number of the little sentence of each, rising, [M].
        offset: place of each token less that of its target, [M].
        cluster: number of the sentence that each target is from, [T].
        objective: decides the sides of the context, and the place of the state.
    """

    ids: Int64[np.ndarray, " M"]
    of: Int64[np.ndarray, " M"]
    offset: Int64[np.ndarray, " M"]
    cluster: Int64[np.ndarray, " T"]
    objective: Objective

    @property
    def words(self) -> Int64[np.ndarray, " T"]:
        """The word that each state is to predict."""
        words: Int64[np.ndarray, " T"] = self.ids[self.offset == 0]
        return words

    def states(
        self, context: Contextualizer, order: Int64[np.ndarray, " M"] | None = None
    ) -> Float32[np.ndarray, "T D"]:
        """The state that predicts each target, from its whole context, in another order of it."""
        ids = self.ids if order is None else self.ids[order]
        ends = np.searchsorted(self.of, np.arange(len(self.cluster)), side="right")
        # For the next word, y of a place predicts the place behind it; for a masked word, its own.
        place = -1 if self.objective == "next_word" else 0
        y: Float32[np.ndarray, "T D"] = context.contextual(ids, ends)[self.offset == place]
        return y

    def orders(self) -> Iterator[tuple[str, Int64[np.ndarray, " M"]]]:
        """Group -> which token stands at each place; the same each time."""
        rng = np.random.default_rng(_SEED)
        before, others = self.offset == -1, ~np.isin(self.offset, (-1, 0))
        yield "others permuted", permuted(self.of, others, rng)
        yield "two words exchanged", self._exchanged(*self._ends(others))
        yield "asking word exchanged", self._exchanged(np.flatnonzero(before), self._far(others))
        yield "all permuted", permuted(self.of, before | others, rng)

    def _exchanged(
        self, first: Int64[np.ndarray, " T"], second: Int64[np.ndarray, " T"]
    ) -> Int64[np.ndarray, " M"]:
        order = np.arange(len(self.ids))
        order[first], order[second] = second, first
        return order

    def _ends(
        self, mask: Bool[np.ndarray, " M"]
    ) -> tuple[Int64[np.ndarray, " T"], Int64[np.ndarray, " T"]]:
        """The first and the last of some tokens in each little sentence."""
        places, numbers = np.flatnonzero(mask), np.arange(len(self.cluster))
        of = self.of[places]
        first = places[np.searchsorted(of, numbers)]
        return first, places[np.searchsorted(of, numbers, side="right") - 1]

    def _far(self, others: Bool[np.ndarray, " M"]) -> Int64[np.ndarray, " T"]:
        """The token furthest from the word before the target; of two, the first."""
        first, last = self._ends(others)
        return np.where(-1 - self.offset[first] >= self.offset[last] + 1, first, last)


def permuted(
    of: Int64[np.ndarray, " M"], moving: Bool[np.ndarray, " M"], rng: np.random.Generator
) -> Int64[np.ndarray, " M"]:
    """Which token stands at each place once some tokens are in random order inside their sentence.

    Args:
        of: number of the sentence of each token.
        moving: those that move.
        rng: draws a number for each of them.
    """
    places, order = np.flatnonzero(moving), np.arange(len(of))
    order[places] = places[np.lexsort((rng.random(len(places)), of[places]))]
    return order


def little_sentences(text: Text, window: int, objective: Objective) -> Little:
    """Of targets spread evenly over a text."""
    sentence, places = text.sentence, np.arange(len(text.ids))
    ends = text.ends[sentence]
    starts = ends - text.lengths[sentence]
    first = np.maximum(starts, places - window)
    last = np.minimum(ends - 1, places + (window if objective == "masked_word" else 0))
    targets = np.flatnonzero((places > starts) & (last - first >= MIN_CONTEXT))
    targets = targets[evenly(len(targets), MAX_TARGETS)]
    sizes = last[targets] - first[targets] + 1
    of = np.repeat(np.arange(len(targets)), sizes)
    where = joined_ranges(first[targets], sizes)
    return Little(text.ids[where], of, where - targets[of], sentence[targets], objective)


def _moves(context: Contextualizer, small: Little, n_words: int) -> Iterator[Row]:
    if not len(small.cluster):
        return
    y = small.states(context)
    loss = surprises(context, y, small.words, n_words)
    for group, order in small.orders():
        other = small.states(context, order)
        far = moved(y, other)
        unmoved = np.where(np.isfinite(far), far < SAME, np.nan)
        added = surprises(context, other, small.words, n_words) - loss
        for statistic, values in (("moved", far), ("unmoved", unmoved), ("added_loss", added)):
            yield group, statistic, *clustered_mean(values, small.cluster)


def moved(
    y: Float32[np.ndarray, "T D"], other: Float32[np.ndarray, "T D"]
) -> Float64[np.ndarray, " T"]:
    """|y - y'| / |y|; NaN where y is zero."""
    length = np.linalg.norm(y.astype(np.float64), axis=1)
    far = np.linalg.norm(y.astype(np.float64) - other, axis=1)
    return quotient(far, length)


def _example(context: Contextualizer, vocab: Vocab, lowercase: bool) -> Iterator[Row]:
    """The example before and after its first and last word change places."""
    words = EXAMPLE.split()
    if not lowercase:
        words[0], words[-1] = words[0].title(), words[-1].title()
    ids = vocab.ids(words)
    if (ids < 0).any():
        return
    place = 1 if context.objective == "masked_word" else len(ids) - 1
    turned = np.concatenate([ids[-1:], ids[1:-1], ids[:1]])
    y, other = (context.contextual(words, np.array([len(ids)]))[[place]] for words in (ids, turned))
    lengths = np.linalg.norm(y) * np.linalg.norm(other)
    cosine = float((y @ other.T).item() / lengths) if lengths else float("nan")
    yield EXAMPLE, "moved", float(moved(y, other)[0]), float("nan"), 1, None
    yield EXAMPLE, "cosine", cosine, float("nan"), 1, None


KIND = Kind(version=2, better="lower", measure=measure)
