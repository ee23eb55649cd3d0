import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from wordrel.errors import StoreError
from wordrel.report.compare import compare, overall, verdicts
from wordrel.report.terminal import (
    comparison_tables,
    comparison_verdict,
    verdict_counts,
    verdicts_table,
)
from wordrel.study.results import Results, read_results


@pytest.fixture(scope="module")
def results() -> Results:
    return read_results(Path(__file__).parent / "golden" / "input")


def with_first_row(results: Results, table: str, **values: object) -> Results:
    frame = getattr(results, table).copy()
    for column, value in values.items():
        frame.loc[frame.index[0], column] = value
    return replace(results, **{table: frame})


def printed(renderable: object) -> str:
    out = io.StringIO()
    Console(file=out, width=160, color_system=None).print(renderable)
    return out.getvalue()


def test_a_result_against_itself_moved_nowhere_and_is_identical(results: Results):
    assert compare(results, results).moved.empty
    assert set(compare(results, results).table["found"]) == {"both"}
    assert overall(verdicts(results, results)) == "identical"


@pytest.mark.parametrize(
    ("score", "low", "high", "moved", "verdict"),
    [
        # the first row: -0.021 [-0.118, 0.079] in summary, -0.015 [-0.112, 0.085] in scores
        (0.05, -0.05, 0.15, False, "within intervals"),
        (0.20, 0.10, 0.30, True, "different"),
        (0.20, -0.10, 0.50, False, "within intervals"),  # only one score is outside the other's
        (0.20, float("nan"), float("nan"), True, "different"),
        (float("nan"), float("nan"), float("nan"), True, "different"),
        (-0.30, -0.40, -0.20, True, "different"),
    ],
)
def test_moved_means_that_each_score_lies_outside_the_other_interval(
    results: Results, score: float, low: float, high: float, moved: bool, verdict: str
):
    values = {"score": score, "low": low, "high": high}
    other = with_first_row(results, "summary", **values)
    other = with_first_row(other, "scores", **values)
    assert compare(results, other).table["moved"].tolist()[0] is moved
    assert compare(results, other).table["moved"].sum() == moved
    found = verdicts(results, other)
    assert found["verdict"].tolist()[0] == verdict
    assert (found["verdict"] == "identical").sum() == len(found) - 1
    assert overall(found) == verdict


def test_digits_beyond_the_printed_ones_do_not_count(results: Results):
    other = with_first_row(results, "scores", score=-0.015 + 1e-9)
    assert overall(verdicts(results, other)) == "identical"
    assert overall(verdicts(results, with_first_row(results, "scores", score=-0.0150001))) == (
        "within intervals"
    )


def test_another_interval_or_count_is_not_identical(results: Results):
    for change in ({"high": 0.0851}, {"n_scored": 202}, {"note": "x"}):
        other = with_first_row(results, "scores", **change)
        assert overall(verdicts(results, other)) == "within intervals"


def test_another_reason_for_no_answer_is_different(results: Results):
    frame = results.scores.copy()
    frame.loc[frame["score"].isna(), "note"] = "another reason"
    found = verdicts(results, replace(results, scores=frame))
    assert set(found.loc[found["score_first"].isna(), "verdict"]) == {"different"}


def test_rows_that_only_one_side_has_are_listed_and_different(results: Results):
    less = replace(results, summary=results.summary.iloc[1:], scores=results.scores.iloc[1:])
    assert compare(results, less).table["found"].tolist()[0] == "first"
    assert compare(less, results).table["found"].tolist()[-1] == "second"
    assert compare(less, results).moved.empty
    assert verdicts(results, less)["verdict"].tolist()[0] == "different"
    assert overall(verdicts(less, results)) == "different"


def test_no_cells_at_all_reproduce_nothing(results: Results):
    none = replace(results, scores=results.scores.iloc[:0])
    assert overall(verdicts(none, none)) == "different"


def test_a_row_that_stands_there_twice_is_an_error(results: Results):
    twice = replace(results, summary=pd.concat([results.summary, results.summary.iloc[:1]]))
    with pytest.raises(StoreError, match="tiny-wiki, random, alike, ws353, spearman, input stands"):
        compare(results, twice)


def moved_once(results: Results) -> Results:
    other = with_first_row(results, "summary", score=0.2, low=0.1, high=0.3)
    return with_first_row(other, "scores", score=0.2, low=0.1, high=0.3)


def test_terminal_shows_only_what_moved_unless_everything_is_wanted(results: Results):
    comparison = compare(results, moved_once(results))
    (table,) = comparison_tables(comparison)
    (moved,) = [line for line in printed(table).splitlines() if "ws353" in line]
    assert moved.split()[:2] == ["random", "ws353"]
    assert moved.split()[-7:-1] == ["−0.021", "[−0.118,", "0.079]", "0.200", "[0.100,", "0.300]"]
    assert "skip_gram" not in printed(table)
    (all_of_it,) = comparison_tables(comparison, everything=True)
    assert "skip_gram" in printed(all_of_it)
    assert comparison_tables(compare(results, results)) == []


def test_the_line_of_a_comparison_starts_with_its_verdict(results: Results):
    shared = len(results.summary)
    changed = with_first_row(results, "summary", high=0.0801)
    less = replace(results, summary=results.summary.iloc[2:])
    moved = "shared numbers moved beyond their intervals"
    place = f"{results.study} ({results.folder})"
    line = f"{{}}: {place} beside {place}: {{}} of {{}} {moved}"
    found = [results, changed, moved_once(results), less]
    assert [comparison_verdict(compare(results, other)) for other in found] == [
        line.format("identical", 0, shared),
        line.format("within intervals", 0, shared),
        line.format("different", 1, shared),
        line.format("different", 0, shared - 2) + f"; 2 only in {place}",
    ]
    none = replace(results, summary=results.summary.iloc[:0])
    assert compare(none, none).verdict == "different"


def test_terminal_counts_the_verdicts_and_shows_what_is_different(results: Results):
    found = verdicts(results, moved_once(results))
    assert verdict_counts(found) == (f"{len(found) - 1} identical, 0 within intervals, 1 different")
    (table,) = verdicts_table(found)
    shown = printed(table)
    assert "random, seed 1" in shown and "-0.015      0.2" in shown
    assert len(table.rows) == 1
    assert verdicts_table(verdicts(results, results)) == []


def test_compared_tables_do_not_change_their_sources(results: Results):
    before = results.summary.copy()
    compare(results, results)
    pd.testing.assert_frame_equal(results.summary, before)
