"""Two estimates of p(w | context) by a model that predicts a word from one word at a time.

Skip-gram has p(w | c) for each word c of a context, and nothing for all of them together. It can be
read as their product, p(w | c_1 ... c_n) ~ u(w) * product over c of p(w | c) / u(w) with u the
relative frequency (as if the words of a context were independent given w), or as their mixture, the
mean of p(w | c) over c. Development text decides which one is used.

Glossary: V words, D dimensions, N tokens, S segments, P places, B places at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32, Int64
from scipy import sparse

from wordrel.config.architectures import Objective
from wordrel.corpus.vocab import Vocab
from wordrel.models.context import context_sizes
from wordrel.models.protocols import Segments
from wordrel.models.sampling import Readout, noise_distribution

PLACES = 128
"""At a time; the words around them are often the same, and each is evaluated once."""


@dataclass(frozen=True)
class WordByWord:
    """A `Predictor` of a masked word from the words around it, each by itself.

    Attributes:
        name: how the words are joined.
        inputs: a row a word, as the word that predicts, [V, D].
        readout: log p of every word from such a row, but for a number a row.
        log_frequency: log u, [V].
        window: W, words on each side.
    """

    name: Literal["product", "mixture"]
    inputs: Float32[np.ndarray, "V D"]
    readout: Readout
    log_frequency: Float32[np.ndarray, " V"]
    window: int

    objective: Objective = "masked_word"
    segments: Segments = "sentence"

    def scores(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Iterator[Float32[np.ndarray, "B V"]]:
        """See `Predictor`."""
        for start in range(0, len(places), PLACES):
            block = places[start : start + PLACES]
            before, behind = context_sizes(self.objective, self.window, ends, block)
            offset = np.arange(-self.window, self.window + 1)
            seen = (offset >= -before[:, None]) & (offset <= behind[:, None]) & (offset != 0)
            row, column = np.nonzero(seen)
            words, word = np.unique(ids[block[row] + offset[column]], return_inverse=True)
            shape = len(block), len(words)
            times = sparse.csr_matrix((np.ones(len(row), np.float32), (row, word)), shape)
            yield self._joined(times, self._log_p(words))

    def _log_p(self, words: Int64[np.ndarray, " U"]) -> Float32[np.ndarray, "U V"]:
        scores = np.concatenate([b.copy() for b in self.readout.blocks(self.inputs[words])])
        log_p: Float32[np.ndarray, "U V"] = torch.from_numpy(scores).log_softmax(1).numpy()
        return log_p

    def _joined(
        self, times: sparse.csr_matrix, log_p: Float32[np.ndarray, "U V"]
    ) -> Float32[np.ndarray, "B V"]:
        if self.name == "mixture":
            mean: Float32[np.ndarray, "B V"] = times @ np.exp(log_p, out=log_p)
            return np.asarray(np.log(np.maximum(mean, np.finfo(np.float32).tiny)))
        log_p -= self.log_frequency
        product: Float32[np.ndarray, "B V"] = times @ log_p
        product += self.log_frequency
        return product

    def attended(
        self,
        ids: Int64[np.ndarray, " N"],
        ends: Int64[np.ndarray, " S"],
        places: Int64[np.ndarray, " P"],
    ) -> Int64[np.ndarray, " P"]:
        """See `Predictor`."""
        return np.asarray(context_sizes(self.objective, self.window, ends, places).sum(axis=0))


def word_by_word(
    vocab: Vocab, inputs: Float32[np.ndarray, "V D"], readout: Readout, window: int
) -> tuple[WordByWord, ...]:
    """Both ways to read a model that predicts words one by one."""
    log_u = np.log(noise_distribution(vocab.counts, 1.0)).astype(np.float32)
    return tuple(
        WordByWord(name, inputs, readout, log_u, window) for name in ("product", "mixture")
    )
