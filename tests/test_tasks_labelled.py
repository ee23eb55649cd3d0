from dataclasses import replace

import numpy as np
import pytest

from task_spaces import auc, counted, relating, task_of, vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.pairs import LABELLED, matched, relations_of, sides

SCOPE = Scope(lowercase=True)


def labelled(words, labels, cluster):
    gold = [0.0 if label.startswith("random") else 1.0 for label in labels]
    return task_of(
        "labelled_pairs",
        words,
        gold=gold,
        labels=labels,
        cluster=cluster,
        question="relate",
        measure="auc",
    )


SMALL = labelled(
    ["cat animal", "cat run", "cat car", "cat tree", "cat walk", "dog animal", "dog tree"],
    ["hyper", "event", "random-n", "random-n", "random-v", "hyper", "random-n"],
    [0, 0, 0, 0, 0, 1, 1],
)
COUNTS = {"cat": 9, "dog": 9, "animal": 100, "run": 50, "car": 400, "tree": 101, "walk": 51}


def test_each_label_is_a_row_beside_random_pairs_of_its_part_of_speech():
    vocab = counted(COUNTS)
    word_model = relating(vocab, ten=lambda a, b: 10 * a + b, one=lambda a, b: a + b)
    rows = {(row.task, row.embedding): row for row in LABELLED.answer(SMALL, word_model, SCOPE)}
    assert [*rows] == [
        ("mine.event", "ten"),
        ("mine.event", "one"),
        ("mine.hyper", "ten"),
        ("mine.hyper", "one"),
    ]
    hyper = rows["mine.hyper", "ten"]
    # cat animal, cat car, cat tree, dog animal, dog tree: tree is as frequent as animal
    assert hyper.gold.tolist() == [1, 0, 0, 1, 0]
    assert hyper.covered.tolist() == [True, False, True, True, True]
    assert hyper.cluster.tolist() == [0, 0, 0, 1, 1]
    cat, dog, animal, tree = (vocab.index[word] for word in ("cat", "dog", "animal", "tree"))
    expected = [10 * cat + animal, np.nan, 10 * cat + tree, 10 * dog + animal, 10 * dog + tree]
    assert hyper.predicted == pytest.approx(expected, nan_ok=True)
    assert (hyper.selected, hyper.detail, hyper.chance, hyper.note) == (True, False, 0.5, "")
    assert rows["mine.event", "one"].gold.tolist() == [1, 0]
    assert not rows["mine.event", "one"].selected


def test_random_pairs_are_of_the_same_concept_and_used_once():
    vocab = counted(COUNTS)
    pairs = ["cat animal", "cat car", "dog car", "cat tree"]
    task = labelled(pairs, ["hyper", "hyper", "random-n", "random-n"], [0, 0, 1, 0])
    (row,) = LABELLED.answer(task, relating(vocab, told=lambda a, b: a), SCOPE)
    assert row.covered.tolist() == [True, False, False, True]
    assert row.note == (
        "1 pairs of known words have no random partner as frequent and are not asked"
    )
    assert LABELLED.covered(task.items, vocab, SCOPE).tolist() == row.covered.tolist()


def test_a_first_word_without_random_pairs_is_the_reason_where_it_is():
    vocab = counted(dict.fromkeys(("a", "b", "c", "d", "e", "f"), 100))
    pairs, labels = ["a b", "a e", "c d", "c f"], ["part", "part", "random", "random"]
    task, model = labelled(pairs, labels, [0, 0, 1, 1]), relating(vocab, one=lambda a, b: a)
    (row,) = LABELLED.answer(task, model, SCOPE)
    assert row.note == (
        "2 pairs of known words have no random pair with the same first word and are not asked"
    )
    task = labelled([*pairs, "c e", "c b"], [*labels, "part", "part"], [0, 0, 1, 1, 1, 1])
    (row,) = LABELLED.answer(task, model, SCOPE)
    assert row.note.startswith("2 pairs of known words have no random pair with the same first")
    assert row.covered.tolist() == [False, False, True, True, True, True]
    counts = {"a": 9, "b": 100, "c": 9, "d": 100, "e": 9_000, "f": 100}
    (row,) = LABELLED.answer(task, relating(counted(counts), one=lambda a, b: a), SCOPE)
    assert row.note.endswith(
        "; 1 pairs of known words have no random partner as frequent and are not asked"
    )


def test_labels_that_are_not_of_bless_stand_beside_all_random_pairs():
    task = labelled(["a b", "a c", "a d"], ["part", "random", "random-v"], [0, 0, 0])
    related, random = sides(task.items, "part")
    assert (related.tolist(), random.tolist()) == ([True, False, False], [False, True, True])
    assert relations_of(task.items) == ["part"]
    words_of_bless = ("event", "random-v", "random-n")
    of_own = replace(task.items, labels=words_of_bless, gold=np.array([1.0, 1.0, 0.0]))
    assert sides(of_own, "event")[1].tolist() == [False, False, True]
    _, random = sides(replace(task.items, labels=("event", "random", "random-v")), "event")
    assert random.tolist() == [False, False, True]
    _, random = sides(replace(task.items, labels=("event", "other", "other")), "event")
    assert random.tolist() == [False, True, True]


def test_an_unknown_word_leaves_its_pair_out():
    vocab = counted({word: count for word, count in COUNTS.items() if word != "dog"})
    asked = LABELLED.covered(SMALL.items, vocab, SCOPE)
    assert asked.tolist() == [True, True, False, True, True, False, False]


def test_a_model_without_relations_and_a_vocabulary_without_words_say_so():
    mute = WordModel(counted(COUNTS), {}, unavailable={"relate": "it is shy"})
    rows = LABELLED.answer(SMALL, mute, SCOPE)
    assert [(row.task, row.note) for row in rows] == [
        ("mine.event", "it is shy"),
        ("mine.hyper", "it is shy"),
    ]
    rows = LABELLED.answer(SMALL, relating(vocab_of(["yak"]), zero=lambda a, b: 0.0 * a), SCOPE)
    assert [row.note.partition(":")[0] for row in rows] == [
        "the vocabulary covers none of the 1 pairs",
        "the vocabulary covers none of the 2 pairs",
    ]


@pytest.fixture(scope="module")
def planted():
    """50 concepts with 12 parts and 30 random words each; parts are more frequent."""
    generator = np.random.default_rng(0)
    counts = {f"concept{c}": 1000 for c in range(50)}
    words, labels, cluster = [], [], []
    for c in range(50):
        for i in range(42):
            related = i < 12
            name = f"w{c}x{i}"
            counts[name] = int(np.exp(generator.normal(6 + related, 1.5))) + 1
            words.append(f"concept{c} {name}")
            labels.append("mero" if related else "random-n")
            cluster.append(c)
    return counted(counts), labelled(words, labels, cluster)


def test_a_relation_that_only_knows_frequency_is_at_chance(planted):
    vocab, task = planted

    def common(a, b):
        return np.log(vocab.counts[b]) - np.log(vocab.counts[a])

    (row,) = LABELLED.answer(task, relating(vocab, common=common), SCOPE)
    n = int(row.covered.sum())
    assert n > 2 * 400
    assert row.gold[row.covered].mean() == 0.5
    assert abs(auc(row) - row.chance) < 3 * np.sqrt(1 / (6 * n / 2))
    ids = np.array([[vocab.index[word] for word in pair] for pair in task.items.words])
    assert auc(replace(row, predicted=common(*ids.T), gold=task.items.gold)) > 0.65


def test_shuffled_vectors_or_shuffled_gold_is_chance(planted):
    vocab, task = planted
    vectors = np.random.default_rng(1).normal(size=(len(vocab), 20))
    for words, label in zip(task.items.words, task.items.labels, strict=True):
        if label == "mero":
            concept, part = (vocab.index[word] for word in words)
            vectors[part] += vectors[concept]
    shuffled = np.random.default_rng(2).permutation(vectors)

    def dot(rows):
        return lambda a, b: np.einsum("pd,pd->p", rows[a], rows[b])

    word_model = relating(vocab, true=dot(vectors), shuffled=dot(shuffled))
    true, chance = LABELLED.answer(task, word_model, SCOPE)
    assert auc(true) > 0.9
    said = np.isfinite(true.predicted)
    gold = true.gold.copy()
    gold[said] = np.random.default_rng(3).permutation(gold[said])
    for row in (chance, replace(true, gold=gold)):
        assert abs(auc(row) - row.chance) < 3 * np.sqrt(1 / (3 * said.sum()))


def test_matching_does_not_ask_the_model(planted):
    vocab, task = planted
    ids = np.array([[vocab.index[word] for word in pair] for pair in task.items.words])
    asked = matched(task.items, vocab, ids, "mero")
    rows = LABELLED.answer(task, relating(vocab, one=lambda a, b: a, two=lambda a, b: b), SCOPE)
    assert all(np.array_equal(row.covered, asked) for row in rows)
