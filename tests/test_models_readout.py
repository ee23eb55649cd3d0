"""From scores to log p, and the models that give it: by formula, and against other ways to read."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from planted import toy_corpus
from random_models import NEXT, READERS, random_readings, random_tensors
from task_spaces import vocab_of
from wordrel.config import MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.models import MODELS, sampling
from wordrel.models.context import StreamContext
from wordrel.models.protocols import Predictor
from wordrel.models.sampling import Readout, keep_probability, noise_distribution

V, D, W = 11, 4, 3
DRAW = np.random.default_rng(8)
COUNTS = np.array([900, 400, 300, 100, 50, 20, 9, 5, 2, 1, 0], dtype=np.int64)
OUTPUTS = DRAW.standard_normal((V, D)).astype(np.float32)
BIAS = DRAW.standard_normal(V).astype(np.float32)
STATES = DRAW.standard_normal((7, D)).astype(np.float32)
TRAINING = TrainingConfig(dim=D, window=W, subsample=0.05, negatives=4)
SCORES = STATES @ OUTPUTS.T + BIAS
ONCE = np.maximum(COUNTS, 1)
NOISE = ONCE**0.75 / (ONCE**0.75).sum()
RATIO = 0.05 * COUNTS.sum() / ONCE
KEEP = np.minimum(np.sqrt(RATIO) + RATIO, 1)
IDS = DRAW.integers(V - 1, size=23).astype(np.int64)
ENDS = np.array([6, 7, 9, 23], dtype=np.int64)
PLACES = np.array([1, 2, 5, 8, 10, 11, 15, 22], dtype=np.int64)


def normalised(scores: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(log_softmax(np.asarray(scores, dtype=np.float64), axis=1))


def read(teaches: Any) -> NDArray[np.float64]:
    made = Readout.of(teaches, OUTPUTS, BIAS, COUNTS, TRAINING)
    return normalised(np.concatenate([block.copy() for block in made.blocks(STATES)]))


def test_a_word_that_the_text_lacks_counts_as_one_that_occurs_once() -> None:
    np.testing.assert_allclose(noise_distribution(COUNTS, 0.75), NOISE)
    np.testing.assert_allclose(keep_probability(COUNTS, 0.05), KEEP)
    assert NOISE[10] == NOISE[9] > 0
    assert KEEP[0] < 0.5 < KEEP[10] == 1


def test_noise_and_dropped_words_are_put_back_into_ratios() -> None:
    expected = normalised(SCORES + np.log(NOISE) - np.log(KEEP))
    np.testing.assert_allclose(read("ratio"), expected, atol=1e-5)
    assert np.abs(expected - normalised(SCORES + np.log(NOISE))).max() > 0.1


def test_dropped_words_are_put_back_into_probabilities() -> None:
    np.testing.assert_allclose(read("probability"), normalised(SCORES - np.log(KEEP)), atol=1e-5)


def test_odds_become_probabilities_before_dropped_words_are_put_back() -> None:
    p = expit(SCORES + np.log(4 * NOISE))
    np.testing.assert_allclose(read("odds"), normalised(np.log(p / KEEP)), atol=1e-5)
    assert np.abs(read("odds") - read("ratio")).max() > 0.1


def test_odds_that_are_nearly_nothing_stay_finite() -> None:
    made = Readout.of("odds", OUTPUTS, BIAS - 1e4, COUNTS, TRAINING)
    assert all(np.isfinite(block).all() for block in made.blocks(STATES))


@pytest.mark.parametrize("teaches", ["ratio", "odds", "probability"])
def test_many_blocks_are_as_one(teaches: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(teaches)
    monkeypatch.setattr(sampling, "SCORES_AT_ONCE", 2 * V)
    np.testing.assert_allclose(read(teaches), whole, atol=1e-6)


def scores(predictor: Predictor, ends: NDArray[np.int64] = ENDS) -> NDArray[np.float64]:
    blocks = [block.copy() for block in predictor.scores(IDS, ends, PLACES)]
    return normalised(np.concatenate(blocks))


@pytest.mark.parametrize("name", READERS)
def test_a_reader_scores_the_states_of_its_whole_windows(name: str) -> None:
    vocab = vocab_of([f"w{i}" for i in range(V)])
    found = random_readings(name, vocab, dim=D, window=W)
    (predictor,) = found.predictors
    assert predictor is found.context
    assert isinstance(predictor, StreamContext)
    assert (predictor.name, predictor.segments) == ("context", "sentence")
    states = predictor.states(IDS, ENDS)[PLACES]  # its training draws no windows
    made = predictor.outputs, predictor.bias, vocab.counts, predictor.training
    expected = np.concatenate(list(Readout.of(predictor.teaches, *made).blocks(states)))
    np.testing.assert_allclose(scores(predictor), normalised(expected), atol=1e-5)


@pytest.mark.parametrize("name", READERS)
def test_windows_are_whole_although_training_draws_them(name: str) -> None:
    vocab = vocab_of([f"w{i}" for i in range(V)])
    config: Any = MatchedConfig(kind=name) if name != "cbow" else None
    config = config or Word2vecConfig(kind="word2vec", algorithm="cbow")
    tensors = random_tensors(name, V, D, W)
    drawn, whole = (
        MODELS[config.kind].read(tensors, vocab, TRAINING.model_copy(update=change), config)
        for change in ({"shrink_window": True}, {"shrink_window": False})
    )
    np.testing.assert_array_equal(scores(drawn.predictors[0]), scores(whole.predictors[0]))
    assert isinstance(drawn.context, StreamContext)
    first, second = (np.asarray(r.context.states(IDS, ENDS)) for r in (drawn, whole))  # type: ignore[union-attr]
    assert not np.array_equal(first, second, equal_nan=True)


@pytest.mark.parametrize("name", ["mean", "next_mean", "cbow"])
def test_a_long_text_is_read_in_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vocab = vocab_of([f"w{i}" for i in range(V)])
    (predictor,) = random_readings(name, vocab, dim=D, window=W).predictors
    whole = scores(predictor)
    monkeypatch.setattr("wordrel.models.context.BLOCK_TOKENS", 8)
    np.testing.assert_allclose(scores(predictor), whole, atol=1e-6)


@pytest.mark.parametrize("name", READERS)
def test_words_attended_are_those_in_the_window_and_the_segment(name: str) -> None:
    vocab = vocab_of([f"w{i}" for i in range(V)])
    (predictor,) = random_readings(name, vocab, dim=D, window=W).predictors
    before, behind = [1, 2, 3, 1, 1, 2, 3, 3], [3, 3, 0, 0, 3, 3, 3, 0]
    both = [a + b for a, b in zip(before, behind, strict=True)]
    found = predictor.attended(IDS, ENDS, PLACES)
    assert found is not None
    assert found.tolist() == (before if name in NEXT else both)


@pytest.mark.parametrize(
    ("loss", "hits", "expected"),
    [
        ("negative_sampling", "keep", "ratio"),
        ("negative_sampling", "skip", "odds"),
        ("sampled_softmax", "keep", "probability"),
        ("sampled_softmax", "skip", "probability"),
        ("full_softmax", "keep", "probability"),
    ],
)
def test_a_model_is_read_as_it_was_trained(loss: Any, hits: Any, expected: str) -> None:
    config = MatchedConfig(kind="mean", loss=loss)
    training = TRAINING.model_copy(update={"hits": hits})
    vocab = vocab_of([f"w{i}" for i in range(V)])
    context = MODELS["mean"].read(random_tensors("mean", V, D, W), vocab, training, config).context
    assert isinstance(context, StreamContext)
    assert context.teaches == expected


def skip_gram() -> tuple[Any, ...]:
    config = Word2vecConfig(kind="word2vec")
    corpus = toy_corpus([list(range(V)), [0, 0, 0, 3, 3, 5]])
    tensors = {"input": STATES[[0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3]], "output": OUTPUTS}
    return MODELS["word2vec"].read(tensors, corpus.vocab, TRAINING, config).predictors


def around(place: int) -> list[int]:
    start, end = max([0, *ENDS[place >= ENDS]]), ENDS[place < ENDS].min()
    near = range(max(start, place - W), min(end, place + W + 1))
    return [int(IDS[t]) for t in near if t != place]


def test_skip_gram_is_read_as_a_product_and_as_a_mixture() -> None:
    product, mixture = skip_gram()
    assert (product.name, mixture.name) == ("product", "mixture")
    counts = np.ones(V)
    counts[[0, 3, 5]] += [3, 2, 1]
    u = counts / counts.sum()
    log_p = normalised(product.readout.blocks(product.inputs).__next__())
    for row, place in enumerate(PLACES):
        each = log_p[around(place)]
        np.testing.assert_allclose(
            scores(mixture)[row], np.log(np.exp(each).mean(0)), rtol=1e-4, atol=1e-5
        )
        naive = np.log(u) + (each - np.log(u)).sum(0)
        np.testing.assert_allclose(scores(product)[row], normalised(naive[None])[0], atol=1e-4)
    assert product.attended(IDS, ENDS, PLACES).tolist() == [len(around(p)) for p in PLACES]


def test_skip_gram_reads_a_long_text_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [scores(way) for way in skip_gram()]
    monkeypatch.setattr("wordrel.models.skip_gram.PLACES", 3)
    for way, expected in zip(skip_gram(), whole, strict=True):
        np.testing.assert_allclose(scores(way), expected, atol=1e-5)
