from dataclasses import replace

import numpy as np
import pytest

from task_spaces import readings_of, task_of, vocab_of
from wordrel.models.word_model import WordModel
from wordrel.tasks.base import Scope
from wordrel.tasks.groups import CATEGORIES, clusters, in_main_category

SCOPE = Scope(lowercase=True)


def categories(**members):
    words = [word for some in members.values() for word in some]
    labels = [label for label, some in members.items() for _ in some]
    return task_of("categories", words, labels=labels, measure="accuracy")


SPACE = {
    "cat": [9, 1, 0],
    "dog": [8, 0, 0],
    "cow": [70, 1, 1],
    "car": [0, 9, 1],
    "bus": [0, 8, 0],
    "bat": [1, 9, 0],  # an animal among vehicles
}
ZOO = categories(animal=["cat", "dog", "cow", "bat"], vehicle=["car", "Bus"])


def purity(cluster, category):
    """By its definition: the sum over clusters of the largest overlap with a category."""
    together = [np.bincount(category[cluster == c]).max() for c in np.unique(cluster)]
    return sum(together) / len(cluster)


def test_a_word_among_words_of_another_category_is_wrong():
    (row,) = CATEGORIES.answer(ZOO, readings_of(SPACE), SCOPE)
    assert row.predicted.tolist() == [1, 1, 1, 0, 1, 1]
    assert (row.task, row.embedding, row.selected, row.measure) == (
        "mine",
        "input",
        True,
        "accuracy",
    )
    assert (row.gold.tolist(), row.covered.all(), row.note) == ([1] * 6, True, "")


def test_chance_is_the_purity_of_random_clusters_of_the_same_sizes():
    (row,) = CATEGORIES.answer(ZOO, readings_of(SPACE), SCOPE)
    category = np.array([0, 0, 0, 0, 1, 1])
    draws = np.random.default_rng(5)
    found = [purity(draws.permutation([0, 0, 0, 1, 1, 1]), category) for _ in range(4000)]
    assert row.chance == pytest.approx(np.mean(found), abs=0.01)
    # both vehicles together (2 of 5 times): 3 + 2 are right, else 2 + 2
    assert np.mean(found) == pytest.approx((2 * 5 + 3 * 4) / 5 / 6, abs=0.01)


def test_accuracy_is_purity_for_any_clusters():
    generator = np.random.default_rng(0)
    for _ in range(20):
        cluster, category = generator.integers(0, 7, (2, 60))
        assert in_main_category(cluster, category).mean() == pytest.approx(
            purity(cluster, category)
        )


def test_unknown_words_and_words_without_a_vector_are_left_out():
    space = SPACE | {"cow": [0, 0, 0], "dog": [np.nan, 1, 1]}
    del space["cat"]
    (row,) = CATEGORIES.answer(ZOO, readings_of(space), SCOPE)
    assert row.covered.tolist() == [False, True, True, True, True, True]
    assert np.isfinite(row.predicted).tolist() == [False] * 3 + [True] * 3
    assert row.note == "2 covered items have a word whose vector is zero or not finite"
    assert CATEGORIES.covered(ZOO.items, vocab_of(["bus"]), SCOPE).tolist() == [False] * 5 + [True]


def test_every_embedding_answers_and_none_is_said_so():
    rows = np.array(list(SPACE.values()), dtype=np.float32)
    vocab = vocab_of(list(SPACE))
    embeddings = {"input": rows, "zero": 0 * rows, "same": 0 * rows + 1}
    word_model = WordModel(vocab, embeddings, selected={"alike": "same"})
    good, zero, same = CATEGORIES.answer(ZOO, word_model, SCOPE)
    assert [row.selected for row in (good, zero, same)] == [False, False, True]
    assert np.isnan(zero.predicted).all()
    assert zero.note == "6 covered items have a word whose vector is zero or not finite"
    assert same.predicted.tolist() == [1, 1, 1, 1, 0, 0]  # one cluster
    assert same.chance == pytest.approx(4 / 6)
    (mute,) = CATEGORIES.answer(
        ZOO, WordModel(vocab, {}, unavailable={"alike": "it counts"}), SCOPE
    )
    assert (mute.note, mute.embedding, mute.selected) == ("it counts", "", True)
    (nobody,) = CATEGORIES.answer(ZOO, readings_of({"yak": [1.0, 0.0]}), SCOPE)
    assert nobody.note.startswith("the vocabulary covers none of the 6 items")
    assert np.isnan(nobody.chance)


@pytest.fixture(scope="module")
def planted():
    """Ten categories of 20 words around ten directions."""
    generator = np.random.default_rng(1)
    members = {f"c{i}": [f"w{i}x{j}" for j in range(20)] for i in range(10)}
    space = {}
    for words in members.values():
        centre = generator.normal(size=16)
        space |= {word: 3 * centre + 2 * generator.normal(size=16) for word in words}
    return categories(**members), readings_of(space)


def test_planted_categories_are_found_the_same_at_each_call(planted):
    task, word_model = planted
    (row,), (again,) = (CATEGORIES.answer(task, word_model, SCOPE) for _ in range(2))
    assert row.predicted.mean() > 0.9
    assert np.array_equal(row.predicted, again.predicted)
    assert 0.15 < row.chance < 0.3
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(16, 16)))
    lengths = np.random.default_rng(4).uniform(0.01, 100, 200)[:, None]
    moved = (word_model.embeddings["input"] @ turn * lengths).astype(np.float32)
    (turned,) = CATEGORIES.answer(task, replace(word_model, embeddings={"input": moved}), SCOPE)
    assert turned.predicted.mean() == pytest.approx(row.predicted.mean(), abs=0.02)


def test_shuffled_vectors_or_shuffled_gold_is_chance(planted):
    task, word_model = planted
    generator = np.random.default_rng(2)
    shuffled = generator.permutation(word_model.embeddings["input"])
    labels = tuple(generator.permutation(task.items.labels).tolist())
    other = replace(task, items=replace(task.items, labels=labels))
    rows = [
        CATEGORIES.answer(task, replace(word_model, embeddings={"input": shuffled}), SCOPE)[0],
        CATEGORIES.answer(other, word_model, SCOPE)[0],
    ]
    for row in rows:
        assert abs(row.predicted.mean() - row.chance) < 0.05


def test_there_are_never_more_clusters_than_different_rows():
    rows = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 1]]
    found = clusters(rows, 4)
    assert len(set(found.tolist())) == 2
    assert found[0] == found[1] != found[2] == found[3] == found[4]
