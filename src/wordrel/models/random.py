"""Random vectors: what a model scores that has learnt nothing."""

import numpy as np

from wordrel.config import RandomConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.models.spaces import word_model
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel


def train(
    corpus: Corpus, training: TrainingConfig, config: RandomConfig, seed: int, runtime: Runtime
) -> Trained:
    """Independent normal vectors of expected length 1."""
    rng = np.random.default_rng(seed)
    shape = (len(corpus.vocab), training.dim)
    draw = [rng.standard_normal(shape, dtype=np.float32) / np.sqrt(training.dim) for _ in range(2)]
    tensors = dict(zip(("input", "output"), (d.astype(np.float32) for d in draw), strict=True))
    return Trained(tensors, parameters=0, trained_tokens=0)


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: RandomConfig
) -> WordModel:
    """Both tables; no context, since random vectors predict nothing."""
    return word_model(vocab, tensors, why="random vectors predict nothing")


RANDOM = Model(train, read, version=1)
