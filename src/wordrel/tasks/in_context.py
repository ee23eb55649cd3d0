"""Meaning in context: do the vectors of two uses of words show how near their meanings are?

Three kinds, all of words in sentences. `context_pairs` (SCWS): the cosine of two uses beside
people's rating. `same_sense` (WiC): are two uses of one word in one sense? The cosine at which
the answer turns is set on earlier splits, and only the last split is scored.

`sense_shift` (WiC) is a measurement, not a score: the mean cosine distance between the states of
one word in two sentences, for uses in the same sense and in different senses, and beside it, as the
yardstick, the distance between the uses of two different words. Only items with the same form of
the word in both sentences count, so that only the sentence changes. Standard errors are those of a
delete-one jackknife over words (Efron & Tibshirani, 1993, chapter 11). They are cheap, since all
three means are sums over words. That of the yardstick is at most sqrt(2) times too large: where
words have no direction in common.

Axes: P items, U uses (two an item), W words, T uses that count.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from wordrel.errors import DatasetError
from wordrel.models.word_model import WordModel
from wordrel.stats.intervals import FEWEST
from wordrel.stats.ranks import quotient
from wordrel.tasks.base import (
    NO_VECTOR,
    Kind,
    Measurement,
    Predictions,
    Scope,
    Task,
    in_each,
    reason,
    unanswered,
)
from wordrel.tasks.geometry import has_direction, unit_rows
from wordrel.tasks.items import Items, number
from wordrel.tasks.uses import Uses, count_lost, covered, pair_cosines, read_uses, vectors

GROUPS = ("same sense", "different sense", "difference", "random words")
"""Of the distances of `sense_shift`."""
SPLITS = ("train", "dev", "test")
"""In this order; the last that a set has is scored."""


def rate_pairs(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding, and behind it one for each label of the items (`task.label`)."""
    uses = read_uses(task.items, word_model.vocab, scope.lowercase)
    template = unanswered(task, uses.covered, chance=0.0)
    outcomes: list[Predictions] = []
    for whole, cosine in _by_embedding(template, task, word_model, vectors(word_model, uses)):
        predicted = np.where(uses.covered, cosine, np.nan)
        whole = replace(whole, predicted=predicted)
        labels = np.array(task.items.labels)
        parts = [
            replace(whole, note=whole.note if not whole.embedding else "", detail=True).part(
                f"{whole.task}.{label}", labels == label
            )
            for label in dict.fromkeys(task.items.labels)
        ]
        outcomes += map(_with_note, [whole, *parts])
    return outcomes


def _by_embedding(
    template: Predictions, task: Task, word_model: WordModel, rows: dict[str, np.ndarray]
) -> Iterator[tuple[Predictions, Float64[np.ndarray, " P"]]]:
    """Each embedding's template with the cosines of all items; without any, one with the reason."""
    if not rows:
        why = reason(word_model, task.question, "context", "alike")
        yield replace(template, note=why), np.full(task.items.n_items, np.nan)
    for row, uses in in_each(template, word_model, task.question, rows):
        yield row, pair_cosines(uses)


def _with_note(outcome: Predictions) -> Predictions:
    if outcome.note:
        return outcome
    answers = outcome.predicted[outcome.covered]
    finite = answers[~np.isnan(answers)]
    if len(finite) > 1 and np.ptp(finite) == 0:
        return replace(outcome, note="all answers are equal: there is no order to compare")
    return outcome.filled(answers, NO_VECTOR)


def judge_sense(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an embedding: whether the prediction for each item of the last split is right.

    Raises:
        DatasetError: where a label is no split.
    """
    earlier, last = _splits(task)
    uses = read_uses(task.items, word_model.vocab, scope.lowercase)
    template = _scored(task, uses.covered, last)
    if not template.note and not (earlier & uses.covered).any():
        note = "no covered item stands in an earlier split, where the threshold is to be set"
        return [replace(template, note=note)]
    same = task.items.gold == 1
    outcomes = []
    for row, cosine in _by_embedding(template, task, word_model, vectors(word_model, uses)):
        answered = uses.covered & ~np.isnan(cosine)
        seen = earlier & answered
        right = (cosine >= best_threshold(cosine[seen], same[seen])) == same
        predicted = np.where(answered & seen.any(), right, np.nan)[last]
        answers = predicted[row.covered]
        outcomes.append(row.filled(answers, NO_VECTOR) if row.embedding else row)
    return outcomes


def _splits(task: Task) -> tuple[Bool[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
    """Which items set the threshold, and which are scored."""
    wrong = set(task.items.labels) - set(SPLITS)
    if wrong or len(task.items.labels) != task.items.n_items:
        raise DatasetError(
            f"{task.name}: found labels {sorted(wrong)} on {len(task.items.labels)} of "
            f"{task.items.n_items} items; expected one of {', '.join(SPLITS)} on each: the "
            "threshold is set on the earlier splits"
        )
    places = np.array([SPLITS.index(label) for label in task.items.labels], dtype=np.int64)
    last = places == places.max(initial=0)
    return ~last, last


def _scored(task: Task, known: Bool[np.ndarray, " P"], last: Bool[np.ndarray, " P"]) -> Predictions:
    """The outcome, yet to be filled in, for the items of the last split alone.

    Chance is the share of the more frequent label among the items that count.
    """
    n, counted = int(last.sum()), last & known
    gold = task.items.gold[counted if counted.any() else last]
    share = gold.mean() if n else np.nan
    items = Items((), np.ones(n), task.items.cluster[last])
    return unanswered(replace(task, items=items), known[last], float(max(share, 1 - share)))


def best_threshold(scores: Float64[np.ndarray, " P"], same: Bool[np.ndarray, " P"]) -> float:
    """The t for which "same where score >= t" is right most often; the lowest of equals.

    One of the scores, or infinity where "never the same" is best; NaN without scores.
    """
    if not len(scores):
        return float("nan")
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-np.inf))
    rejected = np.concatenate([[0], np.cumsum(np.where(same[order], -1, 1))])
    gain = rejected[np.append(first, len(ordered))]
    return float(np.append(ordered[first], np.inf)[gain.argmax()])


def measure_shifts(task: Task, word_model: WordModel, scope: Scope) -> list[Measurement]:
    """Mean distances and their size relative to the yardstick; none without a contextual state.

    "difference" is different sense less same sense; n counts items, and for "random words" uses.
    Clusters are words; of fewer than `FEWEST` there is no error.
    """
    uses = read_uses(task.items, word_model.vocab, scope.lowercase)
    rows = vectors(word_model, uses).get("context")
    if rows is None:
        return []
    unit, items = _that_count(rows, uses)
    same = task.items.gold[items] == 1
    word = number(task.items.words[i][0] for i in items)
    values, errors = shifts(unit, word, same.astype(np.int64))
    sizes = (int(same.sum()), int((~same).sum()), len(same), len(unit))
    words = [len({*word[some].tolist()}) for some in (same, ~same)]
    clusters = (*words, min(words), len({*word.tolist()}))
    errors = np.where(np.array([*clusters, *clusters[:3]]) < FEWEST, np.nan, errors)
    return [
        Measurement(task.name, "context", group, statistic, float(v), float(e), n, m)
        for statistic, span in (("mean_distance", slice(0, 4)), ("relative_shift", slice(4, 7)))
        for group, v, e, n, m in zip(
            GROUPS, values[span], errors[span], sizes, clusters, strict=False
        )
    ]


def _that_count(
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
        _of_one_word(unit, word, same, n_words),
        _of_one_word(unit, word, 1 - same, n_words),
        _of_two_words(unit, word, n_words),
    ]
    values = _statistics(np.concatenate([whole[None] for whole, _ in parts], axis=1))[0]
    if n_words < 2:
        return values, np.full(7, np.nan)
    left_out = _statistics(np.concatenate([whole - of_word for whole, of_word in parts], axis=1))
    spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    return values, np.sqrt((n_words - 1) / n_words * spread)


_Sums = tuple[Float64[np.ndarray, "2"], Float64[np.ndarray, "W 2"]]
"""A sum of cosines and its number of pairs: in all, and what leaves with each word."""


def _of_one_word(
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


def _of_two_words(
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
    same, different, random = 1 - quotient(sums[:, ::2], sums[:, 1::2]).T
    distances = np.stack([same, different, different - same], axis=1)
    relative = np.full(distances.shape, np.nan)
    np.divide(distances, random[:, None], out=relative, where=random[:, None] > 0)
    return np.concatenate([distances, random[:, None], relative], axis=1)


CONTEXT_PAIRS = Kind(
    version=1, better="higher", covered=covered, answer=rate_pairs, measure=count_lost
)
SAME_SENSE = Kind(
    version=1, better="higher", covered=covered, answer=judge_sense, measure=count_lost
)
SENSE_SHIFT = Kind(version=2, better="higher", covered=covered, measure=measure_shifts)
