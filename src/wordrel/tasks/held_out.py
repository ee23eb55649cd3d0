"""Held-out text: how surprised is a model by sentences of its own corpus?

One kind, and what all kinds share that read held-out text with a model.

`LOSS`: every model of a study predicts the same target words (all but the first of each sentence)
with the full softmax. The two objectives differ (a masked word has context on both sides), so each
has its own row, and a model has predictions only in the row of its own objective.
The items are sentences: gold is the number of targets, predicted the sum of -log p in nats, and
the measure their ratio: the loss per token.

Glossary: N tokens, S sentences, T targets, P states, V words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from scipy.special import logsumexp

from wordrel.config.architectures import Objective
from wordrel.corpus.disk import joined_ranges
from wordrel.corpus.vocab import Vocab
from wordrel.errors import NotAvailableError
from wordrel.models.protocols import Contextualizer, Predictor
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Predictions, Probe, Scope, Task, reason, unanswered
from wordrel.tasks.items import Items
from wordrel.tasks.scored_text import spread

_OTHER_OBJECTIVE = "the model was trained for the objective {!r}"
_LOG_PROBABILITIES_AT_ONCE = 2**23
"""32 MiB of float32 a time; a model that normalises in numpy holds about three such arrays."""


@dataclass(frozen=True)
class Text:
    """Evaluated sentences of two words or more; all words of each but the first are targets.

    Attributes:
        ids: of the tokens, shape [N].
        lengths: tokens of each sentence, shape [S].
        number: of each sentence in the whole held-out text, shape [S].
    """

    ids: Int64[np.ndarray, " N"]
    lengths: Int64[np.ndarray, " S"]
    number: Int64[np.ndarray, " S"]

    @cached_property
    def ends(self) -> Int64[np.ndarray, " S"]:
        """Exclusive ends of the sentences."""
        return np.cumsum(self.lengths)

    @cached_property
    def sentence(self) -> Int64[np.ndarray, " N"]:
        """The sentence that each token stands in, from 0."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def targets(self) -> Int64[np.ndarray, " T"]:
        """Where the targets stand."""
        return np.delete(np.arange(len(self.ids)), self.ends - self.lengths)

    @cached_property
    def items(self) -> Items:
        """One item a sentence: gold is its number of targets."""
        n_targets = (self.lengths - 1).astype(np.float64)
        return Items((), gold=n_targets, cluster=self.number)

    def sentences(self) -> list[Int64[np.ndarray, " _"]]:
        """The words of each sentence."""
        return np.split(self.ids, self.ends[:-1]) if len(self.lengths) else []

    def part(self, mask: Bool[np.ndarray, " S"]) -> "Text":
        """Some of the sentences."""
        return Text(self.ids[mask[self.sentence]], self.lengths[mask], self.number[mask])

    def sums(self, of_targets: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " S"]:
        """What the targets of each sentence add up to."""
        n_targets = self.lengths - 1
        return np.add.reduceat(of_targets, np.cumsum(n_targets) - n_targets)


Losses = Callable[[Contextualizer, Text, Vocab], Float64[np.ndarray, " S"]]


def answer_loss(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an objective; that of another objective is without predictions.

    Raises:
        ValueError: where `scope` has no probe.
    """
    counted = word_model.context is None and "fit" not in word_model.unavailable
    if not counted or not word_model.predictors:
        return answer_by(sentence_losses, task, word_model, scope)
    text = text_of(task, scope)
    template = template_of(task, text.items, _unigram_loss(word_model.vocab, text))
    return [_by_counts(template, o, word_model.predictors[0], text) for o in get_args(Objective)]


def _by_counts(
    template: Predictions, objective: Objective, predictor: Predictor, text: Text
) -> Predictions:
    """Of a model that has no states, but the probability of every word at a place."""
    row = replace(template, task=f"{template.task}.{objective}")
    if template.note:
        return row
    if predictor.objective != objective:
        return replace(row, note=_OTHER_OBJECTIVE.format(predictor.objective))
    words, losses, start = text.ids[text.targets], np.empty(len(text.targets)), 0
    for scores in predictor.scores(text.ids, text.ends, text.targets):
        span = slice(start, start + len(scores))
        own = scores[np.arange(len(scores)), words[span]]
        losses[span] = logsumexp(scores, axis=1) - own
        start = span.stop
    return replace(row, embedding=predictor.name, predicted=text.sums(losses))


def answer_by(
    losses: Losses,
    task: Task,
    word_model: WordModel,
    scope: Scope,
    *,
    max_tokens: int | None = None,
) -> list[Predictions]:
    """One outcome an objective, by these losses of sentences of at most `max_tokens` in all.

    Raises:
        ValueError: where `scope` has no probe.
    """
    text = text_of(task, scope, max_tokens)
    template = template_of(task, text.items, _unigram_loss(word_model.vocab, text))
    return [_answer_one(template, o, word_model, text, losses) for o in get_args(Objective)]


def text_of(task: Task, scope: Scope, max_tokens: int | None = None) -> Text:
    """The held-out sentences to evaluate, of at most `max_tokens`; see `choose_sentences`.

    Raises:
        ValueError: where there is no held-out text.
    """
    if scope.probe is None:
        raise ValueError(f"{task.name} needs held-out text: found no probe, expected one")
    most = scope.probe.max_tokens if max_tokens is None else min(max_tokens, scope.probe.max_tokens)
    return choose_sentences(replace(scope.probe, max_tokens=most))


def template_of(task: Task, items: Items, chance: float) -> Predictions:
    """The outcome, yet to be filled in, of a model on these held-out sentences."""
    every = np.ones(items.n_items, dtype=np.bool_)
    template = unanswered(replace(task, items=items), every, chance)
    if items.n_items:
        return template
    note = "no held-out sentence has two words; raise corpus.held_out or give more text"
    return replace(template, note=note)


def choose_sentences(probe: Probe) -> Text:
    """Whole sentences spread evenly over the held-out text, so that every model has the same.

    Sentences of one word hold no target and are left out. At least one sentence is taken.
    """
    starts = np.concatenate([[0], probe.ends[:-1]]) if len(probe.ends) else probe.ends
    lengths = probe.ends - starts
    usable = np.flatnonzero(lengths >= 2)
    taken = usable[spread(lengths[usable], probe.max_tokens)]
    places = joined_ranges(starts[taken], lengths[taken])
    return Text(probe.ids[places], lengths[taken], taken.astype(np.int64))


def _answer_one(
    template: Predictions, objective: Objective, word_model: WordModel, text: Text, losses: Losses
) -> Predictions:
    row = replace(template, task=f"{template.task}.{objective}")
    if template.note:
        return row
    try:
        context = context_for(objective, word_model)
        predicted = losses(context, text, word_model.vocab)
    except NotAvailableError as refusal:
        return replace(row, note=str(refusal))
    return replace(row, embedding="context", predicted=predicted)


def context_for(objective: Objective, word_model: WordModel) -> Contextualizer:
    """The part of a model that predicts words by this objective.

    Raises:
        NotAvailableError: where the model was not trained for it; with the reason.
    """
    if word_model.context is None:
        raise NotAvailableError(reason(word_model, "fit", "context"))
    if word_model.context.objective != objective:
        raise NotAvailableError(_OTHER_OBJECTIVE.format(word_model.context.objective))
    return word_model.context


def sentence_losses(context: Contextualizer, text: Text, vocab: Vocab) -> Float64[np.ndarray, " S"]:
    """-log p of all targets of a sentence, summed, in nats under the full softmax."""
    return text.sums(target_losses(context, text, len(vocab)))


def target_losses(context: Contextualizer, text: Text, n_words: int) -> Float64[np.ndarray, " T"]:
    """-log p of each target, in nats under the full softmax."""
    states = context.states(text.ids, text.ends)[text.targets]
    return surprises(context, states, text.ids[text.targets], n_words)


def surprises(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    n_words: int,
) -> Float64[np.ndarray, " P"]:
    """-log p of the word that each state is to predict, in nats under the full softmax."""
    surprise = np.empty(len(words))
    for span, log_p in log_probabilities(context, states, n_words):
        surprise[span] = -log_p[np.arange(len(log_p)), words[span]]
    return surprise


def log_probabilities(
    context: Contextualizer, states: Float32[np.ndarray, "P D"], n_words: int
) -> Iterator[tuple[slice, Float32[np.ndarray, "B V"]]]:
    """Those of consecutive states, with their places among the P; memory stays bounded."""
    step = max(1, _LOG_PROBABILITIES_AT_ONCE // n_words)
    for start in range(0, len(states), step):
        span = slice(start, start + step)
        yield span, context.log_probabilities(states[span])


def _unigram_loss(vocab: Vocab, text: Text) -> float:
    """Loss per token of the training frequencies alone, on the same targets; NaN without any."""
    if not len(text.targets):
        return float("nan")
    p = vocab.counts / vocab.counts.sum()
    return float(-np.log(p[text.ids[text.targets]]).mean())


LOSS = Kind(version=1, better="lower", answer=answer_loss)
