"""Two correlations with the same gold on the same items: do they differ?

Formulas of three correlations and the number of items; they use neither clusters of items nor
seeds. The permutation test decides; these stand beside it, because they are well known. Axis: F
pairs of models.

Spearman's correlations may be inserted (Myers & Sirois, Encyclopedia of Statistical Sciences,
2006), at a price: Fisher's z of a rank correlation r varies by (1 + r^2 / 2) / (n - 3) instead of
1 / (n - 3) (Bonett & Wright, Psychometrika 65, 2000). Of 4,000 simulated pairs of equal models with
correlated errors (n = 30, 100 and 400) the test found .047-.053 different at .05 where the models'
correlation with gold was .2, .055-.059 where it was .45 and .070-.077 where it was .8.

Several seeds: insert means of correlations over seeds, and over couples of seeds for the two
models with each other. As each couple's three numbers make a correlation matrix, so do their
means. The test then concerns a typical pair of runs, not the more certain mean.

Source: Steiger, Psychological Bulletin 87, 1980, formula 14. Values to compare with: Diedenhofen &
Musch (cocor), PLoS ONE 10(4), 2015.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr


class Verdict(NamedTuple):
    """A statistic, positive where the first correlation is higher, and its two-sided p, never 0.

    Equal correlations have 0 and p = 1; NaN where the three numbers are no correlation matrix.
    """

    statistic: Float64[np.ndarray, " F"]
    p: Float64[np.ndarray, " F"]


def steiger(
    first: Float64[np.ndarray, " F"],
    second: Float64[np.ndarray, " F"],
    between: Float64[np.ndarray, " F"],
    n: int,
) -> Verdict:
    """Steiger's Z: Fisher's z of both, with the covariance at their mean correlation.

    Args:
        first: correlation of the first model with gold.
        second: of the second.
        between: of the two models with each other.
        n: items.

    Raises:
        ValueError: fewer than 4 items.
    """
    _check(n)
    square = ((first + second) / 2) ** 2
    covariance = between * (1 - 2 * square) - square / 2 * (1 - 2 * square - between**2)
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect correlation is infinitely far
        gap = np.arctanh(first) - np.arctanh(second)
        variance = (2 - 2 * covariance / (1 - square) ** 2) / (n - 3)
    z = _statistic(np.where(first == second, 0.0, gap), variance)
    return Verdict(z, _two_sided(ndtr(-np.abs(z))))


def _check(n: int) -> None:
    if n < 4:
        raise ValueError(f"comparison of two correlations: found {n} items; it takes at least 4")


def _statistic(
    gap: Float64[np.ndarray, " F"], variance: Float64[np.ndarray, " F"]
) -> Float64[np.ndarray, " F"]:
    statistic = np.where(gap == 0, 0.0, np.nan)
    known = (gap != 0) & (variance > 0)
    np.divide(gap, np.sqrt(variance, where=known, out=np.ones_like(gap)), statistic, where=known)
    return statistic


def _two_sided(tail: Float64[np.ndarray, " F"]) -> Float64[np.ndarray, " F"]:
    p: Float64[np.ndarray, " F"] = np.maximum(2 * tail, np.finfo(np.float64).tiny)
    return p
