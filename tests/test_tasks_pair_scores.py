"""Pairs of words that stand for all frequencies, and what lifts say of them."""

from dataclasses import replace

import numpy as np
import pytest

from random_models import random_readings
from task_spaces import task_of
from wordrel.corpus.vocab import Vocab
from wordrel.tasks.base import Scope
from wordrel.tasks.neighbours import PAIR_SCORES, PAIRS, stratified_pairs
from wordrel.tasks.weights import tenths


def vocab_of(size):
    counts = np.arange(size, 0, -1, dtype=np.int64)
    return Vocab(tuple(f"w{i}" for i in range(size)), counts)


@pytest.mark.parametrize(("words", "each"), [(20_000, 50), (10_000, 50), (4_000, 20), (219, 1)])
def test_as_many_pairs_of_each_two_tenths_and_no_word_twice(words, each):
    vocab = vocab_of(words)
    pairs = stratified_pairs(vocab)
    assert len(pairs) == 100 * each <= PAIRS
    assert len(np.unique(pairs)) == 2 * len(pairs)
    strata = np.zeros((10, 10), dtype=int)
    np.add.at(strata, tuple(tenths(vocab)[pairs].T), 1)
    assert (strata == each).all()
    np.testing.assert_array_equal(pairs, stratified_pairs(vocab))


def task():
    return task_of("pair_scores", [], question="agreement", measure="lift_correlation")


def test_each_lift_answers_the_pairs_and_a_model_without_one_says_so():
    attention, mean = (random_readings(kind, vocab_of(30)) for kind in ("attention", "mean"))
    rows = {row.task: row for row in PAIR_SCORES.answer(task(), attention, Scope(True))}
    assert [*rows] == ["mine.query_key", "mine.in_out", "mine.value_out"]
    assert {row.note for row in rows.values()} == {"the vocabulary has fewer than 200 words"}
    large = vocab_of(400)

    def said(left, right):
        return left + 1000.0 * right

    lifts = {"q.k.lift": said, "in.out.lift": lambda a, b: -said(a, b)}
    found = PAIR_SCORES.answer(
        task(), replace(attention, vocab=large, relations=lifts), Scope(True)
    )
    pairs = stratified_pairs(large)
    np.testing.assert_array_equal(found[0].predicted, said(*pairs.T))
    np.testing.assert_array_equal(found[1].predicted, -said(*pairs.T))
    assert [row.embedding for row in found] == ["q.k.lift", "in.out.lift", ""]
    assert found[2].note == "the model has no lift of its value and out tables"
    assert np.isnan(found[2].predicted).all()
    (silent, *_) = PAIR_SCORES.answer(task(), replace(mean, vocab=large, relations={}), Scope(True))
    assert silent.note
