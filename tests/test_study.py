"""The whole way from text to tables, on a tiny corpus; and what a kill leaves of it."""

import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import processes
from processes import PATIENCE, wait_until
from wordrel.config import StatisticsConfig, StudyConfig, parse_config
from wordrel.errors import ConfigError, DatasetError
from wordrel.jobs.local import CellOutcome
from wordrel.report.page import write_pages
from wordrel.study.analysis import analyse, selected_pairs
from wordrel.study.answers import Evaluation
from wordrel.study.cell import load_cell
from wordrel.study.evaluate import is_answered, train_and_evaluate
from wordrel.study.plan import load_tasks, prepare_plan
from wordrel.study.results import Results
from wordrel.study.run import portable_paths, run_study
from wordrel.study.schema import COLUMNS, STORED, read_table, table_file, write_table
from wordrel.study.tables import _run_row
from wordrel.tasks import Predictions

ANIMALS, FOODS = ["cat", "dog", "horse", "sheep"], ["bread", "rice", "cheese", "soup"]
MODELS = [
    {"kind": "random"},
    {"kind": "ppmi_svd"},
    {"kind": "word2vec", "algorithm": "skip_gram"},
    {"kind": "word2vec", "algorithm": "cbow"},
    *(
        {"kind": k, "batch": 256}
        for k in ("attention", "attention_position", "mask_query_attention")
    ),
]
FEW = {"models": MODELS[2:5]}  # to be killed: skip_gram, cbow and attention, two seeds
IDENTICAL = (*(table_file(name) for name in STORED if name != "runs"), "config.yaml")


def text_with_two_kinds_of_word(sentences: int) -> str:
    """Animals do what animals do, foods what foods do: two groups that every model can find."""
    rng = random.Random(1)
    lines = []
    for number in range(sentences):
        animal, food = rng.choice(ANIMALS), rng.choice(FOODS)
        lines.append(f"The {animal} runs {rng.choice(['over', 'through'])} the green field.")
        lines.append(f"We {rng.choice(['eat', 'cook'])} hot {food} with a silver spoon.")
        if number % 10 == 0:
            lines.append("")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    (folder / "text.txt").write_text(text_with_two_kinds_of_word(500), encoding="utf-8")
    pairs = [(a, b, 9) for group in (ANIMALS, FOODS) for a, b in itertools.combinations(group, 2)]
    pairs += [(a, f, 1) for a in ANIMALS for f in [*FOODS, "spoon"]]  # below 30 none is scored
    (folder / "pairs.tsv").write_text(
        "".join(f"{a}\t{b}\t{s}\n" for a, b, s in pairs), encoding="utf-8"
    )
    return folder


def settings(place: Path, **changes: object) -> dict[str, object]:
    return {
        "study": "tiny",
        "corpora": [{"source": str(place / "text.txt"), "min_count": 2, "held_out": 0.1}],
        "training": {"dim": 8, "window": 3, "epochs": 8, "subsample": 0},
        "models": MODELS,
        "seeds": [1, 2],
        "tasks": [
            {"kind": "pairs", "name": "groups", "path": str(place / "pairs.tsv")},
            "held_out_loss",
            "neighbour_agreement",
        ],
        "statistics": {"resamples": 200},
        **changes,
    }


@pytest.fixture(scope="module")
def result(place: Path) -> Results:
    return run_study(parse_config(settings(place)), place / "cache", place / "out", jobs=1)


def test_every_trained_model_finds_the_planted_groups_and_random_does_not(result: Results) -> None:
    selected = result.summary[(result.summary["task"] == "groups") & result.summary["selected"]]
    score = selected.set_index("model")["score"]
    trained = score.drop("random")
    # 32 pairs, 12 of them alike: the best possible rank correlation with so many ties is .84
    assert (trained > 0.55).all(), trained
    assert abs(score["random"]) < 0.55


def test_a_result_has_a_row_for_each_run_reading_and_task(result: Results) -> None:
    assert len(result.runs) == len(MODELS) * 2
    assert set(result.runs["status"]) == {"done"}, list(result.runs["message"])
    embeddings = (
        result.scores[result.scores["task"] == "groups"].groupby("model")["embedding"].nunique()
    )
    assert embeddings.to_dict() == {
        "random": 6,
        "ppmi_svd": 6,
        "skip_gram": 6,
        "cbow": 8,
        "attention": 14,
        "attention_position": 14,
        "mask_query_attention": 10,
    }
    pairs = result.comparisons[result.comparisons["task"] == "groups"]
    assert len(pairs) == 7 * 6 / 2
    assert pairs["p"].between(1 / 10_000, 1).all()
    assert (pairs["p_adjusted"] >= pairs["p"]).all()


def test_a_model_without_an_answer_says_why(result: Results) -> None:
    losses = result.summary[result.summary["task"] == "held_out_loss.next_word"]
    silent = losses[losses["score"].isna()].set_index("model")["note"]
    assert set(silent.index) == {"random", "ppmi_svd", "skip_gram", "cbow", "mask_query_attention"}
    assert silent["skip_gram"] == "skip-gram has no vector for a context of several words"


def test_the_matched_models_beat_the_unigram_loss(result: Results) -> None:
    losses = result.summary[(result.summary["question"] == "fit") & result.summary["score"].notna()]
    matched = losses[losses["model"].isin(["attention_position", "mask_query_attention"])]
    assert len(matched) == 2
    assert (matched["high"] < matched["chance"]).all()


def test_agreement_has_every_two_models_and_the_seeds_of_each(result: Results) -> None:
    assert len(result.agreement) == 4 * 7 * 8 / 2
    overlap = result.agreement[result.agreement["measure"] == "overlap"]
    assert len(overlap) == 7 * 8 / 2
    assert overlap["score"].between(0, 1).all()
    same = result.agreement[result.agreement["between"] == "seeds"]
    assert (same["pairs"] == 1).all()
    other = result.agreement[result.agreement["between"] == "models"]
    assert (other["pairs"] == 2).all(), "only runs of different seeds are independent"


def test_a_second_run_trains_nothing_and_gives_the_same_tables(
    place: Path, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a finished cell was trained again")

    monkeypatch.setattr("wordrel.study.evaluate.train_cell", refuse)
    run_study(parse_config(settings(place)), place / "cache", place / "again", jobs=1)
    assert contents(place / "again") == contents(result.folder)


def test_a_run_keeps_the_files_of_its_user_and_no_page_of_the_older_result(
    place: Path, result: Results
) -> None:
    study, out = parse_config(settings(place)), place / "kept"
    run_study(study, place / "cache", out, jobs=1)
    (out / "notes.csv").write_text("mine")
    (out / "explorer.html").write_text("of the older models")
    (out / "croissant.json").write_text("of the older tables")
    run_study(study, place / "cache", out, jobs=1)
    assert (out / "notes.csv").read_text() == "mine"
    assert sorted(path.name for path in out.iterdir()) == sorted(
        {path.name for path in result.folder.iterdir()} | {"notes.csv"}
    )
    assert contents(out) == contents(result.folder)


def copied_pairs(place: Path, folder: Path) -> tuple[Path, dict[str, str]]:
    """A file of pairs that a test may change, and the entry of its task."""
    pairs = folder / "pairs.tsv"
    pairs.write_text((place / "pairs.tsv").read_text())
    return pairs, {"kind": "pairs", "name": "groups", "path": str(pairs)}


def test_an_own_file_that_changed_is_read_again_by_a_process_that_read_it_before(
    place: Path, tmp_path: Path
) -> None:
    pairs, own = copied_pairs(place, tmp_path)
    study = parse_config(settings(place, models=MODELS[:1], seeds=[1], tasks=[own]))

    def scores() -> np.ndarray:
        found = run_study(study, place / "cache", tmp_path / "out", jobs=1)
        return found.scores["score"].to_numpy()

    before = scores()
    pairs.write_text("".join(f"{a}\t{b}\t{10 - int(s)}\n" for a, b, s in pair_rows(pairs)))
    np.testing.assert_allclose(scores(), -before)


def pair_rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


def test_an_own_file_that_changes_during_a_run_is_not_stored_under_its_older_digest(
    place: Path, tmp_path: Path
) -> None:
    pairs, own = copied_pairs(place, tmp_path)
    config = parse_config(settings(place, models=MODELS[:1], seeds=[1], tasks=[own]))
    cache = tmp_path / "cache"
    (work,) = prepare_plan(config, cache, load_tasks(config, cache), jobs=1).works
    pairs.write_text("".join(f"{a}\t{b}\t{s}\n" for a, b, s in pair_rows(pairs)[1:]))
    with pytest.raises(DatasetError, match="groups: found other items than when the run began"):
        train_and_evaluate(work, lambda share, detail: None)
    assert not is_answered(work)


def test_an_error_of_any_text_is_stored_and_read_back(place: Path, tmp_path: Path) -> None:
    config = parse_config(settings(place, models=MODELS[:1], seeds=[1], tasks=["held_out_loss"]))
    cache = place / "cache"
    (work,) = prepare_plan(config, cache, load_tasks(config, cache), jobs=1).works
    outcome = CellOutcome(work.name, "failed", message="a\rb\udcff" + "c" * 200_000)
    table = pd.DataFrame([_run_row(work, outcome)], columns=[*COLUMNS["runs"]])
    write_table(tmp_path, "runs", table)
    (message,) = read_table(tmp_path / "runs.csv", "runs")["message"]
    assert message.startswith(r"a\rb\udcffcc")


def test_tasks_that_are_tested_by_several_workers_give_the_same_tables(
    place: Path,
    result: Results,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("wordrel.study.tables.FEW", 0)
    with caplog.at_level("INFO", logger="wordrel"):
        run_study(parse_config(settings(place)), place / "cache", place / "by_two", jobs=2)
    assert contents(place / "by_two") == contents(result.folder)
    told = [message for message in caplog.messages if message.startswith("tables ")]
    assert told[0] == "tables text: 0 %, choosing the selected embeddings"
    assert told[-1].startswith("tables text: 100 %, ")


def test_a_new_task_is_asked_and_nothing_else_is_done_again(
    place: Path, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []
    monkeypatch.setattr("wordrel.study.cell.peak_memory", lambda: trained.append("a cell"))
    (place / "new.tsv").write_text("cat\tdog\t9\ncat\trice\t1\nsoup\tbread\t8\n")
    before = {
        path: path.stat().st_mtime_ns for path in (place / "cache").glob("answers/*/*/*/*.parquet")
    }
    new = {"kind": "pairs", "name": "new", "path": str(place / "new.tsv")}
    more = parse_config(settings(place, tasks=[new, *settings(place)["tasks"]]))  # type: ignore[misc]
    found = run_study(more, place / "cache", place / "more", jobs=1)
    assert trained == []
    after = {
        path: path.stat().st_mtime_ns for path in (place / "cache").glob("answers/*/*/*/*.parquet")
    }
    assert {path: after[path] for path in before} == before, "an old task was asked again"
    assert {path.parent.name.split("-")[0] for path in after.keys() - before.keys()} == {"new"}
    assert len(after) - len(before) == len(result.runs)
    assert set(found.summary["task"]) == {"new", *result.summary["task"]}


def contents(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in IDENTICAL}


RUN = """
import json, sys, time
from pathlib import Path
from wordrel.config import parse_config
from wordrel.study import run
from wordrel.study.evaluate import train_and_evaluate

settings, cache, out, most = sys.argv[1:]

def train_unless_it_is_enough(work, report):
    def held(fraction, detail):
        report(fraction, detail)
        while 0 < fraction < 1 and len(list(Path(cache).glob("cells/*/[!.]*/DONE"))) >= int(most):
            time.sleep(0.02)
    train_and_evaluate(work, held)

run.train_and_evaluate = train_unless_it_is_enough
run.run_study(parse_config(json.loads(settings)), Path(cache), Path(out), jobs=2)
"""


@contextmanager
def running(
    place: Path, cache: Path, out: Path, *, most: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Two workers, which stop in the middle of a cell once there are `most` finished ones."""
    command = [sys.executable, "-c", RUN, json.dumps(settings(place, **FEW)), cache, out, most]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with (
        (out.parent / "log").open("ab") as log,
        processes.started(command, stderr=log, env=environment) as process,
    ):
        yield process


def finished_cells(cache: Path) -> dict[Path, int]:
    """Those under their own name: one that is being written has a dot before it."""
    return {path: path.stat().st_mtime_ns for path in cache.glob("cells/*/[!.]*/DONE")}


def test_a_killed_run_goes_on_and_ends_byte_identical(
    place: Path, result: Results, tmp_path: Path
) -> None:
    undisturbed = run_study(parse_config(settings(place, **FEW)), place / "cache", tmp_path / "a")
    cache, out = tmp_path / "cache", tmp_path / "out"
    with running(place, cache, out, most=2) as process:
        wait_until(lambda: process.poll() is not None or len(finished_cells(cache)) >= 2)
    assert process.returncode == -signal.SIGKILL, "the run ended before it could be killed"
    before = finished_cells(cache)
    assert 2 <= len(before) < 6
    assert not out.exists()

    with running(place, cache, out, most=99) as again:
        assert again.wait(timeout=PATIENCE) == 0, (tmp_path / "log").read_text(encoding="utf-8")
    after = finished_cells(cache)
    assert len(after) == 6
    assert {path: after[path] for path in before} == before, "a finished cell was trained again"
    assert not list(cache.rglob("*.partial*"))
    assert contents(out) == contents(undisturbed.folder)


def test_a_diverging_cell_is_named_and_the_others_go_on(place: Path, tmp_path: Path) -> None:
    wild = {"kind": "attention", "name": "wild", "learning_rate": 1e12, "batch": 256}
    config = parse_config(settings(place, models=[wild, {"kind": "random"}], seeds=[1]))
    found = run_study(config, place / "cache", tmp_path / "out", jobs=1, write_pages=write_pages)
    runs = found.runs.set_index("model")
    assert runs["status"].to_dict() == {"wild": "failed", "random": "done"}
    assert "models.wild.learning_rate (1000000000000.0)" in runs["message"]["wild"]
    assert "at step" in runs["message"]["wild"]
    assert "wild" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_all_problems_with_tasks_are_named_before_anything_is_trained(place: Path) -> None:
    corpora = [{"source": str(place / "text.txt"), "held_out": 0}]
    missing = {"kind": "pairs", "name": "mine", "path": str(place / "missing.tsv")}
    config = parse_config(settings(place, corpora=corpora, tasks=[missing, "held_out_loss"]))
    with pytest.raises(ConfigError) as caught:
        run_study(config, place / "nothing", place / "nowhere", jobs=1)
    first, second = caught.value.problems
    assert first.startswith("tasks: ") and "missing.tsv" in first
    assert second == "corpora.text.held_out: 0, but held_out_loss needs held-out text"
    assert not (place / "nothing").exists() and not (place / "nowhere").exists()


def test_cells_are_shared_by_studies_and_loaded_by_spec(place: Path, result: Results) -> None:
    config: StudyConfig = parse_config(settings(place, study="other", seeds=[2]))
    plan = prepare_plan(config, place / "cache", load_tasks(config, place / "cache"), jobs=1)
    assert all(is_answered(work) for work in plan.works)
    word_model = load_cell(plan.works[4].cell)
    assert word_model.similarity("cat", "dog") > word_model.similarity("cat", "bread")
    assert isinstance(result.scores, pd.DataFrame)


def test_the_p_of_a_large_family_is_fine_enough_to_tell_a_pair_apart() -> None:
    """Holm multiplies the smallest p by the number of tests; 10,000 permutations allow 500."""
    rng = np.random.default_rng(0)
    gold = rng.standard_normal(60)
    given = {"good": gold, "bad": rng.standard_normal(60)}
    outcomes = {
        (model, "input"): {
            1: Predictions(
                task="pairs",
                measure="spearman",
                embedding="input",
                selected=True,
                gold=gold,
                predicted=predicted,
                covered=np.ones(60, dtype=np.bool_),
                cluster=np.arange(60),
                chance=0.0,
                better="higher",
                note="",
            )
        }
        for model, predicted in given.items()
    }
    asked = Evaluation("text", "alike", outcomes)
    assert selected_pairs(asked) == [(("good", "input"), ("bad", "input"))]
    for family in (1, 250, 544, 2000):
        (row,) = analyse(asked, StatisticsConfig(resamples=100), family)["comparisons"]
        assert row["p"] * family < 0.05
    assert row["p"] == pytest.approx(1 / 80_000)


def test_paths_are_told_where_they_mean_something_elsewhere_and_are_text() -> None:
    given = {"config": "bad\udcff.yaml", "results": "mine/ä"}
    assert portable_paths(given) == {"results": "mine/ä"}
    assert portable_paths({"config": "c.yaml", "results": "/home/me/out"}) == {"config": "c.yaml"}
