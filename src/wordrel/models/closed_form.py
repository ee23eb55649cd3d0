"""Word2vec without training: word vectors in closed form, from counts of pairs.

With P(i, j) the share of pairs in windows that are of the words i and j, and P(i) of pairs with i,

    M(i, j) = 2 (P(i, j) - P(i) P(j)) / (P(i, j) + P(i) P(j))    in [-2, 2)

and the vectors are the rows of U sqrt(lambda), of the largest eigenvalues of M. A word2vec whose
two tables are equal learns these directions one after the other, if it starts near 0. Source:
Karkada, Simon, Bahri & DeWeese 2025, "Closed-form training dynamics reveal learned features and
linear structure in word2vec-like models", arXiv 2502.09863.

M is -2 where two words never meet, so it is a sparse matrix less 2 everywhere: it is never built.

Glossary: V words, D dimensions.
"""

import numpy as np
from jaxtyping import Float64
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from wordrel.config import ClosedFormConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.models.counts import counted_pairs
from wordrel.models.spaces import word_model
from wordrel.models.trained import Model, Runtime, Tensors, Trained
from wordrel.models.word_model import WordModel

_NEVER = -2.0
"""M of two words that never meet."""


def target(counts: sparse.csr_matrix) -> LinearOperator:
    """M as a symmetric operator, [V, V]; rows and columns of words without pairs are 0."""
    total = counts.sum(dtype=np.float64)
    share = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel() / total
    pairs = counts.tocoo()
    together, alone = pairs.data / total, share[pairs.row] * share[pairs.col]
    above = 2 * (together - alone) / (together + alone) - _NEVER
    met = sparse.csr_matrix((above, (pairs.row, pairs.col)), counts.shape)
    there = (share > 0).astype(np.float64)

    def product(x: Float64[np.ndarray, "V *K"]) -> Float64[np.ndarray, "V *K"]:
        column = x.reshape(len(there), -1)
        whole = met @ column + _NEVER * np.outer(there, there @ column)
        return np.asarray(whole.reshape(x.shape))

    return LinearOperator(counts.shape, matvec=product, matmat=product, dtype=np.float64)


def train(
    corpus: Corpus, training: TrainingConfig, config: ClosedFormConfig, seed: int, runtime: Runtime
) -> Trained:
    """Counts of one pass over the corpus; what is subsampled depends on the seed.

    Raises:
        TrainingError: as `counted_pairs`.
    """
    rng = np.random.default_rng(seed)
    counts = counted_pairs(corpus, training, rng, runtime)
    runtime.progress(0.6, {"doing": "decomposing"})
    start = rng.standard_normal(len(corpus.vocab))
    values, vectors = eigsh(target(counts), k=training.dim, which="LA", v0=start)
    largest = np.argsort(-values, kind="stable")
    table = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0))
    tensors = {"input": np.ascontiguousarray(table, dtype=np.float32)}
    return Trained(tensors, parameters=table.size, trained_tokens=len(corpus.train.ids))


def read(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: ClosedFormConfig
) -> WordModel:
    """One table for both roles of a word; in.out is the part of M that it keeps."""
    tables = {"input": tensors["input"], "output": tensors["input"]}
    why = "counts of pairs give no vector for a context of several words"
    return word_model(vocab, tables, why=why)


CLOSED_FORM = Model(train, read, version=1, passes=1)
