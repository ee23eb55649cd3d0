"""Planned contrasts: Holm's intervals and outcomes, verdicts over corpora, gains by ordering."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from tiny_study import settings, write_study
from wordrel.config import Contrast, Orderings, load_config, parse_config
from wordrel.errors import ConfigError
from wordrel.stats import Interval, Uncertain, combined, mean_combined
from wordrel.study.analysis import measurement_rows
from wordrel.study.answers import Evaluation
from wordrel.study.contrasts import (
    Scores,
    contrast_rows,
    decided_by,
    measured,
    outcome_of,
    p_of,
    step_down,
)
from wordrel.study.gains import measured_gains
from wordrel.study.orderings import ordering_rows
from wordrel.study.results import read_results
from wordrel.study.run import run_study
from wordrel.study.select import Choice
from wordrel.tasks import Measurement, Predictions

DOCUMENTS, SEEDS = 60, 5
TASK, AS_TRAINED = "per_token_loss.masked_word.calibrated", "per_token_loss.masked_word.as_trained"


def planned(first="a", second="b", **given) -> Contrast:
    settings = {"claim": "C9", "task": TASK, "margin": 0.02, "rule": "adds", **given}
    return Contrast(first=first, second=second, **settings)


def asked(
    losses: dict[str, float], task=TASK, noise=0.001, documents=DOCUMENTS, **given
) -> Evaluation:
    """One row: models with these losses per token, five seeds, documents of several lengths."""
    generator = np.random.default_rng(1)
    gold = generator.integers(50, 150, documents) * 1.0
    shared = gold * generator.normal(0, 0.2, documents)
    form = {
        "task": task,
        "measure": "loss_per_token",
        "embedding": "context",
        "selected": True,
        "gold": gold,
        "covered": np.ones(documents, dtype=np.bool_),
        "cluster": np.arange(documents),
        "chance": 7.0,
        "better": "lower",
        "note": "",
        **given,
    }
    outcomes = {
        (model, "context"): {
            seed: Predictions(
                predicted=shared
                + gold * (loss + generator.normal(0, noise))
                + gold * generator.normal(0, 10 * noise, documents),
                **form,
            )
            for seed in range(SEEDS)
        }
        for model, loss in losses.items()
    }
    return Evaluation("wiki17m-4m", "fit", outcomes)


# --- Holm -------------------------------------------------------------------------------------


def test_levels_by_hand():
    # .005 < .05 / 4 and .01 < .05 / 3 are rejected; .03 is not below .05 / 2, nor is .04 after it.
    adjusted, levels = step_down([0.01, 0.04, 0.03, 0.005], 0.05)
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert levels == pytest.approx([0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])
    assert step_down([0.01, 0.02], 0.05)[1] == pytest.approx([0.05 / 2, 0.05])
    assert step_down([0.9, 0.8], 0.05)[1] == pytest.approx([0.05 / 2, 0.05 / 2])
    assert step_down([], 0.05) == ([], [])


def test_a_test_that_could_not_be_made_counts_in_its_family():
    adjusted, levels = step_down([0.02, np.nan], 0.05)
    assert adjusted == pytest.approx([0.04, np.nan], nan_ok=True)
    assert levels[0] == 0.05 / 2


def test_adjusted_p_is_that_of_statsmodels():
    p = np.random.default_rng(2).uniform(0, 0.1, 40)
    assert step_down(p.tolist(), 0.05)[0] == pytest.approx(
        multipletests(p, method="holm")[1].tolist()
    )


@pytest.mark.parametrize("rule", ["adds", "not_worse", "equivalent"])
def test_an_outcome_stands_in_the_interval_exactly_where_holm_rejects(rule):
    generator = np.random.default_rng(3)
    family = [planned(rule=rule, margin=m / 1000) for m in range(1, 25)]
    gains = [
        Uncertain(generator.normal(0, 0.015), generator.uniform(0.0005, 0.008), 9.0) for _ in family
    ]
    p = [p_of(one, gain) for one, gain in zip(family, gains, strict=True)]
    outcomes = []
    for one, gain, adjusted, level in zip(family, gains, *step_down(p, 0.05), strict=True):
        outcome = outcome_of(rule, gain.interval(1 - level), one.margin)
        assert (outcome == "open") == (adjusted >= 0.05)
        outcomes.append(outcome)
    assert len(set(outcomes)) == 3


@pytest.mark.parametrize(
    ("rule", "low", "high", "expected"),
    [
        ("adds", 0.021, 0.05, "adds"),
        ("adds", -0.01, 0.019, "adds less"),
        ("adds", 0.01, 0.03, "open"),
        ("not_worse", -0.019, 0.5, "not worse"),
        ("not_worse", -0.5, -0.021, "worse"),
        ("not_worse", -0.03, 0.1, "open"),
        ("equivalent", -0.019, 0.019, "equivalent"),
        ("equivalent", 0.021, 0.03, "differs"),
        ("equivalent", -0.03, -0.021, "differs"),
        ("equivalent", -0.01, 0.021, "open"),
        ("adds", np.nan, np.nan, "no interval"),
    ],
)
def test_what_an_interval_says_of_a_rule(rule, low, high, expected):
    assert outcome_of(rule, Interval(low, high), 0.02) == expected


# --- rows -------------------------------------------------------------------------------------


def test_a_gain_is_positive_where_the_first_has_the_lower_loss():
    family = [planned(), planned("b", "a"), planned("a", "c"), planned("a", "gone")]
    found = measured([asked({"a": 5.0, "b": 5.1, "c": 5.005})], family)
    rows = contrast_rows("wiki17m-4m", family, found, 0.05)
    assert [row["outcome"] for row in rows] == ["adds", "adds less", "adds less", "not measured"]
    assert rows[0]["gain"] == pytest.approx(0.1, abs=0.005)
    assert rows[0]["gain"] == -rows[1]["gain"]
    assert rows[0]["low"] < rows[0]["gain"] < rows[0]["high"]
    assert (rows[0]["seeds"], rows[0]["n"]) == (SEEDS, DOCUMENTS)
    assert (rows[3]["seeds"], rows[3]["n"]) == (0, 0) and "gain" not in rows[3]
    alone = contrast_rows("wiki17m-4m", family[:1], found, 0.05)[0]
    assert alone["high"] - alone["low"] < rows[0]["high"] - rows[0]["low"]


def test_a_higher_score_is_a_gain_too():
    row = asked({"a": 5.1, "b": 5.0}, better="higher", measure="accuracy")
    (found,) = contrast_rows("c", [planned()], measured([row], [planned()]), 0.05)
    assert found["gain"] == pytest.approx(0.1, abs=0.005)


def test_each_claim_is_a_family_of_its_own():
    contrasts = [planned(claim="C9"), planned(claim="C9", margin=0.03), planned(claim="C6")]
    found = measured([asked({"a": 5.0, "b": 5.1})], contrasts)
    rows = contrast_rows("c", contrasts, found, 0.05)
    assert [row["confidence"] for row in rows] == pytest.approx([0.975, 0.95, 0.95])


def test_opposite_signs_of_both_losses_are_undecided():
    as_trained = asked({"a": 5.3, "b": 5.1}, task=AS_TRAINED)
    found = measured([asked({"a": 5.0, "b": 5.1}), as_trained], [planned()])
    (row,) = contrast_rows("c", [planned()], found, 0.05)
    assert row["outcome"] == "undecided"
    assert row["as_trained"] == pytest.approx(-0.2, abs=0.01)
    assert row["as_trained_high"] < 0 < row["low"]
    unclear = asked({"a": 5.3, "b": 5.1}, task=AS_TRAINED, noise=0.3)
    found = measured([asked({"a": 5.0, "b": 5.1}), unclear], [planned()])
    assert contrast_rows("c", [planned()], found, 0.05)[0]["outcome"] == "adds"


def test_nineteen_documents_give_a_gain_and_no_interval():
    found = measured([asked({"a": 5.0, "b": 5.1}, documents=19)], [planned()])
    (row,) = contrast_rows("c", [planned()], found, 0.05)
    assert row["outcome"] == "no interval"
    assert row["gain"] == pytest.approx(0.1, abs=0.01)
    assert np.isnan([row["low"], row["high"], row["p_adjusted"]]).all()


def test_a_development_split_decides_nothing():
    row = replace(asked({"a": 5.0, "b": 5.1}), split="dev")
    assert measured([row], [planned()]) == []


# --- verdicts ---------------------------------------------------------------------------------

SOURCES = {"wiki": "wiki17m", "wiki-1m": "wiki17m", "novels": "novels", "own": "texts/*.txt"}
SOURCES |= {"recall-8": "planted:recall-8"}


@pytest.mark.parametrize(
    ("found", "seeds", "expected"),
    [
        ({"wiki": "adds", "novels": "adds"}, 5, "supported"),
        ({"wiki": "adds less", "novels": "adds less"}, 5, "contradicted"),
        ({"wiki": "adds", "novels": "adds"}, 4, "undecided"),
        ({"wiki": "adds", "novels": "open"}, 5, "partly supported"),
        ({"wiki": "adds", "novels": "adds less"}, 5, "undecided"),
        ({"wiki": "adds", "wiki-1m": "adds"}, 5, "partly supported"),
        ({"wiki": "adds less"}, 5, "undecided"),
        ({"own": "adds"}, 5, "partly supported"),
        ({"wiki": "open", "novels": "open"}, 5, "undecided"),
        ({"wiki": "no interval", "novels": "adds"}, 5, "partly supported"),
        ({"recall-8": "adds"}, 5, "supported"),
        ({"recall-8": "adds less"}, 5, "contradicted"),
        ({"recall-8": "adds", "wiki": "adds"}, 5, "partly supported"),
    ],
)
def test_both_corpora_and_five_seeds_make_a_verdict(found, seeds, expected):
    rows = [
        SimpleNamespace(corpus=corpus, outcome=outcome, rule="adds", seeds=seeds)
        for corpus, outcome in found.items()
    ]
    assert decided_by(rows, SOURCES) == expected


# --- orderings --------------------------------------------------------------------------------

CELLS = Orderings(
    claim="C9",
    task=TASK,
    margin=0.02,
    rows=[
        {"words": "none", "cells": ["mean", "position"]},
        {"words": "word weight", "cells": ["weight", "weight_position"]},
        {"words": "word-word", "cells": ["word", "word_position"]},
    ],
)
LOSSES = dict(zip(CELLS.models, (6.0, 5.7, 5.95, 5.68, 5.9, 5.55), strict=True))
"""Positions save .3, .27 and .35; a word weight .05 and .02; word-word scores .05 and .13."""


def rows_of(losses, **given):
    rows = ordering_rows([asked(losses, noise=0.0001)], [CELLS.model_copy(update=given)], 0.95)
    return {(row["what"], row["ingredient"], row["beside"]): row for row in rows}


def test_every_gain_with_and_without_the_other_ingredient():
    rows = rows_of(LOSSES)
    gains = {key[1:]: row["gain"] for key, row in rows.items() if key[0] == "gain"}
    assert gains == pytest.approx(
        {
            ("positions", "none"): 0.3,
            ("positions", "word weight"): 0.27,
            ("positions", "word-word"): 0.35,
            ("word weight", "no positions"): 0.05,
            ("word weight", "positions"): 0.02,
            ("word-word", "no positions"): 0.05,
            ("word-word", "positions"): 0.13,
        },
        abs=0.002,
    )
    assert all(row["low"] < row["gain"] < row["high"] for row in rows.values())
    first = rows["gain", "positions", "none"]
    assert (first["model_a"], first["model_b"]) == ("position", "mean")
    whole = rows["whole gain", "", ""]
    assert (whole["model_a"], whole["model_b"]) == ("word_position", "mean")
    assert whole["gain"] == pytest.approx(0.45, abs=0.002)


def test_shares_of_every_ordering_sum_to_one():
    rows = rows_of(LOSSES)
    share = {key[1:]: row["share"] for key, row in rows.items() if "share" in row}
    orderings = (
        (("positions", "none"), ("word weight", "positions"), ("word-word", "positions")),
        (("word weight", "no positions"), ("positions", "word weight"), ("word-word", "positions")),
        (
            ("word weight", "no positions"),
            ("word-word", "no positions"),
            ("positions", "word-word"),
        ),
    )
    for ordering in orderings:
        assert sum(share[step] for step in ordering) == pytest.approx(1)
    one = rows["gain", "positions", "none"]
    assert one["share"] == pytest.approx(0.3 / 0.45, abs=0.01)
    assert one["share_low"] < one["share"] < one["share_high"]


def test_an_interaction_is_the_first_gain_less_the_last():
    rows = rows_of(LOSSES)
    found = {key[1:]: row["gain"] for key, row in rows.items() if key[0] == "interaction"}
    assert found == pytest.approx(
        {
            ("word weight", "positions"): 0.03,
            ("word-word", "positions"): -0.08,
            ("positions", "all words"): -0.05,
        },
        abs=0.002,
    )


def test_an_ingredient_leads_by_its_least_gain_over_the_most_of_any_other():
    rows = rows_of(LOSSES)
    leads = {key[1]: row for key, row in rows.items() if key[0] == "lead"}
    assert leads["positions"]["gain"] == pytest.approx(0.27 - 0.13, abs=0.002)
    assert leads["positions"]["low"] > 0.13
    assert leads["word-word"]["gain"] == pytest.approx(0.05 - 0.35, abs=0.002)
    assert leads["word weight"]["high"] < 0


def test_no_share_of_a_small_gain_or_beside_a_large_interaction():
    small = {model: 6 - (6 - loss) / 25 for model, loss in LOSSES.items()}
    substitutes = LOSSES | {"word_position": 5.62, "word": 5.64}
    for losses, why in ((small, "not above 0.02"), (substitutes, "exceeds half")):
        rows = rows_of(losses)
        assert not any("share" in row for row in rows.values())
        assert why in rows["whole gain", "", ""]["note"]
    assert rows_of(LOSSES)["whole gain", "", ""]["note"] == ""


def test_nothing_where_a_cell_has_no_answer_or_the_corpus_is_another():
    assert rows_of({k: v for k, v in LOSSES.items() if k != "mean"}) == {}
    assert rows_of(LOSSES, corpora=("novels",)) == {}


def test_each_gain_is_a_planned_contrast():
    found = CELLS.contrasts()
    assert len(found) == 7
    assert {(one.claim, one.rule, one.margin, one.task) for one in found} == {
        ("C9", "adds", 0.02, TASK)
    }
    assert ("position", "mean") in {(one.first, one.second) for one in found}


# --- config and a whole study -----------------------------------------------------------------

PLAN = [
    {
        **{"claim": "C1", "first": "attention", "second": "random", "task": "groups"},
        **{"margin": 0.03, "rule": "not_worse"},
    },
    {
        **{"claim": "C9", "first": "attention", "second": "skip_gram", "margin": 0.02},
        "task": "held_out_loss.next_word",
    },
]


def test_names_that_the_study_does_not_have_are_told_with_their_place(tmp_path: Path):
    wrong = [
        PLAN[0] | {"second": "randon"},
        PLAN[1] | {"task": "loss", "corpora": ["novels"]},
        PLAN[0] | {"rule": "better"},
    ]
    cells = {"claim": "C9", "task": "groups", "margin": 0.02}
    cells["rows"] = [{"words": "none", "cells": ["mean", "random"]}]
    alone = cells | {"rows": [{"words": "none", "cells": ["random", "random"], "word": "x"}]}
    with pytest.raises(ConfigError) as caught:
        load_config(write_study(tmp_path, contrasts=wrong, orderings=[cells, alone]))
    told = "\n".join(caught.value.problems)
    assert "contrasts.0.second: found 'randon'; did you mean 'random'?" in told
    assert "contrasts.1.task: found 'loss'; expected one of groups, held_out_loss" in told
    assert "contrasts.1.corpora.0: found 'novels'; expected one of text" in told
    assert "contrasts.2.rule: found 'better'" in told
    assert "orderings.0.rows.0.cells.0: found 'mean'; expected one of random" in told
    assert "orderings.0.rows: found a list, expected at least 2" in told
    assert "orderings.1.rows.0.word: found an unknown key; did you mean 'words'?" in told
    assert "orderings.1.rows:" not in told


def test_a_config_without_plans_is_stored_as_before(tmp_path: Path):
    config = parse_config(settings(tmp_path))
    assert not {"contrasts", "orderings"} & set(config.model_dump(mode="json"))
    with_plan = parse_config(settings(tmp_path, contrasts=PLAN))
    assert parse_config(with_plan.model_dump(mode="json")) == with_plan
    assert [one.claim for one in with_plan.planned("text")] == ["C1", "C9"]


@pytest.mark.slow
def test_a_study_stores_what_it_planned(tmp_path: Path):
    out = tmp_path / "results"
    run_study(load_config(write_study(tmp_path, contrasts=PLAN)), tmp_path / "cache", out, jobs=1)
    results = read_results(out)
    first, second = results.contrasts.itertuples()
    assert (first.model_a, first.model_b, first.corpus, first.n) == (
        "attention",
        "random",
        "text",
        36,
    )
    assert first.outcome == "open"  # 36 pairs are too few to decide .03
    assert second.outcome == "not measured"  # skip-gram predicts no words
    assert results.manifest["rows"]["contrasts"] == 2
    assert not (out / "orderings.csv").exists() and len(results.orderings) == 0
    (out / "contrasts.csv").unlink()
    with pytest.raises(Exception, match=r"contrasts\.csv: found 0 rows, expected 2"):
        read_results(out)


# --- one model and a number -------------------------------------------------------------------


def test_a_score_is_compared_with_a_number_or_with_chance():
    row = asked({"a": 0.6, "b": 0.5}, better="higher", measure="accuracy", chance=0.7)
    of = {"second": None, "task": TASK, "margin": 0.02}
    contrasts = [
        planned(against=0.5, **of),
        planned("b", against=0.7, **of),
        planned(against="chance", **of),
        planned("gone", against=0.5, **of),
    ]
    rows = contrast_rows("c", contrasts, measured([row], contrasts), 0.05)
    assert [r["outcome"] for r in rows] == ["adds", "adds less", "adds less", "not measured"]
    predicted = row.outcomes["a", "context"]
    score = np.mean([one.predicted.sum() / one.gold.sum() for one in predicted.values()])
    assert rows[0]["gain"] == pytest.approx(score - 0.5)
    assert rows[2]["gain"] == pytest.approx(score - 0.7)  # its chance
    own = {seed: replace(one, chance=seed / 10) for seed, one in predicted.items()}
    other = replace(row, outcomes=row.outcomes | {("a", "context"): own})
    (found,) = measured([other], [planned("a", against="chance", **of)])
    assert found["gain"].value == pytest.approx(score - 0.2)  # the mean of 0, .1, ... .4
    assert [r["against"] for r in rows] == ["0.5", "0.7", "chance", "0.5"]
    loss = asked({"a": 0.6})
    (found,) = measured([loss], [planned(against=0.7, **of)])
    assert found["gain"].value == pytest.approx(0.7 - score)
    assert found["seeds"] == SEEDS


def test_twenty_right_answers_of_twenty_do_not_decide_against_nine_tenths():
    row = asked({"a": 1.0}, better="higher", measure="accuracy", documents=20)
    of_a = row.outcomes["a", "context"]

    def all_answers(value):
        return {
            seed: replace(one, gold=np.ones(20), predicted=np.full(20, value))
            for seed, one in of_a.items()
        }

    outcomes = {("a", "context"): all_answers(1.0), ("b", "context"): all_answers(0.0)}
    contrasts = [planned(second=None, against=0.9), planned(second=None, against=0.5), planned()]
    found = measured([replace(row, outcomes=outcomes)], contrasts)
    rows = contrast_rows("c", contrasts, found, 0.05)
    assert [r["outcome"] for r in rows] == ["open", "adds", "adds"]
    assert [r["high"] for r in rows] == pytest.approx([0.1, 0.5, 1.0])  # no score is above 1
    assert rows[0]["low"] < 0


def test_a_number_beside_a_score_has_the_interval_of_the_score():
    row = asked({"a": 5.1}, better="higher", measure="accuracy", noise=0.01)
    (found,) = measured([row], [planned(second=None, against=5.0)])
    alone = Scores(row).of(("a",))
    assert alone is not None
    assert found["gain"].error == combined({"a": 1.0}, alone[0]).error
    assert found["gain"].df == combined({"a": 1.0}, alone[0]).df


def measurements(values, group="determiner minus other word", clusters=None):
    errors = np.full(len(values), 0.004)
    return [
        ("a", seed, [Measurement("changed", "context", group, "added_loss", v, e, 400, clusters)])
        for seed, (v, e) in enumerate(zip(values, errors, strict=True))
    ]


def test_a_measurement_is_compared_with_a_number():
    what = {"group": "determiner minus other word", "statistic": "added_loss"}
    of = {"second": None, "against": 0.0, "task": "changed"}
    lower = planned(measured=what | {"better": "lower"}, part="D1", **of)
    higher = planned(measured=what, margin=0.0, part="D1 turned", **of)
    elsewhere = planned(measured=what | {"group": "no such"}, **of)
    contrasts = [lower, higher, elsewhere]
    found = measured_gains("changed", measurements([-0.05, -0.06, -0.055, -0.05, -0.06]), contrasts)
    rows = contrast_rows("c", contrasts, found, 0.05)
    assert [r["outcome"] for r in rows] == ["adds", "adds less", "not measured"]
    assert rows[0]["gain"] == -rows[1]["gain"] == pytest.approx(0.055)
    # variance of seeds .00003 / 5 = .000005, of items .004 ** 2
    assert found[0]["gain"].error == pytest.approx(np.sqrt(0.0000050 + 0.000016), rel=1e-6)
    assert rows[0]["task"] == "changed: determiner minus other word, added_loss"
    assert (rows[0]["part"], rows[0]["seeds"], rows[0]["n"]) == ("D1", 5, 400)
    assert measured_gains("other", measurements([1.0]), contrasts) == []


def test_a_measurement_in_several_embeddings_is_of_no_more_seeds():
    what = {"group": "g", "statistic": "added_loss"}
    of = {"second": None, "against": 0.0, "task": "changed"}
    both = [Measurement("changed", e, "g", "added_loss", 0.05, 0.004, 400) for e in ("x", "y")]
    contrasts = [planned(measured=what, **of), planned(measured=what | {"embedding": "y"}, **of)]
    (found,) = measured_gains("changed", [("a", 1, both)], contrasts)  # the first names none
    assert (found["contrast"], found["seeds"]) == (contrasts[1], 1)


def test_the_error_of_a_measurement_has_the_degrees_of_freedom_of_its_clusters():
    what = {"group": "determiner minus other word", "statistic": "added_loss"}
    one = planned(second=None, against=0.0, task="changed", measured=what)
    (found,) = measured_gains("changed", measurements([0.05], clusters=21), [one])
    assert (found["gain"].df, found["n"]) == (20, 400)
    rows = measurement_rows(
        "c", "fit", measurements([0.05], clusters=21), Choice({}, ()), confidence=0.95
    )
    assert rows[0]["n"] == 400
    assert rows[0]["high"] - 0.05 == pytest.approx(2.0860 * 0.004, rel=1e-4)  # t of 20


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"second": None}, "either second or against"),
        ({"against": 0.5}, "either second or against"),
        (
            {"second": None, "against": "chance", "measured": {"group": "g", "statistic": "s"}},
            "give against a number",
        ),
    ],
)
def test_a_contrast_has_one_other_side(given, message):
    with pytest.raises(ValueError, match=message):
        planned(**given)


def test_a_whole_number_is_a_number_and_a_contrast_with_one_names_only_models_that_there_are():
    assert planned(second=None, against=1).against == 1.0
    data = {
        **{"study": "s", "corpora": [{"source": "novels"}], "seeds": [1]},
        **{"models": [{"kind": "mean"}], "tasks": ["per_token_loss"]},
    }
    one = {"claim": "C7", "first": "mean", "task": "per_token_loss", "margin": 0, "against": 0}
    (found,) = parse_config({**data, "contrasts": [one]}).contrasts
    assert (found.against, found.number) == (0.0, "0")
    with pytest.raises(ConfigError, match=r"contrasts.0.first: found 'men'.*did you mean"):
        parse_config({**data, "contrasts": [{**one, "first": "men"}]})


# --- a mean over several rows -----------------------------------------------------------------


def word_sets(**noise) -> tuple[Evaluation, Evaluation]:
    """Two sets of words of different sizes, on which b is better by .1 and by .3."""
    better = {"better": "higher", "measure": "accuracy", **noise}
    one = asked({"a": 0.2, "b": 0.3}, task="men_test", documents=40, **better)
    return one, asked({"a": 0.4, "b": 0.7}, task="google_analogies", documents=80, **better)


def test_a_mean_over_rows_is_the_mean_of_their_gains():
    rows = word_sets()
    alone = [planned("b", "a", task=task) for task in ("men_test", "google_analogies")]
    mean = planned("b", "a", task="men_test", mean_with=["google_analogies"])
    # One task after the other is read, in any order.
    found = [gain for row in reversed(rows) for gain in measured([row], [*alone, mean])]
    first, second, both = contrast_rows("c", [*alone, mean], found, 0.05)
    assert both["gain"] == pytest.approx((first["gain"] + second["gain"]) / 2)
    assert both["n"] == first["n"] + second["n"] and both["seeds"] == SEEDS
    assert both["task"] == "mean of men_test, google_analogies"


def test_the_items_of_two_rows_are_independent_and_their_seeds_are_the_same():
    rows = word_sets(noise=0.02)
    samples = [Scores(row).of(("a", "b"))[0] for row in rows]
    weights = {"b": 1.0, "a": -1.0}
    both = mean_combined(weights, samples)
    items = sum(
        np.sum((s["b"].influence - s["a"].influence) ** 2) * n / (n - 1)
        for s, n in zip(samples, (40, 80), strict=True)
    )
    seeds = sum(np.mean([s[m].seeds for s in samples], axis=0).var(ddof=1) for m in ("a", "b"))
    assert both.error == pytest.approx(np.sqrt(items / 4 + seeds / SEEDS))
    assert mean_combined(weights, samples[:1]) == combined(weights, samples[0])


def test_a_mean_lacks_what_one_of_its_rows_lacks():
    one, other = word_sets()
    mean = planned("b", "a", task="men_test", mean_with=["google_analogies"])
    found = measured([one], [mean])
    assert [r["outcome"] for r in contrast_rows("c", [mean], found, 0.05)] == ["not measured"]
    del other.outcomes["b", "context"]
    found += measured([other], [mean])
    assert [r["outcome"] for r in contrast_rows("c", [mean], found, 0.05)] == ["not measured"]


@pytest.mark.parametrize(
    "given",
    [
        {"mean_with": [TASK]},
        {"mean_with": ["men_test"], "second": None, "against": 0.5},
    ],
)
def test_a_mean_names_each_row_once_and_has_two_models(given):
    with pytest.raises(ValueError, match="mean_with"):
        planned(**given)


@pytest.mark.parametrize(
    ("task", "other", "variant"),
    [
        ("analogies", "analogies.mul", "analogies.mul beside analogies"),
        ("loss.next_word.as_trained", "loss.next_word.calibrated", "as_trained beside loss"),
        ("sp10k_nsubj.query_key", "sp10k_nsubj", "query_key beside sp10k_nsubj"),
    ],
)
def test_a_mean_has_no_rows_of_the_same_items(task, other, variant):
    for rows in ((task, other), (other, task), ("rw", task, other)):
        with pytest.raises(ValueError, match=rf"found .*{variant}.*expected other items"):
            planned(task=rows[0], mean_with=rows[1:])
    assert planned(task="men_test", mean_with=["men", "loss.next_word.calibrated"])


def test_two_rows_of_the_same_items_are_told_with_their_place(tmp_path):
    wrong = [PLAN[0] | {"mean_with": [f"{PLAN[0]['task']}.mul"]}]
    with pytest.raises(ConfigError) as caught:
        load_config(write_study(tmp_path, contrasts=wrong))
    place = (
        f"contrasts.0.mean_with: found {PLAN[0]['task']}.mul beside {PLAN[0]['task']}, which has"
    )
    assert place in str(caught.value)


def test_a_row_of_a_mean_that_no_task_gives_is_told_with_its_place(tmp_path: Path):
    wrong = [PLAN[0] | {"mean_with": ["group"]}]
    with pytest.raises(ConfigError) as caught:
        load_config(write_study(tmp_path, contrasts=wrong))
    assert "contrasts.0.mean_with.0: found 'group'; did you mean 'groups'?" in str(caught.value)
