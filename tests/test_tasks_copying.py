"""Copying scores: by hand, of planted circuits, and the floor of words as frequent."""

from dataclasses import replace

import numpy as np
import pytest

from random_models import random_readings
from task_spaces import vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks import load_task
from wordrel.tasks.base import Scope
from wordrel.tasks.copying import KIND, copying_score

V, D = 400, 12
VOCAB = vocab_of([f"w{i}" for i in range(V)])
TASK = load_task("copying")


def of(**tables):
    model = WordModel(VOCAB, {name: t.astype(np.float32) for name, t in tables.items()})
    return {m.group: m for m in KIND.measure(TASK, model, Scope(True))}


def drawn(seed=0):
    return np.random.default_rng(seed).normal(size=(V, D))


def test_a_score_by_hand():
    # outputs' x values = diag(3, -1): 2 / 4
    values = np.array([[3.0, 0.0], [0.0, -1.0]], dtype=np.float32)
    assert copying_score(values, np.eye(2, dtype=np.float32)) == pytest.approx(0.5)
    # a rotation by a right angle: eigenvalues i and -i
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]], dtype=np.float32)
    assert copying_score(turn, np.eye(2, dtype=np.float32)) == pytest.approx(0)
    assert np.isnan(copying_score(np.zeros_like(turn), turn))


def test_the_eigenvalues_are_those_of_the_whole_matrix_of_words():
    values, outputs = drawn(1), drawn(2)
    whole = np.linalg.eigvals(values @ outputs.T)
    expected = whole.real.sum() / np.abs(whole).sum()
    found = copying_score(values.astype(np.float32), outputs.astype(np.float32))
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_circuit_that_copies_is_above_its_floor_and_one_that_avoids_below():
    output = drawn()
    for sign in (1, -1):
        found = of(input=drawn(5), output=output, value=sign * output + 0.5 * drawn(3))
        own, floor, highest = (one.value for one in found.values())
        assert sign * own > 0.9
        assert abs(floor) < 0.4
        assert floor < highest < 0.7
        assert {one.embedding for one in found.values()} == {"value"}
        assert {one.n for one in found.values()} == {V}


def test_a_circuit_that_says_only_how_frequent_words_are_copies_no_more_than_its_floor():
    """All words of a tenth have one value and one output: they say nothing of a single word."""
    frequency = np.repeat(drawn()[:10], V // 10, axis=0)
    own, floor, highest = of(input=frequency, output=frequency).values()
    assert own.value == pytest.approx(floor.value) == pytest.approx(highest.value)
    assert own.value > 0.9
    assert own.embedding == "input"


def test_every_model_with_two_tables_has_a_score_and_counts_have_none():
    model = random_readings("attention", VOCAB, dim=D)
    assert len(KIND.measure(TASK, model, Scope(True))) == 3
    assert KIND.measure(TASK, replace(model, embeddings={}), Scope(True)) == []
