"""How much less two models agree than the seeds of either: with the parts of its interval.

Agreement is Spearman's correlation of the scores that two runs give to the same pairs of words. The
drop is the smaller of the two agreements between seeds, less the agreement between the models. 0 or
less where the models differ no more than two seeds of one do.

Axes: P pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float64

from wordrel.stats.alignment import Aligned, rank_correlation
from wordrel.stats.intervals import Part, Uncertain, of_parts

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
            (one, other): rank_correlation(scores[one], scores[other])
            for one, other in combinations(scores, 2)
            if one[0] == other[0] or one[1] != other[1]
        }
        value, least = _value(aligned)
        seeds = []
        for model, runs in enumerate((first, second)):
            n = len(runs)
            left = [_value(aligned, without=(model, seed))[0] for seed in runs]
            seeds.append(((n - 1) * float(np.var(left)), n - 1))
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
    some = {runs: found for runs, found in agreement.items() if without not in runs}
    means = {m: _mean(some, m).value for m in ((0, 0), (1, 1), _BETWEEN)}
    least: _Models = min(((0, 0), (1, 1)), key=lambda models: means[models])
    known = not np.isnan([*means.values()]).any()
    return means[least] - means[_BETWEEN] if known else float("nan"), least


def _mean(agreement: _Agreement, models: _Models) -> Aligned:
    """Over the couples of runs of these models; NaN without any."""
    found = [one for runs, one in agreement.items() if (runs[0][0], runs[1][0]) == models]
    if not found:
        return Aligned(float("nan"), np.full(1, np.nan))
    return Aligned(
        float(np.mean([one.value for one in found])),
        np.mean([one.influence for one in found], axis=0),
    )
