"""Matching for frequency: which items to compare, so that word frequency is uninformative.

Counts come from the vocabulary alone, so the items are the same for every model of a corpus.
The one random order has a fixed seed.

Source: greedy matching to the nearest within a caliper, in random order, without replacement:
Austin, Statistics in Medicine 33 (2014), 1057-1069, which finds it as good as optimal matching.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab

CALIPER = float(np.log(1.5))
"""Two words are about as frequent if neither is more than 1.5 times as frequent as the other."""
_SEED = 0


def log_counts(vocab: Vocab, ids: Int64[np.ndarray, "*A"]) -> Float64[np.ndarray, "*A"]:
    """Natural logarithm of how often each word stands in the training text.

    Args:
        vocab: the words; a count of 0 is taken for 1.
        ids: of words; -1, an unknown word, gives NaN.
    """
    of_words = np.append(np.log(np.maximum(vocab.counts, 1)), np.nan)
    logs: Float64[np.ndarray, "*A"] = of_words[ids]
    return logs


def match(
    first: Float64[np.ndarray, "M K"], second: Float64[np.ndarray, "N K"], caliper: float = CALIPER
) -> Int64[np.ndarray, "Q 2"]:
    """Pairs (row of `first`, row of `second`), each row in one pair at most.

    Each row of the smaller side, in random order, gets the nearest row that is still free, by the
    sum of squares over the K columns. A row without a free one within the caliper in every column
    stays unmatched.

    Args:
        first: what should be similar (such as log counts) of each member of one side.
        second: the same of the other side.
        caliper: the largest difference in any column, 0 or more.
    """
    turned = len(first) > len(second)
    choosing, chosen = (second, first) if turned else (first, second)
    order = np.argsort(chosen[:, 0], kind="stable")
    chosen, free = chosen[order], np.ones(len(chosen), dtype=np.bool_)
    start = np.searchsorted(chosen[:, 0], choosing[:, 0] - caliper)
    end = np.searchsorted(chosen[:, 0], choosing[:, 0] + caliper, side="right")
    matches = []
    for i in np.random.default_rng(_SEED).permutation(len(choosing)):
        near = slice(start[i], end[i])  # no other is near in the first column
        apart = chosen[near] - choosing[i]
        distance = np.sum(apart**2, axis=1)
        distance[~free[near] | np.any(np.abs(apart) > caliper, axis=1)] = np.inf
        if np.isfinite(distance).any():
            best = start[i] + np.argmin(distance)
            free[best] = False
            matches.append((i, order[best]))
    pairs = np.array(matches, dtype=np.int64).reshape(-1, 2)
    return pairs[:, ::-1] if turned else pairs


def match_within(
    first: Bool[np.ndarray, " P"],
    second: Bool[np.ndarray, " P"],
    group: Int64[np.ndarray, " P"],
    alike: Float64[np.ndarray, "P K"],
) -> Bool[np.ndarray, " P"]:
    """The items with a partner, see `pairs_within`."""
    kept = np.zeros(len(group), dtype=np.bool_)
    kept[pairs_within(first, second, group, alike).ravel()] = True
    return kept


def pairs_within(
    first: Bool[np.ndarray, " P"],
    second: Bool[np.ndarray, " P"],
    group: Int64[np.ndarray, " P"],
    alike: Float64[np.ndarray, "P K"],
    caliper: float = CALIPER,
) -> Int64[np.ndarray, "Q 2"]:
    """Pairs (item of `first`, item of `second`) of one group, each item in one at most.

    Args:
        first: the items of one side; of those without a finite number in `alike` none is matched.
        second: the items of the other side.
        group: only items with the same number are matched.
        alike: see `match`, and there for `caliper`.
        caliper: the largest difference in any column.
    """
    known = np.isfinite(alike).all(axis=1)
    sides = [np.flatnonzero(side & known) for side in (first, second)]
    first_ids, second_ids = (ids[np.argsort(group[ids], kind="stable")] for ids in sides)
    parts = [np.empty((0, 2), dtype=np.int64)]
    for number in np.intersect1d(group[first_ids], group[second_ids]):
        ones, others = (_of(number, ids, group) for ids in (first_ids, second_ids))
        matches = match(alike[ones], alike[others], caliper)
        parts.append(np.stack([ones[matches[:, 0]], others[matches[:, 1]]], axis=1))
    return np.concatenate(parts)


def _of(
    number: np.int64, ids: Int64[np.ndarray, " Q"], group: Int64[np.ndarray, " P"]
) -> Int64[np.ndarray, " R"]:
    """The part of `ids`, which are sorted by group, that is in this group."""
    start, end = np.searchsorted(group[ids], [number, number + 1])
    return ids[start:end]
