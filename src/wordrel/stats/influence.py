"""What each item adds to a score: the first-order change of the score when the item weighs more.

Arrays in, numbers out. The sum of the squares is the variance of the score over other items of the
same sort (infinitesimal jackknife: Efron, The Jackknife, the Bootstrap and Other Resampling Plans,
1982, chapter 6). Influences of two models on the same items may be subtracted, and those of items
that are no independent evidence may be summed.

Axes: P items, S seeds. Each function takes gold [P] and predicted [S, P] and returns [S, P], which
sums to 0 over the items; NaN where the score of the seed is.
"""

import numpy as np
from jaxtyping import Float64

from wordrel.stats.ranks import Sorted, quotient


def ratio_influence(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "S P"]:
    """Of sum of predicted over sum of gold, by linearisation.

    Source: Cochran, Sampling Techniques, 1977, section 6.3.
    """
    total = np.full((len(predicted), 1), gold.sum())
    score = quotient(predicted.sum(axis=1, keepdims=True), total)
    influence: Float64[np.ndarray, "S P"] = quotient(
        predicted - score * gold, np.broadcast_to(total, predicted.shape)
    )
    return influence


def auc_influence(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "S P"]:
    """Of the area under the ROC curve: the placements of DeLong, centred and over their number.

    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988.
    """
    influence = np.full(predicted.shape, np.nan)
    ones, zeros = gold == 1, gold == 0
    if not (ones.any() and zeros.any()):
        return influence
    for row, values in zip(influence, predicted, strict=True):
        rank = Sorted.of(values).ranks
        among_ones, among_zeros = Sorted.of(values[ones]).ranks, Sorted.of(values[zeros]).ranks
        below = (rank[ones] - among_ones) / zeros.sum()  # share of the zeros below each one
        above = 1 - (rank[zeros] - among_zeros) / ones.sum()
        row[ones] = (below - below.mean()) / ones.sum()
        row[zeros] = (above - above.mean()) / zeros.sum()
    return influence


def spearman_influence(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "S P"]:
    """Of Spearman's rank correlation, with what an item does to the ranks of all others.

    Source: Croux & Dehon, Statistical Methods & Applications 19, 2010, section 3; the spread of the
    ranks counts too, because it moves where values are equal.
    """
    influence = np.full(predicted.shape, np.nan)
    n = len(gold)
    if not n or np.ptp(gold) == 0:
        return influence
    x = Sorted.of(gold)
    u, spread_u, of_u = _centred(x)
    for row, values in zip(influence, predicted, strict=True):
        if np.ptp(values) == 0:
            continue
        y = Sorted.of(values)
        v, spread_v, of_v = _centred(y)
        together = float(np.mean(u * v))
        moves = u * v + x.mean_above(v) + y.mean_above(u) - 3 * together
        moves -= together / 2 * (of_u / spread_u + of_v / spread_v)
        row[:] = (moves - moves.mean()) / np.sqrt(spread_u * spread_v) / n
    return influence


def _centred(
    values: Sorted,
) -> tuple[Float64[np.ndarray, " P"], float, Float64[np.ndarray, " P"]]:
    """Ranks around 0, their variance, and what each item does to the variance."""
    n = len(values.order)
    ranks = (values.ranks - (n + 1) / 2) / n
    variance = float(np.mean(ranks**2))
    return ranks, variance, ranks**2 + 2 * values.mean_above(ranks) - 3 * variance
