"""Embeddings and relations that need running text: mean states and mean attention.

Glossary: V words, D dimensions, N tokens, S sentences, P requested pairs, M pairs of words
that met in the text.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from scipy import sparse

from wordrel.corpus.disk import sentence_blocks
from wordrel.corpus.pair_counts import PairCounts, PairTable
from wordrel.models.context import BLOCK_TOKENS
from wordrel.models.protocols import Contextualizer, Weigher
from wordrel.models.relations import Relation
from wordrel.models.spaces import CENTRED, centred
from wordrel.models.word_model import WordModel


@dataclass(frozen=True)
class MeanWeight:
    """The relation "how much a attends to b": a mean over all times that they met.

    Attributes:
        mean: of the pairs (a, b) that met.
        factor: what the mean is multiplied by, for each attended word, [V].
    """

    mean: PairTable
    factor: Float32[np.ndarray, " V"]

    def __call__(
        self, left: Int64[np.ndarray, " P"], right: Int64[np.ndarray, " P"]
    ) -> Float64[np.ndarray, " P"]:
        """See `Relation`; NaN where b was never in a context of a."""
        weight, met = self.mean.find(left, right)
        return np.where(met, weight.astype(np.float64) * self.factor[right], np.nan)


def over_text(
    word_model: WordModel,
    ids: Int64[np.ndarray, " N"],
    ends: Int64[np.ndarray, " S"],
    counts: PairCounts | None = None,
) -> WordModel:
    """The same model with embeddings and relations from a sample of the training text.

    A model that reads text gets the embeddings `context` (the mean contextual state of each word
    over its places in the sample; a zero row where there is none) and `context.centred`. One that
    exposes its weights gets the relations `attention` (the mean weight that a gives to b when b is
    in its context) and `attention.norm` (that times the length of the value of b: Kobayashi et al.
    2020, "Attention is Not Only a Weight"; with several heads the mean weight times the length of
    the whole value). In a next-word model the word a itself gives the query, and is in its own
    context. In a masked-word model no word does: a is the masked word.

    Args:
        word_model: of a trained model.
        ids: the sample, in whole sentences.
        ends: exclusive ends of its sentences, rising, the last N.
        counts: of the training text, for a model made of counted pairs (`Model.counts`): it
            gets the relations `pmi` and `conditional` (log p(b | a)).
    """
    embeddings, relations = dict(word_model.embeddings), dict(word_model.relations)
    if word_model.context is not None:
        context = mean_states(word_model.context, ids, ends, len(word_model.vocab))
        embeddings |= {"context": context, "context" + CENTRED: centred(context)}
    if isinstance(word_model.context, Weigher):
        relations |= _attention(
            word_model, mean_weights(word_model.context, ids, ends, len(context))
        )
    if counts is not None:
        relations |= {"pmi": counts.pmi, "conditional": counts.conditional}
    return replace(word_model, embeddings=embeddings, relations=relations)


def _attention(word_model: WordModel, mean: PairTable) -> dict[str, Relation]:
    values = word_model.embeddings.get(
        "value", word_model.embeddings["input"]
    )  # without a map they are the rows
    lengths = np.linalg.norm(values, axis=1)
    return {
        "attention": MeanWeight(mean, np.ones_like(lengths)),
        "attention.norm": MeanWeight(mean, lengths),
    }


def mean_states(
    context: Contextualizer,
    ids: Int64[np.ndarray, " N"],
    ends: Int64[np.ndarray, " S"],
    n_words: int,
) -> Float32[np.ndarray, "V D"]:
    """The mean of `contextual` over the places of each word that have a context; else zeros."""
    dim = context.contextual(ids[:0], ends[:0]).shape[1]
    total = torch.zeros(n_words, dim, dtype=torch.float64)
    places = np.zeros(n_words, dtype=np.int64)
    for block, block_ends in sentence_blocks(ids, ends, BLOCK_TOKENS):
        states = context.contextual(block, block_ends)
        has_state = ~np.isnan(states).any(axis=1)
        words = block[has_state]
        total.index_add_(0, torch.from_numpy(words), torch.from_numpy(states[has_state]).double())
        places += np.bincount(words, minlength=n_words)
    mean = total.numpy() / np.maximum(places, 1)[:, None]
    return mean.astype(np.float32)


def mean_weights(
    context: Weigher, ids: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " S"], n_words: int
) -> PairTable:
    """The mean weight of every two words that met, the attending one first.

    The sums are sparse matrices, whose memory grows with the pairs that met. scipy leaves out what
    adds up to 0, so a weight that is 0 in floating point counts as next to nothing.
    """
    total, times = (sparse.csr_matrix((n_words, n_words), dtype=np.float64) for _ in range(2))
    for block, block_ends in sentence_blocks(ids, ends, BLOCK_TOKENS):
        weighed = context.weights(block, block_ends)
        places = weighed.attending, weighed.attended
        weight = np.maximum(weighed.weight, np.finfo(np.float64).tiny)
        total = total + sparse.csr_matrix((weight, places), total.shape)
        times = times + sparse.csr_matrix((np.ones_like(weight), places), total.shape)
    total.sort_indices()
    times.sort_indices()
    attending = np.repeat(np.arange(n_words), np.diff(times.indptr))
    keys = attending * n_words + times.indices
    return PairTable(n_words, keys, (total.data / times.data).astype(np.float32))
