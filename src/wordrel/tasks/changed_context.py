"""What hiding a word of a context, or shuffling its words, adds to the loss.

Every target of the test documents becomes a little text of its own, with the words of its whole
context, so that each context can be changed by itself. The loss is that of the study: the full
softmax, calibrated on development documents (see `per_token_loss`). Measured is what a change adds
to it, in nats a target (`added_loss`), and the difference between two changes. Both changes of a
difference are made in the same document, at the same distance on the same side, in contexts of
different targets; each is used once. Errors are clustered by document; with fewer than 20 documents
there is none, and so no interval.

- "determiner" against "other word": a word of that class, or of another one, at most `REACH` away,
  chosen at random; "as frequent": the other word is the most frequent one of its context that is no
  determiner, and the two log counts differ by at most `APART`. Words at distance 1 have rows of
  their own: one of them is the query of a next-word model, and stays the query where it is hidden.
- "largest weight" against "another word": the word to which attention gives the largest weight,
  and a random one of those that have a smaller weight.
- "shuffled": the words of the context in random order. The last word before the target, the query
  of a next-word model, keeps its place there.

Classes are those of `by_class`; a word without a clear class is of neither sort. A target with
fewer than `MIN_CONTEXT` words around it is left out. Targets and changes are the same for every
model of one objective and window, but for the largest weight.

Glossary: N tokens, M tokens of little texts, T targets, P entries (a word in a context), V words, Q
matched pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, Shaped

from wordrel.config.architectures import Objective
from wordrel.corpus.disk import joined_ranges
from wordrel.models.protocols import Hiding, Predictor, Weigher, Windowed
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Scope, Task
from wordrel.tasks.by_class import MIXED, classes_of
from wordrel.tasks.calibration import FIT_TOKENS, Calibration, losses
from wordrel.tasks.clustered import clustered_mean
from wordrel.tasks.matching import log_counts, pairs_within
from wordrel.tasks.order import permuted
from wordrel.tasks.per_token_loss import best_read, log_frequency
from wordrel.tasks.scored_text import ScoredText, evenly, scored_text
from wordrel.tasks.word_pairs import numbered

MAX_TARGETS, MIN_CONTEXT = 4_000, 3
REACH = 5
"""A determiner, or the word that it is compared with, stands at most so far from the target."""
APART = 0.5
"""By how much the log counts of two words may differ that count as equally frequent."""
_SEED = 0

Row = tuple[str, str, float, float, int, int]
"""Group, statistic, value, error, n, documents."""


@dataclass(frozen=True)
class Contexts:
    """Each target with its context as a little text.

    Attributes:
        text: the little texts, one scored word each.
        of: number of the target of each token, [M].
        offset: place of each token less that of its target, [M].
        document: of each target, [T].
    """

    text: ScoredText
    of: Int64[np.ndarray, " M"]
    offset: Int64[np.ndarray, " M"]
    document: Int64[np.ndarray, " T"]

    def one_each(
        self, mask: Bool[np.ndarray, " M"], rank: Float64[np.ndarray, " M"]
    ) -> Int64[np.ndarray, " P"]:
        """Of every target the token of `mask` with the highest rank; none of a target without."""
        order = np.lexsort((rank, self.of))
        order = order[mask[order]]
        last = np.append(np.diff(self.of[order]) > 0, np.ones(min(1, len(order)), dtype=np.bool_))
        return np.asarray(order[last])


def contexts_of(text: ScoredText, predictor: Predictor, window: int) -> Contexts:
    """Of targets spread evenly over a text, as far as the model's window reaches."""
    ends, places = text.ends(predictor.segments), text.places
    segment = np.searchsorted(ends, places, side="right")
    first = np.maximum(np.concatenate([[0], ends[:-1]])[segment], places - window)
    behind = window if predictor.objective == "masked_word" else 0
    last = np.minimum(ends[segment] - 1, places + behind)
    chosen = np.flatnonzero(last - first >= MIN_CONTEXT)
    chosen = chosen[evenly(len(chosen), MAX_TARGETS)]
    sizes = last[chosen] - first[chosen] + 1
    little_ends = np.cumsum(sizes)
    of = np.repeat(np.arange(len(chosen)), sizes)
    where = joined_ranges(first[chosen], sizes)
    offset = where - places[chosen][of]
    little = ScoredText(text.ids[where], little_ends, little_ends, np.flatnonzero(offset == 0))
    return Contexts(little, of, offset, text.document[chosen])


@dataclass(frozen=True)
class Changing:
    """A model, and the contexts that are changed.

    Attributes:
        predictor: of the model.
        calibration: of the predictor.
        contexts: as they are.
        log_u: log frequency of each word, [V].
        before: loss of each target in its context as it is, [T].
    """

    predictor: Hiding
    calibration: Calibration
    contexts: Contexts
    log_u: Float32[np.ndarray, " V"]
    before: Float64[np.ndarray, " T"]

    @classmethod
    def of(
        cls,
        predictor: Hiding,
        calibration: Calibration,
        contexts: Contexts,
        log_u: Float32[np.ndarray, " V"],
    ) -> "Changing":
        """With the losses in contexts as they are."""
        before = losses(predictor, contexts.text, log_u, [calibration])[0]
        return cls(predictor, calibration, contexts, log_u, before)

    def hiding(self, tokens: Int64[np.ndarray, " P"]) -> Float64[np.ndarray, " P"]:
        """What hiding each of these tokens, at most one of a context, adds to the loss there."""
        hidden = np.zeros(len(self.contexts.of), dtype=np.bool_)
        hidden[tokens] = True
        predictor, targets = self.predictor.hiding(hidden), self.contexts.of[tokens]
        after = losses(predictor, self.contexts.text, self.log_u, [self.calibration])[0]
        added: Float64[np.ndarray, " P"] = (after - self.before)[targets]
        return added

    def reordered(self, order: Int64[np.ndarray, " M"]) -> Float64[np.ndarray, " T"]:
        """What other tokens at each place add to the loss."""
        text = replace(self.contexts.text, ids=self.contexts.text.ids[order])
        after = losses(self.predictor, text, self.log_u, [self.calibration])[0]
        return np.asarray(after - self.before)


def measure(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """What changes of contexts add; nothing of a model that reads no window.

    Raises:
        ValueError: where `scope` has no documents.
        TypeError: where the items of the task are no parsed sentences.
    """
    if scope.development is None or scope.test is None:
        raise ValueError(f"{task.name} needs development and test documents, found none in scope")
    kinds = classes_of(task.items, word_model.vocab, scope.lowercase)
    test = scored_text(scope.test, MAX_TARGETS)
    development = scored_text(scope.development, FIT_TOKENS)
    predictors = [predictor for predictor in word_model.predictors if isinstance(predictor, Hiding)]
    predictors = [predictor for predictor in predictors if isinstance(predictor, Windowed)]
    if not predictors or not len(test.places) or not len(development.places):
        return []
    log_u = log_frequency(word_model.vocab)
    read = best_read(predictors, development, log_u)
    predictor = next(predictor for predictor in predictors if predictor is read.predictor)
    assert isinstance(predictor, Windowed)
    contexts = contexts_of(test, predictor, predictor.window)
    if not len(contexts.document):
        return []
    changing = Changing.of(predictor, read.calibration, contexts, log_u)
    counts = log_counts(word_model.vocab, contexts.text.ids)
    rows = [*_determiners(changing, kinds[contexts.text.ids], counts), *_shuffled(changing)]
    if isinstance(predictor, Weigher):
        rows += _most_weighted(changing, predictor)
    return [Measurement(task.name, predictor.name, *row) for row in rows]


def _determiners(
    changing: Changing, kinds: Shaped[np.ndarray, " M"], counts: Float64[np.ndarray, " M"]
) -> Iterator[Row]:
    """Rows of words at two or more from the target, and at one."""
    contexts, rng = changing.contexts, np.random.default_rng(_SEED)
    near = (contexts.offset != 0) & (np.abs(contexts.offset) <= REACH)
    determiner, other = near & (kinds == "DET"), near & (kinds != "DET") & (kinds != MIXED)
    chosen = contexts.one_each(determiner, rng.random(len(near)))
    beside = {
        "other word": contexts.one_each(other, rng.random(len(near))),
        "other word as frequent": contexts.one_each(other, counts),
    }
    added = changing.hiding(chosen)
    for name, others in beside.items():
        alike = counts if "frequent" in name else np.zeros_like(counts)
        added_by_others = changing.hiding(others)
        for place, at_one in (("", False), ("distance 1: ", True)):
            kept, others_kept = (
                (np.abs(contexts.offset[tokens]) == 1) == at_one for tokens in (chosen, others)
            )
            yield from _contrast(
                contexts,
                (f"{place}determiner", chosen[kept], added[kept]),
                (f"{place}{name}", others[others_kept], added_by_others[others_kept]),
                alike,
            )


def _contrast(
    contexts: Contexts,
    first: tuple[str, Int64[np.ndarray, " P"], Float64[np.ndarray, " P"]],
    second: tuple[str, Int64[np.ndarray, " R"], Float64[np.ndarray, " R"]],
    alike: Float64[np.ndarray, " M"],
) -> Iterator[Row]:
    """The difference between two changes, and each of them, over pairs matched in a document.

    Args:
        contexts: that were changed.
        first: name of what was hidden; the tokens, and the loss that hiding each added.
        second: likewise.
        alike: what may differ by `APART`, of each token.
    """
    (name, chosen, added), (other, beside, by_others) = first, second
    tokens = np.concatenate([chosen, beside])
    number = contexts.document[contexts.of[tokens]]
    group = numbered(number, contexts.offset[tokens])
    mine = np.arange(len(tokens)) < len(chosen)
    matched = pairs_within(mine, ~mine, group, alike[tokens][:, None], APART)
    added_losses = np.concatenate([added, by_others])[matched]
    cluster = number[matched[:, 0]]
    for what, values in (
        (f"{name} minus {other}", added_losses[:, 0] - added_losses[:, 1]),
        (f"{name}, beside {other}", added_losses[:, 0]),
        (f"{other}, beside {name}", added_losses[:, 1]),
    ):
        row = clustered_mean(values, cluster)
        if len(values):
            yield what, "added_loss", *row


def _most_weighted(changing: Changing, context: Weigher) -> Iterator[Row]:
    """The word with the largest weight against another one of a smaller weight."""
    contexts, text = changing.contexts, changing.contexts.text
    weight = weights_of(context, changing.predictor.objective, text)
    seen, rng = ~np.isnan(weight), np.random.default_rng(_SEED)
    top = contexts.one_each(seen, weight)
    largest = np.full(len(contexts.document), np.nan)
    largest[contexts.of[top]] = weight[top]
    smaller = seen & (weight < largest[contexts.of])
    top = top[np.isin(contexts.of[top], contexts.of[smaller])]  # where some weight is smaller
    beside = contexts.one_each(smaller, rng.random(len(weight)))
    yield from _contrast(
        contexts,
        ("largest weight", top, changing.hiding(top)),
        ("another word", beside, changing.hiding(beside)),
        np.zeros(len(weight)),
    )


def weights_of(
    context: Weigher, objective: Objective, text: ScoredText
) -> Float64[np.ndarray, " M"]:
    """The weight of each token for the target of its little text; NaN of those not weighed."""
    weighed = context.weights(text.ids, text.sentence_ends)
    # For the next word the state of a place predicts the place behind it.
    target = weighed.state + (1 if objective == "next_word" else 0)
    mine = np.isin(target, text.places)
    weights: Float64[np.ndarray, " M"] = np.full(len(text.ids), np.nan)
    weights[(target + weighed.offset)[mine]] = weighed.weight[mine]
    return weights


def _shuffled(changing: Changing) -> Iterator[Row]:
    """All words of a context change places but the query."""
    contexts = changing.contexts
    fixed = (0, -1) if changing.predictor.objective == "next_word" else (0,)
    moving, rng = ~np.isin(contexts.offset, fixed), np.random.default_rng(_SEED)
    order = permuted(contexts.of, moving, rng)
    row = clustered_mean(changing.reordered(order), contexts.document)
    yield "shuffled", "added_loss", *row


KIND = Kind(version=2, better="lower", measure=measure)
