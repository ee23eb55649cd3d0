"""States, contextual vectors and the full softmax of the models that read running text."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_softmax

from planted import toy_corpus
from wordrel.config import RUNGS, MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime, context
from wordrel.models.context import StreamContext
from wordrel.models.matched.weights import initial_weights
from wordrel.models.stream import Batch

V, D, W = 11, 4, 3
READERS = [*RUNGS, "cbow"]
NEXT = [name for name in RUNGS if RUNGS[name].objective == "next_word"]
MASKED = [name for name in READERS if name not in NEXT]
DRAW = np.random.default_rng(6)
IDS = DRAW.integers(V, size=23).astype(np.int64)
ENDS = np.array([6, 7, 9, 23], dtype=np.int64)
FIRSTS = [0, 6, 7, 9]


def config_of(name: str, **settings: Any) -> MatchedConfig | Word2vecConfig:
    if name == "cbow":
        return Word2vecConfig(kind="word2vec", algorithm="cbow", **settings)
    return MatchedConfig(kind=name, **settings)  # type: ignore[arg-type]


def trained_reader(name: str, corpus: Corpus, training: TrainingConfig, **given: Any) -> Any:
    config = config_of(name, **given)
    model = MODELS[config.kind]
    tensors = model.train(corpus, training, config, 1, Runtime("cpu")).tensors
    return model.read(tensors, corpus.vocab, training, config).context


def tensors_of(name: str) -> dict[str, NDArray[np.float32]]:
    shapes = {"input": (V, D), "output": (V, D)}
    if name != "cbow":
        shapes["bias"] = (V, 1)
        learnt = initial_weights(config_of(name), D, W, torch.Generator())
        shapes |= {weight: tuple(tensor.shape) for weight, tensor in learnt.items()}  # type: ignore[misc]
    rng = np.random.default_rng(1)
    return {n: rng.standard_normal(shape).astype(np.float32) for n, shape in shapes.items()}


def random_reader(name: str, *, shrink: bool = True) -> StreamContext:
    corpus = toy_corpus([list(range(V)), [0, 0, 0, 3, 3, 5]])
    training = TrainingConfig(dim=D, window=W, shrink_window=shrink)
    config = config_of(name)
    reader = MODELS[config.kind].read(tensors_of(name), corpus.vocab, training, config).context
    assert isinstance(reader, StreamContext)
    return reader


@pytest.mark.parametrize("name", READERS)
def test_log_probabilities_are_the_softmax_with_the_noise_put_back(name: str) -> None:
    reader, tensors = random_reader(name), tensors_of(name)
    states = DRAW.standard_normal((5, D)).astype(np.float32)
    log_p = reader.log_probabilities(states)
    counts = np.ones(V)
    counts[[0, 3, 5]] += [3, 2, 1]
    scores = states @ tensors["output"].T + tensors.get("bias", np.zeros((V, 1)))[:, 0]
    np.testing.assert_allclose(log_p, log_softmax(scores + 0.75 * np.log(counts), 1), atol=1e-5)
    np.testing.assert_allclose(np.exp(log_p).sum(1), np.ones(5), rtol=1e-5)


@pytest.mark.parametrize("name", READERS)
def test_only_targets_without_context_have_no_state(name: str) -> None:
    missing = np.isnan(random_reader(name).states(IDS, ENDS))
    assert (missing.any(1) == missing.all(1)).all()
    alone = FIRSTS if name in NEXT else [6]
    assert np.flatnonzero(missing.any(1)).tolist() == alone


@pytest.mark.parametrize("name", NEXT)
def test_the_contextual_vector_of_a_word_is_the_state_that_predicts_the_next(name: str) -> None:
    reader = random_reader(name, shrink=False)
    y, states = reader.contextual(IDS, ENDS), reader.states(IDS, ENDS)
    assert not np.isnan(y).any()
    inside = [i for i in range(len(IDS) - 1) if i + 1 not in ENDS]
    np.testing.assert_allclose(y[inside], states[np.add(inside, 1)], atol=1e-6)
    changed = IDS.copy()
    changed[5] += 1 - 2 * (changed[5] == V - 1)  # the last word of the first sentence
    moved = (reader.contextual(changed, ENDS) != y).any(1)
    assert np.flatnonzero(moved).tolist() == [5]


@pytest.mark.parametrize("name", MASKED)
def test_the_contextual_vector_of_a_masked_word_leaves_the_word_out(name: str) -> None:
    reader = random_reader(name, shrink=False)
    y = reader.contextual(IDS, ENDS)
    np.testing.assert_array_equal(y, reader.states(IDS, ENDS))
    changed = IDS.copy()
    changed[2] += 1 - 2 * (changed[2] == V - 1)
    moved = (reader.contextual(changed, ENDS) != y).any(1) & ~np.isnan(y).any(1)
    assert np.flatnonzero(moved).tolist() == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), data=st.data())
def test_sentences_are_read_independently(name: str, lengths: list[int], data: Any) -> None:
    reader = random_reader(name)
    words = st.lists(st.integers(0, V - 1), min_size=sum(lengths), max_size=sum(lengths))
    ids = np.array(data.draw(words), dtype=np.int64)
    ends = np.cumsum(lengths)
    together = reader.contextual(ids, ends)
    alone = [
        reader.contextual(ids[end - n : end], np.array([n]))
        for end, n in zip(ends, lengths, strict=True)
    ]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)


@pytest.mark.parametrize("name", READERS)
def test_no_text_has_no_states(name: str) -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert random_reader(name).states(nothing, nothing).shape == (0, D)
    assert random_reader(name).contextual(nothing, nothing).shape == (0, D)


@pytest.mark.parametrize("name", READERS)
def test_a_long_text_is_read_as_a_short_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = random_reader(name)
    states = reader.states(IDS, ENDS)
    monkeypatch.setattr(context, "CHUNK", 5)
    monkeypatch.setattr(context, "CHUNKS", 2)
    np.testing.assert_allclose(reader.states(IDS, ENDS), states, atol=1e-5)


def test_held_out_windows_are_drawn_as_in_training_and_are_the_same_each_time() -> None:
    sizes: list[int] = []

    def mix(batch: Batch) -> Any:
        sizes.extend(batch.left[batch.real][W:-W].tolist())
        return reader.mix(batch)

    reader = random_reader("cbow")
    counting = StreamContext(
        reader.objective, reader.training, mix, reader.outputs, reader.bias, reader.counts
    )
    ids, ends = np.zeros(2000, dtype=np.int64), np.array([2000], dtype=np.int64)
    counting.states(ids, ends)
    first, sizes[:] = sizes.copy(), []
    counting.states(ids, ends)
    assert sizes == first
    assert np.bincount(first)[1:] / len(first) == pytest.approx([1 / W] * W, abs=0.05)


@pytest.mark.parametrize("name", READERS)
def test_a_language_without_surprise_is_learnt(name: str) -> None:
    cycle, length = 5, 15
    sentences = [[(start + i) % cycle for i in range(length)] for start in range(cycle)]
    corpus = toy_corpus(sentences * 40)
    training = TrainingConfig(dim=8, window=2, epochs=3, subsample=0)
    rates: dict[str, Any] = {"learning_rate": 0.05} if name == "cbow" else {"batch": 128}
    reader = trained_reader(name, corpus, training, **rates)
    ids = np.array(sentences).ravel().astype(np.int64)
    log_p = reader.log_probabilities(reader.states(ids, np.arange(1, cycle + 1) * length))
    inner = np.arange(len(ids)) % length > 0
    inner &= np.arange(len(ids)) % length < length - 1
    loss = -log_p[np.arange(len(ids)), ids][inner].mean()
    assert loss < 0.4 * np.log(cycle)  # the unigram loss is log(cycle)
