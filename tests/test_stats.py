import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paired import paired_difference, permutation_p, swapped
from wordrel.stats import (
    AUC,
    LOSS,
    MEASURES,
    RATIO,
    SPEARMAN,
    Design,
    Sample,
    answered_by_all,
    benjamini_hochberg,
    compare_all,
    interval,
    item_multiplicity,
    plain_scores,
    random_signs,
    spread,
)
from wordrel.stats import measures as measures_module
from wordrel.stats.ranks import midranks

TIED = st.integers(-4, 4).map(float)


def rng(seed=0):
    return np.random.default_rng(seed)


def once(n):
    return np.ones((1, n), dtype=np.int64)


def spearman(gold, predicted, multiplicity):
    return SPEARMAN.scores(gold, predicted[None], multiplicity)[:, 0]


def ratio(gold, predicted, multiplicity):
    return RATIO.scores(gold, predicted[None], multiplicity)[:, 0]


def correlated(generator, shape, rho):
    """Gold [.., P] and predictions of population correlation rho with it."""
    gold = generator.normal(size=shape)
    return gold, rho * gold + np.sqrt(1 - rho**2) * generator.normal(size=shape)


# --- measures ---------------------------------------------------------------------------------


def test_midranks_count_each_copy_and_share_the_ranks_of_equal_values():
    ranks = midranks(np.array([5.0, 1.0, 5.0, 9.0]), np.array([[1, 1, 1, 1], [2, 3, 0, 1]]))
    # Second row by hand: 1 1 1 5 5 9 -> ranks 1-3 (mean 2), 4-5 (mean 4.5), 6.
    assert ranks[0].tolist() == [2.5, 1.0, 2.5, 4.0]
    assert ranks[1, [0, 1, 3]].tolist() == [4.5, 2.0, 6.0]


@given(
    gold=hnp.arrays(np.float64, 12, elements=TIED),
    predicted=hnp.arrays(np.float64, 12, elements=TIED),
    multiplicity=hnp.arrays(np.int64, (3, 12), elements=st.integers(0, 4)),
)
@settings(deadline=None, max_examples=100)
def test_spearman_equals_scipy_on_the_items_repeated_in_the_flesh(gold, predicted, multiplicity):
    scores = spearman(gold, predicted, multiplicity)
    for row, score in zip(multiplicity, scores, strict=True):
        x, y = np.repeat(gold, row), np.repeat(predicted, row)
        if len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
            assert np.isnan(score)
        else:
            assert score == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)


def test_spearman_is_the_same_in_one_block_in_many_and_alone(monkeypatch):
    gold, predicted = correlated(rng(), 500, 0.5)
    multiplicity = item_multiplicity(np.arange(500), 200, rng(1))
    whole = spearman(gold, predicted.round(1), multiplicity)
    assert np.array_equal(whole[199:], spearman(gold, predicted.round(1), multiplicity[199:]))
    monkeypatch.setattr(measures_module, "_AT_ONCE", 500 * 60)
    assert np.array_equal(whole, spearman(gold, predicted.round(1), multiplicity))


@given(
    values=hnp.arrays(np.float64, (2, 15), elements=st.integers(-50, 50).map(lambda i: i / 16)),
    scale=st.sampled_from([0.25, 2.0, 16.0]),
)
@settings(deadline=None)
def test_spearman_does_not_feel_monotone_maps(values, scale):
    gold, predicted = values
    plain = spearman(gold, predicted, once(15))
    assert np.array_equal(
        plain, spearman(np.exp(gold), predicted * scale, once(15)), equal_nan=True
    )
    assert np.array_equal(-plain, spearman(gold, -(predicted**3), once(15)), equal_nan=True)


def test_ratio_weighs_every_copy():
    gold, predicted = np.array([2.0, 3.0, 5.0]), np.array([4.0, 3.0, 10.0])
    scores = ratio(gold, predicted, np.array([[1, 1, 1], [0, 2, 1], [0, 0, 0]]))
    assert scores[:2] == pytest.approx([17 / 10, 16 / 11])
    assert np.isnan(scores[2])


@pytest.mark.parametrize("measure", [SPEARMAN, RATIO, AUC])
def test_no_items_have_no_score(measure):
    assert np.isnan(plain_scores(measure, np.empty(0), np.empty((2, 0)))).all()


def test_accuracy_loss_and_overlap_are_ratios():
    assert {n: m for n, m in MEASURES.items() if m is not RATIO} == {
        "spearman": SPEARMAN,
        "auc": AUC,
        "loss_per_token": LOSS,
    }
    assert (LOSS.scores, LOSS.gap) == (RATIO.scores, RATIO.gap)
    assert [n for n, m in MEASURES.items() if not m.bounded] == ["loss_per_token"]
    assert [n for n, m in MEASURES.items() if m.correlation] == ["spearman"]


# --- resampling -------------------------------------------------------------------------------


def test_a_resample_draws_whole_clusters_as_many_as_there_are():
    cluster = np.array([7, 3, 7, 9, 3, 7])
    multiplicity = item_multiplicity(cluster, 5000, rng())
    assert np.array_equal(multiplicity[:, 0], multiplicity[:, 2])
    assert np.array_equal(multiplicity[:, 0], multiplicity[:, 5])
    assert np.array_equal(multiplicity[:, 1], multiplicity[:, 4])
    assert (multiplicity[:, [0, 1, 3]].sum(axis=1) == 3).all()
    # Each of 3 draws hits a cluster with 1/3: mean 1, variance 2/3.
    assert multiplicity[:, 3].mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 3 / 5000))
    assert multiplicity[:, 3].var() == pytest.approx(2 / 3, abs=0.06)


def test_two_thousand_resamples_of_all_google_analogies_stay_small():
    multiplicity = item_multiplicity(np.arange(19_544) % 573, 2000, rng())
    assert multiplicity.nbytes < 100e6
    assert (multiplicity[:, :573].sum(axis=1) == 573).all()


def test_the_interval_of_spearman_is_that_of_scipy():
    gold, predicted = correlated(rng(3), 80, 0.6)
    multiplicity = item_multiplicity(np.arange(80), 4000, rng(4))
    ours = interval(spearman(gold, predicted, multiplicity), 0.9)
    theirs = scipy.stats.bootstrap(
        (gold, predicted),
        lambda x, y: scipy.stats.spearmanr(x, y).statistic,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        confidence_level=0.9,
        method="percentile",
        rng=rng(5),
    ).confidence_interval
    # A quantile of 2,000 resamples of a statistic of sd .08 has an error of about .004.
    assert ours == pytest.approx(theirs, abs=0.016)


def test_the_interval_is_the_middle_share_and_leaves_out_what_has_no_score():
    values = np.append(np.linspace(0, 100, 101), np.nan)
    assert interval(values, 0.9) == pytest.approx((5.0, 95.0))
    assert np.isnan(interval(np.full(3, np.nan), 0.9)).all()


def share_inside(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


def test_intervals_of_spearman_hold_the_truth_as_often_as_they_say():
    generator = rng(6)
    truth = 6 / np.pi * np.arcsin(0.5 / 2)  # of a bivariate normal with correlation .5
    intervals = []
    for _ in range(400):
        gold, predicted = correlated(generator, 100, 0.5)
        multiplicity = item_multiplicity(np.arange(100), 300, generator)
        intervals.append(interval(spearman(gold, predicted, multiplicity), 0.95))
    assert 0.91 < share_inside(intervals, truth) < 0.98  # Monte-Carlo error .011


def test_intervals_of_clustered_items_hold_the_truth_only_if_clusters_are_drawn():
    generator = rng(7)
    by_cluster, by_item = [], []
    cluster = np.repeat(np.arange(40), 10)
    for _ in range(300):
        answers = (generator.normal(size=40)[cluster] + generator.normal(size=400) > 0) * 1.0
        for found, groups in ((by_cluster, cluster), (by_item, np.arange(400))):
            multiplicity = item_multiplicity(groups, 300, generator)
            found.append(interval(ratio(np.ones(400), answers, multiplicity), 0.95))
    assert 0.90 < share_inside(by_cluster, 0.5) < 0.98
    assert share_inside(by_item, 0.5) < 0.8


def test_spread_divides_by_one_less_and_is_unknown_for_one_seed():
    assert spread(np.array([1.0, 3.0])) == pytest.approx(np.sqrt(2))
    assert np.isnan(spread(np.array([1.0])))


# --- comparison -------------------------------------------------------------------------------


def brute_swap(sample, first, second, signs):
    """Swap ranks in the flesh, correlate with numpy."""
    rank = scipy.stats.rankdata
    out = []
    for row in signs:
        keep = row[sample.cluster] > 0
        gaps = []
        for x in first:
            for y in second:
                a, b = rank(x), rank(y)
                mixed = np.where(keep, a, b), np.where(keep, b, a)
                r = [np.corrcoef(rank(sample.gold), m)[0, 1] for m in mixed]
                gaps.append(r[0] - r[1])
        out.append(np.mean(gaps))
    return np.array(out)


def test_swapping_by_sums_equals_swapping_in_the_flesh():
    generator = rng(9)
    gold = generator.integers(0, 6, 30).astype(float)
    first, second = generator.normal(size=(3, 30)), generator.normal(size=(2, 30)).round(1)
    sample = Sample(gold, np.arange(30) // 2, 15)
    signs = (generator.integers(0, 2, (40, 15)) * 2 - 1).astype(np.int8)
    found = swapped(SPEARMAN, sample, first, second, signs)
    assert found == pytest.approx(brute_swap(sample, first, second, signs), abs=1e-12)


@pytest.mark.parametrize("measure", [SPEARMAN, RATIO])
def test_without_a_swap_the_null_value_is_the_difference_of_mean_scores(measure):
    generator = rng(10)
    gold = generator.uniform(1, 2, 25)
    first, second = generator.normal(size=(4, 25)), generator.normal(size=(2, 25))
    sample = Sample(gold, np.arange(25), 25)
    found = swapped(measure, sample, first, second, np.ones((1, 25), dtype=np.int8))
    gap = plain_scores(measure, gold, first).mean() - plain_scores(measure, gold, second).mean()
    assert found == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("name", ["spearman", "accuracy"])
def test_p_is_that_of_the_paired_permutation_test_of_scipy(name):
    generator = rng(11)
    gold, first = correlated(generator, 60, 0.6)
    second = 0.35 * gold + generator.normal(size=60)
    if name == "accuracy":
        gold, first, second = np.ones(60), (first > 0) * 1.0, (second > 0.5) * 1.0
    design = Design(MEASURES[name], gold, np.arange(60), permutations=4000)
    ours = paired_difference(design, first[None], second[None], rng(12))

    g = scipy.stats.rankdata(gold) - 30.5

    def score(x, axis):
        if name == "accuracy":
            return x.mean(axis=axis)
        x = x - x.mean(axis=axis, keepdims=True)
        return (x * g).sum(axis=axis) / np.sqrt((x**2).sum(axis=axis) * (g**2).sum())

    samples = [first, second]
    if name == "spearman":
        samples = [scipy.stats.rankdata(s) for s in samples]
    theirs = scipy.stats.permutation_test(
        samples,
        lambda x, y, axis: score(x, axis) - score(y, axis),
        permutation_type="samples",
        n_resamples=4000,
        rng=rng(13),
    )
    assert ours.difference == pytest.approx(theirs.statistic, abs=1e-12)
    error = np.sqrt(2 * ours.p * (1 - ours.p) / 4000)
    assert 0.005 < ours.p < 0.5
    assert ours.p == pytest.approx(theirs.pvalue, abs=4 * error)


def swapping_p(measure, sample, first, second, generator):
    """What a comparison does for its p, without all else."""
    (signs,) = random_signs(sample.n_clusters, 199, generator)
    scores = (plain_scores(measure, sample.gold, rows).mean() for rows in (first, second))
    null = swapped(measure, sample, first, second, signs)
    return permutation_p(float(next(scores) - next(scores)), null)


def equal_models(generator, name):
    """Gold and two models, two seeds each, that are equally good and share half their errors."""
    gold, shared = generator.normal(size=50), generator.normal(size=50)
    first, second = (0.7 * gold + shared + generator.normal(size=(2, 50)) for _ in range(2))
    if name == "accuracy":
        return np.ones(50), (first > 0) * 1.0, (second > 0) * 1.0
    return gold, first, second


@pytest.mark.parametrize("name", ["spearman", "accuracy"])
def test_five_in_a_hundred_equal_models_differ_at_five_percent(name):
    generator = rng(14)
    rejected = []
    for _ in range(400):
        gold, first, second = equal_models(generator, name)
        p = swapping_p(MEASURES[name], Sample(gold, np.arange(50), 50), first, second, generator)
        rejected.append(p <= 0.05)
    # Monte-Carlo error .011; accuracies have ties, which make the test a little shy.
    assert 0.017 < np.mean(rejected) < 0.083


def test_a_swap_by_cluster_holds_its_level_where_a_swap_by_item_does_not():
    generator = rng(15)
    cluster = np.repeat(np.arange(20), 10)
    rejected = {"cluster": [], "item": []}
    for _ in range(200):
        answers = generator.normal(size=(2, 20))[:, cluster] + generator.normal(size=(2, 200))
        for name, groups in (("cluster", cluster), ("item", np.arange(200))):
            sample = Sample.of(np.ones(200), groups)
            p = swapping_p(RATIO, sample, answers[:1], answers[1:], generator)
            rejected[name].append(p <= 0.05)
    assert np.mean(rejected["cluster"]) < 0.1
    assert np.mean(rejected["item"]) > 0.2


def test_a_plain_difference_has_the_smallest_p_and_an_interval_beside_zero():
    gold, _ = correlated(rng(16), 300, 0.9)
    good = gold + 4 * rng(17).normal(size=(3, 300))
    design = Design(SPEARMAN, gold, np.arange(300), permutations=999)
    found = paired_difference(design, gold + good * 0.01, good, rng(17))
    assert found.p == 1 / 1000
    assert found.low > 0.1
    assert found.low < found.difference < found.high


@given(
    answers=hnp.arrays(np.float64, (2, 21), elements=TIED),
    measure=st.sampled_from([SPEARMAN, RATIO]),
)
@settings(deadline=None, max_examples=30)
def test_exchanging_two_models_turns_the_sign_and_keeps_p_which_is_never_zero(answers, measure):
    design = Design(measure, np.arange(1.0, 22.0), np.arange(21), permutations=50)
    one = paired_difference(design, answers[:1], answers[1:], rng())
    other = paired_difference(design, answers[1:], answers[:1], rng())
    assert np.isnan(one.p) or one.p >= 1 / 51
    assert other.p == pytest.approx(one.p, nan_ok=True)
    assert other.difference == pytest.approx(-one.difference, nan_ok=True)
    assert other.low == pytest.approx(-one.high, nan_ok=True)


def test_identical_models_have_p_one():
    answers = rng().normal(size=(3, 40))
    design = Design(SPEARMAN, rng(1).normal(size=40), np.arange(40), permutations=200)
    found = paired_difference(design, answers, answers, rng())
    assert (found.difference, found.p) == (0.0, 1.0)


def test_a_permutation_without_a_score_counts_as_far():
    assert permutation_p(0.5, np.array([np.nan, 0.1, -0.6])) == 3 / 4


def test_estimates_are_mean_scores_over_seeds_with_their_spread():
    answers = {"a": np.array([[1.0, 1, 0, 1], [1, 0, 0, 1]]), "b": np.array([[0.0, 1, 0, 0]])}
    design = Design(RATIO, np.ones(4), np.arange(4), permutations=99)
    found = compare_all(design, answers, rng())
    assert found.estimates["a"].seeds.tolist() == [0.75, 0.5]
    assert found.estimates["a"].score == 0.625
    assert found.estimates["a"].seed_sd == pytest.approx(0.25 / np.sqrt(2))
    assert len(found.estimates["a"].seed_intervals) == 2
    assert np.isnan(found.estimates["b"].seed_sd)
    assert found.differences["a", "b"].difference == 0.375
    assert list(found.differences) == [("a", "b")]


def test_the_comparison_of_two_models_does_not_depend_on_a_third():
    # Two equal seeds: which of them is drawn uses up randomness but changes no score.
    answers = {name: np.tile(rng(i).normal(size=30), (2, 1)) for i, name in enumerate("abc")}
    design = Design(SPEARMAN, np.arange(30.0), np.arange(30), permutations=99)
    of_three = compare_all(design, answers, rng()).differences["b", "c"]
    of_two = compare_all(design, {n: answers[n] for n in "bc"}, rng(), pairs=[("b", "c")])
    assert of_two.differences == {("b", "c"): of_three}


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    generator = rng(18)
    answers = {"a": generator.normal(size=(3, 30)), "b": generator.normal(size=(2, 30))}
    design = Design(SPEARMAN, np.arange(30.0), np.arange(30), permutations=99)
    one, same, other = (compare_all(design, answers, rng(s)).differences for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_items_that_somebody_does_not_answer_are_refused_and_can_be_left_out():
    answers = {"a": np.array([[1.0, np.nan, 3.0]]), "b": np.array([[1.0, 2.0, 3.0]])}
    design = Design(SPEARMAN, np.arange(3.0), np.arange(3))
    with pytest.raises(ValueError, match=r"^a: found items without an answer"):
        compare_all(design, answers, rng())
    assert answered_by_all(answers.values()).tolist() == [True, False, True]


def test_copies_of_items_in_their_cluster_add_no_certainty():
    answers = {name: rng(i).normal(size=(2, 24)) for i, name in enumerate("ab")}
    tripled = {name: np.tile(rows, 3) for name, rows in answers.items()}
    design = Design(RATIO, np.ones(24), np.arange(24), permutations=99)
    one = compare_all(design, answers, rng())
    copies = Design(RATIO, np.ones(72), np.tile(np.arange(24), 3), permutations=99)
    many = compare_all(copies, tripled, rng())
    for name in answers:
        ours, theirs = one.estimates[name], many.estimates[name]
        assert (theirs.low, theirs.high) == pytest.approx((ours.low, ours.high))
    gap, same = one.differences["a", "b"], many.differences["a", "b"]
    assert (same.low, same.high, same.p) == pytest.approx((gap.low, gap.high, gap.p))


@pytest.mark.parametrize("measure", [SPEARMAN, RATIO, AUC])
def test_a_comparison_on_no_items_is_all_unknown(measure):
    design = Design(measure, np.empty(0), np.empty(0, dtype=np.int64), permutations=9)
    found = paired_difference(design, np.empty((2, 0)), np.empty((1, 0)), rng())
    assert np.isnan([found.difference, found.low, found.high, found.p]).all()


def test_benjamini_and_hochberg_as_worked_by_hand():
    # Sorted .005 .01 .03 .04 times 4 / rank: .02 .02 .04 .04.
    p = [0.01, 0.04, 0.03, 0.005]
    assert benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_unknown_p_values_are_left_out_of_the_family():
    adjusted = benjamini_hochberg([0.02, np.nan, 0.04])
    assert adjusted == pytest.approx([0.04, np.nan, 0.04], nan_ok=True)
