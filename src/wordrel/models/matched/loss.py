"""The training losses, and their gradients in closed form.

For a state y, its true word w, scores s_v = o_v . y + b_v, and M noise words n drawn with
replacement from the noise distribution q:

    negative sampling  -log sigmoid(s_w) - K/M sum over n of log sigmoid(-s_n)
    sampled softmax    -log softmax of s_w - log q_w among itself and all s_n - log q_n
    full softmax       -log softmax of s_w among all words

The M words are shared by a group of states, so that their scores are one matrix product; in
negative sampling the factor K/M gives them the weight of K.

A noise word that equals the true word is a *hit*. Where hits are kept, the two sampled losses learn
p(w | c) for any M: sigmoid(s) separates p from K q, so exp(s) becomes p / (K q); and which of M + 1
words is the true one has the odds p / q, so exp(s) becomes p times a number of the context (Ma &
Collins 2018, the ranking loss). Where hits are skipped, as in word2vec.c and gensim, a word is
never noise in the places where it is true: negative sampling then learns the odds, exp(s) =
p / (1 - p) / (K q), and sampled softmax makes words with a large M q too likely. Another exact
sampled softmax has unique noise words and s - log(1 - (1 - q)^M); but it is exact only where each
word is drawn by itself, which makes groups of uneven size.

Sources: Mikolov et al. 2013, eq. 4; Jean et al. 2015, section 3.

Shapes: B states, G groups, M noise words a group, V words, D dimensions.
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
"""The losses with shared noise words."""
_Slopes = tuple[Float[Tensor, " B"], Float[Tensor, "G size M"], Callable[[], Tensor]]
"""Gradients of the scores of true words and of noise words, and how to get the loss."""
_SCORES_AT_ONCE = 2**20


@dataclass(frozen=True)
class Sampling:
    """Which loss the noise words enter, and how.

    Attributes:
        kind: which loss.
        negatives: K, the weight of all noise words of a state together in negative sampling.
        keep_hits: whether a noise word counts for a state whose true word it is.
    """

    kind: Kind
    negatives: int
    keep_hits: bool


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
        outputs: gradient of the output rows; bias likewise: [B + G*M, D], the true words' first;
            for the full softmax [V, D].
        total: summed nats, and over how many states. Learning does not need it: computed on call.
        squares: of `outputs` and of `bias` what the optimiser sums, where a row of them is itself a
            sum of several gradients; None: squares of the rows.
    """

    states: Float[Tensor, "B D"]
    outputs: Float[Tensor, "n D"]
    bias: Float[Tensor, "n 1"]
    total: Callable[[], tuple[float, int]]
    squares: tuple[Float[Tensor, " n"] | None, Float[Tensor, " n"] | None] = (None, None)


def shared_noise_loss(
    how: Sampling,
    y: Float[Tensor, "B D"],
    counts: Bool[Tensor, " B"],
    true: Scored,
    noise: Scored,
) -> Loss:
    """Loss and gradients; states where `counts` is false have neither.

    Args:
        how: which loss.
        y: the states.
        counts: which of them count.
        true: the word of each state, [B].
        noise: the noise words of each group of ceil(B / G) states, [G, M].
    """
    groups, shared = noise.words.shape
    size = -(-len(y) // groups)
    grouped = pad(y, (0, 0, 0, groups * size - len(y))).view(groups, size, -1)
    good = torch.linalg.vecdot(y, true.outputs) + true.bias
    bad = torch.baddbmm(noise.bias[:, None], grouped, noise.outputs.transpose(1, 2))
    weight = counts.to(y.dtype)
    hit = None if how.keep_hits else _by_group(true.words, bad, fill=-1) == noise.words[:, None]
    if how.kind == "negative_sampling":
        d_good, d_bad, nats = _binary(good, bad, weight, hit, how.negatives / shared)
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
    hit: Bool[Tensor, "G size M"] | None,
    share: float,
) -> _Slopes:
    """Negative sampling: each score by itself."""
    shares = _by_group(weight, bad) * share

    def nats() -> Tensor:
        others = _without(hit, shares * logsigmoid(-bad), 0.0)
        return -(weight @ logsigmoid(good) + others.sum())

    d_good = (torch.sigmoid(good) - 1) * weight
    return d_good, _without(hit, torch.sigmoid(bad).mul_(shares), 0.0), nats


def _softmax(
    good: Float[Tensor, " B"],
    bad: Float[Tensor, "G size M"],
    weight: Float[Tensor, " B"],
    hit: Bool[Tensor, "G size M"] | None,
) -> _Slopes:
    """Sampled softmax: the true word among its noise words; scores less log(M q)."""
    bad = _without(hit, bad, -math.inf)
    log_all = torch.logaddexp(_by_group(good, bad), torch.logsumexp(bad, -1, keepdim=True))
    log_good = good - log_all.flatten()[: len(good)]
    d_bad = (bad - log_all).exp() * _by_group(weight, bad)
    return (log_good.exp() - 1) * weight, d_bad, lambda: -(weight * log_good).sum()


def _without(
    hit: Bool[Tensor, "G size M"] | None, values: Float[Tensor, "G size M"], instead: float
) -> Float[Tensor, "G size M"]:
    """The values, overwritten where a noise word is a hit that does not count."""
    return values if hit is None else values.masked_fill_(hit, instead)


def full_softmax_loss(
    y: Float[Tensor, "B D"],
    counts: Bool[Tensor, " B"],
    words: Int[Tensor, " B"],
    outputs: Float[Tensor, "V D"],
    bias: Float[Tensor, " V"],
) -> Loss:
    """Loss and gradients under the softmax over all words: what the sampled losses stand for.

    It costs V scores a state, some of them at a time, so it is for small vocabularies and checks.

    Args:
        y: the states.
        counts: which of them count.
        words: the true word of each.
        outputs: the rows of all words.
        bias: of all words.
    """
    weight = counts.to(y.dtype)
    d_y, d_outputs, d_bias = map(torch.zeros_like, (y, outputs, bias))
    total = 0.0
    size = max(1, _SCORES_AT_ONCE // len(outputs))
    for start in range(0, len(y), size):
        block = slice(start, start + size)
        states, own, true = y[block], weight[block, None], words[block, None]
        scores = torch.addmm(bias, states, outputs.T)
        scores -= scores.amax(dim=1, keepdim=True)
        good = scores.gather(1, true)
        slope = scores.exp_()
        sums = slope.sum(dim=1, keepdim=True)
        total += float((own * (sums.log() - good)).sum())
        slope.mul_(own / sums).scatter_add_(1, true, -own)
        d_y[block] = slope @ outputs
        d_outputs.addmm_(slope.T, states)
        d_bias += slope.sum(0)
    return Loss(d_y, d_outputs, d_bias[:, None], lambda: (total, int(weight.sum())))
