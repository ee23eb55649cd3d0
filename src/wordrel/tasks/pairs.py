"""Graded word pairs: does the cosine of two words order pairs as people do?

Reads a file of word, word, score; the measure is Spearman's correlation over pairs.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from wordrel.corpus.vocab import Vocab
from wordrel.readings import Readings
from wordrel.tasks.base import (
    Items,
    Kind,
    Outcome,
    Scope,
    Task,
    number,
    reason,
    unanswered,
    without_vector,
    word_ids,
)
from wordrel.tasks.files import Pair, read_pairs
from wordrel.tasks.geometry import cosines


def from_pairs(pairs: list[Pair]) -> Items:
    """Items that keep every pair; a pair that comes again, in either order, joins its cluster."""
    cluster = number(frozenset((a, b)) for a, b, _ in pairs)
    return Items(
        words=tuple((a, b) for a, b, _ in pairs),
        gold=np.array([score for _, _, score in pairs], dtype=np.float64),
        cluster=cluster,
        duplicates=len(pairs) - len(np.unique(cluster)),
        multiword=sum(_is_multiword(a) or _is_multiword(b) for a, b, _ in pairs),
    )


def read(path: Path) -> Items:
    """The items of a published set, in whose file lines that begin with # are comments."""
    return from_pairs(read_pairs(path, comments=True)[0])


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


def _is_multiword(word: str) -> bool:
    return "_" in word or len(word.split()) > 1


KIND = Kind(version=1, better="higher", read=read, covered=covered, answer=answer)
