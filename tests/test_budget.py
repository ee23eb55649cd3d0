"""What a study will cost: from finished cells, from measured rates, or not known; never guessed."""

import importlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tiny_study import write_study
from wordrel.config import (
    ARCHITECTURES,
    MatchedConfig,
    ModelConfig,
    TrainingConfig,
    Word2vecConfig,
    identity,
    load_config,
    parse_config,
    training_identity,
)
from wordrel.errors import StoreError
from wordrel.io.store import new_folder
from wordrel.study.budget import Budget, Line, estimate
from wordrel.study.cell import CellSpec, cell_cost, train_cell
from wordrel.study.costs import Basis, Estimate, Finished, Known, Note, read_rates, table_bytes
from wordrel.study.plan import load_tasks, prepare_plan

TRAINING = TrainingConfig(dim=100)
MEAN = MatchedConfig(kind="mean", name="mean")


def spec(model: ModelConfig = MEAN, training: TrainingConfig = TRAINING):
    return CellSpec(
        cache=Path("cache"),
        corpus=Path("corpus"),
        corpus_name="text",
        corpus_digest="d1",
        model_config=model,
        training_config=training,
        seed=9,
    )


def cell(seconds: float, *, digest: str = "d1", dim: int = 100, **changes: object) -> Finished:
    training = TRAINING.model_copy(update={"dim": dim}).model_dump(mode="json")
    model = MEAN.model_dump(mode="json") | changes
    return Finished(f"corpus-{digest}", digest, model | training, 1000, float(seconds), 500.0)


def known(*cells: Finished, **rates: float) -> Known:
    return Known(cells, (), rates)


def test_other_seeds_of_the_same_cell_decide_by_their_median_scaled_by_tokens():
    cells = (cell(10), cell(12), cell(50), cell(7, digest="d2"), cell(1, heads=2))
    found = known(*cells, mean=1.0).to_train(spec(), 3000, 10)
    assert found == Estimate(36.0, 500.0, Basis.CELLS, "3 of corpus-d1")


def test_settings_that_cost_nothing_do_not_tell_cells_apart():
    found = known(cell(10, learning_rate=9.0, name="other")).to_train(spec(), 1000, 10)
    assert (found.seconds, found.evidence) == (10.0, "1 of corpus-d1")


# Twice four bytes for 2 more tables of 50 dimensions; a mean has nothing beside its tables.
@pytest.mark.parametrize(
    ("dim", "words", "seconds", "memory"),
    [
        (50, 8, 20.0, 500.0 + 2 * 4 * 8 * 100 / 1e6),
        (50, 1_000_000, 20.0, 500.0 + 800.0),
        (200, 1_000_000, 10.0, 500.0),
    ],
)
def test_more_dimensions_cost_more_time_and_of_the_memory_only_the_tables_grow(
    dim: int, words: int, seconds: float, memory: float
):
    found = known(cell(10, dim=dim)).to_train(spec(), 1000, words)
    assert (found.seconds, found.memory_mb) == (seconds, pytest.approx(memory))
    assert found.evidence == "1 of corpus-d1; dim differ"


@pytest.mark.parametrize(
    ("kind", "maps"),
    [
        *(("random", 0), ("ppmi_svd", 0), ("word2vec", 0), ("mean", 0), ("word_weight", 0)),
        *(("attention", 4), ("direct_mean", 4), ("transformer_block", 12), ("two_blocks", 24)),
        ("position_map", 11),  # a map for each place of a window of five
    ],
)
def test_beside_its_tables_a_model_takes_what_its_maps_take(kind: str, maps: int):
    model = TypeAdapter(ModelConfig).validate_python({"kind": kind})
    training = TRAINING.model_copy(update={"dim": 4000})
    assert table_bytes(model, training, 10) == 4 * (10 * 8001 + maps * 4000**2)


@pytest.mark.parametrize("kind", ["kneser_ney", "word_frequency"])
def test_what_counts_words_costs_the_same_for_any_number_of_dimensions(kind: str):
    model = TypeAdapter(ModelConfig).validate_python({"kind": kind, "name": kind})
    then = TRAINING.model_copy(update={"dim": 8})
    about = identity(model) | training_identity(model, then)
    done = Finished("corpus-d1", "d1", about, 1000, 20.0, 500.0)
    found = known(done).to_train(spec(model), 1000, 1_000_000)
    assert (found.seconds, found.memory_mb) == (20.0, 500.0)


def test_a_run_that_was_mostly_start_up_is_not_scaled():
    seconds_of_start = cell(3.0, dim=50)  # 1,000 tokens
    rates = {"mean": 1000.0}
    found = known(seconds_of_start, **rates).to_train(spec(), 10_001, 0)
    assert (found.seconds, found.basis) == (10.001, Basis.SPEED)
    assert found.memory_mb == 500.0  # the process was as large all the same
    enough = known(seconds_of_start, **rates).to_train(spec(), 10_000, 0)
    assert (enough.seconds, enough.basis) == (3.0 * 2 * 10, Basis.CELLS)
    long = known(seconds_of_start, cell(10.0, digest="d2"), **rates).to_train(spec(), 20_000, 0)
    assert (long.seconds, long.evidence) == (200.0, "1 of corpus-d2")
    assert known(seconds_of_start).to_train(spec(), 20_000, 0).seconds == 3.0 * 2 * 20


@pytest.mark.parametrize("kind", ["vectors", "transformer"])
def test_what_others_trained_is_estimated_from_cells_without_settings_of_training(kind: str):
    given = {"kind": kind, "path": "x", "digest": "0" * 12} | (
        {} if kind == "vectors" else {"layer": 2}
    )
    model = TypeAdapter(ModelConfig).validate_python(given)
    stored = Finished("text", "d1", identity(model), 0, 3.0, 500.0)
    found = Known((stored,), (), {}).to_train(spec(model), 0, 1000)
    assert found == Estimate(3.0, 500.0, Basis.CELLS, "1 of text")


def test_cells_of_another_corpus_tell_seconds_and_no_memory():
    found = known(cell(10, digest="d2"), cell(30, digest="d1", heads=2)).to_train(spec(), 500, 10)
    assert found == Estimate(5.0, None, Basis.CELLS, "1 of corpus-d2")


def test_rates_come_second_and_say_what_differs():
    training = TrainingConfig(dim=200, window=2)
    found = known(mean=250.0).to_train(spec(training=training), 1000, 10)
    assert found == Estimate(8.0, None, Basis.SPEED, "250 tokens/s; dim, window differ")
    cbow = Word2vecConfig(kind="word2vec", algorithm="cbow", name="mine")
    assert known(cbow=100.0).to_train(spec(cbow), 1000, 10).seconds == 10.0


def test_what_nobody_measured_is_unknown():
    architecture = MatchedConfig(kind="attention", name="attention")
    four = MatchedConfig(kind="mask_query_attention", name="four", heads=4)
    one = known(cell(10), mask_query_attention=100.0)
    for model in (architecture, four):
        found = one.to_train(spec(model), 1000, 10)
        assert found == Estimate(None, None, Basis.UNKNOWN)


def line(cells: int, trained: int, seconds: float | None, memory: float | None = 100.0) -> Line:
    cost = Estimate(seconds, memory, Basis.CELLS if seconds else Basis.UNKNOWN)
    return Line("text", "m", cells, trained, 1000, 7, cost, (None,) * cells)


def test_the_sums_are_of_what_is_left():
    lines = (line(3, 1, 10.0), line(3, 0, 4.0, 300.0), line(2, 0, None))
    budget = Budget("s", 2, lines, {}, {})
    sums = budget.sums()
    assert (sums["core_seconds"], sums["unknown"], sums["disk"]) == (32.0, 2, 49)
    assert sums["wall_seconds"] == 18.0  # 10 10 | 4 4 | 4
    assert sums["memory_mb"] == 600.0
    assert replace(budget, lines=(*lines, line(1, 0, 1.0, None))).sums()["memory_mb"] is None
    elsewhere = replace(budget, jobs=None).sums()
    assert (elsewhere["wall_seconds"], elsewhere["memory_mb"]) == (None, None)
    more = (*lines, replace(line(1, 0, 1.0), disk=None))
    assert replace(budget, lines=more).sums()["disk"] is None


def test_a_study_that_is_done_has_nothing_left_and_its_cells_speak_for_more_seeds(
    tiny: Path, tmp_path: Path
):
    cache = Path(shutil.copytree(tiny / "cache", tmp_path / "cache"))
    for others in set((cache / "cells").iterdir()) - {cache / "cells" / "text"}:
        shutil.rmtree(others)  # of other tests, which have the cache of this study for theirs
    config = load_config(tiny / "tiny.yaml", ["seeds=[1,2,3]"])
    budget = estimate(config, cache, jobs=1)
    runs = json.loads(next(cache.glob("cells/*/skip_gram-seed1-*/cell.json")).read_text())
    assert [(x.model, x.cells, x.trained, x.tally["answered"]) for x in budget.lines] == [
        (model, 3, 2, 2) for model in ("random", "skip_gram", "attention")
    ]
    assert [x.estimate.evidence for x in budget.lines] == ["2 of text"] * 3
    assert budget.lines[0].tokens == 0
    assert budget.lines[1].tokens == runs["cost"]["trained_tokens"]
    stored = max(p.stat().st_size for p in cache.glob("cells/*/*/model.safetensors"))
    assert budget.lines[2].disk is not None and budget.lines[2].disk >= stored - 2000  # its header
    assert (budget.sums()["unknown"], budget.unprepared) == (0, {})
    done = estimate(load_config(tiny / "tiny.yaml"), cache, jobs=1).sums()
    assert (done["core_seconds"], done["disk"]) == (0.0, 0)


def test_a_text_that_is_not_prepared_stays_so_and_is_estimated_roughly(tmp_path: Path):
    config = load_config(write_study(tmp_path))
    before = estimate(config, tmp_path / "cache", jobs=1)
    assert before.unprepared == {"text": "not prepared yet"}
    assert not (tmp_path / "cache" / "corpora").exists()
    nothing = {"to_train": 2, "answered": 0, "to_ask": 2}
    assert [(x.cells, x.trained, x.tally) for x in before.lines] == [(2, 0, nothing)] * 3
    sums = before.sums()
    assert (sums["to_train"], sums["to_ask"], sums["rough"]) == (6, 6, True)
    # 200 rounds of 7 and 8 words, a tenth of them held out, at the speed of another machine
    assert [x.tokens for x in before.lines] == [0, 2700, 2700]
    assert [x.estimate.basis for x in before.lines] == [
        *(Basis.NOTHING_TRAINED, Basis.SPEED, Basis.SPEED)
    ]
    assert before.lines[1].estimate.seconds == pytest.approx(2700 / read_rates()["skip_gram"])
    assert (sums["unknown"], sums["unknown_asking"]) == (0, 6)
    assert (sums["memory_mb"], sums["disk"]) == (None, None)


def test_a_text_that_is_not_here_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    corpora = [{"source": "wiki17m", "held_out": 0.1}]
    config = load_config(write_study(tmp_path, corpora=corpora))
    budget = estimate(config, tmp_path / "cache", jobs=1)
    assert budget.unprepared == {"wiki17m": "the text of wiki17m is not here"}
    assert [(x.tokens, x.trained, x.tally["answered"], x.estimate.basis) for x in budget.lines] == [
        (None, 0, 0, Basis.UNKNOWN)
    ] * 3
    sums = budget.sums()
    counted = ("to_train", "to_ask", "unknown", "unknown_asking")
    assert [sums[key] for key in counted] == [6, 6, 6, 6]


# What the cache may have of a cell: its training, its answers, both or neither.
STATES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=6, max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it is read, never changed
)
@given(states=STATES, prepared=st.booleans(), seeds=st.integers(1, 4))
@example(states=[(False, False)] * 6, prepared=False, seeds=2)
@example(states=[(True, False)] * 6, prepared=True, seeds=2)
@example(states=[(False, True)] * 6, prepared=True, seeds=3)
def test_the_counts_add_up_whatever_the_cache_has(
    tiny: Path, states: list[tuple[bool, bool]], prepared: bool, seeds: int
):
    config = load_config(tiny / "tiny.yaml", [f"seeds={list(range(1, seeds + 1))}"])
    with TemporaryDirectory() as folder:
        cache = Path(folder)
        if prepared:
            shutil.copytree(tiny / "cache" / "corpora", cache / "corpora")
        found = iter(states)
        for model in ("random", "skip_gram", "attention"):
            for seed in (1, 2):
                trained, answered = next(found)
                for kept, part in ((trained, "cells"), (answered, "answers")):
                    for place in (tiny / "cache" / part / "text").glob(f"{model}-seed{seed}-*"):
                        if kept:
                            shutil.copytree(place, cache / part / "text" / place.name)
        budget = estimate(config, cache, jobs=1)
    for number, line in enumerate(budget.lines):
        own = states[2 * number : 2 * number + 2][:seeds]
        assert line.trained == sum(trained for trained, _ in own)
        left = line.tally
        assert left["answered"] == sum(trained and answered for trained, answered in own)
        assert 0 <= left["answered"] <= line.trained <= line.cells == seeds
        assert left["to_train"] + line.trained == line.cells
        assert left["to_ask"] + left["answered"] == line.cells
    sums = budget.sums()
    for key in ("to_train", "to_ask"):
        assert sums[key] == sum(line.tally[key] for line in budget.lines)
    assert sums["unknown"] <= sums["to_train"] and sums["unknown_asking"] <= sums["to_ask"]


def test_the_memory_of_eight_words_is_that_of_the_process_whatever_the_dimension(tmp_path: Path):
    words = "river bank money water boat fish cat dog"
    (tmp_path / "t.txt").write_text("\n\n".join([f"{words}."] * 12))
    study = {
        "study": "s",
        "corpora": [
            {"name": "t", "source": str(tmp_path / "t.txt"), "min_count": 1, "held_out": 0}
        ],
        "training": {"dim": 4, "epochs": 1},
        "models": [{"kind": "random"}, {"kind": "word2vec"}],
        "seeds": [1],
        "tasks": ["ws353"],
        "execute": {"jobs": 1},
    }
    cache = tmp_path / "cache"
    plan = prepare_plan(parse_config(study), cache, load_tasks(parse_config(study), cache), 1)
    for work in plan.works:
        train_cell(work.cell, lambda done, about: None)
    peaks = [cell_cost(work.cell)["peak_memory_mb"] for work in plan.works]
    wider = parse_config({**study, "training": {"dim": 100, "epochs": 1}})
    lines = estimate(wider, cache, jobs=1).lines
    assert [x.estimate.evidence for x in lines] == ["1 of t; dim differ"] * 2
    for line, peak in zip(lines, peaks, strict=True):
        assert line.estimate.memory_mb == pytest.approx(peak, abs=2.0)


def test_half_a_cell_is_no_evidence_and_a_strange_one_is_named(tmp_path: Path):
    folder = tmp_path / "cells" / "text" / "mean-seed1-0"
    folder.mkdir(parents=True)
    (folder / "cell.json").write_text("{}")
    assert Known.of(tmp_path).cells == ()
    with new_folder(folder) as new:  # what lies there has no marker
        (new / "cell.json").write_text("{}")
    with pytest.raises(StoreError, match=r"cell\.json: cannot be read: KeyError: 'cost'; .*CACHE"):
        Known.of(tmp_path)


def test_the_speeds_of_the_package_are_those_that_are_stored(monkeypatch: pytest.MonkeyPatch):
    root = Path(__file__).resolve().parents[1]
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    made = importlib.import_module("speeds").made(root / "results")
    assert (root / "src/wordrel/study/speeds.csv").read_text(encoding="utf-8") == made
    rates = read_rates()
    measured = pd.read_csv(root / "results/speed/speed.csv").set_index(["what", "unit"])["value"]
    assert rates["cbow"] == measured["cbow", "tokens/s"]
    assert rates["transformer_block"] == measured["transformer_block", "tokens/s"]
    assert {*rates} <= {
        *ARCHITECTURES,
        "attention_position_heads4",
        "cbow",
        "kneser_ney",
        "matched_skip_gram",
        "skip_gram",
        "ppmi_svd",
    }


# Asking ----------------------------------------------------------------------------------------


def test_asking_is_told_by_the_median_of_the_nearest_notes():
    notes = [
        Note("text", "mean", 1.0, "men", 2.0),
        Note("text", "mean", 3.0, "men", 4.0),
        Note("text", "mean", 3.0, "rw", 8.0),
        Note("text", "transformer_block", 9.0, "men", 40.0),
        Note("text", "transformer_block", 9.0, "bats", 5.0),
        Note("other", "mean", 90.0, "bats", 50.0),
        Note("other", "mean", 90.0, "sense", 7.0),
        Note("other", "transformer_block", 90.0, "sense", 70.0),
    ]
    one = Known((), notes, {})
    told = {
        ("men",): 3.0 + 3.0,  # read and ask: medians over the means on this text
        ("men", "rw"): 3.0 + 3.0 + 8.0,
        ("bats",): 3.0 + 5.0,  # another kind on this text
        ("sense",): 3.0 + 7.0,  # this kind on another text
        (): 0.0,
    }
    for tasks, seconds in told.items():
        assert one.seconds_to_evaluate("text", "mean", tasks) == seconds
    assert one.seconds_to_evaluate("text", "mean", ("men", "never")) is None
    assert Known((), (), {}).seconds_to_evaluate("text", "mean", ("men",)) is None
    assert (
        one.seconds_to_evaluate("new", "mean_query_attention", ("sense",)) == 38.5 + 9.0
    )  # all: the medians


def test_a_cell_of_the_cache_is_what_its_notes_say_and_a_strange_note_is_named(tmp_path: Path):
    folder = tmp_path / "answers" / "text" / "mean-seed1-0"
    for task, took in (("men", 2.0), ("rw", 3.0)):
        with new_folder(folder / f"{task}-0") as new:
            note = {"corpus": "text", "kind": "mean", "reading": 5.0, "tasks": {task: took}}
            (new / "asked.json").write_text(json.dumps(note))
    expected = (Note("text", "mean", 5.0, "men", 2.0), Note("text", "mean", 5.0, "rw", 3.0))
    assert Known.of(tmp_path).notes == expected
    with new_folder(folder / "bats-0") as new:
        (new / "asked.json").write_text("[]")
    with pytest.raises(StoreError, match=r"bats-0/asked\.json: cannot be read: TypeError"):
        Known.of(tmp_path)


def test_the_asking_that_is_left_is_in_the_sums():
    lines = (
        replace(line(3, 1, 10.0), asking=(4.0, 6.0, None)),
        replace(line(1, 1, 10.0), asking=()),
    )
    sums = Budget("s", 2, lines, {}, {}).sums()
    assert (sums["asking_seconds"], sums["unknown_asking"]) == (10.0, 1)


def test_a_finished_study_tells_what_asking_another_seed_takes(tiny: Path):
    one = estimate(load_config(tiny / "tiny.yaml", ["seeds=[1,2,3]"]), tiny / "cache", jobs=1)
    assert [len(x.asking) for x in one.lines] == [1, 1, 1]
    assert one.sums()["unknown_asking"] == 0 and one.sums()["asking_seconds"] > 0
    done = estimate(load_config(tiny / "tiny.yaml"), tiny / "cache", jobs=1).sums()
    assert (done["asking_seconds"], done["unknown_asking"]) == (0.0, 0)
