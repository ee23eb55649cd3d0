"""word2vec's two sampling rules, written once for every model that we train ourselves.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", section 2.2 (noise words) and 2.3 (subsampling, in the form of word2vec.c,
which gensim uses too). A word that the vocabulary has from a larger text and this one lacks counts
as one that occurs once.
"""

import numpy as np
from jaxtyping import Float64, Int64


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
