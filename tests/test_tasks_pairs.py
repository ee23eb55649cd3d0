"""Sanity of graded pairs; `test_tasks.py` has the rest."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from task_spaces import readings_of, task_of
from wordrel.tasks.base import Scope
from wordrel.tasks.pairs import PAIRS

SCOPE = Scope(lowercase=True)


@pytest.fixture(scope="module")
def planted():
    """A thousand pairs whose gold is their cosine, loudly said."""
    rows = np.random.default_rng(0).normal(size=(300, 5))
    left, right = np.random.default_rng(1).integers(0, 300, (2, 1000))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    noise = np.random.default_rng(2).normal(size=1000)
    gold = np.einsum("pd,pd->p", unit[left], unit[right]) + 0.3 * noise
    words = [f"w{a} w{b}" for a, b in zip(left, right, strict=True)]
    return task_of("pairs", words, gold=gold), readings_of(
        {f"w{i}": row for i, row in enumerate(rows)}
    )


def score(outcome):
    return spearmanr(outcome.gold, outcome.predicted).statistic


def test_shuffled_vectors_or_shuffled_gold_is_chance(planted):
    task, word_model = planted
    generator = np.random.default_rng(3)
    shuffled = generator.permutation(word_model.embeddings["input"])
    embeddings = {"input": word_model.embeddings["input"], "shuffled": shuffled}
    true, chance = PAIRS.answer(task, replace(word_model, embeddings=embeddings), SCOPE)
    assert score(true) > 0.7
    for row in (chance, replace(true, gold=generator.permutation(true.gold))):
        assert abs(score(row) - row.chance) < 3 / np.sqrt(1000)


def test_an_embedding_without_its_mean_is_an_embedding_like_any_other(planted):
    task, word_model = planted
    moved = word_model.embeddings["input"] + np.float32(10)
    embeddings = {"input": moved, "input.centred": moved - moved.mean(axis=0)}
    raw, centred = PAIRS.answer(task, replace(word_model, embeddings=embeddings), SCOPE)
    assert [row.embedding for row in (raw, centred)] == ["input", "input.centred"]
    assert score(centred) > 0.7 > score(raw) + 0.1
