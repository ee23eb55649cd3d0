"""The foot of the ladder against gensim's CBOW: the same neighbours, and the one known difference.

gensim (like word2vec.c) gives every context word the whole gradient of the mean; the derivative of
a mean is that divided by the number of words.
"""

from typing import Any

import numpy as np
import pytest
import torch
from gensim.models import Word2Vec

from planted import Plan, partners
from wordrel.config import MatchedConfig, TrainingConfig, Word2vecConfig
from wordrel.corpus import Corpus
from wordrel.models import MODELS, Runtime
from wordrel.models.matched.loss import Sampling, Scored, shared_noise_loss
from wordrel.models.matched.model import Model
from wordrel.models.stream import Cutter, block_of

TRAINING = TrainingConfig(dim=16, window=3, epochs=5, subsample=0)
CPU = Runtime("cpu")


def vectors(corpus: Corpus, config: Any) -> np.ndarray:
    trained = MODELS[config.kind].train(corpus, TRAINING, config, 1, CPU)
    vectors = trained.tensors["input"]
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def nearest(unit: np.ndarray) -> np.ndarray:
    similar = unit @ unit.T
    np.fill_diagonal(similar, -2)
    best: np.ndarray = similar.argmax(1)
    return best


@pytest.mark.parametrize("sum_gradient", [False, True])
def test_mean_and_gensims_cbow_find_the_same_neighbours(
    planted: Corpus, sum_gradient: bool
) -> None:
    cbow = Word2vecConfig(kind="word2vec", algorithm="cbow", learning_rate=0.05)
    theirs = nearest(vectors(planted, cbow))
    ours = nearest(
        vectors(planted, MatchedConfig(kind="mean", batch=256, sum_gradient=sum_gradient))
    )
    left, right = (planted.vocab.ids(words) for words in zip(*partners(Plan()), strict=True))
    for found in (theirs, ours):
        assert (found[left] == right).mean() >= 0.9
        assert (found[right] == left).mean() >= 0.9
    asked = np.concatenate([left, right])
    assert (theirs[asked] == ours[asked]).mean() >= 0.8


A, W, B = 0, 1, 2  # the sentence; W is the target, its context is A and B
RATE = 0.1


def given() -> tuple[np.ndarray, np.ndarray]:
    """Word vectors and output vectors; W's own word vector is 0, so that only W moves A and B."""
    inputs = np.array([[0.3, -0.1], [0.0, 0.0], [0.2, 0.4]], dtype=np.float32)
    outputs = np.array([[0.0, 0.0], [0.5, -0.2], [0.0, 0.0]], dtype=np.float32)
    return inputs, outputs


def pull() -> np.ndarray:
    """The gradient of the mean that the target W gives: (1 - sigmoid(o_w . y)) o_w."""
    inputs, outputs = given()
    score = outputs[W] @ (inputs[A] + inputs[B]) / 2
    whole: np.ndarray = outputs[W] * (1 - 1 / (1 + np.exp(-score)))
    return whole


def test_gensim_gives_each_context_word_the_whole_gradient() -> None:
    model = Word2Vec(
        vector_size=2,
        window=1,
        shrink_windows=False,
        negative=1,
        ns_exponent=1,
        sample=0,
        sg=0,
        cbow_mean=1,
        alpha=RATE,
        min_alpha=RATE,
        min_count=1,
        workers=1,
    )
    # W is so frequent that it is the noise word always: no counter-example where it is the target
    model.build_vocab_from_freq({A: 1, W: 10**9, B: 1})
    inputs, outputs = given()
    order = [model.wv.key_to_index[word] for word in (A, W, B)]
    model.wv.vectors[order], model.syn1neg[order] = inputs, outputs
    model.train([[A, W, B]], total_examples=1, epochs=1)
    moved = (model.wv.vectors[order] - inputs)[[A, B]] / RATE
    np.testing.assert_allclose(
        moved, np.stack([pull(), pull()]), rtol=0.02
    )  # its sigmoid is a table


@pytest.mark.parametrize(("sum_gradient", "share"), [(False, 0.5), (True, 1.0)])
def test_ours_divides_it_unless_told_not_to(sum_gradient: bool, share: float) -> None:
    inputs, outputs = map(torch.from_numpy, given())
    config = MatchedConfig(kind="mean", sum_gradient=sum_gradient)
    model = Model(config, inputs, outputs, torch.zeros(3, 1), {})
    block = block_of(np.array([A, W, B], dtype=np.int32), np.zeros(3, dtype=np.int64), 3)
    (batch,) = Cutter(1, False, 3, 1).batches(block, np.random.default_rng(0), shuffle=False)
    x = inputs[model.context_ids(batch)].requires_grad_()
    y = model.mixed(x, batch)
    words, noise, none = torch.tensor([A, W, B]), torch.tensor([[W]]), torch.zeros(3)
    scored = [Scored(w, outputs[w], none[w], none[w]) for w in (words, noise)]
    only_w = torch.tensor([False, True, False])
    how = Sampling(
        "negative_sampling", negatives=1, keep_hits=False
    )  # the noise word is the target
    loss = shared_noise_loss(how, y.detach()[0], only_w, *scored)
    (d_x,) = torch.autograd.grad(y, x, loss.states[None])
    moved = -d_x[0, [1, 3]].numpy()  # the columns of A and B, behind one of padding
    np.testing.assert_allclose(moved, share * np.stack([pull(), pull()]), rtol=1e-5)
