"""The benchmark: it counts and computes what it says, and its page is that of its rows.

Nothing here depends on how long anything takes.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gensim.models import Word2Vec
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import evaluation, material, table, training
from benchmarks import operations as ops
from benchmarks.material import QUICK, Material, first_tokens, zipf_corpus
from benchmarks.rows import Aim, Rows, interleaved
from benchmarks.speed import PARTS, run_parts
from planted import Plan, planted_corpus, toy_corpus
from wordrel.config import TrainingConfig
from wordrel.corpus import corpus_folder, open_corpus
from wordrel.errors import CorpusError, StoreError
from wordrel.study.analysis import analyse
from wordrel.tasks.calibration import losses

ROOT = Path(__file__).resolve().parents[1]
TRAINING = TrainingConfig(dim=8, window=3, epochs=1, subsample=0)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A small planted corpus."""
    place = tmp_path_factory.mktemp("bench")
    corpus = planted_corpus(Plan(topics=4, topic_words=3, sentences=1500), place)
    return Material(
        sizes=replace(QUICK, tokens=300, steps=1, matrix=32, words=50, scored=200, probes=20),
        text=lambda: corpus_folder(place / "cache", corpus.name, corpus.digest),
        training=TRAINING,
    )


# Operations -----------------------------------------------------------------------------------


def test_operations_of_a_tiny_step_are_those_counted_by_hand() -> None:
    # B = 4 targets in chunks of 2, W = 3, so S = 4 tokens; D = 5; one group of 4, M = 3
    maps = 2 * (4 * 5 * 5) + 125  # queries, values, W_q^T W_k
    attention = 2 * (4 * 4 * 5)  # scores, mixture
    noise = 4 * 3 * 5
    wanted = {"maps": 3 * maps, "attention": 3 * attention, "noise": 3 * noise}
    assert ops.multiply_adds(targets=4, tokens=4, dim=5, group=4, noise=3) == wanted


@pytest.mark.parametrize("group", [64, 50])
def test_operations_of_a_step_are_those_that_torch_counts(given: Material, group: int) -> None:
    config = training.ATTENTION.model_copy(update={"batch": 128, "group": group})
    trainer = training.new_trainer(open_corpus(given.text()), TRAINING, config)
    (batch,) = ops.full_batches(trainer, given)
    with FlopCounterMode(display=False) as counter:
        trainer.step(batch, remaining=1.0)
    shape = ops.shape_of(trainer)
    assert (shape["targets"], shape["tokens"], shape["noise"]) == (128, 32 + 3 - 1, 64)
    assert counter.get_total_flops() == 2 * sum(ops.multiply_adds(**shape).values())


def test_a_text_that_is_too_short_for_its_steps_is_named(given: Material) -> None:
    trainer = training.new_trainer(open_corpus(given.text()), TRAINING, training.ATTENTION)
    longer = replace(given, sizes=replace(given.sizes, steps=99))
    with pytest.raises(CorpusError, match=r"full batches of 4096 targets, expected 99: give a lo"):
        ops.full_batches(trainer, longer)


# Text, and what is timed ------------------------------------------------------------------------


def test_a_corpus_is_cut_after_a_whole_sentence() -> None:
    corpus = toy_corpus([[0, 1], [2, 0, 1], [1, 2]])
    cut = first_tokens(corpus, 6)
    assert cut.train.ids.tolist() == [0, 1, 2, 0, 1]
    assert cut.train.sentence_ends.tolist() == cut.train.document_ends.tolist() == [2, 5]
    within = replace(corpus, train=replace(corpus.train, document_ends=np.array([7])))
    assert first_tokens(within, 6).train.document_ends.tolist() == [5]
    assert first_tokens(corpus, 7).train.ids.tolist() == corpus.train.ids.tolist()
    assert first_tokens(corpus, 1).train.ids.tolist() == [0, 1]  # at least one


def test_synthetic_text_follows_zipf() -> None:
    corpus = zipf_corpus(50, 20_010)
    found = np.bincount(corpus.train.ids, minlength=50)
    wanted = 20_010 / np.arange(1, 51) / (1 / np.arange(1, 51)).sum()
    assert np.abs(found - wanted).max() < 5 * math.sqrt(wanted.max())
    assert found.sum() == corpus.train.sentence_ends[-1] == 20_010
    assert np.diff(corpus.train.sentence_ends).tolist() == [20] * 999 + [10]
    shares = corpus.vocab.counts / corpus.vocab.counts.sum()
    np.testing.assert_allclose(shares, wanted / 20_010, rtol=1e-6)


def test_without_the_data_its_parts_say_so_and_the_others_run(
    given: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    without = replace(given, text=partial(material.wiki17m, tmp_path))
    said: list[str] = []
    assert not run_parts(["throughput", "softmax"], without, tmp_path, said.append)
    assert "set WORDREL_DATA to a folder that has it" in said[1]
    assert {*table.read_rows(tmp_path / "speed.csv")["part"]} == {"softmax"}


def test_every_ratio_is_of_two_trainings_that_are_measured() -> None:
    pairs = [*training.TOKENS, *training.CONTEXT_WORDS]
    assert {name for pair in pairs for name in pair} == {*training.ways(TRAINING)}
    assert {*training.SLOW} < {*training.ways(TRAINING)}


def test_the_same_cell_is_trained_under_two_recipes_and_in_passages() -> None:
    told = {name: way.args for name, way in training.ways(TrainingConfig()).items()}
    (w2v, cell), (lm, sampled), (passage, last) = (
        told[name] for name in (training.W2V, training.LM, training.PASSAGE)
    )
    assert cell.kind == sampled.kind == last.kind == "mean_query_attention_position"
    assert (w2v.subsample, w2v.shrink_window, w2v.reach) == (1e-3, True, 5)
    assert (lm.subsample, lm.shrink_window, lm.reach) == (0, False, 5)
    assert (passage.subsample, passage.shrink_window, passage.reach) == (0, False, 64)
    assert [one.loss for one in (cell, sampled, last)] == [
        "negative_sampling",
        *["sampled_softmax"] * 2,
    ]
    assert sampled.shared_negatives == last.shared_negatives == 256


def test_a_cost_counts_tokens_and_the_words_of_contexts() -> None:
    corpus, whole = toy_corpus([[0, 1, 2], [2, 1]] * 20), {"shrink_window": False}
    mean = training.way(TRAINING.model_copy(update=whole), training.MODELS_MEASURED["mean"])
    cost = mean(corpus)
    # a sentence of 3 words has 3 contexts of 2, one of 2 words 2 of 1
    assert (cost.tokens, cost.context_words) == (100, 20 * (6 + 2))
    assert training.way(TRAINING, training.MODELS_MEASURED["cbow"])(corpus)[1:] == (100, 0)


@pytest.mark.parametrize("name", ["cbow", "mean", "matched_skip_gram"])
def test_the_making_of_tables_does_not_count(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def slow(make: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def made(*given: Any, **named: Any) -> Any:
            done = make(*given, **named)
            now[0] += seconds
            return done

        return made

    monkeypatch.setattr(training.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(training, "new_model", slow(training.new_model, 100))
    monkeypatch.setattr(training.SkipGram, "new", slow(training.SkipGram.new, 100))
    monkeypatch.setattr(training, "run", slow(training.run, 3))
    prepare, train = Word2Vec.build_vocab_from_freq, Word2Vec.train
    monkeypatch.setattr(Word2Vec, "build_vocab_from_freq", slow(prepare, 100))
    monkeypatch.setattr(Word2Vec, "train", slow(train, 3))
    corpus = toy_corpus([[0, 1, 2], [2, 1, 0]] * 20)
    assert training.way(TRAINING, training.MODELS_MEASURED[name])(corpus).seconds == 3


def test_rounds_are_interleaved() -> None:
    order: list[str] = []

    def job(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = interleaved({name: partial(job, name) for name in "ab"}, 3)
    assert "".join(order) == "ababab"
    assert found == {"a": [1, 3, 5], "b": [2, 4, 6]}


# Rows, their table and their page -------------------------------------------------------------


def test_aims() -> None:
    least, most = Aim(least=0.5, first=0.335), Aim(most=30.0)
    assert [str(aim) for aim in (least, most, Aim())] == ["at least 0.5", "at most 30", ""]
    rows = Rows("softmax", {("a", ""): least, ("b", ""): most})
    assert [rows.of("a", "x", [v], "s").met for v in (0.49, 0.5, 0.6)] == ["no", "yes", "yes"]
    assert [rows.of("b", "x", [v], "s").met for v in (29.0, 30.0, 31.0)] == ["yes", "yes", "no"]
    assert rows.of("a", "x", [1.0], "s").first == 0.335
    assert rows.of("c", "x", [1.0], "s").met == ""


def test_a_ratio_is_taken_within_its_round() -> None:
    rows = Rows("throughput", {("a", "b"): Aim(least=2.0)})
    rounds = {"a": [2.0, 40.0, 9.0], "b": [1.0, 10.0, 3.0]}
    (row,) = rows.ratios(rounds, [("a", "b")], "x")
    assert (row.value, row.low, row.high, row.n) == (3, 2, 4, 3)
    assert (row.aim, row.met) == ("at least 2", "yes")


HAND_MADE = """\
part,what,beside,measure,value,low,high,n,unit,first,aim,met
throughput,mean,cbow,tokens a second,0.71234,0.65,0.8,5,times,0.66,at least 1,no
throughput,mean,,"rate, 1,000,000 tokens a round",612345,600000,700001,5,tokens/s,,,
softmax,full softmax,,"2,000 tokens",21.5,21.5,21.5,1,s,,at most 30,yes
statistics,all statistics,,19 models,61.25,50,70,3,s,294,at most 60,no
"""


def test_a_hand_made_table_makes_this_page(tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE)
    rows = table.read_rows(tmp_path / "speed.csv")
    assert table.to_csv(rows) == HAND_MADE
    page = table.render(rows)
    assert "1 of 3 are met." in page
    lines = page.splitlines()
    for line in (
        "| mean | cbow | tokens a second | 0.660 times | at least 1 | **not met** | "
        "0.712 [0.650, 0.800] times | 5 |",
        "| full softmax |  | 2,000 tokens | – | at most 30 | met | 21.5 s | 1 |",
        "| all statistics |  | 19 models | 294 s | at most 60 | **not met** | "
        "61.2 [50.0, 70.0] s | 3 |",
        "| mean |  | rate, 1,000,000 tokens a round | 612,345 [600,000, 700,001] tokens/s | 5 |",
    ):
        assert line in lines, line
    heads = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert heads == ["Aims", "Throughput", "Full softmax", "Statistics of a study"]


def test_a_part_that_is_stored_replaces_its_own_rows_alone(tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE)
    before = table.read_rows(tmp_path / "speed.csv")
    new = Rows("softmax", {}).of("full softmax", "seconds", [2.0], "s")
    table.store_part(tmp_path, "softmax", [new], {"commit": "b"})
    after = table.read_rows(tmp_path / "speed.csv")
    kept, fresh = after[after["part"] != "softmax"], after[after["part"] == "softmax"]
    assert table.to_csv(kept) == table.to_csv(before[before["part"] != "softmax"])
    assert table.to_csv(fresh) == table.to_csv(table.as_table([new]))
    assert [*after["part"]] == ["throughput", "throughput", "softmax", "statistics"]
    about = '{\n  "softmax": {\n    "commit": "b"\n  }\n}\n'
    assert (tmp_path / "environment.json").read_text() == about
    assert (tmp_path / "report.md").read_text() == table.render(after)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("part,what", "part,which", r"csv: Usecols.*what.*expected the columns part, what"),
        (
            ",5,times",
            ",five,times",
            r"csv: .*five.*expected the columns part, what.*take the file from git",
        ),
        ("softmax,full", "hardmax,full", r"csv: .*hardmax.*the parts throughput, operations"),
        (",s,,at most", ",s,at most", r"csv: .*take the file from git"),
    ],
)
def test_a_damaged_table_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE.replace(old, new))
    with pytest.raises(StoreError, match=message):
        table.read_rows(tmp_path / "speed.csv")


def test_the_committed_page_is_what_its_table_gives() -> None:
    folder = ROOT / "results" / "speed"
    rows = table.read_rows(folder / "speed.csv")
    assert (rows["aim"] != "").any()
    assert (folder / "report.md").read_text(encoding="utf-8") == table.render(rows)


# The parts at tiny size -----------------------------------------------------------------------


AIMED = {
    "throughput": [*training.TOKENS, *training.CONTEXT_WORDS],
    "operations": [(ops.STEP, ops.PRODUCT)],
    "softmax": [(evaluation.SOFTMAX, "")],
    "statistics": [(evaluation.STATISTICS, "")],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_at_tiny_size_gives_well_formed_rows_and_its_aims(
    part: str, given: Material
) -> None:
    rows = list(PARTS[part](given))
    assert {row.part for row in rows} == {part}
    assert len({(row.what, row.beside, row.measure) for row in rows}) == len(rows)
    for row in rows:
        assert 0 < row.low <= row.value <= row.high < math.inf
        assert (row.met in ("yes", "no")) == bool(row.aim)
    assert [(row.what, row.beside) for row in rows if row.aim] == AIMED[part]
    page = table.render(table.as_table(rows))
    assert all(f"| {row.measure} |" in page for row in rows)


def test_parts_and_titles_are_the_same() -> None:
    assert [*PARTS, "tried"] == [*table.TITLES]
    assert [*PARTS] == [*AIMED]


def test_the_softmax_is_over_all_words_and_scores_as_many_tokens_as_it_says(
    given: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def kept(*args: Any) -> Any:
        found.append(losses(*args))
        return found[-1]

    monkeypatch.setattr(evaluation, "losses", kept)
    (row,) = evaluation.softmax(replace(given, sizes=replace(given.sizes, words=50, scored=400)))
    ((nats,),) = found
    assert row.measure == "418 tokens, 50 words"  # 22 sentences
    assert len(nats) == 418
    assert math.log(50) / 2 < nats.mean() < 2 * math.log(50)


def test_random_answers_have_the_shape_of_a_study(given: Material) -> None:
    tasks = pd.read_csv(evaluation.TASKS, keep_default_na=False)
    assert {*tasks["measure"]} == {"spearman", "auc", "accuracy", "loss_per_token"}
    sizes = replace(given.sizes, models=2, items=200)
    for measure in ("spearman", "auc", "accuracy", "loss_per_token"):
        task = next(row for row in tasks.itertuples() if row.measure == measure and row.items > 200)
        asked = evaluation.random_answers(task, sizes, np.random.default_rng(1))
        assert len(asked.outcomes) == 2 * task.embeddings
        assert {len(seeds) for seeds in asked.outcomes.values()} == {evaluation.SEEDS}
        assert asked.any.gold.shape == (200,)
        rows = analyse(asked, evaluation.StatisticsConfig())
        assert len(rows["comparisons"]) == (not task.detail and task.split == "test")
        assert all(0 < abs(row["score"]) < 10 for row in rows["summary"])
