import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes as scipy_procrustes
from scipy.stats import ortho_group, spearmanr

from wordrel.stats.alignment import (
    error_over_pairs,
    error_over_words,
    linear_cka,
    normal_interval,
    procrustes,
    rank_correlation,
)

SHAPED = np.linspace(0.3, 2, 10)


def related(rng, n=60, width=10, other=7, noise=0.7):
    """Two spaces of the same words that have much in common, far from the origin."""
    first = rng.normal(size=(n, width)) * SHAPED[:width]
    second = first @ TURN[:width, :other] + noise * rng.normal(size=(n, other))
    return first + 3, second - 1


TURN = ortho_group.rvs(10, random_state=np.random.default_rng(0))


def hsic(x, y):
    """HSIC_1 of Song et al. 2012 with linear kernels, written out."""
    n, one = len(x), np.ones(len(x))
    a, b = (m @ m.T * (1 - np.eye(n)) for m in (x, y))
    inner = np.trace(a @ b) + (one @ a @ one) * (one @ b @ one) / ((n - 1) * (n - 2))
    return (inner - 2 / (n - 2) * (one @ a @ b @ one)) / (n * (n - 3))


def plain_cka(x, y):
    return hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))


def leave_one_out(measure, x, y):
    """Value without each word, and the standard error that a jackknife makes of them."""
    n = len(x)
    found = np.array([measure(np.delete(x, i, 0), np.delete(y, i, 0)) for i in range(n)])
    return found, np.sqrt((n - 1) / n * ((found - found.mean()) ** 2).sum())


def test_cka_and_its_jackknife_are_those_of_gram_matrices():
    x, y = related(np.random.default_rng(1))
    found = linear_cka(x, y)
    assert found.value == pytest.approx(plain_cka(x, y), rel=1e-9)
    left_out, error = leave_one_out(plain_cka, x, y)
    assert error_over_words(found.influence) == pytest.approx(error, rel=1e-6)
    assert np.corrcoef(found.influence, -left_out)[0, 1] == pytest.approx(1)


def test_cka_is_about_zero_for_unrelated_spaces_however_wide():
    rng = np.random.default_rng(2)
    found = [linear_cka(*rng.normal(size=(2, 20, 200))).value for _ in range(400)]
    assert np.mean(found) == pytest.approx(0, abs=4 * np.std(found) / 20)


def test_procrustes_is_that_of_scipy():
    x, y = related(np.random.default_rng(3))
    padded = np.pad(y, ((0, 0), (0, 3)))
    found = procrustes(x, y).value
    assert found == pytest.approx(scipy_procrustes(x, padded)[2], rel=1e-12)
    assert found == pytest.approx(procrustes(x, padded).value, rel=1e-12)
    a, b = (m - m.mean(axis=0) for m in (x, padded))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    rotation, scale = orthogonal_procrustes(b, a)
    assert found == pytest.approx(np.linalg.norm(a - scale * b @ rotation) ** 2, rel=1e-12)


def test_influences_on_procrustes_are_the_change_when_a_word_weighs_more():
    x, y = related(np.random.default_rng(4), n=30)

    def weighted(weights):
        share = weights / weights.sum()
        a, b = ((m - share @ m) * np.sqrt(weights)[:, None] for m in (x, y))
        norm = np.linalg.norm(a) * np.linalg.norm(b)
        return 1 - (np.linalg.svd(a.T @ b, compute_uv=False).sum() / norm) ** 2

    step = 1e-5
    change = [
        (weighted(1 + step * row) - weighted(1 - step * row)) / (2 * step) for row in np.eye(30)
    ]
    assert procrustes(x, y).influence == pytest.approx(change, abs=1e-7)


def test_rank_correlation_is_that_of_scipy_with_and_without_ties():
    rng = np.random.default_rng(5)
    first = rng.normal(size=200)
    for second in (first + rng.normal(size=200), np.round(first + rng.normal(size=200))):
        found = rank_correlation(first, second)
        assert found.value == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)
        assert found.influence.sum() == pytest.approx(0, abs=1e-12)
    _, error = leave_one_out(lambda a, b: spearmanr(a, b).statistic, first, second)
    assert error_over_words(found.influence) == pytest.approx(error, rel=0.03)


SPACES = arrays(np.float64, (12, 4), elements=st.floats(-2, 2, width=16), unique=True)


@settings(max_examples=60, deadline=None)
@given(SPACES, SPACES, st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_no_rotation_scale_or_shift_changes_agreement(x, y, scale, seed):
    rng = np.random.default_rng(seed)
    moved = scale * (y @ ortho_group.rvs(4, random_state=rng)) + rng.normal(size=4)
    for measure in (linear_cka, procrustes):
        before = measure(x, y).value
        assert measure(x, moved).value == pytest.approx(before, rel=1e-6, abs=1e-6, nan_ok=True)
        assert measure(y, x).value == pytest.approx(before, rel=1e-6, abs=1e-6, nan_ok=True)
    assert procrustes(y, moved).value == pytest.approx(0, abs=1e-9)
    assert linear_cka(y, moved).value == pytest.approx(1, abs=1e-9)


def test_shuffled_words_agree_by_chance():
    rng = np.random.default_rng(6)
    x, y = related(rng, n=400)
    values = [linear_cka(x, y[rng.permutation(400)]) for _ in range(100)]
    error = np.sqrt(np.mean([error_over_words(found.influence) ** 2 for found in values]))
    assert np.mean([found.value for found in values]) == pytest.approx(0, abs=0.4 * error)
    assert linear_cka(x, y).value > 0.5
    assert procrustes(x, y).value < 0.5 < 0.9 < procrustes(x, y[rng.permutation(400)]).value
    first, second = rng.normal(size=(2, 400))
    assert rank_correlation(first, second).value == pytest.approx(0, abs=4 / np.sqrt(400))


@pytest.mark.parametrize("measure", [linear_cka, procrustes])
def test_the_error_is_how_much_other_words_change_the_value(measure):
    rng = np.random.default_rng(7)
    found = [measure(*related(rng, n=200)) for _ in range(300)]
    errors = np.array([error_over_words(one.influence) for one in found])
    # a standard deviation of 300 draws is known to 4 %; three of those, and what is of higher order
    spread = np.std([one.value for one in found])
    assert np.sqrt((errors**2).mean()) == pytest.approx(spread, rel=0.15)


def test_the_error_over_pairs_counts_the_words_that_pairs_share():
    """Scores made of the two words: 600 pairs of 60 words tell less than 600 items."""
    rng = np.random.default_rng(8)
    left, right = np.triu_indices(60, 1)
    some = rng.permutation(len(left))[:600]
    left, right = left[some], right[some]
    values, errors, naive = [], [], []
    for _ in range(300):
        words, noise = rng.normal(size=(2, 60)), rng.normal(size=(2, 600))
        first = words[0][left] + words[0][right] + noise[0]
        second = 0.7 * first + words[1][left] + words[1][right] + noise[1]
        found = rank_correlation(first, second)
        values.append(found.value)
        errors.append(error_over_pairs(found.influence, left, right))
        naive.append(error_over_words(found.influence))
    spread = np.std(values)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, rel=0.15)
    assert np.mean(naive) < 0.6 * spread


def test_pairs_that_share_no_word_are_independent():
    influence = np.array([0.3, -0.2, 0.1])
    left, right = np.array([0, 2, 4]), np.array([1, 3, 5])
    assert error_over_pairs(influence, left, right) == pytest.approx(error_over_words(influence))
    # against each other, sharing a word: no less than if they shared none
    assert error_over_pairs(influence, left, np.array([2, 0, 5])) == pytest.approx(
        error_over_words(influence)
    )


def test_where_nothing_can_be_told_nothing_is():
    few, point, line = np.eye(4), np.ones((9, 3)), np.arange(9.0)
    for found in (
        linear_cka(few, few),
        linear_cka(point, point),
        procrustes(point, point),
        procrustes(np.empty((0, 3)), np.empty((0, 3))),
        linear_cka(np.empty((0, 3)), np.empty((0, 3))),
        rank_correlation(line, np.ones(9)),
        rank_correlation(np.empty(0), np.empty(0)),
    ):
        assert np.isnan(found.value)
        assert np.isnan(found.influence).all()


def test_sizes_at_the_edge_of_the_numbers_change_nothing():
    x, y = related(np.random.default_rng(9))
    for measure in (linear_cka, procrustes):
        assert measure(x * 1e-160, y * 1e160).value == pytest.approx(measure(x, y).value)


def test_intervals_are_normal_and_stay_inside_the_bounds():
    assert normal_interval(0.5, 0.1, 0.95, (0.0, 1.0)) == pytest.approx(
        (0.304004, 0.695996), abs=1e-6
    )
    assert normal_interval(0.95, 0.1, 0.95, (-1.0, 1.0)).high == 1
    assert np.isnan(normal_interval(0.5, float("nan"), 0.95, (0.0, 1.0))).all()
