"""Models compared on the same items: scores with intervals, paired differences, p-values.

Arrays in, numbers out; randomness is an argument. Axes: P items, R resamples, S seeds.
"""

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64

from wordrel.stats.measures import Measure, Sample
from wordrel.stats.resampling import (
    Interval,
    interval,
    item_multiplicity,
    joint,
    plain_scores,
    resampled_scores,
    spread,
)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Design:
    """What is compared, on which items, with how much work.

    Attributes:
        measure: of `MEASURES`.
        gold: shape [P].
        cluster: items that are no independent evidence share a number, shape [P].
        resamples: for intervals.
        permutations: for p-values; the smallest p is 1 / (permutations + 1).
        confidence: share of the resamples inside an interval.
    """

    measure: Measure
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    resamples: int = 2000
    permutations: int = 9999
    confidence: float = 0.95


@dataclass(frozen=True)
class Estimate:
    """The score of one model.

    Attributes:
        score: mean over seeds, on the items as they are.
        low: lower end of its interval, items and seeds resampled together.
        high: upper end.
        seed_sd: standard deviation between seeds; NaN for one.
        seeds: each seed's score, shape [S].
        seed_intervals: of each seed's score, items resampled.
    """

    score: float
    low: float
    high: float
    seed_sd: float
    seeds: Float64[np.ndarray, " S"]
    seed_intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Difference:
    """First minus second.

    Attributes:
        difference: of the mean scores over seeds, on the items as they are.
        low: lower end of its interval: the same resampled items for both models, seeds of each
            resampled on their own.
        high: upper end.
        p: two-sided, of the paired permutation test; not adjusted.
    """

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Comparison(Generic[Key]):
    """All estimates, and all differences that were asked for, by key."""

    estimates: dict[Key, Estimate]
    differences: dict[tuple[Key, Key], Difference]


def compare_all(
    design: Design,
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    rng: np.random.Generator,
    pairs: Iterable[tuple[Key, Key]] | None = None,
) -> Comparison[Key]:
    """Every model's score and the differences between them, on common resamples of the items.

    Args:
        design: what is compared; its items are those that all models answer.
        predicted: model -> answers, one row a seed; models may differ in their number of seeds.
        rng: the same state gives the same bytes. Item resamples and permutations depend on
            neither the number nor the order of the models.
        pairs: which differences; by default every two models, in the order of `predicted`.

    Raises:
        ValueError: where an answer is missing (NaN).
    """
    for key, rows in predicted.items():
        if np.isnan(rows).any():
            raise ValueError(f"{key}: found items without an answer; pass only those all answer")
    for_items, for_seeds, for_signs = rng.spawn(3)
    multiplicity = item_multiplicity(design.cluster, design.resamples, for_items)
    estimates, resampled = {}, {}
    for key, rows in predicted.items():
        by_seed = resampled_scores(design.measure, design.gold, rows, multiplicity)
        resampled[key] = joint(by_seed, for_seeds)
        estimates[key] = _estimate(design, rows, by_seed, resampled[key])
    signs, sample = _signs(design, for_signs)
    differences = {}
    for a, b in itertools.combinations(predicted, 2) if pairs is None else pairs:
        low, high = interval(resampled[a] - resampled[b], design.confidence)
        gap = estimates[a].score - estimates[b].score
        p = float("nan")
        if not np.isnan(gap):
            p = permutation_p(
                gap, design.measure.swapped(sample, predicted[a], predicted[b], signs)
            )
        differences[a, b] = Difference(gap, low, high, p)
    return Comparison(estimates, differences)


def paired_difference(
    design: Design,
    first: Float64[np.ndarray, "S P"],
    second: Float64[np.ndarray, "T P"],
    rng: np.random.Generator,
) -> Difference:
    """`compare_all` for two models.

    The interval speaks of other items and other seeds. The test asks whether the two models'
    answers to an item (to a cluster of items) could be swapped: all seeds of a model go together,
    so it speaks of these trained models on other items; what seeds change is in the interval.
    """
    return compare_all(design, {0: first, 1: second}, rng).differences[0, 1]


def permutation_p(observed: float, null: Float64[np.ndarray, " R"]) -> float:
    """Two-sided p = (c + 1) / (R + 1), c the permutations at least as far from 0 as observed.

    Never 0. A permutation without a score (nothing varied) counts as far.

    Source: Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9(1), 2010.
    """
    # What is equal on paper may differ in the last bits: sums in another order.
    nearer = np.abs(null) < abs(observed) * (1 - 1e-9) - 1e-12
    return float((len(null) - nearer.sum() + 1) / (len(null) + 1))


def holm(p: Sequence[float] | Float64[np.ndarray, " F"]) -> Float64[np.ndarray, " F"]:
    """Adjusted p-values of one family of tests (Holm's step-down), in the order given.

    NaN stays NaN and is no member of the family.

    Source: Holm, Scandinavian Journal of Statistics 6, 1979.
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(len(given), np.nan)
    order = np.argsort(given, kind="stable")[: int((~np.isnan(given)).sum())]
    steps = given[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def answered_by_all(
    predicted: Iterable[Float64[np.ndarray, "_ P"]],
) -> Bool[np.ndarray, " P"]:
    """Items that every seed of every model answers (no NaN); the only ones that are compared.

    A model without any answer would leave nothing; leave it out first.
    """
    answers = [~np.isnan(rows).any(axis=0) for rows in predicted]
    by_all: Bool[np.ndarray, " P"] = np.all(answers, axis=0)
    return by_all


def _estimate(
    design: Design,
    rows: Float64[np.ndarray, "S P"],
    by_seed: Float64[np.ndarray, "R S"],
    together: Float64[np.ndarray, " R"],
) -> Estimate:
    seeds = plain_scores(design.measure, design.gold, rows)
    low, high = interval(together, design.confidence)
    of_seeds = tuple(interval(column, design.confidence) for column in by_seed.T)
    return Estimate(float(seeds.mean()), low, high, spread(seeds), seeds, of_seeds)


def _signs(design: Design, rng: np.random.Generator) -> tuple[Int8[np.ndarray, "R C"], Sample]:
    """Whether each permutation keeps (1) or swaps (-1) the answers of each cluster."""
    labels, which = np.unique(design.cluster, return_inverse=True)
    size = (design.permutations, len(labels))
    signs = rng.integers(0, 2, size=size, dtype=np.int8) * np.int8(2) - np.int8(1)
    return signs, Sample(design.gold, which, len(labels))
