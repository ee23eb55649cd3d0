"""Fit without calibration: the loss on held-out text of a model that is told how sure it may be.

Negative sampling teaches which words are likelier than noise, and hardly how sure to be: a model
may rank words well and still lose nats because all its scores are too large, or because frequent
words are off by a factor. So the probabilities of every model get two more numbers, fitted on other
held-out text: p' is proportional to p^t u^b, with u the relative frequency of a word in training
text. Sentences are dealt into two halves; what is fitted on one is used for the other, so no target
is predicted with numbers that have seen it. What a loss falls by is calibration; what is left
between two models is not.

t is the temperature (its inverse) of Guo et al., On calibration of modern neural networks, 2017; b
corrects the noise that is put back into the scores. The loss is convex in both.

Rows, items and measure are those of `held_out_loss`, on fewer tokens: each step of the fit is a
full softmax over half of them.
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.optimize import minimize

from wordrel.corpus.vocab import Vocab
from wordrel.readings import Contextualizer, Readings
from wordrel.tasks.base import Kind, Outcome, Scope, Task, all_covered
from wordrel.tasks.held_out import answer_by, log_probabilities, targets

MAX_TOKENS = 10_000
"""Of the sentences that are predicted; about ten softmaxes each."""
_AS_IT_IS = np.array([1.0, 0.0])


def answer(task: Task, readings: Readings, scope: Scope) -> list[Outcome]:
    """One outcome an objective; the objective that the model does not have is left open.

    Raises:
        ValueError: where `scope` has no probe.
    """
    return answer_by(calibrated_losses, task, readings, scope, max_tokens=MAX_TOKENS)


def calibrated_losses(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    n_targets: Int64[np.ndarray, " S"],
    vocab: Vocab,
) -> Float64[np.ndarray, " S"]:
    """-log p' of all targets of a sentence, summed, in nats.

    Where there is one sentence there is no other half, and it is predicted as it is.
    """
    states, places = context.states(ids, np.cumsum(n_targets + 1)), targets(n_targets)
    states, words = states[places], ids[places]
    log_u = np.log(vocab.counts / vocab.counts.sum()).astype(np.float32)
    even = np.repeat(np.arange(len(n_targets)), n_targets) % 2 == 0
    losses = np.empty(len(words))
    for told in (even, ~even):
        best = fitted(context, states[~told], words[~told], log_u)
        losses[told] = losses_and_slopes(context, states[told], words[told], log_u, best)[0]
    return np.add.reduceat(losses, np.cumsum(n_targets) - n_targets)


def fitted(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
) -> Float64[np.ndarray, "2"]:
    """The t and b with which these words are predicted best; 1 and 0 where there is none."""
    if not len(words):
        return _AS_IT_IS

    def mean(at: Float64[np.ndarray, "2"]) -> tuple[float, Float64[np.ndarray, "2"]]:
        losses, slopes = losses_and_slopes(context, states, words, log_u, at)
        return float(losses.mean()), slopes.mean(axis=0)

    found = minimize(mean, _AS_IT_IS, jac=True, method="BFGS", options={"gtol": 1e-4})
    best: Float64[np.ndarray, 2] = found.x
    return best


def losses_and_slopes(
    context: Contextualizer,
    states: Float32[np.ndarray, "P D"],
    words: Int64[np.ndarray, " P"],
    log_u: Float32[np.ndarray, " V"],
    at: Float64[np.ndarray, "2"],
) -> tuple[Float64[np.ndarray, " P"], Float64[np.ndarray, "P 2"]]:
    """-log p' of each word, in nats, and its derivatives by t and b, which are `at`."""
    losses, slopes = np.empty(len(words)), np.empty((len(words), 2))
    t, b = np.float32(at[0]), np.float32(at[1])
    for some, log_p in log_probabilities(context, states, len(log_u)):
        score = t * log_p + b * log_u
        score -= score.max(axis=1, keepdims=True)
        own = np.arange(len(log_p)), words[some]
        own_score = score[own].astype(np.float64)
        weight = np.exp(score, out=score)
        total = weight.sum(axis=1, dtype=np.float64)
        losses[some] = np.log(total) - own_score
        slopes[some, 0] = np.einsum("pv,pv->p", weight, log_p) / total - log_p[own]
        slopes[some, 1] = weight @ log_u / total - log_u[words[some]]
    return losses, slopes


KIND = Kind(version=1, better="lower", covered=all_covered, answer=answer)
