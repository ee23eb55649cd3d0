"""Models compared on the same items: scores with intervals, paired differences, p-values.

Arrays in, numbers out; randomness is an argument. Axes: P items, R resamples, S seeds.
"""

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.stats.correlations import steiger
from wordrel.stats.floors import sum_bounds
from wordrel.stats.intervals import Interval, Scored, combined, spread
from wordrel.stats.measures import Measure
from wordrel.stats.permutation import Sample, farther, p_of, random_signs
from wordrel.stats.ranks import centred_ranks

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Design:
    """What is compared, on which items, with how much work.

    Attributes:
        measure: of `MEASURES`.
        gold: shape [P].
        cluster: items that are no independent evidence share a number, shape [P].
        permutations: for p-values; the smallest p is 1 / (permutations + 1).
        confidence: share of such intervals that hold the truth.
        margin: differences within +-margin are negligible; for measures that are bounded.
    """

    measure: Measure
    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    permutations: int = 9999
    confidence: float = 0.95
    margin: float = 0.03


@dataclass(frozen=True)
class Estimate:
    """The score of one model.

    Attributes:
        score: mean over seeds, on the items as they are.
        low: lower end of its interval, for other items and other seeds.
        high: upper end.
        seed_sd: standard deviation between seeds; NaN for one.
        seeds: each seed's score, shape [S].
        seed_intervals: of each seed's score, for other items.
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
        low: lower end of its interval: the items of both models are the same, seeds are their own.
        high: upper end.
        p: two-sided, of the paired permutation test; not adjusted.
        p_steiger: of Steiger's Z; NaN unless the measure is a correlation, the items are four or
            more and each is a cluster of its own.
        p_equivalence: of "they differ by the margin or more", from the same error as the interval;
            NaN where the measure is not bounded.
        detectable: the difference that this error would show with 80 % power.
    """

    difference: float
    low: float
    high: float
    p: float
    p_steiger: float
    p_equivalence: float
    detectable: float


@dataclass(frozen=True)
class Comparison(Generic[Key]):
    """All estimates, and all requested differences, by key."""

    estimates: dict[Key, Estimate]
    differences: dict[tuple[Key, Key], Difference]


def compare_all(
    design: Design,
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    rng: np.random.Generator,
    pairs: Iterable[tuple[Key, Key]] | None = None,
) -> Comparison[Key]:
    """Every model's score and the differences between them, on the same items.

    Args:
        design: what is compared; its items are those that all models answer.
        predicted: model -> answers, one row a seed; models may differ in their number of seeds.
        rng: of the permutations, which depend on neither the number nor the order of the models.
        pairs: which differences; by default every two models, in the order of `predicted`.

    Raises:
        ValueError: where an answer is missing (NaN).
    """
    for key, rows in predicted.items():
        if np.isnan(rows).any():
            raise ValueError(f"{key}: found items without an answer; pass only those all answer")
    sample = Sample.of(design.gold, design.cluster)
    scored = {key: Scored.of(design.measure, sample, rows) for key, rows in predicted.items()}
    estimates = {key: _estimated(design, model_scores) for key, model_scores in scored.items()}
    wanted = list(itertools.combinations(predicted, 2) if pairs is None else pairs)
    compared = {key: predicted[key] for key in dict.fromkeys(itertools.chain(*wanted))}
    for_signs = rng.spawn(3)[2]  # the third, as when items and seeds were drawn from the others
    p_values = _permutation(design, estimates, compared, wanted, for_signs)
    p_steiger = _steiger(design, estimates, compared, wanted)
    differences, bounds = {}, sum_bounds((1.0, -1.0), design.measure.bounds)
    for a, b in wanted:
        gap = combined({a: 1.0, b: -1.0}, scored)
        differences[a, b] = Difference(
            gap.value,
            *gap.interval(design.confidence, bounds),
            p=p_values[a, b],
            p_steiger=p_steiger[a, b],
            p_equivalence=gap.p_within(design.margin) if design.measure.bounded else float("nan"),
            detectable=gap.detectable(),
        )
    return Comparison(estimates, differences)


def benjamini_hochberg(
    p: Sequence[float] | Float64[np.ndarray, " F"],
) -> Float64[np.ndarray, " F"]:
    """Adjusted p-values of one family of tests (Benjamini and Hochberg), in the order given.

    Of those below alpha at most alpha are expected to be false.

    NaN stays NaN and is no member of the family.

    Source: Benjamini & Hochberg, Journal of the Royal Statistical Society B 57, 1995.
    """
    # Large to import, and only a study's end needs it: commands that read tables do without.
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p, dtype=np.float64)
    adjusted = np.full(len(values), np.nan)
    if (known := ~np.isnan(values)).any():
        adjusted[known] = multipletests(values[known], method="fdr_bh")[1]
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


def estimate(design: Design, rows: Float64[np.ndarray, "_ P"]) -> Estimate:
    """The score of one model by itself, from its answers, one row a seed."""
    sample = Sample.of(design.gold, design.cluster)
    return _estimated(design, Scored.of(design.measure, sample, rows))


def _estimated(design: Design, scored: Scored) -> Estimate:
    low, high = combined({0: 1.0}, {0: scored}).interval(design.confidence, design.measure.bounds)
    of_seeds = (
        seed.interval(design.confidence, design.measure.bounds) for seed in scored.of_seeds()
    )
    return Estimate(scored.mean, low, high, spread(scored.seeds), scored.seeds, tuple(of_seeds))


def _permutation(
    design: Design,
    estimates: Mapping[Key, Estimate],
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    pairs: Sequence[tuple[Key, Key]],
    rng: np.random.Generator,
) -> dict[tuple[Key, Key], float]:
    """The p of the paired permutation test; NaN where one of the two has no score."""
    p_values = dict.fromkeys(pairs, float("nan"))
    scored = {key: rows for key, rows in predicted.items() if not np.isnan(estimates[key].score)}
    if not scored:
        return p_values
    sample = Sample.of(design.gold, design.cluster)
    signs = random_signs(sample.n_clusters, design.permutations, rng)
    observed = {
        (a, b): estimates[a].score - estimates[b].score
        for a, b in pairs
        if a in scored and b in scored
    }
    far = farther(design.measure, sample, scored, observed, signs)
    return p_values | {pair: p_of(count, design.permutations) for pair, count in far.items()}


def _steiger(
    design: Design,
    estimates: Mapping[Key, Estimate],
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    pairs: Sequence[tuple[Key, Key]],
) -> dict[tuple[Key, Key], float]:
    """The p of Steiger's Z where it applies, see `Difference.p_steiger`."""
    n = len(design.gold)
    alone = len(np.unique(design.cluster)) == n
    if not (pairs and design.measure.correlation and alone and n > 3):
        return dict.fromkeys(pairs, float("nan"))
    typical = {key: _typical_ranks(rows) for key, rows in predicted.items()}
    first, second = (np.array([estimates[pair[i]].score for pair in pairs]) for i in (0, 1))
    between = np.array([typical[a] @ typical[b] for a, b in pairs])
    p = steiger(first, second, np.clip(between, -1.0, 1.0), n).p
    return dict(zip(pairs, p.tolist(), strict=True))


def _typical_ranks(rows: Float64[np.ndarray, "S P"]) -> Float64[np.ndarray, " P"]:
    """Mean of the seeds' standardised ranks.

    The product of two models' is the mean rank correlation over all couples of their seeds.
    """
    ranks = centred_ranks(rows)
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    standard = np.divide(ranks, length, out=np.full_like(ranks, np.nan), where=length > 0)
    typical: Float64[np.ndarray, " P"] = standard.mean(axis=0)
    return typical
