"""A pretrained Transformer as a model of a study: table of words, states, and lifts.

It is a local folder as Hugging Face's library writes it. Nothing is fetched, no code of the folder
runs, and no pickle is read. A word that the tokenizer cuts into pieces has a row of zeros in the
table, and no answer there. In context its state is the mean of the states of its pieces.

How words relate is read from the heads of block `layer`: lifts of query and key, and of OV. Read
is the static row of a word as the first block reads it, without its position. In BERT that is the
row plus the row of the first segment, after the norm of the embeddings. In GPT-2 it is the row,
after the norm with which block `layer` begins. What the blocks before it add to a state is left
out, so of a later block this is a linear part of what it compares.

    query and key   s(a, b) = (x_a Q + q) . (x_b K + k) x scale, of each head
    OV              s(a, b) = (x_a V + v) O . u_b, with u_b the row of b in the input table

The input table is read as the output table, as models that tie the two predict; norms and feed
forward layers between OV and output are left out. Source: Elhage et al. 2021, "A Mathematical
Framework for Transformer Circuits".

Glossary: V words of the corpus, W of them one token, D dimensions, N tokens, S sentences, H heads,
K numbers of a head.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64

from wordrel.config import TrainingConfig, TransformerConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.errors import TrainingError, VectorsError
from wordrel.io.files import files_digest
from wordrel.models.relations import QUERY_KEY, VALUE_OUT, Among, Relation
from wordrel.models.spaces import Lift
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.vectors import of_table
from wordrel.models.word_model import WordModel

_NEEDED = ("config.json", "tokenizer.json")
_READ = ("*.json", "*.safetensors", "vocab.txt", "merges.txt")
_SENTENCES = 64  # at a time
SIDES = ("query", "key", "value", "value_out")
"""Tensors [H, W, K] of a trained run; the last is what each output word takes of a head."""


def train(
    corpus: Corpus,
    training: TrainingConfig,
    config: TransformerConfig,
    seed: int,
    runtime: Runtime,
) -> Trained:
    """Learns nothing: keeps the rows of words that are one token, and their heads.

    Raises:
        VectorsError: the folder cannot be read.
        TrainingError: it is not the one that the study was planned with, lacks the layer, or has
            no word of the corpus.
    """
    tokenizer, model = _load(config)
    layers = int(model.config.num_hidden_layers)
    if config.layer > layers:
        raise TrainingError(f"{config.path}: found {layers} layers, expected layer {config.layer}")
    words = [[word] for word in corpus.vocab.words]
    pieces = tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    rows = model.get_input_embeddings().weight.detach().float().numpy()
    table = np.zeros((len(words), rows.shape[1]), np.float32)
    whole = [i for i, token_ids in enumerate(pieces) if _is_word(token_ids, tokenizer)]
    if not whole:
        raise TrainingError(f"{config.path}: found none of the {len(words):,} words of the corpus")
    tokens = np.array([pieces[i][0] for i in whole], np.int64)
    table[whole] = rows[tokens]
    tensors = {"input": table, "whole": np.array(whole, np.int64)}
    tensors |= head_tables(model, tokens, config.layer)
    return Trained(tensors, parameters=int(model.num_parameters()), trained_tokens=0)


def _is_word(pieces: list[int], tokenizer: Any) -> bool:
    return len(pieces) == 1 and pieces[0] != tokenizer.unk_token_id


def path_digest(config: TransformerConfig) -> str:
    """12 hex digits of the bytes that are read.

    Raises:
        VectorsError: the folder lacks a file.
    """
    folder = config.path
    lacking = [name for name in _NEEDED if not (folder / name).is_file()]
    lacking += [] if [*folder.glob("*.safetensors")] else ["model.safetensors"]
    if lacking:
        raise VectorsError(
            f"{folder}: found no {' and no '.join(lacking)}, expected a folder of Hugging Face's "
            "library; write it with save_pretrained"
        )
    return files_digest(sorted({path for names in _READ for path in folder.glob(names)}))


def _load(config: TransformerConfig) -> tuple[Any, Any]:
    """The tokenizer and the model, if they are still those of the study."""
    if config.digest != path_digest(config):
        raise TrainingError(f"{config.path}: found other bytes than when the study was planned")
    try:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise TrainingError(
            f"{config.path}: a Transformer needs a package that is not installed ({error}): "
            "pip install transformers"
        ) from error
    logging.disable_progress_bar()
    own = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.path, add_prefix_space=True, **own)
        model = AutoModel.from_pretrained(config.path, use_safetensors=True, **own)
    except Exception as error:  # the library raises whatever it meets in a damaged folder
        raise VectorsError(
            f"{config.path}: no Transformer that can be read ({error}); write the folder again "
            "with save_pretrained"
        ) from error
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return tokenizer, model.float().eval()


@dataclass(frozen=True)
class States:
    """The states of a layer; the model is loaded when the first sentence is read.

    Attributes:
        vocab: the words of the corpus.
        config: which folder and layer.
    """

    vocab: Vocab
    config: TransformerConfig

    def contextual(
        self, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"]
    ) -> Float32[np.ndarray, "N D"]:
        """See `Reader`; NaN where a sentence is longer than the model reads."""
        tokenizer, model = self._loaded
        sums = np.zeros((len(ids), int(model.config.hidden_size)), np.float32)
        pieces = np.zeros((len(ids), 1), np.float32)
        for places in _batches(ends):
            texts = [[self.vocab.words[i] for i in ids[a:b]] for a, b in places]
            encoded = tokenizer(
                texts,
                is_split_into_words=True,
                padding=True,
                truncation=True,
                max_length=min(tokenizer.model_max_length, model.config.max_position_embeddings),
                return_tensors="pt",
            )
            with torch.no_grad():
                hidden = model(**encoded, output_hidden_states=True).hidden_states
            states = hidden[self.config.layer].numpy()
            for row, (start, _) in enumerate(places):
                owners = encoded.word_ids(row)
                word_pieces = [i for i, word in enumerate(owners) if word is not None]
                tokens = start + np.array([owners[i] for i in word_pieces], np.int64)
                np.add.at(sums, tokens, states[row, word_pieces])
                np.add.at(pieces, tokens, 1)
        means: Float32[np.ndarray, "N D"] = np.full_like(sums, np.nan)
        np.divide(sums, pieces, out=means, where=pieces > 0)
        return means

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        return _load(self.config)


def _batches(ends: Int64[np.ndarray, " S"]) -> Iterator[list[tuple[int, int]]]:
    """Start and end of sentences that are read together, those of one length beside each other."""
    bounds = zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    ordered = sorted((b - a, a, b) for a, b in bounds if b > a)
    for first in range(0, len(ordered), _SENTENCES):
        yield [(a, b) for _, a, b in ordered[first : first + _SENTENCES]]


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
    """The tables of the heads of block `layer`, a row a token: `SIDES`, each [H, W, K] float32.

    The scale is part of the queries. The result is empty where `layer` is 0, which is no block,
    and of a model whose blocks differ from those of BERT and GPT-2.
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
        tuple(linear.weight.T for linear in maps),
        tuple(linear.bias for linear in maps),
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
        single = slice(head, head + 1)
        made[of_head(VALUE_OUT, head)] = Lift(value[single], taken[single], none, log_p)
        made[of_head(QUERY_KEY, head)] = Lift(query[single], key[single], none, log_p)
    places = np.full(len(vocab), -1, np.int64)
    places[whole] = np.arange(len(whole))
    return {name: Among(lift, places) for name, lift in made.items()}


def of_head(lift: str, head: int) -> str:
    """The name of a lift of one head, from 0: `q.k.head1.lift` of `q.k.lift`."""
    return f"{lift.removesuffix('.lift')}.head{head + 1}.lift"


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: TransformerConfig
) -> WordModel:
    """The table of whole words as that of a file of vectors, states in context, and lifts.

    How words relate is read from the lift of value and output, as of the other models; from the
    cosine where there are no lifts.
    """
    why = "a Transformer of others has other words than the corpus: its loss is no loss of these"
    table_model = of_table(vocab, tensors, why)
    relations = lifts(tensors, vocab, tensors["whole"])
    relate = next(iter(relations), table_model.selected["relate"])
    return replace(
        table_model,
        sentences=States(vocab, config),
        relations={**table_model.relations, **relations},
        selected={**table_model.selected, "relate": relate, "in_context": "context"},
    )


TRANSFORMER = Model(train, read, version=2, passes=0, seeded=False)
