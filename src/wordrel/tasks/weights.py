"""The weights of a model: on how many words, on which words and at which offsets.

Two kinds, both of which measure and do not score.

`ROLES`. Attention is called a soft dictionary: a query gets the values of all keys, each weighted
by its match. And query and key are called different roles of one vector. Measured are

- embedding "attention", "asking NOUN" and so on, "asking any": the mean of exp(entropy of the
  weights) over the contexts at such words (`effective_keys`: 1 where one key takes all, n where all
  n are alike), and of its share of the n keys (`effective_share`); contexts of one key are left
  out;
- embedding "attention", "attended NOUN" and so on: the mean of a word's weight times the number of
  keys in that context (`relative_weight`: 1 is what the mean gives to each);
- embedding "exchanged": the loss added, in nats a target, when the trained model's query and key
  exchange their roles (`added_loss`); nothing of a model without a word as query.

Weights are those behind `contextual`: whole windows of held-out sentences. The query is the word
itself in a next-word model (the last of a sentence, too). In a masked-word model it is the place of
the word, which is hidden. Classes are those of `by_class`; one with fewer than `MIN_ENTRIES` items
makes no row. Errors are clustered by sentence.

`LEARNED`. Word2vec's CBOW weighs all words of a window alike; what attention learned instead is
measured in

- embedding "relative_position": the learned score of each place ("-5" to "+5", those that the
  objective uses), less the mean over them (`score`, before the softmax, so that e^score is a
  factor);
- embedding "per_word_weight": where one learned vector is the query for all words, the mean score
  of the words of each tenth of the vocabulary ("frequency 1/10" are the most frequent ones), less
  the mean over all words (`score`; its error is the standard error over words);
- embedding "attention", of every model that exposes its weights, in held-out sentences: the mean
  weight of each offset in contexts that fill the window (`mean_weight`), and of the words of each
  tenth of the vocabulary the weight times the number of keys in that context (`relative_weight`: 1
  is what the mean gives to each);
- there too, "all contexts": the effective number of keys and its share, as in `ROLES`;
- there too, "itself": the weight of the query word on itself (`mean_weight`), of a next-word model
  whose context holds that word. Errors are clustered by sentence.

An offset is the place of a word less that of the word that is predicted.

With several heads a weight is the mean over them.

Glossary: N tokens, S sentences, P entries (a word in a context) or other items, V words, W the
window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped
from scipy.special import entr

from wordrel.config.architectures import Objective
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Exchangeable, Weighed, Weigher
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Measurement, Scope, Task
from wordrel.tasks.by_class import classes_of
from wordrel.tasks.clustered import Measured, clustered_mean, clustered_means
from wordrel.tasks.held_out import Text, target_losses, text_of
from wordrel.tasks.word_pairs import coded

MAX_TOKENS = 6_000
"""Of the sentences in which query and key are exchanged: each target costs two full softmaxes."""
MIN_ENTRIES = 30
"""A class with fewer contexts, or entries in contexts, makes no row."""

TENTHS = 10

_Row = tuple[str, str, str, float, float, int, int | None]
"""Embedding, group, statistic, value, error, n and clusters."""


@dataclass(frozen=True)
class TextWeights:
    """The weights in a text, and the sentences they are from.

    Attributes:
        entries: the weights, an entry each time a word stands in a context.
        sentence: number of the sentence of each token, [N].
    """

    entries: Weighed
    sentence: Int64[np.ndarray, " N"]

    @cached_property
    def keys(self) -> Int64[np.ndarray, " N"]:
        """How many words stand in the context of each state; 0 where there is none."""
        return np.bincount(self.entries.state, minlength=len(self.sentence)).astype(np.int64)

    @cached_property
    def relative(self) -> Float64[np.ndarray, " P"]:
        """Weight of each entry times the number of keys of its state: 1 is as the mean weighs."""
        weight = self.entries.weight.astype(np.float64)
        relative: Float64[np.ndarray, " P"] = weight * self.keys[self.entries.state]
        return relative

    @cached_property
    def effective_keys(self) -> Float64[np.ndarray, " N"]:
        """exp(entropy of the weights) of each state: 1 is one word, `keys` all alike.

        1 of a state without context, too. The perplexity of the weights; Jost 2006 calls it the
        effective number.
        """
        of_entries = entr(self.entries.weight.astype(np.float64))
        entropy = np.bincount(self.entries.state, of_entries, minlength=len(self.sentence))
        return np.exp(entropy)

    @property
    def cluster(self) -> Int64[np.ndarray, " P"]:
        """The sentence of each entry."""
        sentence: Int64[np.ndarray, " P"] = self.sentence[self.entries.state]
        return sentence


def text_weights(context: Weigher, text: Text) -> TextWeights:
    """The weights in a text, each context a whole window."""
    return TextWeights(context.weights(text.ids, text.ends), text.sentence)


def measure_roles(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """The measurements of a model; none of one that reads no text.

    Raises:
        ValueError: where `scope` has no probe.
        TypeError: where the items of the task are no parsed sentences.
    """
    kinds = classes_of(task.items, word_model.vocab, scope.lowercase)
    text = text_of(task, scope)
    rows, context = list[_Row](), word_model.context
    try:
        if isinstance(context, Weigher):
            weights = text_weights(context, text)
            rows += [*_by_query_class(weights, kinds[text.ids]), *_by_key_class(weights, kinds)]
        if isinstance(context, Exchangeable):
            fewer = text_of(task, scope, MAX_TOKENS)
            rows += _exchanged(context, fewer, len(word_model.vocab))
    except NotAvailableError:
        return []
    return [Measurement(task.name, *row) for row in rows]


def _by_query_class(weights: TextWeights, kinds: Shaped[np.ndarray, " N"]) -> Iterator[_Row]:
    """How many keys count, by the class of the word at whose place the context is weighed."""
    for statistic, values, places in _effective(weights):
        sentence = weights.sentence[places]
        whole = clustered_mean(values, sentence)
        if whole.n:
            yield "attention", "asking any", statistic, *whole
        for name, row in _by_name(values, kinds[places], sentence):
            yield "attention", f"asking {name}", statistic, *row


def _effective(
    weights: TextWeights,
) -> Iterator[tuple[str, Float64[np.ndarray, " P"], Int64[np.ndarray, " P"]]]:
    """The effective number of keys of each context of two or more, and its share of them."""
    places = np.flatnonzero(weights.keys >= 2)
    effective = weights.effective_keys[places]
    yield "effective_keys", effective, places
    yield "effective_share", effective / weights.keys[places], places


def _by_key_class(weights: TextWeights, kinds: Shaped[np.ndarray, " V"]) -> Iterator[_Row]:
    """The weight of each class, relative to that in a mean of the context."""
    attended = kinds[weights.entries.attended]
    for name, row in _by_name(weights.relative, attended, weights.cluster):
        yield "attention", f"attended {name}", "relative_weight", *row


def _by_name(
    values: Float64[np.ndarray, " P"],
    names: Shaped[np.ndarray, " P"],
    cluster: Int64[np.ndarray, " P"],
) -> Iterator[tuple[str, Measured]]:
    """Each name that has enough items, with its mean."""
    distinct = np.unique(names)
    means = clustered_means(values, coded(names), cluster, len(distinct))
    for name, row in zip(distinct.tolist(), means.rows(), strict=True):
        if row.n >= MIN_ENTRIES:
            yield name, row


def _exchanged(context: Exchangeable, text: Text, n_words: int) -> Iterator[_Row]:
    """What exchanging query and key adds to the loss, from the windows of `held_out_loss`."""
    added = target_losses(context.exchanged(), text, n_words)
    added -= target_losses(context, text, n_words)
    row = clustered_mean(added, text.sentence[text.targets])
    if row.n:
        yield "exchanged", "all", "added_loss", *row


def measure_learned(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """The measurements of a model; none of one that reads no text.

    Raises:
        ValueError: where `scope` has no probe.
    """
    text = text_of(task, scope)
    context, tenth = word_model.context, tenths(word_model.vocab)
    if context is None:
        return []
    rows: list[_Row] = []
    if "relative_position" in word_model.learned:
        rows += _of_offsets(word_model.learned["relative_position"], context.objective)
    if "per_word_weight" in word_model.learned:
        rows += _of_words(word_model.learned["per_word_weight"], tenth)
    try:
        if isinstance(context, Weigher):
            weights = text_weights(context, text)
            rows += [*_by_offset(weights), *_by_tenth(weights, tenth)]
            rows += _in_all(weights, context.objective)
    except NotAvailableError:
        return []
    return [Measurement(task.name, *row) for row in rows]


def tenths(vocab: Vocab) -> Int64[np.ndarray, " V"]:
    """Which tenth of the vocabulary each word is in, from 0, which holds the most frequent ones."""
    tenth = np.empty(len(vocab), dtype=np.int64)
    tenth[np.argsort(-vocab.counts, kind="stable")] = np.arange(len(vocab)) * TENTHS // len(vocab)
    return tenth


def _of_offsets(scores: Float32[np.ndarray, " R"], objective: Objective) -> Iterator[_Row]:
    """From scores of the places -W to W."""
    window = len(scores) // 2
    places = np.arange(-window, window + 1)
    used = places != 0 if objective == "masked_word" else places < 0
    own = scores[used].astype(np.float64)
    for place, score in zip(places[used].tolist(), (own - own.mean()).tolist(), strict=True):
        yield (
            "relative_position",
            f"{place:+d}",
            "score",
            score,
            0.0,
            1,
            None,
        )  # the number itself, not an estimate


def _of_words(scores: Float32[np.ndarray, " V"], tenth: Int64[np.ndarray, " V"]) -> Iterator[_Row]:
    """Each word is evidence of its own here."""
    above = scores.astype(np.float64) - scores.mean(dtype=np.float64)
    means = clustered_means(above, tenth, np.arange(len(above)), TENTHS)
    for number, row in enumerate(means.rows()):
        if row.n:
            yield "per_word_weight", _frequency(number), "score", *row


def _frequency(number: int) -> str:
    return f"frequency {number + 1}/{TENTHS}"


def _by_offset(weights: TextWeights) -> Iterator[_Row]:
    """Of contexts with a word at every offset: smaller ones give each word a larger share."""
    entries = weights.entries
    places, group = np.unique(entries.offset, return_inverse=True)
    full = weights.keys[entries.state] == len(places)
    weight = np.where(full, entries.weight.astype(np.float64), np.nan)
    means = clustered_means(weight, group, weights.cluster, len(places))
    for place, row in zip(places.tolist(), means.rows(), strict=True):
        if row.n:
            yield "attention", f"offset {place:+d}", "mean_weight", *row


def _by_tenth(weights: TextWeights, tenth: Int64[np.ndarray, " V"]) -> Iterator[_Row]:
    """The weight of words, by how frequent they are."""
    group = tenth[weights.entries.attended]
    means = clustered_means(weights.relative, group, weights.cluster, TENTHS)
    for number, row in enumerate(means.rows()):
        if row.n:
            yield "attention", _frequency(number), "relative_weight", *row


def _in_all(weights: TextWeights, objective: Objective) -> Iterator[_Row]:
    """How many words count in all contexts, and the weight of a query word on itself."""
    for statistic, values, places in _effective(weights):
        row = clustered_mean(values, weights.sentence[places])
        if row.n:
            yield "attention", "all contexts", statistic, *row
    own = weights.entries.offset == -1
    if objective == "next_word" and own.any():
        weight = weights.entries.weight[own].astype(np.float64)
        row = clustered_mean(weight, weights.cluster[own])
        yield "attention", "itself", "mean_weight", *row


ROLES = Kind(version=2, better="lower", measure=measure_roles)
LEARNED = Kind(version=3, better="lower", measure=measure_learned)
