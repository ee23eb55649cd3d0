"""Do two spaces of the same words agree, and less than two seeds of one model do?

The measures of two spaces are those that no rotation and no scale can change.

Arrays in, numbers out. Each measure comes with the influence of every word (or pair of words) on
it: the first-order change of the number when that word weighs more. The sum of their squares is
the variance over words (infinitesimal jackknife: Efron, The Jackknife, the Bootstrap and Other
Resampling Plans, 1982, chapter 6), so that an interval costs no second computation, and a mean of
measures over the same words has the mean influence. A bootstrap over words would be biased: a word
that is drawn twice agrees with itself, in every pair of spaces.

A drop is how much less two models agree than the seeds of either. Agreement is then Spearman's
correlation of the scores that two runs give to the same pairs of words. The drop is the smaller of
the two agreements between seeds, less the agreement between the models. 0 or less where the models
differ no more than two seeds of one do.

Axes: Q words, D and E dimensions of the two spaces, P pairs of words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import ndtri

from wordrel.stats.intervals import Interval, Part, Uncertain, of_parts
from wordrel.stats.ranks import Sorted

_FEWEST = 5
"""Words for a jackknife of HSIC_1, which itself needs 4."""


class Aligned(NamedTuple):
    """A measure, and the influence of each word or pair on it; NaN where it is undefined."""

    value: float
    influence: Float64[np.ndarray, " Q"]


def linear_cka(first: Float64[np.ndarray, "Q D"], second: Float64[np.ndarray, "Q E"]) -> Aligned:
    """Debiased linear CKA: how alike the similarities of the words are in two spaces.

    About 0 (above or below) for unrelated spaces, however many dimensions; 1 for equal ones up to
    rotation, scale and origin. Influences are those of the delete-one jackknife, exactly. NaN for
    less than 5 words, or where one space has no structure above chance.

    Source: the unbiased HSIC_1 of Song et al., JMLR 13, 2012, in the ratio of Kornblith et
    al., ICML 2019, as Nguyen et al., ICLR 2021, use it. Gram matrices are never built: O(Q D E).
    """
    x, y = _centred(first), _centred(second)
    cross, of_x, of_y = _hsic(x, y), _hsic(x, x), _hsic(y, y)
    norm = of_x * of_y
    cka = np.full(len(cross), np.nan)
    np.divide(cross, np.sqrt(np.maximum(norm, 0)), out=cka, where=(of_x > 0) & (norm > 0))
    n, left_out = len(x), cka[1:]
    shift = np.sqrt((n - 1) / n) * (left_out.mean() - left_out) if n else left_out
    return Aligned(float(np.minimum(cka[0], 1)), shift)


def _hsic(
    x: Float64[np.ndarray, "Q D"], y: Float64[np.ndarray, "Q E"]
) -> Float64[np.ndarray, " R"]:
    """HSIC_1 of centred rows: of all words, then without each of them; NaN for too few.

    With K = X X' and L = Y Y' less their diagonals, and rows that sum to zero, the row sums of K
    are those of its diagonal, negative.
    """
    n = len(x)
    if n < _FEWEST:
        return np.full(n + 1, np.nan)
    cross = x.T @ y
    a, b = (np.einsum("qd,qd->q", rows, rows) for rows in (x, y))
    ab = a * b
    with_others = np.einsum("qe,qe->q", x @ cross, y) - ab
    trace = np.sum(cross**2) - ab.sum()
    meets = y @ (a @ y) + x @ (b @ x) - 2 * ab
    traces = np.concatenate([[trace], trace - 2 * with_others])
    products = np.concatenate([[ab.sum()], ab.sum() - ab + meets + with_others])
    sums = [np.concatenate([[v.sum()], v.sum() - 2 * v]) for v in (a, b)]
    m = np.concatenate([[n], np.full(n, n - 1)]).astype(np.float64)
    inner = traces + sums[0] * sums[1] / ((m - 1) * (m - 2)) - 2 * products / (m - 2)
    hsic: Float64[np.ndarray, " R"] = inner / (m * (m - 3))
    return hsic


def procrustes(first: Float64[np.ndarray, "Q D"], second: Float64[np.ndarray, "Q E"]) -> Aligned:
    """What is left of one space once the other is rotated and scaled onto it, as a share.

    0 where the spaces are equal up to rotation, reflection, scale and origin; 1 where they have
    nothing in common. The rotation is fitted, so that even unrelated spaces stay below 1, the more
    the fewer words there are for each dimension: compare with shuffled words. Spaces of different
    width are as if the narrower one had columns of zeros. NaN where a space is a point.

    Source: Schönemann & Carroll, Psychometrika 35, 1970; the statistic is 1 - (the sum of the
    singular values of X'Y)^2 for centred X and Y of norm 1.
    """
    x, y = _centred(first), _centred(second)
    a, b = (np.einsum("qd,qd->q", rows, rows) for rows in (x, y))
    norms = a.sum() * b.sum()
    if not len(x) or not norms > 0:
        return Aligned(float("nan"), np.full(len(x), np.nan))
    left, singular, right = np.linalg.svd(x.T @ y, full_matrices=False)
    fit = singular.sum()
    shared = fit**2 / norms
    # The best rotation may be held still: it is at its optimum, so its change is second-order.
    of_word = np.einsum("qk,qk->q", x @ left, y @ right.T)
    influence = shared * (a / a.sum() + b / b.sum() - 2 * of_word / fit) if fit else 0 * a
    return Aligned(max(0.0, float(1 - shared)), influence)


def rank_correlation(
    first: Float64[np.ndarray, " P"], second: Float64[np.ndarray, " P"]
) -> Aligned:
    """Spearman's correlation of the scores that two models give to the same pairs, in -1..1.

    NaN where one side is constant. The influence counts what a pair does to the ranks of all
    others, too (Croux & Dehon, Statistical Methods & Applications 19, 2010, section 3).
    """
    n = len(first)
    if not n or np.ptp(first) == 0 or np.ptp(second) == 0:
        return Aligned(float("nan"), np.full(n, np.nan))
    x, y = Sorted.of(first), Sorted.of(second)
    u, v = ((side.ranks - (n + 1) / 2) / n for side in (x, y))
    scale = np.sqrt(np.mean(u**2) * np.mean(v**2))
    moves = u * v + x.mean_above(v) + y.mean_above(u) - 3 * np.mean(u * v)
    value = np.clip(np.mean(u * v) / scale, -1, 1)
    return Aligned(float(value), moves / scale / n)


def error_over_words(influence: Float64[np.ndarray, " Q"]) -> float:
    """Standard error for other words of the same sort."""
    return float(np.sqrt(np.sum(influence**2)))


def error_over_pairs(
    influence: Float64[np.ndarray, " P"],
    left: Int64[np.ndarray, " P"],
    right: Int64[np.ndarray, " P"],
) -> float:
    """Standard error for other words where items are pairs: those that share a word go together.

    At least that of independent pairs.

    Source: Fafchamps & Gubert, Journal of Development Economics 83, 2007; Aronow, Samii &
    Assenova, Political Analysis 23, 2015.
    """
    words = int(max(left.max(initial=-1), right.max(initial=-1))) + 1
    of_word = np.bincount(left, influence, words) + np.bincount(right, influence, words)
    alone = np.sum(influence**2)
    return float(np.sqrt(max(alone, np.sum(of_word**2) - alone)))


def normal_interval(
    value: float, error: float, confidence: float, bounds: tuple[float, float]
) -> Interval:
    """The value, and as many standard errors to both sides as `confidence` needs; within bounds."""
    reach = float(ndtri((1 + confidence) / 2)) * error
    low, high = (float(np.clip(value + side, *bounds)) for side in (-reach, reach))
    return Interval(low, high)


def _centred(rows: Float64[np.ndarray, "Q D"]) -> Float64[np.ndarray, "Q D"]:
    """The mean removed; all of it on the scale of 1, so that no square overflows or vanishes."""
    if not rows.size:
        return rows
    moved = rows - rows.mean(axis=0)
    size = np.abs(moved).max()
    scaled: Float64[np.ndarray, "Q D"] = moved / size if size else moved
    return scaled


Run = tuple[int, int]  # 0 for the first model, 1 for the second; seed
Runs = Mapping[int, Float64[np.ndarray, " P"]]
"""Seed -> the scores of its run."""


@dataclass(frozen=True, eq=False)
class Drop:
    """A drop in agreement.

    Attributes:
        value: NaN where a model has a single seed.
        influence: of each pair on it, [P].
        seeds: the variance that the seeds of each model add, by the delete-one jackknife (Efron &
            Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11).
    """

    value: float
    influence: Float64[np.ndarray, " P"]
    seeds: tuple[Part, ...]

    @classmethod
    def of(cls, first: Runs, second: Runs) -> "Drop":
        """Of two models, whose runs with one seed are not compared: they may share their start."""
        scores = {(0, seed): row for seed, row in first.items()}
        scores |= {(1, seed): row for seed, row in second.items()}
        aligned = {
            (a, b): rank_correlation(scores[a], scores[b])
            for a, b in combinations(scores, 2)
            if a[0] == b[0] or a[1] != b[1]
        }
        value, least = _value(aligned)
        seeds = []
        for model, runs in enumerate((first, second)):
            n = len(runs)
            left_out = [_value(aligned, without=(model, seed))[0] for seed in runs]
            seeds.append(((n - 1) * float(np.var(left_out)), n - 1))
        own, between = (_mean(aligned, models).influence for models in (least, _BETWEEN))
        return cls(value, own - between, tuple(seeds))

    def less(self, other: "Drop") -> Uncertain:
        """This drop less another one, of other models on the same pairs."""
        influence = self.influence - other.influence
        return of_parts(self.value - other.value, influence, [*self.seeds, *other.seeds])

    def uncertain(self) -> Uncertain:
        """The drop with its error."""
        return of_parts(self.value, self.influence, self.seeds)


_Models = tuple[int, int]
_BETWEEN: _Models = (0, 1)
_Agreement = Mapping[tuple[Run, Run], Aligned]


def _value(agreement: _Agreement, without: Run | None = None) -> tuple[float, _Models]:
    """The drop, and which model's seeds agree less."""
    subset = {runs: aligned for runs, aligned in agreement.items() if without not in runs}
    means = {m: _mean(subset, m).value for m in ((0, 0), (1, 1), _BETWEEN)}
    least: _Models = min(((0, 0), (1, 1)), key=lambda models: means[models])
    known = not np.isnan([*means.values()]).any()
    return means[least] - means[_BETWEEN] if known else float("nan"), least


def _mean(agreement: _Agreement, models: _Models) -> Aligned:
    """Over the couples of runs of these models; NaN without any."""
    chosen = [aligned for runs, aligned in agreement.items() if (runs[0][0], runs[1][0]) == models]
    if not chosen:
        return Aligned(float("nan"), np.full(1, np.nan))
    return Aligned(
        float(np.mean([aligned.value for aligned in chosen])),
        np.mean([aligned.influence for aligned in chosen], axis=0),
    )
