"""A study that plans contrasts of every sort, from its text to its report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import wordrel
from wordrel.api import stored_config
from wordrel.config import load_config
from wordrel.errors import StoreError
from wordrel.report import html, markdown
from wordrel.report.claims.part import part, verdict
from wordrel.report.page import document
from wordrel.study.results import Results, read_results
from wordrel.study.run import run_study

SEEDS = [1, 2, 3]
TASKS = ("lift_agreement", "copying", "ngram_rules", "induction", "learned_weights")
LOSS = "per_token_loss.next_word.calibrated"
ITSELF = {"group": "itself", "statistic": "mean_weight"}


def text(documents: int = 90) -> str:
    """240 words; two follow each other, and half of the sentences end as they began."""
    rng = np.random.default_rng(1)
    words = [f"{a}{b}{c}" for a in "bdfg" for b in "aeiou" for c in "klmnprstvxzj"]
    lines = []
    for _ in range(documents):
        for _ in range(6):
            drawn = rng.integers(0, len(words) // 2, 4) * 2
            said = [word for n in drawn for word in words[n : n + 2]]
            lines.append(" ".join(said + said[:2] * int(rng.integers(2))) + ".")
        lines.append("")
    return "\n".join(lines)


def planned(claim: str, part: str, first: str, task: str, **given: object) -> dict[str, object]:
    return {"claim": claim, "part": part, "first": first, "task": task, "margin": 0.05, **given}


BESIDE = {"first": "next_mean_targetword", "second": "next_mean_targetfollowing"}
CONTRASTS = [
    planned(
        *("C4", "drop", "attention_targetword", "lift_agreement.query_key"),
        second="attention_targetfollowing",
    ),
    planned(
        *("C4", "beside the mean", "attention_targetword", "lift_agreement.query_key"),
        second="attention_targetfollowing",
        beside={**BESIDE, "task": "lift_agreement.in_out"},
    ),
    planned(
        *("C8", "next word with positions", "attention_position", LOSS),
        second="attention_position_shuffled_contexts",
    ),
    planned("C7", "induction of one layer", "attention_targetword", "induction", against="chance"),
    planned("itself", "", "attention_targetword", "learned_weights", against=0.9, measured=ITSELF),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder: Path = tmp_path_factory.mktemp("claims")
    (folder / "text.txt").write_text(text(), encoding="utf-8")
    data = {
        "study": "claims",
        "corpora": [{"source": "text.txt", "min_count": 1, "test": 0.3, "development": 0.2}],
        "training": {"dim": 8, "window": 4, "epochs": 2, "subsample": 0, "shrink_window": False},
        "models": [
            {"kind": "next_mean", "batch": 256, "vary": {"target": ["word", "following"]}},
            {"kind": "attention", "batch": 256, "vary": {"target": ["word", "following"]}},
            {
                **{"kind": "attention_position", "batch": 256},
                "vary": {"shuffled_contexts": [False, True]},
            },
        ],
        "seeds": SEEDS,
        "tasks": [*TASKS, "per_token_loss"],
        "statistics": {"resamples": 100},
        "contrasts": CONTRASTS,
    }
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    run_study(load_config(path), folder / "cache", folder / "results", jobs=1)
    return read_results(folder / "results")


def test_names_say_the_targets_and_the_orders_of_contexts(results: Results) -> None:
    models = [model["name"] for model in results.config["models"]]
    assert models == [
        *("next_mean_targetword", "next_mean_targetfollowing"),
        *("attention_targetword", "attention_targetfollowing"),
        *("attention_position", "attention_position_shuffled_contexts"),
    ]


def test_every_sort_of_contrast_has_a_gain_with_an_interval(results: Results) -> None:
    rows = list(results.contrasts.itertuples())
    assert [row.part for row in rows] == [c["part"] for c in CONTRASTS]
    assert [row.against for row in rows] == ["", "", "", "chance", "0.9"]
    for row in rows:
        assert row.seeds == len(SEEDS)
        assert row.low < row.gain < row.high
        assert row.outcome in ("adds", "adds less", "open")
    assert {row.n for row in rows[:2]} == {100}


def test_lifts_agree_between_seeds_and_models(results: Results) -> None:
    lifts = results.agreement[results.agreement["measure"] == "lift_correlation"]
    assert {*lifts["embedding_a"]} == {"q.k.lift", "in.out.lift", "value.out.lift"}
    asking = lifts[lifts["embedding_a"] == "q.k.lift"]
    assert not asking["model_a"].str.startswith("next_mean").any()  # no word asks there
    assert (lifts["n_items"] == 100).all()


def test_every_task_measures(results: Results) -> None:
    table = results.measurements
    statistics = {task: {*of["statistic"]} for task, of in table.groupby("task")}
    assert statistics["copying"] == {"copying_score"}
    assert statistics["ngram_rules"] == {"share_of_rules"}
    assert {"effective_keys", "effective_share", "mean_weight"} <= statistics["learned_weights"]
    of_rules = table[(table["task"] == "ngram_rules") & (table["model"] == "attention_targetword")]
    shares = dict(zip(of_rules["group"], of_rules["value"], strict=True))
    assert shares["any rule"] > shares["rules of another place"]
    induction = results.summary[results.summary["task"] == "induction"]
    assert (induction["score"] >= 0).all() and (induction["chance"] < 0.5).all()


def test_the_report_names_the_parts_and_the_page_shows_what_was_measured(results: Results) -> None:
    page = document(results)
    said = markdown.write(page)
    assert "C4, drop" in said and "C8, next word with positions" in said
    assert "**undecided**" in said  # three seeds
    drawn = html.write(page)
    for words in ("Copying score", "weight on itself", "predictions that rules share"):
        assert words.lower() in drawn.lower()


def test_one_claim_is_reproduced_with_what_it_needs_alone(results: Results, tmp_path: Path) -> None:
    again = tmp_path / "again"
    found = wordrel.reproduce(results.folder, claim="C8", seeds=1, jobs=1, keep=again)
    fresh = read_results(again)
    models = {"attention_position", "attention_position_shuffled_contexts"}
    assert set(fresh.runs["model"]) == models == set(found["model"])
    assert [task["name"] for task in fresh.manifest["tasks"]] == ["per_token_loss"]
    assert set(fresh.contrasts["claim"]) == {"C8"}
    assert set(found["seed"]) == {SEEDS[0]}
    assert set(found["verdict"]) == {"identical"}


def test_of_a_claim_some_models_may_be_left_out(results: Results) -> None:
    config = stored_config(results)
    stored, cut = part(results, config, claim="C4", models=["attention_targetword"], seeds=2)
    assert [model.name for model in cut.models] == ["attention_targetword"]
    assert not cut.contrasts
    assert cut.seeds == (1, 2)
    assert set(stored.runs["model"]) == {"attention_targetword"}
    with pytest.raises(StoreError, match="it has not what C5 needs; expected one of C4"):
        part(results, config, claim="C5")
    none = replace(results, contrasts=results.contrasts.iloc[:0], scores=results.scores.iloc[:0])
    with pytest.raises(StoreError, match="what C4 needs; it decides no claim: leave it out"):
        part(none, config, claim="C4")
    meant = "found no attention_target in it; did you mean 'attention_targetword'[?] expected of"
    with pytest.raises(StoreError, match=meant):
        part(results, config, models=["attention_target"])
    with pytest.raises(StoreError, match="found no cbow in it; expected of"):
        part(results, config, models=["cbow"])


def test_a_verdict_without_its_rows_is_undecided(results: Results) -> None:
    assert verdict(results, "C8") in ("undecided", "partly supported")
    assert verdict(replace(results, contrasts=results.contrasts.iloc[:0]), "C8") == "undecided"


def test_a_claim_without_a_score_is_refused_before_anything_is_trained() -> None:
    maps = Path(__file__).resolve().parents[1] / "results" / "maps"
    with pytest.raises(StoreError, match="C3 rests on no score here, found none to compare"):
        wordrel.reproduce(maps, claim="C3", seeds=1)
