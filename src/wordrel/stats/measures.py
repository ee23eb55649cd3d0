"""Measures: one number for the answers to many items, for many resamples of the items at once.

Arrays in, numbers out. A resample is given by its multiplicity: how often each item stands in it.
All ones is the plain score.

The influence of an item is the first-order change of a score when that item weighs more. The sum of
the squares is the variance of the score over other items of the same sort (infinitesimal jackknife:
Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 6). Influences of two
models on the same items may be subtracted. Those of items that are no independent evidence may be
summed. Influences sum to 0 over the items; NaN where the score of the seed is.

Axes: P items, R resamples, S seeds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Integer

from wordrel.stats.ranks import (
    Copies,
    Sorted,
    blocks,
    centred_ranks,
    midranks,
    quotient,
    sorted_groups,
)
from wordrel.stats.swaps import (
    Columns,
    Estimate,
    Gap,
    auc_columns,
    exactly,
    linear_gap,
    ratio_columns,
    spearman_columns,
    spearman_estimate,
    spearman_gap,
)

_AT_ONCE = 2**22
"""Numbers of a block of resamples: 32 MiB of float64; long rows, few steps."""

Influence = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"]], Float64[np.ndarray, "S P"]
]
Plain = Callable[[Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"]], Float64[np.ndarray, " S"]]
Scores = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"], Integer[np.ndarray, "R P"]],
    Float64[np.ndarray, "R S"],
]


@dataclass(frozen=True)
class Measure:
    """What is computed from answers, and how two models' answers are swapped under it.

    Attributes:
        scores: (gold [P], predicted [S, P], multiplicity [R, P]) -> [R, S]: of each seed.
        columns: (gold [P], predicted [S, P]) -> [P, K]: what of one model's answers is summed,
            see `wordrel.stats.swaps`.
        gap: (gold [P], sums of the first model [K, R], of the second [L, R]) -> [R]: difference
            of the mean scores over seeds once their answers are swapped. Column 0 of the sums is
            without a swap, the others are signed.
        estimate: as `gap` -> ([R], [R]): what it gives, more or less, and by how much less or
            more; for far less work where `gap` costs much.
        influence: (gold [P], predicted [S, P]) -> [S, P]: what each item adds to each seed's score.
        bounds: the lowest and the highest score that there can be.
        plain: (gold [P], predicted [S, P]) -> [S]: what `scores` gives, bit for bit, on the items
            as they are; for less work, or None.
        correlation: whether the scores are correlations with gold, as `steiger` needs them.
        share: whether the scores are shares of right answers: each answer is 0 (wrong) to its gold
            (right). See `wordrel.stats.floors`.
    """

    scores: Scores
    columns: Columns
    gap: Gap
    estimate: Estimate
    influence: Influence
    bounds: tuple[float, float]
    plain: Plain | None = None
    correlation: bool = False
    share: bool = False

    @property
    def bounded(self) -> bool:
        """Whether a score lies in -1..1, so that a margin means the same everywhere."""
        return bool(np.isfinite(self.bounds).all())


def spearman_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """Spearman's rank correlation of each row with midranks, in -1..1; exact for repeated items.

    NaN where either side is constant in the resample, or where there are no items. Gold is ranked
    once for all rows.
    """
    scores = np.full((len(multiplicity), len(predicted)), np.nan)
    by_rank = [sorted_groups(values) for values in predicted]
    for rows, m in _by_resample(multiplicity):
        x = midranks(gold, multiplicity[rows]).T - (m.sum(axis=0) + 1) / 2
        copies = Copies(m, m * x)
        of_gold = np.einsum("pr,pr->r", copies.weights, x)
        for seed, groups in enumerate(by_rank):
            together, of_predicted = copies.moments(*groups)
            scores[rows, seed] = quotient(together, np.sqrt(of_gold * of_predicted))
    clipped: Float64[np.ndarray, "R S"] = np.clip(scores, -1.0, 1.0, out=scores)
    return clipped


def plain_spearman(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, " S"]:
    """The same on the items as they are; sums of ranks are exact in any order."""
    if not len(gold):
        return np.full(len(predicted), np.nan)
    x, y = centred_ranks(gold[None])[0], centred_ranks(predicted)
    spread = np.sqrt((x**2).sum() * (y**2).sum(axis=1))
    scores: Float64[np.ndarray, " S"] = np.clip(quotient(y @ x, spread), -1.0, 1.0)
    return scores


def auc_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """Chance, in 0..1, that an item of gold 1 is predicted above one of gold 0; ties count half.

    The area under the ROC curve, Mann-Whitney's U over the number of couples; exact for repeated
    items. NaN where the resample lacks one of the two classes.

    Raises:
        ValueError: gold that is neither 0 nor 1.

    Source: Hanley & McNeil, Radiology 143, 1982.
    """
    if not np.isin(gold, (0.0, 1.0)).all():
        raise ValueError(f"auc: gold has to be 0 or 1; found {gold[~np.isin(gold, (0.0, 1.0))][0]}")
    scores = np.full((len(multiplicity), len(predicted)), np.nan)
    by_rank = [sorted_groups(values) for values in predicted]
    for rows, m in _by_resample(multiplicity):
        copies = Copies(m, m * gold[:, None])
        positive = copies.weights.sum(axis=0)
        couples = positive * (copies.n - positive)
        for seed, groups in enumerate(by_rank):
            above = copies.moments(*groups)[0] - positive**2 / 2
            scores[rows, seed] = quotient(above, couples)
    return scores


def ratio_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """Sum of predicted over sum of gold: a mean where gold is one, a loss per token elsewhere.

    NaN where the gold of the resample sums to zero.
    """
    scores = np.empty((len(multiplicity), len(predicted)))
    for rows in blocks(*multiplicity.shape):
        m = multiplicity[rows].astype(np.float64)
        for seed, values in enumerate(predicted):  # one by one: no bit depends on other rows
            top, bottom = (m @ np.stack([values, gold], axis=1)).T
            scores[rows, seed] = quotient(top, bottom)
    return scores


def _by_resample(
    multiplicity: Integer[np.ndarray, "R P"],
) -> Iterator[tuple[slice, Float64[np.ndarray, "P r"]]]:
    """Blocks of resamples, an item's resamples side by side; none where there are no items."""
    if not multiplicity.shape[1]:
        return
    for rows in blocks(len(multiplicity), multiplicity.shape[1], _AT_ONCE):
        yield rows, np.ascontiguousarray(multiplicity[rows].T, dtype=np.float64)


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


SPEARMAN = Measure(
    spearman_of_seeds,
    spearman_columns,
    spearman_gap,
    spearman_estimate,
    spearman_influence,
    (-1.0, 1.0),
    plain_spearman,
    correlation=True,
)
AUC = Measure(auc_of_seeds, auc_columns, linear_gap, exactly(linear_gap), auc_influence, (0.0, 1.0))
RATIO = Measure(
    ratio_of_seeds,
    ratio_columns,
    linear_gap,
    exactly(linear_gap),
    ratio_influence,
    (0.0, 1.0),
    share=True,
)
LOSS = replace(RATIO, bounds=(0.0, np.inf), share=False)
MEASURES: dict[str, Measure] = {
    "spearman": SPEARMAN,
    "auc": AUC,
    "accuracy": RATIO,
    "precision": RATIO,
    "loss_per_token": LOSS,
    "overlap": RATIO,
}
