import numpy as np
import pytest
import scipy.stats

from paired import paired_difference
from wordrel.stats import AUC, SPEARMAN, Design, compare_all, steiger


def rng(seed=0):
    return np.random.default_rng(seed)


def numbers(steiger, first, second, between, n):
    found = steiger(*(np.array([r]) for r in (first, second, between)), n)
    return float(found.statistic[0]), float(found.p[0])


# --- published values -------------------------------------------------------------------------


def test_steiger_gives_the_published_examples():
    # Steiger 1980, p. 249, case A prints -.8913 with rounded steps; R's cocor -0.8887185.
    assert numbers(steiger, 0.4, 0.5, 0.1, 103)[0] == pytest.approx(-0.8887185, abs=5e-8)
    # DEPCOR (Silver, Hittner & May, Applied Psychological Measurement 30, 2006), and R's cocor.
    assert numbers(steiger, 0.3, 0.4, 0.5, 100) == pytest.approx((-1.0718, 0.2838), abs=5e-5)


# --- what the formulas have to be -------------------------------------------------------------


def test_many_at_once_are_each_alone():
    first = np.array([0.4, 0.3, -0.2, 0.9])
    together = steiger(first, np.full(4, 0.5), np.full(4, 0.1), 50)
    alone = [numbers(steiger, r, 0.5, 0.1, 50) for r in first.tolist()]
    assert together.statistic == pytest.approx([z for z, _ in alone])
    assert together.p == pytest.approx([p for _, p in alone])


def test_exchanging_the_two_turns_the_sign_and_keeps_p():
    one, other = numbers(steiger, 0.6, 0.5, 0.7, 80), numbers(steiger, 0.5, 0.6, 0.7, 80)
    assert (other[0], other[1]) == pytest.approx((-one[0], one[1]))
    assert one[0] > 0


def test_models_that_agree_more_are_told_apart_with_less():
    statistics = [numbers(steiger, 0.5, 0.4, between, 100)[0] for between in (0.2, 0.5, 0.8, 0.95)]
    assert statistics == sorted(statistics)


def test_the_same_correlation_twice_has_p_one_even_if_it_is_perfect():
    assert numbers(steiger, 0.5, 0.5, 1.0, 20) == (0.0, 1.0)
    assert numbers(steiger, 1.0, 1.0, 1.0, 20) == (0.0, 1.0)


def test_three_numbers_that_are_no_correlation_matrix_have_no_p():
    assert np.isnan(numbers(steiger, 0.9, -0.9, 1.0, 20)).all()


def test_p_is_never_zero():
    assert 0 < numbers(steiger, 0.9, -0.4, 0.0, 10**7)[1] < 1e-300


def test_three_items_are_too_few():
    with pytest.raises(ValueError, match="found 3 items; it takes at least 4"):
        numbers(steiger, 0.5, 0.4, 0.3, 3)


def rank_correlations(x, y):
    ranks = [scipy.stats.rankdata(v, axis=1) - (v.shape[1] + 1) / 2 for v in (x, y)]
    a, b = (r / np.sqrt((r**2).sum(axis=1, keepdims=True)) for r in ranks)
    return (a * b).sum(axis=1)


def test_five_in_a_hundred_equal_models_differ_at_five_percent():
    gold, shared, *own = rng(1).normal(size=(4, 2000, 80))
    first, second = (0.4 * gold + shared + noise for noise in own)
    pairs = (gold, first), (gold, second), (first, second)
    rejected = steiger(*(rank_correlations(*pair) for pair in pairs), 80).p <= 0.05
    assert 0.036 < rejected.mean() < 0.066  # Monte-Carlo error .005


# --- in a comparison --------------------------------------------------------------------------


def test_a_comparison_inserts_spearman_and_means_over_seeds():
    generator = rng(2)
    gold = generator.normal(size=60)
    first, second = (gold + generator.normal(size=(s, 60)).round(1) for s in (3, 2))
    found = paired_difference(Design(SPEARMAN, gold, np.arange(60)), first, second, rng())

    def mean_correlation(rows, others):
        return np.mean([scipy.stats.spearmanr(x, y).statistic for x in rows for y in others])

    three = [mean_correlation(*p) for p in ((first, [gold]), (second, [gold]), (first, second))]
    assert found.p_steiger == pytest.approx(numbers(steiger, *three, 60)[1], rel=1e-9)


def test_it_agrees_with_the_permutation_test_where_both_apply():
    generator = rng(3)
    gold = generator.normal(size=300)
    first, second = (k * gold + generator.normal(size=(1, 300)) for k in (0.55, 0.4))
    design = Design(SPEARMAN, gold, np.arange(300), permutations=4999)
    found = paired_difference(design, first, second, rng())
    assert 0.01 < found.p < 0.1
    assert found.p_steiger == pytest.approx(found.p, rel=0.4)


def test_clusters_other_measures_few_items_and_constant_answers_have_no_such_p():
    generator = rng(4)
    gold, first, second = generator.normal(size=(3, 12))
    p = []
    for design, answers in (
        (Design(SPEARMAN, gold, np.arange(12) // 2, permutations=9), first),
        (Design(AUC, (gold > 0) * 1.0, np.arange(12), permutations=9), first),
        (Design(SPEARMAN, gold, np.arange(12), permutations=9), np.zeros(12)),
    ):
        p.append(paired_difference(design, answers[None], second[None], rng()).p_steiger)
    few = Design(SPEARMAN, gold[:3], np.arange(3), permutations=9)
    p.append(paired_difference(few, first[None, :3], second[None, :3], rng()).p_steiger)
    assert np.isnan(p).all()


def test_the_pairs_that_are_asked_for_get_their_own_p():
    generator = rng(5)
    gold = generator.normal(size=50)
    answers = {k: k * gold + generator.normal(size=(1, 50)) for k in (0, 1, 2)}
    design = Design(SPEARMAN, gold, np.arange(50), permutations=99)
    asked = compare_all(design, answers, rng(), pairs=[(2, 0), (1, 2)]).differences
    every = compare_all(design, answers, rng()).differences
    assert asked[2, 0].p_steiger == pytest.approx(every[0, 2].p_steiger)
    assert asked[1, 2] == every[1, 2]
    assert every[0, 2].p_steiger < 1e-3 < every[1, 2].p_steiger
