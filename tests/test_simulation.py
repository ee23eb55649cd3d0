"""Simulated studies: verdicts are rarely false, and answers vary as the stored tables say."""

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import simulation
from benchmarks.simulated import MASKED, NEXT, Size, measured_sizes, simulated
from wordrel.config import Contrast
from wordrel.stats import combined
from wordrel.study.contrasts import Scores

COMMITTED = Path(__file__).resolve().parents[1] / "results" / "simulation"
MOST_FALSE = 17
"""Of 200 studies; more have a chance of .012 where 5 % are false."""


@cache
def sizes() -> list[Size]:
    return measured_sizes()


def size_of(task: str, corpus: str) -> Size:
    return next(one for one in sizes() if (one.task, one.corpus) == (task, corpus))


def test_of_200_studies_without_a_difference_at_most_17_say_there_is_one() -> None:
    contrasts = simulation.planned()
    lines = [*simulation.verdicts(contrasts, sizes(), "border", 200)]
    false = {line.what: line.times for line in lines if line.where == simulation.BOTH}
    assert false.keys() == {contrast.claim for contrast in contrasts}
    assert max(false.values()) <= MOST_FALSE, false
    assert sum(false.values()) > 0  # else nothing could be found


def test_the_rule_is_kept_in_the_committed_table() -> None:
    rows = pd.read_csv(COMMITTED / "simulation.csv")
    border = rows[(rows["part"] == "false") & (rows["truth"] == "border")]
    assert set(border["n"]) == {simulation.STUDIES["border"]} == {1000}
    assert (border["low"] <= simulation.ALPHA).all()
    cover = rows[rows["part"] == "coverage"]
    assert set(cover["seeds"]) == {3, 5}
    assert (cover["times"] >= simulation.COVERED * cover["n"]).all()


def test_the_committed_page_is_what_its_table_gives() -> None:
    rows = simulation.read_lines(COMMITTED / "simulation.csv")
    assert simulation.to_csv(rows) == (COMMITTED / "simulation.csv").read_text(encoding="utf-8")
    assert simulation.render(rows) == (COMMITTED / "report.md").read_text(encoding="utf-8")
    of_sizes = simulation.to_csv(pd.DataFrame([asdict(size) for size in sizes()]))
    assert of_sizes == (COMMITTED / "sizes.csv").read_text(encoding="utf-8")


def test_a_procedure_without_correction_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bound is for: each contrast at .05 alone has far more false verdicts."""

    def alone(p: list[float], alpha: float) -> tuple[list[float], list[float]]:
        return list(p), [alpha] * len(p)

    monkeypatch.setattr("wordrel.study.contrasts.step_down", alone)
    contrasts = [c for c in simulation.planned() if c.claim == "C8"]
    lines = [*simulation.verdicts(contrasts, sizes(), "border", 100)]
    assert next(line.times for line in lines if line.where == simulation.BOTH) > 17


@pytest.mark.parametrize("corpus", ["wiki17m", "novels"])
@pytest.mark.parametrize("task", [MASKED, NEXT, "men_test", "sp10k_nsubj", "google_analogies"])
def test_simulated_answers_vary_as_much_as_was_measured(task: str, corpus: str) -> None:
    size = size_of(task, corpus)
    errors, means, seeds = [], [], []
    for i in range(40):
        answers = simulated(size, {"a": 0.0, "b": 0.0}, 5, np.random.default_rng(i))
        scored, n = Scores(answers).of(["a", "b"])  # type: ignore[misc]
        assert n == size.n
        gap = combined({"a": 1.0, "b": -1.0}, scored)
        of_seeds = sum(one.seeds.var(ddof=1) / 5 for one in scored.values())
        errors.append(np.sqrt(gap.error**2 - of_seeds))
        means.append(scored["a"].mean)
        seeds += [one.seeds.std(ddof=1) for one in scored.values()]
    assert np.median(errors) == pytest.approx(size.error, rel=0.12)
    assert np.mean(means) == pytest.approx(size.score, abs=4 * size.shared / np.sqrt(40) + 0.005)
    if size.measure != "spearman":  # there items add to it
        assert np.sqrt(np.mean(np.square(seeds))) == pytest.approx(size.seed_sd, rel=0.2)


def test_sizes_are_those_of_the_stored_tables() -> None:
    loss = size_of(MASKED, "wiki17m")
    assert (loss.n, loss.measure, loss.better) == (300, "loss_per_token", "lower")
    stored = simulation.RESULTS / "ladder" / "summary.csv"
    rows = pd.read_csv(stored).query(
        "corpus == 'wiki17m-5m' and task == 'held_out_loss.masked_word' and score.notna()"
    )
    assert loss.score == rows["score"].median()
    assert loss.seed_sd == rows["seed_sd"].median()


def test_levels_give_every_gain() -> None:
    def contrast(first: str, second: str, rule: str) -> Contrast:
        return Contrast.model_validate(
            {"claim": "C", "first": first, "second": second, "task": "t", "margin": 0.02}
            | {"rule": rule}
        )

    chain = [contrast("a", "b", "adds"), contrast("b", "c", "not_worse")]
    found = simulation.levels(chain, "lower", "border")
    assert found["b"] - found["a"] == pytest.approx(0.02)
    assert found["c"] - found["b"] == pytest.approx(-0.02)
    higher = simulation.levels(chain, "higher", "twice")
    assert higher["a"] - higher["b"] == pytest.approx(0.04)
    assert higher["b"] - higher["c"] == pytest.approx(-0.04)
    with pytest.raises(ValueError, match="contradict"):
        simulation.levels([*chain, contrast("a", "c", "adds")], "lower", "twice")


def test_large_gains_are_found_and_none_is_false() -> None:
    contrasts = [c for c in simulation.planned() if c.claim in ("C5", "C6")]
    sure = [replace(one, error=one.error / 10, seed_sd=one.seed_sd / 10) for one in sizes()]
    for truth in ("none", "twice"):
        for line in simulation.verdicts(contrasts, sure, truth, 5):
            assert line.times == (line.n if line.part == "found" else 0), line


def test_coverage_counts_the_intervals_that_hold_the_truth() -> None:
    size = size_of(NEXT, "novels")
    for line in simulation.coverage(size, 3, 60):
        assert 50 <= line.times <= line.n == 60
        assert line.low < line.times / line.n <= line.high
    moved = replace(size, seed_sd=0.0)
    always = [line.times for line in simulation.coverage(moved, 3, 60)]
    assert max(always) <= 60
