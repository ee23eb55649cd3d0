"""Do the losses learn p(w | c)? On a language whose p is known.

One word has p = .5 everywhere, and ten of the noise words of each group are that word. Every
sentence is a context and a word: `c w`. So a dropped word changes no other word's context, and what
a model learns of (c, w) is p(w | c) exactly, but for what its loss and its samples do.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from wordrel.config import MatchedConfig, TrainingConfig
from wordrel.corpus import Corpus, Split, Vocab
from wordrel.models import MODELS, Runtime
from wordrel.models.context import StreamContext
from wordrel.models.matched.loss import Sampling, Scored, shared_noise_loss
from wordrel.models.sampling import noise_distribution

CLOSE = 0.005
"""Nats that a loss may be off the full softmax."""


@dataclass(frozen=True, eq=False)
class Language:
    """Word w, of W, follows context c with the probability p[c, w]; contexts are even.

    Attributes:
        p: shape [C, W].
        pairs: sentences of the corpus.
    """

    p: NDArray[np.float64]
    pairs: int

    @property
    def words(self) -> int:
        return self.p.shape[1]

    @cached_property
    def drawn(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rng = np.random.default_rng(1)
        context = rng.integers(len(self.p), size=self.pairs)
        word = np.empty_like(context)
        for c, p in enumerate(self.p.cumsum(1)):
            mine = context == c
            word[mine] = np.searchsorted(p, rng.random(mine.sum())).clip(max=self.words - 1)
        return context, word

    @cached_property
    def seen(self) -> NDArray[np.float64]:
        """The shares of the words behind each context in the corpus, [C, W]."""
        counts = np.zeros_like(self.p)
        np.add.at(counts, self.drawn, 1)
        return np.asarray(counts / counts.sum(1, keepdims=True))

    @cached_property
    def corpus(self) -> Corpus:
        context, word = self.drawn
        ids = np.stack([self.words + context, word], axis=1).ravel().astype(np.int32)
        ends = np.arange(2, len(ids) + 1, 2).astype(np.int64)
        counts = np.bincount(ids, minlength=sum(self.p.shape)).astype(np.int64)
        split = Split(ids, ends, ends)
        vocab = Vocab(tuple(f"w{i}" for i in range(len(counts))), counts)
        return Corpus("planted", "0" * 12, vocab, split, split, {})

    def noise_words(self, of_the_first: float) -> int:
        """How many noise words a group needs so that so many of them are word 0."""
        return round(of_the_first / noise_distribution(self.corpus.vocab.counts, 0.75)[0])

    def trained(self, loss: str, training: dict[str, Any], **settings: Any) -> StreamContext:
        own = TrainingConfig(window=2, **training)
        config = MatchedConfig(kind="next_mean", loss=loss, **settings)  # type: ignore[arg-type]
        model = MODELS["next_mean"]
        tensors = model.train(self.corpus, own, config, 1, Runtime("cpu")).tensors
        context = model.read(tensors, self.corpus.vocab, own, config).context
        assert isinstance(context, StreamContext)
        return context

    def log_p(self, model: StreamContext) -> NDArray[np.float64]:
        """What a model says of each word behind each context, [C, W]."""
        contexts = self.words + np.arange(len(self.p))
        ids = np.stack([contexts, np.zeros_like(contexts)], axis=1).ravel()
        ends = np.arange(2, len(ids) + 1, 2)
        scores = np.concatenate([block.copy() for block in model.scores(ids, ends, ends - 1)])
        return np.asarray(log_softmax(scores.astype(np.float64), axis=1)[:, : self.words])

    def loss(self, model: StreamContext, p: NDArray[np.float64] | None = None) -> float:
        """Expected nats a word under the language, or under other shares."""
        return float(-((self.p if p is None else p) * self.log_p(model)).sum(1).mean())

    @property
    def entropy(self) -> float:
        return float(-(self.p * np.log(self.p)).sum(1).mean())


def half_of_one_word(contexts: int, words: int, pairs: int) -> Language:
    """The other words have Zipf's shares, each context raising or lowering some."""
    draw = np.random.default_rng(0)
    lift = 0.7 * draw.standard_normal((contexts, 4)) @ draw.standard_normal((4, words - 1))
    others = softmax(lift - np.log(np.arange(words - 1) + 5.0), axis=1)
    return Language(np.concatenate([np.full((contexts, 1), 0.5), others / 2], axis=1), pairs)


SMALL = half_of_one_word(contexts=4, words=20, pairs=20_000)
ALL = {"subsample": 0.0, "shrink_window": False}
DROPPED = {"subsample": 0.05, "shrink_window": True}  # as w2v, but for so few words: .65 of word 0
HOW = {
    "full": ("full_softmax", ALL),
    "lm": ("sampled_softmax", ALL),
    "w2v": ("negative_sampling", DROPPED),
    "w2v, hits skipped": ("negative_sampling", DROPPED | {"hits": "skip"}),
    "lm, words dropped": ("sampled_softmax", DROPPED),
    "lm, hits skipped": ("sampled_softmax", ALL | {"hits": "skip"}),
}


@cache
def model_of(how: str) -> StreamContext:
    loss, training = HOW[how]
    settings = {"shared_negatives": SMALL.noise_words(10), "group": 64, "batch": 512}
    return SMALL.trained(loss, {"dim": 8, "epochs": 6} | training, **settings)


def test_the_full_softmax_learns_the_language() -> None:
    assert SMALL.loss(model_of("full")) == pytest.approx(SMALL.entropy, abs=CLOSE)
    assert np.exp(SMALL.log_p(model_of("full"))[:, 0]) == pytest.approx([0.5] * 4, abs=0.02)


@pytest.mark.parametrize("how", [how for how in HOW if how != "lm, hits skipped"])
def test_a_sampled_loss_learns_what_the_full_softmax_learns(how: str) -> None:
    assert SMALL.loss(model_of(how)) == pytest.approx(SMALL.loss(model_of("full")), abs=CLOSE)
    assert np.exp(SMALL.log_p(model_of(how))[:, 0]) == pytest.approx([0.5] * 4, abs=0.03)


def test_a_softmax_that_skips_hits_makes_the_frequent_word_too_likely() -> None:
    skipped = model_of("lm, hits skipped")
    assert np.exp(SMALL.log_p(skipped)[:, 0]).min() > 0.7
    assert SMALL.loss(skipped) > SMALL.loss(model_of("full")) + 0.1


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ("w2v", {"subsample": 0.0}),  # dropped words are not put back
        ("lm, words dropped", {"subsample": 0.0}),
        ("w2v", {"noise_exponent": 0.0}),  # noise is not put back
        ("w2v", {"teaches": "odds"}),
        ("w2v, hits skipped", {"teaches": "ratio"}),
    ],
)
def test_what_is_read_in_another_way_than_it_was_taught_is_off(
    how: str, change: dict[str, Any]
) -> None:
    right = model_of(how)
    if "teaches" in change:
        wrong = replace(right, **change)
    else:
        wrong = replace(right, training=right.training.model_copy(update=change))
    assert SMALL.loss(wrong) > SMALL.loss(right) + CLOSE


# 20,000 words ---------------------------------------------------------------------------------

V, K, B, GROUP, BATCHES = 20_000, 5, 4096, 128, 60


def slopes(kind: Any, *, keep: bool) -> NDArray[np.float64]:
    """The gradient of each bias, a row a batch, where all scores stand for the true p."""
    rng = np.random.default_rng(3)
    p = 1 / (np.arange(V) + 5.0)
    p[0] = p[1:].sum()
    p /= p.sum()
    noise = p**0.75 / (p**0.75).sum()
    draws = round(10 / noise[0])
    log_noise = torch.from_numpy(np.log(noise))
    ratio = kind == "negative_sampling"
    score = torch.from_numpy(np.log(p)) - ratio * (log_noise + np.log(K))

    def scored(words: NDArray[np.int64]) -> Scored:
        ids = torch.from_numpy(words)
        return Scored(ids, torch.zeros(*words.shape, 1), score[ids].float(), log_noise[ids].float())

    found = np.zeros((BATCHES, V))
    everything = torch.ones(B, dtype=torch.bool)
    for row in found:
        true = rng.choice(V, p=p, size=B)
        wrong = rng.choice(V, p=noise, size=(B // GROUP, draws))
        how = Sampling(kind, K, keep)
        loss = shared_noise_loss(how, torch.zeros(B, 1), everything, scored(true), scored(wrong))
        np.add.at(row, np.concatenate([true, wrong.ravel()]), loss.bias[:, 0].numpy())
    return found


@pytest.mark.parametrize("kind", ["negative_sampling", "sampled_softmax"])
def test_at_the_truth_of_many_words_nothing_more_is_learnt(kind: Any) -> None:
    """With 20,000 words, of which the first has p = .5 and ten noise words a group."""
    kept, skipped = slopes(kind, keep=True), slopes(kind, keep=False)
    frequent = slice(0, 50)
    errors = kept.std(0, ddof=1)[frequent] / np.sqrt(BATCHES)
    assert np.abs(kept.mean(0)[frequent] / errors).max() < 4.5
    rest = kept[:, 50:].sum(1)  # all others together
    assert abs(rest.mean()) < 4.5 * rest.std(ddof=1) / np.sqrt(BATCHES)
    first = skipped[:, 0]
    assert first.mean() < -20 * first.std(ddof=1) / np.sqrt(BATCHES)  # it is still to rise


MANY = half_of_one_word(contexts=8, words=V - 8, pairs=200_000)


@pytest.mark.slow
def test_among_many_words_a_sampled_softmax_is_the_full_one() -> None:
    """On the corpus itself: so little text teaches the full softmax to rule out unseen words."""
    settings = {"shared_negatives": 256, "group": GROUP, "batch": B}
    shared = {"dim": 8, "epochs": 3}
    full, sampled, skipped = (
        MANY.trained(*_with(how, shared), **settings) for how in ("full", "lm", "lm, hits skipped")
    )
    # After three epochs neither has converged: the full softmax has ruled out more unseen words.
    assert MANY.loss(sampled, MANY.seen) == pytest.approx(MANY.loss(full, MANY.seen), abs=0.02)
    assert MANY.loss(sampled) < MANY.loss(full) + CLOSE
    assert MANY.loss(skipped) > MANY.loss(full) + 0.1
    negative = MANY.trained("negative_sampling", shared | ALL, **settings)
    assert MANY.loss(negative) < MANY.loss(full) + CLOSE
    longer = {"subsample": 1e-3, "shrink_window": True, "dim": 8, "epochs": 12}
    assert (
        MANY.loss(MANY.trained("negative_sampling", longer, **settings)) < MANY.loss(full) + CLOSE
    )


def _with(how: str, shared: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    loss, training = HOW[how]
    return loss, shared | training
