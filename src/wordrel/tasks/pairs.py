"""Graded word pairs: does the cosine of two words order pairs as people do?

Reads a file of word, word, score; the measure is Spearman's correlation over pairs.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from wordrel.corpus.vocab import Vocab
from wordrel.models.readings import Readings
from wordrel.tasks.base import (
    Items,
    Kind,
    Outcome,
    Scope,
    Task,
    reason,
    unanswered,
    without_vector,
    word_ids,
)
from wordrel.tasks.geometry import cosines


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """Pairs whose two words are known."""
    known: Bool[np.ndarray, " P"] = np.all(word_ids(items, vocab, scope.lowercase) >= 0, axis=1)
    return known


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome a view: the cosine of each covered pair."""
    known = covered(task.items, readings.vocab, scope)
    form = unanswered(task, known, chance=0.0)
    if not readings.views:
        return [replace(form, note=reason(readings, task.question))]
    left, right = word_ids(task.items, readings.vocab, scope.lowercase)[known].T
    outcomes = []
    for name, view in readings.views.items():
        predicted = np.full(task.items.n_items, np.nan)
        predicted[known] = cosines(view, left, right)
        primary = name == readings.primary.get(task.question)
        note = form.note or without_vector(np.isfinite(predicted), known)
        outcomes.append(replace(form, view=name, primary=primary, predicted=predicted, note=note))
    return outcomes


KIND = Kind(version=1, better="higher", covered=covered, answer=answer)
