"""The loss of a model after calibration by three numbers.

    log p'(w) = t * n^g * s(w) + b * log u(w) + a number that makes the sum over all words 1

with s(w) = log p(w | context) of the model, n the words in the context, u the relative frequency in
training text. t is the (inverse) temperature of Guo et al., On calibration of modern neural
networks, 2017. n^g is needed because a mean over n words is shorter where n is larger; attention
can compensate for that, a mean cannot. b corrects scores that are off by a power of the word's
frequency. Two models that differ only in these learn the same about words.

Every step reads blocks of scores that a processor's cache holds, and writes over them.

Glossary: P scored places, B places at a time, V words.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from scipy.optimize import minimize
from torch import Tensor

from wordrel.models.protocols import Predictor
from wordrel.tasks.scored_text import ScoredText

FIRST_LOOK, FIT_TOKENS = 2_000, 20_000
"""Scored words of development text: for a first guess, and for the calibration itself."""
_SLOPE = 1e-4
"""Nats a word and unit, below which a loss counts as flat: it is then within 1e-7 of the lowest."""


_SURE = 1e-5
"""Nats that another step would gain, below which a search that stopped early is accepted: loss is
summed from float32, whose rounding may be as large."""
_PULL = 1e-4
"""Nats by which each of log t (in a context of mean log n), g, b is held near 0, for its square:
where a model predicts no better than frequencies, t and b cancel and have no lowest loss.
With numbers below .3 it moves a loss by less than 1e-5."""


class Calibration(NamedTuple):
    """The three numbers; the defaults change nothing."""

    t: float = 1.0
    g: float = 0.0
    b: float = 0.0


AS_TRAINED = Calibration()


def losses(
    predictor: Predictor,
    text: ScoredText,
    log_u: Float32[np.ndarray, " V"],
    calibrations: Sequence[Calibration],
) -> Float64[np.ndarray, "K P"]:
    """-log p' of each scored word, in nats under the full softmax: a row a calibration."""
    nats = np.empty((len(calibrations), len(text.places)))
    log_frequency, log_n = torch.from_numpy(log_u), _log_sizes(predictor, text)
    for span, scores, words in _blocks(predictor, text):
        for row, (t, g, b) in zip(nats, calibrations, strict=True):
            scale = torch.from_numpy(t * np.exp(g * log_n[span])).float()[:, None]
            row[span] = _predicted(scores, words, scale, b * log_frequency).nats.numpy()
    return nats


def fit(predictor: Predictor, text: ScoredText, log_u: Float32[np.ndarray, " V"]) -> Calibration:
    """The calibration with which the scored words of a text are predicted best.

    A trust region around Newton's steps, first for few words. g is 0 where no two contexts differ
    in size, and for counts.

    Raises:
        ValueError: a probability is not finite, or no lowest loss is found.
    """
    at = np.zeros(3)  # log t, g, b
    for limit in (FIRST_LOOK, FIT_TOKENS):
        at = _fitted(predictor, text.thinned(limit), log_u, at)
    return Calibration(float(np.exp(at[0])), float(at[1]), float(at[2]))


def _fitted(
    predictor: Predictor,
    text: ScoredText,
    log_u: Float32[np.ndarray, " V"],
    start: Float64[np.ndarray, "3"],
) -> Float64[np.ndarray, "3"]:
    log_n = _log_sizes(predictor, text)
    middle = np.array([log_n.mean(), 0.0, 0.0])  # about it, log t and g are nearly independent
    free = [0, 1, 2] if np.ptp(log_n) > 0 else [0, 2]

    @lru_cache(maxsize=2)
    def about(*point: float) -> Expansion:
        at = np.zeros(3)
        at[free] = point
        plain = expansion(predictor, text, log_u, log_n - middle[0], at)
        loss, bend = plain.loss + _PULL * float(at @ at), plain.bend + 2 * _PULL * np.eye(3)
        return Expansion(loss, plain.slope + 2 * _PULL * at, bend)

    begin = start + middle * start[1]
    best = minimize(
        lambda at: about(*at).loss,
        begin[free],
        method="trust-exact",
        jac=lambda at: about(*at).slope[free],
        hess=lambda at: about(*at).bend[np.ix_(free, free)],
        options={"gtol": _SLOPE, "max_trust_radius": 4.0, "initial_trust_radius": 0.5},
    )
    remaining = float(best.jac @ np.linalg.solve(best.hess, best.jac)) / 2
    if not np.isfinite(best.fun) or not (best.success or abs(remaining) < _SURE):
        raise ValueError(f"found no lowest loss: {best.message} at log t, g, b = {best.x}")
    solution = np.zeros(3)
    solution[free] = best.x
    solution -= middle * solution[1]
    return solution


class Expansion(NamedTuple):
    """The mean loss of the scored words about one point (log t, g, b), in nats.

    Attributes:
        loss: there.
        slope: its derivatives, shape [3].
        bend: its second derivatives, shape [3, 3].
    """

    loss: float
    slope: Float64[np.ndarray, "3"]
    bend: Float64[np.ndarray, "3 3"]


def expansion(
    predictor: Predictor,
    text: ScoredText,
    log_u: Float32[np.ndarray, " V"],
    log_n: Float64[np.ndarray, " P"],
    at: Float64[np.ndarray, "3"],
) -> Expansion:
    """See `Expansion`.

    With a = t n^g the scores are a s + b log u. The slope by a is the mean of s under p' less the
    word's s; the second derivative is the variance of s under p'. Likewise for b.
    """
    log_t, g, b = at
    loss, slope, bend = 0.0, np.zeros(3), np.zeros((3, 3))
    log_frequency = torch.from_numpy(log_u)
    powers = torch.stack([log_frequency, log_frequency**2], dim=1)
    for span, scores, words in _blocks(predictor, text):
        a, sizes = np.exp(log_t + g * log_n[span]), log_n[span]
        scale = torch.from_numpy(a).float()[:, None]
        own_s, own_u = scores.gather(1, words[:, None])[:, 0], log_frequency[words]
        mine, total, nats = _predicted(scores, words, scale, b * log_frequency)
        loss += float(nats.sum())
        mean_u, mean_uu = _means(mine @ powers, total)
        mean_s = _means(torch.linalg.vecdot(mine, scores)[:, None], total)[0]
        weighed = mine.mul_(scores)
        mean_su = _means(weighed @ powers[:, :1], total)[0]
        mean_ss = _means(torch.linalg.vecdot(weighed, scores)[:, None], total)[0]
        by_a, by_b = mean_s - own_s.double().numpy(), mean_u - own_u.double().numpy()
        var_s, cov, var_u = mean_ss - mean_s**2, mean_su - mean_s * mean_u, mean_uu - mean_u**2
        inner = np.stack([np.ones_like(sizes), sizes])  # of log a by log t and g
        slope += [*(inner * a * by_a).sum(1), by_b.sum()]
        bend[:2, :2] += np.einsum("ip,jp,p->ij", inner, inner, a**2 * var_s + a * by_a)
        mixed = (inner * a * cov).sum(1)
        bend[:2, 2] += mixed
        bend[2, :2] += mixed
        bend[2, 2] += var_u.sum()
    n = max(1, len(text.places))
    return Expansion(loss / n, slope / n, bend / n)


def _blocks(
    predictor: Predictor, text: ScoredText
) -> Iterator[tuple[slice, Float[Tensor, "B V"], Tensor]]:
    """Some scored places at a time: which, the scores of every word there, and the words there."""
    words, start = torch.from_numpy(text.words), 0
    for block in predictor.scores(text.ids, text.ends(predictor.segments), text.places):
        span = slice(start, start + len(block))
        yield span, torch.from_numpy(block), words[span]
        start += len(block)


class _Predicted(NamedTuple):
    """p' of every word at some places: up to its sum, that sum, and -log p' of the words there."""

    weights: Float[Tensor, "B V"]
    total: Float[Tensor, " B"]
    nats: Float[Tensor, " B"]


def _predicted(
    scores: Float[Tensor, "B V"],
    words: Int64[Tensor, " B"],
    scale: Float[Tensor, "B 1"],
    added: Float[Tensor, " V"],
) -> _Predicted:
    """What calibrated scores predict: scores times `scale`, plus `added`."""
    mine = torch.addcmul(added, scores, scale)
    own = mine.gather(1, words[:, None])[:, 0].double()
    top, total = _exp(mine)
    return _Predicted(mine, total, top.double() + total.double().log() - own)


def _exp(scores: Float[Tensor, "B V"]) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
    """Overwrite scores by exp(score - top), and give the top and the sum of each row.

    Raises:
        ValueError: a score is not finite.
    """
    top = scores.amax(dim=1)
    total = scores.sub_(top[:, None]).exp_().sum(dim=1)
    if not torch.isfinite(total).all():
        raise ValueError("found a probability that is not finite, expected finite ones")
    return top, total


def _means(sums: Float[Tensor, "B K"], total: Float[Tensor, " B"]) -> Float64[np.ndarray, "K B"]:
    means: Float64[np.ndarray, "K B"] = (sums.double() / total.double()[:, None]).T.numpy()
    return means


def _log_sizes(predictor: Predictor, text: ScoredText) -> Float64[np.ndarray, " P"]:
    """Log n of each scored place; 0 of counts."""
    n = predictor.attended(text.ids, text.ends(predictor.segments), text.places)
    return np.zeros(len(text.places)) if n is None else np.log(n.astype(np.float64))
