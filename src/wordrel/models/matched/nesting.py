"""A model as a special case of a larger one: the part that the larger one adds is neutral.

The architectures are nested by construction: with the tensors that `embed_below` makes, the
larger model has the states, scores and loss of the smaller one (to rounding). Training can start
from there.

Glossary: D dimensions, H heads of d = D / H, W words on each side of a context.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from wordrel.config import ARCHITECTURES, MatchedConfig, TrainingConfig
from wordrel.errors import TrainingError
from wordrel.models.matched.model import new_model
from wordrel.models.matched.weights import SECOND, Role, Weights, initial_weights, role

_ROLES: tuple[Role, ...] = ("W_q", "W_k", "W_v")
_CHANGED = {*_ROLES, "b_q", "q_mask", "position_vectors", "position_maps"}


def embed_below(
    below: MatchedConfig, tensors: Weights, config: MatchedConfig, training: TrainingConfig
) -> Weights:
    """The tensors with which `config` is the model of `below`.

    What is neutral: a map of queries that is 0, with a bias that gives each word its weight of
    before; scores of positions of 0; values by position that change nothing; maps that are the
    identity; a second block that adds 0.

    Args:
        below: the smaller model.
        tensors: what it learnt.
        config: the larger model, of the same objective and with the same direct path.
        training: what both are trained with.

    Raises:
        TrainingError: the larger one does not contain the smaller, or not with its ties and heads.
    """
    small, large, dim = (
        ARCHITECTURES[below.kind],
        ARCHITECTURES[config.kind],
        tensors["input"].shape[1],
    )
    parts = "objective", "direct", "block"
    lost = [part for part in parts if getattr(small, part) != getattr(large, part)]
    lost += ["positions"] if small.positions > large.positions else []
    lost += ["blocks"] if small.blocks > large.blocks else []
    if lost:
        raise _refusal(below, config, f"other {', '.join(lost)}")
    embedded = {name: weight for name, weight in tensors.items() if name not in _CHANGED}
    if large.positions:
        embedded.setdefault("offsets", torch.zeros(2 * training.reach + 1))
    embedded |= _roles(below, tensors, config)
    embedded |= _position_values(below, tensors, config, training)
    if large.blocks > small.blocks:
        drawn = initial_weights(config, dim, training.reach, torch.Generator().manual_seed(0))
        embedded |= {name: weight for name, weight in drawn.items() if name.startswith(SECOND)}
        embedded |= {SECOND + name: torch.zeros_like(embedded[name]) for name in ("W_o", "W_2")}
    return embedded


def contains(config: MatchedConfig, below: MatchedConfig) -> bool:
    """Whether `config` can be the model of `below`, whatever that has learnt."""
    training = TrainingConfig(dim=2 * math.lcm(config.heads, below.heads), window=1)
    generator = torch.Generator().manual_seed(0)
    start = new_model(below, training, 1, seed=0).tensors()
    learnt = {n: torch.randn(weight.shape, generator=generator) for n, weight in start.items()}
    try:
        embed_below(below, learnt, config, training)
    except TrainingError:
        return False
    return True


def _position_values(
    below: MatchedConfig, tensors: Weights, config: MatchedConfig, training: TrainingConfig
) -> Weights:
    small, large = (
        ARCHITECTURES[below.kind].position_values,
        ARCHITECTURES[config.kind].position_values,
    )
    if small == large:
        return {name: tensors[name] for name in tensors if name.startswith("position_")}
    vectors = torch.ones(2 * training.reach + 1, tensors["input"].shape[1])
    vectors = tensors.get("position_vectors", vectors)
    if large == "vector" and small == "none":
        return {"position_vectors": vectors}
    if large == "map":
        return {"position_maps": torch.diag_embed(vectors)}
    raise _refusal(below, config, "other values by position")


def _roles(below: MatchedConfig, tensors: Weights, config: MatchedConfig) -> Weights:
    """The query and the maps, without those that are tied."""
    small, large, like = ARCHITECTURES[below.kind], ARCHITECTURES[config.kind], tensors["input"]
    w_q, w_k, w_v = (role(below, tensors, name, like) for name in _ROLES)
    ratio = _scale(config, like) / _scale(below, like)
    if small.words_ask:
        if small.query != large.query or below.heads != config.heads:
            raise _refusal(below, config, "other words ask, or other heads")
        w_q, query = w_q * ratio, tensors.get("b_q", torch.zeros_like(w_q[0])) * ratio
        if "Q=I" in config.ties or not large.maps:  # the factor of the scale moves to the keys
            w_q, w_k, query = w_q / ratio, w_k * ratio, query / ratio
    else:
        w_q = torch.zeros_like(w_q)
        w_k, query = _one_weight_a_word(below, tensors, w_k, config)
        if not query.any() and "Q=I" in config.ties:
            w_q, w_k = torch.eye(len(w_k)), torch.zeros_like(w_k)
    maps: Weights = {"W_q": w_q, "W_k": w_k, "W_v": w_v}
    return _untied(below, config, maps, query)


def _one_weight_a_word(
    below: MatchedConfig, tensors: Weights, w_k: Float[Tensor, "D D"], config: MatchedConfig
) -> tuple[Float[Tensor, "D D"], Float[Tensor, " D"]]:
    """Keys and a query with which each head gives each word its score of before."""
    ratio = _scale(config, w_k) / _scale(below, w_k)
    query = tensors.get("q_mask", torch.zeros_like(w_k[0]))
    if config.heads == below.heads or not query.any():
        return w_k, query * ratio
    if below.heads > 1:
        raise _refusal(below, config, "other heads")
    # The first number of each head's keys is the score; the others do not enter yet.
    firsts = torch.arange(0, len(w_k), len(w_k) // config.heads)
    keys, wide = torch.eye(len(w_k)), torch.zeros_like(query)
    keys[firsts] = (query @ w_k) / _scale(below, w_k)
    wide[firsts] = _scale(config, w_k)
    return keys, wide


def _untied(
    below: MatchedConfig, config: MatchedConfig, maps: Weights, query: Float[Tensor, " D"]
) -> Weights:
    """The part of these that the larger model stores.

    Raises:
        TrainingError: they break a tie of it, or it lacks a map that they need.
    """
    large, identity = ARCHITECTURES[config.kind], torch.eye(len(query))
    stored = dict(maps)
    equal = {"K=Q": ("W_k", maps["W_q"]), "K=V": ("W_k", maps["W_v"])}
    equal |= {f"{name}=I": (f"W_{name.lower()}", identity) for name in "QKV"}
    ties = config.ties if large.maps else ("Q=I", "K=I", "V=I")
    for tie in ties:
        name, other = equal[tie]
        unused = name == "W_q" and not large.words_ask
        if not unused and not torch.equal(maps[name], other):
            raise _refusal(
                below, config, f"{tie} does not hold" if large.maps else "it has no maps"
            )
        stored.pop(name)
    if large.words_ask:
        if config.query_bias:
            stored["b_q"] = query
        elif query.any():
            raise _refusal(below, config, "its query has no bias")
    else:
        stored.pop("W_q", None)
        if large.query == "mask":
            stored["q_mask"] = query
        elif query.any():
            raise _refusal(below, config, "it gives words no weights")
    return stored


def _scale(config: MatchedConfig, like: Tensor) -> float:
    return math.sqrt(like.shape[-1] // config.heads) if config.scale else 1.0


def _refusal(below: MatchedConfig, config: MatchedConfig, why: str) -> TrainingError:
    names = f"{config.name or config.kind} does not contain {below.name or below.kind}"
    return TrainingError(f"{names}: {why}")
