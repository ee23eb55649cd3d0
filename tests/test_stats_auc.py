import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paired import paired_difference, permutation_p, swapped
from wordrel.stats import (
    AUC,
    Design,
    Sample,
    compare_all,
    plain_scores,
    random_signs,
)

TIED = st.integers(-3, 3).map(float)


def rng(seed=0):
    return np.random.default_rng(seed)


def once(n):
    return np.ones((1, n), dtype=np.int64)


def auc(gold, predicted, multiplicity):
    return AUC.scores(gold, predicted[None], multiplicity)[:, 0]


def by_scipy(gold, predicted):
    ones, zeros = predicted[gold == 1], predicted[gold == 0]
    return scipy.stats.mannwhitneyu(ones, zeros).statistic / (len(ones) * len(zeros))


@given(
    gold=hnp.arrays(np.float64, 12, elements=st.integers(0, 1).map(float)),
    predicted=hnp.arrays(np.float64, 12, elements=TIED),
    multiplicity=hnp.arrays(np.int64, (3, 12), elements=st.integers(0, 4)),
)
@settings(deadline=None, max_examples=100)
def test_auc_equals_mann_whitney_on_the_items_repeated_in_the_flesh(gold, predicted, multiplicity):
    scores = auc(gold, predicted, multiplicity)
    for row, score in zip(multiplicity, scores, strict=True):
        g, x = np.repeat(gold, row), np.repeat(predicted, row)
        if len(np.unique(g)) < 2:
            assert np.isnan(score)
        else:
            assert score == pytest.approx(by_scipy(g, x), abs=1e-12)


def test_auc_by_hand_counts_a_tie_half():
    gold, predicted = np.array([1.0, 1, 0, 0, 0]), np.array([3.0, 1, 1, 0, 2])
    # 3 beats three zeros; 1 beats 0, ties with 1, loses to 2: (3 + 1.5) / 6.
    assert auc(gold, predicted, once(5)).tolist() == [4.5 / 6]
    assert auc(gold, -predicted, once(5)).tolist() == [1.5 / 6]


def test_auc_of_many_resamples_is_that_of_each_alone():
    generator = rng(1)
    gold, predicted = (generator.random(200) < 0.3) * 1.0, generator.normal(size=200).round(1)
    multiplicity = generator.integers(0, 3, size=(90, 200))
    alone = np.concatenate([auc(gold, predicted, row[None]) for row in multiplicity])
    assert np.array_equal(auc(gold, predicted, multiplicity), alone)


def test_auc_refuses_gold_that_is_no_class():
    with pytest.raises(ValueError, match=r"^auc: gold has to be 0 or 1; found 0\.5"):
        auc(np.array([0.0, 1.0, 0.5]), np.zeros(3), once(3))


def ranks_swapped(sample, first, second, signs):
    """Swap ranks in the flesh; score by mean ranks of the classes, seed beside seed."""
    out = []
    for row in signs:
        keep = row[sample.cluster] > 0
        gaps = []
        for x in first:
            for y in second:
                a, b = scipy.stats.rankdata(x), scipy.stats.rankdata(y)
                mixed = np.where(keep, a, b), np.where(keep, b, a)
                scores = [m[sample.gold == 1].mean() - m[sample.gold == 0].mean() for m in mixed]
                gaps.append((scores[0] - scores[1]) / len(keep))
        out.append(np.mean(gaps))
    return np.array(out)


def test_swapping_by_sums_equals_swapping_ranks_in_the_flesh():
    generator = rng(2)
    gold = (generator.random(30) < 0.4) * 1.0
    first, second = generator.normal(size=(3, 30)), generator.normal(size=(2, 30)).round(1)
    sample = Sample(gold, np.arange(30) // 2, 15)
    signs = (generator.integers(0, 2, (40, 15)) * 2 - 1).astype(np.int8)
    found = swapped(AUC, sample, first, second, signs)
    assert found == pytest.approx(ranks_swapped(sample, first, second, signs), abs=1e-12)


def test_without_a_swap_the_null_value_is_the_difference_of_mean_aucs():
    generator = rng(3)
    gold = (generator.random(40) < 0.4) * 1.0
    first, second = generator.normal(size=(4, 40)), generator.normal(size=(2, 40))
    signs = np.ones((1, 40), dtype=np.int8)
    found = swapped(AUC, Sample(gold, np.arange(40), 40), first, second, signs)
    means = [np.mean([by_scipy(gold, row) for row in rows]) for rows in (first, second)]
    assert found == pytest.approx(means[0] - means[1], abs=1e-12)


def test_p_is_that_of_the_paired_permutation_test_of_scipy():
    generator = rng(4)
    gold = (generator.random(80) < 0.4) * 1.0
    first, second = 1.2 * gold + generator.normal(size=80), 0.7 * gold + generator.normal(size=80)
    ours = paired_difference(
        Design(AUC, gold, np.arange(80), permutations=4000), first[None], second[None], rng(5)
    )

    def score(x, axis):
        return (x * (gold / gold.sum() - (1 - gold) / (1 - gold).sum())).sum(axis=axis) / 80

    theirs = scipy.stats.permutation_test(
        [scipy.stats.rankdata(first), scipy.stats.rankdata(second)],
        lambda x, y, axis: score(x, axis) - score(y, axis),
        permutation_type="samples",
        n_resamples=4000,
        rng=rng(6),
    )
    assert ours.difference == pytest.approx(theirs.statistic, abs=1e-12)
    assert 0.005 < ours.p < 0.5
    assert ours.p == pytest.approx(theirs.pvalue, abs=4 * np.sqrt(2 * ours.p * (1 - ours.p) / 4000))


def test_five_in_a_hundred_equal_models_differ_at_five_percent_at_any_share_of_ones():
    generator = rng(7)
    rejected = []
    for i in range(400):
        gold = (np.arange(60) < (12, 30)[i % 2]) * 1.0
        shared = generator.normal(size=60)
        first, second = (gold + shared + generator.normal(size=(1, 60)) for _ in range(2))
        second = second * 5 + 3  # of another size: only ranks are exchangeable
        sample = Sample(gold, np.arange(60), 60)
        (signs,) = random_signs(60, 199, generator)
        gap = np.subtract(*(plain_scores(AUC, gold, rows)[0] for rows in (first, second)))
        null = swapped(AUC, sample, first, second, signs)
        rejected.append(permutation_p(float(gap), null) <= 0.05)
    assert 0.017 < np.mean(rejected) < 0.083  # Monte-Carlo error .011


@given(answers=hnp.arrays(np.float64, (2, 21), elements=TIED))
@settings(deadline=None, max_examples=20)
def test_exchanging_two_models_turns_the_sign_and_keeps_p_which_is_never_zero(answers):
    design = Design(AUC, np.arange(21) % 2.0, np.arange(21), permutations=50)
    one = paired_difference(design, answers[:1], answers[1:], rng())
    other = paired_difference(design, answers[1:], answers[:1], rng())
    assert one.p >= 1 / 51
    assert other.p == one.p
    assert other.difference == pytest.approx(-one.difference)
    assert other.low == pytest.approx(-one.high)
    assert other.p_equivalence == one.p_equivalence


def test_a_class_that_is_missing_leaves_everything_unknown():
    design = Design(AUC, np.ones(6), np.arange(6), permutations=9)
    found = compare_all(design, {"a": rng().normal(size=(2, 6)), "b": np.zeros((1, 6))}, rng())
    assert np.isnan(found.estimates["a"].score)
    gap = found.differences["a", "b"]
    assert np.isnan([gap.difference, gap.low, gap.p, gap.p_equivalence, gap.detectable]).all()
