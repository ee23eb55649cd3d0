"""The verdicts of `maps`, `lookup` and `induction`, from planted outcomes of their contrasts."""

from dataclasses import replace
from typing import Any

import pytest

from planned_contrasts import planned
from runners import ROOT, experiment
from wordrel.study.results import read_results

LITTLE = {"outcome": "adds less", "low": 0.001, "high": 0.01}
MUCH = {"outcome": "adds", "low": 0.03, "high": 0.05}
WORSE = {"outcome": "adds less", "low": -0.05, "high": -0.03}
OPEN = {"outcome": "open", "low": -0.05, "high": 0.05}
MISSING = {"outcome": "not measured", "seeds": 0}


def verdicts(study: str, default: dict[str, Any], **parts: dict[str, Any]) -> dict[str, str]:
    """Prediction -> outcome, where parts of the contrasts have another outcome than the others."""
    named = {name.replace("_", " "): outcome for name, outcome in parts.items()}
    results = planned(study, lambda one: named.get(one["part"], default))
    return {name: found.outcome for name, found in experiment(study).verdicts(results).items()}


def test_predictions_of_maps_hold_where_their_contrasts_say_so() -> None:
    found = verdicts("maps", LITTLE, articles=MUCH, matched=MISSING, D1=MUCH, maps=MUCH, use=MUCH)
    assert found == dict.fromkeys("123456", "holds")


def test_predictions_of_maps_fail_where_their_contrasts_say_the_opposite() -> None:
    found = verdicts("maps", MUCH, articles=WORSE, D1=WORSE, maps=LITTLE, use=LITTLE)
    assert found == dict.fromkeys("123456", "fails")


def test_open_contrasts_and_few_seeds_decide_no_prediction_of_maps() -> None:
    assert verdicts("maps", OPEN)["3"] == verdicts("maps", OPEN)["5"] == "undecided"
    few = verdicts("maps", MUCH | {"seeds": 4})
    assert few == dict.fromkeys("123456", "undecided")


@pytest.mark.parametrize(
    ("default", "mean", "expected"),
    [(MUCH, WORSE, "holds"), (WORSE, MUCH, "fails"), (OPEN, OPEN, "undecided")],
)
def test_predictions_of_lookup_follow_from_its_contrasts(
    default: dict[str, Any], mean: dict[str, Any], expected: str
) -> None:
    found = verdicts("lookup", default, recall_of_the_mean=mean)
    assert found == dict.fromkeys("123", expected)


@pytest.mark.parametrize(
    ("one_layer", "two_blocks", "expected"),
    [(WORSE, MUCH, "holds"), (MUCH, WORSE, "fails"), (OPEN, OPEN, "undecided")],
)
def test_predictions_of_induction_follow_from_its_contrasts(
    one_layer: dict[str, Any], two_blocks: dict[str, Any], expected: str
) -> None:
    parts = {"induction_of_one_layer": one_layer, "induction_of_two_blocks": two_blocks}
    assert verdicts("induction", OPEN, **parts) == dict.fromkeys("12", expected)


def test_the_surprise_of_maps_is_checked_by_the_scores() -> None:
    results, study = read_results(ROOT / "results" / "maps"), experiment("maps")
    assert "prefers nouns to articles less often" in study.surprise(results)
    equal = results.summary.assign(low=0.1, high=0.9)
    with pytest.raises(ValueError, match="the path changes scores"):
        study.surprise(replace(results, summary=equal))


def test_the_surprise_of_lookup_is_checked_by_its_contrast() -> None:
    results, study = read_results(ROOT / "results" / "lookup"), experiment("lookup")
    assert "without maps, too" in study.surprise(results)
    turned = results.contrasts.assign(outcome="adds")
    with pytest.raises(ValueError, match="attention without maps is as good"):
        study.surprise(replace(results, contrasts=turned))
    wrong = results.summary.assign(low=0.5)
    with pytest.raises(ValueError, match="attention without maps is as good"):
        study.surprise(replace(results, summary=wrong))


def test_a_contrast_with_a_number_is_named_by_it() -> None:
    results = planned("lookup", lambda _: MUCH)
    evidence = experiment("lookup").verdicts(results)["1"].evidence
    assert evidence.startswith("planted: attention against 0.9 ")
