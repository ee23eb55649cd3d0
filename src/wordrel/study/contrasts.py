"""Contrasts that were planned before the run, and their outcomes.

A gain is positive where the first model is better, whatever the measure.

The contrasts of one claim on one corpus are one family. Holm's step-down widens their intervals:
the contrast with the k-th smallest p of m has an interval of confidence 1 - alpha / (m - k + 1),
and from the first that is not rejected on all have the same. So an interval excludes the margin
exactly where Holm's p is below alpha, each covers at least as often as an interval of confidence
1 - alpha, and at most alpha of all families have a false outcome. Bonferroni's intervals would
cover all gains of a claim together; they are as wide as the widest of these, and decide less.

A claim is a name in the config: `C9 masked word` and `C9 next word` are two families, though both
belong to the claim C9 of the note.

Source: Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Any

import numpy as np

from wordrel.config import Contrast
from wordrel.stats import (
    MEASURES,
    Interval,
    Sample,
    Scored,
    Uncertain,
    answered_by_all,
    combined,
    mean_combined,
)
from wordrel.stats.floors import sum_bounds
from wordrel.study.agreement import LIFTS
from wordrel.study.answers import Evaluation
from wordrel.study.gains import beyond, dropped
from wordrel.study.schema import MISSING, NO_INTERVAL, OPEN, OUTCOMES, UNDECIDED, Row
from wordrel.tasks.registry import AS_IT_IS, CALIBRATED

SEEDS = 5
"""With fewer, a contrast stays undecided."""
CORPORA = {"wiki17m", "novels"}
"""The sources that decide a claim; others can support it in part."""
UNBOUNDED = (-np.inf, np.inf)


def measured(rows: Sequence[Evaluation], planned: Sequence[Contrast]) -> list[Row]:
    """The gains of the planned contrasts on the rows of one task; not decided yet.

    Args:
        rows: of the result, their selected embeddings marked.
        planned: all contrasts of the corpus.

    Returns:
        For each contrast on one of these rows: the contrast itself, how many items, clusters and
        seeds, the gain and its bounds, and for a calibrated loss the gain as trained.
    """
    by_task = {evaluation.any.task: evaluation for evaluation in rows if evaluation.split == "test"}
    scores = cache(lambda task: Scores(by_task[task]))
    gains = []
    for contrast in planned:
        if contrast.mean_with:
            gains += _parts(contrast, [scores(row) for row in contrast.rows if row in by_task])
            continue
        if contrast.task not in by_task or contrast.measured is not None:
            continue
        evaluation = by_task[contrast.task]
        if evaluation.any.measure == LIFTS:
            answers = dropped(by_task, contrast)
        elif contrast.second is None:
            answers = beyond(evaluation, contrast)
        else:
            answers = _answers(scores(contrast.task), contrast.first, contrast.second)
        if answers:
            row = {"contrast": contrast, **answers}
            beside = _beside(contrast)
            if contrast.second and beside != contrast.task and beside in by_task:
                as_trained = _answers(scores(beside), contrast.first, contrast.second)
                row["as_trained"] = as_trained.get("gain")
            gains.append(row)
    return gains


def _parts(contrast: Contrast, rows: Sequence["Scores"]) -> list[Row]:
    """The parts of a mean over rows that these rows have; `_means` joins them."""
    models = contrast.first, contrast.second or ""
    answers = ((row, row.of(models)) for row in rows)
    return [
        {"contrast": contrast, "better": row.better, "bounds": row.bounds, "sample": sample}
        for row, sample in answers
        if sample
    ]


def _means(contrast: Contrast, parts: Sequence[Row]) -> Row:
    """The mean gain over the rows of a contrast; nothing where one is missing."""
    samples = [part["sample"][0] for part in parts]
    runs = [{len(sample[m].seeds) for sample in samples} for m in (contrast.first, contrast.second)]
    alike = all(len(n) == 1 for n in [{part["better"] for part in parts}, *runs])
    if len(parts) < len(contrast.rows) or not alike:
        return {}
    weights = gain_of(parts[0]["better"], contrast.first, contrast.second or "")
    gain = mean_combined(weights, samples)
    n, seeds = sum(part["sample"][1] for part in parts), min(*runs[0], *runs[1])
    low, high = np.mean([part["bounds"] for part in parts], axis=0).tolist()
    return {"gain": gain, "seeds": seeds, "n": n, "bounds": (low, high)}


def _beside(contrast: Contrast) -> str:
    """The row of the loss as trained, of a contrast of calibrated ones; else its own row."""
    if contrast.task.endswith(f".{CALIBRATED}"):
        return contrast.task.removesuffix(CALIBRATED) + AS_IT_IS
    return contrast.task


def _answers(scores: "Scores", first: str, second: str) -> Row:
    """The gain of the first model; empty where one has no answer."""
    answered = scores.of((first, second))
    if answered is None:
        return {}
    scored, n = answered
    weights = gain_of(scores.better, first, second)
    seeds = min(len(scored_model.seeds) for scored_model in scored.values())
    return {"gain": combined(weights, scored), "seeds": seeds, "n": n, "bounds": scores.bounds}


def gain_of(better: str, first: str, second: str) -> dict[str, float]:
    """The weights of two models' scores that make the gain of the first over the second."""
    sign = 1.0 if better == "higher" else -1.0
    return {first: sign, second: -sign}


class Scores:
    """The models of one row in their selected embeddings, each scored once on the same items."""

    def __init__(self, evaluation: Evaluation) -> None:
        outcome = evaluation.any
        self.better, self._measure = outcome.better, MEASURES[outcome.measure]
        self.bounds = sum_bounds((1.0, -1.0), self._measure.bounds)
        self._gold, self._cluster = outcome.gold, outcome.cluster
        self._predicted = {
            key[0]: rows for key, rows in evaluation.predicted(evaluation.selected).items()
        }
        self._all = {model: answered_by_all([rows]) for model, rows in self._predicted.items()}
        self._samples: dict[bytes, Sample] = {}
        self._scored: dict[tuple[bytes, str], Scored] = {}

    def of(self, models: Sequence[str]) -> tuple[dict[str, Scored], int] | None:
        """These models on the items that all answer, and how many; None where one has none."""
        if not self._predicted.keys() >= {*models}:
            return None
        common = np.all([self._all[model] for model in models], axis=0)
        items = common.tobytes()
        if items not in self._samples:
            self._samples[items] = Sample.of(self._gold[common], self._cluster[common])
        for model in models:
            if (items, model) not in self._scored:
                rows = self._predicted[model][:, common]
                self._scored[items, model] = Scored.of(self._measure, self._samples[items], rows)
        return {model: self._scored[items, model] for model in models}, int(common.sum())


def contrast_rows(
    corpus: str, planned: Sequence[Contrast], measured_rows: Sequence[Row], alpha: float
) -> list[Row]:
    """A row for every planned contrast of a corpus, decided claim by claim.

    Args:
        corpus: its name.
        planned: its contrasts.
        measured_rows: of `measured`; a missing contrast counts in its family and stays open.
        alpha: share of claims that may have a false outcome.
    """
    gains = {row["contrast"]: row for row in measured_rows if "sample" not in row}
    parts = [row for row in measured_rows if "sample" in row]
    for contrast in {row["contrast"]: None for row in parts}:
        gains[contrast] = _means(contrast, [row for row in parts if row["contrast"] == contrast])
    claims: dict[str, list[Contrast]] = {}
    for contrast in planned:
        claims.setdefault(contrast.claim, []).append(contrast)
    rows: dict[Contrast, Row] = {}
    for family in claims.values():
        p = [p_of(contrast, gains.get(contrast, {}).get("gain")) for contrast in family]
        for contrast, adjusted, level in zip(family, *step_down(p, alpha), strict=True):
            tested = {"p_adjusted": adjusted, "confidence": 1 - level}
            rows[contrast] = _row(corpus, contrast, gains.get(contrast, {}), tested)
    return [rows[contrast] for contrast in planned]


def _row(corpus: str, contrast: Contrast, answers: Row, tested: dict[str, float]) -> Row:
    row: Row = {
        "claim": contrast.claim,
        "part": contrast.part,
        "corpus": corpus,
        "model_a": contrast.first,
        "model_b": contrast.second or "",
        "against": contrast.number,
        "task": contrast.row,
        **{key: getattr(contrast, key) for key in ("rule", "margin")},
        "seeds": answers.get("seeds", 0),
        "n": answers.get("n", 0),
    }
    gain: Uncertain | None = answers.get("gain")
    if gain is None:
        return row | {"outcome": MISSING}
    ends = gain.interval(tested["confidence"], answers.get("bounds", UNBOUNDED))
    row |= {"gain": gain.value, "low": ends.low, "high": ends.high, "df": gain.df, **tested}
    as_trained: Uncertain | None = answers.get("as_trained")
    outcome = outcome_of(contrast.rule, ends, contrast.margin)
    if as_trained is not None:
        other = as_trained.interval(tested["confidence"])
        names = ("as_trained", "as_trained_low", "as_trained_high")
        row |= dict(zip(names, (as_trained.value, *other), strict=True))
        if ends.low > 0 > other.high or ends.high < 0 < other.low:
            outcome = UNDECIDED
    return row | {"outcome": outcome}


def p_of(contrast: Contrast, gain: Uncertain | None) -> float:
    """The two-sided p of "the gain lies on the border between the two outcomes of the rule"."""
    if gain is None or np.isnan(gain.error):
        return float("nan")
    margin = contrast.margin
    if contrast.rule == "equivalent":
        beyond = min(gain.p_above(margin), gain.p_below(-margin))
        return min(1.0, 2 * gain.p_within(margin), 2 * beyond)
    border = margin if contrast.rule == "adds" else -margin
    return min(1.0, 2 * gain.p_above(border), 2 * gain.p_below(border))


def outcome_of(rule: str, ends: Interval, margin: float) -> str:
    """The outcome of a rule, given an interval."""
    yes, no = OUTCOMES[rule]
    if np.isnan(ends.low):
        return NO_INTERVAL
    if rule == "equivalent":
        inside = -margin < ends.low and ends.high < margin
        outside = ends.low > margin or ends.high < -margin
        return yes if inside else no if outside else OPEN
    border = margin if rule == "adds" else -margin
    return yes if ends.low > border else no if ends.high < border else OPEN


def step_down(p: Sequence[float], alpha: float) -> tuple[list[float], list[float]]:
    """Holm's adjusted p of a family, and the level at which each is tested.

    NaN is a test that was planned and could not be made: it counts as p = 1.
    """
    filled = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(filled, kind="stable")
    remaining = np.arange(len(filled), 0, -1)
    steps = np.minimum(1.0, np.maximum.accumulate(filled[order] * remaining))
    rejected = np.append(steps < alpha, False)
    last = int(np.argmin(rejected))  # the first that is not rejected
    levels = alpha / np.maximum(
        remaining, remaining[min(last, len(remaining) - 1)] if len(remaining) else 1
    )
    adjusted, tested = np.empty(len(filled)), np.empty(len(filled))
    adjusted[order], tested[order] = steps, levels
    adjusted[np.isnan(p)] = np.nan
    return adjusted.tolist(), tested.tolist()


def decisive(sources: Set[str]) -> bool:
    """Whether outcomes on these sources can decide: on both corpora, or artificial sentences."""
    return sources >= CORPORA or all(source.startswith("planted:") for source in sources)


def decided_by(rows: Sequence[Any], sources: Mapping[str, str]) -> str:
    """The verdict of one contrast over all of its corpora: an intersection needs no correction.

    Args:
        rows: of the table `contrasts`, one a corpus.
        sources: the source of each corpus.
    """
    yes, no = OUTCOMES[rows[0].rule]
    outcomes = {row.outcome for row in rows}
    if min(row.seeds for row in rows) < SEEDS or {yes, no} <= outcomes:
        return "undecided"
    everywhere = decisive({sources[row.corpus] for row in rows})
    if outcomes == {no}:
        return "contradicted" if everywhere else "undecided"
    if outcomes == {yes} and everywhere:
        return "supported"
    return "partly supported" if yes in outcomes else "undecided"
