"""The least variance of shares: by hand, where it applies, and what it does to coverage."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from paired import paired_difference
from wordrel.stats import (
    AUC,
    LOSS,
    MEASURES,
    RATIO,
    Design,
    Sample,
    Scored,
    Uncertain,
    combined,
    estimate,
    mean_combined,
)
from wordrel.stats.floors import sum_bounds

UNFLOORED = replace(RATIO, share=False)


def right(n: int, times: int, seeds: int = 1) -> np.ndarray:
    """Answers to n items, the first ones right."""
    return np.tile((np.arange(n) < times) * 1.0, (seeds, 1))


def scored(rows, measure=RATIO, cluster=None) -> Scored:
    n = rows.shape[1]
    return Scored.of(
        measure, Sample.of(np.ones(n), np.arange(n) if cluster is None else cluster), rows
    )


def of_rows(weights, rows, measure=RATIO, cluster=None) -> Uncertain:
    models = {i: scored(row, measure, cluster) for i, row in enumerate(rows)}
    return combined(dict(enumerate(weights)), models)


def design(n: int) -> Design:
    return Design(RATIO, np.ones(n), np.arange(n), permutations=9)


def test_measures_of_right_and_wrong_answers_are_known():
    assert {name for name, m in MEASURES.items() if m.share} == {"accuracy", "precision", "overlap"}


def test_the_floor_by_hand():
    for times in (0, 40):
        assert of_rows([1.0], [right(40, times)]).error ** 2 == pytest.approx(2 / 44**2)
        assert scored(right(40, times)).errors ** 2 == pytest.approx(2 / 44**2)
    # One cluster of 40 deviates: its square is added. It is above the usual 1 / 40^2.
    assert of_rows([1.0], [right(40, 1)]).error ** 2 == pytest.approx(3 / 44**2)
    assert of_rows([1.0], [right(40, 39, seeds=3)]).error ** 2 == pytest.approx(3 / 44**2)
    same = [right(40, 25), right(40, 25)]
    assert of_rows([1.0, -1.0], same).error ** 2 == pytest.approx(2 / 44**2)
    assert of_rows([1.0, -1.0], same).error > 1 / 42  # Agresti and Min's
    ends = [right(40, 40), right(40, 0)]
    assert of_rows([1.0, -1.0], ends).error ** 2 == pytest.approx(2 * 2**2 / 44**2)
    four = of_rows([1.0, -1.0, -1.0, 1.0], [*same, *same])
    assert four.error**2 == pytest.approx(2 * 2**2 / 44**2)


def test_a_mean_over_samples_has_the_floor_of_each():
    samples = [{0: scored(right(n, 0)), 1: scored(right(n, 0))} for n in (40, 60)]
    gain = mean_combined({0: 1.0, 1: -1.0}, samples)
    assert gain.error**2 == pytest.approx((2 / 44**2 + 2 / 64**2) / 4)


def test_two_models_without_a_right_answer_are_not_equivalent():
    found = paired_difference(
        design(40), right(40, 0, 5), right(40, 0, 5), np.random.default_rng(0)
    )
    assert found.difference == 0
    assert found.p_equivalence > 0.15
    assert found.low < -0.05 and found.high > 0.05 and found.detectable > 0.05
    many = paired_difference(design(300), right(300, 0), right(300, 0), np.random.default_rng(0))
    assert many.p_equivalence < 0.001


def test_intervals_at_the_ends_have_a_width_and_stay_within_the_bounds():
    one = estimate(design(40), right(40, 40, 2))
    assert one.high == 1.0 and 0.9 < one.low < 0.95
    assert [tuple(ends) for ends in one.seed_intervals] == [(one.low, 1.0)] * 2
    found = paired_difference(design(20), right(20, 20), right(20, 0), np.random.default_rng(0))
    assert found.high == found.difference == 1.0 and found.low < 0.9


@pytest.mark.parametrize("times", [2, 3, 20, 38])
def test_in_the_interior_no_bit_changes(times):
    rows = [right(40, times, 3), right(40, 40 - times, 3)[:, ::-1]]
    for weights in ([1.0], [1.0, -1.0]):
        assert of_rows(weights, rows) == of_rows(weights, rows, UNFLOORED)
    assert (scored(rows[0]).errors == scored(rows[0], UNFLOORED).errors).all()


def test_clusters_with_many_items_keep_their_error_where_two_deviate():
    cluster = np.repeat(np.arange(40), 25)
    answers = (np.random.default_rng(1).random((2, 1000)) < 0.5) * 1.0
    for weights in ([1.0], [1.0, -1.0]):
        rows = answers[:, None]
        found = of_rows(weights, rows, RATIO, cluster)
        assert found == of_rows(weights, rows, UNFLOORED, cluster)
        assert found.error**2 < 2 / 44**2  # it is no bound of every variance
    alike = of_rows([1.0], [right(1000, 1000)], RATIO, cluster)
    assert alike.error**2 == pytest.approx(2 / 44**2)  # copies add no certainty


def test_losses_and_ranks_have_no_floor_and_too_few_clusters_no_error():
    assert of_rows([1.0], [right(40, 0)], LOSS).error == 0
    gold = right(40, 20)
    ranked = Scored.of(AUC, Sample.of(gold[0], np.arange(40)), gold)
    assert ranked.mean == 1 and combined({0: 1.0}, {0: ranked}).error == 0
    mixed = {0: scored(right(40, 0)), 1: scored(right(40, 0), LOSS)}
    assert combined({0: 1.0, 1: -1.0}, mixed).error == 0
    assert np.isnan(of_rows([1.0], [right(19, 0)]).error)
    assert np.isnan(Scored.of(RATIO, Sample.of(np.empty(0), np.arange(0)), np.empty((1, 0))).errors)


def shares_inside(measure, n: int, p: float) -> float:
    """The exact share of intervals of an accuracy p on n items that hold it."""
    times = np.arange(n + 1)
    ends = [of_rows([1.0], [right(n, k)], measure).interval(0.95, (0.0, 1.0)) for k in times]
    inside = [low <= p <= high for low, high in ends]
    return float(binom.pmf(times, n, p) @ inside)


def test_coverage_near_the_ends_is_what_is_promised():
    # Exact sums in place of draws. benchmarks/simulation.py asks for .93.
    for n, p, before in ((40, 0.02, 0.56), (40, 0.98, 0.56), (60, 0.02, 0.71), (100, 0.01, 0.64)):
        assert shares_inside(UNFLOORED, n, p) < before
        assert shares_inside(RATIO, n, p) > 0.93


def false_equivalence(measure, n: int, margin=0.03) -> float:
    """How often accuracies of `margin` and 0 are found equivalent."""
    times = np.arange(6)  # more right answers never are
    none = right(n, 0)
    found = [of_rows([1.0, -1.0], [right(n, k), none], measure).p_within(margin) for k in times]
    return float(binom.pmf(times, n, margin) @ (np.array(found) < 0.05))


def test_few_models_at_the_margin_are_called_equivalent():
    for n, before in ((40, 0.29), (60, 0.16), (80, 0.08), (100, 0.19)):
        assert false_equivalence(UNFLOORED, n) > before
        assert false_equivalence(RATIO, n) < 0.1


def test_bounds_of_sums():
    assert sum_bounds([1.0]) == (0.0, 1.0)
    assert sum_bounds([1.0, -1.0]) == (-1.0, 1.0)
    assert sum_bounds([1.0, -1.0, -1.0, 1.0]) == (-2.0, 2.0)
    assert sum_bounds([1.0, -1.0], (-1.0, 1.0)) == (-2.0, 2.0)
    assert sum_bounds([1.0, -1.0], (0.0, np.inf)) == (-np.inf, np.inf)
