"""From the answers of every cell to the tidy tables of a study.

Reads outcomes in memory; returns data frames with the columns of `wordrel.report.results.COLUMNS`.
Every comparison is made on the items that all models of the study answer on that corpus.
"""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int64

from wordrel.config import StatisticsConfig
from wordrel.report.results import COLUMNS
from wordrel.stats import MEASURES, Comparison, Design, answered_by_all, compare_all, holm
from wordrel.tasks import Outcome
from wordrel.tasks.neighbours import expected_overlap, overlap

Key = tuple[str, str]  # model, view
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The outcomes of one row of the result (a task, or a variant of it) on one corpus.

    Attributes:
        corpus: name of the corpus.
        question: "alike", "fit" ...
        outcomes: (model, view) -> seed -> outcome; "" is the view of a model without an answer.
    """

    corpus: str
    question: str
    outcomes: Mapping[Key, Mapping[int, Outcome]]

    @property
    def any(self) -> Outcome:
        """One of them, for what they have in common."""
        return next(iter(next(iter(self.outcomes.values())).values()))

    def predicted(self) -> dict[Key, Float64[np.ndarray, "S P"]]:
        """The answers of those that answer anything, a row a seed."""
        rows = {
            key: np.stack([outcome.predicted for outcome in seeds.values()])
            for key, seeds in self.outcomes.items()
        }
        return {key: row for key, row in rows.items() if not np.isnan(row).all()}


def collect(
    corpus: str, question: str, cells: Iterable[tuple[str, int, Sequence[Outcome]]]
) -> list[Asked]:
    """Sort the outcomes of a task, given as (model, seed, outcomes), by row of the result."""
    rows: dict[str, dict[Key, dict[int, Outcome]]] = {}
    for model, seed, outcomes in cells:
        for outcome in outcomes:
            keys = rows.setdefault(outcome.task, {})
            keys.setdefault((model, outcome.view), {})[seed] = outcome
    return [Asked(corpus, question, keys) for keys in rows.values()]


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
    primary = [key for key in asked.predicted() if _first(asked, key).primary]
    return list(itertools.combinations(primary, 2))


def analyse(asked: Asked, statistics: StatisticsConfig, family: int = 1) -> Tables:
    """Scores, summaries and the differences between the primary views, all on common items.

    Args:
        asked: the outcomes of one row of the result.
        statistics: resampling settings.
        family: how many tests Holm's correction covers; many of them need a finer p, lest nothing
            could ever be told apart.
    """
    predicted = asked.predicted()
    outcome = asked.any
    common = np.zeros(len(outcome.gold), dtype=np.bool_)
    if predicted:
        common = answered_by_all(predicted.values())
    design = Design(
        MEASURES[outcome.measure],
        outcome.gold[common],
        outcome.cluster[common],
        resamples=statistics.resamples,
        confidence=statistics.confidence,
        permutations=max(PERMUTATIONS, round(FINER * family / ALPHA)) - 1,
    )
    comparison = compare_all(
        design,
        {key: rows[:, common] for key, rows in predicted.items()},
        _rng(statistics.seed, asked.corpus, outcome.task),
        pairs=_primary_pairs(asked),
    )
    return Tables(
        _score_rows(asked, comparison, common),
        _summary_rows(asked, comparison, common),
        _comparison_rows(asked, comparison, int(common.sum())),
    )


def _first(asked: Asked, key: Key) -> Outcome:
    return next(iter(asked.outcomes[key].values()))


def _rng(seed: int, *names: str) -> np.random.Generator:
    """A stream of its own for each table row, whatever else the study asks."""
    key = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(key, dtype=np.uint32)])


def _common(asked: Asked, key: Key, outcome: Outcome, common: Bool[np.ndarray, " P"]) -> Row:
    """The columns that scores and summary share."""
    model, view = key
    return {
        "corpus": asked.corpus,
        "model": model,
        "question": asked.question,
        "task": outcome.task,
        "measure": outcome.measure,
        "view": view,
        "primary": outcome.primary,
        "n_items": len(outcome.gold),
        "n_covered": int(outcome.covered.sum()),
        "n_scored": int(common.sum()) if view else 0,
        "chance": outcome.chance,
        "better": outcome.better,
        "note": outcome.note,
    }


def _score_rows(
    asked: Asked, comparison: Comparison[Key], common: Bool[np.ndarray, " P"]
) -> list[Row]:
    rows = []
    for key, seeds in asked.outcomes.items():
        estimate = comparison.estimates.get(key)
        for place, (seed, outcome) in enumerate(seeds.items()):
            row = _common(asked, key, outcome, common) | {"seed": seed, **_NO_SCORE}
            if estimate is not None:
                low, high = estimate.seed_intervals[place]
                row |= {"score": estimate.seeds[place], "low": low, "high": high}
            rows.append(row)
    return rows


_NO_SCORE = dict.fromkeys(("score", "low", "high"), np.nan)


def _summary_rows(
    asked: Asked, comparison: Comparison[Key], common: Bool[np.ndarray, " P"]
) -> list[Row]:
    rows = []
    for key, seeds in asked.outcomes.items():
        row = _common(asked, key, _first(asked, key), common)
        row |= {"seeds": len(seeds), "seed_sd": np.nan, **_NO_SCORE}
        estimate = comparison.estimates.get(key)
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
            "better": outcome.better,
        }
        for (a, b), found in comparison.differences.items()
    ]


def adjust(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Add p_holm; a family is what one table of the report shows: a corpus and a question."""
    families = comparisons.groupby(["corpus", "question"], sort=False)["p"]
    adjusted = families.transform(lambda p: holm(p.to_numpy(dtype=np.float64)))
    return comparisons.assign(p_holm=adjusted.astype(np.float64))


def agreement_rows(
    corpus: str,
    cells: Mapping[tuple[str, int], tuple[str, Int64[np.ndarray, "Q k"]]],
    words: int,
    statistics: StatisticsConfig,
) -> list[Row]:
    """How far neighbour lists agree, between the seeds of a model and between models.

    Runs of two models with one seed may share their start and their order of text, so models are
    compared across seeds; within a seed only where the study has no other.

    Args:
        corpus: its name.
        cells: (model, seed) -> the view asked and its neighbours.
        words: size of the vocabulary.
        statistics: resampling settings; an interval is over probe words, the mean over pairs of
            runs taken first.
    """
    models = list(dict.fromkeys(model for model, _ in cells))
    rows = []
    for a, b in itertools.combinations_with_replacement(models, 2):
        pairs = _independent_pairs(cells, a, b)
        if not pairs:
            continue
        shared = np.mean([overlap(cells[i][1], cells[j][1]) for i, j in pairs], axis=0)
        known = shared[~np.isnan(shared)]
        found = compare_all(
            Design(
                MEASURES["overlap"],
                np.ones(len(known)),
                np.arange(len(known)),
                resamples=statistics.resamples,
                confidence=statistics.confidence,
            ),
            {(a, b): known[None]},
            _rng(statistics.seed, corpus, a, b),
        ).estimates[a, b]
        rows.append(
            {
                "corpus": corpus,
                "between": "seeds" if a == b else "models",
                "model_a": a,
                "model_b": b,
                "view_a": cells[pairs[0][0]][0],
                "view_b": cells[pairs[0][1]][0],
                "pairs": len(pairs),
                "overlap": found.score,
                "low": found.low,
                "high": found.high,
                "n_items": len(known),
                "chance": expected_overlap(words),
            }
        )
    return rows


def _independent_pairs(
    cells: Iterable[tuple[str, int]], a: str, b: str
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    runs = list(cells)
    pairs = [(i, j) for i, j in itertools.product(runs, runs) if (i[0], j[0]) == (a, b)]
    if a == b:
        return [(i, j) for i, j in pairs if i[1] < j[1]]
    return [(i, j) for i, j in pairs if i[1] != j[1]] or pairs


def frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table with the columns of its name, in their order."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
