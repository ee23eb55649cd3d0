"""The rungs: where the weights a_ij and the values v_j of y_i = sum_j a_ij v_j come from.

Every model of the matched family is these three lines with other weights:

    y_i = sum over j in C(i) of a_ij * v_j
    score(w | i) = o_w . y_i + b_w
    loss: negative sampling

A rung is an entry of `RUNGS`: its objective, what asks (the query), and whether offsets count.
Nothing here knows of batches, optimisers or corpora.

Shapes: C chunks, L targets a chunk, S = L + 2W tokens that they can reach, H heads, D dimensions.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from wordrel.config import MatchedConfig
from wordrel.models.windows import offsets
from wordrel.readings import Objective


@dataclass(frozen=True)
class Rung:
    """One model of the family.

    Attributes:
        objective: predict a word from both sides, or from the words before it.
        query: whose vector asks: one learned [MASK] vector, or the word before the target.
        positions: whether a learned number for each offset is added to the scores.
    """

    objective: Objective
    query: Literal["mask", "previous"]
    positions: bool


RUNGS: dict[str, Rung] = {
    "attention": Rung("next_word", "previous", positions=False),
    "attention_position": Rung("next_word", "previous", positions=True),
    "masked_attention": Rung("masked_word", "mask", positions=True),
}

Weights = dict[str, Tensor]


def initial_weights(rung: Rung, dim: int, window: int, generator: torch.Generator) -> Weights:
    """The dense weights of a rung before training.

    W_v starts as the identity and the offsets at 0, so that at the start every rung is close to
    the plain mean (CBOW) and differs from it only by what it then learns.
    """
    spread = 1 / math.sqrt(dim)
    weights = {
        "W_k": torch.randn(dim, dim, generator=generator) * spread,
        "W_v": torch.eye(dim),
    }
    if rung.query == "mask":
        weights["q_mask"] = torch.randn(dim, generator=generator) * spread
    else:
        weights["W_q"] = torch.randn(dim, dim, generator=generator) * spread
    if rung.positions:
        weights["offsets"] = torch.zeros(2 * window + 1)
    return weights


def attention(
    rung: Rung,
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    seen: Bool[Tensor, "C L S"],
) -> Float[Tensor, "C H L S"]:
    """The weights a_ij: softmax of the rung's scores over C(i), exactly 0 elsewhere.

    q_i . k_j = (W_q x_i) . (W_k x_j) is computed as x_i W_q^T W_k . x_j, which needs no keys.
    A target without context gets arbitrary weights; `mix` sets its y to 0.
    """
    chunks, chunk, _ = seen.shape
    reach = (x.shape[1] - chunk) // 2
    keys = _by_head(weights["W_k"], config.heads)
    if rung.query == "mask":
        queries = (weights["q_mask"].view(config.heads, 1, -1) @ keys).transpose(0, 1)
        scores = (queries @ x.transpose(1, 2))[:, :, None].expand(-1, -1, chunk, -1)
    else:
        maps = _by_head(weights["W_q"], config.heads).transpose(1, 2) @ keys
        asking = x[:, reach - 1 : reach - 1 + chunk].flatten(0, 1)
        queries = (asking @ maps.transpose(0, 1).flatten(1)).view(chunks, chunk, config.heads, -1)
        scores = queries.transpose(1, 2).flatten(1, 2) @ x.transpose(1, 2)
        scores = scores.view(chunks, config.heads, chunk, -1)
    if config.scale:
        scores = scores / math.sqrt(keys.shape[1])
    if rung.positions:
        bias = torch.nn.functional.pad(weights["offsets"], (1, 1))
        scores = scores + bias[offsets(chunk, reach, x.device).long() + reach + 1]
    return torch.softmax(scores + (seen[:, None].to(x.dtype) - 1) * 1e30, dim=-1)


def mix(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    a: Float[Tensor, "C H L S"],
    has_context: Bool[Tensor, "C L"],
) -> Float[Tensor, "C L D"]:
    """y_i = sum_j a_ij W_v x_j, computed as W_v (sum_j a_ij x_j); heads stand side by side in D.

    The usual output map W_o would fold into the output table O, so there is none.
    """
    chunks, heads, chunk, _ = a.shape
    mixed = (a.flatten(1, 2) @ x).view(chunks, heads, chunk, -1)
    maps = _by_head(weights["W_v"], heads)
    if heads == 1:  # one matrix product; the batched one of einsum is slower
        y = (mixed.flatten(0, 2) @ maps[0].T).view(chunks, chunk, -1)
    else:
        y = torch.einsum("chld,hed->clhe", mixed, maps).flatten(2)
    return y * has_context[:, :, None].to(y.dtype)


def _by_head(weight: Float[Tensor, "D D"], heads: int) -> Float[Tensor, "H d D"]:
    return weight.view(heads, -1, weight.shape[1])
