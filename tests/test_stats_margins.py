import numpy as np
import pytest
from scipy.special import ndtri
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from paired import paired_difference, permutation_p, swapped
from wordrel.stats import (
    LOSS,
    RATIO,
    SPEARMAN,
    Design,
    Sample,
    detectable_difference,
    equivalence_p,
    interval,
    item_multiplicity,
    mean_over_seeds,
    ratio,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def resampled_gaps(gaps, resamples, generator):
    multiplicity = item_multiplicity(np.arange(len(gaps)), resamples, generator)
    return ratio(np.ones(len(gaps)), gaps, multiplicity)


# --- equivalence ------------------------------------------------------------------------------


def test_p_is_the_larger_share_beyond_an_end_and_never_zero():
    inside = np.linspace(-0.02, 0.02, 99)
    assert equivalence_p(inside, 0.03) == 1 / 100
    assert equivalence_p(np.append(inside[:-3], [0.03, 0.04, -0.5]), 0.03) == 3 / 100
    assert equivalence_p(np.append(inside[:-1], np.nan), 0.03) == 2 / 100
    assert np.isnan(equivalence_p(np.full(5, np.nan), 0.03))


def test_two_are_equivalent_where_the_interval_of_ninety_percent_lies_in_the_margin():
    generator = rng(1)
    decisions = set()
    for centre in np.linspace(-0.03, 0.03, 41):
        values = generator.normal(centre, 0.008, size=999)
        low, high = interval(values, 0.90)
        if min(abs(low + 0.03), abs(high - 0.03)) > 1e-4:  # else the two count one resample apart
            decisions.add(equivalence_p(values, 0.03) <= 0.05)
            assert (equivalence_p(values, 0.03) <= 0.05) == (low > -0.03 and high < 0.03)
    assert decisions == {True, False}


def test_p_is_that_of_two_paired_t_tests():
    first, second = rng(2).normal(0.5, 0.2, size=(2, 800))
    second += first.mean() - second.mean() - 0.015
    ours = equivalence_p(resampled_gaps(first - second, 20_000, rng(3)), 0.03)
    theirs = ttost_paired(first, second, -0.03, 0.03)[0]
    assert 0.02 < theirs < 0.2
    assert ours == pytest.approx(theirs, rel=0.1)


@pytest.mark.parametrize("truth", [0.03, -0.03])
def test_five_in_a_hundred_pairs_that_differ_by_the_margin_pass_for_equivalent(truth):
    generator = rng(4)
    passed = []
    for _ in range(500):
        gaps = generator.normal(truth, 0.1, size=150)  # standard error .008: the margin is far
        passed.append(equivalence_p(resampled_gaps(gaps, 200, generator), 0.03) <= 0.05)
    assert 0.02 < np.mean(passed) < 0.08  # Monte-Carlo error .010


def test_a_comparison_tells_equivalent_from_different_and_from_not_known():
    generator = rng(5)
    answers = generator.normal(0.5, 0.1, size=(1, 2000))
    design = Design(RATIO, np.ones(2000), np.arange(2000), resamples=200, permutations=99)

    def against(shift, noise):
        second = answers + shift + generator.normal(0, noise, size=2000)
        return paired_difference(design, answers, second, rng())

    assert against(0.0, 0.05).p_equivalence <= 0.05
    assert against(0.05, 0.05).p_equivalence > 0.05
    assert against(0.0, 2.0).p_equivalence > 0.05
    wider = Design(RATIO, np.ones(2000), np.arange(2000), 200, 99, margin=0.1)
    assert paired_difference(wider, answers, answers + 0.05, rng()).p_equivalence == 1 / 201


def test_a_loss_has_no_margin_but_a_detectable_difference():
    answers = rng(6).normal(5, 1, size=(2, 1, 50))
    design = Design(LOSS, np.ones(50), np.arange(50), resamples=100, permutations=9)
    found = paired_difference(design, *answers, rng())
    assert np.isnan(found.p_equivalence)
    assert found.detectable > 0.1


# --- detectable difference --------------------------------------------------------------------


def test_the_detectable_difference_is_that_of_a_paired_test_with_eighty_percent_power():
    gaps = rng(7).normal(0, 0.2, size=400)
    ours = detectable_difference(resampled_gaps(gaps, 20_000, rng(8)))
    theirs = TTestPower().solve_power(nobs=400, alpha=0.05, power=0.8) * gaps.std(ddof=1)
    assert ours == pytest.approx(theirs, rel=0.02)
    assert np.isnan(detectable_difference(np.array([0.1, np.nan])))


def test_a_true_difference_of_that_size_is_found_four_times_in_five():
    generator = rng(9)
    n, found = 200, []
    sample = Sample(np.ones(n), np.arange(n), n)
    size = detectable_difference(resampled_gaps(generator.normal(size=n), 4000, generator))
    size /= generator.normal(size=10**5).std()
    for _ in range(300):
        first, second = generator.normal(size=(1, n)) + size, np.zeros((1, n))
        signs = (generator.integers(0, 2, (199, n)) * 2 - 1).astype(np.int8)
        null = swapped(RATIO, sample, first, second, signs)
        found.append(permutation_p(float(first.mean()), null) <= 0.05)
    assert 0.71 < np.mean(found) < 0.88  # Monte-Carlo error .023, and that of the size itself


def test_four_times_the_items_show_half_the_difference():
    sizes = []
    for n in (200, 800):
        gold = rng(10).normal(size=n)
        first, second = gold + rng(11).normal(size=(2, 1, n))
        design = Design(SPEARMAN, gold, np.arange(n), resamples=1000, permutations=9)
        sizes.append(paired_difference(design, first, second, rng()).detectable)
    assert sizes[1] == pytest.approx(sizes[0] / 2, rel=0.2)


# --- over seeds -------------------------------------------------------------------------------


def test_the_interval_over_seeds_by_hand():
    found = mean_over_seeds(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.4, 0.5]), 0.95)
    # Items: (.09 + .16 + .25) / 3; seeds: variance 1 over 3.
    half = 1.959964 * np.sqrt(0.5 / 3 + 1 / 3)
    assert found == pytest.approx((2.0, 2 - half, 2 + half), rel=1e-6)


def test_one_seed_has_the_interval_of_its_items_and_none_has_nothing():
    found = mean_over_seeds(np.array([1.0]), np.array([0.1]), 0.9)
    assert found == pytest.approx((1.0, 1 - 0.1 * ndtri(0.95), 1 + 0.1 * ndtri(0.95)))
    assert np.isnan(mean_over_seeds(np.empty(0), np.empty(0), 0.9)).all()


def test_an_unknown_error_leaves_the_value():
    value, low, high = mean_over_seeds(np.array([1.0, 3.0]), np.array([0.1, np.nan]), 0.9)
    assert value == 2.0
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("seed_sd", [0.0, 0.2])
def test_intervals_over_seeds_hold_the_truth_as_often_as_they_say(seed_sd):
    generator = rng(12)
    inside = []
    for _ in range(1000):
        items = generator.normal(0, 0.2)  # the items' common error
        values = items + generator.normal(0, seed_sd, size=20)
        _, low, high = mean_over_seeds(values, np.full(20, 0.2), 0.95)
        inside.append(low <= 0 <= high)
    assert 0.925 < np.mean(inside) < 0.975  # Monte-Carlo error .007


def test_an_infinite_mean_has_no_interval() -> None:
    for values in ([-np.inf, -np.inf], [0.0, -np.inf]):
        mean, low, high = mean_over_seeds(np.array(values), np.ones(2), 0.95)
        assert mean == -np.inf and np.isnan(low) and np.isnan(high)
