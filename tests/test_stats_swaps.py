"""What is estimated of swapped answers lies as near the exact difference as it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paired import permutation_p, swapped
from wordrel.stats import AUC, RATIO, SPEARMAN, Design, Sample, compare_all, random_signs
from wordrel.stats.permutation import farther
from wordrel.stats.swaps import Sums, spearman_columns, spearman_estimate, spearman_gap


def models(seed, n, seeds, digits=9, alike=0.5):
    """Gold and models that share a part of their errors; with few digits there are ties."""
    rng = np.random.default_rng(seed)
    gold, shared = rng.normal(size=n), rng.normal(size=n)
    rows = [
        (rng.uniform() * gold + shared + alike * rng.normal(size=(k, n))).round(digits)
        for k in seeds
    ]
    return gold.round(digits), rows


def sums(gold, rows, permutations, seed=0):
    """Of one model: column 0 plain, then signed; the same signs for every model."""
    signs = np.random.default_rng(seed).integers(0, 2, (permutations, len(gold))) * 2 - 1
    columns = spearman_columns(gold, rows)
    return np.vstack([columns.sum(axis=0), signs @ columns]).T


@given(
    seed=st.integers(0, 1000),
    n=st.sampled_from([12, 40, 150, 600]),
    seeds=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    digits=st.sampled_from([0, 1, 9]),
    alike=st.sampled_from([0.05, 0.5, 2.0]),
)
@settings(deadline=None, max_examples=60)
def test_the_estimate_is_as_near_the_exact_gap_as_it_says(seed, n, seeds, digits, alike):
    gold, rows = models(seed, n, seeds, digits, alike)
    first, second = (sums(gold, one, 200) for one in rows)
    estimate, error = spearman_estimate(gold, Sums(first), Sums(second))
    exact = spearman_gap(gold, first, second)
    known = np.isfinite(error)
    assert known[0]  # without a swap
    assert (np.abs(estimate - exact)[known] <= error[known] + 1e-12).all()


def test_the_error_is_so_small_that_few_differences_have_to_be_computed():
    gold, rows = models(1, 353, (5, 5))
    first, second = (sums(gold, one, 2000) for one in rows)
    _, error = spearman_estimate(gold, Sums(first), Sums(second))
    assert np.median(error) < 0.02 * spearman_gap(gold, first, second)[1:].std()


def test_an_estimate_without_a_model_that_varies_says_that_it_knows_nothing():
    gold, (rows,) = models(2, 30, (2,))
    flat = sums(gold, np.zeros((2, 30)), 50)
    estimate, error = spearman_estimate(gold, Sums(flat), Sums(flat))
    assert np.isnan(estimate).all()
    assert np.isinf(error).all()
    constant = np.ones(30)
    _, error = spearman_estimate(constant, *(Sums(sums(constant, rows, 50)) for _ in "ab"))
    assert np.isinf(error).all()


@pytest.mark.parametrize("measure", [SPEARMAN, AUC, RATIO])
@pytest.mark.parametrize("n", [9, 60, 300])
def test_as_many_permutations_are_far_as_without_an_estimate(measure, n):
    gold, rows = models(3, n, (3, 2, 1, 3), digits=1, alike=0.3)
    gold = (gold > 0) * 1.0 if measure is AUC else np.ones(n) if measure is RATIO else gold
    predicted = dict(enumerate(rows)) | {4: rows[0].copy(), 5: -rows[1]}
    sample = Sample(gold, np.arange(n) // 2, -(-n // 2))
    (signs,) = random_signs(sample.n_clusters, 3000, np.random.default_rng(4))
    for a, b in [(0, 1), (1, 2), (0, 3), (0, 4), (2, 5)]:
        null = swapped(measure, sample, predicted[a], predicted[b], signs)
        for observed in (0.0, *np.quantile(np.abs(null), [0.1, 0.5, 0.999, 1.0]).tolist(), 3.0):
            in_blocks = np.array_split(signs, 7)
            found = farther(measure, sample, predicted, {(a, b): observed}, in_blocks)
            assert (found[a, b] + 1) / 3001 == permutation_p(observed, null)


def test_more_permutations_than_one_row_are_all_counted():
    gold, (first, second) = models(5, 40, (2, 2))
    design = Design(SPEARMAN, gold, np.arange(40), permutations=20_003)
    sample = Sample(gold, np.arange(40), 40)
    found = compare_all(design, {0: first, 1: second}, np.random.default_rng(6)).differences[0, 1]
    _, _, for_signs = np.random.default_rng(6).spawn(3)
    (signs,) = random_signs(40, 20_003, for_signs)
    null = swapped(SPEARMAN, sample, first, second, signs)
    assert found.p == permutation_p(found.difference, null)
    assert 0.001 < found.p < 0.999
