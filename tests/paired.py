"""Two models compared: the short ways that tests take to one p and to the swapped differences."""

import numpy as np

from wordrel.stats import Design, Difference, Measure, Sample, compare_all
from wordrel.stats.permutation import _far, _signed_sums, p_of


def paired_difference(
    design: Design, first: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> Difference:
    """`compare_all` for two models."""
    return compare_all(design, {0: first, 1: second}, rng).differences[0, 1]


def swapped(
    measure: Measure, sample: Sample, first: np.ndarray, second: np.ndarray, signs: np.ndarray
) -> np.ndarray:
    """Exact difference of the mean scores, answers swapped in clusters of sign -1."""
    (sums,) = _signed_sums(measure, sample, {0: first, 1: second}, [signs])
    return measure.gap(sample.gold, sums[0], sums[1])[1:]


def permutation_p(observed: float, null: np.ndarray) -> float:
    """Two-sided p of an observed difference, given that of each permutation."""
    return p_of(_far(null, observed), len(null))
