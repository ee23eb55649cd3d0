"""Two models of counted pairs: positive PMI with a truncated SVD, and word2vec in closed form.

Sources of the first: Levy, Goldberg & Dagan 2015, "Improving Distributional Similarity with Lessons
Learned from Word Embeddings", sections 2 and 3 (context distribution smoothing, eigenvalue
weighting); Levy & Goldberg 2014 for what it has to do with word2vec. It differs from the first in
one distribution. There, that of contexts is of the counted pairs, as all others are. Here it is
word2vec's noise distribution, of the whole text, while pairs are counted in the subsampled text. So
`subsample` acts twice against frequent contexts: fewer of their pairs are counted, and their share
is divided by that in the whole text. Without subsampling the two differ by little: words at the
ends of sentences have fewer pairs.

The second, with P(i, j) the share of pairs in windows that are of the words i and j, and P(i) of
pairs with i:

    M(i, j) = 2 (P(i, j) - P(i) P(j)) / (P(i, j) + P(i) P(j))    in [-2, 2)

and the vectors are the rows of U sqrt(lambda), of the largest eigenvalues of M. A word2vec whose
two tables are equal learns these directions one after the other, if it starts near 0. M is -2 where
two words never meet, so it is a sparse matrix less 2 everywhere: it is never built. Source:
Karkada, Simon, Bahri & DeWeese 2025, "Closed-form training dynamics reveal learned features and
linear structure in word2vec-like models", arXiv 2502.09863.

Glossary: V words, D dimensions.
"""

import numpy as np
from jaxtyping import Float64
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from wordrel.config import ClosedFormConfig, PpmiSvdConfig, TrainingConfig
from wordrel.corpus import Corpus
from wordrel.corpus.vocab import Vocab
from wordrel.models.sampling import keep_probability, noise_distribution
from wordrel.models.spaces import word_model
from wordrel.models.stream import Block, blocks
from wordrel.models.trained import Model, Runtime, Tensors, Trained, no_pairs, too_few_words
from wordrel.models.word_model import WordModel

SVD_ITERATIONS = 4  # power iterations, as scikit-learn takes for large matrices (Halko et al. 2011)
_NEVER = -2.0
"""M of two words that never meet."""
_NO_CONTEXT = "counts of pairs give no vector for a context of several words"


def cooccurrence(
    corpus: Corpus, training: TrainingConfig, rng: np.random.Generator, runtime: Runtime
) -> sparse.csr_matrix:
    """Symmetric co-occurrence counts inside the window and the sentence, [V, V] float32.

    Words d apart count (W - d + 1) / W where windows shrink: the share of the windows 1..W that
    reach so far, hence what word2vec sees on average.
    """
    size = len(corpus.vocab)
    counts = sparse.csr_matrix((size, size), dtype=np.float32)
    keep = keep_probability(corpus.vocab.counts, training.subsample)
    done, tokens = 0, len(corpus.train.ids)
    for block in blocks(corpus.train, keep, rng, shuffled=training.shuffled):
        counts = counts + _block_counts(block, training, size)
        done += block.read
        runtime.progress(0.5 * done / tokens, {"doing": "counting"})
    return counts + counts.T


def _block_counts(block: Block, training: TrainingConfig, size: int) -> sparse.csr_matrix:
    left, right, weight = [], [], []
    for apart in range(1, training.window + 1):
        first = np.flatnonzero(block.after >= apart)
        left.append(block.ids[first])
        right.append(block.ids[first + apart])
        share = (training.window - apart + 1) / training.window if training.shrink_window else 1.0
        weight.append(np.full(len(first), share, dtype=np.float32))
    places = (np.concatenate(left), np.concatenate(right))
    return sparse.coo_matrix((np.concatenate(weight), places), shape=(size, size)).tocsr()


def counted_pairs(
    corpus: Corpus, training: TrainingConfig, rng: np.random.Generator, runtime: Runtime
) -> sparse.csr_matrix:
    """As `cooccurrence`, of a text that can be decomposed.

    Raises:
        TrainingError: where the vocabulary has no more words than dimensions, or no
            two words stand in one window.
    """
    if len(corpus.vocab) <= training.dim:
        raise too_few_words(training, len(corpus.vocab))
    counts = cooccurrence(corpus, training, rng, runtime)
    if counts.nnz == 0:
        raise no_pairs(training)
    return counts


def positive_pmi(
    counts: sparse.csr_matrix, context: Float64[np.ndarray, " V"]
) -> sparse.csr_matrix:
    """max(0, log P(w, c) / (P(w) P'(c))), natural logarithm, [V, V] float32.

    Args:
        counts: of pairs, which give P; [V, V].
        context: P', of each word as a context. `train_ppmi_svd` takes word2vec's noise
            distribution, see the top of this module.
    """
    pairs, together, words = _shares(counts)
    ratio = together / (words[pairs.row] * context[pairs.col])
    pmi = sparse.csr_matrix(
        (np.maximum(np.log(ratio), 0).astype(np.float32), (pairs.row, pairs.col)), counts.shape
    )
    pmi.eliminate_zeros()
    return pmi


def _shares(
    counts: sparse.csr_matrix,
) -> tuple[sparse.coo_matrix, Float64[np.ndarray, " P"], Float64[np.ndarray, " V"]]:
    """The pairs that met, the share of each among all counts, and the share of each word."""
    total = counts.sum(dtype=np.float64)
    pairs = counts.tocoo()
    words = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel() / total
    return pairs, pairs.data / total, words


def train_ppmi_svd(
    corpus: Corpus, training: TrainingConfig, config: PpmiSvdConfig, seed: int, runtime: Runtime
) -> Trained:
    """One subsampled pass over the corpus (that draw, and the SVD's start, depend on the seed).

    The smoothed distribution of contexts is word2vec's noise distribution, of the whole text.

    Raises:
        TrainingError: as `counted_pairs`.
    """
    counts = counted_pairs(corpus, training, np.random.default_rng(seed), runtime)
    smoothed = noise_distribution(corpus.vocab.counts, training.noise_exponent)
    # Loading scikit-learn takes 80 MB, and no other model uses it.
    from sklearn.utils.extmath import randomized_svd

    pmi = positive_pmi(counts, smoothed)
    runtime.progress(0.6, {"doing": "decomposing"})
    left, values, right = randomized_svd(
        pmi, n_components=training.dim, n_iter=SVD_ITERATIONS, random_state=seed
    )
    tensors = {
        "input": np.ascontiguousarray(left * values**config.eigenvalue_weight, dtype=np.float32),
        "output": np.ascontiguousarray(
            right.T * values ** (1 - config.eigenvalue_weight), dtype=np.float32
        ),
    }
    return Trained(tensors, parameters=2 * left.size, trained_tokens=len(corpus.train.ids))


def read_ppmi_svd(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: PpmiSvdConfig
) -> WordModel:
    """Word and context vectors; in.out is the smoothed PPMI that the SVD keeps."""
    return word_model(vocab, tensors, why=_NO_CONTEXT)


PPMI_SVD = Model(train_ppmi_svd, read_ppmi_svd, version=1, counts=True, passes=1)


def target(counts: sparse.csr_matrix) -> LinearOperator:
    """M as a symmetric operator, [V, V]; rows and columns of words without pairs are 0."""
    pairs, together, share = _shares(counts)
    alone = share[pairs.row] * share[pairs.col]
    above = 2 * (together - alone) / (together + alone) - _NEVER
    met = sparse.csr_matrix((above, (pairs.row, pairs.col)), counts.shape)
    paired = (share > 0).astype(np.float64)

    def product(x: Float64[np.ndarray, "V *K"]) -> Float64[np.ndarray, "V *K"]:
        column = x.reshape(len(paired), -1)
        whole = met @ column + _NEVER * np.outer(paired, paired @ column)
        return np.asarray(whole.reshape(x.shape))

    return LinearOperator(counts.shape, matvec=product, matmat=product, dtype=np.float64)


def train_closed_form(
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


def read_closed_form(
    tensors: Tensors, vocab: Vocab, training: TrainingConfig, config: ClosedFormConfig
) -> WordModel:
    """One table for both roles of a word; in.out is the part of M that it keeps."""
    tables = {"input": tensors["input"], "output": tensors["input"]}
    return word_model(vocab, tables, why=_NO_CONTEXT)


CLOSED_FORM = Model(train_closed_form, read_closed_form, version=1, passes=1)
