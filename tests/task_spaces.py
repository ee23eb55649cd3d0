"""Hand-made spaces for the tests of tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordrel.corpus.vocab import Vocab
from wordrel.readings import Readings


def vocab_of(words: Sequence[str]) -> Vocab:
    return Vocab(tuple(words), np.arange(len(words), 0, -1, dtype=np.int64))


def readings_of(space: Mapping[str, Sequence[float]], **others: Any) -> Readings:
    """A model whose only view, `input`, has one given row a word."""
    rows = np.array(list(space.values()), dtype=np.float32)
    return Readings(vocab_of(list(space)), {"input": rows}, primary={"alike": "input"}, **others)
