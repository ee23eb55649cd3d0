"""Word2vec in closed form, against dense matrices."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from planted import toy_corpus
from wordrel.config import ClosedFormConfig, TrainingConfig
from wordrel.config.architectures import untrainable
from wordrel.errors import TrainingError
from wordrel.models import MODELS, Runtime
from wordrel.models.counts import cooccurrence, target

CONFIG = ClosedFormConfig(kind="closed_form")
V, LONELY = 15, 14
DRAW = np.random.default_rng(2)
SENTENCES = [DRAW.integers(LONELY, size=n).tolist() for n in (9, 1, 4, 7, 12, 30)]
CORPUS = toy_corpus([*SENTENCES, list(range(LONELY)), [LONELY]])
TRAINING = TrainingConfig(dim=3, window=2, subsample=0)


def counts() -> sparse.csr_matrix:
    return cooccurrence(CORPUS, TRAINING, np.random.default_rng(0), Runtime())


def plain_target() -> NDArray[np.float64]:
    together = counts().toarray().astype(np.float64)
    together /= together.sum()
    alone = np.outer(together.sum(1), together.sum(1))
    with np.errstate(invalid="ignore"):
        return np.nan_to_num((together - alone) / ((together + alone) / 2))


def test_the_operator_is_the_dense_target() -> None:
    expected = plain_target()
    found = target(counts())
    np.testing.assert_allclose(found @ np.eye(V), expected, atol=1e-12)
    vector = DRAW.standard_normal(V)
    np.testing.assert_allclose(found @ vector, expected @ vector, atol=1e-12)
    never = counts().toarray() == 0
    never[LONELY] = never[:, LONELY] = False
    assert never.sum() > 5
    assert (expected[never] == -2).all()
    assert (expected[LONELY] == 0).all()  # a word without any pair


def test_vectors_keep_the_largest_eigenvalues_and_no_negative_one() -> None:
    tensors = MODELS["closed_form"].train(CORPUS, TRAINING, CONFIG, 0, Runtime()).tensors
    values, vectors = np.linalg.eigh(plain_target())
    kept = np.maximum(values[-TRAINING.dim :], 0)
    assert kept.min() > 0
    best = vectors[:, -TRAINING.dim :] * kept @ vectors[:, -TRAINING.dim :].T
    np.testing.assert_allclose(tensors["input"] @ tensors["input"].T, best, atol=1e-5)
    lengths = np.linalg.norm(tensors["input"], axis=0)
    np.testing.assert_allclose(lengths, np.sqrt(kept[::-1]), rtol=1e-5)
    wide = TRAINING.model_copy(update={"dim": V - 1})
    tensors = MODELS["closed_form"].train(CORPUS, wide, CONFIG, 0, Runtime()).tensors
    assert (values < -0.1).any()
    lengths = np.linalg.norm(tensors["input"], axis=0)
    np.testing.assert_allclose(lengths**2, np.maximum(values[:0:-1], 0), atol=1e-5)


def test_in_out_is_what_the_vectors_keep_of_the_target() -> None:
    kind = MODELS["closed_form"]
    tensors = kind.train(CORPUS, TRAINING, CONFIG, 0, Runtime()).tensors
    model = kind.read(tensors, CORPUS.vocab, TRAINING, CONFIG)
    left, right = np.array([0, 3]), np.array([5, 3])
    expected = np.einsum("pd,pd->p", tensors["input"][left], tensors["input"][right])
    np.testing.assert_allclose(model.relations["in.out"](left, right), expected, rtol=1e-6)


def test_a_corpus_without_neighbours_says_so() -> None:
    alone = toy_corpus([[0], [1], [2], [3], [4]] * 9)
    with pytest.raises(TrainingError, match="no word has another one in its window"):
        MODELS["closed_form"].train(alone, TRAINING, CONFIG, 0, Runtime())


def test_a_context_that_is_no_window_is_refused_as_for_other_counts() -> None:
    for kind in ("ppmi_svd", "closed_form"):
        assert untrainable(kind, {"context": "sentence"}) == {"context": "it reads windows"}
