"""What a model looks at in held-out text: the weights of every context, with their sentences.

Shared by the kinds that measure weights (`roles`, `learned`). With several heads a weight is the
mean over them.

Glossary: P entries (a word in a context), N tokens.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import entr

from wordrel.models.readings import Weighed, Weigher


@dataclass(frozen=True)
class Looks:
    """Weights and where they are from.

    Attributes:
        told: the weights, an entry each time a word stands in a context.
        sentence: number of the sentence of each token, [N].
    """

    told: Weighed
    sentence: Int64[np.ndarray, " N"]

    @cached_property
    def keys(self) -> Int64[np.ndarray, " N"]:
        """How many words stand in the context of each state; 0 where there is none."""
        return np.bincount(self.told.state, minlength=len(self.sentence)).astype(np.int64)

    @cached_property
    def relative(self) -> Float64[np.ndarray, " P"]:
        """Weight of each entry times the number of keys of its state: 1 is as the mean weighs."""
        weight = self.told.weight.astype(np.float64)
        relative: Float64[np.ndarray, " P"] = weight * self.keys[self.told.state]
        return relative

    @cached_property
    def effective_keys(self) -> Float64[np.ndarray, " N"]:
        """exp(entropy of the weights) of each state: 1 is one word, `keys` all alike.

        1 of a state without context, too. The perplexity of the weights; Jost 2006 calls it the
        effective number.
        """
        of_entries = entr(self.told.weight.astype(np.float64))
        entropy = np.bincount(self.told.state, of_entries, minlength=len(self.sentence))
        effective: Float64[np.ndarray, " N"] = np.exp(entropy)
        return effective

    @property
    def cluster(self) -> Int64[np.ndarray, " P"]:
        """The sentence of each entry."""
        sentence: Int64[np.ndarray, " P"] = self.sentence[self.told.state]
        return sentence


def looks(
    context: Weigher, ids: Int64[np.ndarray, " N"], n_targets: Int64[np.ndarray, " S"]
) -> Looks:
    """The weights in sentences of n_targets + 1 tokens, each context a whole window."""
    lengths = n_targets + 1
    told = context.weights(ids, np.cumsum(lengths))
    return Looks(told, np.repeat(np.arange(len(lengths)), lengths))
