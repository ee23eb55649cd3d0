"""The equations of every architecture, for one target at a time: read this file first.

A target is a place i in a sentence, and C(i) is its context: the words that the model may see.
Each model makes a state from the context, and scores every word w of the vocabulary by it:

    y_i = sum over j in C(i) of a_ij v_j
    score(w | i) = o_w . y_i + b_w

The architectures differ only in the weights a_ij and the values v_j. `mean` is word2vec's CBOW,
`self_attention` is attention as in the literature; `state` adds what the other architectures have.
`wordrel.models.matched` computes the same for thousands of targets at once, and tests hold both
equal. `micro.py` at the root of the repository shows how the weights are learnt.

Shapes: n words in a context, D dimensions, H heads of d = D / H, W words on each side of a window.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64

from wordrel.config import ARCHITECTURES, MatchedConfig

Tensors = Mapping[str, Float[np.ndarray, "..."]]
Vector = Float64[np.ndarray, " D"]


def mean(x: Float64[np.ndarray, "n D"]) -> Vector:
    """CBOW: every word of the context has the same weight, and its value is its own vector."""
    v = x
    s = np.zeros(len(x))
    a = softmax(s)
    y: Vector = a @ v
    return y


def self_attention(
    x: Float64[np.ndarray, "n D"],
    asking: Vector,
    W_q: Float64[np.ndarray, "d D"],
    W_k: Float64[np.ndarray, "d D"],
    W_v: Float64[np.ndarray, "d D"],
) -> Float64[np.ndarray, " d"]:
    """One head: a word's weight grows with the product of its key and the query of who asks."""
    q, k, v = W_q @ asking, x @ W_k.T, x @ W_v.T
    s = k @ q
    a = softmax(s)
    y: Float64[np.ndarray, " d"] = a @ v
    return y


def state(
    config: MatchedConfig, tensors: Tensors, sentence: Sequence[int], i: int, context: Sequence[int]
) -> tuple[Vector, Float64[np.ndarray, "H n"]]:
    """The state y_i of any architecture, and the weights a_ij of each head.

    Args:
        config: which architecture, how many heads, and whether scores are scaled.
        tensors: what training leaves: the word tables, and the weights of the architecture.
        sentence: ids of words.
        i: place of the target.
        context: the places C(i), at least one.
    """
    architecture, w = (
        ARCHITECTURES[config.kind],
        {name: t.astype(np.float64) for name, t in tensors.items()},
    )
    vectors = w["input"][list(sentence)]
    words = norm(w, "norm_1", vectors) if architecture.block else vectors
    x = words[list(context)]

    # The query: none, one learned vector, or made from the last word or the mean of the context.
    D = x.shape[1]
    W_q, W_k, W_v = (map_of(w, role, D) for role in ("W_q", "W_k", "W_v"))
    k, v = x @ W_k.T, x @ W_v.T
    if architecture.query == "none":
        q = np.zeros(D)
    elif architecture.query == "mask":
        q = w["q_mask"]
    else:
        q = W_q @ (words[i - 1] if architecture.query == "previous" else x.mean(axis=0))

    # Each head compares its own part of q and k; the score of a position is the same for all.
    W = len(w["offsets"]) // 2 if architecture.positions else 0
    position = [w["offsets"][j - i + W] if architecture.positions else 0.0 for j in context]
    d = D // config.heads
    scale = np.sqrt(d) if config.scale else 1.0
    rows = [slice(h * d, (h + 1) * d) for h in range(config.heads)]
    a = np.array([softmax(k[:, r] @ q[r] / scale + position) for r in rows])
    y = np.concatenate([a[h] @ v[:, r] for h, r in enumerate(rows)])
    return (transformer(w, vectors[i - 1], y) if architecture.block else y), a


def transformer(w: Tensors, before: Vector, y: Vector) -> Vector:
    """The rest of a block, with norms first: add to the word before, then a feed-forward layer."""
    h = before + w["W_o"] @ y
    h = h + w["W_2"] @ np.maximum(w["W_1"] @ norm(w, "norm_2", h), 0)
    return norm(w, "norm_out", h)


def scores(tensors: Tensors, y: Vector) -> Float64[np.ndarray, " V"]:
    """o_w . y + b_w of every word w of the vocabulary."""
    return np.asarray(tensors["output"] @ y + tensors["bias"].ravel())


def map_of(w: Tensors, role: str, D: int) -> Float64[np.ndarray, "D D"]:
    """A role's own map; with K=Q the query's; with Q=I or V=I, or without maps, the identity."""
    if role == "W_k" and "W_k" not in w:
        role = "W_q"
    return np.asarray(w.get(role, np.eye(D)))


def norm(w: Tensors, name: str, x: Float64[np.ndarray, "*n D"]) -> Float64[np.ndarray, "*n D"]:
    """Layer norm: mean 0 and variance 1 over D, then a learned factor and shift."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])


def softmax(s: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Positive weights that add up to 1."""
    e = np.exp(s - s.max())
    return np.asarray(e / e.sum())
