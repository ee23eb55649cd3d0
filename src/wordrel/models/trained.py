"""What a model's file has to offer: `train` makes tensors, `read` makes a `WordModel` of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordrel.config import TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError
from wordrel.models.checkpoints import Checkpoints
from wordrel.models.word_model import WordModel

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Runtime:
    """The device, progress callback and checkpoints of a run.

    Nothing here may change what is learnt on one device.

    Attributes:
        device: "auto", "cpu" or "cuda".
        progress: called with the fraction done (0 to 1) and details such as tokens_per_second.
        checkpoints: where a long run keeps its state; None: nowhere.
    """

    device: str = "auto"
    progress: Callable[[float, Mapping[str, Any]], None] = lambda fraction, detail: None
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True)
class Trained:
    """What training leaves: plain arrays, how many of their numbers were learnt, and a log.

    Attributes:
        tensors: name -> array; a model that has vectors has "input" [V, D], and "output" [V, D]
            where they differ from it.
        parameters: how many numbers were learnt.
        trained_tokens: corpus tokens read in all epochs, before subsampling.
        log: one row a report: tokens, loss (nats a target; NaN where a model has none).
        targets: words that were predicted in all epochs, and context_words: the words that they
            were predicted from, together; None where a model does not count them.
        seconds_before: that earlier processes took, from whose checkpoint this run went on.
    """

    tensors: Tensors
    parameters: int
    trained_tokens: int
    log: tuple[Mapping[str, float | int], ...] = ()
    targets: int | None = None
    context_words: int | None = None
    seconds_before: float = 0.0


@dataclass(frozen=True)
class Model:
    """An entry of the registry.

    Attributes:
        train: (corpus, what all models share, own settings, seed, runtime) -> tensors.
        read: (tensors, vocabulary, what all models share, own settings) -> model.
        version: raised when the code changes what a stored model means or contains.
        counts: whether the model is made of counted pairs, so that the counts themselves are
            answers of it: `over_text` then is to be given them.
        passes: how many times training reads the text; None: `training.epochs` times.
        seeded: whether the seed changes anything: else all seeds have one trained model.
    """

    train: Callable[[Corpus, TrainingConfig, Any, int, Runtime], Trained]
    read: Callable[[Tensors, Vocab, TrainingConfig, Any], WordModel]
    version: int
    counts: bool = False
    passes: int | None = None
    seeded: bool = True


def too_few_words(training: TrainingConfig, found: int) -> TrainingError:
    """What is wrong where a matrix of the vocabulary has no more rows than dimensions asked for."""
    return TrainingError(
        f"training.dim {training.dim} needs a vocabulary of more words than that, "
        f"found {found}: lower training.dim or corpora.min_count"
    )


def no_pairs(training: TrainingConfig) -> TrainingError:
    """What is wrong where there is nothing to learn from."""
    return TrainingError(
        "no word has another one in its window: the corpus needs longer sentences, or "
        f"training.subsample ({training.subsample}) must be higher"
    )
