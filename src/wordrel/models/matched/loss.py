"""Two losses with shared noise words, and their gradients in closed form.

For a state y, its true word w and M noise words n drawn from the noise distribution q:

    negative sampling  -log sigmoid(s_w) - K/M sum over n of log sigmoid(-s_n),  s_w = o_w . y + b_w
    sampled softmax    -log softmax of s_w - log(M q_w) among itself and all s_n - log(M q_n)

The M words are shared by a group of states, so that their scores are one matrix product; in
negative sampling the factor K/M gives them the weight of K. The true word itself is no
counter-example (as in word2vec.c). Sources: Mikolov et al. 2013, eq. 4; Jean et al. 2015, sec. 3.

Shapes: B states, G groups, M noise words a group, D dimensions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

Kind = Literal["negative_sampling", "sampled_softmax"]
_Slopes = tuple[Float[Tensor, " B"], Float[Tensor, "G size M"], Callable[[], Tensor]]
"""Gradients of the scores of true words and of noise words, and how to get the loss."""


@dataclass(frozen=True)
class Scored:
    """Words with their rows of the output table, their bias, and log q of each."""

    words: Int[Tensor, "*n"]
    outputs: Float[Tensor, "*n D"]
    bias: Float[Tensor, "*n"]
    log_noise: Float[Tensor, "*n"]


@dataclass(frozen=True)
class Loss:
    """The gradients of the summed loss.

    Attributes:
        states: gradient of y, [B, D].
        outputs: gradient of the output rows, [B + G*M, D], the true words' first; bias likewise.
        total: summed nats, and over how many states. Not needed to learn: only when asked for.
    """

    states: Float[Tensor, "B D"]
    outputs: Float[Tensor, "n D"]
    bias: Float[Tensor, "n 1"]
    total: Callable[[], tuple[float, int]]


def shared_noise_loss(
    kind: Kind,
    y: Float[Tensor, "B D"],
    counts: Bool[Tensor, " B"],
    true: Scored,
    noise: Scored,
    negatives: int,
) -> Loss:
    """Loss and gradients; states where `counts` is false have neither.

    Args:
        kind: which loss.
        y: the states.
        counts: which of them count.
        true: the word of each state, [B].
        noise: the noise words of each group of ceil(B / G) states, [G, M].
        negatives: K, the weight of all noise words of a state together in negative sampling.
    """
    groups, shared = noise.words.shape
    size = -(-len(y) // groups)
    grouped = pad(y, (0, 0, 0, groups * size - len(y))).view(groups, size, -1)
    good = torch.linalg.vecdot(y, true.outputs) + true.bias
    bad = torch.baddbmm(noise.bias[:, None], grouped, noise.outputs.transpose(1, 2))
    weight = counts.to(y.dtype)
    hit = _by_group(true.words, bad, fill=-1) == noise.words[:, None]
    if kind == "negative_sampling":
        d_good, d_bad, nats = _binary(good, bad, weight, hit, negatives / shared)
    else:
        chances = true.log_noise + math.log(shared), noise.log_noise[:, None] + math.log(shared)
        d_good, d_bad, nats = _softmax(good - chances[0], bad - chances[1], weight, hit)

    d_y = torch.bmm(d_bad, noise.outputs).flatten(0, 1)[: len(y)]
    d_y = torch.addcmul(d_y, d_good[:, None], true.outputs)
    d_outputs = y.new_empty(len(y) + groups * shared, y.shape[1])
    torch.mul(d_good[:, None], y, out=d_outputs[: len(y)])
    d_noise = d_outputs[len(y) :].view(groups, shared, -1)
    torch.bmm(d_bad.transpose(1, 2), grouped, out=d_noise)
    d_bias = torch.cat((d_good, d_bad.sum(1).flatten()))[:, None]
    return Loss(d_y, d_outputs, d_bias, lambda: (float(nats()), int(weight.sum())))


def _by_group(
    values: Shaped[Tensor, " B"], bad: Float[Tensor, "G size M"], fill: int = 0
) -> Shaped[Tensor, "G size 1"]:
    """A value a state, beside the scores of its noise words."""
    groups, size, _ = bad.shape
    return pad(values, (0, groups * size - len(values)), value=fill).view(groups, size, 1)


def _binary(
    good: Float[Tensor, " B"],
    bad: Float[Tensor, "G size M"],
    weight: Float[Tensor, " B"],
    hit: Bool[Tensor, "G size M"],
    share: float,
) -> _Slopes:
    """Negative sampling: each score by itself."""
    shares = _by_group(weight, bad) * share

    def nats() -> Tensor:
        others = (shares * logsigmoid(-bad)).masked_fill(hit, 0)
        return -(weight @ logsigmoid(good) + others.sum())

    d_good = (torch.sigmoid(good) - 1) * weight
    return d_good, torch.sigmoid(bad).mul_(shares).masked_fill_(hit, 0), nats


def _softmax(
    good: Float[Tensor, " B"],
    bad: Float[Tensor, "G size M"],
    weight: Float[Tensor, " B"],
    hit: Bool[Tensor, "G size M"],
) -> _Slopes:
    """Sampled softmax: the true word among its noise words; scores less log(M q)."""
    bad = bad.masked_fill(hit, -math.inf)
    log_all = torch.logaddexp(_by_group(good, bad), torch.logsumexp(bad, -1, keepdim=True))
    log_good = good - log_all.flatten()[: len(good)]
    d_bad = (bad - log_all).exp() * _by_group(weight, bad)
    return (log_good.exp() - 1) * weight, d_bad, lambda: -(weight * log_good).sum()
