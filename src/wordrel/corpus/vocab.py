"""The vocabulary: which words the models know, in one fixed order."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True)
class Vocab:
    """Words by descending count, then alphabetically; a word's id is its place.

    With `vocabulary: source` the order is that of the counts in the whole source, which no sample
    changes.

    Attributes:
        words: the V words.
        counts: how often each stands in the training part of the corpus, at least 1, shape [V].
    """

    words: tuple[str, ...]
    counts: Int64[np.ndarray, " V"]

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[str, int]:
        """Word to id."""
        return {word: i for i, word in enumerate(self.words)}

    def ids(self, words: Iterable[str]) -> Int64[np.ndarray, " P"]:
        """The ids of `words`, -1 where a word is missing. Case matters; callers normalise."""
        return np.fromiter((self.index.get(word, -1) for word in words), dtype=np.int64)
