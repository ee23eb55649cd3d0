"""The verdicts of `value_map`, from planted outcomes of the contrasts that its config plans."""

from dataclasses import replace
from typing import Any

import pytest

from planned_contrasts import planned
from runners import ROOT, experiment
from wordrel.report.verdicts import Verdict
from wordrel.study.results import read_results

EQUAL = {"outcome": "equivalent", "low": -0.01, "high": 0.01}
LITTLE = {"outcome": "adds less", "low": 0.001, "high": 0.01}
MUCH = {"outcome": "adds", "low": 0.03, "high": 0.05}
WORSE = {"outcome": "differs", "low": -0.05, "high": -0.03}


def verdicts(**outcomes: dict[str, Any]) -> dict[str, Verdict]:
    """Of planted outcomes; key: a claim of the config."""
    named = {name.replace("_", " "): outcome for name, outcome in outcomes.items()}
    results = planned("value_map", lambda one: named[one["claim"].replace(",", "")])
    found: dict[str, Verdict] = experiment("value_map").verdicts(results)
    return found


@pytest.mark.parametrize(
    ("masked", "following", "expected"),
    [
        ((EQUAL, LITTLE, LITTLE), (EQUAL, MUCH, MUCH), ("holds",) * 5),
        ((EQUAL, MUCH, MUCH), (WORSE, LITTLE, LITTLE), ("fails",) * 5),
        ((WORSE, LITTLE, MUCH), (WORSE, MUCH, MUCH), ("fails", "holds", "holds", "fails", "holds")),
    ],
)
def test_a_prediction_is_decided_by_its_contrasts(
    masked: tuple[dict[str, Any], ...],
    following: tuple[dict[str, Any], ...],
    expected: tuple[str, ...],
) -> None:
    found = verdicts(
        map_of_the_value_masked_word=masked[0],
        scores_alone_masked_word=masked[1],
        scores_beside_the_map_masked_word=masked[2],
        map_of_the_value_next_word=following[0],
        scores_alone_next_word=following[1],
        scores_beside_the_map_next_word=following[2],
    )
    assert tuple(found[name].outcome for name in "12345") == expected


def test_the_surprise_is_checked_by_the_differences() -> None:
    results, study = read_results(ROOT / "results" / "value_map"), experiment("value_map")
    assert "saves more than scores" in study.surprise(results)
    pairs = results.comparisons.copy()
    alone = (pairs["model_a"] == "direct_word_weight_map") | (
        pairs["model_b"] == "direct_word_weight_map"
    )
    pairs.loc[alone, ["low", "high"]] = (-0.1, 0.1)
    with pytest.raises(ValueError, match="direct_word_weight_map saves"):
        study.surprise(replace(results, comparisons=pairs))
