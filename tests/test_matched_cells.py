"""The cells of the study: what contains what, against torch's own attention, and the order."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from test_matched_weights import (
    KINDS,
    SENTENCES,
    V,
    W,
    batches_of,
    model_of,
    places_of,
    plain_states,
    states_of,
)
from wordrel.config import ARCHITECTURES, CELLS, MatchedConfig, TrainingConfig, parse_config
from wordrel.errors import ConfigError, TrainingError
from wordrel.models.matched.model import Model, new_model
from wordrel.models.matched.nesting import contains, embed_below
from wordrel.models.matched.weights import previous_words, role
from wordrel.models.windows import attends, sees_last, visible

DIM = 12
TRAINING = TrainingConfig(dim=DIM, window=W)
BIASED = {kind for kind in KINDS if ARCHITECTURES[kind].words_ask and not ARCHITECTURES[kind].block}


def by_torch(model: Model, sentences: list[list[int]]) -> np.ndarray[Any, Any]:
    """The states with torch's attention, of explicit queries, keys and values."""
    found = []
    for batch in batches_of(sentences):
        x = model.inputs[model.context_ids(batch)]
        heads, targets = model.config.heads, batch.left.shape[1]
        places = places_of(model, batch, x)
        w_q, w_k, w_v = (
            role(model.config, model.dense, name, model.inputs) for name in ("W_q", "W_k", "W_v")
        )
        seen = visible(model.objective, batch, x.device, direct=model.architecture.direct)
        means = seen.to(x.dtype) @ x / seen.sum(-1, keepdim=True).clamp(min=1)
        asks = {
            "none": torch.zeros(*batch.left.shape, DIM, dtype=x.dtype),
            "mask": model.dense.get("q_mask", torch.zeros(DIM)).expand(*batch.left.shape, DIM),
            "previous": previous_words(x, targets) @ w_q.T + model.dense.get("b_q", 0),
            "mean": means @ w_q.T + model.dense.get("b_q", 0),
        }[model.architecture.query]
        q, k, v = (
            rows.view(*rows.shape[:2], heads, -1).transpose(1, 2)
            for rows in (asks, x @ w_k.T, x @ w_v.T)
        )
        scale = (DIM / heads) ** -0.5 if model.config.scale else 1.0
        y = scaled_dot_product_attention(q, k, v, attn_mask=places[:, None], scale=scale)
        y = y.transpose(1, 2).flatten(2)
        if model.architecture.direct:
            y = torch.where(torch.from_numpy(attends(batch))[..., None], y, 0)
            last = torch.from_numpy(sees_last(batch))[..., None]
            y = y + torch.where(last, previous_words(x, targets) @ model.dense["W_d"].T, 0)
        y = torch.where(model.has_context(batch)[..., None], y, 0)
        found.append(y.numpy()[batch.real])
    return np.concatenate(found)


EXPRESSED = [
    k for k in KINDS if not ARCHITECTURES[k].block and ARCHITECTURES[k].position_values == "none"
]


@pytest.mark.parametrize(
    ("kind", "heads", "bias"),
    [
        (kind, heads, bias)
        for kind in EXPRESSED
        for heads in (1, 4)
        for bias in (False, True)
        if (heads == 1 or ARCHITECTURES[kind].maps) and (kind in BIASED or not bias)
    ],
)
def test_states_are_those_of_torchs_attention(kind: str, heads: int, bias: bool) -> None:
    model = model_of(kind, DIM, heads=heads, scale=True, query_bias=bias)
    assert ("b_q" in model.dense) == bias
    np.testing.assert_allclose(states_of(model, SENTENCES), by_torch(model, SENTENCES), rtol=1e-9)


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("kind", sorted(BIASED))
def test_a_bias_of_the_query_is_that_of_the_equations(kind: str, heads: int) -> None:
    heads = heads if ARCHITECTURES[kind].maps else 1
    model = model_of(kind, DIM, heads=heads, query_bias=True, scale=True)
    model.dense["b_q"] *= 4
    y = states_of(model, SENTENCES)
    np.testing.assert_allclose(y, plain_states(model, SENTENCES), rtol=1e-9, atol=1e-12)
    model.dense["b_q"] = torch.zeros_like(model.dense["b_q"])
    assert np.abs(states_of(model, SENTENCES) - y).max() > 0.1


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("ties", [("K=V",), ("K=I",), ("K=V", "Q=I"), ("K=V", "V=I")])
def test_ties_of_keys_and_values_are_those_of_the_equations(
    ties: tuple[str, ...], heads: int
) -> None:
    model = model_of("direct_attention", DIM, heads=heads, ties=ties)
    assert "W_k" not in model.dense
    y = states_of(model, SENTENCES)
    np.testing.assert_allclose(y, plain_states(model, SENTENCES), rtol=1e-9, atol=1e-12)
    for tie, own in (("K=V", {"W_q", "W_v"}), ("Q=I", {"W_v"}), ("V=I", {"W_q"})):
        if ties == (tie,):
            assert {"W_q", "W_k", "W_v"} & set(model.dense) == own


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ARCHITECTURES[kind].direct])
def test_a_context_of_one_word_gives_the_direct_path_alone(kind: str) -> None:
    model = model_of(kind, DIM)
    y = states_of(model, [[5, 9]])
    np.testing.assert_allclose(y[1], model.dense["W_d"] @ model.inputs[5])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ARCHITECTURES[kind].direct])
def test_the_last_word_is_not_attended_to(kind: str) -> None:
    model = model_of(kind, DIM)
    (batch,) = batches_of([[5, 9, 2, 7]], shrink=False)
    weights = model.weights(batch)[0, 3, batch.first :].tolist()
    assert weights[2] == 0
    assert sum(weights[:2]) == pytest.approx(1)


ORDERLESS = [
    k
    for k in KINDS
    if not (
        ARCHITECTURES[k].positions
        or ARCHITECTURES[k].block
        or ARCHITECTURES[k].position_values != "none"
    )
]


@pytest.mark.parametrize("kind", KINDS)
def test_without_positions_the_order_of_a_context_plays_no_part(kind: str) -> None:
    """Around a target, or before the word before it, which asks or has a path of its own."""
    model = model_of(kind, DIM, query_bias=kind in BIASED, scale=True)
    for name in model.dense:
        if name.endswith("offsets"):
            model.dense[name] *= 4
    masked = ARCHITECTURES[kind].objective == "masked_word"
    one, other = ([3, 1, 6, 12, 5], [5, 12, 6, 1, 3]) if masked else ([1, 12, 3, 5], [12, 1, 3, 5])
    at = 2 if masked else 3
    y, turned = (states_of(model, [words], shrink=False)[at] for words in (one, other))
    if kind in ORDERLESS:
        np.testing.assert_allclose(turned, y, atol=1e-12)
    else:
        assert np.abs(turned - y).max() > 0.01


def test_positions_start_even_or_by_distance() -> None:
    def start(recency: float) -> list[float]:
        config = MatchedConfig(kind="direct_attention_position", recency=recency)
        offsets = model_start(config)["offsets"]
        return [float(x) for x in torch.softmax(offsets[:W], 0)]

    assert start(0.0) == pytest.approx([1 / 3] * 3)
    shares = np.array([1 / 3, 1 / 2, 1])  # three, two and one words before
    assert start(1.0) == pytest.approx(shares / shares.sum())
    assert start(2.0) == pytest.approx(shares**2 / (shares**2).sum())


def model_start(config: MatchedConfig) -> dict[str, Tensor]:
    return new_model(config, TRAINING, V, seed=1).dense


# What contains what ----------------------------------------------------------------------------


def steps() -> list[tuple[str, str]]:
    """Each cell with the cell before it in its row, and the one above it."""
    found = []
    for without, with_positions in CELLS.values():
        for row in (without, with_positions):
            found += list(pairwise(row))
        found += list(zip(without, with_positions, strict=True))
    return found


def asks(kind: str) -> bool:
    return ARCHITECTURES[kind].words_ask


def embedded(below: MatchedConfig, config: MatchedConfig) -> tuple[Model, Model]:
    """A random model, and the larger one that is to be the same."""
    small = model_of(below.kind, DIM, **below.model_dump(exclude={"kind", "name", "training"}))
    small.bias = torch.randn(V, 1, dtype=torch.float64)
    tensors = {name: tensor.float() for name, tensor in small.tensors().items()}
    found = embed_below(below, tensors, config, TRAINING)
    fresh = model_start(config)
    assert set(found) == {"input", "output", "bias", *fresh}
    assert all(found[name].shape == fresh[name].shape for name in fresh)
    return Model.of(below, tensors), Model.of(config, found)


def test_there_are_twelve_cells_in_fourteen_steps() -> None:
    names = {kind for rows in CELLS.values() for row in rows for kind in row}
    assert len(names) == 12
    assert len(steps()) == len(set(steps())) == 14
    for below, above in steps():
        assert ARCHITECTURES[below].objective == ARCHITECTURES[above].objective
        assert (
            ARCHITECTURES[below].direct == ARCHITECTURES[above].direct == above.startswith("direct")
        )


@pytest.mark.parametrize(
    ("below", "above", "heads"),
    [(*step, heads) for step in steps() for heads in (1, 4) if heads == 1 or asks(step[1])],
)
def test_a_cell_with_its_added_part_neutral_is_the_cell_below(
    below: str, above: str, heads: int
) -> None:
    same = {"heads": heads} if ARCHITECTURES[below].words_ask else {}
    small, large = embedded(
        MatchedConfig(kind=below, **same), MatchedConfig(kind=above, heads=heads)
    )
    y = states_of(large, SENTENCES)
    np.testing.assert_allclose(y, states_of(small, SENTENCES), atol=1e-6, rtol=1e-6)
    np.testing.assert_array_equal(large.outputs, small.outputs)
    np.testing.assert_array_equal(large.bias, small.bias)
    assert np.abs(y).max() > 0.5


NESTED = [
    (("direct_attention", {"ties": ("K=Q",)}), ("direct_attention", {})),
    (("direct_attention", {"ties": ("K=V",), "heads": 4}), ("direct_attention", {"heads": 4})),
    (("direct_attention", {"ties": ("V=I",)}), ("direct_attention", {})),
    (("direct_attention", {"ties": ("Q=I",), "heads": 4}), ("direct_attention", {"heads": 4})),
    (("direct_attention", {"query_bias": False}), ("direct_attention", {})),
    (("direct_attention", {"scale": False}), ("direct_attention", {})),
    (("direct_dot_product", {}), ("direct_attention", {})),
    (("direct_dot_product", {}), ("direct_dot_product_position", {})),
    (("direct_dot_product", {"scale": False}), ("direct_attention_position", {"ties": ("Q=I",)})),
    (("direct_mean", {}), ("direct_attention_position", {"heads": 4})),
    (("direct_mean", {}), ("direct_attention", {"ties": ("Q=I",)})),
    (("direct_word_weight", {}), ("direct_attention", {"ties": ("K=V",)})),
    (("word_weight", {}), ("mean_query_attention", {"ties": ("V=I",)})),
    (
        ("mask_query_attention", {"heads": 2}),
        ("mean_query_attention_position", {"heads": 2}),
    ),
    (("word_weight", {}), ("mask_query_attention", {"ties": ()})),
    (("next_mean", {}), ("attention", {})),
    (("next_position_weight", {}), ("attention_position", {})),
    (("dot_product_attention", {}), ("attention_position", {})),
    (("mean", {}), ("position_vector", {})),
    (("mean", {}), ("position_map", {})),
    (("position_vector", {}), ("position_map", {})),
    (("transformer_block", {"ties": ("K=V",)}), ("transformer_block", {})),
    (("transformer_block", {"heads": 2}), ("two_blocks", {"heads": 2})),
]


@pytest.mark.parametrize(("small", "large"), NESTED)
def test_what_else_contains_what(small: Any, large: Any) -> None:
    below, above = embedded(*(MatchedConfig(kind=kind, **given) for kind, given in (small, large)))
    y = states_of(above, SENTENCES)
    np.testing.assert_allclose(y, states_of(below, SENTENCES), atol=5e-6)
    assert np.abs(y).max() > 0.5
    assert contains(above.config, below.config)


BARE = {"query_bias": False}
APART = [
    (("direct_mean", {}), ("attention", {}), "other direct"),
    (("mean", {}), ("direct_mean", {}), "other objective, direct"),
    (("position_weight", {}), ("mean_query_attention", {}), "other positions"),
    (("two_blocks", {}), ("transformer_block", {}), "other blocks"),
    (("attention_position", {}), ("transformer_block", {}), "other block"),
    (("word_weight", {}), ("mean", {}), "it gives words no weights"),
    (("word_weight", {}), ("mean_query_attention", BARE), "its query has no bias"),
    (("attention", {}), ("attention", {"heads": 2}), "other words ask, or other heads"),
    (("attention", {}), ("attention", {"ties": ("K=Q",)}), "K=Q does not hold"),
    (("attention", {}), ("dot_product_attention", {}), "it has no maps"),
    (("mask_query_attention", {"heads": 2}), ("mask_query_attention", {"heads": 4}), "other heads"),
    (("position_map", {}), ("position_vector", {}), "other values by position"),
    (("mask_query_attention", {"ties": ()}), ("mask_query_attention", {}), "K=I does not hold"),
]


@pytest.mark.parametrize(("small", "large", "why"), APART)
def test_what_does_not_contain_what_is_refused(small: Any, large: Any, why: str) -> None:
    below, above = (MatchedConfig(kind=kind, **given) for kind, given in (small, large))
    with pytest.raises(TrainingError, match=f"{above.kind} does not contain {below.kind}: {why}"):
        embedded(below, above)
    assert not contains(above, below)


def test_the_neutral_start_is_no_dead_end() -> None:
    """Each added part has a gradient from its first step, so that training can leave it."""
    for below, above in steps():
        small, large = embedded(MatchedConfig(kind=below), MatchedConfig(kind=above))
        (batch,) = batches_of([[3, 1, 12, 5, 9]], shrink=False)
        dense = {name: weight.clone().requires_grad_() for name, weight in large.dense.items()}
        model = Model(large.config, large.inputs, large.outputs, large.bias, dense)
        y = model.mixed(large.inputs[model.context_ids(batch)], batch)
        pull = torch.randn(y.shape, generator=torch.Generator().manual_seed(0))
        pull = pull * model.has_context(batch)[..., None]
        pulls = torch.autograd.grad((y * pull).sum(), list(dense.values()))
        added = set(dense) - set(small.dense) - {"W_k"}
        moved = {name for name, slope in zip(dense, pulls, strict=True) if slope.any()}
        assert added <= moved
        assert added


STUDY = {"study": "s", "corpora": [{"source": "x"}], "seeds": [1], "tasks": ["ws353"]}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "mean", "query_bias": True}, "query_bias: found true, expected false: no word asks"),
    ({"kind": "direct_attention", "ties": ["K=Q", "K=V"]}, "found K=Q, K=V, expected one tie of K"),
    ({"kind": "direct_mean", "sum_gradient": True}, "direct_mean is no plain mean"),
    ({"kind": "position_map", "sum_gradient": True}, "position_map is no plain mean"),
]


@pytest.mark.parametrize(("model", "message"), REFUSED)
def test_settings_without_use_are_refused(model: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config({**STUDY, "models": [model]})


@pytest.mark.parametrize("kind", ["word2vec", "ppmi_svd"])
def test_a_model_that_reads_windows_is_refused_under_another_context(kind: str) -> None:
    wide = {**STUDY, "models": [{"kind": kind}], "training": {"context": "passage"}}
    with pytest.raises(ConfigError, match=f"found {kind} with context: passage"):
        parse_config(wide)
    window = {"kind": kind, "training": {"context": "window"}}
    assert parse_config({**wide, "models": [window, {"kind": "mean"}]}).training.reach == 64


@pytest.mark.parametrize(
    "kind", ["mean", "matched_skip_gram", "word2vec", "kneser_ney", "ppmi_svd", "closed_form"]
)
def test_a_model_that_learns_no_next_word_is_refused_with_a_following_one(kind: str) -> None:
    study = {**STUDY, "models": [{"kind": kind}], "training": {"target": "following"}}
    with pytest.raises(ConfigError, match=f"found {kind} with target: following.*target: word}}"):
        parse_config(study)
    own = {"kind": kind, "training": {"target": "word"}}
    found = parse_config({**study, "models": [own, {"kind": "attention"}, {"kind": "random"}]})
    assert [found.training_of(model).target for model in found.models][:2] == ["word", "following"]


@pytest.mark.parametrize("kind", ["word2vec", "kneser_ney", "ppmi_svd", "closed_form"])
def test_what_is_not_trained_here_is_refused_with_shuffled_contexts(kind: str) -> None:
    study = {**STUDY, "models": [{"kind": kind}], "training": {"shuffled_contexts": True}}
    with pytest.raises(ConfigError, match=f"{kind} with .*give it training: .*_contexts: false}}"):
        parse_config(study)
    parse_config({**study, "models": [{"kind": "mean"}, {"kind": "matched_skip_gram"}]})
