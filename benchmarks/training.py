"""The models that are measured, seconds of their training, and rounds of them.

The only module here that takes hold of the inside of the matched trainer.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from wordrel.config import MatchedConfig, ModelConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime
from wordrel.models.matched.model import Model, new_model
from wordrel.models.matched.trainer import CHUNK, Trainer, _batches, run
from wordrel.models.stream import Batch

SEED = 1
CBOW = Word2vecConfig(kind="word2vec", algorithm="cbow", name="cbow")
SKIP_GRAM = Word2vecConfig(kind="word2vec", algorithm="skip_gram", name="skip_gram")
MEAN = MatchedConfig(kind="mean", name="mean")
ATTENTION = MatchedConfig(kind="attention_position", name="attention_position", scale=True)
MASKED = MatchedConfig(kind="mask_query_attention", name="mask_query_attention", scale=True)

Seconds = Callable[[Corpus], float]
Found = TypeVar("Found")

__all__ = ["CHUNK", "Model", "Trainer", "new_model"]


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """How many seconds something takes, and what comes out of it."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def new_trainer(
    corpus: Corpus, training: TrainingConfig, config: MatchedConfig, kind: type[Model] = Model
) -> Trainer:
    """A trainer of an untrained model, as a cell has it."""
    new = new_model(config, training, len(corpus.vocab), SEED)
    model = kind(config, new.inputs, new.outputs, new.bias, new.dense)
    return Trainer(model, training, corpus, np.random.default_rng(SEED))


def batches(trainer: Trainer, corpus: Corpus) -> Iterator[Batch]:
    """All batches of all epochs."""
    return _batches(trainer, corpus)


def loop_seconds(trainer: Trainer, corpus: Corpus) -> float:
    """How long the loop of a trainer takes, from its first batch to its last step."""
    return timed(lambda: run(trainer, corpus, Runtime("cpu")))[0]


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


def interleaved(jobs: Mapping[str, Callable[[], Found]], rounds: int) -> dict[str, list[Found]]:
    """Every job once a round, so that a slow minute of the machine slows all of them."""
    taken = [{name: job() for name, job in jobs.items()} for _ in range(rounds)]
    return {name: [found[name] for found in taken] for name in jobs}
