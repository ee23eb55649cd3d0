"""The verdicts of `value_map`, from planted outcomes of the contrasts that its config plans."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
import yaml

from runners import ROOT, experiment
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS

EQUAL = {"outcome": "equivalent", "low": -0.01, "high": 0.01}
LITTLE = {"outcome": "adds less", "low": 0.001, "high": 0.01}
MUCH = {"outcome": "adds", "low": 0.03, "high": 0.05}
WORSE = {"outcome": "differs", "low": -0.05, "high": -0.03}


def planned(**outcomes: dict[str, Any]) -> Results:
    """Every contrast of the config on both corpora; key: first words of its claim."""
    config = yaml.safe_load((ROOT / "configs" / "value_map.yaml").read_text(encoding="utf-8"))
    rows = [
        {"claim": one["claim"], "corpus": corpus["name"], "seeds": 5, "n": 30, "gain": 0.0}
        | {"model_a": one["first"], "model_b": one["second"], "rule": one.get("rule", "adds")}
        | outcomes[one["claim"].replace(" ", "_").replace(",", "")]
        for one in config["contrasts"]
        for corpus in config["corpora"]
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS["contrasts"]])
    return replace(read_results(ROOT / "tests" / "golden" / "input"), contrasts=table)


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
    results = planned(
        map_of_the_value_masked_word=masked[0],
        scores_alone_masked_word=masked[1],
        scores_beside_the_map_masked_word=masked[2],
        map_of_the_value_next_word=following[0],
        scores_alone_next_word=following[1],
        scores_beside_the_map_next_word=following[2],
    )
    found = experiment("value_map").verdicts(results)
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
