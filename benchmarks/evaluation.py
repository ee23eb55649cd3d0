"""Seconds of what follows training: the full softmax over test text, and a study's statistics."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from benchmarks.material import SENTENCE, Material, Sizes, zipf_corpus
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import ATTENTION, new_trainer
from wordrel.config import StatisticsConfig
from wordrel.models import MODELS
from wordrel.study.agreement import agreement_rows
from wordrel.study.analysis import analyse, selected_pairs
from wordrel.study.answers import Evaluation, Key
from wordrel.tasks import Predictions
from wordrel.tasks.calibration import AS_TRAINED, losses
from wordrel.tasks.neighbours import Probed
from wordrel.tasks.per_token_loss import log_frequency
from wordrel.tasks.scored_text import scored_text

SOFTMAX, STATISTICS = "full softmax of test tokens", "all statistics of a study"
SOFTMAX_AIMS = {(SOFTMAX, ""): Aim(most=30.0)}
STATISTICS_AIMS = {(STATISTICS, ""): Aim(most=60.0, first=294.0)}
TASKS = Path(__file__).with_name("study.csv")
SEEDS = 5
WORDS = 60_000  # of the vocabulary, from which the neighbours of the probe words are


def softmax(material: Material) -> Iterator[Row]:
    """Seconds of log p of every scored word among all words, as the loss of the study is read."""
    sizes = material.sizes
    corpus = zipf_corpus(sizes.words, -(-sizes.scored // (SENTENCE - 1)) * SENTENCE)
    training = material.training.model_copy(update={"subsample": 0.0})
    tensors = new_trainer(corpus, training, ATTENTION).model.tensors()
    tensors["output"] = tensors["input"].clone()  # untrained, it is all 0
    arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    (predictor,) = MODELS[ATTENTION.kind].read(arrays, corpus.vocab, training, ATTENTION).predictors
    text, log_u = scored_text(corpus.train, 2 * sizes.scored), log_frequency(corpus.vocab)
    seconds = []
    for _ in range(sizes.few_rounds):
        started = time.perf_counter()
        losses(predictor, text, log_u, [AS_TRAINED])
        seconds.append(time.perf_counter() - started)
    measure = f"{len(text.places):,} tokens, {sizes.words:,} words"
    yield Rows("softmax", SOFTMAX_AIMS).of(SOFTMAX, measure, seconds, "s")


def statistics(material: Material) -> Iterator[Row]:
    """Seconds of all that a study computes of stored answers, of which these are random.

    That is scores with intervals, differences between all models with permutations, and agreement;
    `study.csv` has the tasks of a study and how many items of each are scored.
    """
    sizes, settings = material.sizes, StatisticsConfig()
    tasks = pd.read_csv(TASKS, keep_default_na=False)[: sizes.tasks]
    seconds = []
    for number in range(sizes.few_rounds):
        rng = np.random.default_rng(number)
        every = [random_answers(task, sizes, rng) for task in tasks.itertuples()]
        probed = random_spaces(sizes, rng)
        started = time.perf_counter()
        families = Counter[str]()
        for evaluation in every:
            families[evaluation.question] += len(selected_pairs(evaluation))
        for evaluation in every:
            analyse(evaluation, settings, families[evaluation.question])
        agreement_rows("text", probed, {}, WORDS, settings)
        seconds.append(time.perf_counter() - started)
    measure = f"{sizes.models} models, {SEEDS} seeds, {len(tasks)} tasks and parts of tasks"
    yield Rows("statistics", STATISTICS_AIMS).of(STATISTICS, measure, seconds, "s")


def random_answers(task: Any, sizes: Sizes, rng: np.random.Generator) -> Evaluation:
    """One task of `study.csv`, answered by all models in as many embeddings as it lists."""
    n = min(task.items, sizes.items)
    gold, clusters = _gold(task.measure, n, rng), np.sort(rng.integers(1 + n // 4, size=n))
    outcomes: dict[Key, dict[int, Predictions]] = {}
    for model, embedding, seed in product(
        range(sizes.models), range(task.embeddings), range(SEEDS)
    ):
        outcome = Predictions(
            task.task,
            task.measure,
            f"e{embedding}",
            selected=embedding == 0,
            gold=gold,
            predicted=_answers(task.measure, gold, rng),
            covered=np.ones(n, dtype=np.bool_),
            cluster=clusters,
            chance=0.0,
            better="lower" if task.measure == "loss_per_token" else "higher",
            note="",
            detail=task.detail,
        )
        outcomes.setdefault((f"m{model}", f"e{embedding}"), {})[seed] = outcome
    return Evaluation("text", task.question, outcomes, task.split)


def _gold(measure: str, n: int, rng: np.random.Generator) -> Float64[np.ndarray, " n"]:
    if measure == "spearman":
        return rng.integers(40, size=n) / 4  # as people judge, with ties
    if measure == "auc":
        return (np.arange(n) % 2).astype(np.float64)
    return np.ones(n) if measure == "accuracy" else rng.integers(1, 40, size=n).astype(np.float64)


def _answers(
    measure: str, gold: Float64[np.ndarray, " n"], rng: np.random.Generator
) -> Float64[np.ndarray, " n"]:
    if measure == "accuracy":
        return (rng.random(len(gold)) < 0.3).astype(np.float64)
    noise = rng.standard_normal(len(gold))
    return gold * (6 + noise) if measure == "loss_per_token" else gold + 3 * noise


def random_spaces(
    sizes: Sizes, rng: np.random.Generator
) -> dict[tuple[str, int], dict[str, Probed]]:
    """The neighbours and vectors of the probe words in every run."""
    n = sizes.probes
    return {
        (f"m{model}", seed): {
            "e0": Probed(
                rng.integers(10 * n, size=(n, 10)),
                rng.standard_normal((n, 100), dtype=np.float32),
            )
        }
        for model, seed in product(range(sizes.models), range(SEEDS))
    }
