"""How frequent words are: the score of a relation that uses nothing else of the two words.

Tasks that ask how two words relate are often answered in part by how common one of them is. This is
the row that says how far that goes.

Glossary: V words, P pairs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.config import TrainingConfig, WordFrequencyConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel


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
        found: Float64[np.ndarray, " P"] = self.log_share[right if self.second else left]
        return found


def train(
    corpus: Corpus,
    training: TrainingConfig,
    config: WordFrequencyConfig,
    seed: int,
    runtime: Runtime,
) -> Trained:
    """The counts of the vocabulary."""
    return Trained({"counts": corpus.vocab.counts}, parameters=0, trained_tokens=0)


def read(
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


WORD_FREQUENCY = Model(train, read, version=1, passes=0, seeded=False)
