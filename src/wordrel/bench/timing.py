"""Seconds of training, without what comes before the first token, and rounds of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wordrel.config import MatchedConfig, ModelConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime
from wordrel.models.matched.model import new_model
from wordrel.models.matched.trainer import Trainer, run

SEED = 1
CBOW = Word2vecConfig(kind="word2vec", algorithm="cbow", name="cbow")
SKIP_GRAM = Word2vecConfig(kind="word2vec", algorithm="skip_gram", name="skip_gram")
MEAN = MatchedConfig(kind="mean", name="mean")
ATTENTION = MatchedConfig(kind="attention_position", name="attention_position", scale=True)
MASKED = MatchedConfig(kind="masked_attention", name="masked_attention", scale=True)

Seconds = Callable[[Corpus], float]


def new_trainer(corpus: Corpus, training: TrainingConfig, config: MatchedConfig) -> Trainer:
    """A trainer of an untrained model, as a cell has it."""
    model = new_model(config, training, len(corpus.vocab), SEED)
    return Trainer(model, training, corpus, np.random.default_rng(SEED))


def loop_seconds(trainer: Trainer, corpus: Corpus) -> float:
    """How long the loop of a trainer takes, from its first batch to its last step."""
    started = time.perf_counter()
    run(trainer, corpus, Runtime("cpu"))
    return time.perf_counter() - started


def training_seconds(training: TrainingConfig, config: ModelConfig) -> Seconds:
    """How long a model trains on a corpus; making its tables and its vocabulary does not count."""
    if isinstance(config, MatchedConfig):
        return lambda corpus: loop_seconds(new_trainer(corpus, training, config), corpus)
    return lambda corpus: _seconds_from_first_token(corpus, training, config)


def _seconds_from_first_token(
    corpus: Corpus, training: TrainingConfig, config: ModelConfig
) -> float:
    """Of a model that says how far it is as soon as it has read a sentence."""
    started: list[float] = []

    def note(fraction: float, detail: Mapping[str, Any]) -> None:
        started.append(time.perf_counter())

    MODELS[config.kind].train(corpus, training, config, SEED, Runtime("cpu", note))
    return time.perf_counter() - started[0]


def rate(cut: Corpus, seconds: Seconds) -> Callable[[], float]:
    """Tokens a second of each training on a corpus; tokens count before subsampling."""
    return lambda: len(cut.train.ids) / seconds(cut)


def interleaved(jobs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every job once a round, so that a slow minute of the machine slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            found[name].append(job())
    return found
