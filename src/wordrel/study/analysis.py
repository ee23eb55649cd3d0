"""From the answers of every cell to the tidy tables of a study.

Reads outcomes in memory; returns data frames with the columns of `wordrel.study.results.COLUMNS`.
Every comparison is made on the items that all models of the study answer on that corpus.
"""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool

from wordrel.config import StatisticsConfig
from wordrel.stats import (
    MEASURES,
    Comparison,
    Design,
    Estimate,
    answered_by_all,
    compare_all,
    holm,
    mean_over_seeds,
)
from wordrel.study.asked import Asked, Key
from wordrel.study.results import COLUMNS
from wordrel.study.selection import Choice
from wordrel.tasks import Measurement, Outcome

Row = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """Rows of three of the study's tables."""

    scores: list[Row]
    summary: list[Row]
    comparisons: list[Row]


PERMUTATIONS = 10_000
ALPHA, FINER = 0.05, 2
"""Holm multiplies the smallest p by the size of its family: what is left is to be well below."""


def primary_pairs(asked: Asked) -> int:
    """How many differences between primary views this row of the result has."""
    return len(_primary_pairs(asked))


def _primary_pairs(asked: Asked) -> list[tuple[Key, Key]]:
    if asked.split == "dev" or asked.any.detail:
        return []
    return list(itertools.combinations(filter(asked.primary, asked.predicted()), 2))


def analyse(asked: Asked, statistics: StatisticsConfig, family: int = 1) -> Tables:
    """Scores, summaries and the differences between the primary views.

    Primary views are scored on the items that all of them answer; every other view, which is only
    shown, on those of these items that it answers itself.

    Args:
        asked: the outcomes of one row of the result.
        statistics: resampling settings.
        family: how many tests Holm's correction covers; many of them need a finer p, lest nothing
            could ever be told apart.
    """
    predicted = asked.predicted()
    headline = {key: rows for key, rows in predicted.items() if asked.primary(key)}
    common = answered_by_all(headline.values()) if headline else asked.any.covered
    permutations = max(PERMUTATIONS, round(FINER * family / ALPHA)) - 1
    names = asked.corpus, asked.any.task
    comparison = compare_all(
        _design(asked, common, statistics, statistics.resamples, permutations),
        {key: rows[:, common] for key, rows in headline.items()},
        _rng(statistics.seed, *names),
        pairs=_primary_pairs(asked),
    )
    scored = dict.fromkeys(headline, int(common.sum()))
    estimates = dict(comparison.estimates)
    for key in (key for key in predicted if key not in headline):
        own = common & answered_by_all([predicted[key]])
        design = _design(asked, own, statistics, statistics.exploratory_resamples)
        alone = {key: predicted[key][:, own]}
        estimates |= compare_all(design, alone, _rng(statistics.seed, *names, *key)).estimates
        scored[key] = int(own.sum())
    return Tables(
        _score_rows(asked, estimates, scored),
        _summary_rows(asked, estimates, scored),
        _comparison_rows(asked, comparison, int(common.sum())),
    )


def _design(
    asked: Asked,
    items: Bool[np.ndarray, " P"],
    statistics: StatisticsConfig,
    resamples: int,
    permutations: int = PERMUTATIONS - 1,
) -> Design:
    outcome = asked.any
    return Design(
        MEASURES[outcome.measure],
        outcome.gold[items],
        outcome.cluster[items],
        resamples=resamples,
        confidence=statistics.confidence,
        permutations=permutations,
        margin=statistics.margin,
    )


def _rng(seed: int, *names: str) -> np.random.Generator:
    """A stream of its own for each table row, whatever else the study asks."""
    key = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(key, dtype=np.uint32)])


def _common(asked: Asked, key: Key, outcome: Outcome, scored: Mapping[Key, int]) -> Row:
    """The columns that scores and summary share."""
    model, view = key
    return {
        "corpus": asked.corpus,
        "model": model,
        "question": asked.question,
        "task": outcome.task,
        "measure": outcome.measure,
        "split": asked.split,
        "detail": outcome.detail,
        "view": view,
        "primary": outcome.primary,
        "n_items": len(outcome.gold),
        "n_covered": int(outcome.covered.sum()),
        "n_scored": scored.get(key, 0),
        "chance": outcome.chance,
        "better": outcome.better,
        "note": outcome.note,
    }


Estimates = Mapping[Key, Estimate]


def _score_rows(asked: Asked, estimates: Estimates, scored: Mapping[Key, int]) -> list[Row]:
    rows = []
    for key, seeds in asked.outcomes.items():
        estimate = estimates.get(key)
        for place, (seed, outcome) in enumerate(seeds.items()):
            row = _common(asked, key, outcome, scored) | {"seed": seed, **_NO_SCORE}
            if estimate is not None:
                low, high = estimate.seed_intervals[place]
                row |= {"score": estimate.seeds[place], "low": low, "high": high}
            rows.append(row)
    return rows


_NO_SCORE = dict.fromkeys(("score", "low", "high"), np.nan)


def _summary_rows(asked: Asked, estimates: Estimates, scored: Mapping[Key, int]) -> list[Row]:
    rows = []
    for key, seeds in asked.outcomes.items():
        row = _common(asked, key, next(iter(seeds.values())), scored)
        row |= {"seeds": len(seeds), "seed_sd": np.nan, **_NO_SCORE}
        estimate = estimates.get(key)
        if estimate is not None:
            row |= {name: getattr(estimate, name) for name in ("score", "low", "high", "seed_sd")}
        rows.append(row)
    return rows


def _comparison_rows(asked: Asked, comparison: Comparison[Key], scored: int) -> list[Row]:
    outcome = asked.any
    return [
        {
            "corpus": asked.corpus,
            "question": asked.question,
            "task": outcome.task,
            "measure": outcome.measure,
            "view_a": a[1],
            "view_b": b[1],
            "model_a": a[0],
            "model_b": b[0],
            "seeds": min(len(asked.outcomes[a]), len(asked.outcomes[b])),
            "n_scored": scored,
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "p": found.p,
            "p_steiger": found.p_steiger,
            "p_equivalence": found.p_equivalence,
            "detectable": found.detectable,
            "better": outcome.better,
        }
        for (a, b), found in comparison.differences.items()
    ]


def adjust(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Add p_holm; a family is what one table of the report shows: a corpus and a question."""
    families = comparisons.groupby(["corpus", "question"], sort=False)["p"]
    adjusted = families.transform(lambda p: holm(p.to_numpy(dtype=np.float64)))
    return comparisons.assign(p_holm=adjusted.astype(np.float64))


def measurement_rows(
    corpus: str,
    question: str,
    cells: Iterable[tuple[str, int, Sequence[Measurement]]],
    choice: Choice,
    confidence: float,
) -> list[Row]:
    """What was measured of each model, over its seeds."""
    found: dict[tuple[str, ...], list[Measurement]] = {}
    for model, _, measurements in cells:
        for one in measurements:
            found.setdefault((model, one.task, one.view, one.group, one.statistic), []).append(one)
    rows = []
    for (model, task, view, group, statistic), seeds in found.items():
        values, errors = (np.array([getattr(m, k) for m in seeds]) for k in ("value", "error"))
        value, low, high = mean_over_seeds(values, errors, confidence)
        rows.append(
            {
                "corpus": corpus,
                "model": model,
                "task": task,
                "view": view,
                "primary": view == choice.view(model, question),
                "group": group,
                "statistic": statistic,
                "seeds": len(seeds),
                "value": value,
                "low": low,
                "high": high,
                "n": min(one.n for one in seeds),
            }
        )
    return rows


def frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table with the columns of its name, in their order."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
