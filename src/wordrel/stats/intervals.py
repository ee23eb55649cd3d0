"""How sure a number is: the variance of its items plus that of its seeds, with Student's t.

Arrays in, numbers out. A mean over seeds, a difference of two models, and any other weighted sum of
scores on the same items come from one function, `combined`.

 - Items: every model has the same ones, so their influences are summed over models before they are
   squared (`wordrel.stats.measures`). Items of one cluster are summed first. Shares of right
   answers have a least variance (`wordrel.stats.floors`).
 - Seeds: s^2 / n of each model. What an item does in one seed only is in both parts, so an interval
   is rather too wide than too narrow.
 - Degrees of freedom: Satterthwaite's, with the variance of seeds counted `DOUBT` times. Three
   seeds may be near each other by chance, and then plain degrees of freedom are too many. In 20,000
   simulated studies seeds varied ten times as much as items. Plain 95 % intervals of a mean over
   three seeds held the truth in .921 to .926 of them, and in .938 to .943 with `DOUBT`. A `DOUBT`
   of 3 gives .944 and more, but widens the usual interval by a tenth.

Source: Satterthwaite, Biometrics Bulletin 2, 1946.

Where an interval has two unequal arms, it is the percentile interval of a bootstrap over items, or
over clusters of items: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and
13.

Axes: P items, C clusters, R resamples, S seeds.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float64, Int64, Integer, UInt16
from scipy.special import stdtr, stdtrit

from wordrel.stats.floors import floored
from wordrel.stats.measures import Measure
from wordrel.stats.permutation import Sample
from wordrel.stats.ranks import blocks, quotient

Key = TypeVar("Key", bound=Hashable)

DOUBT = 2.0
POWER, ALPHA = 0.80, 0.05
FEWEST = 20
"""Clusters; with fewer there is no interval."""


class Interval(NamedTuple):
    """From `low` to `high`, both NaN where there is no interval."""

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


class Uncertain(NamedTuple):
    """A number that other items and other seeds would have given otherwise.

    Attributes:
        value: the number.
        error: its standard error; NaN where there are too few items.
        df: degrees of freedom of Student's t.
    """

    value: float
    error: float
    df: float

    def interval(
        self, confidence: float, bounds: tuple[float, float] = (-np.inf, np.inf)
    ) -> Interval:
        """The value and so many standard errors to both sides, within the bounds."""
        reach = float(stdtrit(self.df, (1 + confidence) / 2)) * self.error
        low, high = (float(np.clip(self.value + side, *bounds)) for side in (-reach, reach))
        return Interval(low, high)

    def p_below(self, bound: float) -> float:
        """The one-sided p of "the true number is `bound` or more"; small far below it, never 0."""
        gap = self.value - bound
        if np.isnan(self.error):
            return float("nan")
        if self.error == 0:
            return _LEAST if gap < 0 else 1.0
        return max(float(stdtr(self.df, gap / self.error)), _LEAST)

    def p_above(self, bound: float) -> float:
        """The one-sided p of "the true number is `bound` or less"."""
        return Uncertain(-self.value, self.error, self.df).p_below(-bound)

    def p_within(self, margin: float) -> float:
        """The p of "the true number is as far from 0 as the margin": two one-sided tests.

        Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987.
        """
        return max(self.p_below(margin), self.p_above(-margin))

    def detectable(self) -> float:
        """The difference from 0 that is found with 80 % power, two-sided at .05, at this error.

        Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988; Card et al.,
        With Little Power Comes Great Responsibility, EMNLP 2020.
        """
        return float(sum(stdtrit(self.df, [1 - ALPHA / 2, POWER]))) * self.error


_LEAST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores of one model on a sample of items.

    Attributes:
        seeds: score of each seed, shape [S].
        influence: of each cluster on the mean over seeds, shape [C].
        errors: standard error of each seed's score over items, shape [S].
        shares: of right answers in each cluster, means over seeds, shape [C]; None where answers
            are not right or wrong.
    """

    seeds: Float64[np.ndarray, " S"]
    influence: Float64[np.ndarray, " C"]
    errors: Float64[np.ndarray, " S"]
    shares: Float64[np.ndarray, " C"] | None = None

    @classmethod
    def of(
        cls, measure: Measure, sample: Sample, predicted: Float64[np.ndarray, "S P"]
    ) -> "Scored":
        """Scores and influences of answers, one row a seed."""
        by_seed = _by_cluster(sample, measure.influence(sample.gold, predicted))
        variances, shares = [_of_items(row) for row in by_seed], None
        if measure.share:
            gold = _by_cluster(sample, sample.gold[None])
            right = quotient(_by_cluster(sample, predicted), np.broadcast_to(gold, by_seed.shape))
            variances = [
                floored(found, [1.0], [row]) for found, row in zip(variances, right, strict=True)
            ]
            shares = right.mean(axis=0)
        scores = plain_scores(measure, sample.gold, predicted)
        return cls(scores, by_seed.mean(axis=0), np.sqrt(variances), shares)

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(self.seeds.mean())

    def of_seeds(self) -> list[Uncertain]:
        """Each seed's score, for other items."""
        pairs = zip(self.seeds.tolist(), self.errors.tolist(), strict=True)
        return [Uncertain(score, error, len(self.influence) - 1.0) for score, error in pairs]


def combined(
    weights: Mapping[Key, float], scored: Mapping[Key, Scored], fewest: int = FEWEST
) -> Uncertain:
    """A weighted sum of the mean scores of models that have the same items.

    {a: 1} is a score, {a: 1, b: -1} a difference, four models an interaction. Seeds of different
    models are independent. A model with one seed adds no variance of seeds: then the number is for
    other items only.

    Args:
        weights: model -> its weight.
        scored: model -> its scores.
        fewest: clusters; with fewer there is no error.
    """
    return mean_combined(weights, [scored], fewest)


def mean_combined(
    weights: Mapping[Key, float],
    samples: Sequence[Mapping[Key, Scored]],
    fewest: int = FEWEST,
) -> Uncertain:
    """The mean over several samples of the weighted sum that `combined` takes from one.

    Items of different samples are independent. A model's seeds are the same runs on each sample, in
    the same order, so its scores are averaged over samples before seeds are compared.
    """
    k = len(samples)
    items = []
    for scored in samples:
        influence = np.sum([weight * scored[key].influence for key, weight in weights.items()], 0)
        shares = [scored[key].shares for key in weights]
        variance = floored(_of_items(influence, fewest), weights.values(), shares)
        items.append((variance / k**2, len(influence) - 1))
    of_seeds = [
        weight * np.mean([scored[key].seeds for scored in samples], axis=0)
        for key, weight in weights.items()
    ]
    value = float(sum(scores.mean() for scores in of_seeds))
    return _satterthwaite(value, items, [*map(_of_seeds, of_seeds)])


def mean_over_seeds(
    values: Float64[np.ndarray, " S"], errors: Float64[np.ndarray, " S"], n: int, confidence: float
) -> tuple[float, float, float]:
    """The mean of what each seed's model gave, and its interval for other items and other seeds.

    The items are the same for all seeds, so that their errors do not average out.

    Args:
        values: one number a seed.
        errors: its standard error over items.
        n: items.
        confidence: share of such intervals that hold the truth.

    Returns:
        Mean, lower and upper end; NaN where a value is, or without seeds, and the ends alone where
        an error is or the mean is infinite.
    """
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    if np.isinf(values).any():
        return float(values.mean()), float("nan"), float("nan")
    mean = over_seeds(values, errors, n)
    return mean.value, *mean.interval(confidence)


def over_seeds(
    values: Float64[np.ndarray, " S"], errors: Float64[np.ndarray, " S"], n: int
) -> Uncertain:
    """The mean of `mean_over_seeds` with its error; of finite values, one or more."""
    items = float((errors**2).mean()), max(n - 1, 1)
    return _satterthwaite(float(values.mean()), [items], [_of_seeds(values)])


Part = tuple[float, int]
"""A variance and its degrees of freedom."""


def of_parts(
    value: float, influence: Float64[np.ndarray, " C"], seeds: Sequence[Part]
) -> Uncertain:
    """A number from the influence of each cluster on it, and what the seeds of models add."""
    return _satterthwaite(value, [(_of_items(influence), len(influence) - 1)], seeds)


def _satterthwaite(value: float, items: Sequence[Part], seeds: Sequence[Part]) -> Uncertain:
    parts = [*((*part, 1.0) for part in items), *((*part, DOUBT) for part in seeds if part[1] > 0)]
    variance = sum(part for part, _, _ in parts)
    doubted = sum(doubt * part for part, _, doubt in parts)
    squares = sum((doubt * part) ** 2 / df for part, df, doubt in parts if part > 0)
    df = doubted**2 / squares if squares > 0 else np.inf
    return Uncertain(value, float(np.sqrt(variance)), float(df))


def _of_seeds(scores: Float64[np.ndarray, " S"]) -> Part:
    """The variance of their mean; nothing is known of one seed."""
    n = len(scores)
    return (float(scores.var(ddof=1)) / n if n > 1 else 0.0), n - 1


def _by_cluster(sample: Sample, rows: Float64[np.ndarray, "S P"]) -> Float64[np.ndarray, "S C"]:
    """The sums over the items of each cluster."""
    sums = np.zeros((len(rows), sample.n_clusters))
    for of_row, row in zip(sums, rows, strict=True):
        of_row[:] = np.bincount(sample.cluster, row, sample.n_clusters)
    return sums


def _of_items(influence: Float64[np.ndarray, " C"], fewest: int = FEWEST) -> float:
    """The variance over clusters; NaN of too few."""
    n = len(influence)
    return float(np.sum(influence**2) * n / (n - 1)) if n >= fewest else float("nan")
