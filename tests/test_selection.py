"""The selected embedding is what the development splits choose, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from wordrel.study.answers import Evaluation
from wordrel.study.select import choose, marked
from wordrel.tasks import Predictions

GOLD = np.arange(40.0)
SEEDS = (1, 2)


def outcome(
    task: str, embedding: str, predicted: np.ndarray, *, designed: str = "input"
) -> Predictions:
    return Predictions(
        task=task,
        measure="spearman",
        embedding=embedding,
        selected=embedding == designed,
        gold=GOLD,
        predicted=predicted,
        covered=np.ones(len(GOLD), dtype=np.bool_),
        cluster=np.arange(len(GOLD)),
        chance=0.0,
        better="higher",
        note="",
    )


def noisy(strength: float, *seed: int) -> np.ndarray:
    return strength * GOLD + np.random.default_rng(seed).standard_normal(len(GOLD)) * 10


def asked(
    task: str, split: str, embeddings: dict[str, float], question: str = "alike"
) -> Evaluation:
    outcomes = {
        ("m", embedding): {
            s: outcome(task, embedding, noisy(strength, s, len(embedding))) for s in SEEDS
        }
        for embedding, strength in embeddings.items()
    }
    return Evaluation("text", question, outcomes, split)


DEV = asked("men_dev", "dev", {"input": 0.1, "output": 0.5, "value": 3.0})
TEST = asked("rw", "test", {"input": 3.0, "output": 0.5, "value": 0.1})


def selected(one: Evaluation) -> set[str]:
    return {
        embedding
        for (_, embedding), seeds in one.outcomes.items()
        for o in seeds.values()
        if o.selected
    }


def test_the_embedding_that_is_best_on_the_development_split_is_the_selected_one() -> None:
    choice = choose("text", [DEV, TEST])
    assert choice.selected == {("m", "alike"): "value"}
    assert selected(TEST) == {"input"}
    assert selected(marked(TEST, choice)) == {"value"}
    rows = {row["embedding"]: row for row in choice.rows}
    assert {embedding: row["chosen"] for embedding, row in rows.items()} == {
        "input": False,
        "output": False,
        "value": True,
    }
    assert {row["by"] for row in choice.rows} == {"development"}
    assert {row["dev_task"] for row in choice.rows} == {"men_dev"}
    assert all(row["seeds"] == 2 for row in choice.rows)
    assert rows["value"]["score"] > 0.9 > rows["output"]["score"] > 0


def test_nothing_of_a_test_split_can_change_the_choice() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        outcomes = {
            key: {
                s: replace(
                    found,
                    gold=rng.permutation(found.gold),
                    predicted=rng.choice([rng.standard_normal(len(GOLD)), found.gold]),
                    covered=rng.random(len(GOLD)) < 0.5,
                )
                for s, found in seeds.items()
            }
            for key, seeds in TEST.outcomes.items()
        }
        altered = Evaluation("text", "alike", outcomes, "test")
        assert choose("text", [DEV, altered]) == choose("text", [DEV, TEST])
    assert choose("text", [replace(TEST, split="dev")]).selected == {("m", "alike"): "input"}


def test_of_a_detail_only_the_chosen_embeddings_are_kept() -> None:
    parts = {
        key: {s: replace(found, detail=True) for s, found in seeds.items()}
        for key, seeds in TEST.outcomes.items()
    }
    part = replace(TEST, outcomes=parts)
    assert set(marked(part, choose("text", [DEV])).outcomes) == {("m", "value")}
    assert set(marked(part, choose("text", [TEST])).outcomes) == {("m", "input")}
    without = replace(part, outcomes={k: v for k, v in parts.items() if k[1] != "value"})
    assert marked(without, choose("text", [DEV])).outcomes == {}


def test_several_development_splits_count_alike() -> None:
    second = asked("simverb_dev", "dev", {"input": 0.6, "output": 3.0, "value": -3.0})
    choice = choose("text", [DEV, second])
    assert choice.selected == {("m", "alike"): "output"}
    assert {row["dev_task"] for row in choice.rows} == {"men_dev+simverb_dev"}


def test_without_a_development_split_the_design_decides() -> None:
    choice = choose("text", [TEST])
    assert choice.selected == {}
    (row,) = choice.rows
    assert (row["embedding"], row["chosen"], row["by"]) == ("input", True, "design")
    assert np.isnan(row["score"])
    assert marked(TEST, choice) == TEST
    assert choice.headline("m", "alike") == "input"


def test_how_words_relate_is_read_by_design_whatever_a_development_split_says() -> None:
    dev = replace(DEV, question="relate")
    choice = choose("text", [dev, replace(TEST, question="syntax")])
    assert choice.selected == {}
    assert choice.headline("m", "syntax") == choice.headline("m", "relate") == "input"
    assert choice.headline("m", "alike") is None
    (row,) = choice.rows
    assert (row["question"], row["embedding"], row["by"]) == ("relate", "input", "design")


def test_an_embedding_that_leaves_much_unanswered_is_no_candidate() -> None:
    holes = noisy(9.0, 5)
    holes[:10] = np.nan
    embeddings = {("m", "sparse"): {s: outcome("men_dev", "sparse", holes) for s in SEEDS}}
    choice = choose("text", [replace(DEV, outcomes=DEV.outcomes | embeddings)])
    assert choice.selected == {("m", "alike"): "value"}
    assert "sparse" not in {row["embedding"] for row in choice.rows}


def test_of_equal_embeddings_the_designed_one_is_taken() -> None:
    same = {
        embedding: {s: outcome("men_dev", embedding, GOLD) for s in SEEDS}
        for embedding in ("a", "input")
    }
    dev = Evaluation(
        "text", "alike", {("m", embedding): seeds for embedding, seeds in same.items()}, "dev"
    )
    assert choose("text", [dev]).selected == {("m", "alike"): "input"}


def test_a_model_that_answers_nothing_has_no_selected_embedding() -> None:
    silent = {("m", ""): {1: outcome("wic_dev", "", np.full(len(GOLD), np.nan), designed="")}}
    choice = choose("text", [Evaluation("text", "in_context", silent, "dev")])
    assert (choice.selected, choice.rows) == ({}, ())


@pytest.mark.parametrize("split", ["dev", "test"])
def test_a_part_of_a_row_does_not_choose(split: str) -> None:
    part = {
        key: {s: replace(o, detail=True) for s, o in seeds.items()}
        for key, seeds in TEST.outcomes.items()
    }
    choice = choose("text", [DEV, Evaluation("text", "alike", part, split)])
    assert choice.selected == {("m", "alike"): "value"}
