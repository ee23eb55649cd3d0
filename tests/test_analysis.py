"""From outcomes to rows: which items count, what is compared, and what is only shown."""

from dataclasses import replace

import numpy as np
import pytest

from wordrel.config import StatisticsConfig
from wordrel.study.analysis import analyse, by_seed, measurement_rows
from wordrel.study.answers import Evaluation, collect
from wordrel.study.select import Choice
from wordrel.tasks import Measurement, Predictions

GOLD = np.arange(60.0)
FEW = StatisticsConfig()


def outcome(embedding: str, strength: float, seed: int, **given: object) -> Predictions:
    noise = np.random.default_rng([seed, len(embedding)]).standard_normal(len(GOLD))
    whole = Predictions(
        task="sets",
        measure="spearman",
        embedding=embedding,
        selected=embedding == "input",
        gold=GOLD,
        predicted=strength * GOLD + 10 * noise,
        covered=np.ones(len(GOLD), dtype=np.bool_),
        cluster=np.arange(len(GOLD)),
        chance=0.0,
        better="higher",
        note="",
    )
    return replace(whole, **given)  # type: ignore[arg-type]


def asked(**given: object) -> Evaluation:
    """Two models with two seeds; the first has a second embedding, with holes."""
    holes = outcome("sparse", 1.0, 7, **given).predicted.copy()
    holes[:20] = np.nan
    outcomes = {
        ("a", "input"): {s: outcome("input", 1.0, s, **given) for s in (1, 2)},
        ("a", "sparse"): {
            s: replace(outcome("sparse", 1.0, s, **given), predicted=holes) for s in (1, 2)
        },
        ("b", "input"): {s: outcome("input", 0.0, s + 10, **given) for s in (1, 2)},
    }
    return Evaluation("text", "alike", outcomes)


def test_an_embedding_with_holes_takes_no_items_from_those_that_are_compared() -> None:
    tables = analyse(asked(), FEW)
    scored = {(row["model"], row["embedding"]): row["n_scored"] for row in tables["summary"]}
    assert scored == {("a", "input"): 60, ("a", "sparse"): 40, ("b", "input"): 60}
    assert all(np.isfinite(row["low"]) and row["low"] < row["high"] for row in tables["summary"])
    (pair,) = tables["comparisons"]
    assert (pair["model_a"], pair["model_b"], pair["n_scored"]) == ("a", "b", 60)
    assert pair["p"] < 0.05 < pair["p_equivalence"]
    assert 0 < pair["p_steiger"] < 0.05
    assert pair["detectable"] > 0


def test_the_selected_rows_do_not_depend_on_the_embeddings_beside_them() -> None:
    whole = asked()
    alone = replace(whole, outcomes={k: v for k, v in whole.outcomes.items() if k[1] == "input"})
    rows = [row for row in analyse(whole, FEW)["summary"] if row["selected"]]
    assert rows == analyse(alone, FEW)["summary"]
    assert analyse(whole, FEW)["comparisons"] == analyse(alone, FEW)["comparisons"]


def test_a_development_split_is_scored_and_never_compared() -> None:
    tables = analyse(replace(asked(), split="dev"), FEW)
    assert tables["comparisons"] == []
    assert {row["split"] for row in tables["summary"]} == {"dev"}
    assert len(tables["summary"]) == 3


def test_a_detail_is_told_and_not_compared() -> None:
    tables = analyse(asked(detail=True), FEW)
    assert tables["comparisons"] == []
    assert {row["detail"] for row in tables["summary"]} == {True}
    assert len(tables["summary"]) == 3


@pytest.mark.parametrize(
    ("answers", "gold", "notes"),
    [
        (
            {"a": [1, 2, np.nan, np.nan], "b": [np.nan, np.nan, 1, 2]},
            [1, 2, 3, 4],
            ["no item that all models have"] * 2,
        ),
        (
            {"a": [1, 2, np.nan, np.nan], "b": [np.nan, 1, 1, 2]},
            [1, 2, 3, 4],
            ["one item has no order"] * 2,
        ),
        (
            {"a": [1, 2, np.nan, 5], "b": [2, 1, 1, np.nan]},
            [1, 1, 3, 4],
            ["all scores of the 2 items that all models have are equal"] * 2,
        ),
        (
            {"a": [1, 1, 1, 1], "b": [1, 2, 4, 3]},
            [1, 2, 3, 4],
            ["all answers of this model are equal", ""],
        ),
    ],
)
def test_a_score_that_is_missing_says_why(
    answers: dict[str, list[float]], gold: list[float], notes: list[str]
) -> None:
    def rows(detail: bool) -> dict[str, list[dict[str, object]]]:
        outcomes = {
            (model, "input"): {
                1: outcome(
                    "input",
                    1.0,
                    1,
                    gold=np.array(gold, dtype=np.float64),
                    predicted=np.array(found, dtype=np.float64),
                    covered=np.ones(len(gold), dtype=np.bool_),
                    cluster=np.arange(len(gold)),
                    detail=detail,
                )
            }
            for model, found in answers.items()
        }
        return analyse(Evaluation("text", "alike", outcomes), FEW)

    tables = rows(detail=False)
    for table in ("summary", "scores"):
        assert [row["note"] for row in tables[table]] == notes
        assert [bool(np.isnan(row["score"])) for row in tables[table]] == [bool(n) for n in notes]
    assert {row["note"] for row in rows(detail=True)["summary"]} == {""}


def three_models(measure: str) -> Evaluation:
    """Three seeds each, with many equal answers, on items that come in pairs."""
    generator = np.random.default_rng(3)
    gold = generator.normal(size=120).round(1)
    shared = gold + 2 * generator.normal(size=120)
    other = {"auc": (gold > 0) * 1.0, "accuracy": np.ones(120), "loss_per_token": gold.round() + 9}
    gold = other.get(measure, gold)

    def predicted(number: int) -> np.ndarray:
        values = shared + 0.02 * number * gold + generator.normal(size=120)
        other = {"accuracy": (values > 1) * 1.0, "loss_per_token": gold * 6 + values}
        return other.get(measure, values.round(1))

    items = {"gold": gold, "covered": gold == gold, "cluster": np.arange(120) // 2}
    outcomes = {
        (model, "input"): {
            s: outcome("input", 1.0, 0, measure=measure, predicted=predicted(i), **items)
            for s in range(3)
        }
        for i, model in enumerate("abc")
    }
    return Evaluation("text", "alike", outcomes)


@pytest.mark.parametrize(
    ("measure", "family", "expected"),
    [
        ("spearman", 1, [0.5147, 0.6053, 0.9493]),
        ("spearman", 900, [0.5101111111111111, 0.6104722222222222, 0.9507222222222222]),
        ("auc", 1, [0.4991, 0.773, 0.7257]),
        ("auc", 900, [0.4934722222222222, 0.7770277777777778, 0.7299722222222222]),
        ("accuracy", 1, [0.0594, 0.6122, 0.0235]),
        ("accuracy", 900, [0.06086111111111111, 0.6100277777777777, 0.02313888888888889]),
        ("loss_per_token", 1, [0.5714, 0.0002, 0.0007]),
        ("loss_per_token", 900, [0.5721944444444444, 1 / 4500, 0.0008055555555555556]),
    ],
)
def test_permutations_give_the_p_values_of_the_first_edition(
    measure: str, family: int, expected: list[float]
) -> None:
    """Made with the code of commit 2c72ee3."""
    found = [row["p"] for row in analyse(three_models(measure), FEW, family)["comparisons"]]
    assert found == expected


def test_measurements_are_told_over_seeds() -> None:
    def found(value: float, n: int) -> Measurement:
        return Measurement("ud", "in.out", "NOUN>VERB", "mean", value, 0.1, n)

    cells = [("m", 1, [found(1.0, 50)]), ("m", 2, [found(2.0, 40)]), ("o", 1, [found(5.0, 900)])]
    choice = Choice({("m", "relate"): "in.out"}, ())
    first, second = measurement_rows("text", "syntax", cells, choice, 0.95)
    assert (first["model"], first["value"], first["seeds"], first["n"]) == ("m", 1.5, 2, 40)
    assert first["low"] < 1.5 - 1.96 * 0.1 and first["high"] > 1.5 + 1.96 * 0.1
    assert (first["selected"], second["selected"]) == (True, False)
    assert second["high"] - second["low"] == pytest.approx(2 * 1.96 * 0.1, rel=2e-3)


def test_the_interval_of_a_measurement_rests_on_its_clusters() -> None:
    def of(clusters: int | None) -> Measurement:
        return Measurement("ud", "in.out", "NOUN>VERB", "mean", 1.0, 0.1, 50, clusters)

    assert [by_seed([of(n), of(40)])[2] for n in (None, 0, 21, 300)] == [40, 0, 21, 40]


@pytest.mark.parametrize(("covered", "items", "is_asked"), [(29, 29, 0), (30, 30, 1), (30, 601, 0)])
def test_a_set_that_the_vocabulary_hardly_covers_is_not_asked(
    covered: int, items: int, is_asked: bool
) -> None:
    known = np.arange(items) < covered
    numbers = {"gold": np.arange(items) * 1.0, "cluster": np.arange(items)}
    one = outcome("input", 1.0, 0, **numbers, covered=known, predicted=np.where(known, 1.0, np.nan))
    for question in ("alike", "fit"):
        (row,) = collect("text", question, [("m", 1, [one])])
        assert bool(row.predicted()) == (is_asked or question == "fit")
    (row,) = collect("text", "relate", [("m", 1, [one])])
    why = f"not asked: the vocabulary covers {covered} of {items} items, expected 30 at least"
    assert row.any.note == ("" if is_asked else f"{why}, and 5%")
