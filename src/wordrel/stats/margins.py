"""How small is small: equivalence, the difference that a set can show, intervals over seeds.

Arrays in, numbers out. Axes: R resamples, S seeds.
"""

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtri

from wordrel.stats.resampling import Interval

POWER, ALPHA = 0.80, 0.05


def equivalence_p(resampled: Float64[np.ndarray, " R"], margin: float) -> float:
    """The p-value of "the two differ by the margin or more"; never 0.

    Two one-sided tests, the larger of their p = (c + 1) / (R + 1), c the resampled differences at
    or beyond that end of the margin. It is below alpha where the percentile interval of confidence
    1 - 2 alpha lies within the margin. A resample without a score counts as beyond both ends; NaN
    where none has one.

    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987; by the bootstrap
    interval, Efron & Tibshirani, An Introduction to the Bootstrap, 1993, section 25.4.
    """
    unknown = int(np.isnan(resampled).sum())
    if unknown == len(resampled):
        return float("nan")
    beyond = max((resampled >= margin).sum(), (resampled <= -margin).sum())
    return float((beyond + unknown + 1) / (len(resampled) + 1))


def detectable_difference(resampled: Float64[np.ndarray, " R"]) -> float:
    """Minimum detectable difference: found significant with 80 % power, two-sided at .05.

    (z_.975 + z_.80) standard errors, the standard error that of the resampled paired difference:
    two models on these very items, as much alike as these two. Nothing is adjusted for further
    tests. NaN where fewer than two resamples have a score.

    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988; Card et al., With
    Little Power Comes Great Responsibility, EMNLP 2020.
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) < 2:
        return float("nan")
    return float((ndtri(1 - ALPHA / 2) + ndtri(POWER)) * known.std(ddof=1))


def mean_over_seeds(
    values: Float64[np.ndarray, " S"], errors: Float64[np.ndarray, " S"], confidence: float
) -> tuple[float, float, float]:
    """The mean of what each seed's model gave, and its interval for other items and other seeds.

    Its variance is the mean of the squared standard errors (they come from the items, which are the
    same for all seeds, so they do not average out) and the variance between seeds over S. What an
    item does in one seed only is counted by both: the interval is rather too wide than too narrow.
    Of one seed the interval is for other items only.

    Args:
        values: one number a seed.
        errors: its standard error over items.
        confidence: share of such intervals that hold the truth.

    Returns:
        Mean, lower and upper end (mean -+ z standard errors); NaN where a value is, or without
        seeds, and the ends alone where an error is or the mean is infinite.
    """
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    if np.isinf(values).any():
        return float(values.mean()), float("nan"), float("nan")
    between = values.var(ddof=1) / len(values) if len(values) > 1 else 0.0
    half = ndtri((1 + confidence) / 2) * np.sqrt((errors**2).mean() + between)
    mean = values.mean()
    return float(mean), *Interval(float(mean - half), float(mean + half))
