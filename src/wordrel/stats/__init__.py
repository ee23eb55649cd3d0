"""Statistics: arrays in, numbers out, randomness an argument; knows no words and no models."""

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
    Scored,
    Uncertain,
    combined,
    mean_combined,
    mean_over_seeds,
)
from wordrel.stats.measures import (
    AUC,
    LOSS,
    MEASURES,
    RATIO,
    SPEARMAN,
    Measure,
    auc,
    ratio,
    spearman,
)
from wordrel.stats.permutation import Sample, random_signs
from wordrel.stats.resampling import (
    Interval,
    interval,
    item_multiplicity,
    plain_scores,
    resampled_scores,
    spread,
)

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
    "auc",
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
    "ratio",
    "resampled_scores",
    "spearman",
    "spread",
    "steiger",
]
