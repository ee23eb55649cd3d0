"""Influences are those of the jackknife; intervals are by hand, and hold the truth."""

import numpy as np
import pytest
from scipy.special import stdtrit
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from paired import paired_difference
from wordrel.stats import (
    LOSS,
    MEASURES,
    RATIO,
    SPEARMAN,
    Design,
    Sample,
    Scored,
    Uncertain,
    combined,
    mean_over_seeds,
    resampled_scores,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def answers(name, n, seeds=2, digits=0):
    """Gold and predictions, with many equal values where digits are few."""
    generator = rng(n + digits)
    gold = generator.normal(size=n).round(1)
    predicted = (0.5 * gold + generator.normal(size=(seeds, n))).round(digits)
    if name == "auc":
        return (gold > 0) * 1.0, predicted
    if name in ("accuracy", "loss_per_token"):
        return generator.integers(1, 9, n) * 1.0, predicted
    return gold, predicted


# --- influence --------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [0, 9])
@pytest.mark.parametrize("name", ["spearman", "auc", "accuracy"])
def test_influences_are_those_of_leaving_one_item_out(name, digits):
    n = 300
    gold, predicted = answers(name, n, digits=digits)
    influence = MEASURES[name].influence(gold, predicted)
    assert influence.sum(axis=1) == pytest.approx(0, abs=1e-12)
    without = np.ones((n, n), dtype=np.int64) - np.eye(n, dtype=np.int64)
    left_out = resampled_scores(MEASURES[name], gold, predicted, without)
    jackknife = (n - 1) / n * (left_out.mean(axis=0) - left_out).T
    assert np.abs(influence - jackknife).max() < 0.01 * np.abs(jackknife).max()


@pytest.mark.parametrize("name", ["spearman", "auc", "accuracy"])
def test_what_has_no_score_has_no_influence(name):
    flat = np.zeros(30)
    found = MEASURES[name].influence(flat, np.zeros((2, 30)))
    assert found.shape == (2, 30)
    assert np.isnan(found).all()


# --- intervals --------------------------------------------------------------------------------


def scored(rows, cluster=None, measure=RATIO):
    cluster = np.arange(rows.shape[1]) if cluster is None else cluster
    return Scored.of(measure, Sample.of(np.ones(rows.shape[1]), cluster), rows)


def test_a_difference_by_hand():
    first, second = rng(1).normal(size=(3, 40)), rng(2).normal(size=(2, 40))
    found = combined({"a": 1.0, "b": -1.0}, {"a": scored(first), "b": scored(second)})
    items = (first.mean(axis=0) - second.mean(axis=0)).var(ddof=1) / 40
    seeds = [rows.mean(axis=1).var(ddof=1) / len(rows) for rows in (first, second)]
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert found.error == pytest.approx(np.sqrt(items + sum(seeds)))
    # Satterthwaite's, with the variance of seeds counted twice.
    top = (items + 2 * sum(seeds)) ** 2
    df = top / (items**2 / 39 + (2 * seeds[0]) ** 2 / 2 + (2 * seeds[1]) ** 2 / 1)
    assert found.df == pytest.approx(df)
    reach = stdtrit(df, 0.975) * found.error
    assert found.interval(0.95) == pytest.approx((found.value - reach, found.value + reach))


def test_an_interaction_is_the_difference_of_two_differences():
    rows = {name: rng(i).normal(size=(3, 50)) for i, name in enumerate("abcd")}
    found = combined(
        {"a": 1.0, "b": -1.0, "c": -1.0, "d": 1.0}, {k: scored(v) for k, v in rows.items()}
    )
    a, b, c, d = (row.mean(axis=0) for row in rows.values())
    seeds = sum(row.mean(axis=1).var(ddof=1) / 3 for row in rows.values())
    assert found.value == pytest.approx((a - b - c + d).mean())
    assert found.error**2 == pytest.approx((a - b - c + d).var(ddof=1) / 50 + seeds)


def test_copies_of_items_in_their_cluster_add_no_certainty():
    rows = rng(3).normal(size=(2, 25))
    once = combined({0: 1.0}, {0: scored(rows)})
    thrice = combined({0: 1.0}, {0: scored(np.tile(rows, 3), np.tile(np.arange(25), 3))})
    assert thrice == pytest.approx(once)


def test_fewer_than_twenty_clusters_give_no_interval():
    rows = rng(4).normal(size=(3, 60))
    few = combined({0: 1.0}, {0: scored(rows, np.arange(60) % 19)})
    assert few.value == pytest.approx(rows.mean())
    assert np.isnan(few.interval(0.95)).all()
    assert np.isnan([few.p_above(0.0), few.p_within(0.1), few.detectable()]).all()
    enough = combined({0: 1.0}, {0: scored(rows, np.arange(60) % 20)})
    assert np.isfinite(enough.interval(0.95)).all()
    given = combined({0: 1.0}, {0: scored(rows, np.arange(60) % 7)}, 7)
    assert np.isfinite(given.interval(0.95)).all()
    assert np.isnan(combined({0: 1.0}, {0: scored(rows, np.arange(60) % 6)}, 7).error)


def test_one_seed_has_the_interval_of_its_items():
    rows = rng(5).normal(size=(1, 30))
    found = combined({0: 1.0}, {0: scored(rows)})
    assert (found.error, found.df) == pytest.approx((rows.std(ddof=1) / np.sqrt(30), 29))
    assert scored(rows).of_seeds() == [pytest.approx(found)]


def test_equal_losses_have_no_error_and_an_interval_is_within_the_bounds():
    found = combined({0: 1.0}, {0: scored(np.ones((3, 30)), measure=LOSS)})
    assert found.interval(0.95) == (1.0, 1.0)
    assert found.p_above(0.9) < 1e-300 and found.p_above(1.0) == found.p_below(1.0) == 1.0
    wide = Uncertain(0.01, 0.02, 9.0)
    assert wide.interval(0.95, RATIO.bounds)[0] == 0.0
    assert wide.interval(0.95)[0] < 0.0


def test_p_and_interval_say_the_same():
    for value in (0.01, 0.05, 0.3, -0.3):
        one = Uncertain(value, 0.1, 7.5)
        for confidence in (0.5, 0.9, 0.99):
            low, high = one.interval(confidence)
            assert (one.p_above(0.02) < (1 - confidence) / 2) == (low > 0.02)
            assert (one.p_below(0.02) < (1 - confidence) / 2) == (high < 0.02)


def test_equivalence_is_that_of_two_paired_t_tests():
    first, second = rng(6).normal(0.5, 0.2, size=(2, 1, 800))
    second += first.mean() - second.mean() - 0.015
    ours = combined({0: 1.0, 1: -1.0}, {0: scored(first), 1: scored(second)}).p_within(0.03)
    theirs = ttost_paired(first[0], second[0], -0.03, 0.03)[0]
    assert 0.02 < theirs < 0.2
    assert ours == pytest.approx(theirs)


def test_the_detectable_difference_is_that_of_a_paired_test_with_eighty_percent_power():
    gaps = rng(7).normal(0, 0.2, size=(1, 400))
    ours = combined({0: 1.0}, {0: scored(gaps)}).detectable()
    theirs = TTestPower().solve_power(nobs=400, alpha=0.05, power=0.8) * gaps.std(ddof=1)
    assert ours == pytest.approx(theirs, rel=0.005)


def test_a_loss_has_no_margin_but_a_detectable_difference():
    losses = rng(8).normal(5, 1, size=(2, 1, 50))
    design = Design(LOSS, np.ones(50), np.arange(50), permutations=9)
    found = paired_difference(design, *losses, rng())
    assert np.isnan(found.p_equivalence)
    assert found.detectable > 0.1


# --- coverage ---------------------------------------------------------------------------------


def shares_inside(seeds, items_sd, seed_sd, repetitions=300, n=40, models=2):
    """How often the interval of a mean, or of a difference of two models, holds the truth."""
    generator, inside = rng([seeds, models, n]), []
    for _ in range(repetitions):
        shared = generator.normal(0, items_sd * np.sqrt(n), size=n)
        rows = [
            generator.normal(0, seed_sd * np.sqrt(seeds), size=(seeds, 1))
            + (shared if model == 0 else 0.0)
            + generator.normal(0, 0.3 * items_sd * np.sqrt(n), size=(seeds, n))
            for model in range(models)
        ]
        weights = dict(zip(range(models), (1.0, -1.0), strict=False))
        low, high = combined(weights, dict(enumerate(map(scored, rows)))).interval(0.95)
        inside.append(low <= 0 <= high)
    return np.mean(inside)


@pytest.mark.parametrize("models", [1, 2])
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(("items_sd", "seed_sd"), [(1.0, 0.1), (1.0, 1.0), (0.3, 1.0)])
def test_intervals_hold_the_truth_at_three_and_at_five_seeds(seeds, models, items_sd, seed_sd):
    # benchmarks.simulation has more repetitions; here the Monte-Carlo error is .013.
    assert 0.91 < shares_inside(seeds, items_sd, seed_sd, models=models) < 0.99


@pytest.mark.parametrize("name", ["spearman", "auc"])
def test_intervals_of_rank_measures_hold_the_truth(name):
    generator, intervals = rng(9), []
    for _ in range(400):
        gold = generator.normal(size=100)
        rows = 0.577 * gold + generator.normal(size=(1, 100))
        truth = 6 / np.pi * np.arcsin(0.5 / 2)  # of a bivariate normal with correlation .5
        if name == "auc":
            gold, truth = (np.arange(100) < 40) * 1.0, 0.76025  # P(N(1, 2) > 0)
            rows = gold + generator.normal(size=(1, 100))
        one = Scored.of(MEASURES[name], Sample.of(gold, np.arange(100)), rows)
        intervals.append(combined({0: 1.0}, {0: one}).interval(0.95))
    inside = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.92 < inside < 0.985  # Monte-Carlo error .011


def test_intervals_of_clustered_items_hold_the_truth_only_if_clusters_are_known():
    generator = rng(10)
    cluster = np.repeat(np.arange(40), 10)
    inside = {"cluster": [], "item": []}
    for _ in range(300):
        rows = (generator.normal(size=40)[cluster] + generator.normal(size=400) > 0) * 1.0
        for name, groups in (("cluster", cluster), ("item", np.arange(400))):
            low, high = combined({0: 1.0}, {0: scored(rows[None], groups)}).interval(0.95)
            inside[name].append(low <= 0.5 <= high)
    assert 0.91 < np.mean(inside["cluster"]) < 0.98
    assert np.mean(inside["item"]) < 0.8


# --- measurements over seeds ------------------------------------------------------------------


def test_the_interval_over_seeds_by_hand():
    found = mean_over_seeds(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.4, 0.5]), 50, 0.95)
    items, seeds = 0.5 / 3, 1 / 3  # (.09 + .16 + .25) / 3; variance 1 over 3
    df = (items + 2 * seeds) ** 2 / (items**2 / 49 + (2 * seeds) ** 2 / 2)
    half = stdtrit(df, 0.975) * np.sqrt(items + seeds)
    assert found == pytest.approx((2.0, 2 - half, 2 + half), rel=1e-6)


def test_one_seed_has_the_interval_of_its_error_and_none_has_nothing():
    found = mean_over_seeds(np.array([1.0]), np.array([0.1]), 30, 0.9)
    reach = 0.1 * stdtrit(29, 0.95)
    assert found == pytest.approx((1.0, 1 - reach, 1 + reach))
    assert np.isnan(mean_over_seeds(np.empty(0), np.empty(0), 0, 0.9)).all()


def test_an_unknown_error_leaves_the_value():
    value, low, high = mean_over_seeds(np.array([1.0, 3.0]), np.array([0.1, np.nan]), 9, 0.9)
    assert value == 2.0
    assert np.isnan([low, high]).all()


def test_an_infinite_mean_has_no_interval():
    for values in ([-np.inf, -np.inf], [0.0, -np.inf]):
        mean, low, high = mean_over_seeds(np.array(values), np.ones(2), 9, 0.95)
        assert mean == -np.inf and np.isnan(low) and np.isnan(high)


def test_a_comparison_tells_equivalent_from_different_and_from_not_known():
    generator = rng(11)
    first = generator.normal(0.5, 0.1, size=(1, 2000))
    design = Design(RATIO, np.ones(2000), np.arange(2000), permutations=99)

    def against(shift, noise, margin=0.03):
        second = first + shift + generator.normal(0, noise, size=2000)
        within = Design(RATIO, design.gold, design.cluster, permutations=99, margin=margin)
        return paired_difference(within, first, second, rng()).p_equivalence

    assert against(0.0, 0.05) <= 0.05
    assert against(0.05, 0.05) > 0.05
    assert against(0.0, 2.0) > 0.05
    assert against(0.05, 0.0, margin=0.1) < 1e-300


def test_four_times_the_items_show_half_the_difference():
    sizes = []
    for n in (200, 800):
        gold = rng(12).normal(size=n)
        first, second = gold + rng(13).normal(size=(2, 1, n))
        design = Design(SPEARMAN, gold, np.arange(n), permutations=9)
        sizes.append(paired_difference(design, first, second, rng()).detectable)
    assert sizes[1] == pytest.approx(sizes[0] / 2, rel=0.2)
