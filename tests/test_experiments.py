"""The decision rules of the experiments, on tables made for the purpose and on the stored ones."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import wordrel
from runners import ROOT, experiment
from wordrel.report.verdicts import decided
from wordrel.study.results import Results, read_results

MAIN = experiment("word2vec_vs_attention")


def pair(a: str, b: str, task: str, difference: float, **given: Any) -> dict[str, Any]:
    """A difference that is told apart, unless `given` says otherwise."""
    row = {
        "corpus": "text",
        "task": task,
        "model_a": a,
        "model_b": b,
        "difference": difference,
        "low": difference - 0.01,
        "high": difference + 0.01,
        "p_adjusted": 0.01,
        "better": "higher",
    }
    return row | given


def verdicts(
    pairs: list[dict[str, Any]], agreement: tuple[Any, ...] = (), summary: tuple[Any, ...] = ()
) -> dict[str, str]:
    """By the rule of the main experiment; neighbours that agree as predicted unless given."""
    models = [*MAIN.ATTENTION, *MAIN.WORD2VEC]
    wanted = [(a, b) for a in MAIN.ATTENTION for b in (a, *MAIN.WORD2VEC)]
    lists = [
        {"corpus": "text", "measure": "overlap", "model_a": a, "model_b": b}
        | {"low": 0.6 if a == b else 0.1, "high": 0.7 if a == b else 0.2}
        for a, b in wanted
    ]
    classes = [
        {"corpus": "text", "task": MAIN.CLASSES, "model": m, "selected": True}
        | {"low": 0.55, "high": 0.6}
        for m in models
    ]
    result = SimpleNamespace(
        comparisons=pd.DataFrame(pairs or [pair("random", "cbow", "ws353", 0.0)]),
        agreement=pd.DataFrame(agreement or lists),
        summary=pd.DataFrame(summary or classes),
    )
    found = MAIN.judged_rows(result, "text")
    return {name: decided(sign for sign, _ in rows) for name, rows in found.items()}


def test_a_prediction_holds_where_one_difference_supports_it_and_none_contradicts_it() -> None:
    supports = pair("attention", "skip_gram", "rw", -0.1)
    assert verdicts([supports])["1"] == "holds"
    assert verdicts([pair("skip_gram", "attention", "rw", 0.1)])["1"] == "holds"
    against = pair("skip_gram", "mask_query_attention", "simlex999", -0.1)
    assert verdicts([supports, against])["1"] == "fails"
    for unclear in ({"p_adjusted": 0.05}, {"low": -0.2, "high": 0.0}):
        assert verdicts([pair("attention", "skip_gram", "rw", -0.1, **unclear)])["1"] == "undecided"
    assert verdicts([pair("attention", "cbow", "rw", -0.1)])["1"] == "undecided"  # not asked
    assert verdicts([pair("attention", "skip_gram", "ws353", -0.1)])["1"] == "undecided"


def test_of_a_loss_the_lower_is_the_better() -> None:
    loss = pair("cbow", "mask_query_attention", MAIN.MASKED, 0.5, better="lower")
    assert verdicts([loss])["3"] == "holds"
    assert verdicts([loss | {"difference": -0.5, "low": -0.6, "high": -0.4}])["3"] == "fails"


@pytest.mark.parametrize(
    ("prediction", "better", "worse", "task"),
    [
        ("2", "skip_gram", "attention_position", "bats"),
        ("5", "attention", "skip_gram", "usf_direction"),
        ("6", "skip_gram", "mask_query_attention", "sp10k_amod"),
        ("7", "mask_query_attention", "cbow", "ud_syntax"),
        ("8", "mask_query_attention", "cbow", "scws"),
    ],
)
def test_every_prediction_says_who_is_better(
    prediction: str, better: str, worse: str, task: str
) -> None:
    assert verdicts([pair(better, worse, task, 0.1)])[prediction] == "holds"
    assert verdicts([pair(worse, better, task, 0.1)])[prediction] == "fails"


def test_neighbours_and_classes_have_rules_of_their_own() -> None:
    assert (verdicts([])["4"], verdicts([])["9"]) == ("holds", "holds")
    row = {"corpus": "text", "task": MAIN.CLASSES, "model": "cbow", "selected": True}
    below, unclear = row | {"low": 0.3, "high": 0.4}, row | {"low": 0.4, "high": 0.6}
    assert verdicts([], summary=(below,))["9"] == "fails"
    assert verdicts([], summary=(unclear,))["9"] == "undecided"
    assert verdicts([], summary=(below | {"model": "random"},))["9"] == "undecided"
    assert verdicts([], summary=(below | {"selected": False},))["9"] == "undecided"


@pytest.mark.parametrize("name", ["task_decides", "ladder", "lookup", "stability", "quickstart"])
def test_an_experiment_is_run_by_its_name_and_tells_what_came_out(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[tuple[Path, Path]] = []

    def run(config: Path, *, out: Path) -> Results:
        given.append((config, out))
        return read_results(out)

    monkeypatch.setattr(wordrel, "run", run)
    monkeypatch.setattr(sys, "argv", ["experiments", name])
    runpy.run_path(str(ROOT / "experiments"), run_name="__main__")
    assert given == [(ROOT / "configs" / f"{name}.yaml", ROOT / "results" / name)]
    starts = [line.partition("; ")[0] for line in capsys.readouterr().out.splitlines()]
    wanted = {
        "task_decides": [
            *("1: undecided", "2: holds", "3: fails", "4: undecided", "C4: partly supported"),
        ],
        "ladder": [
            *("1: holds", "2: fails", "3: holds", "4: undecided", "5: fails", "6: holds"),
            "C9: undecided",
        ],
        "lookup": [
            *("1: holds", "2: holds", "3: fails", "C6: undecided", "C7: partly supported"),
        ],
        "stability": ["1: holds", "2: holds", "3: holds", "4: fails"],
        "quickstart": [""],
    }
    assert starts == wanted[name]


CELLS = experiment("twelve_cells")


def contrast(claim: str, part: str, first: str, gain: float, **given: Any) -> dict[str, Any]:
    row = {"claim": claim, "part": part, "corpus": "text", "model_a": first, "model_b": "other"}
    row |= {"gain": gain, "low": gain - 0.01, "high": gain + 0.01, "seeds": 5, "outcome": "open"}
    return row | given


def test_predictions_about_cells_are_judged_by_planned_contrasts() -> None:
    def found(*rows: dict[str, Any]) -> dict[str, str]:
        verdicts = CELLS.verdicts(SimpleNamespace(contrasts=pd.DataFrame(rows)))
        return {name: verdict.outcome for name, verdict in verdicts.items()}

    words = "mean_query_attention_position"
    rows = (
        contrast("first sentence", "", "mean_query_attention", 0.0),
        contrast("C9 masked word", "positions", "position_weight", 0.3),
        contrast("C9 masked word", "word-word scores", words, 0.05),
        contrast("heads, masked word", "", "masked_four_heads", 0.025),
        contrast("counts, next word", "", "kn_trigram", -0.2),
    )
    verdicts = {"1": "holds", "2": "holds", "3": "fails", "4": "undecided", "5": "fails"}
    assert found(*rows) == verdicts
    assert found(*rows[:1]) == dict.fromkeys("12345", "undecided") | {"1": "holds"}
    few = [row | {"seeds": 4} for row in rows]
    assert found(*few) == dict.fromkeys("12345", "undecided")
    assert found(rows[0], rows[0] | {"corpus": "other", "high": 0.03})["1"] == "undecided"
    turned = [row | {"outcome": "undecided"} for row in rows]  # its sign turns with calibration
    assert found(*turned) == dict.fromkeys("12345", "undecided")
