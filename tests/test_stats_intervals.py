from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from wordrel.stats import (
    AUC,
    RATIO,
    SPEARMAN,
    Design,
    bca,
    compare_all,
    interval,
    item_multiplicity,
    jackknife,
    plain_scores,
    random_signs,
    resampled_scores,
)
from wordrel.stats import permutation as permutation_module


def rng(seed=0):
    return np.random.default_rng(seed)


def skewed(generator, n=60):
    """Two classes that are well told apart: AUC near its end."""
    gold = (np.arange(n) % 3 == 0) * 1.0
    return gold, gold * 1.5 + generator.normal(size=n)


# --- BCa --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["auc", "spearman", "accuracy"])
def test_bca_is_that_of_scipy_on_the_same_resamples(name):
    gold, predicted = skewed(rng(1))
    measure = {"auc": AUC, "spearman": SPEARMAN, "accuracy": RATIO}[name]
    if name == "accuracy":
        gold, predicted = np.ones(60), (predicted > -0.9) * 1.0
    multiplicity = item_multiplicity(np.arange(60), 1000, rng(2))
    values = resampled_scores(measure, gold, predicted[None], multiplicity)[:, 0]
    score = float(plain_scores(measure, gold, predicted[None])[0])
    left_out = jackknife(measure, gold, predicted[None], np.arange(60))[:, 0]
    ours = bca(values, score, left_out, 0.95)
    theirs = scipy.stats.bootstrap(
        (gold, predicted),
        lambda g, x: plain_scores(measure, g, x[None])[0],
        paired=True,
        vectorized=False,
        n_resamples=0,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=values),
        confidence_level=0.95,
        method="BCa",
    ).confidence_interval
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert ours != interval(values, 0.95)


def test_the_jackknife_leaves_out_clusters_in_the_flesh():
    gold, predicted = skewed(rng(3), 30)
    answers = np.stack([predicted, predicted**2])
    cluster = np.arange(30) // 4 * 7 % 5
    found = jackknife(AUC, gold, answers, cluster)
    for place, label in enumerate(np.unique(cluster)):
        kept = cluster != label
        assert np.array_equal(found[place], plain_scores(AUC, gold[kept], answers[:, kept]))


def test_bca_of_a_symmetric_case_is_the_percentile_interval():
    values = np.linspace(-1, 1, 2001)
    ours = bca(values, 0.0, np.array([-0.1, 0.1, 0.3, -0.3]), 0.9)
    assert ours == pytest.approx(interval(values, 0.9), abs=1e-9)


def test_bca_knows_nothing_where_all_resamples_lie_on_one_side():
    assert np.isnan(bca(np.array([0.1, 0.2]), 0.5, np.array([0.4, 0.6]), 0.95)).all()
    assert np.isnan(bca(np.full(3, np.nan), 0.5, np.array([0.4, 0.6]), 0.95)).all()


def test_bca_of_what_never_varies_is_that_value():
    assert bca(np.ones(50), 1.0, np.ones(9), 0.95) == (1.0, 1.0)


def misses(generator, repetitions, n, resamples):
    """Shares of percentile and BCa intervals of an AUC that lie above and below the truth."""
    truth = scipy.stats.norm.cdf(1.5 / np.sqrt(2))
    found = {"percentile": [], "bca": []}
    for _ in range(repetitions):
        gold, predicted = skewed(generator, n)
        multiplicity = item_multiplicity(np.arange(n), resamples, generator)
        values = resampled_scores(AUC, gold, predicted[None], multiplicity)[:, 0]
        score = float(plain_scores(AUC, gold, predicted[None])[0])
        left_out = jackknife(AUC, gold, predicted[None], np.arange(n))[:, 0]
        found["percentile"].append(interval(values, 0.95))
        found["bca"].append(bca(values, score, left_out, 0.95))
    return {
        name: (
            np.mean([low > truth for low, _ in ends]),
            np.mean([high < truth for _, high in ends]),
        )
        for name, ends in found.items()
    }


def test_bca_holds_the_truth_as_often_as_it_says():
    above, below = misses(rng(4), 300, 60, 300)["bca"]
    assert 0.02 < above + below < 0.09  # Monte-Carlo error .013


@pytest.mark.slow
def test_bca_misses_on_both_sides_alike_where_the_percentile_interval_does_not():
    found = misses(rng(5), 4000, 60, 1000)
    above, below = found["bca"]
    assert 0.04 < above + below < 0.06  # Monte-Carlo error .0035
    assert abs(above - below) < 0.015
    assert found["percentile"][0] > found["percentile"][1] + 0.02


def test_a_design_with_bca_moves_the_intervals_of_seeds_and_nothing_else():
    gold, predicted = skewed(rng(6))
    answers = {
        "a": np.stack([predicted, predicted + rng(7).normal(size=60)]),
        "b": gold[None] * 1.0,
    }
    design = {
        kind: Design(AUC, gold, np.arange(60), 400, 99, interval=kind)
        for kind in ("percentile", "bca")
    }
    plain, moved = (compare_all(design[kind], answers, rng(8)) for kind in ("percentile", "bca"))
    assert repr(plain.differences) == repr(moved.differences)  # repr: NaN is NaN
    before, after = plain.estimates["a"], moved.estimates["a"]
    assert (before.low, before.high) == (after.low, after.high)
    assert all(x != y for x, y in zip(before.seed_intervals, after.seed_intervals, strict=True))
    assert all(
        low < score < high
        for score, (low, high) in zip(after.seeds, after.seed_intervals, strict=True)
    )
    assert moved.estimates["b"].seed_intervals == ((1.0, 1.0),)


# --- blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("permutations", [1, 10, 64, 103])
def test_signs_in_blocks_are_those_of_one_draw(permutations, monkeypatch):
    monkeypatch.setattr(permutation_module, "_AT_ONCE", 7 * 8)
    blocks = list(random_signs(7, permutations, rng(9)))
    whole = rng(9).integers(0, 2, size=(permutations, 7), dtype=np.int8) * 2 - 1
    assert np.array_equal(np.vstack(blocks), whole)
    assert max(len(block) for block in blocks) <= 8
    assert set(np.unique(whole)) <= {-1, 1}


def test_signs_of_many_clusters_are_never_all_in_memory():
    blocks = random_signs(20_000, 2000, rng(10))
    assert max(block.nbytes for block in blocks) < 3e6
