from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from sentence_tasks import in_text, reader_of, task_of
from task_spaces import readings_of
from wordrel.tasks import Scope
from wordrel.tasks.in_context import GROUPS, SENSE_SHIFT, shifts

LOWER = Scope(lowercase=True)
STATISTICS = [("mean_distance", group) for group in GROUPS]
STATISTICS += [("relative_shift", group) for group in GROUPS[:3]]


def measured(items, word_model):
    found = SENSE_SHIFT.measure(task_of("shift", "sense_shift", "auc", items), word_model, LOWER)
    assert {(m.task, m.embedding) for m in found} <= {("shift", "context")}
    return {(m.statistic, m.group): m for m in found}


def distance(a, b):
    return 1 - a @ b / np.sqrt((a @ a) * (b @ b))


def plain(states, words, same):
    """The seven statistics, in loops; `states` has two rows an item."""
    moved = [distance(*states[2 * i : 2 * i + 2]) for i in range(len(words))]
    means = [
        np.mean([d for d, s in zip(moved, same, strict=True) if s == wanted]) for wanted in (1, 0)
    ]
    owner = np.repeat(words, 2)
    pairs = [(i, j) for i, j in combinations(range(len(states)), 2) if owner[i] != owner[j]]
    random = np.mean([distance(states[i], states[j]) for i, j in pairs])
    near = [*means, means[1] - means[0]]
    return np.array([*near, random, *(value / random for value in near)])


def some_states(rng, n_words=6, n=30):
    words = np.sort(np.concatenate([np.arange(n_words), rng.integers(0, n_words, n - n_words)]))
    own = rng.normal([2, 0, 0, 0, 0], size=(n_words, 5))  # as in real spaces, all share a part
    return own[np.repeat(words, 2)] + rng.normal(size=(2 * n, 5)), words, np.arange(n) % 2


def unit(states):
    return (states / np.linalg.norm(states, axis=1, keepdims=True)).astype(np.float32)


def test_means_are_those_of_plain_loops():
    states, words, same = some_states(np.random.default_rng(0))
    values, _ = shifts(unit(states), words, same)
    assert values == pytest.approx(plain(states, words, same), rel=1e-5)


def test_errors_are_those_of_leaving_out_one_word_after_the_other():
    states, words, same = some_states(np.random.default_rng(1))
    _, errors = shifts(unit(states), words, same)
    left_out = np.array(
        [
            plain(states[np.repeat(words != w, 2)], words[words != w], same[words != w])
            for w in range(6)
        ]
    )
    jackknife = np.sqrt(5 / 6 * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    assert errors == pytest.approx(jackknife, rel=1e-4)


def test_errors_tell_how_much_other_words_would_change_the_means():
    rng = np.random.default_rng(2)
    values, errors = (
        np.array(rows)
        for rows in zip(
            *(
                shifts(unit(states), words, same)
                for states, words, same in (some_states(rng, 40, 160) for _ in range(300))
            ),
            strict=True,
        )
    )
    # a standard deviation of 300 draws is known to 4 %; three of those
    assert np.sqrt((errors**2).mean(axis=0)) == pytest.approx(values.std(axis=0), rel=0.15)


SPACE = {
    "bank": [1, 1, 0],
    "money": [0, 2, 0],
    "river": [0, 0, 3],
    "loan": [0, 1, 1],
    "plant": [3, 0, 0],
    "banks": [1, 0, 0],
}
ITEMS = in_text(
    ("money <b> bank </b>", "loan <b> bank </b>", 1, "train"),  # 1 - .71
    ("money <b> bank </b>", "river <b> bank </b>", 0, "dev"),  # 1
    ("river <b> plant </b>", "river <b> Plant </b>", 1, "test"),  # 0
    ("loan <b> plant </b>", "river <b> plant </b>", 0, "test"),  # 1 - .71
    ("money <b> bank </b>", "money <b> banks </b>", 1, "test"),  # another form
    ("money <b> bank </b>", "gnu <b> bank </b>", 0, "test"),  # not covered
)


def test_the_same_form_of_a_word_is_followed_through_its_sentences():
    found = measured(ITEMS, reader_of(SPACE))
    assert list(found) == STATISTICS
    near, half = 1 - np.sqrt(0.5), np.sqrt(0.5)
    same, different = near / 2, (1 + near) / 2
    # bank: money, loan, money, river; plant: river, river, loan, river
    cosines = [*[0, 0, half, 0] * 2, *[half, half, 1, half], *[1, 1, half, 1]]
    random = 1 - np.mean(cosines)
    expected = [same, different, different - same, random]
    expected += [value / random for value in expected[:3]]
    assert [m.value for m in found.values()] == pytest.approx(expected, rel=1e-6)
    assert [m.n for m in found.values()] == [2, 2, 4, 8, 2, 2, 4]
    assert {m.clusters for m in found.values()} == {2}
    assert all(np.isnan(m.error) for m in found.values())  # of two words


@pytest.mark.parametrize("n_words", [19, 20])
def test_an_error_rests_on_words_and_fewer_than_twenty_have_none(n_words):
    rng = np.random.default_rng(n_words)
    words = [f"w{chr(97 + i)}" for i in range(n_words)]
    space = {word: rng.normal(size=3) for word in (*words, "money", "loan", "river")}
    items = in_text(
        *(
            (f"money <b> {word} </b>", f"{other} <b> {word} </b>", other == "loan", "test")
            for word in words
            for other in ("loan", "river")
        ),
        (f"river <b> {words[0]} </b>", f"loan <b> {words[0]} </b>", 0, "test"),
    )
    found = measured(items, reader_of(space))
    assert [m.clusters for m in found.values()] == [n_words] * 7
    assert [np.isnan(m.error) for m in found.values()] == [n_words < 20] * 7


def test_a_word_of_two_left_out_leaves_no_yardstick():
    states, words, same = some_states(np.random.default_rng(3), 2, 8)
    _, errors = shifts(unit(states), words, same)
    assert (errors[:3] > 0).all()
    assert np.isnan(errors[3:]).all()


def test_words_in_all_splits_count_and_no_outcome_is_given():
    task = task_of("shift", "sense_shift", "auc", ITEMS)
    assert SENSE_SHIFT.answer(task, reader_of(SPACE), LOWER) == []
    one = measured(replace(ITEMS, labels=("test",) * 6), reader_of(SPACE))
    assert str(one) == str(measured(ITEMS, reader_of(SPACE)))


def test_a_model_without_a_state_is_not_measured():
    assert measured(ITEMS, readings_of(SPACE)) == {}


def test_what_there_is_nothing_of_is_not_a_number():
    one = in_text(("money <b> bank </b>", "loan <b> bank </b>", 1, "test"))
    found = measured(one, reader_of(SPACE))
    assert found["mean_distance", "same sense"].value == pytest.approx(1 - np.sqrt(0.5))
    assert all(np.isnan(m.error) for m in found.values())
    rest = [m.value for (_, group), m in found.items() if group in GROUPS[1:]]
    assert np.isnan(rest).all()
    assert len(rest) == 5
    nothing = measured(in_text(("gnu <b> bank </b>", "<b> gnu </b>", 1, "test")), reader_of(SPACE))
    assert [m.n for m in nothing.values()] == [0] * 7
    assert np.isnan([m.value for m in nothing.values()]).all()


def planted(rng, n_words=60, items_each=12):
    """A word's state is the sense of its one neighbour; senses of one word have much in common."""
    words, space, items = (
        [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(n_words)],
        {},
        [],
    )
    for word in words:
        own = rng.normal(size=20)
        space[word] = rng.normal(size=20)
        for sense in (0, 1):
            meaning = own + 0.8 * rng.normal(size=20)
            for k in range(items_each):
                name = f"{word}{'xy'[sense]}{chr(97 + k)}"
                space[name] = meaning + 0.3 * rng.normal(size=20)
        for k in range(items_each):
            senses = (k % 2, rng.integers(0, 2))
            left, right = (
                f"{word}{'xy'[s]}{chr(97 + rng.integers(0, items_each))} <b> {word} </b>"
                for s in senses
            )
            items.append((left, right, float(senses[0] == senses[1]), "train"))
    return {word: np.asarray(row).tolist() for word, row in space.items()}, in_text(*items)


def test_shuffled_vectors_and_shuffled_gold_give_chance():
    rng = np.random.default_rng(3)
    space, items = planted(rng)
    found = measured(items, reader_of(space))
    difference = found["mean_distance", "difference"]
    assert difference.value > 8 * difference.error > 0
    mixed = measured(replace(items, gold=rng.permutation(items.gold)), reader_of(space))
    difference = mixed["mean_distance", "difference"]
    assert difference.value == pytest.approx(0, abs=4 * difference.error)
    assert mixed["relative_shift", "same sense"].value < 0.6
    shuffled = dict(zip(space, rng.permutation(list(space.values())), strict=True))
    other = measured(items, reader_of(shuffled))
    # of equal sentences the state is equal whatever the vectors are: 1 of 12 where senses agree
    assert other["relative_shift", "different sense"].value == pytest.approx(
        1, abs=4 * other["relative_shift", "different sense"].error
    )
    assert other["relative_shift", "same sense"].value == pytest.approx(
        11 / 12, abs=4 * other["relative_shift", "same sense"].error
    )
