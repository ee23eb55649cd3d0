"""The readable equations against what a user gets: states, weights and scores of every model."""

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from planted import toy_corpus
from random_models import Tensors, random_tensors, read
from wordrel.config import ARCHITECTURES, MatchedConfig
from wordrel.models.attention import mean, scores, self_attention, state
from wordrel.models.context import StreamContext
from wordrel.models.sampling import noise_distribution

DIM, W = 12, 3
SENTENCES = [[3, 1, 12, 5, 9, 1, 7, 2], [4], [6, 8], [10, 0, 11, 11, 2]]
IDS = np.array([word for sentence in SENTENCES for word in sentence])
ENDS = np.cumsum([len(sentence) for sentence in SENTENCES])
TARGETS = [(sentence, i) for sentence in SENTENCES for i in range(len(sentence))]
VOCAB = toy_corpus([[*range(13)], *SENTENCES]).vocab
MAPPED = [kind for kind in ARCHITECTURES if ARCHITECTURES[kind].maps]
GIVEN: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in ARCHITECTURES),
    *((kind, {"heads": 3, "scale": True}) for kind in MAPPED),
    ("attention", {"ties": ("K=Q",)}),
    ("attention", {"ties": ("Q=I", "V=I")}),
]


def context_of(kind: str, sentence: list[int], i: int) -> list[int]:
    """The places in the whole window of a target."""
    after = range(i + 1, min(i + W + 1, len(sentence)))
    return [
        *range(max(0, i - W), i),
        *(after if ARCHITECTURES[kind].objective == "masked_word" else ()),
    ]


@pytest.mark.parametrize(("kind", "given"), GIVEN)
def test_states_weights_and_scores_of_the_fast_path_are_those_of_the_equations(
    kind: str, given: dict[str, Any]
) -> None:
    tensors, config = random_tensors(kind, 13, DIM, W, **given), MatchedConfig(kind=kind, **given)
    fast = read(kind, tensors, VOCAB, W, config).context
    assert isinstance(fast, StreamContext)
    y, weighed = fast.states(IDS, ENDS), fast.weights(IDS, ENDS)
    log_p = fast.log_probabilities(np.nan_to_num(y))
    noise = noise_distribution(VOCAB.counts, fast.training.noise_exponent)
    asks_before = ARCHITECTURES[kind].objective == "next_word"
    compared = 0
    for t, (sentence, i) in enumerate(TARGETS):
        context = context_of(kind, sentence, i)
        if not context:
            assert np.isnan(y[t]).all()
            continue
        contexts = {n: context_of(kind, sentence, n) for n in range(len(sentence))}
        expected, a = state(config, tensors, sentence, i, contexts)
        np.testing.assert_allclose(y[t], expected, atol=1e-5)
        np.testing.assert_allclose(
            weighed.weight[weighed.state == t - asks_before], a.mean(axis=0), atol=1e-5
        )
        p = softmax(scores(tensors, expected) + np.log(noise))
        np.testing.assert_allclose(log_p[t], np.log(p), atol=1e-4, rtol=1e-5)
        compared += 1
    assert compared == len(IDS) - (len(SENTENCES) if asks_before else 1)


def words(kind: str) -> tuple[Tensors, Any, Any]:
    """Random tensors, and the vectors of a context of four words and of the one that asks."""
    tensors = {n: t.astype(np.float64) for n, t in random_tensors(kind, 13, DIM, W).items()}
    x = tensors["input"][[3, 1, 12, 5]]
    return tensors, x, x[-1]


def test_cbow_is_the_mean_of_its_window() -> None:
    tensors, x, _ = words("mean")
    np.testing.assert_allclose(mean(x), x.sum(axis=0) / 4)
    y, a = state(MatchedConfig(kind="mean"), tensors, [3, 1, 0, 12, 5], 2, {2: [0, 1, 3, 4]})
    np.testing.assert_allclose(y, mean(x))
    np.testing.assert_allclose(a, np.full((1, 4), 1 / 4))
    cbow = random_tensors("cbow", 13, DIM, W)
    fast = read("cbow", cbow, VOCAB, W).context
    assert fast is not None
    expected = mean(cbow["input"][[8, 12]].astype(np.float64))
    np.testing.assert_allclose(
        fast.states(np.array([8, 2, 12]), np.array([3]))[1], expected, atol=1e-6
    )


def test_self_attention_is_the_architecture_of_that_name_and_with_no_query_the_mean() -> None:
    tensors, x, asking = words("attention")
    maps = [tensors[name] for name in ("W_q", "W_k", "W_v")]
    plain = MatchedConfig(kind="attention", scale=False)
    y, _ = state(plain, tensors, [3, 1, 12, 5, 0], 4, {4: range(4)})
    np.testing.assert_allclose(self_attention(x, asking, *maps), y)
    unmapped = self_attention(x, asking, np.zeros((DIM, DIM)), maps[1], np.eye(DIM))
    np.testing.assert_allclose(unmapped, mean(x))
    assert np.abs(y - mean(x)).max() > 0.1
