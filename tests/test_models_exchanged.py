"""Query and key exchanged after training, and what a model learned besides tables and maps."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from random_models import READERS, random_readings, random_tensors, read
from task_spaces import vocab_of
from wordrel.config import ARCHITECTURES
from wordrel.models.protocols import Contextualizer, Exchangeable, Weigher, Windowed
from wordrel.models.word_model import WordModel

V, D, W = 11, 6, 3
VOCAB = vocab_of([f"w{i}" for i in range(V)])
DRAW = np.random.default_rng(6)
IDS = DRAW.integers(V, size=23).astype(np.int64)
ENDS = np.array([6, 7, 9, 23], dtype=np.int64)
ASKING = [name for name in ARCHITECTURES if ARCHITECTURES[name].query in ("previous", "mean")]
MAPPED = [name for name in ASKING if ARCHITECTURES[name].maps]
TIES = [("K=Q",), ("Q=I",), ("V=I",), ("K=Q", "V=I"), ("Q=I", "V=I"), ("K=Q", "Q=I")]


def exchangeable(word_model: WordModel) -> Any:
    assert isinstance(word_model.context, Exchangeable)
    return word_model.context


def everything(context: Contextualizer) -> list[NDArray[np.float32]]:
    assert isinstance(context, Weigher)
    told = context.weights(IDS, ENDS)
    return [context.states(IDS, ENDS), context.contextual(IDS, ENDS), told.weight]


def same(one: Contextualizer, other: Contextualizer) -> bool:
    pairs = zip(everything(one), everything(other), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def alike(one: Contextualizer, other: Contextualizer) -> bool:
    """The same but for rounding: of weights of words that are made in another order."""
    pairs = zip(everything(one), everything(other), strict=True)
    return all(np.allclose(a, b, atol=1e-6, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("name", READERS)
def test_only_where_words_ask_can_query_and_key_exchange(name: str) -> None:
    context = random_readings(name, VOCAB).context
    assert isinstance(context, Exchangeable) == (name in ASKING)
    assert isinstance(context, Windowed)
    assert context.window == W


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("name", MAPPED)
def test_the_exchanged_model_is_one_whose_maps_were_stored_the_other_way_round(
    name: str, heads: int
) -> None:
    tensors = random_tensors(name, V, D, W)
    context = exchangeable(read(name, tensors, VOCAB, W, heads=heads))
    turned = dict(tensors)
    for block in ("", "second.") if ARCHITECTURES[name].blocks > 1 else ("",):
        query, key = (tensors[f"{block}{role}"] for role in ("W_q", "W_k"))
        turned |= {f"{block}W_q": key, f"{block}W_k": query}
    if "b_q" in tensors:  # the weights of words stay
        keys = tensors["W_k"].reshape(heads, -1, D)
        turned["u_q"] = np.concatenate(
            [part @ key for part, key in zip(tensors["b_q"].reshape(heads, -1), keys, strict=True)]
        )
    other = read(name, turned, VOCAB, W, heads=heads).context
    assert other is not None
    assert alike(context.exchanged(), other)
    assert not same(context.exchanged(), context)
    assert same(context.exchanged().exchanged(), context)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", ["attention_position", "mean_query_attention"])
def test_tied_roles_exchange_too(name: str, ties: tuple[str, ...]) -> None:
    tensors = random_tensors(name, V, D, W, ties=ties)
    context = exchangeable(read(name, tensors, VOCAB, W, ties=ties))
    same_map = "K=Q" in ties
    assert same(context.exchanged(), context) == same_map
    if "Q=I" in ties and not same_map:
        free = tensors | {"W_q": tensors["W_k"], "W_k": np.eye(D, dtype=np.float32)}
        if "b_q" in tensors:
            free["u_q"] = tensors["b_q"] @ tensors["W_k"]
        other = read(name, free, VOCAB, W, ties=tuple({*ties} - {"Q=I"})).context
        assert other is not None
        assert alike(context.exchanged(), other)


def test_keys_that_are_values_exchange_with_queries_alone() -> None:
    tensors = random_tensors("direct_attention", V, D, W, ties=("K=V",))
    context = exchangeable(read("direct_attention", tensors, VOCAB, W, ties=("K=V",)))
    weights = tensors["b_q"] @ tensors["W_v"]
    free = tensors | {"W_q": tensors["W_v"], "W_k": tensors["W_q"], "u_q": weights}
    other = read("direct_attention", free, VOCAB, W).context
    assert other is not None
    assert alike(context.exchanged(), other)
    assert same(context.exchanged().exchanged(), context)


def test_without_maps_nothing_changes() -> None:
    context = exchangeable(random_readings("dot_product_attention", VOCAB))
    assert same(context.exchanged(), context)


@pytest.mark.parametrize("name", READERS)
def test_what_was_learned_is_there_where_the_architecture_has_it(name: str) -> None:
    found = random_readings(name, VOCAB).learned
    expected = set()
    if name in ARCHITECTURES:
        expected |= {"relative_position"} if ARCHITECTURES[name].positions else set()
        expected |= {"per_word_weight"} if ARCHITECTURES[name].query == "mask" else set()
    assert set(found) == expected
    assert {n: array.shape for n, array in found.items()} == {
        n: (V,) if n == "per_word_weight" else (2 * W + 1,) for n in expected
    }


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    "name", ["word_weight", "position_weight", "mask_query_attention", "next_position_weight"]
)
def test_weights_are_the_softmax_of_what_was_learned(name: str, scale: bool) -> None:
    """The scores of words and of offsets tell every weight of these architectures."""
    given = {"scale": scale} if ARCHITECTURES[name].query == "mask" else {}
    found = random_readings(name, VOCAB, **given)
    words = found.learned.get("per_word_weight", np.zeros(V, dtype=np.float32))
    offsets = found.learned.get("relative_position", np.zeros(2 * W + 1, dtype=np.float32))
    assert isinstance(found.context, Weigher)
    told = found.context.weights(IDS, ENDS)
    for state in np.unique(told.state):
        mine = told.state == state
        score = words[told.attended[mine]] + offsets[told.offset[mine] + W]
        expected = np.exp(score) / np.exp(score).sum()
        np.testing.assert_allclose(told.weight[mine], expected, rtol=1e-4)


def test_the_score_of_a_word_is_the_mean_over_heads() -> None:
    kind, given = "mask_query_attention", {"heads": 2, "scale": True, "ties": ()}
    tensors = random_tensors(kind, V, D, W, **given)
    found = read(kind, tensors, VOCAB, W, **given).learned["per_word_weight"]
    for word in range(V):
        key = tensors["W_k"] @ tensors["input"][word]
        scores = [key[rows] @ tensors["q_mask"][rows] / 3**0.5 for rows in (slice(3), slice(3, 6))]
        assert found[word] == pytest.approx(np.mean(scores), rel=1e-4)
