"""The architectures: where the weights a_ij and the values v_j of y_i = sum_j a_ij v_j come from.

Every model of the matched family is these three lines with other weights:

    y_i = sum over j in C(i) of a_ij * v_j
    score(w | i) = o_w . y_i + b_w
    loss: negative sampling

An architecture is an entry of `wordrel.config.ARCHITECTURES`; this file is the mathematics of what
an entry says. Nothing here knows of optimisers or corpora.

Shapes: C chunks, L targets a chunk, S tokens that they can reach, H heads, D dimensions.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import layer_norm, relu

from wordrel.config import ARCHITECTURES, MatchedConfig

Weights = dict[str, Tensor]
WIDER = 4  # the feed-forward's hidden layer, in D; Vaswani et al. 2017, section 3.3


def initial_weights(
    config: MatchedConfig, dim: int, window: int, generator: torch.Generator
) -> Weights:
    """The dense weights before training; roles that are tied have none of their own.

    W_v and W_o start as the identity, the offsets and what the feed-forward adds at 0, so that at
    the start every architecture is close to the plain mean (CBOW) and differs from it only by what
    it then learns; `transformer_block` by its residual and norms too.
    """
    architecture, spread = ARCHITECTURES[config.kind], 1 / math.sqrt(dim)
    weights: Weights = {}
    if architecture.maps and "K=Q" not in config.ties:
        weights["W_k"] = torch.randn(dim, dim, generator=generator) * spread
    if architecture.maps and "V=I" not in config.ties:
        weights["W_v"] = torch.eye(dim)
    if architecture.query == "mask":
        weights["q_mask"] = torch.randn(dim, generator=generator) * spread
    elif architecture.query != "none" and architecture.maps and "Q=I" not in config.ties:
        weights["W_q"] = torch.randn(dim, dim, generator=generator) * spread
    if architecture.positions:
        weights["offsets"] = torch.zeros(2 * window + 1)
    if architecture.block:
        weights |= _initial_block(dim, generator)
    return weights


def _initial_block(dim: int, generator: torch.Generator) -> Weights:
    norms = {f"{norm}.weight": torch.ones(dim) for norm in ("norm_1", "norm_2", "norm_out")}
    norms |= {f"{norm}.bias": torch.zeros(dim) for norm in ("norm_1", "norm_2", "norm_out")}
    return norms | {
        "W_o": torch.eye(dim),
        "W_1": torch.randn(WIDER * dim, dim, generator=generator) / math.sqrt(dim),
        "W_2": torch.zeros(dim, WIDER * dim),
    }


def role(weights: Weights, name: Literal["W_q", "W_k", "W_v"], like: Tensor) -> Tensor:
    """The map of a role, [D, D]: its own, or what it is tied to."""
    if name in weights:
        return weights[name]
    if name == "W_k" and "W_q" in weights:  # K=Q
        return weights["W_q"]
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)


def attention(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    places: Float[Tensor, "C L S"],
) -> Float[Tensor, "C H L S"]:
    """The weights a_ij: softmax of the architecture's scores over C(i), exactly 0 elsewhere.

    q_i . k_j = (W_q x_i) . (W_k x_j) is computed as x_i W_q^T W_k . x_j, which needs no keys.

    Args:
        config: kind, heads, scale and ties.
        weights: the dense weights.
        x: the words' vectors.
        places: scores of places, closed outside C(i); a target without context gets weights that
            mean nothing, and must not count.
    """
    queries = _queries(config, weights, x, places)
    if queries is None:
        return torch.softmax(places, dim=-1)[:, None]
    if config.scale:
        queries = queries / math.sqrt(x.shape[2] // config.heads)
    if queries.shape[1] == 1:  # the usual case: places are added in the product
        scores = torch.baddbmm(places, queries[:, 0], x.transpose(1, 2))[:, None]
    else:
        scores = queries.flatten(1, 2) @ x.transpose(1, 2)
        scores = scores.view(*queries.shape[:3], -1) + places[:, None]
    return torch.softmax(scores, dim=-1)


def asking(x: Float[Tensor, "C S D"], targets: int) -> Float[Tensor, "C L D"]:
    """The word before each target: the last L of the columns of a next-word model."""
    return x[:, x.shape[1] - targets :]


def _queries(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    places: Float[Tensor, "C L S"],
) -> Float[Tensor, "C H L D"] | None:
    """W_k^T q for each head: what asks, brought into the space of the words' own vectors."""
    architecture, heads, (chunks, targets, _) = (
        ARCHITECTURES[config.kind],
        config.heads,
        places.shape,
    )
    if architecture.query == "none":
        return None
    if architecture.query == "mask":
        q = weights["q_mask"].view(heads, 1, -1)
        mapped = q @ _by_head(role(weights, "W_k", x), heads) if architecture.maps else q
        return mapped.expand(chunks, -1, targets, -1)
    words = asking(x, targets) if architecture.query == "previous" else _mean(x, places)
    if not architecture.maps:
        return words[:, None]
    w_q, w_k = (_by_head(role(weights, name, x), heads) for name in ("W_q", "W_k"))
    maps = (w_q.transpose(1, 2) @ w_k).transpose(0, 1).flatten(1)
    mapped = words.flatten(0, 1) @ maps
    return mapped.view(chunks, targets, heads, -1).transpose(1, 2)


def _mean(x: Float[Tensor, "C S D"], places: Float[Tensor, "C L S"]) -> Float[Tensor, "C L D"]:
    near = (places.detach() > -1e29).to(x.dtype)
    return near @ x / near.sum(-1, keepdim=True).clamp(min=1)


def mix(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    a: Float[Tensor, "C H L S"],
) -> Float[Tensor, "C L D"]:
    """y_i = sum_j a_ij v_j, computed as W_v (sum_j a_ij x_j); heads stand side by side in D.

    The usual output map W_o would fold into the output table O, so only a block has one.
    """
    chunks, heads, targets, _ = a.shape
    mixed = (a.flatten(1, 2) @ x).view(chunks, heads, targets, -1)
    if heads > 1:
        w_v = _by_head(role(weights, "W_v", x), heads)
        return torch.einsum("chld,hed->clhe", mixed, w_v).flatten(2)
    if "W_v" not in weights:
        return _sum_gradient(mixed[:, 0], x, a[:, 0]) if config.sum_gradient else mixed[:, 0]
    # as one plain matrix product
    return (mixed.flatten(0, 2) @ weights["W_v"].T).view(chunks, targets, -1)


def _sum_gradient(
    y: Float[Tensor, "C L D"], x: Float[Tensor, "C S D"], a: Float[Tensor, "C L S"]
) -> Float[Tensor, "C L D"]:
    """The mean, with the gradient of the sum: what gensim's CBOW does (cbow_mean=1)."""
    total = (a > 0).to(x.dtype) @ x
    return total + (y - total).detach()


def block(
    weights: Weights, before: Float[Tensor, "C L D"], y: Float[Tensor, "C L D"]
) -> Float[Tensor, "C L D"]:
    """What a Transformer block makes of what attention found for the words `before` the targets.

    Pre-norm: h = x + W_o y; h + W_2 relu(W_1 norm(h)); a last norm. Source: Vaswani et al. 2017,
    with the norms where Xiong et al. 2020 and GPT-2 have them.
    """
    h = (before + y @ weights["W_o"].T).flatten(0, 1)
    inner = relu(norm(weights, "norm_2", h) @ weights["W_1"].T)
    h = h + inner @ weights["W_2"].T
    return norm(weights, "norm_out", h).view(y.shape)


def norm(weights: Weights, name: str, x: Float[Tensor, "*n D"]) -> Float[Tensor, "*n D"]:
    """Layer norm over D with a learned weight and bias; Ba et al. 2016."""
    return layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])


def _by_head(weight: Float[Tensor, "D D"], heads: int) -> Float[Tensor, "H d D"]:
    return weight.view(heads, -1, weight.shape[1])
