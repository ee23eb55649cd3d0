"""The architectures: where the weights a_ij and the values v_j of y_i = sum_j a_ij v_j come from.

Every model of the matched family is these three lines with other weights:

    y_i = sum over j in C(i) of a_ij * v_j
    score(w | i) = o_w . y_i + b_w
    loss: negative sampling

A direct path adds W_d x of the last word to y_i and takes that word out of C(i): where the context
is that one word, y_i is W_d x alone, and all next-word architectures are equal.

An architecture is an entry of `wordrel.config.ARCHITECTURES`; this file is its mathematics. It uses
no optimiser and no corpus.

Shapes: C chunks, L targets a chunk, S tokens that they can reach, H heads, D dimensions.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import layer_norm, pad, relu

from wordrel.config import ARCHITECTURES, MatchedConfig

Weights = dict[str, Tensor]
Role = Literal["W_q", "W_k", "W_v"]
SECOND = "second."  # what the names of the weights of a second block start with
WIDER = 4  # the feed-forward's hidden layer, in D; Vaswani et al. 2017, section 3.3


def initial_weights(
    config: MatchedConfig, dim: int, reach: int, generator: torch.Generator
) -> Weights:
    """The dense weights before training; roles that are tied have none of their own.

    Maps of values, of outputs and of the direct path start as the identity, biases and what the
    feed-forward adds at 0, so that at the start every architecture is close to the plain mean
    (CBOW) and differs from it only by what it then learns; a block by its residual and norms too.
    Scores of positions start at 0, or with `recency` r at -r log(distance): weights of
    distance ** -r.
    """
    architecture, spread = ARCHITECTURES[config.kind], 1 / math.sqrt(dim)
    weights = _initial_roles(config, dim, generator)
    if architecture.query == "mask":
        weights["q_mask"] = torch.randn(dim, generator=generator) * spread
    elif architecture.words_ask and architecture.maps and "Q=I" not in config.ties:
        weights["W_q"] = torch.randn(dim, dim, generator=generator) * spread
    if config.query_bias:
        weights["b_q"] = torch.zeros(dim)
    if architecture.direct:
        weights["W_d"] = torch.eye(dim)
    if architecture.positions:
        distance = torch.arange(-reach, reach + 1).abs().clamp(min=1)
        weights["offsets"] = 0 - config.recency * distance.log()
    if architecture.position_values == "vector":
        weights["position_vectors"] = torch.ones(2 * reach + 1, dim)
    if architecture.position_values == "map":
        weights["position_maps"] = torch.eye(dim).repeat(2 * reach + 1, 1, 1)
    if architecture.block:
        weights |= _initial_block(dim, generator)
    if architecture.blocks > 1:
        weights |= _initial_second(weights, generator)
    return weights


def _initial_roles(config: MatchedConfig, dim: int, generator: torch.Generator) -> Weights:
    """W_k and W_v, where the architecture has maps that are not tied."""
    weights: Weights = {}
    if ARCHITECTURES[config.kind].maps and not {"K=Q", "K=V", "K=I"} & set(config.ties):
        weights["W_k"] = torch.randn(dim, dim, generator=generator) * (1 / math.sqrt(dim))
    if ARCHITECTURES[config.kind].maps and "V=I" not in config.ties:
        weights["W_v"] = torch.eye(dim)
    return weights


def _initial_block(dim: int, generator: torch.Generator) -> Weights:
    norms = {f"{norm}.weight": torch.ones(dim) for norm in ("norm_1", "norm_2", "norm_out")}
    norms |= {f"{norm}.bias": torch.zeros(dim) for norm in ("norm_1", "norm_2", "norm_out")}
    return norms | {
        "W_o": torch.eye(dim),
        "W_1": torch.randn(WIDER * dim, dim, generator=generator) / math.sqrt(dim),
        "W_2": torch.zeros(dim, WIDER * dim),
    }


def _initial_second(first: Weights, generator: torch.Generator) -> Weights:
    """The second block, like the first; only one last norm stands behind both."""
    drawn = {"W_k", "W_q", "W_1"}
    return {
        SECOND + name: torch.randn(weight.shape, generator=generator) / math.sqrt(weight.shape[1])
        if name in drawn
        else weight.clone()
        for name, weight in first.items()
        if not name.startswith("norm_out")
    }


def second(weights: Weights) -> Weights:
    """The weights of the second block, by the names of the first."""
    own = {
        name.removeprefix(SECOND): weight
        for name, weight in weights.items()
        if name.startswith(SECOND)
    }
    last = {name: weight for name, weight in weights.items() if name.startswith("norm_out")}
    return own | last


def role(config: MatchedConfig, weights: Weights, name: Role, like: Tensor) -> Tensor:
    """The map of a role, [D, D]: its own, or what it is tied to."""
    if name in weights:
        return weights[name]
    if name == "W_k" and "K=Q" in config.ties:
        return role(config, weights, "W_q", like)
    if name == "W_k" and "K=V" in config.ties:
        return role(config, weights, "W_v", like)
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)


def attention(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    places: Float[Tensor, "C L S"],
) -> Float[Tensor, "C H L S"]:
    """The weights a_ij: softmax of the architecture's scores over C(i), exactly 0 elsewhere.

    q_i . k_j = (W_q x_i + b) . (W_k x_j) is computed as W_k^T (W_q x_i + b) . x_j, which needs no
    keys; of several heads as it stands, since each would need a product in all D dimensions. A key
    has no bias: it would add the same to all scores of a query.

    Args:
        config: kind, heads, scale and ties.
        weights: the dense weights.
        x: the words' vectors.
        places: scores of places, closed outside C(i); weights of a target without context
            are undefined, and must not count.
    """
    if config.heads > 1 and ARCHITECTURES[config.kind].words_ask:
        return torch.softmax(_scores_by_head(config, weights, x, places), dim=-1)
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


def _scores_by_head(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    places: Float[Tensor, "C L S"],
) -> Float[Tensor, "C H L S"]:
    """The scores of several heads, each in its D / H dimensions, from queries and keys."""
    heads, words = config.heads, _query_words(config, x, places)
    w_q, w_k = (role(config, weights, name, x) for name in ("W_q", "W_k"))
    query, key = (_split(vectors @ each.T, heads) for vectors, each in ((words, w_q), (x, w_k)))
    scores = query @ key.transpose(2, 3)
    if "b_q" in weights:
        alone = x @ word_scores(config, weights, w_k).view(heads, -1).T
        scores = scores + alone.transpose(1, 2)[:, :, None]
    if config.scale:
        scores = scores / math.sqrt(x.shape[2] // heads)
    return scores + places[:, None]


def _split(vectors: Float[Tensor, "C n D"], heads: int) -> Float[Tensor, "C H n d"]:
    return vectors.view(*vectors.shape[:2], heads, -1).transpose(1, 2)


def previous_words(x: Float[Tensor, "C S D"], targets: int) -> Float[Tensor, "C L D"]:
    """The word before each target: the last L of the columns of a next-word model."""
    return x[:, x.shape[1] - targets :]


def _queries(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    places: Float[Tensor, "C L S"],
) -> Float[Tensor, "C H L D"] | None:
    """W_k^T q for each head: the query in the space of the words' own vectors."""
    architecture, heads, (chunks, targets, _) = (
        ARCHITECTURES[config.kind],
        config.heads,
        places.shape,
    )
    if architecture.query == "none":
        return None
    if architecture.query == "mask":
        q = weights["q_mask"].view(heads, 1, -1)
        mapped = q @ _by_head(role(config, weights, "W_k", x), heads) if architecture.maps else q
        return mapped.expand(chunks, -1, targets, -1)
    words = _query_words(config, x, places)
    if not architecture.maps:
        return (words + weights["b_q"] if "b_q" in weights else words)[:, None]
    w_q, w_k = (_by_head(role(config, weights, name, x), heads) for name in ("W_q", "W_k"))
    maps = (w_q.transpose(1, 2) @ w_k).transpose(0, 1).flatten(1)
    words = words.flatten(0, 1)
    if "b_q" in weights:
        mapped = torch.addmm(word_scores(config, weights, w_k), words, maps)
    else:
        mapped = words @ maps
    return mapped.view(chunks, targets, heads, -1).transpose(1, 2)


def _query_words(
    config: MatchedConfig, x: Float[Tensor, "C S D"], places: Float[Tensor, "C L S"]
) -> Float[Tensor, "C L D"]:
    """The input of each query: the word before the target, or the mean of the context."""
    previous = ARCHITECTURES[config.kind].query == "previous"
    return previous_words(x, places.shape[1]) if previous else _mean(x, places)


def word_scores(
    config: MatchedConfig, weights: Weights, w_k: Float[Tensor, "*k D"]
) -> Float[Tensor, " HD"]:
    """W_k^T b of each head: its product with a word is the weight that the bias gives to it."""
    if "u_q" in weights:  # of a model whose query and key are exchanged
        return weights["u_q"]
    heads = config.heads
    bias = weights["b_q"].view(heads, 1, -1)
    return (bias @ w_k.view(heads, -1, w_k.shape[-1])).flatten()


def _mean(x: Float[Tensor, "C S D"], places: Float[Tensor, "C L S"]) -> Float[Tensor, "C L D"]:
    near = (places.detach() > -1e29).to(x.dtype)
    return near @ x / near.sum(-1, keepdim=True).clamp(min=1)


def mix(
    config: MatchedConfig,
    weights: Weights,
    x: Float[Tensor, "C S D"],
    a: Float[Tensor, "C H L S"],
) -> Float[Tensor, "C L D"]:
    """y_i = sum_j a_ij v_j; heads stand side by side in D. Of one head as W_v (sum_j a_ij x_j).

    The usual output map W_o would fold into the output table O, so only a block has one.
    """
    if a.shape[1] > 1:  # each head needs its part of the values alone
        values = x @ role(config, weights, "W_v", x).T
        return (a @ _split(values, a.shape[1])).transpose(1, 2).flatten(2)
    mixed = a[:, 0] @ x
    if "W_v" not in weights:  # no maps, or V=I
        return _sum_gradient(mixed, x, a[:, 0]) if config.sum_gradient else mixed
    # as one plain matrix product
    return (mixed.flatten(0, 1) @ weights["W_v"].T).view(mixed.shape)


def _sum_gradient(
    y: Float[Tensor, "C L D"], x: Float[Tensor, "C S D"], a: Float[Tensor, "C L S"]
) -> Float[Tensor, "C L D"]:
    """The mean, with the gradient of the sum: what gensim's CBOW does (cbow_mean=1)."""
    total = (a > 0).to(x.dtype) @ x
    return total + (y - total).detach()


def mix_by_position(
    weights: Weights, x: Float[Tensor, "C S D"], a: Float[Tensor, "C L S"], first: int
) -> Float[Tensor, "C L D"]:
    """y_i = sum_j a_ij v_j where v_j is x_j times the vector, or under the map, of its position.

    Args:
        weights: `position_vectors` [2W+1, D], or `position_maps` [2W+1, D, D].
        x: the words' vectors.
        a: the weight of each word for each target.
        first: the column of the first target.
    """
    vectors, maps = weights.get("position_vectors"), weights.get("position_maps")
    targets, columns = a.shape[1:]
    reach = len(weights["position_vectors" if maps is None else "position_maps"]) // 2
    y = x.new_zeros(*a.shape[:2], x.shape[2])
    for offset in range(-min(reach, first + targets - 1), min(reach, columns - first - 1) + 1):
        # targets from..to see a column at this offset; its weights are a diagonal of `a`
        start, end = max(0, -first - offset), min(targets, columns - first - offset)
        part = x[:, first + offset + start : first + offset + end]
        if vectors is not None:
            part = part * vectors[offset + reach]
        elif maps is not None:
            part = part @ maps[offset + reach].T
        share = a.diagonal(first + offset, dim1=1, dim2=2)[..., None]
        y = y + pad(share * part, (0, 0, start, targets - end))
    return y


def block(
    weights: Weights, before: Float[Tensor, "C L D"], y: Float[Tensor, "C L D"]
) -> Float[Tensor, "C L D"]:
    """The output of a Transformer block, from `y` of attention and the words `before` the targets.

    Pre-norm: h = x + W_o y; h + W_2 relu(W_1 norm(h)); behind the last block, a last norm. Source:
    Vaswani et al. 2017, with the norms where Xiong et al. 2020 and GPT-2 have them.
    """
    h = (before + y @ weights["W_o"].T).flatten(0, 1)
    inner = relu(norm(weights, "norm_2", h) @ weights["W_1"].T)
    return (h + inner @ weights["W_2"].T).view(y.shape)


def norm(weights: Weights, name: str, x: Float[Tensor, "*n D"]) -> Float[Tensor, "*n D"]:
    """Layer norm over D with a learned weight and bias; Ba et al. 2016."""
    return layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])


def _by_head(weight: Float[Tensor, "D D"], heads: int) -> Float[Tensor, "H d D"]:
    return weight.view(heads, -1, weight.shape[1])
