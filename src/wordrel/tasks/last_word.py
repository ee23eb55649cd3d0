"""Recall: is the word that a model expects at the end of a held-out sentence the one that is there?

The model is given all but the last word of each sentence, as far back as its window reaches, and
answers with the most probable word of the whole vocabulary. A masked-word model is asked for the
word at a place behind which nothing stands, so both objectives are asked the same question here.
The items are sentences: gold is 1, predicted 1 where the answer is right and 0 where it is wrong.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int64

from wordrel.models.readings import Contextualizer, NotAvailableError, Readings
from wordrel.tasks.base import Kind, Outcome, Scope, Task, all_covered, reason
from wordrel.tasks.held_out import choose_sentences, form_of, log_probabilities, probe_of

_ANY_WORD = 0


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome. Chance is the share of the commonest last word: always saying it does no better.

    Raises:
        ValueError: where `scope` has no probe.
    """
    ids, sentences = choose_sentences(probe_of(task, scope))
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


KIND = Kind(version=1, better="higher", covered=all_covered, answer=answer)
