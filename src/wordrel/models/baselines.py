"""Two models that see no context: random vectors, and how frequent words are.

Random vectors score as a model that has learnt nothing. Scores of tasks on relations depend in part
on how common a word is: the word-frequency model measures that part.

Glossary: V words, P pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.config import RandomConfig, TrainingConfig, WordFrequencyConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.models.spaces import word_model
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel


def draw_vectors(
    corpus: Corpus, training: TrainingConfig, config: RandomConfig, seed: int, runtime: Runtime
) -> Trained:
    """Independent normal vectors of expected length 1."""
    rng = np.random.default_rng(seed)
    shape = (len(corpus.vocab), training.dim)
    drawn = [rng.standard_normal(shape, dtype=np.float32) / np.sqrt(training.dim) for _ in range(2)]
    tensors = dict(zip(("input", "output"), (d.astype(np.float32) for d in drawn), strict=True))
    return Trained(tensors, parameters=0, trained_tokens=0)


def read_vectors(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: RandomConfig
) -> WordModel:
    """Both tables; no context, since random vectors predict nothing."""
    return word_model(vocab, tensors, why="random vectors predict nothing")


RANDOM = Model(draw_vectors, read_vectors, version=1, passes=0)


@dataclass(frozen=True)
class Frequency:
    """The relation that sees one word of a pair alone.

    Attributes:
        log_share: of each word in the training text, [V].
        second: whether it sees the second word of a pair; else the first.
    """

    log_share: Float64[np.ndarray, " V"]
    second: bool

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`."""
        log_share: Float64[np.ndarray, " P"] = self.log_share[right if self.second else left]
        return log_share


def count_words(
    corpus: Corpus,
    training: TrainingConfig,
    config: WordFrequencyConfig,
    seed: int,
    runtime: Runtime,
) -> Trained:
    """The counts of the vocabulary."""
    return Trained({"counts": corpus.vocab.counts}, parameters=0, trained_tokens=0)


def read_counts(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: WordFrequencyConfig
) -> WordModel:
    """The logarithm of a word's share of the text, of the second word of a pair or of the first."""
    log_share = np.log(tensors["counts"] / tensors["counts"].sum())
    no_vectors = "a frequency is one number of a word: there is no vector"
    return WordModel(
        vocab,
        embeddings={},
        relations={
            "frequency.second": Frequency(log_share, second=True),
            "frequency.first": Frequency(log_share, second=False),
        },
        selected={"relate": "frequency.second"},
        unavailable={
            "alike": no_vectors,
            "context": no_vectors,
            "fit": "frequencies alone are what every table of losses has as chance",
        },
    )


WORD_FREQUENCY = Model(count_words, read_counts, version=1, passes=0, seeded=False)
