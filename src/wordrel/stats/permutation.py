"""Paired permutation test: what if the two models' answers to an item were swapped?

Arrays in, numbers out; randomness is an argument. The cost of a permutation is that of one
product of matrices for all models together, and each pair of models reads its own rows of it.

Axes: P items, C clusters, R permutations, S and T seeds of two models, K columns.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float64, Int8, Int64

from wordrel.stats.measures import Measure
from wordrel.stats.ranks import blocks
from wordrel.stats.swaps import Sums

Key = TypeVar("Key", bound=Hashable)

_AT_ONCE = 2**21
"""Signs of a block: 16 MiB once they are float64."""
_ROW = 2**13
"""Permutations that are counted together: the rows of a model's sums stay in cache."""
_ROUNDING = 1e-12


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


def farther(
    measure: Measure,
    sample: Sample,
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    observed: Mapping[tuple[Key, Key], float],
    signs: Iterable[Int8[np.ndarray, "_ C"]],
) -> dict[tuple[Key, Key], int]:
    """How many permutations give each two models a difference as far from 0 as the observed one.

    `Measure.estimate` decides most of them. `Measure.gap` computes only those within the
    estimate's error of the observed difference, so the count is that of the exact differences.

    Args:
        measure: what the models are scored by.
        sample: the items.
        predicted: model -> answers, one row a seed.
        observed: two models -> difference of their mean scores over seeds.
        signs: of the permutations, in blocks of any size.
    """
    counts = dict.fromkeys(observed, 0)
    for block in _signed_sums(measure, sample, predicted, signs):
        sums = {key: Sums(values) for key, values in block.items()}
        for (a, b), difference in observed.items():
            counts[a, b] += _farther(measure, sample.gold, sums[a], sums[b], difference)
    return counts


def _farther(
    measure: Measure,
    gold: Float64[np.ndarray, " P"],
    first: Sums,
    second: Sums,
    observed: float,
) -> int:
    estimate, error = measure.estimate(gold, first, second)
    margin = np.abs(estimate) - _nearest(observed)
    decided = np.abs(margin) > error + _ROUNDING  # not where either is NaN
    decided[0] = True  # without a swap: no permutation
    count = int((margin[1:] >= 0)[decided[1:]].sum())
    undecided = np.flatnonzero(~decided)
    if len(undecided):
        columns = np.concatenate([[0], undecided])
        exact = measure.gap(gold, first.values[:, columns], second.values[:, columns])[1:]
        count += _far(exact, observed)
    return count


def _signed_sums(
    measure: Measure,
    sample: Sample,
    predicted: Mapping[Key, Float64[np.ndarray, "_ P"]],
    signs: Iterable[Int8[np.ndarray, "_ C"]],
) -> Iterator[dict[Key, Float64[np.ndarray, "_ _"]]]:
    """Each model's sums, as `Measure.gap` takes them: column 0 plain, then one a permutation.

    Blocks of signs are gathered until there are permutations enough for long rows.
    """
    columns = [measure.columns(sample.gold, rows) for rows in predicted.values()]
    by_cluster = np.zeros((sample.n_clusters, sum(c.shape[1] for c in columns)))
    np.add.at(by_cluster, sample.cluster, np.hstack(columns))
    plain = by_cluster.sum(axis=0)[:, None]
    ends = np.cumsum([c.shape[1] for c in columns])[:-1]
    for signed in _gathered(by_cluster.T @ block.T.astype(np.float64) for block in signs):
        sums = np.hstack([plain, *signed])
        yield dict(zip(predicted, np.split(sums, ends), strict=True))


def _gathered(
    blocks: Iterable[Float64[np.ndarray, "K _"]],
) -> Iterator[list[Float64[np.ndarray, "K _"]]]:
    """The same blocks, several at a time."""
    gathered: list[Float64[np.ndarray, "K _"]] = []
    for block in blocks:
        gathered.append(block)
        if sum(member.shape[1] for member in gathered) >= _ROW:
            yield gathered
            gathered = []
    if gathered:
        yield gathered


def p_of(far: int, permutations: int) -> float:
    """The p, never 0: (c + 1) / (R + 1), c the permutations as far from 0 as what was observed.

    Source: Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9(1), 2010.
    """
    return (far + 1) / (permutations + 1)


def _far(differences: Float64[np.ndarray, " R"], observed: float) -> int:
    """How many are as far from 0 as the observed one; NaN is."""
    return len(differences) - int((np.abs(differences) < _nearest(observed)).sum())


def _nearest(observed: float) -> float:
    """From here on a difference is as far as the observed one.

    What is equal on paper may differ in the last bits: sums in another order.
    """
    return abs(observed) * (1 - 1e-9) - _ROUNDING
