"""Models with random numbers in place of learned ones: how they are built shows all the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wordrel.config import ARCHITECTURES, MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Vocab
from wordrel.models import MODELS
from wordrel.models.matched.weights import initial_weights
from wordrel.models.word_model import WordModel

READERS = (*ARCHITECTURES, "cbow")
NEXT = tuple(name for name in ARCHITECTURES if ARCHITECTURES[name].objective == "next_word")
Tensors = Mapping[str, NDArray[np.float32]]


def random_readings(
    name: str, vocab: Vocab, *, dim: int = 6, window: int = 3, **settings: Any
) -> WordModel:
    """Of one architecture, or "cbow"."""
    config = _config(name, settings)
    return read(
        name, random_tensors(name, len(vocab), dim, window, **settings), vocab, window, config
    )


def random_tensors(
    name: str, words: int, dim: int, window: int, **settings: Any
) -> dict[str, NDArray[np.float32]]:
    shapes: dict[str, tuple[int, ...]] = {"input": (words, dim), "output": (words, dim)}
    if name != "cbow":
        learnt = initial_weights(_config(name, settings), dim, window, torch.Generator())
        shapes |= {"bias": (words, 1)} | {n: tuple(t.shape) for n, t in learnt.items()}
    rng = np.random.default_rng(1)
    return {n: (rng.standard_normal(s) / 2).astype(np.float32) for n, s in shapes.items()}


def read(
    name: str, tensors: Tensors, vocab: Vocab, window: int, config: Any = None, **settings: Any
) -> WordModel:
    config = config or _config(name, settings)
    dim = tensors["input"].shape[1]
    training = TrainingConfig(dim=dim, window=window, shrink_window=False)
    return MODELS[config.kind].read(tensors, vocab, training, config)


def _config(name: str, settings: Mapping[str, Any]) -> Any:
    if name == "cbow":
        return Word2vecConfig(kind="word2vec", algorithm="cbow", **settings)
    return MatchedConfig(kind=name, **settings)
