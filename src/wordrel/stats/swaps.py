"""Scores of two models whose answers to some items are swapped, for many choices of items at once.

Arrays in, numbers out. A permutation keeps (sign 1) or swaps (-1) each item's two answers. Scores
after it follow from sums over items that are linear in the signs: `*_columns` gives the terms of
one model's sums, `*_gap` the difference of two models' mean scores over seeds from their sums.

Axes: P items, R permutations (the first one of them without a swap, its sums plain, the others
signed), S and T seeds of two models, K and L columns.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from wordrel.stats.ranks import centred_ranks, quotient

Columns = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"]], Float64[np.ndarray, "P K"]
]
Gap = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "K R"], Float64[np.ndarray, "L R"]],
    Float64[np.ndarray, " R"],
]


class Sums:
    """One model's sums; extremes over its seeds are computed once for all its pairs.

    Attributes:
        values: shape [K, R]; see `Measure.gap`.
    """

    def __init__(self, values: Float64[np.ndarray, "K R"]) -> None:
        self.values = values

    @cached_property
    def three(self) -> Float64[np.ndarray, "3 S R"]:
        """Of ranks, of their squares, of their products with gold's."""
        return self.values.reshape(3, -1, self.values.shape[1])

    @cached_property
    def most(self) -> Float64[np.ndarray, "3 R"]:
        """The largest of any seed."""
        most: Float64[np.ndarray, "3 R"] = self.three.max(axis=1)
        return most

    @cached_property
    def least(self) -> Float64[np.ndarray, "3 R"]:
        """The smallest of any seed."""
        least: Float64[np.ndarray, "3 R"] = self.three.min(axis=1)
        return least


Estimate = Callable[
    [Float64[np.ndarray, " P"], Sums, Sums],
    tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]],
]

_FAR = 0.5
"""Beyond this relative change the series of `spearman_estimate` is of no use."""


def ratio_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P 1"]:
    """`Measure.columns` of `ratio`: what an item adds to the mean score over seeds."""
    column: Float64[np.ndarray, "P 1"] = predicted.mean(axis=0)[:, None] / gold.sum()
    return column


def auc_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P 1"]:
    """`Measure.columns` of `auc`: what an item's rank adds to the mean score over seeds.

    Ranks are swapped, as for `spearman`, and not ranked again. An AUC is 1/2 + (mean rank of gold 1
    - mean rank of gold 0) / P, which stays what it should be when swapped ranks no longer sum to
    those of P items. Both classes have to be there.

    Source: Bandos, Rockette & Gur, Statistics in Medicine 24, 2005.
    """
    n, positive = len(gold), gold.sum()
    weight = (gold / positive - (1 - gold) / (n - positive)) / n
    column: Float64[np.ndarray, "P 1"] = (centred_ranks(predicted).mean(axis=0) * weight)[:, None]
    return column


def linear_gap(
    gold: Float64[np.ndarray, " P"],
    first: Float64[np.ndarray, "1 R"],
    second: Float64[np.ndarray, "1 R"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.gap` where the columns of a model add up to its score."""
    gap: Float64[np.ndarray, " R"] = first[0] - second[0]
    return gap


def exactly(gap: Gap) -> Estimate:
    """`Measure.estimate` of a gap that costs little: itself, without an error."""

    def estimate(
        gold: Float64[np.ndarray, " P"], first: Sums, second: Sums
    ) -> tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]]:
        difference = gap(gold, first.values, second.values)
        return difference, np.zeros_like(difference)

    return estimate


def spearman_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P K"]:
    """`Measure.columns` of `spearman`: ranks, their squares, their products with gold's."""
    x, y = centred_ranks(gold[None]), centred_ranks(predicted)
    return np.concatenate([y, y**2, x * y]).T


def spearman_gap(
    gold: Float64[np.ndarray, " P"],
    first: Float64[np.ndarray, "K R"],
    second: Float64[np.ndarray, "L R"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.gap` of `spearman`: ranks are swapped, not values, and not ranked again.

    Two spaces have cosines of other sizes, so what is exchangeable is an item's rank. Each seed
    of the first model stands beside each seed of the second, and the mean is taken over these
    S x T couples; without a swap it equals the difference of the two means over seeds, for any S
    and T. A swapped rank is half the sum of two ranks +- half their difference times the sign, so
    the three sums that make a correlation are those without a swap +- the signed ones.
    """
    a, b = _three(first)[:, :, None, :], _three(second)[:, None, :, :]
    total, square, cross = (a - b) / 2
    _, all_square, all_cross = (a + b)[..., :1] / 2
    scale = _of_gold(gold)
    off_centre = total**2 / len(gold)
    of_first, of_second = (
        quotient(
            all_cross + sign * cross,
            np.sqrt(scale * np.maximum(all_square - off_centre + sign * square, 0)),
        )
        for sign in (1, -1)
    )
    difference: Float64[np.ndarray, " R"] = (of_first - of_second).mean(axis=(0, 1))
    return difference


def spearman_estimate(
    gold: Float64[np.ndarray, " P"], first: Sums, second: Sums
) -> tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]]:
    """`spearman_gap` but for a bounded error, at the cost of one seed, not S x T couples.

    With Q and C a couple's sums of squares and products without a swap, q, c and t the signed ones
    (t of the ranks themselves), u = q / Q and v = t^2 / (P Q), a couple's gap is

        [C (f(u - v) - f(-u - v)) + c (f(u - v) + f(-u - v))] / sqrt(scale Q),  f(x) = (1 + x)^-1/2.

    By Taylor's theorem at -v the two brackets are -u and 2 but for what the error bounds; what is
    left of the gap is linear in the sums, so its mean over couples needs no couple.

    Returns:
        The estimate, and by how much it may be wrong: infinite where the series does not apply.
    """
    (_, a_square, a_cross), (_, b_square, b_cross) = first.three[..., 0], second.three[..., 0]
    squares = (a_square[:, None] + b_square) / 2  # Q, C of the couples
    crosses = (a_cross[:, None] + b_cross) / 2
    scale, permutations = _of_gold(gold), first.values.shape[1]
    least = squares.min() if squares.size else 0.0
    if not least > 0 or not scale > 0:
        return np.full(permutations, np.nan), np.full(permutations, np.inf)
    weight = 1 / np.sqrt(scale * squares) / squares.size
    bend = crosses / squares * weight / 2
    linear = np.concatenate([-bend.sum(axis=1), weight.sum(axis=1)]) @ _two(first)
    linear -= np.concatenate([-bend.sum(axis=0), weight.sum(axis=0)]) @ _two(second)
    total, square, cross = _farthest(first, second)
    u, v = square / least, total**2 / (len(gold) * least)
    known = u + v < _FAR
    u, v = np.where(known, u, 0.0), np.where(known, v, 0.0)
    off = 1 / (1 - v)
    away = 1 / (1 - u - v)
    of_difference = u * (off * np.sqrt(off) - 1) + 5 / 8 * u**3 * away**3 * np.sqrt(away)
    of_sum = 2 * (np.sqrt(off) - 1) + 3 / 4 * u**2 * away**2 * np.sqrt(away)
    error = (np.abs(crosses) * weight).sum() * of_difference + weight.sum() * cross * of_sum
    return linear, np.where(known, error, np.inf)


def _three(sums: Float64[np.ndarray, "K R"]) -> Float64[np.ndarray, "3 S R"]:
    return sums.reshape(3, -1, sums.shape[1])


def _two(sums: Sums) -> Float64[np.ndarray, "J R"]:
    """The sums of squares and those of products, seed by seed."""
    return sums.values[len(sums.values) // 3 :]


def _farthest(a: Sums, b: Sums) -> Float64[np.ndarray, "3 R"]:
    """Half of the largest difference, either way, between any two seeds' sums."""
    farthest: Float64[np.ndarray, "3 R"] = np.maximum(a.most - b.least, b.most - a.least)
    farthest /= 2
    return farthest


def _of_gold(gold: Float64[np.ndarray, " P"]) -> float:
    return float((centred_ranks(gold[None]) ** 2).sum())
