"""From the predictions of every trained run to the tidy tables of a study.

The tables have the columns of `wordrel.study.schema.COLUMNS`.
Every comparison is made on the items that all models of the study answer on that corpus.
"""

import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from wordrel.config import StatisticsConfig
from wordrel.config.contrasts import is_variant
from wordrel.stats import (
    MEASURES,
    Comparison,
    Design,
    Estimate,
    answered_by_all,
    benjamini_hochberg,
    compare_all,
    estimate,
    mean_over_seeds,
)
from wordrel.study.answers import Evaluation, Key
from wordrel.study.schema import Row
from wordrel.study.select import Choice
from wordrel.tasks import Measurement, Predictions

METHODS = {"intervals": "Student's t", "correction": "Benjamini-Hochberg"}
"""Of new tables. Those of schema 1 or 2 used bootstrap and Holm; their manifest omits that."""
PERMUTATIONS = 10_000
ALPHA, FINER = 0.05, 2
"""A correction multiplies the smallest p by the size of its family; it must stay below ALPHA."""


def selected_pairs(evaluation: Evaluation) -> list[tuple[Key, Key]]:
    """The selected embeddings that this row of the result compares: none of a detail."""
    if evaluation.split == "dev" or evaluation.any.detail:
        return []
    return list(itertools.combinations(filter(evaluation.selected, evaluation.answering()), 2))


def analyse(
    evaluation: Evaluation, statistics: StatisticsConfig, family: int = 1
) -> dict[str, list[Row]]:
    """Scores, summaries and the differences between the selected embeddings.

    Selected embeddings are scored on the items that all of them answer; every other embedding,
    which is only shown, on those of these items that it answers itself.

    Args:
        evaluation: the outcomes of one row of the result.
        statistics: settings of the tests.
        family: how many tests are corrected together; many of them need a finer p, else no
            difference could be significant.

    Returns:
        Rows of the tables scores, summary and comparisons.
    """
    predicted = evaluation.predicted()
    headline = {key: rows for key, rows in predicted.items() if evaluation.selected(key)}
    common = answered_by_all(headline.values()) if headline else evaluation.any.covered
    permutations = round(1 / resolution(family)) - 1
    names = evaluation.corpus, evaluation.any.task
    comparison = compare_all(
        _design(evaluation, common, statistics, permutations),
        {key: rows[:, common] for key, rows in headline.items()},
        _rng(statistics.seed, *names),
        pairs=selected_pairs(evaluation),
    )
    scored = dict.fromkeys(headline, int(common.sum()))
    estimates, own = dict(comparison.estimates), dict.fromkeys(headline, common)
    for key in (key for key in predicted if key not in headline):
        own[key] = common & answered_by_all([predicted[key]])
        design = _design(evaluation, own[key], statistics)
        estimates[key] = estimate(design, predicted[key][:, own[key]])
        scored[key] = int(own[key].sum())
    why = {
        key: _without_score(evaluation.any.gold[own[key]], predicted[key][:, own[key]])
        for key, result in estimates.items()
        if np.isnan(result.score) and not evaluation.any.detail
    }
    return {
        **_score_rows(evaluation, estimates, scored, why),
        "comparisons": _comparison_rows(evaluation, comparison, int(common.sum())),
    }


def _without_score(gold: Float64[np.ndarray, " P"], rows: Float64[np.ndarray, "S P"]) -> str:
    """Why answers have no score; empty for other reasons."""
    n = len(gold)
    if n < 2:
        return "one item has no order" if n else "no item that all models have"
    if len({*gold.tolist()}) == 1:
        return f"all scores of the {n} items that all models have are equal"
    if (rows == rows[:, :1]).all(axis=1).any():
        return "all answers of this model are equal"
    return ""


def _design(
    evaluation: Evaluation,
    items: Bool[np.ndarray, " P"],
    statistics: StatisticsConfig,
    permutations: int = PERMUTATIONS - 1,
) -> Design:
    outcome = evaluation.any
    return Design(
        MEASURES[outcome.measure],
        outcome.gold[items],
        outcome.cluster[items],
        confidence=statistics.confidence,
        permutations=permutations,
        margin=statistics.margin,
    )


def _rng(seed: int, *names: str) -> np.random.Generator:
    """A stream of its own for each table row, whatever else the study evaluates."""
    key = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(key, dtype=np.uint32)])


def _common(
    evaluation: Evaluation, key: Key, outcome: Predictions, scored: Mapping[Key, int], why: str
) -> Row:
    """The columns that scores and summary share."""
    model, embedding = key
    return {
        "corpus": evaluation.corpus,
        "model": model,
        "question": evaluation.question,
        "task": outcome.task,
        "measure": outcome.measure,
        "split": evaluation.split,
        "detail": outcome.detail,
        "embedding": embedding,
        "selected": outcome.selected,
        "n_items": len(outcome.gold),
        "n_covered": int(outcome.covered.sum()),
        "n_scored": scored.get(key, 0),
        "chance": outcome.chance,
        "better": outcome.better,
        "note": outcome.noted(why).note,
    }


def _score_rows(
    evaluation: Evaluation,
    estimates: Mapping[Key, Estimate],
    scored: Mapping[Key, int],
    why: Mapping[Key, str],
) -> dict[str, list[Row]]:
    """A row a seed, and a row for all seeds; without a score where an embedding answers nothing."""
    scores, summary = [], []
    for key, seeds in evaluation.outcomes.items():
        estimate = estimates.get(key)
        reason = why.get(key, "")
        common = [_common(evaluation, key, outcome, scored, reason) for outcome in seeds.values()]
        whole: Row = {"seeds": len(seeds)}
        parts: list[Row] = [{"seed": seed} for seed in seeds]
        if estimate is not None:
            whole |= {name: getattr(estimate, name) for name in ("score", "low", "high", "seed_sd")}
            for part, score, ends in zip(
                parts, estimate.seeds, estimate.seed_intervals, strict=True
            ):
                part |= {"score": score, "low": ends.low, "high": ends.high}
        scores += [shared | part for shared, part in zip(common, parts, strict=True)]
        summary.append(common[0] | whole)
    return {"scores": scores, "summary": summary}


def _comparison_rows(evaluation: Evaluation, comparison: Comparison[Key], scored: int) -> list[Row]:
    outcome = evaluation.any
    return [
        {
            "corpus": evaluation.corpus,
            "question": evaluation.question,
            "task": outcome.task,
            "measure": outcome.measure,
            "embedding_a": a[1],
            "embedding_b": b[1],
            "model_a": a[0],
            "model_b": b[0],
            "seeds": min(len(evaluation.outcomes[a]), len(evaluation.outcomes[b])),
            "n_scored": scored,
            **vars(difference),
            "better": outcome.better,
        }
        for (a, b), difference in comparison.differences.items()
    ]


def resolution(family: int) -> float:
    """The smallest p of a family of so many tests: no permutation was as far from 0."""
    return 1 / max(PERMUTATIONS, round(FINER * family / ALPHA))


def adjust(comparisons: pd.DataFrame, random: Collection[str] = ()) -> pd.DataFrame:
    """Add p_adjusted, by Benjamini and Hochberg; a family is a corpus and a question.

    These comparisons are exploratory. Those with random vectors are in no family, nor are variants
    of a task (of a loss the calibrated row counts): their p stays as it is.

    Args:
        comparisons: of all tasks.
        random: the models that are random vectors.
    """
    apart = comparisons[["model_a", "model_b"]].isin([*random]).any(axis=1)
    parts = comparisons.groupby(["corpus", "question"], sort=False)["task"]
    apart |= parts.transform(lambda tasks: tasks.isin(_variants(tasks))).astype(bool)
    families = comparisons.assign(p=comparisons["p"].mask(apart)).groupby(
        ["corpus", "question"], sort=False
    )
    adjusted = families["p"].transform(lambda p: benjamini_hochberg(p.to_numpy(dtype=np.float64)))
    together = adjusted.astype(np.float64).where(~apart, comparisons["p"].astype(np.float64))
    return comparisons.assign(p_adjusted=together)


def _variants(tasks: Iterable[str]) -> set[str]:
    """The tasks that are variants of another task."""
    every = {*tasks}
    return {task for task in every for other in every if is_variant(task, other)}


def by_seed(
    seeds: Sequence[Measurement],
) -> tuple[Float64[np.ndarray, " S"], Float64[np.ndarray, " S"], int]:
    """Value and error of each seed, and how many independent items the least of them has."""
    values, errors = (np.array([getattr(m, k) for m in seeds]) for k in ("value", "error"))
    return values, errors, min(m.n if m.clusters is None else m.clusters for m in seeds)


def measurement_rows(
    corpus: str,
    question: str,
    cells: Iterable[tuple[str, int, Sequence[Measurement]]],
    choice: Choice,
    confidence: float,
) -> list[Row]:
    """The measurements of each model, over its seeds."""
    groups: dict[tuple[str, ...], list[Measurement]] = {}
    for model, _, measurements in cells:
        for m in measurements:
            groups.setdefault((model, m.task, m.embedding, m.group, m.statistic), []).append(m)
    rows = []
    for (model, task, embedding, group, statistic), seeds in groups.items():
        value, low, high = mean_over_seeds(*by_seed(seeds), confidence)
        rows.append(
            {
                "corpus": corpus,
                "model": model,
                "task": task,
                "embedding": embedding,
                "selected": embedding == choice.headline(model, question),
                "group": group,
                "statistic": statistic,
                "seeds": len(seeds),
                "value": value,
                "low": low,
                "high": high,
                "n": min(m.n for m in seeds),
            }
        )
    return rows
