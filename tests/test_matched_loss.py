"""The hand-written loss and optimiser against autograd, formulas by hand, and counted shapes."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from planted import toy_corpus
from wordrel.config import ARCHITECTURES, MatchedConfig, TrainingConfig
from wordrel.models.matched.loss import (
    Kind,
    Loss,
    Sampling,
    Scored,
    full_softmax_loss,
    shared_noise_loss,
)
from wordrel.models.matched.model import new_model
from wordrel.models.matched.trainer import DenseAdam, RowAdagrad, Trainer
from wordrel.models.stream import Cutter, block_of

B, G, M, D, V, K = 11, 3, 5, 7, 13, 4  # groups of 4, 4 and 3 states
GROUP = 4
KINDS: tuple[Kind, ...] = get_args(Kind)
NEVER = torch.zeros(B, dtype=torch.bool)


class Case:
    """Random states and tables; word 2 is both the true word and a noise word of group 0."""

    def __init__(self) -> None:
        draw = torch.Generator().manual_seed(3)
        self.y, self.outputs = (
            torch.randn(n, D, generator=draw, dtype=torch.float64).requires_grad_() for n in (B, V)
        )
        self.bias = torch.randn(V, generator=draw, dtype=torch.float64).requires_grad_()
        self.log_noise = torch.log_softmax(torch.randn(V, generator=draw).double(), 0)
        self.true = torch.randint(V, (B,), generator=draw)
        self.noise = torch.randint(V, (G, M), generator=draw)
        self.true[1], self.noise[0, 3], self.noise[0, 4] = 2, 2, 2
        self.counts = torch.ones(B, dtype=torch.bool)
        self.counts[[0, 6]] = False

    def scored(self, words: Tensor) -> Scored:
        rows = self.outputs.detach()[words], self.bias.detach()[words]
        return Scored(words, *rows, self.log_noise[words])

    def ours(self, kind: Kind, *, keep: bool) -> Loss:
        true, noise = self.scored(self.true), self.scored(self.noise)
        how = Sampling(kind, K, keep)
        return shared_noise_loss(how, self.y.detach(), self.counts, true, noise)

    def plain(self, kind: Kind, *, keep: bool) -> Tensor:
        """The formula, state by state and noise word by noise word."""
        return self.negative_sampling(keep) if kind == KINDS[0] else self.sampled_softmax(keep)

    def full_softmax(self) -> Tensor:
        log_p = torch.log_softmax(self.y @ self.outputs.T + self.bias, 1)
        return -(log_p[torch.arange(B), self.true] * self.counts).sum()

    def sampled_softmax(self, keep: bool) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for i in range(B):
            if not self.counts[i]:
                continue
            others = [n for n in self.noise[i // GROUP] if keep or n != self.true[i]]
            words = torch.stack([self.true[i], *others])
            expected = M * self.log_noise[words].exp()  # draws of each word among M
            scores = self.outputs[words] @ self.y[i] + self.bias[words] - torch.log(expected)
            total = total - torch.log_softmax(scores, 0)[0]
        return total

    def negative_sampling(self, keep: bool) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for i in range(B):
            if not self.counts[i]:
                continue
            w = self.true[i]
            total = total - torch.log(torch.sigmoid(self.outputs[w] @ self.y[i] + self.bias[w]))
            for n in self.noise[i // GROUP]:
                if keep or n != w:
                    score = self.outputs[n] @ self.y[i] + self.bias[n]
                    total = total - K / M * torch.log(torch.sigmoid(-score))
        return total


HITS = pytest.mark.parametrize("keep", [True, False], ids=["keep", "skip"])


@HITS
@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_formula(kind: Kind, keep: bool) -> None:
    case = Case()
    total, states = case.ours(kind, keep=keep).total()
    assert total == pytest.approx(case.plain(kind, keep=keep).item(), rel=1e-12)
    assert states == B - 2
    assert total > 10


def test_a_hit_that_is_kept_costs_more() -> None:
    case = Case()
    for kind in KINDS:
        kept, skipped = (case.ours(kind, keep=keep).total()[0] for keep in (True, False))
        assert kept > skipped + 0.01


@HITS
@pytest.mark.parametrize("kind", KINDS)
def test_all_gradients_are_those_of_autograd(kind: Kind, keep: bool) -> None:
    case = Case()
    tables = [case.y, case.outputs, case.bias]
    d_y, d_outputs, d_bias = torch.autograd.grad(case.plain(kind, keep=keep), tables)
    loss = case.ours(kind, keep=keep)
    torch.testing.assert_close(loss.states, d_y)
    rows = torch.cat((case.true, case.noise.flatten()))
    torch.testing.assert_close(
        torch.zeros(V, D).double().index_add(0, rows, loss.outputs), d_outputs
    )
    torch.testing.assert_close(torch.zeros(V).double().index_add(0, rows, loss.bias[:, 0]), d_bias)
    assert (loss.states[[0, 6]] == 0).all()


@pytest.mark.parametrize("at_once", [1, 3 * V, 100 * V])
def test_the_full_softmax_is_that_of_autograd(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordrel.models.matched.loss._SCORES_AT_ONCE", at_once)
    case = Case()
    tables = [case.y, case.outputs, case.bias]
    d_y, d_outputs, d_bias = torch.autograd.grad(case.full_softmax(), tables)
    given = case.y.detach(), case.counts, case.true, case.outputs.detach(), case.bias.detach()
    loss = full_softmax_loss(*given)
    assert loss.total() == (pytest.approx(case.full_softmax().item(), rel=1e-12), B - 2)
    torch.testing.assert_close(loss.states, d_y)
    torch.testing.assert_close(loss.outputs, d_outputs)
    torch.testing.assert_close(loss.bias[:, 0], d_bias)


def test_scores_of_zero_cost_log_two_a_word() -> None:
    words = torch.tensor([0, 1]), torch.tensor([[2, 3, 4]])
    even = [torch.zeros(w.shape) for w in words]
    rows = [Scored(w, torch.zeros(*w.shape, D), e, e) for w, e in zip(words, even, strict=True)]
    everything = torch.ones(2, dtype=torch.bool)
    how = Sampling(KINDS[0], K, keep_hits=True)
    total, states = shared_noise_loss(how, torch.ones(2, D), everything, *rows).total()
    assert (total / states) == pytest.approx((1 + K) * math.log(2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_without_a_counted_state_costs_and_teaches_nothing(kind: Kind) -> None:
    case = Case()
    case.counts = NEVER
    loss = case.ours(kind, keep=True)
    assert loss.total() == (0, 0)
    assert not (loss.states.any() or loss.outputs.any() or loss.bias.any())


def test_row_adagrad_by_hand() -> None:
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    adagrad = RowAdagrad(table)
    adagrad.step(torch.tensor([2, 0, 2]), torch.tensor([[3.0, 1.0], [2.0, 2.0], [1.0, 5.0]]), 0.1)
    # row 2: mean squares 5 and 13, gradients add up to (4, 6); row 0: mean square 4
    root = math.sqrt(18)
    expected = [[1 - 0.1, 2 - 0.1], [3, 4], [5 - 0.4 / root, 6 - 0.6 / root]]
    np.testing.assert_allclose(table.numpy(), expected, rtol=1e-6)
    adagrad.step(torch.tensor([2]), torch.tensor([[0.0, 6.0]]), 0.1)
    expected[2][1] -= 0.1 * 6 / 6  # 18 + 18
    np.testing.assert_allclose(table.numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(adagrad.squares.numpy(), [4, 1e-10, 36], rtol=1e-6)


def test_with_one_column_row_adagrad_is_adagrad() -> None:
    steps = torch.randn(6, 4, 1, generator=torch.Generator().manual_seed(0))
    ours = torch.ones(4, 1)
    theirs = torch.ones(4, 1, requires_grad=True)
    adagrad = RowAdagrad(ours)
    reference = torch.optim.Adagrad([theirs], lr=0.3, initial_accumulator_value=1e-10, eps=0)
    for gradient in steps:
        adagrad.step(torch.arange(4), gradient.clone(), 0.3)
        theirs.grad = gradient.clone()
        reference.step()
    torch.testing.assert_close(ours, theirs.detach())


def test_dense_adam_computes_the_bits_of_torch_s_class() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = [(5, 3), (7,)]
    ours = [torch.randn(shape, generator=generator) for shape in shapes]
    theirs = [weight.clone().requires_grad_() for weight in ours]
    adam = DenseAdam(ours)
    reference = torch.optim.Adam(theirs, betas=(0.9, 0.99), fused=True)
    for rate in (0.3, 0.2, 0.1, 0.05):
        gradients = [torch.randn(shape, generator=generator) for shape in shapes]
        for weight, gradient in zip(theirs, gradients, strict=True):
            weight.grad = gradient.clone()
        reference.param_groups[0]["lr"] = rate
        reference.step()
        adam.step(gradients, rate)
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def trainer_of(kind: str, words: int, **given: int) -> Trainer:
    """A trainer that has seen only words 0 to 29 of a vocabulary of `words`."""
    rng = np.random.default_rng(0)
    sentences = [rng.integers(30, size=8).tolist() for _ in range(40)] + [[words - 1]]
    corpus = toy_corpus(sentences)
    corpus.vocab.counts[30:] = 1
    training = TrainingConfig(dim=6, window=2, subsample=0)
    config = MatchedConfig(kind=kind, batch=64, shared_negatives=8, group=16, **given)  # type: ignore[arg-type]
    model = new_model(config, training, words, seed=1)
    return Trainer(model, training, corpus, np.random.default_rng(2))


def steps(trainer: Trainer, number: int) -> set[int]:
    """Take steps; the words that they touched as input, target or noise word."""
    rng = np.random.default_rng(4)
    rows = np.arange(30, dtype=np.int32)
    block = block_of(rows, np.repeat(np.arange(3), 10), 30)
    touched: set[int] = set()
    for batch in list(Cutter(2, True, 8, 8).batches(block, rng)) * number:
        upcoming = trainer.drawn[: 4 * 8].tolist()
        trainer.step(batch, remaining=1.0)
        touched |= {*batch.ids.flatten().tolist(), *upcoming}
    return touched


@pytest.mark.parametrize("kind", list(ARCHITECTURES))
def test_rows_that_a_step_does_not_touch_stay_bit_equal(kind: str) -> None:
    trainer = trainer_of(kind, words=997)
    trainer.noise(1)  # the noise words of the next steps are drawn
    model = trainer.model
    model.outputs.normal_(generator=torch.Generator().manual_seed(0))
    before = [table.clone() for table in (model.inputs, model.outputs, model.bias)]
    touched = steps(trainer, 3)
    for old, new in zip(before, (model.inputs, model.outputs, model.bias), strict=True):
        moved = set(np.flatnonzero((old != new).any(1).numpy()))
        assert moved <= touched
        assert len(moved) >= 27  # the last word of a sentence is no context of a next word
    assert len(touched) < 200


@pytest.mark.parametrize("kind", list(ARCHITECTURES))
def test_no_operation_of_a_step_works_through_the_vocabulary(kind: str) -> None:
    words = 99_991
    trainer = trainer_of(kind, words)
    trainer.noise(1)
    steps(trainer, 1)
    with profile(
        activities=[ProfilerActivity.CPU], record_shapes=True, profile_memory=True
    ) as watched:
        steps(trainer, 1)
    over_all = {
        event.name
        for event in watched.events()
        if any(words in shape for shape in event.input_shapes if isinstance(shape, list))
    }
    by_row = {"aten::index_select", "aten::index_add_", "aten::scatter_add_"}
    embeddings = {"aten::select", "aten::as_strided"}
    assert {"aten::index_select", "aten::index_add_"} <= over_all <= by_row | embeddings
    largest = max(event.self_cpu_memory_usage for event in watched.events())
    assert 1000 < largest < words  # bytes; one number a word would take four times that


def test_noise_is_drawn_from_its_distribution() -> None:
    sentences = [[0] * 16, [1] * 81, [2]]  # exponent 3/4: 8, 27, 1
    training = TrainingConfig(dim=2)
    config = MatchedConfig(kind="attention", shared_negatives=500)
    model = new_model(config, training, 3, seed=0)
    trainer = Trainer(model, training, toy_corpus(sentences), np.random.default_rng(0))
    drawn = trainer.noise(80)
    assert drawn.shape == (80, 500)
    share = np.bincount(drawn.flatten().numpy()) / drawn.numel()
    assert share == pytest.approx(np.array([8, 27, 1]) / 36, abs=4 * 0.5 / math.sqrt(40_000))
    assert (trainer.noise(80) != drawn).any()


def test_more_noise_words_a_step_than_are_drawn_at_a_time() -> None:
    config = MatchedConfig(kind="attention", shared_negatives=1 << 17)
    training = TrainingConfig(dim=2)
    corpus = toy_corpus([[0, 1, 2]])
    model = new_model(config, training, 3, seed=0)
    assert Trainer(model, training, corpus, np.random.default_rng(0)).noise(3).shape == (3, 1 << 17)


def test_an_untrained_model_starts_as_word2vec_does() -> None:
    model = new_model(MatchedConfig(kind="attention_position"), TrainingConfig(dim=20), 500, seed=3)
    assert not (model.outputs.any() or model.bias.any() or model.dense["offsets"].any())
    assert torch.equal(model.dense["W_v"], torch.eye(20))
    assert 0.9 < model.inputs.abs().max().item() * 20 / 0.5 <= 1
    assert abs(model.inputs.mean().item()) < 1e-3
    torch.testing.assert_close(model.dense["W_q"].std().item(), 20**-0.5, rtol=0.1, atol=0)
