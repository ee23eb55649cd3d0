"""The equations of every architecture, for one target at a time: read this file first.

A target is a place i in a sentence, and C(i) is its context: the words that the model may see.
Each model makes a state from the context, and scores every word w of the vocabulary by it:

    y_i = sum over j in C(i) of a_ij v_j      (on a direct path, + W_d x of the last word)
    score(w | i) = o_w . y_i + b_w

The architectures differ only in the weights a_ij and the values v_j. `mean` is word2vec's CBOW,
`self_attention` is attention as in the literature, `layer` adds what other architectures have.
`wordrel.models.matched` computes the same for thousands of targets at once; tests hold both equal.
`micro.py`, at the root of the repository, shows how the weights are learnt.

Shapes: n words in a context C, D dimensions, H heads of d = D / H, N words in a sentence.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64
from scipy.special import softmax

from wordrel.config import ARCHITECTURES, MatchedConfig

Tensors = Mapping[str, Float[np.ndarray, "..."]]
Vector = Float64[np.ndarray, " D"]
Map = Float64[np.ndarray, "d D"]
Weights = Float64[np.ndarray, "H n"]
Contexts = Mapping[int, Sequence[int]]
BY_POSITION = {"offsets", "position_vectors", "position_maps"}


def mean(x: Float64[np.ndarray, "n D"]) -> Vector:
    """CBOW: every word of the context has the same weight, and its value is its own vector."""
    a = softmax(np.zeros(len(x)))
    y = a @ x
    return np.asarray(y)


def self_attention(
    x: Float64[np.ndarray, "n D"], x_q: Vector, W_q: Map, W_k: Map, W_v: Map
) -> Float64[np.ndarray, " d"]:
    """One head: a word's weight grows with the product of its key and the query, made of `x_q`."""
    q, k, v = W_q @ x_q, x @ W_k.T, x @ W_v.T
    a = softmax(k @ q)
    y = a @ v
    return np.asarray(y)


def state(
    config: MatchedConfig, tensors: Tensors, sentence: Sequence[int], i: int, C: Contexts
) -> tuple[Vector, Weights]:
    """The state y_i of any architecture, and the weights a_ij of each head in its last layer.

    `tensors` are what training leaves; C holds the places in the context of each target.
    """
    has, w = ARCHITECTURES[config.kind], {name: t.astype(np.float64) for name, t in tensors.items()}
    x = w["input"][list(sentence)]
    if has.direct:  # the last word is not attended to
        y, a = layer(config, w, x, i, [j for j in C[i] if j < i - 1])
        return (y + w["W_d"] @ x[i - 1] if i - 1 in C[i] else y), a
    if has.blocks == 2:  # the second sees each word as the first makes it of the words up to it
        seen = sorted({*C[i], i - 1})
        x[seen] = [layer(config, w, x, j + 1, C[j + 1])[0] for j in seen]
        w |= {name.removeprefix("second."): t for name, t in w.items() if "second." in name}
    y, a = layer(config, w, x, i, C[i])
    return (norm(w, "norm_out", y) if has.block else y), a


def layer(
    config: MatchedConfig, w: Tensors, x: Float64[np.ndarray, "N D"], i: int, C: Sequence[int]
) -> tuple[Vector, Weights]:
    """The output of one layer for target i of a sentence, and its weights a_ij."""
    has, D, d = ARCHITECTURES[config.kind], x.shape[1], x.shape[1] // config.heads
    if not C:
        return np.zeros(D), np.zeros((config.heads, 0))
    words = norm(w, "norm_1", x) if has.block else x
    W_q, W_k, W_v = (map_of(config, w, role, D) for role in ("W_q", "W_k", "W_v"))
    q, k, v = np.zeros(D), words[C] @ W_k.T, words[C] @ W_v.T
    if has.query == "mask":  # a learned query; else of the last word, or of the mean
        q = w["q_mask"]
    elif has.query != "none":
        x_q = words[i - 1] if has.query == "previous" else words[C].mean(axis=0)
        q = W_q @ x_q + w.get("b_q", 0)
    # A position has a score, the same for all heads, or a vector or map of its values.
    places = {name: [j - i + len(w[name]) // 2 for j in C] for name in BY_POSITION & w.keys()}
    terms = {name: w[name][at] for name, at in places.items()}
    v = v * terms.get("position_vectors", 1)
    v = np.einsum("nde,ne->nd", terms["position_maps"], v) if "position_maps" in terms else v

    # Each head compares its own part of q and k; its weights are positive and add up to 1.
    scale = np.sqrt(d) if config.scale else 1.0
    heads = [slice(h * d, (h + 1) * d) for h in range(config.heads)]
    a = np.array([softmax(k[:, h] @ q[h] / scale + terms.get("offsets", 0)) for h in heads])
    y = np.concatenate([a[n] @ v[:, h] for n, h in enumerate(heads)])
    return (transformer(w, x[i - 1], y) if has.block else y), a


def transformer(w: Tensors, before: Vector, y: Vector) -> Vector:
    """The rest of a block, with norms first: add to the word before, then a feed-forward layer."""
    h = before + w["W_o"] @ y
    return np.asarray(h + w["W_2"] @ np.maximum(w["W_1"] @ norm(w, "norm_2", h), 0))


def scores(tensors: Tensors, y: Vector) -> Float64[np.ndarray, " V"]:
    """o_w . y + b_w of every word w of the vocabulary."""
    return np.asarray(tensors["output"] @ y + tensors["bias"].ravel())


def map_of(config: MatchedConfig, w: Tensors, role: str, D: int) -> Float64[np.ndarray, "D D"]:
    """A role's own map; that of another with K=Q or K=V; else (Q=I, K=I, V=I, no maps) I."""
    other = {f"K={name}": f"W_{name.lower()}" for name in "QV" if role == "W_k"}
    return np.asarray(w.get(next((other[t] for t in config.ties if t in other), role), np.eye(D)))


def norm(w: Tensors, name: str, x: Float64[np.ndarray, "*n D"]) -> Float64[np.ndarray, "*n D"]:
    """Layer norm: mean 0 and variance 1 over D, then a learned factor and shift."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])
