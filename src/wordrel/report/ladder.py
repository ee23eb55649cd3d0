"""What each ingredient of the ladder adds: its share of the fall in held-out loss, seed by seed.

Reads the stored scores. The gain of an ingredient is the fall in loss at the edges that add it, as
a mean over the orderings from foot to top (`architectures`): its Shapley value under the precedence
that the ladder has. Seeds of one number are paired: they have the same corpus and the same windows
over the held-out text.

Source: Faigle & Kern, The Shapley value for cooperative games under precedence constraints, 1992.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy.special import stdtrit

from wordrel.report import architectures, queries
from wordrel.report.architectures import LADDERS, Edge, Ladder, Step
from wordrel.report.queries import Row
from wordrel.report.verdicts import difference
from wordrel.study.results import Results

TASK = "held_out_loss.{}"
MASKED, NEXT = (TASK.format(objective) for objective in ("masked_word", "next_word"))
"""The row of the result that holds an objective's loss."""


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and its interval, whose ends are NaN for one seed."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether there is an interval and 0 lies outside it."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, eq=False)
class Climb:
    """The gains of the ingredients of one ladder on one corpus.

    Attributes:
        corpus: its name.
        objective: masked_word or next_word.
        foot: name of the model without any of the ingredients.
        top: name of the model with all of them.
        orderings: how many the means are taken over.
        seeds: those that every model on the way has.
        n_scored: held-out sentences behind each loss.
        gains: ingredient -> nats per token that it takes off the loss in each seed, shape [S].
        by_ordering: ingredient -> the different falls that its mean is taken over, each a mean
            over seeds. Of two substitutes, the first gains much and the second little.
        confidence: of the intervals.
    """

    corpus: str
    objective: str
    foot: str
    top: str
    orderings: int
    seeds: tuple[int, ...]
    n_scored: int
    gains: Mapping[str, Float64[np.ndarray, " S"]]
    by_ordering: Mapping[str, tuple[float, ...]]
    confidence: float

    @property
    def total(self) -> Mean:
        """The whole fall in loss from foot to top, in nats per token."""
        return mean_over_seeds(self._totals(), self.confidence)

    @property
    def no_share(self) -> str:
        """Why no share is given; empty where shares are."""
        if self.total.low <= 0 <= self.total.high:
            return "the interval of the whole gain includes 0"
        if self._totals().min() <= 0:
            return "the loss does not fall in every seed"
        return ""

    def gain(self, ingredient: str) -> Mean:
        """Nats per token that it saves."""
        return mean_over_seeds(self.gains[ingredient], self.confidence)

    def share(self, ingredient: str) -> Mean:
        """Its part of the whole gain, which may be negative; NaN where `no_share` has a reason."""
        return mean_over_seeds(self._shares(ingredient), self.confidence)

    def ahead(self, first: str, second: str) -> Mean:
        """The share of the first minus that of the second, paired by seed."""
        return mean_over_seeds(self._shares(first) - self._shares(second), self.confidence)

    def ranked(self) -> list[str]:
        """The ingredients, the one with the largest gain first."""
        return sorted(self.gains, key=lambda ingredient: -self._rank(ingredient))

    def _rank(self, ingredient: str) -> float:
        return (self.gain if self.no_share else self.share)(ingredient).value

    def _totals(self) -> Float64[np.ndarray, " S"]:
        totals: Float64[np.ndarray, " S"] = np.sum(list(self.gains.values()), axis=0)
        return totals

    def _shares(self, ingredient: str) -> Float64[np.ndarray, " S"]:
        if self.no_share:
            return np.full(len(self.seeds), np.nan)
        shares: Float64[np.ndarray, " S"] = self.gains[ingredient] / self._totals()
        return shares


def climbs(results: Results) -> list[Climb]:
    """The climbs of every corpus, one ladder after the other, its corpora side by side."""
    candidates = [climb(results, c, lad) for lad in LADDERS for c in queries.corpora(results)]
    return [c for c in candidates if c is not None]


def climb(results: Results, corpus: str, ladder: Ladder) -> Climb | None:
    """One ladder on one corpus; None without an ordering, or a seed that all models have."""
    of_seeds = losses_by_seed(results, corpus, ladder.objective)
    neighbours = steps(results, corpus, ladder.objective)
    names = {
        r: m["name"] for s in neighbours for r, m in ((s.edge.start, s.start), (s.edge.end, s.end))
    }
    edges = [step.edge for step in neighbours]
    ways = {top: architectures.orderings(edges, ladder.foot, top) for top in ladder.tops}
    top = next((top for top in ladder.tops if ways[top]), None)
    if top is None:
        return None
    on_the_way = queries.distinct(r for e in chain(*ways[top]) for r in (e.start, e.end))
    seeds = sorted(
        set.intersection(*(set(of_seeds[names[architecture]]) for architecture in on_the_way))
    )
    if not seeds:
        return None
    losses = {r: np.array([of_seeds[names[r]][seed] for seed in seeds]) for r in on_the_way}
    return Climb(
        corpus=corpus,
        objective=ladder.objective,
        foot=names[ladder.foot],
        top=names[top],
        orderings=len(ways[top]),
        seeds=tuple(seeds),
        n_scored=min(int(r.n_scored) for r in _scored(results, corpus, ladder.objective)),
        gains=mean_gains(ways[top], losses),
        by_ordering=_by_ordering(ways[top], losses),
        confidence=float(results.manifest["statistics"]["confidence"]),
    )


def whole_gain(results: Results, climb: Climb) -> Row | None:
    """The tested difference between foot and top, whose interval is over sentences and seeds."""
    task = TASK.format(climb.objective)
    return difference(results, climb.corpus, task, climb.foot, climb.top)


def steps(results: Results, corpus: str, objective: str) -> list[Step]:
    """The neighbouring architectures that both have a loss on this corpus, from the foot up."""
    losses = losses_by_seed(results, corpus, objective)
    models = {
        architecture: m
        for architecture, m in architectures.architectures(results).items()
        if m["name"] in losses
    }
    return architectures.steps(models, objective)


def mean_gains(
    orderings: Sequence[Iterable[Edge]], losses: Mapping[str, Float64[np.ndarray, " S"]]
) -> dict[str, Float64[np.ndarray, " S"]]:
    """What each ingredient takes off the loss in each seed, as a mean over the orderings.

    Args:
        orderings: the ways from one foot to one top.
        losses: architecture -> its loss in each seed, shape [S].

    Returns:
        Ingredient -> shape [S], in the units of the losses; together the whole fall.
    """
    gains: dict[str, Float64[np.ndarray, " S"]] = {}
    for edge in chain.from_iterable(orderings):
        fall = (losses[edge.start] - losses[edge.end]) / len(orderings)
        gains[edge.adds] = gains[edge.adds] + fall if edge.adds in gains else fall
    return gains


def _by_ordering(
    orderings: Sequence[Iterable[Edge]], losses: Mapping[str, Float64[np.ndarray, " S"]]
) -> dict[str, tuple[float, ...]]:
    edges = dict.fromkeys(chain.from_iterable(orderings))
    falls = {edge: float((losses[edge.start] - losses[edge.end]).mean()) for edge in edges}
    names = dict.fromkeys(edge.adds for edge in edges)
    return {name: tuple(fall for e, fall in falls.items() if e.adds == name) for name in names}


def losses_by_seed(results: Results, corpus: str, objective: str) -> dict[str, dict[int, float]]:
    """Model -> seed -> held-out loss per token in nats, of the selected embedding."""
    losses: dict[str, dict[int, float]] = {}
    for r in _scored(results, corpus, objective):
        losses.setdefault(r.model, {})[int(r.seed)] = float(r.score)
    return losses


def mean_over_seeds(values: Float64[np.ndarray, " S"], confidence: float) -> Mean:
    """The mean with Student's t interval of S - 1 degrees of freedom; no interval for one seed."""
    n, middle = len(values), float(values.mean())
    if n < 2:
        return Mean(middle, math.nan, math.nan)
    half = float(stdtrit(n - 1, (1 + confidence) / 2) * values.std(ddof=1) / math.sqrt(n))
    return Mean(middle, middle - half, middle + half)


def _scored(results: Results, corpus: str, objective: str) -> list[Row]:
    task = TASK.format(objective)
    selected = queries.rows(results.scores, corpus=corpus, task=task, selected=True)
    return [r for r in selected if not pd.isna(r.score)]
