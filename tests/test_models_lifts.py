"""Lifts, against plain arithmetic and against what no softmax over words can see."""

from dataclasses import replace

import numpy as np
import pytest

from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.corpus.vocab import Vocab
from wordrel.models.matched import read
from wordrel.models.matched.model import new_model
from wordrel.models.relations import IN_OUT, QUERY_KEY, VALUE_OUT
from wordrel.models.spaces import Lift, output_lifts
from wordrel.models.word_model import WordModel

VOCAB = Vocab(("the", "cat", "sat"), np.array([2, 1, 1], dtype=np.int64))
EVERY = tuple(np.divmod(np.arange(9), 3))
DRAW = np.random.default_rng(0)


def table(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_by_hand() -> None:
    """Scores log 1, log 2, log 4 of words with shares 1/2, 1/4, 1/4: a mean of 2."""
    left = table([1.0], [0.0], [2.0])
    right = np.log(table([1.0], [2.0], [4.0]))
    lift = Lift.of(VOCAB, left, right)
    of_the = lift(np.zeros(3, dtype=np.int64), np.arange(3))
    assert of_the == pytest.approx(np.log([1 / 2, 2 / 2, 4 / 2]))
    assert lift(np.array([1]), np.array([2])) == pytest.approx([0.0])
    bias = np.log(np.array([4.0, 1.0, 1.0], dtype=np.float32))
    biased = Lift.of(VOCAB, left, right, bias)
    mean = (4 * 1) / 2 + 2 / 4 + 4 / 4
    of_the = biased(np.zeros(3, dtype=np.int64), np.arange(3))
    assert of_the == pytest.approx(np.log([4 / mean, 2 / mean, 4 / mean]))


def test_it_is_the_pmi_of_a_model_whose_scores_are_log_p_over_p_up_to_any_number_a_word() -> None:
    p = VOCAB.counts / VOCAB.counts.sum()
    given = DRAW.dirichlet(np.ones(3), size=3)
    score = np.log(given / p) + DRAW.standard_normal((3, 1))
    lift = Lift.of(VOCAB, np.eye(3, dtype=np.float32), score.T.astype(np.float32))
    expected = np.log(given / p)[EVERY]
    np.testing.assert_allclose(lift(*EVERY), expected, atol=1e-6)


def test_a_number_added_to_all_scores_of_a_word_changes_nothing() -> None:
    left, right = (DRAW.standard_normal((3, 4)).astype(np.float32) for _ in range(2))
    bias = DRAW.standard_normal(3).astype(np.float32)
    added = np.hstack([left, table([5.0], [-7.0], [0.5])])
    ones = np.hstack([right, np.ones((3, 1), dtype=np.float32)])
    plain, shifted = Lift.of(VOCAB, left, right, bias), Lift.of(VOCAB, added, ones, bias)
    products = np.einsum("pk,pk->p", added[EVERY[0]], ones[EVERY[1]])
    assert np.abs(products - np.einsum("pk,pk->p", left[EVERY[0]], right[EVERY[1]])).min() > 0.4
    np.testing.assert_allclose(shifted(*EVERY), plain(*EVERY), atol=1e-5)


def test_of_heads_it_is_the_mean_of_theirs() -> None:
    left, right = (DRAW.standard_normal((3, 4)).astype(np.float32) for _ in range(2))
    halves = [Lift.of(VOCAB, left[:, h], right[:, h]) for h in (slice(0, 2), slice(2, 4))]
    both = Lift.of(VOCAB, left, right, heads=2)
    np.testing.assert_allclose(both(*EVERY), np.mean([h(*EVERY) for h in halves], axis=0))
    assert np.abs(both(*EVERY) - Lift.of(VOCAB, left, right)(*EVERY)).max() > 0.01


def trained(kind: str, **settings: object) -> tuple[WordModel, dict[str, np.ndarray]]:
    """A model with random tables and weights, and these."""
    config = MatchedConfig.model_validate({"kind": kind, **settings})
    training = TrainingConfig(dim=4, window=2)
    names = new_model(config, training, len(VOCAB), 0).tensors()
    draw = np.random.default_rng(1)
    tensors = {n: draw.standard_normal(t.shape).astype(np.float32) for n, t in names.items()}
    return read(tensors, VOCAB, training, config), tensors


def lifted(scores: np.ndarray) -> np.ndarray:
    p = VOCAB.counts / VOCAB.counts.sum()
    found: np.ndarray = scores - np.log((p * np.exp(scores)).sum(1, keepdims=True))
    return found[EVERY]


@pytest.mark.parametrize("scale", [True, False])
def test_query_and_key_of_a_model_with_bias_and_scale(scale: bool) -> None:
    model, w = trained("direct_attention", scale=scale, query_bias=True)
    wide = {name: tensor.astype(np.float64) for name, tensor in w.items()}
    query = wide["input"] @ wide["W_q"].T + wide["b_q"]
    scores = query @ (wide["input"] @ wide["W_k"].T).T / (2.0 if scale else 1.0)
    np.testing.assert_allclose(model.relations[QUERY_KEY](*EVERY), lifted(scores), atol=1e-5)
    value = wide["input"] @ wide["W_v"].T @ wide["output"].T + wide["bias"].ravel()
    np.testing.assert_allclose(model.relations[VALUE_OUT](*EVERY), lifted(value), atol=1e-5)
    plain = wide["input"] @ wide["output"].T + wide["bias"].ravel()
    np.testing.assert_allclose(model.relations[IN_OUT](*EVERY), lifted(plain), atol=1e-5)
    assert model.selected["relate"] == VALUE_OUT


def test_a_bias_of_the_query_is_in_the_lift_and_not_in_the_raw_product() -> None:
    """It gives a weight to each word, which the softmax sees."""
    with_bias, w = trained("direct_attention", query_bias=True)
    raw = with_bias.relations["q.k"](*EVERY)
    config = MatchedConfig.model_validate({"kind": "direct_attention", "query_bias": True})
    none = {**w, "b_q": np.zeros_like(w["b_q"])}
    without = read(none, VOCAB, TrainingConfig(dim=4, window=2), config)
    np.testing.assert_array_equal(without.relations["q.k"](*EVERY), raw)
    far = without.relations[QUERY_KEY](*EVERY) - with_bias.relations[QUERY_KEY](*EVERY)
    assert np.abs(far).max() > 0.01


def test_words_that_ask_without_maps_are_query_and_key_themselves() -> None:
    model, w = trained("dot_product_attention")
    scores = w["input"].astype(np.float64) @ w["input"].T / 2
    np.testing.assert_allclose(model.relations[QUERY_KEY](*EVERY), lifted(scores), atol=1e-5)
    assert VALUE_OUT not in model.relations
    assert model.selected["relate"] == IN_OUT


def test_where_no_word_asks_there_is_no_lift_of_query_and_key() -> None:
    for kind in ("mean", "word_weight", "mask_query_attention"):
        assert QUERY_KEY not in trained(kind)[0].relations


def test_outputs_of_a_model_without_values() -> None:
    tables = {name: np.eye(3, dtype=np.float32) for name in ("input", "output")}
    assert set(output_lifts(VOCAB, np.zeros(3, dtype=np.float32), **tables)) == {IN_OUT}


def test_a_word_that_training_never_saw_counts_as_seen_once() -> None:
    rare = replace(VOCAB, counts=np.array([2, 1, 0], dtype=np.int64))
    lift = Lift.of(rare, np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32))
    assert np.isfinite(lift(*EVERY)).all()
