"""What a cell answered, stored and read again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wordrel.study.answers import collect, read_measurements, read_outcomes, write_answers
from wordrel.tasks import Measurement, Predictions


def outcome(task: str, embedding: str, items: int, **given: object) -> Predictions:
    rng = np.random.default_rng(items)
    whole = Predictions(
        task=task,
        measure="spearman",
        embedding=embedding,
        selected=embedding == "input",
        gold=rng.standard_normal(items),
        predicted=np.random.default_rng([items, len(embedding)]).standard_normal(items),
        covered=rng.random(items) < 0.5,
        cluster=np.arange(items)[::-1].copy(),
        chance=0.25,
        better="higher",
        note=f"note on {embedding}",
    )
    return replace(whole, **given)  # type: ignore[arg-type]


GIVEN = [
    outcome("sets", "input", 7),
    outcome("sets", "output", 7, predicted=np.full(7, np.nan), chance=0.125),
    outcome("sets.part", "input", 3, detail=True),
    outcome("silent", "", 5, chance=float("nan")),
    outcome("empty", "output", 0),
]
MEASURED = [
    Measurement("sets", "in.out", "NOUN>VERB", "mean", 0.1 + 0.2, 1e-300, 12),
    Measurement("sets", "in.out", "none", "mean", float("nan"), float("nan"), 0),
    Measurement("sets", "in.out", "clustered", "mean", 0.5, 0.25, 12, clusters=4),
]


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_answers(tmp_path / "a.parquet", GIVEN, MEASURED)
    found = read_outcomes(tmp_path / "a.parquet")
    assert len(found) == len(GIVEN)
    for before, after in zip(GIVEN, found, strict=True):
        for name in Predictions.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name), strict=True)


def test_seeds_of_a_model_that_were_read_in_different_ways_stand_together() -> None:
    ways = {3: "product", 1: "mixture", 2: "product"}
    cells = [("a", s, [outcome("loss", w, 4, selected=True)]) for s, w in ways.items()]
    cells += [("b", s, [outcome("loss", "context", 4, selected=True)]) for s in ways]
    (row,) = collect("corpus", "fit", cells)
    assert [*row.outcomes] == [("a", "mixture or product"), ("b", "context")]
    for key, its in row.outcomes.items():
        assert [*its] == [3, 1, 2]
        assert row.selected(key)
    assert {s: o.embedding for s, o in row.outcomes["a", "mixture or product"].items()} == ways


def test_embeddings_of_one_seed_and_runs_without_an_answer_stay_apart() -> None:
    both = [outcome("set", "input", 4), outcome("set", "output", 4)]
    silent = [outcome("set", "", 4, selected=True, predicted=np.full(4, np.nan))]
    (row,) = collect("corpus", "alike", [("a", 1, both), ("a", 2, silent)])
    assert {key: [*its] for key, its in row.outcomes.items()} == {
        **{("a", "input"): [1], ("a", "output"): [1], ("a", ""): [2]}
    }


def test_measurements_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_answers(tmp_path / "a.parquet", [], MEASURED)
    assert read_outcomes(tmp_path / "a.parquet") == []
    found = read_measurements(tmp_path / "a.parquet")
    assert (found[0], found[2]) == (MEASURED[0], MEASURED[2])
    assert np.isnan(found[1].value) and found[1].group == "none"


def test_the_same_answers_are_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_answers(tmp_path / name, GIVEN, MEASURED)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_two_embeddings_of_one_row_have_the_same_items(tmp_path: Path) -> None:
    other = replace(GIVEN[1], gold=GIVEN[0].gold + 1)
    with pytest.raises(ValueError, match="sets: found other items in embedding 'output'"):
        write_answers(tmp_path / "a.parquet", [GIVEN[0], other], [])
