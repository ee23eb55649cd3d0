from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from task_spaces import auc, counted, relating, task_of, vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.pairs import DIRECTED, DIRECTION, balanced, oriented

SCOPE = Scope(lowercase=True)


def directed(words, gold, **fields):
    return task_of("directed_pairs", words, gold=gold, question="relate", **fields)


def two_ways(words, gold):
    labels = ["forward" if g else "backward" for g in gold]
    return task_of("direction", words, gold=gold, labels=labels, question="relate", measure="auc")


# Strength of a -> b ----------------------------------------------------------------------------


def test_a_pair_is_answered_by_its_relation_in_its_direction():
    vocab = vocab_of(["cat", "dog", "car"])
    task = directed(["cat dog", "dog cat", "car yak", "Car cat"], [3, 1, 2, 5])
    word_model = relating(vocab, ten=lambda a, b: 10 * a + b, one=lambda a, b: a + b)
    rows = DIRECTED.answer(task, word_model, SCOPE)
    assert [(row.task, row.embedding, row.selected) for row in rows] == [
        ("mine", "ten", True),
        ("mine", "one", False),
    ]
    assert rows[0].predicted == pytest.approx([1, 10, np.nan, 20], nan_ok=True)
    assert rows[1].predicted == pytest.approx([1, 1, np.nan, 2], nan_ok=True)
    for row in rows:
        assert row.covered.tolist() == [True, True, False, True]
        assert (row.gold.tolist(), row.chance, row.note) == ([3, 1, 2, 5], 0.0, "")
    cased = DIRECTED.covered(task.items, vocab, Scope(lowercase=False))
    assert cased.tolist() == [True, True, False, False]


def test_a_relation_without_a_number_says_for_how_many():
    def some(a, b):
        return np.where(a == 0, np.nan, b)

    task = directed(["cat dog", "dog cat"], [3, 1])
    (row,) = DIRECTED.answer(task, relating(vocab_of(["cat", "dog"]), some=some), SCOPE)
    assert row.predicted == pytest.approx([np.nan, 0], nan_ok=True)
    assert row.covered.all()
    assert row.note == "1 covered items got no number from this relation"


@pytest.mark.parametrize(
    ("kind", "task"),
    [(DIRECTED, directed(["cat dog"], [1])), (DIRECTION, two_ways(["cat dog", "dog cat"], [1, 0]))],
)
def test_a_model_without_relations_says_why(kind, task):
    mute = WordModel(vocab_of(["cat", "dog"]), {}, unavailable={"relate": "it is shy"})
    (row,) = kind.answer(task, mute, SCOPE)
    assert (row.embedding, row.selected, row.note) == ("", True, "it is shy")
    assert np.isnan(row.predicted).all()
    word_model = relating(vocab_of(["yak"]), zero=lambda a, b: 0.0 * a)
    (row,) = kind.answer(task, word_model, SCOPE)
    assert row.note.startswith("the vocabulary covers none of the")


# Direction -------------------------------------------------------------------------------------


def words_and_counts(n, seed=0):
    """Two words a pair, with counts from 1 to 100,000."""
    counts = np.exp(np.random.default_rng(seed).uniform(0, np.log(1e5), 2 * n)).astype(int) + 1
    return counted({f"w{i:05d}": int(count) for i, count in enumerate(counts)})


def planted(n=4000, seed=0, slope=1.0):
    """Pairs whose direction mostly leads to the more frequent word; half are turned round."""
    vocab = words_and_counts(n, seed)
    generator = np.random.default_rng(seed + 1)
    ids = generator.permutation(2 * n).reshape(n, 2)
    logs = np.log(vocab.counts)[ids]
    forward = generator.random(n) < 1 / (1 + np.exp(-slope * (logs[:, 1] - logs[:, 0])))
    words = [f"{vocab.words[a]} {vocab.words[b]}" for a, b in ids]
    return vocab, two_ways(words, forward.astype(float)), ids


FREQUENCIES = {
    "of_the_second": lambda a, b: np.log(b),
    "of_both": lambda a, b: np.log(b) - 3 * np.log(a),
    "conditional": lambda a, b: b / (a + b),
    "curved": lambda a, b: np.log(a) ** 2 * np.log(b),
    "of_the_rarer": lambda a, b: -(a**0.25),
}


@pytest.mark.parametrize("name", FREQUENCIES)
def test_a_relation_that_only_knows_frequency_is_at_chance(name):
    vocab, task, ids = planted()

    def by_count(a, b):
        return FREQUENCIES[name](*(vocab.counts[side].astype(float) for side in (a, b)))

    (row,) = DIRECTION.answer(task, relating(vocab, known=by_count), SCOPE)
    n = int(row.covered.sum())
    assert n > 800
    assert abs(auc(row) - row.chance) < 3 * np.sqrt(1 / (6 * n / 2))  # of two samples of n / 2
    lead = by_count(*ids.T) - by_count(*ids.T[::-1])
    unbalanced = replace(row, gold=task.items.gold, predicted=lead)
    assert abs(auc(unbalanced) - 0.5) > 0.3


def test_the_true_direction_is_found_whatever_frequency_says():
    vocab, task, ids = planted()
    truth = np.zeros(2 * len(ids))
    truth[np.where(task.items.gold == 1, ids[:, 0], ids[:, 1])] = (
        1  # who leads; no word has two pairs
    )

    def mixed(a, b):
        return 5 * truth[a] - 2 * np.log(vocab.counts[a])

    word_model = relating(
        vocab, true=lambda a, b: truth[a], reverse=lambda a, b: truth[b], mixed=mixed
    )
    true, reverse, row = DIRECTION.answer(task, word_model, SCOPE)
    assert (auc(true), auc(reverse)) == (1.0, 0.0)
    assert auc(row) > 0.6


def test_items_are_turned_with_their_gold_and_half_of_those_asked_lead_to_the_rarer_word():
    vocab = counted({"rare": 2, "rarer": 1, "common": 90, "commoner": 99, "lone": 9})
    task = two_ways(
        ["rare common", "commoner rarer", "common commoner", "yak rare", "lone common"],
        [1, 1, 0, 1, 1],
    )
    ids, gold = oriented(task.items, vocab, SCOPE)
    assert [[vocab.words[i] for i in pair] for pair in ids[[0, 1, 2]]] == [
        ["rare", "common"],
        ["rarer", "commoner"],
        ["common", "commoner"],
    ]
    assert gold[[0, 1, 2, 4]].tolist() == [1, 0, 0, 1]
    vocab, task, ids = planted(n=500)
    asked = balanced(task.items, vocab, SCOPE)
    _, gold = oriented(task.items, vocab, SCOPE)
    assert gold[asked].mean() == 0.5
    logs = np.sort(np.log(vocab.counts)[ids], axis=1)
    gap = logs[asked & (gold == 1)].mean(axis=0) - logs[asked & (gold == 0)].mean(axis=0)
    assert np.abs(gap).max() < 0.1
    assert np.array_equal(asked, DIRECTION.covered(task.items, vocab, SCOPE))


def test_who_is_first_in_the_file_is_of_no_consequence():
    vocab, task, _ = planted(n=500)
    turned = two_ways([" ".join(words[::-1]) for words in task.items.words], 1 - task.items.gold)
    word_model = relating(vocab, told=lambda a, b: np.sin(a) - b % 7)
    (row,), (other,) = (DIRECTION.answer(some, word_model, SCOPE) for some in (task, turned))
    assert np.array_equal(row.predicted, other.predicted, equal_nan=True)
    assert np.array_equal(row.gold, other.gold)


def test_words_as_frequent_as_each_other_are_turned_by_their_ids():
    vocab = counted({"a": 5, "b": 5})
    ids, gold = oriented(two_ways(["a b", "b a"], [1, 1]).items, vocab, SCOPE)
    assert (ids.tolist(), gold.tolist()) == ([[0, 1], [0, 1]], [1, 0])


def test_predicted_is_the_lead_of_the_rarer_word_and_0_where_both_never_meet():
    vocab = counted({"a": 5, "b": 5, "c": 5, "d": 5})
    task = two_ways(["a b", "b a", "c d", "d c"], [1, 1, 1, 1])
    table = np.zeros((4, 4))
    table[0, 1], table[1, 0] = 3, 1
    table[2, 3] = table[3, 2] = -np.inf
    (row,) = DIRECTION.answer(task, relating(vocab, told=lambda a, b: table[a, b]), SCOPE)
    assert row.predicted.tolist() == [2, 2, 0, 0]
    assert (row.gold.tolist(), row.note) == ([1, 0, 1, 0], "")


def test_pairs_without_a_partner_are_counted():
    vocab = counted({"a": 5, "b": 5, "c": 500, "d": 50_000})
    task = two_ways(["a b", "b a", "c d", "yak d"], [1, 1, 1, 1])
    (row,) = DIRECTION.answer(task, relating(vocab, told=lambda a, b: a - b), SCOPE)
    assert row.covered.tolist() == [True, True, False, False]
    assert row.note == "1 pairs of known words have no partner as frequent and are not asked"


# Sanity ----------------------------------------------------------------------------------------


def vectors(n, seed=5):
    """Left and right vectors of words; each word w leads to w + 1."""
    left = np.random.default_rng(seed).normal(size=(n, 20))
    return left, np.roll(left, 1, axis=0)


def dot(left, right):
    return lambda a, b: np.einsum("pd,pd->p", left[a], right[b])


def rank_correlation(row):
    return spearmanr(row.gold, row.predicted).statistic


def test_strength_of_shuffled_vectors_or_shuffled_gold_is_chance():
    vocab = vocab_of([f"w{i}" for i in range(600)])
    left, right = vectors(600)
    pairs = np.random.default_rng(6).integers(0, 600, (1000, 2))
    pairs[::2, 1] = (pairs[::2, 0] + 1) % 600
    gold = dot(left, right)(*pairs.T)
    task = directed([f"w{a} w{b}" for a, b in pairs], gold)
    shuffled = np.random.default_rng(7).permutation(left)
    word_model = relating(vocab, true=dot(left, right), shuffled=dot(shuffled, right))
    true, chance = DIRECTED.answer(task, word_model, SCOPE)
    assert rank_correlation(true) == pytest.approx(1)
    other = replace(true, gold=np.random.default_rng(8).permutation(gold))
    for row in (chance, other):
        assert abs(rank_correlation(row) - row.chance) < 3 / np.sqrt(len(gold))


def test_direction_of_shuffled_vectors_or_shuffled_gold_is_chance():
    vocab, task, ids = planted(n=2000, slope=0.3)
    left, right = (np.random.default_rng(i).normal(size=(4000, 20)) for i in (5, 6))
    first = np.where(task.items.gold[:, None] == 1, ids, ids[:, ::-1])
    right[first[:, 1]] = left[first[:, 0]]  # the leader's left is the other's right
    shuffled = np.random.default_rng(7).permutation(left)
    word_model = relating(vocab, true=dot(left, right), shuffled=dot(shuffled, right))
    true, chance = DIRECTION.answer(task, word_model, SCOPE)
    assert auc(true) > 0.99
    other = replace(true, gold=np.random.default_rng(8).permutation(true.gold))
    for row in (chance, other):
        assert abs(auc(row) - row.chance) < 3 * np.sqrt(1 / (3 * row.covered.sum()))
