"""Word2vec's two sampling rules, and how scores become log p: loss and sampling undone.

Source of the rules: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and
their Compositionality", section 2.2 (noise words) and 2.3 (subsampling, in the form of word2vec.c,
which gensim uses too). A word that the vocabulary has from a larger text and this one lacks counts
as one that occurs once.

A score is s(w) = o_w . y + b_w, q the noise distribution, K the number of noise words, and keep(w)
the chance that an occurrence of w stays in the training stream. A model sees a word in a context c
with the probability p~(w | c), which is p(w | c) * keep(w) but for a factor of c. Its loss teaches

    ratio        exp(s) = p~ / (K q)                 negative sampling
    odds         exp(s) = p~ / (1 - p~) / (K q)      the same where noise words that are hits are
                                                     skipped, as gensim does
    probability  exp(s) = p~, but for a factor of c  a softmax

so that log p is s + log q - log keep, log sigmoid(s + log K q) - log keep, or s - log keep, each
but for a number of c. Sources: Levy & Goldberg 2014, section 3.1; Dyer 2014.

Glossary: V words, D dimensions, P states, B states at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from wordrel.config import TrainingConfig

Teaches = Literal["ratio", "odds", "probability"]
SCORES_AT_ONCE = 2**20
"""4 MiB of float32, which a processor's cache holds: each is used several times."""
_LEAST = -80.0
"""exp of less is 0 in float32."""


def keep_probability(
    counts: Int64[np.ndarray, " V"], threshold: float
) -> Float64[np.ndarray, " V"]:
    """The chance that an occurrence of each word stays in the training stream, in (0, 1].

    min(1, sqrt(t / f) + t / f) with f the word's share of the corpus; all ones for threshold 0.
    """
    if threshold == 0:
        return np.ones(len(counts))
    ratio = threshold * counts.sum() / np.maximum(counts, 1)
    keep: Float64[np.ndarray, " V"] = np.minimum(np.sqrt(ratio) + ratio, 1.0)
    return keep


def noise_distribution(
    counts: Int64[np.ndarray, " V"], exponent: float
) -> Float64[np.ndarray, " V"]:
    """Probability of each word as a noise word: counts ** exponent, normalised."""
    weights: Float64[np.ndarray, " V"] = np.maximum(counts, 1).astype(np.float64) ** exponent
    noise: Float64[np.ndarray, " V"] = weights / weights.sum()
    return noise


@dataclass(frozen=True)
class Readout:
    """Scores of every word from a state, by an output table.

    Attributes:
        outputs: o, [V, D].
        shift: what is added to o . y, [V].
        odds_shift: where that is the logarithm of odds, what is added to the one of their
            probability, [V]; else None.
    """

    outputs: Float[Tensor, "V D"]
    shift: Float[Tensor, " V"]
    odds_shift: Float[Tensor, " V"] | None

    @classmethod
    def of(
        cls,
        teaches: Teaches,
        outputs: Float32[np.ndarray, "V D"],
        bias: Float32[np.ndarray, " V"],
        counts: Int64[np.ndarray, " V"],
        training: TrainingConfig,
    ) -> "Readout":
        """Of a model with these tables.

        Args:
            teaches: what its loss taught.
            outputs: o.
            bias: b.
            counts: of each word in the training text.
            training: noise and subsampling, as trained.
        """
        log_noise = np.log(noise_distribution(counts, training.noise_exponent))
        log_keep = torch.from_numpy(np.log(keep_probability(counts, training.subsample))).float()
        shift = torch.from_numpy(bias + log_noise * (teaches != "probability")).float()
        if teaches == "odds":
            return cls(torch.from_numpy(outputs), shift + np.log(training.negatives), -log_keep)
        return cls(torch.from_numpy(outputs), shift - log_keep, None)

    def blocks(self, states: Float32[np.ndarray, "P D"]) -> Iterator[Float32[np.ndarray, "B V"]]:
        """Log p but for a number a row, some states at a time; each block overwrites the last."""
        size = max(1, SCORES_AT_ONCE // len(self.outputs))
        block = torch.empty(min(size, len(states)), len(self.outputs))
        for start in range(0, len(states), size):
            chunk = torch.from_numpy(states[start : start + size])
            scores = torch.addmm(self.shift, chunk, self.outputs.T, out=block[: len(chunk)])
            if self.odds_shift is not None:
                scores.clamp_(min=_LEAST).sigmoid_().log_().add_(self.odds_shift)
            yield scores.numpy()
