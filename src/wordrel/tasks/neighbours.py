"""Agreement: which words does a model put next to each other, and does another agree?

This question is asked of two models, or two seeds of one, so it has no outcome of a single model:
`neighbours` of each are kept, and `overlap` compares them, one value a probe word.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.errors import DatasetError
from wordrel.readings import Readings
from wordrel.tasks.base import RESTRICT_VOCAB, Items, Kind, Outcome, Scope, Task
from wordrel.tasks.geometry import nearest, unit_rows

_PROBED_RANKS = 10_000


def probe_words(vocab: Vocab, n: int = 1000) -> Int64[np.ndarray, " Q"]:
    """At most n words, evenly over the 10,000 most frequent ones; ascending ids."""
    ranks = min(len(vocab), _PROBED_RANKS)
    return np.arange(min(n, ranks)) * ranks // min(n, ranks)


def neighbours(
    readings: Readings,
    view: str,
    probes: Int64[np.ndarray, " Q"],
    k: int = 10,
    restrict: int = RESTRICT_VOCAB,
) -> Int64[np.ndarray, "Q k"]:
    """The k words of largest cosine to each probe, best first, the probe itself left out.

    Args:
        readings: one trained model.
        view: the name of the space.
        probes: word ids.
        k: how many; all but one of the candidates where there are not so many.
        restrict: the candidates are this many most frequent words.

    Returns:
        Word ids; -1 throughout for a probe without a vector.
    """
    candidates = min(len(readings.vocab), restrict)
    unit = unit_rows(readings.views[view][:candidates])
    queries = unit_rows(readings.views[view][probes])
    found = nearest(queries, unit, probes[:, None], min(k, candidates - 1))
    found[~queries.any(axis=1)] = -1
    return found


def overlap(
    first: Int64[np.ndarray, "Q k"], second: Int64[np.ndarray, "Q k"]
) -> Float64[np.ndarray, " Q"]:
    """Share of the k neighbours in common, in 0..1; NaN where either model has none."""
    same = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    shared = same.any(axis=2).sum(axis=1) / max(1, first.shape[1])
    silent = ~((first >= 0).any(axis=1) & (second >= 0).any(axis=1))
    return np.where(silent, np.nan, shared)


def expected_overlap(n_words: int, k: int = 10, restrict: int = RESTRICT_VOCAB) -> float:
    """The overlap of two random lists: k / (candidates - 1)."""
    others = min(n_words, restrict) - 1
    return min(k, others) / others if others else float("nan")


def read(path: Path) -> Items:
    """The probes are words of the vocabulary, so there is no file to read.

    Raises:
        DatasetError: always.
    """
    raise DatasetError(f"{path}: found a file for neighbour_agreement, expected none; leave it out")


def covered(items: Items, vocab: Vocab, scope: Scope) -> Bool[np.ndarray, " P"]:
    """All of them: probes are words of the vocabulary."""
    return np.ones(items.n_items, dtype=np.bool_)


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """Nothing: one model alone cannot agree."""
    return []


KIND = Kind(version=1, better="higher", read=read, covered=covered, answer=answer)
