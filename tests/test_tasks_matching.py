import numpy as np
import pytest

from task_spaces import counted
from wordrel.tasks.matching import CALIPER, log_counts, match, match_within


def column(*numbers):
    return np.array(numbers, dtype=np.float64)[:, None]


def test_each_finds_the_nearest_and_none_is_used_twice():
    first, second = column(0.0, 1.0, 2.0), column(2.1, 0.3, 0.1, 1.1, 9.0)
    couples = {int(i): int(j) for i, j in match(first, second)}
    assert couples == {0: 2, 1: 3, 2: 0}
    crowd = match(column(0.0, 0.0, 0.0), column(0.1, 0.2))
    assert sorted(crowd[:, 1].tolist()) == [0, 1]
    assert len(set(crowd[:, 0].tolist())) == 2


def test_what_is_too_far_in_any_column_stays_alone():
    first = np.array([[0.0, 0.0], [5.0, 5.0]])
    second = np.array([[0.0, CALIPER * 1.01], [5.0 + CALIPER * 0.99, 5.0 - CALIPER * 0.99]])
    assert match(first, second).tolist() == [[1, 1]]
    assert match(first, second, caliper=CALIPER * 1.02).tolist() in (
        [[0, 0], [1, 1]],
        [[1, 1], [0, 0]],
    )
    for side in (column(-1.0), column(1.0)):  # the caliper itself is near enough
        assert match(column(0.0), side, caliper=1.0).tolist() == [[0, 0]]
    assert match(first[:0], second).shape == match(first, second[:0]).shape == (0, 2)


def test_sides_can_be_exchanged():
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(30, 2)), generator.normal(size=(50, 2))
    there = {tuple(couple) for couple in match(first, second).tolist()}
    assert there == {(i, j) for j, i in match(second, first).tolist()}
    assert 10 < len(there) < 30


def test_it_is_the_same_at_each_call_and_matches_what_differs():
    generator = np.random.default_rng(1)
    first, second = generator.normal(1, 1, size=(200, 2)), generator.normal(size=(300, 2))
    couples = match(first, second)
    assert np.array_equal(couples, match(first, second))
    gap = first[couples[:, 0]] - second[couples[:, 1]]
    assert np.abs(gap).max() <= CALIPER
    assert np.abs(gap.mean(axis=0)).max() < 0.06
    assert len(couples) > 100


def test_groups_and_unknown_numbers_are_kept_apart():
    first = np.array([True, True, True, False, False, False, False])
    group = np.array([1, 2, 3, 1, 3, 3, 7])
    alike = column(0, 0, np.nan, 0, 0, 0, 0)
    kept = match_within(first, ~first, group, alike)
    assert kept.tolist() == [True, False, False, True, False, False, False]
    alike[2] = 0.0
    kept = match_within(first, ~first, group, alike)
    assert kept.tolist()[:4] == [True, False, True, True]
    assert kept[4:6].sum() == 1


def test_counts_are_logarithms_and_unknown_words_have_none():
    vocab = counted({"often": 100, "once": 1, "never": 0})
    logs = log_counts(vocab, np.array([[0, 1], [2, -1]]))
    assert logs == pytest.approx(np.array([[np.log(100), 0], [0, np.nan]]), nan_ok=True)
