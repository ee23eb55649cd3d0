"""How sure a score is: bootstrap over items (or clusters of items) and over seeds.

Arrays in, numbers out; randomness is an argument. Axes: P items, R resamples, S seeds.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 (resamples), 13
(percentile intervals), 14 (BCa).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64, Integer, UInt16

from wordrel.stats.measures import Measure
from wordrel.stats.ranks import blocks


class Interval(NamedTuple):
    """From `low` to `high`, both NaN where there is nothing to tell."""

    low: float
    high: float


def item_multiplicity(
    cluster: Int64[np.ndarray, " P"], resamples: int, rng: np.random.Generator
) -> UInt16[np.ndarray, "R P"]:
    """How often each item stands in each resample, when whole clusters are drawn.

    As many clusters as there are, each with equal chance, with replacement. Two bytes a number:
    2,000 resamples of 20,000 items take 80 MB.
    """
    labels, which = np.unique(cluster, return_inverse=True)
    n = len(labels)
    multiplicity = np.empty((resamples, len(cluster)), dtype=np.uint16)
    for rows in blocks(resamples, n) if n else ():
        height = rows.stop - rows.start
        drawn = rng.integers(0, n, size=(height, n)) + np.arange(height)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=height * n).reshape(height, n)
        multiplicity[rows] = counts.astype(np.uint16)[:, which]
    return multiplicity


def resampled_scores(
    measure: Measure,
    gold: Float64[np.ndarray, " P"],
    predicted: Float64[np.ndarray, "S P"],
    multiplicity: Integer[np.ndarray, "R P"],
) -> Float64[np.ndarray, "R S"]:
    """The score of every seed (a row of `predicted`) in every resample of the items."""
    scores: Float64[np.ndarray, "R S"] = measure.scores(gold, predicted, multiplicity)
    return scores


def plain_scores(
    measure: Measure, gold: Float64[np.ndarray, " P"], predicted: Float64[np.ndarray, "S P"]
) -> Float64[np.ndarray, " S"]:
    """The score of every seed on the items as they are."""
    once = np.ones((1, len(gold)), dtype=np.uint16)
    scores: Float64[np.ndarray, " S"] = resampled_scores(measure, gold, predicted, once)[0]
    return scores


def joint(
    scores: Float64[np.ndarray, "R S"], rng: np.random.Generator
) -> Float64[np.ndarray, " R"]:
    """Mean score over seeds that are drawn anew, with replacement, in each resample.

    An interval of the result is for other items of the same sort *and* other seeds. It knows the
    seeds that there are: with one seed nothing is said of seeds, and with S the variance between
    them is taken (S-1)/S as large as it is, so with few seeds it is a little too narrow.

    Its interval is the percentile interval. BCa's acceleration is that of items only, and in
    simulations it did not pay: coverage of 95 % intervals with 5 seeds was .956 .946 .950 for
    Spearman and .960 .936 .936 for AUC, with BCa .952 .938 .950 and .972 .948 .938 (100 items and
    small seed effects, 300 and small, 300 and large; 500 repetitions, Monte-Carlo error .010).
    """
    drawn = rng.integers(0, scores.shape[1], size=scores.shape)
    means: Float64[np.ndarray, " R"] = np.take_along_axis(scores, drawn, axis=1).mean(axis=1)
    return means


def interval(resampled: Float64[np.ndarray, " R"], confidence: float) -> Interval:
    """Percentile interval: the middle `confidence` share of the resampled values.

    Values that are NaN (a resample in which nothing varied) are left out.
    """
    values = resampled[~np.isnan(resampled)]
    if not len(values):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def spread(scores: Float64[np.ndarray, " S"]) -> float:
    """Standard deviation between seeds (divisor S - 1); NaN for one seed."""
    return float(scores.std(ddof=1)) if len(scores) > 1 else float("nan")
