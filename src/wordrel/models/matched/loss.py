"""Negative sampling with shared noise words, and its gradients in closed form.

For a state y, its true word w and noise words n drawn from the noise distribution:

    loss = -log sigmoid(o_w . y + b_w) - K/M sum over n of log sigmoid(-(o_n . y + b_n))

M noise words are shared by a group of states, so that their scores are one matrix product; the
factor K/M gives them the weight of K. The true word itself is no counter-example (as in
word2vec.c). Source: Mikolov et al. 2013, eq. 4.

Shapes: B states, G groups, M noise words a group, D dimensions.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import logsigmoid, pad


@dataclass(frozen=True)
class Scored:
    """Words with their rows of the output table and their bias."""

    words: Int[Tensor, "*n"]
    outputs: Float[Tensor, "*n D"]
    bias: Float[Tensor, "*n"]


@dataclass(frozen=True)
class Loss:
    """Scores with their weights in the loss, and the gradients of the summed loss.

    Attributes:
        good: score of the true word, [B]; weight: 1 where the state counts, else 0.
        bad: scores of the noise words, [G, size, M]; share: the weight of each.
        states: gradient of y, [B, D].
        outputs: gradient of the output rows, [B + G*M, D], the true words' first; bias likewise.
    """

    good: Float[Tensor, " B"]
    weight: Float[Tensor, " B"]
    bad: Float[Tensor, "G size M"]
    share: Float[Tensor, "G size M"]
    states: Float[Tensor, "B D"]
    outputs: Float[Tensor, "n D"]
    bias: Float[Tensor, "n 1"]

    def total(self) -> tuple[float, int]:
        """Summed nats, and over how many states. Not needed to learn, so only when asked for."""
        total = self.weight @ logsigmoid(self.good) + (self.share * logsigmoid(-self.bad)).sum()
        return float(-total), int(self.weight.sum())


def negative_sampling(
    y: Float[Tensor, "B D"],
    counts: Bool[Tensor, " B"],
    true: Scored,
    noise: Scored,
    negatives: int,
) -> Loss:
    """Loss and gradients; states where `counts` is false have neither.

    Args:
        y: the states.
        counts: which of them count.
        true: the word of each state, [B].
        noise: the noise words of each group of ceil(B / G) states, [G, M].
        negatives: K, the weight of all noise words of a state together.
    """
    groups, shared = noise.words.shape
    size = -(-len(y) // groups)
    fill = groups * size - len(y)
    weight = counts.to(y.dtype)
    good = torch.linalg.vecdot(y, true.outputs) + true.bias
    grouped = pad(y, (0, 0, 0, fill)).view(groups, size, -1)
    bad = torch.baddbmm(noise.bias[:, None], grouped, noise.outputs.transpose(1, 2))
    share = pad(weight, (0, fill)).view(groups, size, 1) * (negatives / shared)
    hit = pad(true.words, (0, fill), value=-1).view(groups, size, 1) == noise.words[:, None]
    share = share * (~hit).to(y.dtype)

    d_good = (torch.sigmoid(good) - 1) * weight
    d_bad = torch.sigmoid(bad) * share
    d_y = torch.bmm(d_bad, noise.outputs).flatten(0, 1)[: len(y)]
    d_y = torch.addcmul(d_y, d_good[:, None], true.outputs)
    d_noise = torch.bmm(d_bad.transpose(1, 2), grouped).flatten(0, 1)
    d_bias = torch.cat((d_good, d_bad.sum(1).flatten()))[:, None]
    d_outputs = torch.cat((d_good[:, None] * y, d_noise))
    return Loss(good, weight, bad, share, d_y, d_outputs, d_bias)
