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
        query: whose vector asks: nobody's (all words weigh the same), one learned vector ("mask"),
            the word before the target ("previous"), or the mean of the context ("mean").
        positions: whether a learned number for each offset is added to the scores.
        maps: whether query, key and value are learned maps of the word's vector, or that itself.
    """

    objective: Objective
    query: Literal["none", "mask", "previous", "mean"]
    positions: bool
    maps: bool


RUNGS: dict[str, Rung] = {
    "mean": Rung("masked_word", "none", positions=False, maps=False),
    "word_weight": Rung("masked_word", "mask", positions=False, maps=False),
    "position_weight": Rung("masked_word", "none", positions=True, maps=False),
    "masked_attention": Rung("masked_word", "mask", positions=True, maps=True),
    "content": Rung("masked_word", "mean", positions=False, maps=True),
    "content_position": Rung("masked_word", "mean", positions=True, maps=True),
    "causal_mean": Rung("next_word", "none", positions=False, maps=False),
    "causal_position": Rung("next_word", "none", positions=True, maps=False),
    "attention": Rung("next_word", "previous", positions=False, maps=True),
    "attention_position": Rung("next_word", "previous", positions=True, maps=True),
    "basic": Rung("next_word", "previous", positions=False, maps=False),
}

Weights = dict[str, Tensor]


def initial_weights(rung: Rung, dim: int, window: int, generator: torch.Generator) -> Weights:
    """The dense weights of a rung before training.

    W_v starts as the identity and the offsets at 0, so that at the start every rung is close to
    the plain mean (CBOW) and differs from it only by what it then learns.
    """
    spread = 1 / math.sqrt(dim)
    weights: Weights = {}
    if rung.maps:
        weights["W_k"] = torch.randn(dim, dim, generator=generator) * spread
        weights["W_v"] = torch.eye(dim)
    if rung.query == "mask":
        weights["q_mask"] = torch.randn(dim, generator=generator) * spread
    elif rung.query != "none" and rung.maps:
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
    chunk, reach = seen.shape[1], (x.shape[1] - seen.shape[1]) // 2
    if rung.query == "none":
        scores = torch.zeros(seen.shape, dtype=x.dtype, device=x.device)[:, None]
    else:
        queries = _queries(rung, config.heads, weights, x, seen)
        scores = queries.flatten(1, 2) @ x.transpose(1, 2)
        scores = scores.view(len(x), queries.shape[1], queries.shape[2], -1)
    if config.scale:
        scores = scores / math.sqrt(x.shape[2] // config.heads)
    if rung.positions:
        bias = torch.nn.functional.pad(weights["offsets"], (1, 1))
        scores = scores + bias[offsets(chunk, reach, x.device).long() + reach + 1]
    return torch.softmax(scores + (seen[:, None].to(x.dtype) - 1) * 1e30, dim=-1)


def _queries(
    rung: Rung,
    heads: int,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    seen: Bool[Tensor, "C L S"],
) -> Float[Tensor, "C H L_or_1 D"]:
    """W_k^T q for each head: what asks, brought into the space of the words' own vectors."""
    chunks, chunk, _ = seen.shape
    if rung.query == "mask":
        asking = weights["q_mask"].view(heads, 1, -1)
        mapped = asking @ _by_head(weights["W_k"], heads) if rung.maps else asking
        return mapped.expand(chunks, -1, -1, -1)
    if rung.query == "previous":
        reach = (x.shape[1] - chunk) // 2
        asking = x[:, reach - 1 : reach - 1 + chunk]
    else:
        near = seen.to(x.dtype)
        asking = near @ x / near.sum(-1, keepdim=True).clamp(min=1)
    if not rung.maps:
        return asking[:, None]
    maps = _by_head(weights["W_q"], heads).transpose(1, 2) @ _by_head(weights["W_k"], heads)
    mapped = asking.flatten(0, 1) @ maps.transpose(0, 1).flatten(1)
    return mapped.view(chunks, chunk, heads, -1).transpose(1, 2)


def mix(
    rung: Rung,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    a: Float[Tensor, "C H L S"],
    has_context: Bool[Tensor, "C L"],
) -> Float[Tensor, "C L D"]:
    """y_i = sum_j a_ij v_j, computed as W_v (sum_j a_ij x_j); heads stand side by side in D.

    The usual output map W_o would fold into the output table O, so there is none.
    """
    chunks, heads, chunk, _ = a.shape
    mixed = (a.flatten(1, 2) @ x).view(chunks, heads, chunk, -1)
    if not rung.maps:
        y = mixed[:, 0]
    elif heads == 1:  # the usual case as one plain matrix product
        y = (mixed.flatten(0, 2) @ weights["W_v"].T).view(chunks, chunk, -1)
    else:
        y = torch.einsum("chld,hed->clhe", mixed, _by_head(weights["W_v"], heads)).flatten(2)
    return y * has_context[:, :, None].to(y.dtype)


def _by_head(weight: Float[Tensor, "D D"], heads: int) -> Float[Tensor, "H d D"]:
    return weight.view(heads, -1, weight.shape[1])
