"""Measures: one number for the answers to many items, for many resamples of the items at once.

Arrays in, numbers out. A resample is told by its multiplicity: how often each item stands in it.
All ones is the plain score.

Axes: P items, R resamples, S and T seeds of two models, C clusters, K columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int8, Int64, Integer

_AT_ONCE = 2**18
"""Numbers of a block: 2 MiB of float64, so that the several arrays of a block stay in cache."""


@dataclass(frozen=True)
class Sample:
    """Items and which of them are no independent evidence.

    Attributes:
        gold: the right answers (weights, for a ratio), shape [P].
        cluster: 0..C-1 for each item, shape [P].
        n_clusters: C.
    """

    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    n_clusters: int


@dataclass(frozen=True)
class Measure:
    """What is computed from answers, and how two models' answers are swapped under it.

    Attributes:
        scores: (gold [P], predicted [P], multiplicity [R, P]) -> [R].
        swapped: (sample, first [S, P], second [T, P], signs [R, C]) -> [R]: difference of the
            mean scores of two models once their answers are swapped in clusters of sign -1.
    """

    scores: Callable[
        [
            Float64[np.ndarray, " P"],
            Float64[np.ndarray, " P"],
            Integer[np.ndarray, "R P"],
        ],
        Float64[np.ndarray, " R"],
    ]
    swapped: Callable[
        [
            Sample,
            Float64[np.ndarray, "S P"],
            Float64[np.ndarray, "T P"],
            Int8[np.ndarray, "R C"],
        ],
        Float64[np.ndarray, " R"],
    ]


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Consecutive row ranges of an array [rows, columns], each small enough to work on."""
    step = max(1, _AT_ONCE // max(1, columns))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def midranks(
    values: Float64[np.ndarray, " P"], multiplicity: Integer[np.ndarray, "R P"]
) -> Float64[np.ndarray, "R P"]:
    """Rank of each item, from 1, in each resample; equal values share the mean of their ranks.

    There has to be an item.

    The items are sorted once: with an item's copies counted by its multiplicity, cumulative sums
    over the groups of equal values give the ranks of every resample. The rank of an item that is
    not in the resample is without meaning.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(first)), np.diff(first, append=len(values)))
    size = np.add.reduceat(multiplicity[:, order], first, axis=1, dtype=np.float64)
    last = np.cumsum(size, axis=1)
    ranks: Float64[np.ndarray, "R P"] = (last - (size - 1) / 2)[:, group]
    return ranks


def spearman(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, " P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, " R"]:
    """Spearman's rank correlation with midranks, in -1..1; exact for repeated items.

    NaN where either side is constant in the resample, or where there are no items.
    """
    scores: Float64[np.ndarray, " R"] = np.full(len(multiplicity), np.nan)
    if not len(gold):
        return scores
    for rows in blocks(*multiplicity.shape):
        m = multiplicity[rows]
        middle = (m.sum(axis=1, keepdims=True) + 1) / 2
        x, y = midranks(gold, m) - middle, midranks(predicted, m) - middle
        mx, my = m * x, m * y
        spread = np.sqrt(np.einsum("rp,rp->r", mx, x) * np.einsum("rp,rp->r", my, y))
        scores[rows] = _divide(np.einsum("rp,rp->r", mx, y), spread)
    np.clip(scores, -1.0, 1.0, out=scores)
    return scores


def ratio(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, " P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, " R"]:
    """Sum of predicted over sum of gold: a mean where gold is one, a loss per token elsewhere.

    NaN where the gold of the resample sums to zero.
    """
    scores = np.empty(len(multiplicity))
    both = np.stack([predicted, gold], axis=1)
    for rows in blocks(*multiplicity.shape):
        top, bottom = (multiplicity[rows].astype(np.float64) @ both).T
        scores[rows] = _divide(top, bottom)
    return scores


def swapped_ratio(
    sample: Sample,
    first: Float64[np.ndarray, "S P"],
    second: Float64[np.ndarray, "T P"],
    signs: Int8[np.ndarray, "R C"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.swapped` of `ratio`; exact, because the score is linear in the answers."""
    gap = (first.mean(axis=0) - second.mean(axis=0)) / sample.gold.sum()
    sums: Float64[np.ndarray, " R"] = _signed_sums(signs, _by_cluster(sample, gap[:, None]))[:, 0]
    return sums


def swapped_spearman(
    sample: Sample,
    first: Float64[np.ndarray, "S P"],
    second: Float64[np.ndarray, "T P"],
    signs: Int8[np.ndarray, "R C"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.swapped` of `spearman`: ranks are swapped, not values, and not ranked again.

    Two spaces have cosines of other sizes, so what is exchangeable is an item's rank. Each seed
    of the first model stands beside each seed of the second, and the mean is taken over these
    S x T couples; without a swap it equals the difference of the two means over seeds, for any S
    and T. With x, y = half +- sign * gap the three sums that make a correlation of the mixed
    ranks are linear in the signs, so that no mixed array is ever built.
    """
    g, a, b = (_centred_ranks(v) for v in (sample.gold[None], first, second))
    half = ((a[:, None] + b) / 2).reshape(-1, a.shape[1])
    gap = ((a[:, None] - b) / 2).reshape(-1, a.shape[1])
    columns = np.concatenate([gap, half * gap * 2, g * gap]).T
    total, square, cross = np.split(_signed_sums(signs, _by_cluster(sample, columns)), 3, axis=1)
    fixed_square, fixed_cross = (half**2 + gap**2).sum(axis=1), (g * half).sum(axis=1)
    off_centre, scale = total**2 / a.shape[1], (g**2).sum()
    varied = np.maximum(fixed_square - off_centre + np.stack([square, -square]), 0)
    of_first, of_second = _divide(fixed_cross + np.stack([cross, -cross]), np.sqrt(scale * varied))
    difference: Float64[np.ndarray, " R"] = (of_first - of_second).mean(axis=1)
    return difference


def _centred_ranks(values: Float64[np.ndarray, "S P"]) -> Float64[np.ndarray, "S P"]:
    once = np.ones((1, values.shape[1]), dtype=np.int64)
    ranks: Float64[np.ndarray, "S P"] = np.concatenate([midranks(row, once) for row in values])
    ranks -= (values.shape[1] + 1) / 2
    return ranks


def _by_cluster(sample: Sample, columns: Float64[np.ndarray, "P K"]) -> Float64[np.ndarray, "C K"]:
    sums = np.zeros((sample.n_clusters, columns.shape[1]))
    np.add.at(sums, sample.cluster, columns)
    return sums


def _signed_sums(
    signs: Int8[np.ndarray, "R C"], sums: Float64[np.ndarray, "C K"]
) -> Float64[np.ndarray, "R K"]:
    out = np.empty((len(signs), sums.shape[1]))
    for rows in blocks(*signs.shape):
        out[rows] = signs[rows].astype(np.float64) @ sums
    return out


def _divide(
    top: Float64[np.ndarray, "*A"], bottom: Float64[np.ndarray, "*A"]
) -> Float64[np.ndarray, "*A"]:
    """Quotient; NaN where the denominator is zero: nothing varies, or there is nothing."""
    quotient: Float64[np.ndarray, "*A"] = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


SPEARMAN = Measure(spearman, swapped_spearman)
RATIO = Measure(ratio, swapped_ratio)
MEASURES: dict[str, Measure] = {
    "spearman": SPEARMAN,
    "accuracy": RATIO,
    "loss_per_token": RATIO,
    "overlap": RATIO,
}
