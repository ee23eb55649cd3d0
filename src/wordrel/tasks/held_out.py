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
from dataclasses import replace
from typing import get_args

import numpy as np
from jaxtyping import Float32, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Contextualizer, NotAvailableError, Objective, Readings
from wordrel.tasks.base import Kind, Outcome, Probe, Scope, Task, reason, unanswered
from wordrel.tasks.items import Items

Losses = Callable[
    [Contextualizer, Int64[np.ndarray, " N"], Int64[np.ndarray, " S"], Vocab],
    Float64[np.ndarray, " S"],
]
"""A model, the sentences' token ids and numbers of targets, and the vocabulary -> their losses."""

_ANY_WORD = 0
_LOG_PROBABILITIES_AT_ONCE = 2**23
"""32 MiB of float32 a time; a model that normalises in numpy holds about three such arrays."""


def answer_loss(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome an objective; the objective that the model does not have is left open.

    Raises:
        ValueError: where `scope` has no probe.
    """
    return answer_by(_losses, task, readings, scope)


def answer_by(
    losses: Losses, task: Task, readings: Readings, scope: Scope, *, max_tokens: int | None = None
) -> list[Outcome]:
    """One outcome an objective, by these losses of sentences of at most `max_tokens` in all.

    Raises:
        ValueError: where `scope` has no probe.
    """
    ids, items = sentences_of(task, scope, max_tokens)
    form = form_of(task, items, _unigram_loss(readings.vocab, ids, items))
    return [_answer_one(form, o, readings, ids, losses) for o in get_args(Objective)]


def sentences_of(
    task: Task, scope: Scope, max_tokens: int | None = None
) -> tuple[Int64[np.ndarray, " N"], Items]:
    """The held-out sentences that are asked, of at most `max_tokens`; see `choose_sentences`.

    Raises:
        ValueError: where there is no held-out text.
    """
    if scope.probe is None:
        raise ValueError(f"{task.name} needs held-out text: found no probe, expected one")
    most = scope.probe.max_tokens if max_tokens is None else min(max_tokens, scope.probe.max_tokens)
    return choose_sentences(replace(scope.probe, max_tokens=most))


def form_of(task: Task, items: Items, chance: float) -> Outcome:
    """The outcome, yet to be filled in, of a model that is asked these held-out sentences."""
    every = np.ones(items.n_items, dtype=np.bool_)
    form = unanswered(replace(task, items=items), every, chance)
    if items.n_items:
        return form
    note = "no held-out sentence has two words; raise corpus.held_out or give more text"
    return replace(form, note=note)


def choose_sentences(probe: Probe) -> tuple[Int64[np.ndarray, " N"], Items]:
    """Whole sentences spread evenly over the held-out text, so that every model has the same.

    Sentences of one word hold no target and are left out. At least one sentence is taken.

    Returns:
        The chosen sentences' token ids, and one item a sentence (its cluster is its number in
        the held-out text).
    """
    starts = np.concatenate([[0], probe.ends[:-1]]) if len(probe.ends) else probe.ends
    lengths = probe.ends - starts
    usable = np.flatnonzero(lengths >= 2)
    taken = usable[spread(lengths[usable], probe.max_tokens)]
    inside = [np.arange(starts[s], probe.ends[s]) for s in taken]
    places = np.concatenate(inside) if inside else np.empty(0, dtype=np.int64)
    items = Items(
        words=(),
        gold=(lengths[taken] - 1).astype(np.float64),
        cluster=taken.astype(np.int64),
        duplicates=0,
        multiword=0,
    )
    return probe.ids[places], items


def spread(lengths: Int64[np.ndarray, " S"], limit: int) -> Int64[np.ndarray, " T"]:
    """Evenly spaced sentences of at most `limit` tokens in all, but at least one."""
    n = len(lengths)
    while True:
        taken = np.arange(n) * len(lengths) // max(n, 1)
        tokens = int(lengths[taken].sum())
        if tokens <= limit or n <= 1:
            return taken
        n = max(1, min(n - 1, n * limit // tokens))


def _answer_one(
    form: Outcome,
    objective: Objective,
    readings: Readings,
    ids: Int64[np.ndarray, " N"],
    losses: Losses,
) -> Outcome:
    row = replace(form, task=f"{form.task}.{objective}")
    if form.note:
        return row
    try:
        context = context_for(objective, readings)
        found = losses(context, ids, form.gold.astype(np.int64), readings.vocab)
    except NotAvailableError as refusal:
        return replace(row, note=str(refusal))
    return replace(row, view="context", predicted=found)


def _losses(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    n_targets: Int64[np.ndarray, " S"],
    vocab: Vocab,
) -> Float64[np.ndarray, " S"]:
    return sentence_losses(context, ids, n_targets, len(vocab))


def context_for(objective: Objective, readings: Readings) -> Contextualizer:
    """What predicts words as the objective has it.

    Raises:
        NotAvailableError: where the model was not trained for it; says why.
    """
    if readings.context is None:
        raise NotAvailableError(reason(readings, "fit", "context"))
    if readings.context.objective != objective:
        trained_for = readings.context.objective
        raise NotAvailableError(f"the model was trained for the objective {trained_for!r}")
    return readings.context


def targets(n_targets: Int64[np.ndarray, " S"]) -> Int64[np.ndarray, " T"]:
    """Where the targets stand in a stream of sentences of n_targets + 1 tokens."""
    lengths = n_targets + 1
    is_target = np.ones(int(lengths.sum()), dtype=np.bool_)
    is_target[np.cumsum(lengths) - lengths] = False
    return np.flatnonzero(is_target)


def sentence_losses(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    n_targets: Int64[np.ndarray, " S"],
    n_words: int,
) -> Float64[np.ndarray, " S"]:
    """-log p of all targets of a sentence, summed, in nats under the full softmax."""
    losses = target_losses(context, ids, n_targets, n_words)
    return np.add.reduceat(losses, np.cumsum(n_targets) - n_targets)


def target_losses(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    n_targets: Int64[np.ndarray, " S"],
    n_words: int,
) -> Float64[np.ndarray, " T"]:
    """-log p of each target, in nats under the full softmax."""
    states, places = context.states(ids, np.cumsum(n_targets + 1)), targets(n_targets)
    return surprises(context, states[places], ids[places], n_words)


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


def _unigram_loss(vocab: Vocab, ids: Int64[np.ndarray, " N"], items: Items) -> float:
    """Loss per token of the training frequencies alone, on the same targets; NaN without any."""
    if not items.n_items:
        return float("nan")
    p = vocab.counts / vocab.counts.sum()
    return float(-np.log(p[ids[targets(items.gold.astype(np.int64))]]).mean())


def answer_last_word(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome. Chance is the share of the commonest last word: always saying it does no better.

    Raises:
        ValueError: where `scope` has no probe.
    """
    ids, sentences = sentences_of(task, scope)
    ends = np.cumsum(sentences.gold.astype(np.int64) + 1)
    items = replace(sentences, gold=np.ones(len(ends)))
    last = ids[ends - 1]
    form = form_of(task, items, _commonest(last))
    if form.note:
        return [form]
    if readings.context is None:
        return [replace(form, note=reason(readings, "fit", "context"))]
    try:
        expected = expected_last_words(readings.context, ids, ends, len(readings.vocab))
    except NotAvailableError as refusal:
        return [replace(form, note=str(refusal))]
    right = (expected == last).astype(np.float64)
    return [replace(form, view="context", predicted=right)]


def expected_last_words(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    ends: Int64[np.ndarray, " S"],
    n_words: int,
) -> Int64[np.ndarray, " S"]:
    """The most probable last word of each sentence; of equally probable ones the most frequent.

    The last words themselves are never shown: another one stands in their place.

    Args:
        context: who is asked.
        ids: sentences of two words or more.
        ends: where they end.
        n_words: size of the vocabulary, whose words are numbered by falling frequency.
    """
    shown = ids.copy()
    shown[ends - 1] = _ANY_WORD
    # For the next word, y of a place predicts the place behind it; for a masked word, its own.
    asking = ends - (2 if context.objective == "next_word" else 1)
    states = context.contextual(shown, ends)[asking]
    best = np.empty(len(ends), dtype=np.int64)
    for some, log_p in log_probabilities(context, states, n_words):
        best[some] = log_p.argmax(axis=1)
    return best


def _commonest(words: Int64[np.ndarray, " S"]) -> float:
    """The share of the commonest word; NaN of none."""
    return float(np.bincount(words).max() / len(words)) if len(words) else float("nan")


LOSS = Kind(version=1, better="lower", answer=answer_loss)
LAST_WORD = Kind(version=1, better="higher", answer=answer_last_word)
