"""Held-out text: how surprised is a model by sentences of its own corpus, and what does it recall?

Two kinds, and what all kinds share that read held-out text with a model.

`LOSS`: every model of a study predicts the same target words (all but the first of each sentence)
with the full softmax. The two objectives answer different questions (a masked word is seen from
both sides), so each has its own row, and a model answers only the one it was trained for.
The items are sentences: gold is the number of targets, predicted the sum of -log p in nats, and
the measure their ratio: the loss per token.

`LAST_WORD`: is the word that a model expects at the end of a sentence the one that is there? It is
given all but the last word, as far back as its window reaches, and answers with the most probable
word of the whole vocabulary. A masked-word model is asked for the word at a place behind which
nothing stands, so both objectives are asked the same question here. The items are sentences: gold
is 1, predicted 1 where the answer is right and 0 where it is wrong.

Glossary: N tokens, S sentences, T targets, P states, V words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np
from jaxtyping import Float32, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.word_model import Contextualizer, NotAvailableError, Objective, WordModel
from wordrel.tasks.base import Kind, Predictions, Probe, Scope, Task, reason, unanswered
from wordrel.tasks.items import Items
from wordrel.tasks.scored_text import spread

_ANY_WORD = 0
_LOG_PROBABILITIES_AT_ONCE = 2**23
"""32 MiB of float32 a time; a model that normalises in numpy holds about three such arrays."""


@dataclass(frozen=True)
class Text:
    """Sentences of two words or more that are asked; all words of each but the first are targets.

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

    def sums(self, of_targets: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " S"]:
        """What the targets of each sentence add up to."""
        n_targets = self.lengths - 1
        return np.add.reduceat(of_targets, np.cumsum(n_targets) - n_targets)


Losses = Callable[[Contextualizer, Text, Vocab], Float64[np.ndarray, " S"]]


def answer_loss(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an objective; the objective that the model does not have is left open.

    Raises:
        ValueError: where `scope` has no probe.
    """
    return answer_by(sentence_losses, task, word_model, scope)


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
    form = form_of(task, text.items, _unigram_loss(word_model.vocab, text))
    return [_answer_one(form, o, word_model, text, losses) for o in get_args(Objective)]


def text_of(task: Task, scope: Scope, max_tokens: int | None = None) -> Text:
    """The held-out sentences that are asked, of at most `max_tokens`; see `choose_sentences`.

    Raises:
        ValueError: where there is no held-out text.
    """
    if scope.probe is None:
        raise ValueError(f"{task.name} needs held-out text: found no probe, expected one")
    most = scope.probe.max_tokens if max_tokens is None else min(max_tokens, scope.probe.max_tokens)
    return choose_sentences(replace(scope.probe, max_tokens=most))


def form_of(task: Task, items: Items, chance: float) -> Predictions:
    """The outcome, yet to be filled in, of a model that is asked these held-out sentences."""
    every = np.ones(items.n_items, dtype=np.bool_)
    form = unanswered(replace(task, items=items), every, chance)
    if items.n_items:
        return form
    note = "no held-out sentence has two words; raise corpus.held_out or give more text"
    return replace(form, note=note)


def choose_sentences(probe: Probe) -> Text:
    """Whole sentences spread evenly over the held-out text, so that every model has the same.

    Sentences of one word hold no target and are left out. At least one sentence is taken.
    """
    starts = np.concatenate([[0], probe.ends[:-1]]) if len(probe.ends) else probe.ends
    lengths = probe.ends - starts
    usable = np.flatnonzero(lengths >= 2)
    taken = usable[spread(lengths[usable], probe.max_tokens)]
    inside = [np.arange(starts[s], probe.ends[s]) for s in taken]
    places = np.concatenate(inside) if inside else np.empty(0, dtype=np.int64)
    return Text(probe.ids[places], lengths[taken], taken.astype(np.int64))


def _answer_one(
    form: Predictions, objective: Objective, word_model: WordModel, text: Text, losses: Losses
) -> Predictions:
    row = replace(form, task=f"{form.task}.{objective}")
    if form.note:
        return row
    try:
        context = context_for(objective, word_model)
        found = losses(context, text, word_model.vocab)
    except NotAvailableError as refusal:
        return replace(row, note=str(refusal))
    return replace(row, embedding="context", predicted=found)


def context_for(objective: Objective, word_model: WordModel) -> Contextualizer:
    """What predicts words as the objective has it.

    Raises:
        NotAvailableError: where the model was not trained for it; says why.
    """
    if word_model.context is None:
        raise NotAvailableError(reason(word_model, "fit", "context"))
    if word_model.context.objective != objective:
        trained_for = word_model.context.objective
        raise NotAvailableError(f"the model was trained for the objective {trained_for!r}")
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
    for some, log_p in log_probabilities(context, states, n_words):
        surprise[some] = -log_p[np.arange(len(log_p)), words[some]]
    return surprise


def log_probabilities(
    context: Contextualizer, states: Float32[np.ndarray, "P D"], n_words: int
) -> Iterator[tuple[slice, Float32[np.ndarray, "B V"]]]:
    """Those of consecutive states, with their places among the P; memory stays bounded."""
    step = max(1, _LOG_PROBABILITIES_AT_ONCE // n_words)
    for start in range(0, len(states), step):
        some = slice(start, start + step)
        yield some, context.log_probabilities(states[some])


def _unigram_loss(vocab: Vocab, text: Text) -> float:
    """Loss per token of the training frequencies alone, on the same targets; NaN without any."""
    if not len(text.targets):
        return float("nan")
    p = vocab.counts / vocab.counts.sum()
    return float(-np.log(p[text.ids[text.targets]]).mean())


def answer_last_word(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome. Chance is the share of the commonest last word: always saying it does no better.

    Raises:
        ValueError: where `scope` has no probe.
    """
    text = text_of(task, scope)
    last = text.ids[text.ends - 1]
    form = form_of(task, replace(text.items, gold=np.ones(len(last))), _commonest(last))
    if form.note:
        return [form]
    if word_model.context is None:
        return [replace(form, note=reason(word_model, "fit", "context"))]
    try:
        expected = expected_last_words(word_model.context, text, len(word_model.vocab))
    except NotAvailableError as refusal:
        return [replace(form, note=str(refusal))]
    right = (expected == last).astype(np.float64)
    return [replace(form, embedding="context", predicted=right)]


def expected_last_words(
    context: Contextualizer, text: Text, n_words: int
) -> Int64[np.ndarray, " S"]:
    """The most probable last word of each sentence; of equally probable ones the most frequent.

    The last words themselves are never shown: another one stands in their place.

    Args:
        context: who is asked.
        text: the sentences.
        n_words: size of the vocabulary, whose words are numbered by falling frequency.
    """
    shown = text.ids.copy()
    shown[text.ends - 1] = _ANY_WORD
    # For the next word, y of a place predicts the place behind it; for a masked word, its own.
    asking = text.ends - (2 if context.objective == "next_word" else 1)
    states = context.contextual(shown, text.ends)[asking]
    best = np.empty(len(asking), dtype=np.int64)
    for some, log_p in log_probabilities(context, states, n_words):
        best[some] = log_p.argmax(axis=1)
    return best


def _commonest(words: Int64[np.ndarray, " S"]) -> float:
    """The share of the commonest word; NaN of none."""
    return float(np.bincount(words).max() / len(words)) if len(words) else float("nan")


LOSS = Kind(version=1, better="lower", answer=answer_loss)
LAST_WORD = Kind(version=1, better="higher", answer=answer_last_word)
