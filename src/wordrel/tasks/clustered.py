"""Means and regression coefficients whose errors allow for items that are no independent evidence.

Arrays in, numbers out. Errors are those of a regression with clustered residuals (Liang and Zeger
1986) and the usual correction for few clusters, as in statsmodels.

Glossary: P items, G groups, C clusters, K columns of a regression.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from wordrel.stats.intervals import FEWEST
from wordrel.stats.ranks import quotient

_TOLERANCE = 1e-10
"""Of an eigenvalue of columns of length 1 that counts as zero: rounding makes some 1e-15."""


class Measured(NamedTuple):
    """One number, as the last fields of `wordrel.tasks.base.Measurement` have it."""

    value: float
    error: float
    n: int
    clusters: int


@dataclass(frozen=True)
class Estimates:
    """Numbers with their standard errors.

    Attributes:
        values: NaN where there is nothing to compute one from, shape [G].
        errors: standard error over clusters; NaN of fewer than two of them, shape [G].
        n: items that went in, shape [G].
        clusters: how many clusters these are of, shape [G].
    """

    values: Float64[np.ndarray, " G"]
    errors: Float64[np.ndarray, " G"]
    n: Int64[np.ndarray, " G"]
    clusters: Int64[np.ndarray, " G"]

    def rows(self) -> Iterator[Measured]:
        """Each group; without an error where its clusters are too few for an interval."""
        errors = np.where(self.clusters < FEWEST, np.nan, self.errors)
        columns = (self.values, errors, self.n, self.clusters)
        return starmap(Measured, zip(*(column.tolist() for column in columns), strict=True))


def clustered_means(
    values: Float64[np.ndarray, " P"],
    group: Int64[np.ndarray, " P"],
    cluster: Int64[np.ndarray, " P"],
    n_groups: int,
    weights: Float64[np.ndarray, " P"] | None = None,
) -> Estimates:
    """The mean of each group; items without a finite value are left out.

    Args:
        values: what is averaged.
        group: 0..G-1 of each item.
        cluster: items with the same number, from 0, are no independent evidence.
        n_groups: G.
        weights: positive; default: all items count the same. With weights h and values a / h the
            mean is the ratio of the sums of a and h, with the ratio's error.
    """
    finite = np.isfinite(values)
    values, group, cluster = values[finite], group[finite], cluster[finite]
    weights = np.ones(len(values)) if weights is None else weights[finite]
    n = np.bincount(group, minlength=n_groups).astype(np.int64)
    total = _sums(group, weights, n_groups)
    means = quotient(_sums(group, weights * values, n_groups), total)
    n_clusters = int(cluster.max(initial=0)) + 1
    cell = group * n_clusters + cluster
    occupied = np.bincount(cell, minlength=n_groups * n_clusters) > 0
    clusters = occupied.reshape(n_groups, n_clusters).sum(axis=1).astype(np.int64)
    residuals = _sums(cell, weights * (values - means[group]), n_groups * n_clusters)
    variance = (residuals.reshape(n_groups, n_clusters) ** 2).sum(axis=1)
    variance *= quotient(clusters.astype(np.float64), clusters - 1.0)
    return Estimates(means, quotient(np.sqrt(variance), total), n, clusters)


def clustered_mean(
    values: Float64[np.ndarray, " P"],
    cluster: Int64[np.ndarray, " P"],
    weights: Float64[np.ndarray, " P"] | None = None,
) -> Measured:
    """All items together; see `clustered_means`. No error of too few clusters for an interval."""
    group = np.zeros(len(values), dtype=np.int64)
    (row,) = clustered_means(values, group, cluster, 1, weights).rows()
    return row


def _sums(
    group: Int64[np.ndarray, " P"], values: Float64[np.ndarray, " P"], n_groups: int
) -> Float64[np.ndarray, " G"]:
    return np.bincount(group, values, n_groups).astype(np.float64)


def clustered_coefficients(
    values: Float64[np.ndarray, " P"],
    columns: Float64[np.ndarray, "P K"],
    cluster: Int64[np.ndarray, " P"],
) -> Estimates:
    """Least squares of the values on the columns; items without a finite value are left out.

    Returns:
        One estimate a column. A column that is zero throughout has NaN. Every column has NaN where
        the others are collinear, or where there are fewer than two clusters.
    """
    # Imported here: the import is slow, and only this function needs it.
    from statsmodels.regression.linear_model import OLS

    finite = np.isfinite(values)
    values, columns, cluster = values[finite], columns[finite], cluster[finite]
    n_columns = columns.shape[1]
    params, errors = np.full((2, n_columns), np.nan)
    n, n_clusters = len(values), len(np.unique(cluster))
    estimates = Estimates(
        params, errors, *(np.full(n_columns, number) for number in (n, n_clusters))
    )
    used = np.flatnonzero(columns.any(axis=0))
    x = columns[:, used]
    if n_clusters < 2 or _collinear(x):
        return estimates
    fit = OLS(values, x).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    # A relation that ignores the order makes some variances zero, up to rounding.
    variances = np.maximum(np.diag(fit.cov_params()), 0)
    params[used], errors[used] = fit.params, np.sqrt(variances)
    return estimates


def _collinear(x: Float64[np.ndarray, "P K"]) -> bool:
    """Whether a column is a sum of others; by their products, which are far fewer than P."""
    products = x.T @ x
    lengths = np.sqrt(np.diag(products))
    rank = np.linalg.matrix_rank(products / np.outer(lengths, lengths), _TOLERANCE, hermitian=True)
    return bool(rank < x.shape[1])
