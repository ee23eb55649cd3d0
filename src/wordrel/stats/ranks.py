"""Ranks of many resamples of the same items at once, from one sort.

Arrays in, numbers out. A resample is given by its multiplicity: how often each item stands in it.
Ranks are midranks: equal values share the mean of their ranks. Ranks and their sums are multiples
of one half, so float64 holds them exactly: no result depends on the order of the sums.

Axes: P items, R resamples, G groups of equal values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64, Integer

_IN_CACHE = 2**18
"""Numbers of a block: 2 MiB of float64, so that the several arrays of a block stay in cache."""
_FEW = 32
"""So few resamples are summed faster all items at once than item by item."""


def blocks(rows: int, columns: int, numbers: int = _IN_CACHE) -> Iterator[slice]:
    """Consecutive row ranges of an array [rows, columns], each of about so many numbers."""
    step = max(1, numbers // max(1, columns))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def midranks(
    values: Float64[np.ndarray, " P"], multiplicity: Integer[np.ndarray, "R P"]
) -> Float64[np.ndarray, "R P"]:
    """Rank of each item, from 1, in each resample; equal values share the mean of their ranks.

    There has to be an item.

    The items are sorted once: with an item's copies counted by its multiplicity, cumulative sums
    over the groups of equal values give the ranks of every resample. The rank of an item that is
    not in the resample is without meaning.
    """
    order, first = sorted_groups(values)
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(first)), np.diff(first, append=len(values)))
    ranks = np.empty(multiplicity.shape)
    for rows in blocks(*multiplicity.shape):
        size = np.add.reduceat(multiplicity[rows][:, order], first, axis=1, dtype=np.float64)
        last = np.cumsum(size, axis=1)
        ranks[rows] = (last - (size - 1) / 2)[:, group]
    return ranks


def centred_ranks(values: Float64[np.ndarray, "S P"]) -> Float64[np.ndarray, "S P"]:
    """Midranks of each row less their mean (P + 1) / 2."""
    ranks = np.empty(values.shape)
    for own, row in zip(ranks, values, strict=True):
        own[:] = Sorted.of(row).ranks
    ranks -= (values.shape[1] + 1) / 2
    return ranks


@dataclass(frozen=True)
class Copies:
    """Items in a block of resamples, a column a resample: a row of memory is all of one item's.

    Attributes:
        multiplicity: how often each item stands in each resample.
        weights: of the items, in the sums of ranks; 0 for those that are not in the resample.
    """

    multiplicity: Float64[np.ndarray, "P R"]
    weights: Float64[np.ndarray, "P R"]

    def moments(
        self, order: Int64[np.ndarray, " P"], first: Int64[np.ndarray, " G"]
    ) -> tuple[Float64[np.ndarray, " R"], Float64[np.ndarray, " R"]]:
        """What ranks of values with these `sorted_groups` sum to, without ranking an item.

        Returns:
            Sums of weight * (rank - 1/2), and of squared deviations of the copies' ranks from
            their mean: (n^3 - sum of t^3) / 12 for n copies in groups of t equal ones.
        """
        size, weights, halves, cubes = self.multiplicity, self.weights, self._halves, self._cubes
        lengths = np.diff(first, append=len(order))
        tied = lengths > 1
        if tied.any():
            # Only groups of several items are summed; they stand below the items, as further rows.
            items = order[np.repeat(tied, lengths)]
            starts = np.cumsum(lengths[tied]) - lengths[tied]
            alone, weighed = size[items], weights[items]
            together = np.add.reduceat(alone, starts, axis=0)
            weighing = np.add.reduceat(weighed, starts, axis=0)
            halves = halves - _halves(alone, weighed) + _halves(together, weighing)
            cubes = cubes - _cubes(alone) + _cubes(together)
            places = np.where(tied, len(size) - 1 + np.cumsum(tied), order[first])
            sums = _sums_of_last([(size, weights), (together, weighing)], places) - halves
        else:
            sums = _sums_of_last([(size, weights)], order) - halves
        return sums, (_cubes(self.n[None]) - cubes) / 12

    @cached_property
    def n(self) -> Float64[np.ndarray, " R"]:
        """Copies in each resample."""
        copies: Float64[np.ndarray, " R"] = self.multiplicity.sum(axis=0)
        return copies

    @cached_property
    def _halves(self) -> Float64[np.ndarray, " R"]:
        return _halves(self.multiplicity, self.weights)

    @cached_property
    def _cubes(self) -> Float64[np.ndarray, " R"]:
        return _cubes(self.multiplicity)


def sorted_groups(
    values: Float64[np.ndarray, " P"],
) -> tuple[Int64[np.ndarray, " P"], Int64[np.ndarray, " G"]]:
    """Places of the values in ascending order, and where in it each group of equals begins."""
    order = np.argsort(values)  # not a stable sort: that takes six times as long
    ordered = values[order]
    return order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


@dataclass(frozen=True)
class Sorted:
    """Values that are sorted once, for their ranks and for sums over what stands above each.

    Attributes:
        order: places of the values in ascending order.
        below: how many values are smaller than each.
        up_to: how many are smaller or equal.
    """

    order: Int64[np.ndarray, " P"]
    below: Int64[np.ndarray, " P"]
    up_to: Int64[np.ndarray, " P"]

    @classmethod
    def of(cls, values: Float64[np.ndarray, " P"]) -> "Sorted":
        """Sort the values."""
        order, first = sorted_groups(values)
        last = np.append(first[1:], len(values))
        ends = np.empty((2, len(values)), dtype=np.int64)
        ends[:, order] = np.repeat([first, last], last - first, axis=1)
        return cls(order, *ends)

    @property
    def ranks(self) -> Float64[np.ndarray, " P"]:
        """Midranks, from 1."""
        ranks: Float64[np.ndarray, " P"] = (self.below + self.up_to + 1) / 2
        return ranks

    def mean_above(self, weight: Float64[np.ndarray, " P"]) -> Float64[np.ndarray, " P"]:
        """Sum of the weights of the items that stand above each, over P; of its equals, half."""
        total = np.concatenate([[0.0], np.cumsum(weight[self.order])])
        above: Float64[np.ndarray, " P"] = total[-1] - (total[self.below] + total[self.up_to]) / 2
        return above / len(weight)


def quotient(
    top: Float64[np.ndarray, "*A"], bottom: Float64[np.ndarray, "*A"]
) -> Float64[np.ndarray, "*A"]:
    """Quotient; NaN where the denominator is zero: nothing varies, or there is nothing."""
    ratio: Float64[np.ndarray, "*A"] = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=ratio, where=bottom > 0)
    return ratio


def _sums_of_last(
    parts: list[tuple[Float64[np.ndarray, "_ R"], Float64[np.ndarray, "_ R"]]],
    order: Int64[np.ndarray, " G"],
) -> Float64[np.ndarray, " R"]:
    """Sum over groups, in this order, of weight * (copies in this group and before).

    A group's copies and weights are a row of the first part or, counted on, of the next.
    """
    size, weights = parts[0]
    if size.shape[1] <= _FEW:
        size, weights = (np.vstack(arrays)[order] for arrays in zip(*parts, strict=True))
        sums: Float64[np.ndarray, " R"] = np.einsum("gr,gr->r", weights, np.cumsum(size, axis=0))
        return sums
    # Group by group, each step over all resamples: nothing is gathered, no array is built.
    weighed = np.concatenate([np.count_nonzero(w, axis=1) for _, w in parts])[order].tolist()
    below, product, total = (np.zeros(size.shape[1]) for _ in range(3))
    n, (next_size, next_weights) = len(size), parts[-1]
    for group, weighs in zip(order.tolist(), weighed, strict=True):
        below += size[group] if group < n else next_size[group - n]
        if weighs:
            group_weights = weights[group] if group < n else next_weights[group - n]
            np.multiply(group_weights, below, out=product)
            total += product
    return total


def _halves(
    size: Float64[np.ndarray, "G R"], weights: Float64[np.ndarray, "G R"]
) -> Float64[np.ndarray, " R"]:
    halves: Float64[np.ndarray, " R"] = np.einsum("gr,gr->r", weights, size) / 2
    return halves


def _cubes(size: Float64[np.ndarray, "G R"]) -> Float64[np.ndarray, " R"]:
    cubes: Float64[np.ndarray, " R"] = np.einsum("gr,gr,gr->r", size, size, size)
    return cubes
