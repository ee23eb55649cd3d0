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
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

Kind = Literal["negative_sampling", "sampled_softmax"]


@dataclass(frozen=True)
class Scored:
    """Words with their rows of the output table, their bias, and log q of each."""

    words: Int[Tensor, "*n"]
    outputs: Float[Tensor, "*n D"]
    bias: Float[Tensor, "*n"]
    log_noise: Float[Tensor, "*n"]


@dataclass(frozen=True)
class Loss:
    """Scores, and the gradients of the summed loss.

    Attributes:
        good: score of the true word, [B].
        bad: scores of the noise words, [G, size, M].
        states: gradient of y, [B, D].
        outputs: gradient of the output rows, [B + G*M, D], the true words' first; bias likewise.
        total: summed nats, and over how many states. Not needed to learn: only when asked for.
    """

    good: Float[Tensor, " B"]
    bad: Float[Tensor, "G size M"]
    states: Float[Tensor, "B D"]
    outputs: Float[Tensor, "n D"]
    bias: Float[Tensor, "n 1"]
    total: Callable[[], tuple[float, int]]


@dataclass(frozen=True)
class _Scores:
    """What a loss is made of.

    Attributes:
        good: [B]; bad: [G, size, M].
        weight: 1 where a state counts, else 0, [B]; grouped: the same, [G, size, 1].
        hit: where a noise word is the true word itself.
        true: log(M q) of the true words, [B]; noise: of the noise words, [G, 1, M].
    """

    good: Float[Tensor, " B"]
    bad: Float[Tensor, "G size M"]
    weight: Float[Tensor, " B"]
    grouped: Float[Tensor, "G size 1"]
    hit: Bool[Tensor, "G size M"]
    true: Float[Tensor, " B"]
    noise: Float[Tensor, "G 1 M"]


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
    fill = groups * size - len(y)
    grouped = pad(y, (0, 0, 0, fill)).view(groups, size, -1)
    weight = counts.to(y.dtype)
    scores = _Scores(
        good=torch.linalg.vecdot(y, true.outputs) + true.bias,
        bad=torch.baddbmm(noise.bias[:, None], grouped, noise.outputs.transpose(1, 2)),
        weight=weight,
        grouped=pad(weight, (0, fill)).view(groups, size, 1),
        hit=pad(true.words, (0, fill), value=-1).view(groups, size, 1) == noise.words[:, None],
        true=true.log_noise + math.log(shared),
        noise=noise.log_noise[:, None] + math.log(shared),
    )
    if kind == "negative_sampling":
        d_good, d_bad = _binary(scores, negatives / shared)
    else:
        d_good, d_bad = _softmax(scores)

    d_y = torch.bmm(d_bad, noise.outputs).flatten(0, 1)[: len(y)]
    d_y = torch.addcmul(d_y, d_good[:, None], true.outputs)
    d_outputs = y.new_empty(len(y) + groups * shared, y.shape[1])
    torch.mul(d_good[:, None], y, out=d_outputs[: len(y)])
    d_noise = d_outputs[len(y) :].view(groups, shared, -1)
    torch.bmm(d_bad.transpose(1, 2), grouped, out=d_noise)
    d_bias = torch.cat((d_good, d_bad.sum(1).flatten()))[:, None]

    def total() -> tuple[float, int]:
        if kind == "negative_sampling":
            nats = _binary_nats(scores, negatives / shared)
        else:
            nats = -(weight * _log_shares(scores)[0]).sum()
        return float(nats), int(weight.sum())

    return Loss(scores.good, scores.bad, d_y, d_outputs, d_bias, total)


def _binary(scores: _Scores, share: float) -> tuple[Tensor, Tensor]:
    """Gradients of the scores under negative sampling."""
    d_good = (torch.sigmoid(scores.good) - 1) * scores.weight
    d_bad = torch.sigmoid(scores.bad).mul_(scores.grouped * share)
    return d_good, d_bad.masked_fill_(scores.hit, 0)


def _binary_nats(scores: _Scores, share: float) -> Tensor:
    bad = (scores.grouped * share * logsigmoid(-scores.bad)).masked_fill(scores.hit, 0)
    return -(scores.weight @ logsigmoid(scores.good) + bad.sum())


def _log_shares(scores: _Scores) -> tuple[Float[Tensor, " B"], Float[Tensor, "G size M"]]:
    """Log p of the true word and of the noise words, among these alone."""
    good = scores.good - scores.true
    bad = (scores.bad - scores.noise).masked_fill(scores.hit, -math.inf)
    fill = scores.grouped.numel() - len(good)
    own = pad(good, (0, fill)).view(scores.grouped.shape)
    log_all = torch.logaddexp(own, torch.logsumexp(bad, -1, keepdim=True))
    return good - log_all.flatten()[: len(good)], bad - log_all


def _softmax(scores: _Scores) -> tuple[Tensor, Tensor]:
    """Gradients of the scores under sampled softmax."""
    log_good, log_bad = _log_shares(scores)
    d_good = (log_good.exp() - 1) * scores.weight
    return d_good, log_bad.exp() * scores.grouped
