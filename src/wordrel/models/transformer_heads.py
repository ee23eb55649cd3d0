"""What the heads of a block of a Transformer make of each word: lifts of query and key, and of OV.

Read is block `layer`, on the static row of a word as the first block reads it, without its
position. In BERT that is the row plus the row of the first segment, after the norm of the
embeddings. In GPT-2 it is the row, after the norm with which block `layer` begins. What the blocks
before it add to a state is left out, so of a later block this is a linear part of what it compares.

    query and key   s(a, b) = (x_a Q + q) . (x_b K + k) x scale, of each head
    OV              s(a, b) = (x_a V + v) O . u_b, with u_b the row of b in the input table

The input table is read as the output table, as models that tie the two predict; norms and feed
forward layers between OV and output are left out. Source: Elhage et al. 2021, "A Mathematical
Framework for Transformer Circuits".

Glossary: W words that are one token, D dimensions, H heads, K numbers of a head, V words.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64

from wordrel.corpus.vocab import Vocab
from wordrel.models.lifts import Lift
from wordrel.models.relations import QUERY_KEY, VALUE_OUT, Among, Relation
from wordrel.models.trained import Tensors

SIDES = ("query", "key", "value", "value_out")
"""Tensors [H, W, K] of a trained run; the last is what each output word takes of a head."""


@dataclass(frozen=True)
class _Maps:
    """A block: x [W, D], the maps of query, key and value [D, HK] with biases, and out [HK, D]."""

    x: torch.Tensor
    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]
    out: torch.Tensor
    heads: int
    scale: float


def head_tables(model: Any, tokens: Int64[np.ndarray, " W"], layer: int) -> dict[str, np.ndarray]:
    """What the heads of block `layer` make of each token: `SIDES`, each [H, W, K] float32.

    The scale is part of the queries. The result is empty where `layer` is 0, which is no block,
    and of a model whose blocks have another form than those of BERT and GPT-2.
    """
    rows = model.get_input_embeddings().weight[torch.from_numpy(tokens)]
    with torch.no_grad():
        maps = _maps(model, rows, layer) if layer else None
        if maps is None:
            return {}
        query, key, value = (
            _by_head(maps.x @ weight + bias, maps.heads)
            for weight, bias in zip(maps.weights, maps.biases, strict=True)
        )
        taken = _by_head(rows @ maps.out.T, maps.heads)
    sides = zip(SIDES, (query * maps.scale, key, value, taken), strict=True)
    return {side: np.ascontiguousarray(table.numpy(), np.float32) for side, table in sides}


def _maps(model: Any, rows: torch.Tensor, layer: int) -> _Maps | None:
    if hasattr(model, "encoder") and hasattr(model, "embeddings"):
        return _bert(model, rows, layer)
    if hasattr(model, "h") and hasattr(model, "wpe"):
        return _gpt2(model, rows, layer)
    return None


def _bert(model: Any, rows: torch.Tensor, layer: int) -> _Maps | None:
    attention: Any = getattr(model.encoder.layer[layer - 1], "attention", None)
    if not hasattr(attention, "self") or not hasattr(model.embeddings, "token_type_embeddings"):
        return None
    own = attention.self
    x = model.embeddings.LayerNorm(rows + model.embeddings.token_type_embeddings.weight[0])
    maps = (own.query, own.key, own.value)
    return _Maps(
        x,
        tuple(one.weight.T for one in maps),
        tuple(one.bias for one in maps),
        attention.output.dense.weight.T,
        own.num_attention_heads,
        own.attention_head_size**-0.5,
    )


def _gpt2(model: Any, rows: torch.Tensor, layer: int) -> _Maps | None:
    block = model.h[layer - 1]
    if not hasattr(block.attn, "c_attn"):
        return None
    config, width = model.config, rows.shape[1]
    scale = (width // config.n_head) ** -0.5 if config.scale_attn_weights else 1.0
    return _Maps(
        block.ln_1(rows),
        block.attn.c_attn.weight.split(width, dim=1),
        block.attn.c_attn.bias.split(width),
        block.attn.c_proj.weight,
        config.n_head,
        scale / layer if config.scale_attn_by_inverse_layer_idx else scale,
    )


def _by_head(table: torch.Tensor, heads: int) -> torch.Tensor:
    return table.reshape(len(table), heads, -1).transpose(0, 1)


def lifts(tensors: Tensors, vocab: Vocab, whole: Int64[np.ndarray, " W"]) -> dict[str, Relation]:
    """The lifts of a block and, where it has several heads, of each; NaN of words that are pieces.

    OV of the block is the sum over heads; query and key of the block are the mean of the lifts of
    the heads, which have a softmax each (see `Lift`).

    Args:
        tensors: of `head_tables`.
        vocab: all V words.
        whole: the ids of the W words that the tensors have.
    """
    if "query" not in tensors:
        return {}
    share = np.maximum(vocab.counts[whole], 1)
    log_p = np.log(share / share.sum()).astype(np.float32)
    none = np.zeros(len(whole), np.float32)
    query, key, value, taken = (tuple(tensors[side]) for side in SIDES)
    joined = [(np.concatenate(side, axis=1),) for side in (value, taken)]
    made = {
        VALUE_OUT: Lift(joined[0], joined[1], none, log_p),
        QUERY_KEY: Lift(query, key, none, log_p),
    }
    for head in range(len(query)) if len(query) > 1 else ():
        one = slice(head, head + 1)
        made[of_head(VALUE_OUT, head)] = Lift(value[one], taken[one], none, log_p)
        made[of_head(QUERY_KEY, head)] = Lift(query[one], key[one], none, log_p)
    places = np.full(len(vocab), -1, np.int64)
    places[whole] = np.arange(len(whole))
    return {name: Among(lift, places) for name, lift in made.items()}


def of_head(lift: str, head: int) -> str:
    """The name of a lift of one head, from 0: `q.k.head1.lift` of `q.k.lift`."""
    return f"{lift.removesuffix('.lift')}.head{head + 1}.lift"
