"""The words of verdicts, and the rules of the experiments that are made of them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from wordrel.report import verdicts as v
from wordrel.report.claims import order
from wordrel.study.results import Results, read_results

GOLDEN = Path(__file__).parent / "golden" / "input"


def row(low: float, high: float, **given: Any) -> Any:
    """A score, a measurement or a difference with this interval; told apart where it has no 0."""
    middle = (low + high) / 2
    values = {"low": low, "high": high, "score": middle, "value": middle, "difference": middle}
    return SimpleNamespace(
        **{**values, "seeds": 5, "p_adjusted": 0.01, "better": "higher", **given}
    )


def test_a_difference_is_significant_with_both_a_small_p_and_an_interval_without_0() -> None:
    assert v.is_significant(row(0.1, 0.2))
    assert v.is_significant(row(-0.2, -0.1))
    assert not v.is_significant(row(-0.1, 0.2))
    assert not v.is_significant(row(0.1, 0.2, p_adjusted=0.05))
    assert not v.is_significant(None)


def test_ahead_knows_which_way_is_good() -> None:
    assert [v.ahead(row(0.1, 0.2)), v.ahead(row(-0.2, -0.1))] == [1, -1]
    loss = {"better": "lower"}
    assert [v.ahead(row(0.1, 0.2, **loss)), v.ahead(row(-0.2, -0.1, **loss))] == [-1, 1]
    assert v.ahead(row(-0.1, 0.2)) == v.ahead(None) == 0


def test_one_contradiction_fails_and_only_the_second_rule_asks_for_all() -> None:
    assert [v.decided(signs) for signs in ([1, 0], [1, -1], [0], [])] == [
        "holds",
        "fails",
        "undecided",
        "undecided",
    ]
    assert [v.decided_by_all(signs) for signs in ([1, 1], [1, 0], [1, -1], [])] == [
        "holds",
        "undecided",
        "fails",
        "undecided",
    ]
    assert v.overall(["holds", "undecided"]) == v.overall([]) == "undecided"


def test_intervals_are_compared_as_wholes() -> None:
    assert [v.above(row(*ends), 0.5) for ends in ((0.6, 0.7), (0.4, 0.6), (0.1, 0.4))] == [1, 0, -1]
    assert v.apart(row(0.5, 0.6), row(0.1, 0.4)) == 1
    assert v.apart(row(0.1, 0.4), row(0.5, 0.6)) == -1
    assert v.apart(row(0.1, 0.5), row(0.4, 0.6)) == v.apart(None, row(0, 1)) == 0


def test_four_seeds_conclude_nothing() -> None:
    assert v.enough([row(0, 1)])
    assert not v.enough([row(0, 1), row(0, 1, seeds=4)])
    assert not v.enough([row(0, 1), None])


def test_contexts_are_unmoved_only_where_all_are() -> None:
    unmoved = order.all_unmoved
    assert unmoved({"a": row(1, 1), "b": row(1, 1)}) == "holds"
    assert unmoved({"a": row(1, 1), "b": row(0.5, 0.6)}) == "fails"
    assert unmoved({"a": row(1, 1), "b": row(0.9994, 0.9996)}) == "undecided"
    assert unmoved({"a": row(1, 1), "b": None}) == "undecided"


def test_what_a_verdict_rests_on_is_said_as_a_span() -> None:
    rows = [row(0, 1, n_scored=1200), None, row(0, 1, n_scored=148)]
    assert v.counted(rows) == "n 148 to 1,200, 5 seeds"
    assert v.counted([row(0, 1, n=30, seeds=3), row(0, 1, n=30, seeds=5)]) == "n 30, 3 to 5 seeds"
    pairs = SimpleNamespace(low=0.1, high=0.2, value=0.15, n_items=1000, pairs=10)
    assert v.counted([pairs]) == "n 1,000, 10 pairs of runs"
    assert v.shown_counted({"a": pairs}) == "a 0.150 [0.100, 0.200] (n 1,000, 10 pairs of runs)"
    assert v.counted([]) == "n 0, 0 seeds"


def test_a_difference_is_shown_with_what_would_have_been_told() -> None:
    pair = compared(0.2, detectable=0.05)
    assert v.shown(study(pair), pair).endswith("n 10, 5 seeds, detectable 0.0500")
    pair.detectable = float("nan")
    assert v.shown(study(pair), pair).endswith("5 seeds")
    assert v.shown(study(pair), None) == "not tested"


def test_a_p_at_the_resolution_of_the_permutation_is_an_upper_bound() -> None:
    for p, words in ((1e-4, "adjusted p ≤ 0.003,"), (2e-4, "adjusted p 0.003,")):
        pair = compared(p, p_adjusted=0.003)
        assert words in v.shown(study(pair), pair)
    pair = compared(1e-4, p_adjusted=0.003)
    larger = study(*[pair] * 400)  # of a larger family the permutations are more
    assert "adjusted p 0.003," in v.shown(larger, pair)


def compared(p: float, **given: Any) -> Any:
    names = {"model_a": "a", "model_b": "b", "corpus": "text", "question": "fit"}
    return row(0.1, 0.2, **{"n_scored": 10, "detectable": 0.05, "p": p, **names, **given})


def study(*pairs: Any) -> Results:
    rows = [{"corpus": pair.corpus, "question": pair.question} for pair in pairs]
    return replace(read_results(GOLDEN), comparisons=pd.DataFrame(rows))
