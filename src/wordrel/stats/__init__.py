"""Statistics: arrays in, numbers out, randomness an argument; knows no words and no models."""

from wordrel.stats.comparison import (
    Comparison,
    Design,
    Difference,
    Estimate,
    answered_by_all,
    compare_all,
    holm,
    paired_difference,
    permutation_p,
)
from wordrel.stats.measures import MEASURES, RATIO, SPEARMAN, Measure, Sample, ratio, spearman
from wordrel.stats.resampling import (
    Interval,
    interval,
    item_multiplicity,
    joint,
    plain_scores,
    resampled_scores,
    spread,
)

__all__ = [
    "MEASURES",
    "RATIO",
    "SPEARMAN",
    "Comparison",
    "Design",
    "Difference",
    "Estimate",
    "Interval",
    "Measure",
    "Sample",
    "answered_by_all",
    "compare_all",
    "holm",
    "interval",
    "item_multiplicity",
    "joint",
    "paired_difference",
    "permutation_p",
    "plain_scores",
    "ratio",
    "resampled_scores",
    "spearman",
    "spread",
]
