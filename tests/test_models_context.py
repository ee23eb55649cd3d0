"""States, contextual vectors and the full softmax of the models that read running text."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from planted import toy_corpus
from wordrel.config import ARCHITECTURES, MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime, context, stream
from wordrel.models.context import StreamContext
from wordrel.models.matched.weights import initial_weights
from wordrel.models.protocols import Weigher
from wordrel.models.stream import Batch

V, D, W = 11, 4, 3
READERS = [*ARCHITECTURES, "cbow"]
NEXT = [name for name in ARCHITECTURES if ARCHITECTURES[name].objective == "next_word"]
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


def random_reader(name: str, *, shrink: bool = True, **given: Any) -> StreamContext:
    corpus = toy_corpus([list(range(V)), [0, 0, 0, 3, 3, 5]])
    training = TrainingConfig(dim=D, window=W, shrink_window=shrink, **given)
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


def everything_around(name: str, token: int) -> list[int]:
    """The tokens whose whole window holds this one."""
    sentence = np.searchsorted(ENDS, range(len(IDS)), side="right")
    reach = range(token + 1, token + W + 1) if name in NEXT else range(token - W, token + W + 1)
    inside = [t for t in reach if t != token and 0 <= t < len(IDS)]
    return [t for t in inside if sentence[t] == sentence[token]]


@pytest.mark.parametrize("name", READERS)
def test_a_target_whose_whole_context_is_hidden_has_no_state(name: str) -> None:
    reader = random_reader(name, shrink=False)
    hidden = np.ones(len(IDS), dtype=np.bool_)
    hidden[12] = False
    there = ~np.isnan(reader.states(IDS, ENDS, hidden)).any(1)
    assert np.flatnonzero(there).tolist() == everything_around(name, 12)
    nothing = reader.states(IDS, ENDS, np.zeros(len(IDS), dtype=np.bool_))
    np.testing.assert_array_equal(nothing, reader.states(IDS, ENDS))


@pytest.mark.parametrize("name", READERS)
def test_windows_do_not_grow_over_hidden_tokens(name: str) -> None:
    reader = random_reader(name, shrink=False)
    hidden = np.zeros(len(IDS), dtype=np.bool_)
    hidden[[15, 17]] = True
    y = reader.states(IDS, ENDS, hidden)
    reach = W if name != "two_blocks" else 2 * W - 1
    for far in (16 - reach - 1, 16 + W + 1):  # in the same sentence
        changed = IDS.copy()
        changed[far] = (changed[far] + 1) % V
        assert (reader.states(changed, ENDS, hidden)[16] == y[16]).all()


def test_hidden_words_are_left_out_of_the_mean_of_cbow() -> None:
    hidden = IDS % 3 == 0
    found = random_reader("cbow", shrink=False).states(IDS, ENDS, hidden)
    rows = tensors_of("cbow")["input"].astype(np.float64)
    for target in range(len(IDS)):
        near = [t for t in range(len(IDS)) if target in everything_around("cbow", t)]
        seen = [t for t in near if not hidden[t]]
        expected = rows[IDS[seen]].mean(0) if seen else np.full(D, np.nan)
        np.testing.assert_allclose(found[target], expected, rtol=1e-5, atol=1e-6)
    assert np.isnan(found).any(1).sum() < len(IDS) / 2


@pytest.mark.parametrize("name", READERS)
def test_weights_are_told_of_every_word_in_the_window_and_add_up_to_one(name: str) -> None:
    told = random_reader(name).weights(IDS, ENDS)
    expected = []
    for token in range(len(IDS)):
        around = everything_around(name, token)
        if name in NEXT:  # the word itself asks for what follows, also at the end of its sentence
            start = max([0, *ENDS[token >= ENDS]])
            direct = (
                name in ARCHITECTURES and ARCHITECTURES[name].direct
            )  # then the word itself is not weighed
            around = list(range(max(start, token + 1 - W), token + 1 - direct))
        target = token + (name in NEXT)
        expected += [(token, t - target, IDS[token], IDS[t]) for t in around]
    columns = told.state, told.offset, told.attending, told.attended
    assert sorted(zip(*columns, strict=True)) == sorted(expected)
    assert told.weight.dtype == np.float32
    assert told.weight.sum() == pytest.approx(len({state for state, *_ in expected}), rel=1e-5)
    assert (told.weight > 0).all()


SUMS = [
    name
    for name in READERS
    if name == "cbow"
    or not (ARCHITECTURES[name].block or ARCHITECTURES[name].position_values != "none")
]


@pytest.mark.parametrize("name", SUMS)
def test_a_state_is_the_sum_of_what_the_weights_say_of_the_values(name: str) -> None:
    sentence, end = np.array([3, 1, 10]), np.array([3])
    reader, tensors = random_reader(name), tensors_of(name)
    told = reader.weights(sentence, end)
    values = tensors["input"] @ tensors.get("W_v", np.eye(D)).T
    y = reader.contextual(sentence, end)
    for word, state in zip(sentence, y, strict=True):
        mine = told.attending == word
        summed = told.weight[mine] @ values[told.attended[mine]]
        if "W_d" in tensors:  # the direct path of the word that asks
            summed = summed + tensors["W_d"] @ tensors["input"][word]
        np.testing.assert_allclose(summed, state, rtol=1e-4, atol=1e-5)


def test_weights_are_the_mean_over_heads() -> None:
    config = config_of("attention", heads=2, scale=False)
    tensors = tensors_of("attention")
    training = TrainingConfig(dim=D, window=W)
    vocab = toy_corpus([list(range(V))]).vocab
    reader = MODELS["attention"].read(tensors, vocab, training, config).context
    assert isinstance(reader, Weigher)
    told = reader.weights(np.array([3, 1]), np.array([2]))
    q, k = (tensors["input"][[3, 1]] @ tensors[name].T for name in ("W_q", "W_k"))
    heads = [softmax(q[1, rows] @ k[:, rows].T) for rows in (slice(0, 2), slice(2, 4))]
    where = [(1, 3), (1, 1)]
    found = dict(zip(zip(told.attending, told.attended, strict=True), told.weight, strict=True))
    assert [found[pair] for pair in where] == pytest.approx(np.mean(heads, axis=0), rel=1e-5)


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
    states, told = reader.states(IDS, ENDS), reader.weights(IDS, ENDS)
    monkeypatch.setattr(context, "TARGETS", 5)
    np.testing.assert_allclose(reader.states(IDS, ENDS), states, atol=1e-5)
    again = reader.weights(IDS, ENDS)
    np.testing.assert_allclose(again.weight, told.weight, atol=1e-5)
    for column in ("attending", "attended", "state", "offset"):
        np.testing.assert_array_equal(getattr(again, column), getattr(told, column))


@pytest.mark.parametrize("chunk", [5, 64])
@pytest.mark.parametrize("kind", ["sentence", "passage"])
@pytest.mark.parametrize("name", READERS)
def test_a_context_of_the_same_words_gives_the_same_states(
    name: str, kind: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the text is cut: in chunks, or each short sentence by itself."""
    expected = random_reader(name, shrink=False)
    monkeypatch.setattr(stream, "WIDE_CHUNK", chunk)
    reader = random_reader(name, shrink=False, context=kind, widest=W)
    assert reader.window == W
    assert reader.segments == ("document" if kind == "passage" else "sentence")
    hidden = IDS % 3 == 0
    for words in (None, hidden):
        y = expected.states(IDS, ENDS, words)
        np.testing.assert_allclose(reader.states(IDS, ENDS, words), y, atol=1e-5)
    y = expected.contextual(IDS, ENDS)
    np.testing.assert_allclose(reader.contextual(IDS, ENDS), y, atol=1e-5)

    def told(one: StreamContext) -> list[tuple[int, int, int, int, float]]:
        found = one.weights(IDS, ENDS)
        columns = found.state, found.offset, found.attending, found.attended, found.weight
        return sorted(zip(*columns, strict=True))

    np.testing.assert_allclose(told(reader), told(expected), atol=1e-5)


def test_held_out_windows_are_drawn_as_in_training_and_are_the_same_each_time() -> None:
    sizes: list[int] = []

    def mix(batch: Batch) -> Any:
        sizes.extend(batch.left[batch.real][W:-W].tolist())
        return reader.mix(batch)

    reader = random_reader("cbow")
    counting = replace(reader, mix=mix)
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
