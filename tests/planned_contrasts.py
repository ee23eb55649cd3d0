"""Tables of contrasts as a config plans them, with outcomes that a test plants."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import yaml

from runners import ROOT
from wordrel.study.results import Results, read_results
from wordrel.study.schema import COLUMNS


def planned(study: str, outcome: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Results:
    """Every contrast of a config on each corpus; `outcome` has the columns that differ."""
    config = yaml.safe_load((ROOT / "configs" / f"{study}.yaml").read_text(encoding="utf-8"))
    rows = [
        {"claim": one["claim"], "part": one.get("part", ""), "seeds": 5, "n": 30, "gain": 0.0}
        | {"corpus": corpus.get("name", "planted"), "margin": one["margin"]}
        | {"model_a": one["first"], "model_b": one.get("second", "")}
        | {"against": one.get("against", ""), "rule": one.get("rule", "adds")}
        | outcome(one)
        for one in config["contrasts"]
        for corpus in config["corpora"]
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS["contrasts"]])
    return replace(read_results(ROOT / "tests" / "golden" / "input"), contrasts=table)
