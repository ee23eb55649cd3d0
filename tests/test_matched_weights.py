"""The architectures against the equations y_i = sum_j a_ij v_j, one target at a time in float64."""

from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from planted import split_of, toy_corpus
from wordrel.config import (
    ARCHITECTURES,
    MatchedConfig,
    TrainingConfig,
    Word2vecConfig,
    parse_config,
)
from wordrel.errors import ConfigError
from wordrel.models import MODELS
from wordrel.models.attention import state
from wordrel.models.matched.loss import Sampling, Scored, shared_noise_loss
from wordrel.models.matched.model import Model
from wordrel.models.matched.weights import attention, initial_weights, mix, role
from wordrel.models.stream import Batch, Cutter, block_of
from wordrel.models.windows import place_scores, visible

KINDS = list(ARCHITECTURES)
HEADED = [(kind, n) for kind in KINDS for n in (1, 2) if n == 1 or ARCHITECTURES[kind].maps]
V, W, CHUNK = 13, 3, 7
LENGTHS = (11, 1, 5, 2, 8)
SENTENCES = [
    [int(word) for word in np.random.default_rng(n).integers(V, size=size)]
    for n, size in enumerate(LENGTHS)
]
N = sum(LENGTHS)
FIRSTS = np.cumsum([0, *LENGTHS[:-1]]).tolist()


def model_of(kind: str, dim: int = 10, dtype: torch.dtype = torch.float64, **given: Any) -> Model:
    """Random tables and weights, offsets too."""
    config = MatchedConfig(kind=kind, **given)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    dense = initial_weights(config, dim, W, generator)
    for name, weight in dense.items():
        noise = torch.randn(weight.shape, generator=generator)
        dense[name] = (weight + 0.5 * noise).to(dtype)
    inputs, outputs = (torch.randn(V, dim, generator=generator).to(dtype) for _ in range(2))
    return Model(config, inputs, outputs, torch.zeros(V, 1, dtype=dtype), dense)


def batches_of(
    sentences: list[list[int]],
    *,
    shrink: bool = True,
    window: int = W,
    hidden: NDArray[np.bool_] | None = None,
    blocks: int = 0,
) -> list[Batch]:
    ids = split_of(sentences).ids
    of = np.repeat(np.arange(len(sentences)), [len(s) for s in sentences])
    cutter = Cutter(window, shrink, CHUNK, 2, lead=max(0, blocks - 1) * (window - 1))
    block = replace(block_of(ids, of, len(ids)), hidden=hidden)
    return list(cutter.batches(block, np.random.default_rng(5), shuffle=False))


def states_of(model: Model, sentences: list[list[int]], **how: Any) -> NDArray[np.float64]:
    """Y of all N tokens in their order."""
    found = []
    for batch in batches_of(sentences, blocks=model.blocks, **how):
        y, _ = model.states(batch)
        found.append(y.numpy()[batch.real])
    return np.concatenate(found)


def windows_of(sentences: list[list[int]], **how: Any) -> list[tuple[int, int]]:
    """How many tokens before and behind each token it may see."""
    return [
        (int(left), int(right))
        for batch in batches_of(sentences, **how)
        for left, right in zip(batch.left[batch.real], batch.right[batch.real], strict=True)
    ]


def plain_states(
    model: Model, sentences: list[list[int]], hidden: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """One target after the other by `models.attention`; zeros where there is no context."""
    tensors = {name: tensor.numpy() for name, tensor in model.tensors().items()}
    windows = iter(windows_of(sentences))
    unseen = np.zeros(N, dtype=np.bool_) if hidden is None else hidden
    cut = np.split(unseen, np.cumsum([len(sentence) for sentence in sentences])[:-1])
    y = []
    for sentence, gone in zip(sentences, cut, strict=True):
        contexts = {}
        for i in range(len(sentence)):
            left, right = next(windows)
            after = (
                range(i + 1, i + 1 + right) if model.architecture.objective == "masked_word" else ()
            )
            contexts[i] = [j for j in (*range(i - left, i), *after) if not gone[j]]
        for i, context in contexts.items():
            nothing = np.zeros(model.inputs.shape[1])
            y.append(state(model.config, tensors, sentence, i, contexts)[0] if context else nothing)
    return np.array(y)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    ("kind", "heads", "dim"),
    [(k, h, {1: 5, 2: 10}[h]) for k, h in HEADED] + [(k, 3, 21) for k, h in HEADED if h == 2],
)
def test_states_are_those_of_the_equations(kind: str, heads: int, dim: int, scale: bool) -> None:
    model = model_of(kind, dim, heads=heads, scale=scale)
    y = states_of(model, SENTENCES)
    assert y.shape == (N, dim)
    np.testing.assert_allclose(y, plain_states(model, SENTENCES), rtol=1e-10, atol=1e-12)
    assert np.abs(y).max() > 0.1


HIDDEN = np.random.default_rng(8).random(N) < 0.4
SHUT = np.flatnonzero(HIDDEN).tolist()


@pytest.mark.parametrize(("kind", "heads"), HEADED)
def test_hidden_words_are_rows_less_of_the_equations(kind: str, heads: int) -> None:
    model = model_of(kind, heads=heads, scale=True)
    y = states_of(model, SENTENCES, hidden=HIDDEN)
    np.testing.assert_allclose(y, plain_states(model, SENTENCES, HIDDEN), rtol=1e-9, atol=1e-12)
    moved = (y != states_of(model, SENTENCES)).any(1)
    assert moved.sum() > N / 3
    assert set(np.flatnonzero(moved)) <= set().union(*(askers(kind, i) for i in SHUT))


@pytest.mark.parametrize(("kind", "heads"), HEADED)
def test_a_hidden_word_says_nothing_but_what_it_asks(kind: str, heads: int) -> None:
    model = model_of(kind, heads=heads, dtype=torch.float32, scale=True)
    before = states_of(model, SENTENCES, hidden=HIDDEN)
    flat = np.array(list(chain(*SENTENCES)))
    flat[SHUT] = (flat[SHUT] + 1) % V
    cut = [words.tolist() for words in np.split(flat, FIRSTS[1:])]
    moved = set(np.flatnonzero((states_of(model, cut, hidden=HIDDEN) != before).any(1)))
    asked = {i + 1 for i in SHUT} if ARCHITECTURES[kind].query == "previous" else set()
    assert moved <= asked
    assert bool(moved) == bool(asked)


@pytest.mark.parametrize("kind", KINDS)
def test_hiding_nothing_changes_no_bit(kind: str) -> None:
    model = model_of(kind, dtype=torch.float32)
    nothing = np.zeros(N, dtype=np.bool_)
    y = states_of(model, SENTENCES, hidden=nothing)
    np.testing.assert_array_equal(y, states_of(model, SENTENCES))


TIED = [
    ("attention", ("K=Q",)),
    ("attention", ("Q=I",)),
    ("attention_position", ("V=I",)),
    ("mean_query_attention", ("Q=I", "K=Q", "V=I")),
    ("transformer_block", ("K=Q", "V=I")),
    ("mask_query_attention", ("V=I",)),
]


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize(("kind", "ties"), TIED)
def test_tied_roles_are_those_of_the_equations(
    kind: str, ties: tuple[str, ...], heads: int
) -> None:
    model = model_of(kind, heads=heads, ties=ties, scale=True)
    learnt = {"W_q", "W_k", "W_v"} & set(model.dense)
    own = {"K=Q": "W_k", "Q=I": "W_q", "V=I": "W_v"}
    maps = {"W_k", "W_v"} | ({"W_q"} if kind != "mask_query_attention" else set())
    assert learnt == maps - {own[tie] for tie in ties}
    y = states_of(model, SENTENCES)
    np.testing.assert_allclose(y, plain_states(model, SENTENCES), rtol=1e-9, atol=1e-12)
    free = model_of(kind, heads=heads, scale=True)
    assert np.abs(states_of(free, SENTENCES) - y).max() > 0.1


def test_a_query_without_a_map_says_all_that_one_with_a_map_can_say() -> None:
    """One head of full width: W_q^T W_k is one matrix, which a free W_k can be."""
    free, tied = model_of("attention"), model_of("attention", ties=("Q=I",))
    tied.dense["W_k"] = free.dense["W_q"].T @ free.dense["W_k"]
    tied.dense["W_v"], tied.inputs = free.dense["W_v"], free.inputs
    np.testing.assert_allclose(
        states_of(tied, SENTENCES), states_of(free, SENTENCES), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if ARCHITECTURES[k].maps and not ARCHITECTURES[k].block]
)
def test_swapping_a_value_moves_the_logits_by_its_weight_times_the_difference(kind: str) -> None:
    """s' - s = a_ij (v_k - v_j) O^T: what an attended word says is its value, and nothing else."""
    model = model_of(kind)
    sentence, at, other = [3, 1, 12, 5, 9], 3, 8
    (batch,) = batches_of([sentence], shrink=False)
    x = model.inputs[model.context_ids(batch)]
    a = attention(model.config, model.dense, x, places_of(model, batch, x))
    seen = int(a[0, 0, at].argmax()) - W
    swapped = x.clone()
    swapped[0, seen + W] = model.inputs[other]  # a value of its own, its key as before
    logits = [mix(model.config, model.dense, v, a)[0, at] @ model.outputs.T for v in (x, swapped)]
    values = model.inputs @ role(model.config, model.dense, "W_v", model.inputs).T
    moved = a[0, 0, at, seen + W] * (values[other] - values[sentence[seen]])
    torch.testing.assert_close(logits[1] - logits[0], moved @ model.outputs.T)
    assert moved.abs().max() > 0.01


def places_of(model: Model, batch: Batch, x: Tensor) -> Tensor:
    offsets, direct = model.dense.get("offsets"), model.architecture.direct
    return place_scores(model.architecture.objective, batch, offsets, x, direct=direct)


@pytest.mark.parametrize("hidden", [None, HIDDEN])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_sum_to_one_and_are_zero_outside_the_context(
    kind: str, hidden: NDArray[np.bool_] | None
) -> None:
    heads = 2 if ARCHITECTURES[kind].maps else 1
    model = model_of(kind, heads=heads, dtype=torch.float32)
    for batch in batches_of(SENTENCES, hidden=hidden):
        x = model.inputs[model.context_ids(batch)]
        seen = visible(
            model.architecture.objective, batch, x.device, direct=model.architecture.direct
        )
        attends = seen.any(-1)
        a = attention(model.config, model.dense, x, places_of(model, batch, x))
        here = a.transpose(1, 2)[attends]  # [targets, H, S]
        inside = seen[attends][:, None].expand_as(here)
        torch.testing.assert_close(here.sum(-1), torch.ones(here.shape[:2]))
        assert (here[~inside] == 0).all()
        assert (here[inside] > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_without_context_has_state_zero(kind: str) -> None:
    model = model_of(kind)
    y = states_of(model, SENTENCES)
    alone = (
        FIRSTS if ARCHITECTURES[kind].objective == "next_word" else [LENGTHS[0]]
    )  # a one-word sentence
    assert np.flatnonzero((y == 0).all(1)).tolist() == alone
    counted = [
        bool(has) for batch in batches_of(SENTENCES) for has in model.has_context(batch)[batch.real]
    ]
    assert np.flatnonzero(~np.array(counted)).tolist() == alone


def one_sentence(model: Model, length: int) -> tuple[list[int], Tensor, NDArray[np.float64]]:
    """A sentence that its window covers, its input vectors, and y of what follows each word."""
    sentence = [int(word) for word in np.random.default_rng(7).integers(V, size=length)]
    (batch,) = batches_of([[*sentence, 0]], shrink=False, window=length)
    y, _ = model.states(batch)
    return sentence, model.inputs[sentence], y.numpy()[batch.real][1:]


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_is_causal_scaled_dot_product_attention(heads: int) -> None:
    model = model_of("attention", heads=heads, scale=True)
    _, x, y = one_sentence(model, 6)
    q, k, v = (
        (x @ model.dense[name].T).view(6, heads, -1).transpose(0, 1)
        for name in ("W_q", "W_k", "W_v")
    )
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_allclose(y, theirs.transpose(0, 1).reshape(6, -1).numpy(), rtol=1e-10)


def test_attention_is_torchs_multihead_attention_without_its_output_map() -> None:
    model, heads, dim = model_of("attention", heads=2, scale=True), 2, 10
    _, x, y = one_sentence(model, 6)
    theirs = torch.nn.MultiheadAttention(dim, heads, bias=False, dtype=torch.float64)
    maps = torch.cat([model.dense[name] for name in ("W_q", "W_k", "W_v")])
    theirs.load_state_dict({"in_proj_weight": maps, "out_proj.weight": torch.eye(dim)})
    later = torch.ones(6, 6, dtype=torch.bool).triu(1)
    with torch.no_grad():
        expected, _ = theirs(x[:, None], x[:, None], x[:, None], attn_mask=later)
    np.testing.assert_allclose(y, expected[:, 0].numpy(), rtol=1e-10)


@pytest.mark.parametrize(("kind", "heads"), HEADED)
def test_a_state_does_not_depend_on_its_target(kind: str, heads: int) -> None:
    # unscaled, a weight can be too small for a float
    model = model_of(kind, heads=heads, dtype=torch.float32, scale=True)
    before = states_of(model, SENTENCES)
    flat = list(chain(*SENTENCES))
    for i in range(N):
        changed = [*flat]
        changed[i] = (changed[i] + 1) % V
        cut = [changed[a : a + n] for a, n in zip(FIRSTS, LENGTHS, strict=True)]
        moved = (states_of(model, cut) != before).any(1)
        assert not moved[i]
        assert set(np.flatnonzero(moved)) == askers(kind, i)


def askers(kind: str, i: int) -> set[int]:
    """The tokens whose window holds token i."""
    of = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    found, seen = set(), {}
    for other, (left, right) in enumerate(windows_of(SENTENCES)):
        masked = ARCHITECTURES[kind].objective == "masked_word"
        reach = range(other - left, other + 1 + (right if masked else 0))
        seen[other] = {j for j in reach if j != other and of[other] == of[j]}
        if i in seen[other]:
            found.add(other)
    if ARCHITECTURES[kind].blocks == 2:  # it sees what the first block made of the words that ask
        return {u for u, context in seen.items() if {j + 1 for j in context} & found}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_of_a_noise_word_does_not_depend_on_the_true_word(kind: str) -> None:
    model = model_of(kind, dtype=torch.float32)
    noise = torch.tensor([[1, 9, 10]])

    def of_noise(sentences: list[list[int]], i: int) -> Tensor:
        """The gradient of the scores of the noise words, from which these follow."""
        y = torch.from_numpy(states_of(model, sentences)[[i]])
        true = torch.tensor(list(chain(*sentences)))[[i]]
        even = torch.zeros(V)
        scored = [Scored(w, model.outputs[w], model.bias[w, 0], even[w]) for w in (true, noise)]
        counts = torch.ones(1, dtype=torch.bool)
        how = Sampling("negative_sampling", negatives=5, keep_hits=True)
        return shared_noise_loss(how, y, counts, *scored).bias[1:]

    changed = [[*sentence] for sentence in SENTENCES]
    changed[0][4] = (changed[0][4] + 1) % V
    assert torch.equal(of_noise(changed, 4), of_noise(SENTENCES, 4))
    assert not torch.equal(of_noise(changed, 5), of_noise(SENTENCES, 5))


def last_state(model: Model, sentence: list[int]) -> NDArray[np.float64]:
    (batch,) = batches_of([[*sentence, 0]], shrink=False)
    y, _ = model.states(batch)
    last: NDArray[np.float64] = y.numpy()[batch.real][len(sentence)]
    return last


def test_attention_does_not_see_the_order_of_what_stands_before_its_query() -> None:
    model, query = model_of("attention"), 7
    y = last_state(model, [2, 11, query])
    np.testing.assert_allclose(last_state(model, [11, 2, query]), y, atol=1e-12)
    assert np.abs(last_state(model, [2, query, 11]) - y).max() > 0.1  # another word asks


def test_with_positions_the_order_counts() -> None:
    model, query = model_of("attention_position"), 7
    y = last_state(model, [2, 11, query])
    assert np.abs(last_state(model, [11, 2, query]) - y).max() > 0.1


def test_masked_attention_without_offsets_is_one_weight_a_word() -> None:
    model = model_of("mask_query_attention", ties=(), scale=False)
    model.dense["offsets"].zero_()
    u = model.dense["W_k"].T @ model.dense["q_mask"]  # a_j proportional to exp(u . e_j)
    weight = torch.exp(model.inputs @ u)
    values = model.inputs @ model.dense["W_v"].T
    (batch,) = batches_of([[3, 1, 12, 5, 9]], shrink=False)
    y, _ = model.states(batch)
    around = torch.tensor([3, 1, 5, 9])
    expected = (weight[around, None] * values[around]).sum(0) / weight[around].sum()
    torch.testing.assert_close(y[0, 2], expected)


def test_an_offset_that_outweighs_all_others_is_a_shift() -> None:
    model = model_of("attention_position")
    model.dense |= {"W_v": torch.eye(10, dtype=torch.float64)}
    model.dense["offsets"][W - 2] = 1e4  # two before the target
    words = [3, 1, 12, 5, 9]
    (batch,) = batches_of([words], shrink=False)
    y, _ = model.states(batch)
    torch.testing.assert_close(y[0, 2:5], model.inputs[words[:3]])


def without_scores(kind: str) -> Model:
    """No query, no offsets, values as they are: what is left is a mean."""
    model = model_of(kind, dtype=torch.float32)
    for name in ("W_q", "b_q", "q_mask", "offsets"):
        if name in model.dense:
            model.dense[name].zero_()
    if "W_v" in model.dense:
        model.dense["W_v"] = torch.eye(10)
    return model


SUMS = [
    k
    for k in KINDS
    if not (ARCHITECTURES[k].direct or ARCHITECTURES[k].block or k == "dot_product_attention")
]


@pytest.mark.parametrize("kind", [k for k in SUMS if ARCHITECTURES[k].position_values == "none"])
def test_without_query_and_offsets_a_state_is_the_mean_of_the_context(kind: str) -> None:
    model = without_scores(kind)
    y, e = states_of(model, SENTENCES), model.inputs.numpy()
    windows = iter(windows_of(SENTENCES))
    for i, (sentence, at) in enumerate((s, at) for s in SENTENCES for at in range(len(s))):
        left, right = next(windows)
        context = sentence[at - left : at]
        if ARCHITECTURES[kind].objective == "masked_word":
            context = context + sentence[at + 1 : at + 1 + right]
        expected = e[context].mean(0) if context else np.zeros(10)
        np.testing.assert_allclose(y[i], expected, atol=1e-6)


def test_masked_attention_without_scores_is_cbow() -> None:
    model, training = without_scores("mask_query_attention"), TrainingConfig(dim=10, window=W)
    vocab = toy_corpus([list(range(V))]).vocab
    tables = {"input": model.inputs.numpy(), "output": model.outputs.numpy()}
    dense = {name: weight.numpy() for name, weight in model.dense.items()}
    cbow = Word2vecConfig(kind="word2vec", algorithm="cbow")
    theirs = MODELS["word2vec"].read(tables, vocab, training, cbow).context
    stored = tables | dense | {"bias": model.bias.numpy()}
    ours = MODELS["mask_query_attention"].read(stored, vocab, training, model.config).context
    assert ours is not None
    assert theirs is not None
    split = split_of(SENTENCES)
    stream = split.ids.astype(np.int64), split.sentence_ends
    np.testing.assert_allclose(ours.states(*stream), theirs.states(*stream), atol=1e-6)
    np.testing.assert_allclose(ours.contextual(*stream), theirs.contextual(*stream), atol=1e-6)
    log_p = [c.log_probabilities(model.inputs.numpy()) for c in (ours, theirs)]
    np.testing.assert_allclose(*log_p, atol=1e-5)


@pytest.mark.parametrize(("kind", "heads"), HEADED)
def test_gradients_of_attention_and_mix_are_those_of_finite_differences(
    kind: str, heads: int
) -> None:
    model = model_of(kind, dim=4, heads=heads, scale=heads == 2)
    words = [[1, 5, 2, 2, 8, 3], [4]]
    (batch,) = batches_of(words, shrink=False)
    batch = replace(batch, **{name: getattr(batch, name)[:1] for name in ("ids", "left", "right")})
    names = list(model.dense)

    def y(x: Tensor, *dense: Tensor) -> Tensor:
        weights = dict(zip(names, dense, strict=True))
        changed = Model(model.config, model.inputs, model.outputs, model.bias, weights)
        return changed.mixed(x, batch)[model.has_context(batch)]

    x = model.inputs[model.context_ids(batch)]
    inputs = [t.detach().clone().requires_grad_() for t in (x, *model.dense.values())]
    assert torch.autograd.gradcheck(y, inputs, fast_mode=model.architecture.block)


@pytest.mark.parametrize("kind", ["mean", "next_mean"])
def test_an_undivided_gradient_is_that_of_the_sum(kind: str) -> None:
    plain, sum_gradient = model_of(kind), model_of(kind, sum_gradient=True)
    (batch,) = batches_of([[3, 1, 12, 5, 9]])
    sizes = visible(plain.architecture.objective, batch, torch.device("cpu")).sum(-1)
    found = []
    for model in (plain, sum_gradient):
        x = model.inputs[model.context_ids(batch)].requires_grad_()
        y = model.mixed(x, batch)
        pull = torch.randn(y.shape, generator=torch.Generator().manual_seed(0), dtype=y.dtype)
        pull = pull * model.has_context(batch)[..., None]
        divisor = sizes.clamp(min=1)[..., None] if model is plain else 1
        found.append((y.detach(), *torch.autograd.grad(y, x, pull * divisor)))
    torch.testing.assert_close(found[1][0], found[0][0])  # the state is the same mean
    torch.testing.assert_close(found[1][1], found[0][1])
    assert sizes.max() > 1


REFUSED = [
    (
        {"kind": "dot_product_attention", "heads": 2},
        "found 2, expected 1: dot_product_attention has no",
    ),
    ({"kind": "mean", "ties": ["V=I"]}, "ties: found V=I, expected none: mean has no such maps"),
    (
        {"kind": "mask_query_attention", "ties": ["K=Q"]},
        "found K=Q, expected none: mask_query_attention",
    ),
    ({"kind": "attention", "sum_gradient": True}, "expected false: attention is no plain mean"),
]


@pytest.mark.parametrize(("model", "message"), REFUSED)
def test_settings_that_an_architecture_has_no_use_for_are_refused(model: Any, message: str) -> None:
    study = {"study": "s", "corpora": [{"source": "x"}], "seeds": [1], "tasks": ["ws353"]}
    with pytest.raises(ConfigError, match=message):
        parse_config({**study, "models": [model]})


def test_word_weight_is_masked_attention_without_maps_and_offsets() -> None:
    """The reparameterisation u = W_k^T q_mask, seen from the other side."""
    masked, plain = model_of("mask_query_attention", ties=()), model_of("word_weight")
    masked.dense["offsets"].zero_()
    masked.dense["W_v"] = torch.eye(10, dtype=torch.float64)
    plain.dense["q_mask"] = masked.dense["W_k"].T @ masked.dense["q_mask"]
    plain.inputs = masked.inputs
    np.testing.assert_allclose(
        states_of(plain, SENTENCES), states_of(masked, SENTENCES), atol=1e-12
    )
