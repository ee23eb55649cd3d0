"""The one-file version against the library: the same losses and the same gradients."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from planted import split_of
from wordrel.config import MatchedConfig
from wordrel.models.matched.loss import Sampling, Scored, shared_noise_loss
from wordrel.models.matched.model import Model
from wordrel.models.matched.weights import initial_weights
from wordrel.models.sampling import keep_probability, noise_distribution
from wordrel.models.stream import Batch, Cutter, block_of, sentence_numbers

KINDS = {"CBOW": "mean", "self-attention": "mean_query_attention"}
SENTENCES = [[3, 1, 12, 5, 9, 1, 7, 2, 0, 4, 11, 6, 8], [4], [6, 8], [10, 0, 11, 11, 2]]
NOISE = np.array([5, 1, 9, 0, 5, 12])
V, D = 13, 7


def load(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


micro = load("micro")


def library_model(model: str) -> Model:
    """Random numbers everywhere, so that no part of a gradient is 0."""
    config = MatchedConfig(kind=KINDS[model], scale=True, query_bias=False)
    generator = torch.Generator().manual_seed(2)
    dense = initial_weights(config, D, micro.WINDOW, generator)
    dense = {n: torch.randn(t.shape, generator=generator).double() for n, t in dense.items()}
    tables = (torch.randn(V, n, generator=generator).double() for n in (D, D, 1))
    return Model(config, *tables, dense)


def library_batch() -> Batch:
    split = split_of(SENTENCES)
    block = block_of(split.ids, sentence_numbers(split.sentence_ends), len(split.ids))
    cutter = Cutter(micro.WINDOW, shrink=False, chunk=len(split.ids), chunks=1)
    (batch,) = cutter.batches(block, np.random.default_rng(0), shuffle=False)
    return batch


def library_gradients(model: Model) -> tuple[float, dict[str, torch.Tensor]]:
    """The summed loss of all targets, and what each table and map would be moved along."""
    batch, noise = library_batch(), torch.from_numpy(NOISE)[None]
    true = torch.tensor([word for sentence in SENTENCES for word in sentence])
    near = model.context_ids(batch)
    dense = {name: weight.requires_grad_() for name, weight in model.dense.items()}
    x = model.inputs[near].requires_grad_()
    y = model.mixed(x, batch)
    log_noise = torch.zeros(V, dtype=torch.float64)  # for the other loss only
    scored = [
        Scored(words, model.outputs[words], model.bias[words, 0], log_noise[words])
        for words in (true, noise)
    ]
    counts = model.has_context(batch).flatten()
    states = y.detach().flatten(0, 1)
    how = Sampling("negative_sampling", micro.NEGATIVES, keep_hits=True)
    loss = shared_noise_loss(how, states, counts, *scored)
    d_x, *d_dense = torch.autograd.grad(y, [x, *dense.values()], loss.states.view_as(y))
    words = torch.cat((true, noise.flatten()))
    found = {
        "input": torch.zeros_like(model.inputs).index_add_(0, near.flatten(), d_x.flatten(0, 1)),
        "output": torch.zeros_like(model.outputs).index_add_(0, words, loss.outputs),
        "bias": torch.zeros_like(model.bias).index_add_(0, words, loss.bias),
        **dict(zip(dense, d_dense, strict=True)),
    }
    return loss.total()[0], found


def micro_weights(model: Model) -> dict[str, np.ndarray]:
    tables = {"input": model.inputs, "output": model.outputs, "bias": model.bias}
    return {n: t.detach().numpy() for n, t in {**tables, **model.dense}.items()}


@pytest.mark.parametrize("model", list(KINDS))
def test_losses_and_gradients_are_those_of_the_library(model: str) -> None:
    theirs = library_model(model)
    expected_loss, expected = library_gradients(theirs)
    true, near, there = micro.windows([np.array(sentence) for sentence in SENTENCES])
    w = micro_weights(theirs)
    loss, found = micro.gradients(model, w, (true, near, there.astype(np.float64)), NOISE)
    assert loss == pytest.approx(expected_loss, rel=1e-10)
    assert found.keys() == expected.keys()
    for name, (rows, gradient) in found.items():
        total = np.zeros_like(w[name])
        np.add.at(total, rows, gradient)
        np.testing.assert_allclose(total, expected[name].numpy(), rtol=1e-9, atol=1e-9)
        assert np.abs(total).max() > 0.1


@pytest.mark.parametrize("model", list(KINDS))
def test_states_and_attention_are_those_of_the_library(model: str) -> None:
    theirs, batch = library_model(model), library_batch()
    true, near, there = micro.windows([np.array(sentence) for sentence in SENTENCES])
    y, a, _ = micro.MODELS[model](theirs.inputs.numpy()[near], there, micro_weights(theirs))
    expected, has_context = theirs.states(batch)
    assert true.tolist() == [w for s in SENTENCES if len(s) > 1 for w in s]
    np.testing.assert_allclose(y, expected[has_context].numpy(), atol=1e-5)
    weights = theirs.weights(batch)[has_context].numpy()
    for mine, full in zip(a, weights, strict=True):
        np.testing.assert_allclose(mine[mine > 0], full[full > 0], atol=1e-5)


def test_training_learns_which_words_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words 0 to 4 stand with each other, and so do 5 to 9."""
    rng = np.random.default_rng(0)
    groups = np.arange(10).reshape(2, 5)
    sentences = [rng.permutation(groups[n % 2]) for n in range(400)]
    counts = np.bincount(np.concatenate(sentences))
    monkeypatch.setattr(micro, "SUBSAMPLE", 1.0)
    for model in KINDS:
        start = micro.new_weights(10, np.random.default_rng(1))
        before = micro.held_out_loss(model, start, sentences[:9], counts)
        loss = micro.held_out_loss(model, micro.train(model, sentences, counts), sentences, counts)
        assert before == pytest.approx(np.log(10), abs=0.01)
        assert loss < np.log(10) - 0.5 * np.log(2)


def test_its_sampling_rules_are_those_of_the_library() -> None:
    counts = np.array([5, 900, 33, 1])
    np.testing.assert_allclose(micro.noise_share(counts), noise_distribution(counts, 0.75))
    ratio = micro.SUBSAMPLE * counts.sum() / counts
    np.testing.assert_allclose(
        np.minimum(np.sqrt(ratio) + ratio, 1), keep_probability(counts, micro.SUBSAMPLE)
    )


def test_it_is_short() -> None:
    text = (Path(__file__).parents[1] / "micro.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
