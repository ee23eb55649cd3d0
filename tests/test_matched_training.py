"""Training of the matched family: what it learns, and how it fails."""

import math
from dataclasses import replace
from itertools import chain
from typing import Any, get_args

import numpy as np
import pytest
import torch

from planted import split_of, toy_corpus
from wordrel.config import (
    ARCHITECTURES,
    MatchedConfig,
    SkipGramConfig,
    TrainingConfig,
    identity,
)
from wordrel.config.models import TrainingChange
from wordrel.corpus import Corpus
from wordrel.errors import TrainingError
from wordrel.models import MODELS, Runtime
from wordrel.models.matched import device_of, trainer
from wordrel.models.matched.loss import Kind
from wordrel.models.matched.resume import Position, batches
from wordrel.models.matched.skip_gram import SkipGram
from wordrel.models.stream import Cutter, block_of
from wordrel.models.trained import Trained
from wordrel.study.cell import cell_digest

CPU = Runtime("cpu")
TRAINING = TrainingConfig(dim=8, window=2, epochs=1, subsample=0)


def train(corpus: Corpus, kind: str, runtime: Runtime = CPU, **given: Any) -> Trained:
    training = given.pop("training", TRAINING)
    config = MatchedConfig(kind=kind, **given)  # type: ignore[arg-type]
    return MODELS[kind].train(corpus, training, config, 1, runtime)


@pytest.mark.parametrize("kind", list(ARCHITECTURES))
def test_the_loss_starts_at_its_known_value_and_falls(planted: Corpus, kind: str) -> None:
    log = train(planted, kind, batch=64).log
    start = (1 + TRAINING.negatives) * math.log(2)
    losses = [row["loss"] for row in log]
    assert len(losses) >= 3
    assert losses[-1] < losses[0] < start
    assert losses[-1] < 0.75 * start
    assert log[-1]["tokens"] == len(planted.train.ids)


def test_with_no_learning_the_loss_stays_at_its_start(planted: Corpus) -> None:
    trained = train(planted, "attention", learning_rate=1e-30, weights_learning_rate=1e-30)
    assert np.abs(trained.tensors["output"]).max() < 1e-20
    assert [row["loss"] for row in trained.log] == pytest.approx([6 * math.log(2)], rel=1e-5)


@pytest.mark.parametrize("loss", get_args(Kind))
def test_each_loss_teaches_probabilities_that_beat_the_unigram(planted: Corpus, loss: str) -> None:
    training = TRAINING.model_copy(update={"epochs": 3})
    config = MatchedConfig(kind="mean_query_attention", batch=64, loss=loss)  # type: ignore[arg-type]
    tensors = MODELS["mean_query_attention"].train(planted, training, config, 1, CPU).tensors
    context = MODELS["mean_query_attention"].read(tensors, planted.vocab, training, config).context
    assert context is not None
    ids = np.asarray(planted.test.ids).astype(np.int64)
    states = context.states(ids, planted.test.sentence_ends.astype(np.int64))
    log_p = context.log_probabilities(states)
    np.testing.assert_allclose(np.exp(log_p).sum(1), 1, rtol=1e-4)
    share = planted.vocab.counts / planted.vocab.counts.sum()
    unigram = -np.log(share[ids]).mean()
    assert -log_p[np.arange(len(ids)), ids].mean() < 0.8 * unigram


START = MatchedConfig(kind="mean", batch=64)
STILL = {"learning_rate": 1e-30, "weights_learning_rate": 1e-30, "batch": 64}


def test_a_model_goes_on_from_one_that_it_contains(planted: Corpus) -> None:
    first = train(planted, "mean", batch=64)
    still = train(planted, "mean_query_attention_position", start=START, **STILL)
    for name, tensor in first.tensors.items():
        assert still.tensors[name].tobytes() == tensor.tobytes()
    assert np.abs(still.tensors["offsets"]).max() < 1e-20
    assert still.targets == 2 * first.targets
    assert still.trained_tokens == 2 * first.trained_tokens == still.log[-1]["tokens"]
    assert still.log[: len(first.log)] == first.log


def test_going_on_lowers_the_loss_and_draws_other_words(planted: Corpus) -> None:
    first = train(planted, "mean", batch=64)
    longer = train(planted, "mean", batch=64, start=START)
    assert longer.log[-1]["loss"] < first.log[-1]["loss"]
    own = START.model_copy(update={"training": TrainingChange(epochs=3)})
    config = MatchedConfig(kind="mean", start=own)
    assert config.epochs(TRAINING) == 4
    assert MatchedConfig(kind="mean", start=config).epochs(TRAINING) == 5


def test_a_start_that_is_not_contained_is_refused(planted: Corpus) -> None:
    with pytest.raises(TrainingError, match="mean does not contain position_weight: other pos"):
        train(planted, "mean", start=MatchedConfig(kind="position_weight"))
    with pytest.raises(ValueError, match="heads: found 2, expected 1: mean has no maps"):
        MatchedConfig(kind="attention", start={"kind": "mean", "heads": 2})
    with pytest.raises(ValueError, match="dim: expected epochs alone"):
        MatchedConfig(kind="attention", start={"kind": "mean", "training": {"dim": 3}})


def test_a_model_without_a_start_is_named_as_before() -> None:
    """By settings whose value changes nothing; a start of other settings is another model."""
    plain, started = (MatchedConfig(kind="attention", start=s) for s in (None, {"kind": "mean"}))
    names = [
        cell_digest("corpus", identity(model), TRAINING.model_dump(), 1, "attention 2")
        for model in (plain, started, started.model_copy(update={"start": START}))
    ]
    assert len(set(names)) == 3
    old = {key: value for key, value in identity(plain).items() if key != "start"}
    assert names[0] == cell_digest("corpus", old, TRAINING.model_dump(), 1, "attention 2")


@pytest.mark.parametrize("rate", [1e3, 1e9, 1e30])
def test_a_loss_that_explodes_is_named_with_step_and_learning_rate(
    planted: Corpus, rate: float
) -> None:
    expected = (
        r"the loss is \S+ at step 10 \(it started at about 4.159\): lower models.mine.learning_rate"
    )
    with pytest.raises(TrainingError, match=expected) as error:
        train(planted, "attention", name="mine", learning_rate=rate, batch=64)
    assert f"learning_rate ({rate})" in str(error.value)
    start = MatchedConfig(kind="next_mean", learning_rate=rate, batch=64)
    with pytest.raises(TrainingError, match=r"lower models.mine.start.learning_rate"):
        train(planted, "attention", name="mine", start=start)


def test_a_weight_that_is_not_finite_at_the_end_is_an_error(
    planted: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer.Trainer.__init__

    def broken(self: trainer.Trainer, *arguments: Any) -> None:
        made(self, *arguments)
        self.model.outputs[unseen] = float("nan")
        self.noise_bounds[unseen - 1] = 1  # it is not drawn as a noise word either

    unseen, sentences = 4, [[0, 1, 2, 3]] * 50
    corpus = replace(toy_corpus([*sentences, [unseen]]), train=split_of(sentences))
    monkeypatch.setattr(trainer.Trainer, "__init__", broken)
    with pytest.raises(TrainingError, match=r"not finite at the end: lower models\.attention"):
        train(corpus, "attention")


@pytest.mark.parametrize("kind", list(ARCHITECTURES))
def test_a_corpus_without_neighbours_teaches_nothing_and_says_so(kind: str) -> None:
    with pytest.raises(TrainingError, match="no word has another one in its window"):
        train(toy_corpus([[0], [1], [2]] * 9), kind)


def test_a_subsample_that_drops_everything_says_so() -> None:
    corpus = toy_corpus([[0, 1, 2, 3]] * 9)
    training = TRAINING.model_copy(update={"subsample": 1e-12})
    with pytest.raises(TrainingError, match=r"training.subsample \(1e-12\) must be higher"):
        train(corpus, "attention", training=training)


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_any_batch_size_trains_on_sentence_starts_too(batch: int) -> None:
    corpus = toy_corpus([[0, 1, 2], [3], [1, 0], [2]] * 8)
    trained = train(corpus, "attention", batch=batch)
    assert trained.log[-1]["tokens"] == len(corpus.train.ids)
    assert math.isfinite(trained.log[-1]["loss"])


def test_progress_ends_at_one_and_never_falls(planted: Corpus) -> None:
    told: list[float] = []
    train(planted, "attention", Runtime("cpu", lambda share, detail: told.append(share)), batch=64)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    assert len(told) > 2


def test_parameters_are_tables_maps_and_offsets(small: Corpus) -> None:
    words, dim, window = len(small.vocab), TRAINING.dim, TRAINING.window
    tables = 2 * words * dim + words
    sizes = {kind: train(small, kind).parameters - tables for kind in ARCHITECTURES}
    assert sizes == {
        "mean": 0,
        "word_weight": dim,
        "position_weight": 2 * window + 1,
        "mean_query_attention": 3 * dim**2 + dim,
        "mean_query_attention_position": 3 * dim**2 + dim + 2 * window + 1,
        "next_mean": 0,
        "next_position_weight": 2 * window + 1,
        "next_mean_query": 3 * dim**2,
        "dot_product_attention": 0,
        "attention": 3 * dim**2,
        "attention_position": 3 * dim**2 + 2 * window + 1,
        "transformer_block": 12 * dim**2 + 6 * dim + 2 * window + 1,
        "mask_query_attention": dim + 2 * window + 1,
        "two_blocks": 24 * dim**2 + 10 * dim + 2 * (2 * window + 1),
        "position_vector": (2 * window + 1) * dim,
        "position_map": (2 * window + 1) * dim**2,
        "direct_mean": dim**2,
        "direct_mean_position": dim**2 + 2 * window + 1,
        "direct_word_weight": dim**2 + dim,
        "direct_word_weight_position": dim**2 + dim + 2 * window + 1,
        "direct_word_weight_map": 2 * dim**2 + dim + 2 * window + 1,
        "direct_dot_product": dim**2 + dim,
        "direct_dot_product_position": dim**2 + dim + 2 * window + 1,
        "direct_attention": 4 * dim**2 + dim,
        "direct_attention_position": 4 * dim**2 + dim + 2 * window + 1,
    }


TUNED: list[dict[str, Any]] = [
    *({"dropout": 0.3}, {"weight_decay": 0.5}, {"clip": 1e-3}, {"warm_up": 0.3}),
    *({"decay": "cosine"}, {"recency": 1.0}, {"query_bias": True}),
]


@pytest.mark.parametrize("given", TUNED)
def test_each_setting_changes_what_is_learnt_and_repeats_with_the_seed(
    small: Corpus, given: dict[str, Any]
) -> None:
    plain, one, other = (
        train(small, "attention_position", batch=64, **how).tensors for how in ({}, given, given)
    )
    for name, tensor in plain.items():
        np.testing.assert_array_equal(one[name], other[name])
        assert np.isfinite(tensor).all()
    assert np.abs(one["W_k"] - plain["W_k"]).max() > 1e-6


@pytest.mark.parametrize("context", ["window", "sentence", "passage"])
def test_targets_and_the_words_they_see_are_counted(context: str) -> None:
    sentences = [[0, 1, 2, 3, 4, 5, 6], [1], [2, 3], [4, 5, 6, 0]]
    training = TRAINING.model_copy(update={"context": context, "epochs": 2, "widest": 4})
    training = training.model_copy(update={"shrink_window": False})
    corpus = toy_corpus(sentences)
    whole = np.array([sum(map(len, sentences))])
    if context == "passage":
        corpus = replace(corpus, train=replace(corpus.train, document_ends=whole))
    texts = [list(chain(*sentences))] if context == "passage" else sentences
    reach = 2 if context == "window" else 4
    for kind, behind in (("mean", True), ("direct_mean", False), ("matched_skip_gram", True)):
        sides = [
            min(i, reach) + behind * min(len(text) - 1 - i, reach)
            for text in texts
            for i in range(len(text))
        ]
        config = (
            SkipGramConfig(kind=kind) if kind not in ARCHITECTURES else MatchedConfig(kind=kind)
        )
        found = MODELS[kind].train(corpus, training, config, 1, CPU)
        assert found.targets == 2 * np.count_nonzero(sides)
        assert found.context_words == 2 * sum(sides)


@pytest.mark.parametrize(
    ("kind", "context"), [("word_weight", "sentence"), ("direct_attention_position", "passage")]
)
def test_wide_contexts_are_learnt_from(planted: Corpus, kind: str, context: str) -> None:
    training = TRAINING.model_copy(
        update={"context": context, "widest": 12, "shrink_window": False}
    )
    log = train(planted, kind, training=training, batch=64).log
    assert log[-1]["loss"] < 0.8 * (1 + TRAINING.negatives) * math.log(2)
    assert log[-1]["tokens"] == len(planted.train.ids)


def test_skip_gram_learns_from_every_pair_of_a_window() -> None:
    """Against the gradient of the plain formula, pair by pair."""
    config = SkipGramConfig(kind="matched_skip_gram", batch=8, group=4, shared_negatives=3)
    model = SkipGram.new(config, dim=5, vocabulary=9, seed=1)
    model.outputs.normal_(generator=torch.Generator().manual_seed(0))
    words = np.array([3, 1, 4, 1, 5], dtype=np.int32)
    block = block_of(words, np.array([0, 0, 0, 0, 1]), 5)
    (batch,) = Cutter(2, False, 8, 1).batches(block, np.random.default_rng(0))
    x = model.inputs[model.context_ids(batch)].requires_grad_()
    found = model.predicted(x, batch)
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j and abs(i - j) <= 2]
    assert found.counts.all()
    assert found.words.tolist() == [words[j] for _, j in pairs]
    torch.testing.assert_close(
        found.states, torch.stack([model.inputs[words[i]] for i, _ in pairs])
    )
    (slopes,) = torch.autograd.grad(found.states.sum(), x)
    assert slopes[0, :, 0].tolist() == [2, 3, 3, 2, 0, 0, 0, 0]


@pytest.mark.parametrize(("group", "batch"), [(7, 16), (3, 16), (1000, 64)])
def test_skip_gram_at_once_learns_what_it_learns_pair_by_pair(
    group: int, batch: int, planted: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups that end within the pairs of a word, groups smaller than these, and one group."""
    config = SkipGramConfig(
        kind="matched_skip_gram", batch=batch, group=group, shared_negatives=3, learning_rate=0.05
    )
    cut = replace(planted, train=split_of([[*planted.train.ids[:60]], [1], [2, 3]]))
    found = []
    for pairwise in (True, False):
        model = SkipGram.new(config, dim=5, vocabulary=len(planted.vocab), seed=1)
        model.inputs, model.outputs, model.bias = (
            torch.from_numpy(np.random.default_rng(2).normal(size=table.shape))
            for table in (model.inputs, model.outputs, model.bias)
        )
        monkeypatch.setattr(trainer.Trainer, "_pairwise", pairwise)
        mine = trainer.Trainer(model, TRAINING, cut, np.random.default_rng(3))
        for optimiser in (mine.inputs, mine.outputs, mine.bias):
            optimiser.squares = optimiser.squares.double()
        losses = [mine.step(b, 1.0).total() for b in batches(mine, cut, Position())]
        found.append([torch.tensor(losses), mine.outputs.squares, mine.bias.squares])
        found[-1] += model.tensors().values()
    assert len(losses) > 0
    for fast, plain in zip(*found, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-9, atol=1e-9)


def test_a_graphics_card_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert device_of("auto").type == device_of("cpu").type == "cpu"
    with pytest.raises(TrainingError, match="torch finds no graphics card: use auto"):
        device_of("cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert device_of("auto").type == device_of("cuda").type == "cuda"


def test_positions_are_learnt_from_ordered_sentences_only() -> None:
    """Each word comes back two places behind, with any other word between."""
    drawn = np.random.default_rng(3).integers(0, 12, size=(1500, 2)).tolist()
    sentences = [[a, b, a, b] for a, b in drawn]
    offsets = {}
    for shuffled in (False, True):
        training = TrainingConfig(
            dim=16, window=3, shrink_window=False, epochs=5, subsample=0, shuffled=shuffled
        )
        rates = {"learning_rate": 1.0, "weights_learning_rate": 0.02}
        trained = train(
            toy_corpus(sentences), "position_weight", training=training, batch=64, **rates
        )
        offsets[shuffled] = np.delete(trained.tensors["offsets"].ravel(), 3)
    two_away, rest = offsets[False][[1, 4]], offsets[False][[0, 2, 3, 5]]
    assert two_away.min() > rest.max() + 0.5
    assert np.ptp(offsets[True]) < 0.4


def test_another_target_is_learnt_from_the_same_contexts() -> None:
    """Of `a b c d` behind a start: the next word is sure, a following one is each of the four."""
    corpus = toy_corpus([[0, 1, 2, 3, 4]] * 3000)
    shares, contexts = {}, {}
    for target in ("word", "following"):
        training = TrainingConfig(
            dim=8, window=1, shrink_window=False, epochs=4, subsample=0, target=target
        )
        own = {"loss": "full_softmax", "learning_rate": 0.5}
        config = MatchedConfig(kind="next_mean", batch=256, **own)  # type: ignore[arg-type]
        trained = MODELS["next_mean"].train(corpus, training, config, 1, CPU)
        model = MODELS["next_mean"].read(trained.tensors, corpus.vocab, training, config).context
        assert model is not None
        states = model.states(np.arange(5), np.array([5]))[1:]
        shares[target] = np.exp(model.log_probabilities(states))
        contexts[target] = trained.context_words
    np.testing.assert_allclose(shares["word"], np.eye(5)[1:], atol=0.05)
    expected = [[0, 0.25, 0.25, 0.25, 0.25], [0, 0, 1 / 3, 1 / 3, 1 / 3], [0, 0, 0, 0.5, 0.5]]
    np.testing.assert_allclose(shares["following"][:3], expected, atol=0.05)
    assert contexts["word"] == contexts["following"]


def test_shuffled_contexts_teach_no_positions_and_move_only_what_has_them() -> None:
    """Each word comes back two places behind, with any other word between."""
    drawn = np.random.default_rng(3).integers(0, 12, size=(800, 2)).tolist()
    corpus = toy_corpus([[a, b, a, b] for a, b in drawn])
    rates = {"learning_rate": 1.0, "weights_learning_rate": 0.03, "batch": 64}
    spread, moved = {}, {}
    for shuffled in (False, True):
        training = TrainingConfig(
            dim=8, window=3, shrink_window=False, epochs=3, subsample=0, shuffled_contexts=shuffled
        )
        for kind in ("mean", "position_weight"):
            config = MatchedConfig(kind=kind, **rates)  # type: ignore[arg-type]
            tensors = MODELS[kind].train(corpus, training, config, 1, CPU).tensors
            if kind == "position_weight":
                offsets = np.delete(tensors["offsets"].ravel(), 3)
                spread[shuffled] = offsets[[1, 4]].min() - offsets[[0, 2, 3, 5]].max()
            own = np.array([0, 1, 2, 3]), np.array([4])
            plain = training.model_copy(update={"shuffled_contexts": False})
            one, other = (
                MODELS[kind].read(tensors, corpus.vocab, how, config).context
                for how in (training, plain)
            )
            assert one is not None and other is not None
            moved[kind, shuffled] = np.abs(one.states(*own) - other.states(*own)).max()
    assert spread[False] > 0.3 > 0 > spread[True]
    assert moved["mean", True] < 1e-6 < 1e-3 < moved["position_weight", True]
