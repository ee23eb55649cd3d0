"""Paired permutation test: what if the two models' answers to an item were swapped?

Arrays in, numbers out; randomness is an argument. The cost of a permutation is that of one
product of matrices for all models together, and each pair of models reads its own columns of it.

Axes: P items, C clusters, R permutations, S and T seeds of two models, K columns.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float64, Int8, Int64

from wordrel.stats.measures import Measure
from wordrel.stats.ranks import blocks

Key = TypeVar("Key", bound=Hashable)

_AT_ONCE = 2**21
"""Signs of a block: 16 MiB once they are float64."""


@dataclass(frozen=True)
class Sample:
    """Items and which of them are no independent evidence.

    Attributes:
        gold: the right answers (weights, for a ratio), shape [P].
        cluster: 0..C-1 for each item, shape [P].
        n_clusters: C.
    """

    gold: Float64[np.ndarray, " P"]
    cluster: Int64[np.ndarray, " P"]
    n_clusters: int

    @classmethod
    def of(cls, gold: Float64[np.ndarray, " P"], cluster: Int64[np.ndarray, " P"]) -> "Sample":
        """The sample whose clusters have any numbers."""
        labels, which = np.unique(cluster, return_inverse=True)
        return cls(gold, which, len(labels))


def random_signs(
    n_clusters: int, permutations: int, rng: np.random.Generator
) -> Iterator[Int8[np.ndarray, "R C"]]:
    """Whether each permutation keeps (1) or swaps (-1) the answers of each cluster, in blocks.

    The blocks together are what one draw of all would give: a block is a multiple of four rows,
    because the generator makes four signs of one number and drops what is left of the last.
    """
    for rows in blocks(-(-permutations // 4), n_clusters * 4, _AT_ONCE):
        height = min(rows.stop * 4, permutations) - rows.start * 4
        drawn = rng.integers(0, 2, size=(height, n_clusters), dtype=np.int8)
        yield drawn * np.int8(2) - np.int8(1)


def signed_sums(
    measure: Measure,
    sample: Sample,
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    signs: Iterator[Int8[np.ndarray, "_ C"]] | Sequence[Int8[np.ndarray, "_ C"]],
) -> dict[Key, Float64[np.ndarray, "_ _"]]:
    """Each model's sums, as `Measure.gap` takes them: row 0 plain, then a row a permutation."""
    columns = [measure.columns(sample.gold, rows) for rows in predicted.values()]
    by_cluster = np.zeros((sample.n_clusters, sum(c.shape[1] for c in columns)))
    np.add.at(by_cluster, sample.cluster, np.hstack(columns))
    plain = by_cluster.sum(axis=0, keepdims=True)
    sums = np.vstack([plain, *(block.astype(np.float64) @ by_cluster for block in signs)])
    ends = np.cumsum([c.shape[1] for c in columns])[:-1]
    return dict(zip(predicted, np.split(sums, ends, axis=1), strict=True))


def swapped(
    measure: Measure,
    sample: Sample,
    first: Float64[np.ndarray, "S P"],
    second: Float64[np.ndarray, "T P"],
    signs: Int8[np.ndarray, "R C"],
) -> Float64[np.ndarray, " R"]:
    """Difference of the mean scores of two models, answers swapped in clusters of sign -1."""
    sums = signed_sums(measure, sample, {"first": first, "second": second}, [signs])
    gaps: Float64[np.ndarray, " R"] = measure.gap(sample.gold, sums["first"], sums["second"])[1:]
    return gaps


def permutation_p(observed: float, null: Float64[np.ndarray, " R"]) -> float:
    """Two-sided p = (c + 1) / (R + 1), c the permutations at least as far from 0 as observed.

    Never 0. A permutation without a score (nothing varied) counts as far.

    Source: Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9(1), 2010.
    """
    # What is equal on paper may differ in the last bits: sums in another order.
    nearer = np.abs(null) < abs(observed) * (1 - 1e-9) - 1e-12
    return float((len(null) - nearer.sum() + 1) / (len(null) + 1))
