"""Studies whose truth is known: predictions of models whose true scores differ by given amounts.

How much items, models and seeds vary is read from the stored tables of `STORED`, which are of the
first edition; how many documents and seeds there are is the design of a study. Losses and
accuracies are normal, ranks come from bivariate normals of known correlation. What an item does is
the same in every seed: otherwise it would count twice, and intervals would be wider.

Axes: P items, S seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm

from wordrel.stats import MEASURES, Sample, Scored, combined
from wordrel.study.answers import Evaluation
from wordrel.study.results import Results, read_results
from wordrel.tasks import Predictions

RESULTS = Path(__file__).resolve().parents[1] / "results"
DOCUMENTS = {"wiki17m": 300, "novels": 20}
"""Of a test split at least: its clusters."""
QUESTION_GROUPS = 300
"""Analogies share words: about so many groups of questions are independent evidence."""

MASKED, NEXT = (f"per_token_loss.{name}.calibrated" for name in ("masked_word", "next_word"))
STORED = {
    MASKED: ("ladder", "held_out_loss.masked_word"),
    NEXT: ("ladder", "held_out_loss.next_word"),
    **{
        task: ("word2vec_vs_attention", task)
        for task in ("men_test", "simverb_test", "sp10k_nsubj", "google_analogies")
    },
}
"""Row of the result -> the stored study and row that give how much its answers vary."""

_GRID = np.linspace(0.0, 0.999, 41)
_MANY = 4_000


@dataclass(frozen=True)
class Size:
    """How much the answers to one row vary on one corpus.

    Attributes:
        corpus: wiki17m or novels.
        task: row of the result.
        measure: a key of `wordrel.stats.MEASURES`.
        n: items.
        score: typical score of a model.
        error: standard error over items of the difference of two models.
        shared: standard error over items of a score, by what is common to all models.
        seed_sd: standard deviation between the seeds of one model.
    """

    corpus: str
    task: str
    measure: str
    n: int
    score: float
    error: float
    shared: float
    seed_sd: float

    @property
    def better(self) -> str:
        """Which way is good."""
        return "lower" if self.measure == "loss_per_token" else "higher"

    @cached_property
    def common(self) -> float:
        """For ranks: the part of the variance of noise that all models share, from `error`."""
        rng = np.random.default_rng(0)
        gold, shared, *own = rng.normal(size=(4, _MANY))
        sample = Sample.of(gold, np.arange(_MANY))
        errors = []
        for part in _GRID:
            rows = (_ranked(self.score, gold, shared, noise, part)[None] for noise in own)
            scored = {
                i: Scored.of(MEASURES[self.measure], sample, row) for i, row in enumerate(rows)
            }
            errors.append(combined({0: 1.0, 1: -1.0}, scored).error * np.sqrt(_MANY / self.n))
        return float(np.interp(-self.error, -np.array(errors), _GRID))


def measured_sizes(folder: Path = RESULTS) -> list[Size]:
    """The size of every row of `STORED` on both corpora, medians over models that were trained.

    A stored interval is that of items and seeds together: what seeds add is taken away.
    """
    studies = {name: read_results(folder / name) for name in {name for name, _ in STORED.values()}}
    return [
        _size(studies[study], corpus, task, stored)
        for task, (study, stored) in STORED.items()
        for corpus in DOCUMENTS
    ]


def _size(results: Results, corpus: str, task: str, stored: str) -> Size:
    names = {str(c["name"]) for c in results.manifest["corpora"] if c["name"].startswith(corpus)}
    trained = set(results.runs["model"][results.runs["kind"] != "random"])
    rows = results.summary[
        results.summary["corpus"].isin(names)
        & (results.summary["task"] == stored)
        & results.summary["selected"]
        & results.summary["score"].notna()
        & results.summary["model"].isin(trained)
    ].set_index("model")
    pairs = results.comparisons[
        results.comparisons["corpus"].isin(names)
        & (results.comparisons["task"] == stored)
        & results.comparisons["model_a"].isin(trained)
        & results.comparisons["model_b"].isin(trained)
    ]
    reach = 2 * float(norm.ppf((1 + results.manifest["statistics"]["confidence"]) / 2))
    of_seeds = rows["seed_sd"] ** 2 / rows["seeds"].astype(float)
    between = ((pairs["high"] - pairs["low"]) / reach) ** 2
    for column in ("model_a", "model_b"):
        between -= pairs[column].map(of_seeds)
    alone = ((rows["high"] - rows["low"]) / reach) ** 2 - of_seeds
    error = float(between.median())
    measure = str(rows["measure"].iloc[0])
    ranked = measure == "spearman"
    design = DOCUMENTS[corpus] if measure == "loss_per_token" else QUESTION_GROUPS
    return Size(
        corpus=corpus,
        task=task,
        measure=measure,
        n=int(pairs["n_scored"].max()) if ranked else design,
        score=float(rows["score"].median()),
        error=float(np.sqrt(error)),
        shared=float(np.sqrt(alone.median() - error / 2)),
        seed_sd=float(rows["seed_sd"].median()),
    )


def simulated(
    size: Size, levels: Mapping[str, float], seeds: int, rng: np.random.Generator
) -> Evaluation:
    """What models of these true scores, above the typical one, answer in one study."""
    gold, rows = _answers(size, levels, seeds, rng)
    template = Predictions(
        task=size.task,
        measure=size.measure,
        embedding="simulated",
        selected=True,
        gold=gold,
        predicted=gold,
        covered=np.ones(size.n, dtype=np.bool_),
        cluster=np.arange(size.n),
        chance=0.0,
        better="lower" if size.better == "lower" else "higher",
        note="",
    )
    outcomes = {
        (model, template.embedding): {
            seed: replace(template, predicted=row) for seed, row in enumerate(rows[model])
        }
        for model in levels
    }
    return Evaluation(size.corpus, "simulated", outcomes)


def _answers(
    size: Size, levels: Mapping[str, float], seeds: int, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, " P"], dict[str, Float64[np.ndarray, "S P"]]]:
    """Gold, and the answers of every model."""
    of_seeds = rng.normal(0, size.seed_sd, (len(levels), seeds, 1))
    true = size.score + np.array([*levels.values()])[:, None, None] + of_seeds
    gold, shared = rng.normal(size=(2, size.n))
    own = rng.normal(size=(len(levels), 1, size.n))
    if size.measure == "spearman":
        rows = _ranked(true, gold, shared, own, size.common)
    else:
        gold = np.ones(size.n)
        errors = size.shared * shared + size.error / np.sqrt(2) * own
        rows = true + np.sqrt(size.n) * errors
    return gold, dict(zip(levels, rows, strict=True))


def _ranked(
    score: float | Float64[np.ndarray, "M S 1"],
    gold: Float64[np.ndarray, " P"],
    shared: Float64[np.ndarray, " P"],
    own: Float64[np.ndarray, "*M P"],
    common: float,
) -> Float64[np.ndarray, "*N P"]:
    """Answers whose rank correlation with gold is `score`: r = 2 sin(pi / 6 score) for normals."""
    correlation = 2 * np.sin(np.pi / 6 * np.asarray(score))
    noise = np.sqrt(common) * shared + np.sqrt(1 - common) * own
    rows: Float64[np.ndarray, "*N P"] = correlation * gold + np.sqrt(1 - correlation**2) * noise
    return rows
