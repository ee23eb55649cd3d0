"""Sense shift: how far does the state of a word move when the sentence changes?

A measurement, not a score: the mean cosine distance between the states of one word in two
sentences, for uses in the same sense and in different senses, and beside it, as the yardstick, the
distance between the uses of two different words. Only items with the same form of the word in both
sentences count, so that nothing but the sentence has changed.

All three means are sums over words, so that the standard errors, which leave out one word after
the other (a delete-one jackknife over words: Efron & Tibshirani, 1993, chapter 11), cost nothing.
That of the yardstick is at most sqrt(2) times too large: where words have no direction in common.
Glossary: W words, T uses (two an item).
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64

from wordrel.models.readings import Readings
from wordrel.tasks.base import Kind, Measurement, Outcome, Scope, Task, number
from wordrel.tasks.geometry import has_direction, unit_rows
from wordrel.tasks.uses import Uses, covered, read_uses, vectors

GROUPS = ("same sense", "different sense", "difference", "random words")


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """Nothing: no distance is the right one."""
    return []


def measure(task: Task, readings: Readings, scope: Scope) -> list[Measurement]:
    """Mean distances and their size relative to the yardstick; none without a contextual state.

    "difference" is different sense less same sense; n counts items, and for "random words" uses.
    """
    uses = read_uses(task.items, readings.vocab, scope.lowercase)
    rows = vectors(readings, uses).get("context")
    if rows is None:
        return []
    unit, items = _usable(rows, uses)
    same = task.items.gold[items] == 1
    word = number(task.items.words[i][0] for i in items)
    values, errors = shifts(unit, word, same.astype(np.int64))
    sizes = (int(same.sum()), int((~same).sum()), len(same), len(unit))
    return [
        Measurement(task.name, "context", group, statistic, float(v), float(e), n)
        for statistic, some in (("mean_distance", slice(0, 4)), ("relative_shift", slice(4, 7)))
        for group, v, e, n in zip(GROUPS, values[some], errors[some], sizes, strict=False)
    ]


def _usable(
    rows: Float32[np.ndarray, "U D"], uses: Uses
) -> tuple[Float32[np.ndarray, "T D"], Int64[np.ndarray, " P"]]:
    """Directions of the two uses of each item that counts, and which items these are."""
    unit = unit_rows(rows)
    answered = has_direction(unit)
    items = np.flatnonzero(uses.same_form & answered[::2] & answered[1::2])
    return unit[np.repeat(2 * items, 2) + np.tile([0, 1], len(items))], items


def shifts(
    unit: Float32[np.ndarray, "T D"],
    word: Int64[np.ndarray, " P"],
    same: Int64[np.ndarray, " P"],
) -> tuple[Float64[np.ndarray, "7"], Float64[np.ndarray, "7"]]:
    """Mean distances of the four `GROUPS`, then the first three over the last; their errors.

    Args:
        unit: the states' directions, two rows an item.
        word: of each item, numbered from 0.
        same: 1 where the item's two uses have the same sense, else 0.
    """
    n_words = int(word.max(initial=-1)) + 1
    parts = [
        _moves(unit, word, same, n_words),
        _moves(unit, word, 1 - same, n_words),
        _other_words(unit, word, n_words),
    ]
    values = _statistics(np.concatenate([whole[None] for whole, _ in parts], axis=1))[0]
    if n_words < 2:
        return values, np.full(7, np.nan)
    left_out = _statistics(np.concatenate([whole - of_word for whole, of_word in parts], axis=1))
    spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    return values, np.sqrt((n_words - 1) / n_words * spread)


_Sums = tuple[Float64[np.ndarray, "2"], Float64[np.ndarray, "W 2"]]
"""A sum of cosines and its number of pairs: in all, and what leaves with each word."""


def _moves(
    unit: Float32[np.ndarray, "T D"],
    word: Int64[np.ndarray, " P"],
    weight: Int64[np.ndarray, " P"],
    n_words: int,
) -> _Sums:
    """Of the two uses of each item of weight 1."""
    cosine = np.einsum("pd,pd->p", unit[::2], unit[1::2], dtype=np.float64)
    columns = [np.bincount(word, w, minlength=n_words) for w in (weight * cosine, weight)]
    of_word = np.stack(columns, axis=1).astype(np.float64)
    return of_word.sum(axis=0), of_word


def _other_words(
    unit: Float32[np.ndarray, "T D"], word: Int64[np.ndarray, " P"], n_words: int
) -> _Sums:
    """Of all uses of two different words: |all|^2 less |those of a word|^2, word by word."""
    states = np.zeros((n_words, unit.shape[1]))
    np.add.at(states, np.repeat(word, 2), unit)
    uses = 2.0 * np.bincount(word, minlength=n_words)
    with_all = np.stack([states @ states.sum(axis=0), uses * uses.sum()], axis=1)
    with_itself = np.stack([np.einsum("wd,wd->w", states, states), uses**2], axis=1)
    of_word = 2 * (with_all - with_itself)
    return of_word.sum(axis=0) / 2, of_word


def _statistics(sums: Float64[np.ndarray, "W 6"]) -> Float64[np.ndarray, "W 7"]:
    """From three sums, each with its number; NaN where there is nothing to compute it from."""
    cosines = np.full((len(sums), 3), np.nan)
    np.divide(sums[:, ::2], sums[:, 1::2], out=cosines, where=sums[:, 1::2] > 0)
    same, different, random = 1 - cosines.T
    distances = np.stack([same, different, different - same], axis=1)
    relative = np.full(distances.shape, np.nan)
    np.divide(distances, random[:, None], out=relative, where=random[:, None] > 0)
    return np.concatenate([distances, random[:, None], relative], axis=1)


KIND = Kind(version=1, better="higher", covered=covered, answer=answer, measure=measure)
