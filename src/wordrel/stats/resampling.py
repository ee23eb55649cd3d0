"""Bootstrap over items (or clusters of items), for a score whose interval has two unequal arms.

Arrays in, numbers out; randomness is an argument. Axes: P items, R resamples, S seeds.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 (resamples), 13
(percentile intervals).
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
    if measure.plain is not None:
        return measure.plain(gold, predicted)
    once = np.ones((1, len(gold)), dtype=np.uint16)
    scores: Float64[np.ndarray, " S"] = resampled_scores(measure, gold, predicted, once)[0]
    return scores


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
