"""Counted co-occurrence and PPMI against plain loops."""

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planted import sentences_of, toy_corpus
from wordrel.config import PpmiSvdConfig, TrainingConfig
from wordrel.errors import TrainingError
from wordrel.models import MODELS, Runtime, stream
from wordrel.models.counts import cooccurrence, positive_pmi
from wordrel.models.sampling import noise_distribution

V = 6
DRAW = np.random.default_rng(2)
SENTENCES = [DRAW.integers(V, size=n).tolist() for n in (9, 1, 4, 7, 2, 12)] + [list(range(V))]
CORPUS = toy_corpus(SENTENCES)


def training_of(**given: Any) -> TrainingConfig:
    return TrainingConfig(**({"dim": 3, "window": 3, "subsample": 0.0} | given))


def count(training: TrainingConfig) -> NDArray[np.float32]:
    counts = cooccurrence(CORPUS, training, np.random.default_rng(0), Runtime())
    dense: NDArray[np.float32] = counts.toarray()
    return dense


def plain_counts(window: int, shrink: bool) -> NDArray[np.float64]:
    counts = np.zeros((V, V))
    for sentence in sentences_of(CORPUS.train):
        for i, j in product(range(len(sentence)), repeat=2):
            if 0 < abs(i - j) <= window:
                reaching = [w for w in range(1, window + 1) if w >= abs(i - j)]
                counts[sentence[i], sentence[j]] += len(reaching) / window if shrink else 1
    return counts


@pytest.mark.parametrize("shrink", [False, True])
@pytest.mark.parametrize("window", [1, 3])
def test_counts_are_those_of_a_plain_loop(window: int, shrink: bool) -> None:
    found = count(training_of(window=window, shrink_window=shrink))
    np.testing.assert_allclose(found, plain_counts(window, shrink), rtol=1e-6)
    assert found.sum() > 30


def test_counts_do_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = count(training_of())
    monkeypatch.setattr(stream, "BLOCK_TOKENS", 5)
    np.testing.assert_allclose(count(training_of()), whole, rtol=1e-6)


def test_positive_pmi_is_that_of_a_plain_loop() -> None:
    training = training_of()
    counts = cooccurrence(CORPUS, training, np.random.default_rng(0), Runtime())
    context = noise_distribution(CORPUS.vocab.counts, 0.75)
    found = positive_pmi(counts, context).toarray()
    plain = plain_counts(3, shrink=True)
    smoothed = CORPUS.vocab.counts**0.75 / (CORPUS.vocab.counts**0.75).sum()
    for w, c in product(range(V), repeat=2):
        pmi = 0.0
        if plain[w, c]:
            joint, alone = plain[w, c] / plain.sum(), plain[w].sum() / plain.sum()
            pmi = max(0.0, math.log(joint / (alone * smoothed[c])))
        assert found[w, c] == pytest.approx(pmi, abs=1e-5)
    assert 0 < (found > 0).sum() < V * V


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_tables_are_the_truncated_svd_of_positive_pmi(power: float) -> None:
    training = training_of()
    config = PpmiSvdConfig(kind="ppmi_svd", eigenvalue_weight=power)
    tensors = MODELS["ppmi_svd"].train(CORPUS, training, config, 0, Runtime()).tensors
    counts = cooccurrence(CORPUS, training, np.random.default_rng(0), Runtime())
    ppmi = positive_pmi(counts, noise_distribution(CORPUS.vocab.counts, 0.75)).toarray()
    left, values, right = np.linalg.svd(ppmi.astype(np.float64))
    best = left[:, :3] * values[:3] @ right[:3]
    np.testing.assert_allclose(tensors["input"] @ tensors["output"].T, best, atol=1e-4)
    lengths = np.linalg.norm(tensors["input"], axis=0)
    np.testing.assert_allclose(lengths, values[:3] ** power, rtol=1e-4)


def test_contexts_have_the_noise_distribution_of_the_text_before_it_is_subsampled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Any] = []

    def seen(counts: Any, context: Any) -> Any:
        given.extend((counts, context))
        return positive_pmi(counts, context)

    monkeypatch.setattr("wordrel.models.counts.positive_pmi", seen)
    corpus = toy_corpus([[0, 1, 2], [0, 3, 4]] * 300 + [[1, 2, 3, 4]] * 30)
    config, training = PpmiSvdConfig(kind="ppmi_svd"), training_of(subsample=0.01)
    MODELS["ppmi_svd"].train(corpus, training, config, 0, Runtime())
    counts, context = given
    assert (context == noise_distribution(corpus.vocab.counts, 0.75)).all()
    of_pairs = np.asarray(counts.sum(axis=0)).ravel() ** 0.75
    assert context[0] > 1.1 * (of_pairs / of_pairs.sum())[0]  # 0 is in fewer of the pairs


@pytest.mark.filterwarnings("error")
def test_a_corpus_without_neighbours_says_so() -> None:
    config = PpmiSvdConfig(kind="ppmi_svd")
    alone = toy_corpus([[0], [1], [2], [3]] * 9)
    with pytest.raises(TrainingError, match="no word has another one in its window"):
        MODELS["ppmi_svd"].train(alone, training_of(), config, 0, Runtime())


def test_subsampling_thins_the_counts_of_frequent_words() -> None:
    corpus = toy_corpus([[0, 1]] * 3000 + [[2, 3]] * 30)
    rng = np.random.default_rng(0)
    counts = cooccurrence(corpus, training_of(subsample=0.01), rng, Runtime()).toarray()
    keep = math.sqrt(0.01 / (3000 / 6060)) + 0.01 / (3000 / 6060)
    spread = math.sqrt(3000 * keep**2)
    assert counts[0, 1] == counts[1, 0] == pytest.approx(3000 * keep**2, abs=4 * spread)
    assert counts[2, 3] == 30  # as rare as the threshold: all are kept
