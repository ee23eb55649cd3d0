"""How much less two models agree than their seeds: by hand, in simulation, and as a contrast."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from wordrel.config import Contrast
from wordrel.config.contrasts import Beside
from wordrel.stats.alignment import Drop
from wordrel.study.agreement import lift_rows
from wordrel.study.answers import Evaluation
from wordrel.study.contrasts import contrast_rows, measured
from wordrel.study.schema import COLUMNS
from wordrel.tasks import Predictions

P = 400


def runs(seed, centre, noise, seeds=(1, 2, 3, 4, 5)):
    """Runs around the scores of a model; each seed adds its own noise."""
    rng = np.random.default_rng(seed)
    return {s: centre + noise * rng.normal(size=len(centre)) for s in seeds}


def two_models(seed, apart, pairs=P):
    rng = np.random.default_rng(seed)
    shared, own = rng.normal(size=pairs), rng.normal(size=pairs)
    other = shared if not apart else shared + apart * own
    return runs(seed + 1, shared, 0.5), runs(seed + 2, other, 0.8)


def test_a_drop_by_hand():
    first, second = two_models(0, apart=1.0)

    def rho(one, other):
        return spearmanr(one, other).statistic

    own = [
        np.mean([rho(its[s], its[t]) for s in its for t in its if s < t]) for its in (first, second)
    ]
    between = np.mean([rho(first[s], second[t]) for s in first for t in second if s != t])
    found = Drop.of(first, second)
    assert found.value == pytest.approx(min(own) - between)
    assert found.influence.sum() == pytest.approx(0, abs=1e-6)
    turned = Drop.of(second, first)
    assert turned.value == pytest.approx(found.value)
    np.testing.assert_allclose(turned.seeds, found.seeds[::-1])


def test_a_monotone_change_of_scores_changes_nothing():
    first, second = two_models(3, apart=0.5)
    bent = {seed: np.exp(row) for seed, row in second.items()}
    assert Drop.of(first, bent).value == pytest.approx(Drop.of(first, second).value)


def test_the_jackknife_over_seeds_by_hand():
    first, second = two_models(5, apart=1.0)
    found = Drop.of(first, second)
    left = [
        Drop.of({s: row for s, row in first.items() if s != out}, second).value for out in first
    ]
    expected = 4 / 5 * np.sum((np.array(left) - np.mean(left)) ** 2)
    assert found.seeds[0] == (pytest.approx(expected), 4)


def test_without_two_seeds_there_is_no_drop():
    first, second = two_models(1, apart=1.0)
    assert np.isnan(Drop.of({1: first[1]}, second).value)
    two = {seed: first[seed] for seed in (1, 2)}
    ends = Drop.of(two, second).uncertain().interval(0.95)
    assert np.isnan(ends.low)  # one seed is left where the jackknife leaves one out


def test_intervals_hold_the_drop_of_many_pairs_and_seeds():
    """Of 150 simulated studies, at least 93 %."""
    many = two_models(11, apart=1.0, pairs=100_000)
    truth = Drop.of(*({s: its[s] for s in (1, 2)} for its in many)).value
    held = []
    for study in range(150):
        ends = Drop.of(*two_models(100 + 3 * study, apart=1.0)).uncertain().interval(0.95)
        held.append(ends.low <= truth <= ends.high)
    assert np.mean(held) >= 0.93


# --- as a planned contrast --------------------------------------------------------------------


def asked(task, models):
    pairs = len(next(iter(next(iter(models.values())).values())))
    form = {
        **{"task": task, "measure": "lift_correlation", "embedding": "q.k.lift", "selected": True},
        **{"gold": np.ones(pairs), "covered": np.ones(pairs, dtype=np.bool_)},
        **{"cluster": np.arange(pairs)},
        **{"chance": 0.0, "better": "higher", "note": ""},
    }
    return Evaluation(
        "wiki17m-4m",
        "agreement",
        {
            (name, "q.k.lift"): {s: Predictions(predicted=row, **form) for s, row in its.items()}
            for name, its in models.items()
        },
    )


APART, ALIKE = two_models(0, apart=1.0), two_models(7, apart=0.0)
ROWS = [
    asked("lift_agreement.query_key", {"next": APART[0], "following": APART[1]}),
    asked("lift_agreement.in_out", {"mean": ALIKE[0], "mean_following": ALIKE[1]}),
]


def planned(**given):
    settings = {"claim": "C4", "first": "next", "second": "following", "margin": 0.05}
    return Contrast(**{**settings, "task": "lift_agreement.query_key", **given})


def test_a_drop_is_the_gain_of_a_contrast_and_that_of_others_is_subtracted():
    mean = Beside(first="mean", second="mean_following", task="lift_agreement.in_out")
    own = planned(first="mean", second="mean_following", task="lift_agreement.in_out")
    contrasts = [planned(), planned(beside=mean, margin=0.0), own]
    rows = contrast_rows("wiki17m-4m", contrasts, measured(ROWS, contrasts), 0.05)
    gains = [row["gain"] for row in rows]
    expected = [Drop.of(*APART).value, Drop.of(*ALIKE).value]
    assert gains == pytest.approx([expected[0], expected[0] - expected[1], expected[1]])
    assert [row["outcome"] for row in rows] == ["adds", "adds", "adds less"]
    assert {row["seeds"] for row in rows} == {5}
    assert {row["n"] for row in rows} == {P}


def test_a_drop_without_one_of_its_models_is_not_measured():
    absent = planned(second="elsewhere")
    assert measured(ROWS, [absent]) == []
    (row,) = contrast_rows("wiki17m-4m", [absent], [], 0.05)
    assert row["outcome"] == "not measured"


def test_pairs_without_a_lift_of_one_model_are_left_out_for_both():
    half, scores = np.arange(P) < P // 2, two_models(11, apart=1.0)

    def row_of(scores):
        models = dict(zip(("next", "following"), scores, strict=True))
        return asked("lift_agreement.query_key", models)

    def without(runs):
        return {seed: np.where(half, np.nan, row) for seed, row in runs.items()}

    def rest(runs):
        return {seed: row[~half] for seed, row in runs.items()}

    lacking = row_of([without(scores[0]), scores[1]])
    found = {(row["model_a"], row["model_b"]): row for row in lift_rows(lacking, 0.95)}
    alone = lift_rows(row_of([rest(runs) for runs in scores]), 0.95)
    expected = {(row["model_a"], row["model_b"]): row for row in alone}
    for models in (("next", "next"), ("next", "following")):
        assert found[models] == expected[models]
    assert found["following", "following"]["n_items"] == P
    (gain,) = measured([lacking], [planned()])
    assert gain["gain"].value == Drop.of(*map(rest, scores)).value
    assert gain["n"] == P // 2


def test_every_two_models_and_every_two_seeds_have_a_row():
    rows = lift_rows(ROWS[0], 0.95)
    assert all({*row} == {*COLUMNS["agreement"]} for row in rows)
    found = {(row["model_a"], row["model_b"]): row for row in rows}
    assert {models: row["pairs"] for models, row in found.items()} == {
        ("next", "next"): 10,
        ("next", "following"): 20,
        ("following", "following"): 10,
    }
    own = [found[name, name]["score"] for name in ("next", "following")]
    assert min(own) - found["next", "following"]["score"] == pytest.approx(Drop.of(*APART).value)
    assert all(row["low"] < row["score"] < row["high"] for row in rows)
