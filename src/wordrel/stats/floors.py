"""The least variance of shares of right answers, where nearly all clusters of items are alike.

The variance over items is 0 where all answers are right, or all wrong. Other items would still give
another share. So where fewer than two clusters deviate from what the others have in common, the
variance is at least that with four more clusters: two as the others, two as far from them as a
cluster can be. Of a share without a right answer that is 2 / (C + 4)^2.

Where two clusters or more deviate, nothing changes. Losses, correlations and the area under the
curve have no such floor.

Source: Agresti & Coull, The American Statistician 52, 1998, for one share. Of a paired difference,
Agresti & Min, Biometrics 61, 2005, add two clusters, and have 1 / (C + 2)^2. That is too little
for a test of equivalence: two models without a right answer would be equivalent within .03 from 54
items on. But a model that is right in .03 has no right answer to 54 items in .19 of all samples.
With four clusters the least number is 75, and that share .10.

Axes: C clusters.
"""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float64

_ADDED = 4
_FAR = 2
"""Of the added clusters."""
_ROUNDING = 1e-9
"""Of means over seeds: equal shares may differ by so much."""


def sum_bounds(
    weights: Collection[float], bounds: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float]:
    """The lowest and the highest weighted sum of numbers that lie within the bounds."""
    low, high = bounds
    return (
        float(sum(weight * (low if weight > 0 else high) for weight in weights)),
        float(sum(weight * (high if weight > 0 else low) for weight in weights)),
    )


def floored(
    variance: float,
    weights: Collection[float],
    shares: Sequence[Float64[np.ndarray, " C"] | None],
) -> float:
    """The variance of a weighted sum of scores over items, not below its floor; NaN stays NaN.

    Args:
        variance: as it was found over clusters.
        weights: of the models' scores.
        shares: of right answers of each model in each cluster; without a floor where one is None.
    """
    known = [row for row in shares if row is not None]
    if len(known) < len(shares):
        return variance
    low, high = sum_bounds(weights)
    n = len(known[0]) + _ADDED
    if not variance < (_FAR + 1) * ((high - low) / n) ** 2:  # no floor is higher
        return variance
    summed = np.sum([weight * row for weight, row in zip(weights, known, strict=True)], axis=0)
    common = float(np.median(summed))
    deviating = summed[np.abs(summed - common) > _ROUNDING]
    if len(deviating) > 1:
        return variance
    far = max(high - common, common - low)
    squares = _FAR * far**2 + float(np.sum((deviating - common) ** 2))
    return max(variance, squares / n**2)
