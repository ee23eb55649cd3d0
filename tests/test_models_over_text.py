"""Mean states and mean attention over a sample of text, against plain loops."""

from collections import defaultdict
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planted import toy_corpus
from task_spaces import vocab_of
from wordrel.config.architectures import Objective
from wordrel.corpus.pair_counts import count_pairs
from wordrel.models.over_text import mean_weights, over_text
from wordrel.models.protocols import Weighed
from wordrel.models.word_model import WordModel

V, D = 6, 3
DRAW = np.random.default_rng(4)
TABLE = DRAW.standard_normal((V, D)).astype(np.float32)
LENGTHS = (7, 1, 4, 9, 2)
N = sum(LENGTHS)
IDS = DRAW.integers(V - 1, size=N).astype(np.int64)  # the last word does not occur
ENDS = np.cumsum(LENGTHS).astype(np.int64)


class Neighbours:
    """The state of a word is that of the words beside it, the left one weighing most."""

    objective: Objective = "masked_word"

    def states(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], hidden: Any = None
    ) -> NDArray[np.float32]:
        raise AssertionError("means are of contextual vectors")

    def contextual(self, ids: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        found = np.full((len(ids), D), np.nan, dtype=np.float32)
        told = self.weights(ids, ends, places=True)
        for place in np.unique(told.attending):
            mine = told.attending == place
            found[place] = told.weight[mine] @ TABLE[told.attended[mine]]
        return found

    def log_probabilities(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        return states

    def weights(
        self, ids: NDArray[np.int64], ends: NDArray[np.int64], *, places: bool = False
    ) -> Weighed:
        entries = []
        for start, end in zip([0, *ends], ends, strict=False):
            for i in range(start, end):
                near = [j for j in (i - 1, i + 1) if start <= j < end]
                share = 0.7 if len(near) == 2 else 1.0
                for j, weight in zip(near, (share, 1 - share), strict=False):
                    entries.append((i if places else ids[i], ids[j], weight, i, j - i))
        columns = np.array(entries).reshape(-1, 5).T
        whole = columns.astype(np.int64)
        return Weighed(whole[0], whole[1], columns[2].astype(np.float32), whole[3], whole[4])


class Silent:
    """The same, but it cannot tell its weights."""

    objective: Objective = "masked_word"
    states = Neighbours.states
    log_probabilities = Neighbours.log_probabilities

    def contextual(self, ids: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        return Neighbours().contextual(ids, ends)


def word_model(context: Any = None, **embeddings: NDArray[np.float32]) -> WordModel:
    words = vocab_of([f"w{i}" for i in range(V)])
    return WordModel(words, {"input": TABLE} | embeddings, context=context)


def pairs() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    left, right = np.divmod(np.arange(V * V), V)
    return left, right


@pytest.fixture(params=[1, 6, 1000])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    # by way of the import system: the package has a function of the module's name
    module = import_module("wordrel.models.over_text")
    monkeypatch.setattr(module, "BLOCK_TOKENS", request.param)


@pytest.mark.usefixtures("block")
def test_the_embedding_is_the_mean_state_of_each_word() -> None:
    states = Neighbours().contextual(IDS, ENDS)
    embedding = over_text(word_model(Neighbours()), IDS, ENDS).embeddings["context"]
    assert embedding.dtype == np.float32
    for word in range(V):
        mine = states[(word == IDS) & ~np.isnan(states).any(1)].astype(np.float64)
        expected = mine.mean(0) if len(mine) else np.zeros(D)
        np.testing.assert_allclose(embedding[word], expected, atol=1e-6)
    assert np.isnan(states[7]).all()  # a sentence of one word
    assert (embedding[V - 1] == 0).all()


def test_a_word_that_does_not_occur_has_no_direction_either_when_centred() -> None:
    embeddings = over_text(word_model(Neighbours()), IDS, ENDS).embeddings
    centred = embeddings["context.centred"]
    assert (centred[V - 1] == 0).all()
    np.testing.assert_allclose(centred[: V - 1].mean(0), np.zeros(D), atol=1e-6)
    gaps = embeddings["context"][: V - 1] - centred[: V - 1]
    np.testing.assert_allclose(gaps, np.tile(gaps[0], (V - 1, 1)), atol=1e-6)


@pytest.mark.usefixtures("block")
def test_attention_is_the_mean_weight_of_two_words_that_met() -> None:
    told = Neighbours().weights(IDS, ENDS)
    weights = defaultdict(list)
    for asking, attended, weight in zip(told.attending, told.attended, told.weight, strict=True):
        weights[int(asking), int(attended)].append(float(weight))
    left, right = pairs()
    pair_weights = [weights.get(pair, [np.nan]) for pair in zip(left, right, strict=True)]
    expected = np.array([np.mean(w) for w in pair_weights])
    value = 2 * TABLE
    found = over_text(word_model(Neighbours(), value=value), IDS, ENDS).relations
    np.testing.assert_allclose(found["attention"](left, right), expected, rtol=1e-6)
    lengths = np.linalg.norm(value, axis=1)[right]
    np.testing.assert_allclose(found["attention.norm"](left, right), expected * lengths, rtol=1e-6)
    assert 5 < np.isnan(expected).sum() < 30
    assert max(len(w) for w in pair_weights) > 2


def test_without_a_map_the_value_is_the_word_itself() -> None:
    found = over_text(word_model(Neighbours()), IDS, ENDS).relations
    left, right = pairs()
    lengths = np.linalg.norm(TABLE, axis=1)[right]
    expected = found["attention"](left, right) * lengths
    np.testing.assert_allclose(found["attention.norm"](left, right), expected, rtol=1e-6)


def test_a_weight_of_zero_is_a_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, zero = np.array([0, 1], dtype=np.int64), np.zeros(2, dtype=np.float32)
    told = Weighed(ids, ids[::-1].copy(), zero, state=ids, offset=1 - 2 * ids)
    monkeypatch.setattr(Neighbours, "weights", lambda *_, **__: told)
    weight, met = mean_weights(Neighbours(), IDS, ENDS, V).find(*pairs())
    assert np.flatnonzero(met).tolist() == [1, V]
    assert weight[met].tolist() == [0, 0]


def test_what_a_model_lacks_it_does_not_get() -> None:
    plain = over_text(word_model(), IDS, ENDS)
    assert set(plain.embeddings) == {"input"}
    assert not plain.relations
    silent = over_text(word_model(Silent()), IDS, ENDS)
    assert set(silent.embeddings) == {"input", "context", "context.centred"}
    assert not silent.relations


def test_no_text_gives_no_directions_and_no_meetings() -> None:
    over = over_text(word_model(Neighbours()), IDS[:0], ENDS[:0])
    assert over.embeddings["context"].shape == (V, D)
    assert not over.embeddings["context"].any()
    assert np.isnan(over.relations["attention"](*pairs())).all()


def test_counts_answer_where_they_are_given() -> None:
    corpus = toy_corpus([IDS.tolist(), [V - 1]])
    counts = count_pairs(corpus.train, V, 2)
    found = over_text(word_model(), IDS, ENDS, counts).relations
    assert set(found) == {"pmi", "conditional"}
    left, right = pairs()
    np.testing.assert_array_equal(found["pmi"](left, right), counts.pmi(left, right))
    np.testing.assert_array_equal(
        found["conditional"](left, right), counts.conditional(left, right)
    )
