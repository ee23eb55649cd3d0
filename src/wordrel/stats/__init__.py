"""Statistics of arrays, without words or models; the random generator is an argument."""

from wordrel.stats.comparison import (
    Comparison,
    Design,
    Difference,
    Estimate,
    answered_by_all,
    benjamini_hochberg,
    compare_all,
    estimate,
)
from wordrel.stats.correlations import steiger
from wordrel.stats.intervals import (
    Interval,
    Scored,
    Uncertain,
    combined,
    interval,
    item_multiplicity,
    mean_combined,
    mean_over_seeds,
    plain_scores,
    resampled_scores,
    spread,
)
from wordrel.stats.measures import (
    AUC,
    LOSS,
    MEASURES,
    RATIO,
    SPEARMAN,
    Measure,
)
from wordrel.stats.permutation import Sample, random_signs

__all__ = [
    "AUC",
    "LOSS",
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
    "Scored",
    "Uncertain",
    "answered_by_all",
    "benjamini_hochberg",
    "combined",
    "compare_all",
    "estimate",
    "interval",
    "item_multiplicity",
    "mean_combined",
    "mean_over_seeds",
    "plain_scores",
    "random_signs",
    "resampled_scores",
    "spread",
    "steiger",
]
