"""Fit apart from calibration: the loss on held-out text of a model after its calibration.

Negative sampling trains which words are likelier than noise, but hardly the scale of scores. A
model may rank words well and still lose nats because all its scores are too large, or because
frequent words are off by a factor. So the probabilities of every model get two more numbers, fitted
on other held-out text: p' is proportional to p^t u^b, with u the relative frequency of a word in
training text. Sentences are split into two halves. The numbers fitted on one half are used for the
other, so no target takes part in its own fit. The fall of a loss is due to calibration; the
remaining difference between two models is not.

t is the temperature (its inverse) of Guo et al., On calibration of modern neural networks, 2017; b
corrects the noise that is put back into the scores. The loss is convex in both.

Rows, items and measure are those of `held_out_loss`, on fewer tokens: each step of the fit is a
full softmax over half of them.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.protocols import Contextualizer
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Kind, Predictions, Scope, Task
from wordrel.tasks.held_out import Text, answer_by, log_probabilities

MAX_TOKENS = 10_000
"""Of the sentences that are predicted; about six softmaxes each."""
_AS_IT_IS = np.array([1.0, 0.0])
_GAIN = 1e-6
"""Nats that a step is to gain twice over; the last one is taken without looking."""
_SUFFICIENT, _HALVINGS = 1e-4, 20


def answer(task: Task, word_model: WordModel, scope: Scope) -> list[Predictions]:
    """One outcome an objective; that of another objective is without predictions.

    Raises:
        ValueError: where `scope` has no probe.
    """
    return answer_by(calibrated_losses, task, word_model, scope, max_tokens=MAX_TOKENS)


def calibrated_losses(
    context: Contextualizer, text: Text, vocab: Vocab
) -> Float64[np.ndarray, " S"]:
    """-log p' of all targets of a sentence, summed, in nats.

    A single sentence has no other half and is predicted without calibration.
    """
    states = context.states(text.ids, text.ends)[text.targets]
    words = text.ids[text.targets]
    log_u = np.log(vocab.counts / vocab.counts.sum()).astype(np.float32)
    even = text.sentence[text.targets] % 2 == 0
    losses = np.empty(len(words))
    for half in (even, ~even):
        best = fitted(context, states[~half], words[~half], log_u)
        losses[half] = losses_at(context, states[half], words[half], log_u, best)
    return text.sums(losses)


def fitted(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
) -> Float64[np.ndarray, "2"]:
    """The t and b with which these words are predicted best; 1 and 0 where there is none.

    Newton's method; a step that does not lower the loss enough is halved. It ends where a step
    would gain almost nothing: the slope may never become small, because probabilities are float32.

    Raises:
        ValueError: a probability is not finite, or the loss does not fall along its slope.
    """
    if not len(words):
        return _AS_IT_IS
    about = partial(expansion, context, states, words, log_u)
    at, current = _AS_IT_IS, about(_AS_IT_IS)
    while True:
        if not np.isfinite(current.bend).all():
            raise ValueError(
                f"found a loss that is not finite at t, b = {at}, expected finite ones"
            )
        step = np.linalg.lstsq(current.bend, current.slope, rcond=None)[0]
        gain = float(current.slope @ step)
        if gain < _GAIN:
            best: Float64[np.ndarray, 2] = at - step
            return best
        for share in 0.5 ** np.arange(_HALVINGS):
            trial = about(at - share * step)
            if trial.loss <= current.loss - _SUFFICIENT * share * gain:
                break
        else:
            raise ValueError(f"found no lower loss than {current.loss} on the way from t, b = {at}")
        at, current = at - share * step, trial


class Expansion(NamedTuple):
    """The mean loss of some words about one t and b, in nats.

    Attributes:
        loss: there.
        slope: its derivatives by t and b, shape [2].
        bend: its second derivatives, shape [2, 2].
    """

    loss: float
    slope: Float64[np.ndarray, "2"]
    bend: Float64[np.ndarray, "2 2"]


def expansion(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
    at: Float64[np.ndarray, "2"],
) -> Expansion:
    """See `Expansion`; there has to be a word.

    The slope is what p' expects of log p and log u less what the word has; the bend is their
    covariance under p'.
    """
    loss, slope, bend = 0.0, np.zeros(2), np.zeros((2, 2))
    for span, log_p, weight, total, losses in _predicted(context, states, words, log_u, at):
        own = np.stack([log_p[np.arange(len(log_p)), words[span]], log_u[words[span]]])
        weighed = weight * log_p
        expected = np.stack([weighed.sum(axis=1), weight @ log_u]) / total
        of_log_p = np.einsum("pv,pv->p", weighed, log_p), weighed @ log_u
        squares = np.array([of_log_p, (of_log_p[1], weight @ log_u**2)]) / total
        loss += losses.sum()
        slope += (expected - own).sum(axis=1)
        bend += (squares - expected[:, None] * expected).sum(axis=2)
    return Expansion(float(loss) / len(words), slope / len(words), bend / len(words))


def losses_at(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
    at: Float64[np.ndarray, "2"],
) -> Float64[np.ndarray, " P"]:
    """-log p' of each word, in nats, with this t and b."""
    losses = np.empty(len(words))
    for span, *_, values in _predicted(context, states, words, log_u, at):
        losses[span] = values
    return losses


_Block = tuple[
    slice,
    Float32[np.ndarray, "p V"],
    Float32[np.ndarray, "p V"],
    Float64[np.ndarray, " p"],
    Float64[np.ndarray, " p"],
]


def _predicted(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
    at: Float64[np.ndarray, "2"],
) -> Iterator[_Block]:
    """Some words at a time: which, log p of every word, p' but for its total, and the losses."""
    t, b = np.float32(at[0]), np.float32(at[1])
    for span, log_p in log_probabilities(context, states, len(log_u)):
        score = t * log_p + b * log_u
        score -= score.max(axis=1, keepdims=True)
        own_score = score[np.arange(len(log_p)), words[span]].astype(np.float64)
        weight = np.exp(score, out=score)
        total = weight.sum(axis=1, dtype=np.float64)
        yield span, log_p, weight, total, np.log(total) - own_score


KIND = Kind(version=2, better="lower", answer=answer)
