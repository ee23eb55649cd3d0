"""Measures: one number for the answers to many items, for many resamples of the items at once.

Arrays in, numbers out. A resample is told by its multiplicity: how often each item stands in it.
All ones is the plain score.

Two models' answers are swapped (see `wordrel.stats.permutation`) by sums over items that are
linear in the swaps' signs: `Measure.columns` says of what, `Measure.gap` makes scores of them.

Axes: P items, R resamples, S and T seeds of two models, K columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Integer

from wordrel.stats.ranks import Copies, blocks, midranks, sorted_groups

_AT_ONCE = 2**22
"""Numbers of a block of resamples: 32 MiB of float64; long rows, few steps."""

Scores = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"], Integer[np.ndarray, "R P"]],
    Float64[np.ndarray, "R S"],
]
Columns = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "S P"]], Float64[np.ndarray, "P K"]
]
Gap = Callable[
    [Float64[np.ndarray, " P"], Float64[np.ndarray, "R K"], Float64[np.ndarray, "R L"]],
    Float64[np.ndarray, " R"],
]


@dataclass(frozen=True)
class Measure:
    """What is computed from answers, and how two models' answers are swapped under it.

    Attributes:
        scores: (gold [P], predicted [S, P], multiplicity [R, P]) -> [R, S]: of each seed.
        columns: (gold [P], predicted [S, P]) -> [P, K]: what of one model's answers is summed.
        gap: (gold [P], sums of the first model [R, K], of the second [R, L]) -> [R]: difference
            of the mean scores over seeds once their answers are swapped. Row 0 of the sums is
            without a swap, the others are signed.
        bounded: whether a score lies in -1..1, so that a margin means the same everywhere.
        correlation: whether the scores are correlations with gold, as `steiger` wants them.
    """

    scores: Scores
    columns: Columns
    gap: Gap
    bounded: bool
    correlation: bool = False


def spearman(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, " P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, " R"]:
    """Spearman's rank correlation with midranks, in -1..1; exact for repeated items.

    NaN where either side is constant in the resample, or where there are no items.
    """
    scores: Float64[np.ndarray, " R"] = spearman_of_seeds(gold, predicted[None], multiplicity)[:, 0]
    return scores


def spearman_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """`spearman` of every row of `predicted`; gold is ranked once for all of them."""
    scores = np.full((len(multiplicity), len(predicted)), np.nan)
    by_rank = [sorted_groups(values) for values in predicted]
    for rows, m in _by_resample(multiplicity):
        x = midranks(gold, multiplicity[rows]).T - (m.sum(axis=0) + 1) / 2
        copies = Copies(m, m * x)
        of_gold = np.einsum("pr,pr->r", copies.weights, x)
        for seed, groups in enumerate(by_rank):
            together, of_predicted = copies.moments(*groups)
            scores[rows, seed] = _divide(together, np.sqrt(of_gold * of_predicted))
    clipped: Float64[np.ndarray, "R S"] = np.clip(scores, -1.0, 1.0, out=scores)
    return clipped


def auc(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, " P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, " R"]:
    """Chance, in 0..1, that an item of gold 1 is predicted above one of gold 0; ties count half.

    The area under the ROC curve, Mann-Whitney's U over the number of couples; exact for repeated
    items. NaN where the resample lacks one of the two classes.

    Raises:
        ValueError: gold that is neither 0 nor 1.

    Source: Hanley & McNeil, Radiology 143, 1982.
    """
    scores: Float64[np.ndarray, " R"] = auc_of_seeds(gold, predicted[None], multiplicity)[:, 0]
    return scores


def auc_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """`auc` of every row of `predicted`."""
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
            scores[rows, seed] = _divide(above, couples)
    return scores


def ratio(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, " P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, " R"]:
    """Sum of predicted over sum of gold: a mean where gold is one, a loss per token elsewhere.

    NaN where the gold of the resample sums to zero.
    """
    scores: Float64[np.ndarray, " R"] = ratio_of_seeds(gold, predicted[None], multiplicity)[:, 0]
    return scores


def ratio_of_seeds(
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """`ratio` of every row of `predicted`."""
    scores = np.empty((len(multiplicity), len(predicted)))
    for rows in blocks(*multiplicity.shape):
        m = multiplicity[rows].astype(np.float64)
        for seed, values in enumerate(predicted):  # one by one: no bit depends on other rows
            top, bottom = (m @ np.stack([values, gold], axis=1)).T
            scores[rows, seed] = _divide(top, bottom)
    return scores


def ratio_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P K"]:
    """`Measure.columns` of `ratio`: the answers themselves."""
    return predicted.T


def ratio_gap(
    gold: Float64[np.ndarray, " P"],
    first: Float64[np.ndarray, "R K"],
    second: Float64[np.ndarray, "R L"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.gap` of `ratio`; exact, because the score is linear in the answers."""
    gap: Float64[np.ndarray, " R"] = (first.mean(axis=1) - second.mean(axis=1)) / gold.sum()
    return gap


def spearman_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P K"]:
    """`Measure.columns` of `spearman`: ranks, their squares, their products with gold's."""
    x, y = centred_ranks(gold[None]), centred_ranks(predicted)
    return np.concatenate([y, y**2, x * y]).T


def spearman_gap(
    gold: Float64[np.ndarray, " P"],
    first: Float64[np.ndarray, "R K"],
    second: Float64[np.ndarray, "R L"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.gap` of `spearman`: ranks are swapped, not values, and not ranked again.

    Two spaces have cosines of other sizes, so what is exchangeable is an item's rank. Each seed
    of the first model stands beside each seed of the second, and the mean is taken over these
    S x T couples; without a swap it equals the difference of the two means over seeds, for any S
    and T. A swapped rank is half the sum of two ranks +- half their difference times the sign, so
    the three sums that make a correlation are those without a swap +- the signed ones.
    """
    a, b = _three(first)[:, :, :, None], _three(second)[:, :, None, :]
    total, square, cross = (a - b) / 2
    _, all_square, all_cross = (a + b)[:, :1] / 2
    scale = (centred_ranks(gold[None]) ** 2).sum()
    off_centre = total**2 / len(gold)
    of_first, of_second = (
        _divide(
            all_cross + sign * cross,
            np.sqrt(scale * np.maximum(all_square - off_centre + sign * square, 0)),
        )
        for sign in (1, -1)
    )
    difference: Float64[np.ndarray, " R"] = (of_first - of_second).mean(axis=(1, 2))
    return difference


def auc_columns(
    gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, "P K"]:
    """`Measure.columns` of `auc`: ranks, and the ranks of the items of gold 1."""
    ranks = centred_ranks(predicted)
    return np.concatenate([ranks, gold * ranks]).T


def auc_gap(
    gold: Float64[np.ndarray, " P"],
    first: Float64[np.ndarray, "R K"],
    second: Float64[np.ndarray, "R L"],
) -> Float64[np.ndarray, " R"]:
    """`Measure.gap` of `auc`: ranks are swapped, as for `spearman`, and not ranked again.

    An AUC is 1/2 + (mean rank of gold 1 - mean rank of gold 0) / P, which stays what it should be
    when swapped ranks no longer sum to those of P items. NaN where a class is missing.

    Source: Bandos, Rockette & Gur, Statistics in Medicine 24, 2005.
    """
    n, positive = len(gold), gold.sum()

    def score(sums: Float64[np.ndarray, "R K"]) -> Float64[np.ndarray, " R"]:
        every, ones = (half.mean(axis=1) for half in np.split(sums, 2, axis=1))
        means: Float64[np.ndarray, " R"] = ones / positive - (every - ones) / (n - positive)
        return means / n

    gap: Float64[np.ndarray, " R"] = score(first) - score(second)
    return gap


def centred_ranks(values: Float64[np.ndarray, "S P"]) -> Float64[np.ndarray, "S P"]:
    """Midranks of each row less their mean (P + 1) / 2."""
    once = np.ones((1, values.shape[1]), dtype=np.int64)
    ranks: Float64[np.ndarray, "S P"] = np.concatenate([midranks(row, once) for row in values])
    ranks -= (values.shape[1] + 1) / 2
    return ranks


def _three(sums: Float64[np.ndarray, "R K"]) -> Float64[np.ndarray, "3 R S"]:
    return np.stack(np.split(sums, 3, axis=1))


def _by_resample(
    multiplicity: Integer[np.ndarray, "R P"],
) -> Iterator[tuple[slice, Float64[np.ndarray, "P r"]]]:
    """Blocks of resamples, an item's resamples side by side; none where there are no items."""
    if not multiplicity.shape[1]:
        return
    for rows in blocks(len(multiplicity), multiplicity.shape[1], _AT_ONCE):
        yield rows, np.ascontiguousarray(multiplicity[rows].T, dtype=np.float64)


def _divide(
    top: Float64[np.ndarray, "*A"], bottom: Float64[np.ndarray, "*A"]
) -> Float64[np.ndarray, "*A"]:
    """Quotient; NaN where the denominator is zero: nothing varies, or there is nothing."""
    quotient: Float64[np.ndarray, "*A"] = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


SPEARMAN = Measure(
    spearman_of_seeds, spearman_columns, spearman_gap, bounded=True, correlation=True
)
AUC = Measure(auc_of_seeds, auc_columns, auc_gap, bounded=True)
RATIO = Measure(ratio_of_seeds, ratio_columns, ratio_gap, bounded=True)
LOSS = Measure(ratio_of_seeds, ratio_columns, ratio_gap, bounded=False)
MEASURES: dict[str, Measure] = {
    "spearman": SPEARMAN,
    "auc": AUC,
    "accuracy": RATIO,
    "loss_per_token": LOSS,
    "overlap": RATIO,
}
