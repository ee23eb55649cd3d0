"""The command line: what it prints, what it writes, and how it ends."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from gensim.models import KeyedVectors
from typer.testing import CliRunner, Result

import wordrel
from processes import PATIENCE, members, started, wait_until
from tiny_study import settings, unsealed, write_config, write_study
from wordrel.cli import app
from wordrel.cli.console import display, echo, export, outlets, say
from wordrel.cli.studies import COMMANDS
from wordrel.errors import StoreError
from wordrel.jobs.progress import read_progress
from wordrel.study.costs import read_rates
from wordrel.study.results import read_results
from wordrel.study.schema import table_to_csv

MAIN = [sys.executable, "-c", "from wordrel.cli import main; main()"]
HELP = [
    [],
    ["reproduce"],
    *([command.__name__] for command in COMMANDS),
    *(["corpus", c] for c in ("list",)),
]
HELP += [["corpus", "show"], ["corpus", "prepare"], ["tasks", "list"], ["tasks", "show"]]
HELP += [["tasks", "fetch"], ["config", "schema"], ["table"], ["explore"], ["site"]]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def there(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_stores_the_path_of_its_config_as_it_was_given(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    assert read_results(tiny / "out").manifest["given"] == {}  # absolute: of this machine alone
    monkeypatch.chdir(tiny)
    assert call("run", "tiny.yaml", "--out", "again", "--jobs", "1").exit_code == 0
    given = {"config": "tiny.yaml", "results": "again"}
    assert read_results(tiny / "again").manifest["given"] == given
    assert "wordrel run tiny.yaml" in Path("again/report.md").read_text(encoding="utf-8")
    shutil.rmtree("again")


@pytest.mark.parametrize(
    ("more", "config"),
    [
        ([], "tiny.yaml"),
        (["training.epochs=3"], "my out/config.yaml"),
        (["--seeds", "1"], "my out/config.yaml"),
    ],
)
def test_a_study_that_was_changed_is_run_again_from_its_stored_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], config: str
):
    seen = []

    def stopped(study: object, **given: object) -> None:
        seen.append((str(given["out"]), str(given["config_file"])))
        raise StoreError("stopped")

    monkeypatch.chdir(tmp_path)
    write_study(tmp_path)
    monkeypatch.setattr("wordrel.api.run_config", stopped)
    assert call("run", "tiny.yaml", *more, "--out", "my out").exit_code == 2
    assert seen == [("my out", config)]


def test_more_seeds_go_on_from_the_runs_that_are_done(tiny: Path, tiny_run: Result, tmp_path: Path):
    cache = shutil.copytree(os.environ["WORDREL_CACHE"], tmp_path / "cache")
    place = ("--out", tmp_path / "more", "--jobs", 1, "--cache", cache)
    result = call("run", tiny / "tiny.yaml", "--seeds", 3, *place)
    assert result.exit_code == 0
    assert result.stderr.count("was done before") == 6
    before, after = (read_results(f).runs for f in (tiny / "out", tmp_path / "more"))
    assert sorted(set(after["seed"])) == [1, 2, 3]
    kept = after[after["seed"] < 3].reset_index(drop=True)
    assert kept[["model", "seed", "cell", "seconds"]].equals(
        before[["model", "seed", "cell", "seconds"]]
    )
    few = call("run", tiny / "tiny.yaml", "--seeds", 1, "--plan", "--json", "--cache", cache)
    assert json.loads(few.stdout)["to_train"] == 0


@pytest.mark.parametrize("words", HELP, ids=lambda words: " ".join(words) or "wordrel")
def test_every_help_ends_with_an_example_that_starts_with_the_command(words: list[str]):
    result = call(*words, "--help")
    assert call(*words, "-h").stdout == result.stdout
    example = " ".join(result.stdout.split("Example:")[1].split())
    assert result.exit_code == 0
    assert example.startswith(" ".join(["wordrel", *words]))


def test_version_is_that_of_the_package():
    assert call("--version").stdout == f"wordrel {wordrel.__version__}\n"


def test_run_shows_the_headline_and_writes_tables_and_report(tiny: Path, tiny_run: Result):
    out = tiny / "out"
    results = read_results(out)
    assert f"Report: {out / 'report.md'}" in tiny_run.stdout
    assert tiny_run.stdout.endswith(f"Next: wordrel explore {out}\n")
    assert "text: alike" in tiny_run.stdout
    assert "skip_gram" in tiny_run.stdout
    assert results.runs["status"].tolist() == ["done"] * 6
    assert yaml.safe_load((out / "config.yaml").read_text())["training"]["dim"] == 8
    assert (out / "report.md").read_text(encoding="utf-8").startswith("# tiny: ")


def test_a_run_names_no_next_command_that_would_refuse(tmp_path: Path):
    study = write_study(tmp_path, models=[{"kind": "random"}], seeds=[1])
    place = ("--cache", tmp_path / "cache")
    result = call("run", study, "--out", tmp_path / "out", "--jobs", 1, *place)
    assert result.exit_code == 0
    assert "Next:" not in result.stdout
    refused = call("explore", tmp_path / "out", *place)
    assert refused.exit_code == 2
    assert "expected at least one {kind: word2vec} and one attention" in refused.stderr


def test_a_second_run_trains_nothing(tiny: Path, tmp_path: Path):
    result = call("run", tiny / "tiny.yaml", "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 0
    assert result.stderr.count("was done before") == 6
    tables = [(p / "scores.csv.xz").read_bytes() for p in (tiny / "out", tmp_path / "out")]
    assert tables[0] == tables[1]


def test_report_renders_again_from_the_tables(tiny: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny / "out", tmp_path / "copy"))
    (copy / "report.md").unlink()
    said = f"Report: {copy / 'report.md'}, and as a page {copy / 'report.html'}\n"
    result = call("report", copy)
    assert (result.stdout, result.stderr) == (said, f"{copy}: writing its report\n")
    assert (copy / "report.md").read_bytes() == (tiny / "out" / "report.md").read_bytes()


def test_a_partial_report_holds_the_runs_that_are_done(tiny: Path, tmp_path: Path):
    grown = tiny / "grown.yaml"  # the tiny study, with a model and seeds that did not run yet
    config = yaml.safe_load((tiny / "tiny.yaml").read_text())
    config["models"].append({"kind": "mean", "name": "later"})
    config["seeds"].append(9)
    config["contrasts"] = [
        {"claim": "C1", "first": a, "second": b, "task": config["tasks"][0]["name"], "margin": 0.03}
        for a, b in (("attention", "skip_gram"), ("later", "skip_gram"))
    ]
    grown.write_text(yaml.safe_dump(config))
    try:
        result = call("report", grown, "--partial", "--out", tmp_path / "partial")
    finally:
        grown.unlink()
    assert result.exit_code == 0, result.output
    partial, whole = read_results(tmp_path / "partial"), read_results(tiny / "out")
    assert partial.config["notes"][0].startswith("Partial: 6 of 12 runs are done")
    assert (tmp_path / "partial" / "report.md").read_text().count("Partial: 6 of 12 runs") == 1
    assert partial.scores["score"].equals(whole.scores["score"])
    assert partial.contrasts["model_a"].tolist() == ["attention", "later"]  # both in the family
    assert partial.contrasts["outcome"].tolist()[1:] == ["not measured"]
    empty = call("report", tiny / "tiny.yaml", "--partial", "--cache", tmp_path / "none")
    assert empty.exit_code == 2
    assert "found none of 6 runs done" in empty.stderr


def test_a_run_says_the_end_of_every_model(tiny_run: Result):
    names = ("random", "skip_gram", "attention")
    ends = [line for line in tiny_run.stderr.splitlines() if " done (" in line]
    assert len(ends) == 6
    for name in names:
        assert sum(f"/{name} " in line and " of 6 runs" in line for line in ends) == 2


def moved_copy(tiny: Path, place: Path) -> tuple[Path, int]:
    """The tiny results with another score of its first row; and how many rows there are."""
    copy = unsealed(Path(shutil.copytree(tiny / "out", place)))
    table = read_results(copy).summary
    table.loc[table.index[0], ["score", "low", "high"]] = [5.0, 4.0, 6.0]
    (copy / "summary.csv").write_text(table_to_csv(table, "summary"), encoding="utf-8")
    return copy, len(table)


def test_compare_says_the_verdict_of_each_first_and_then_what_moved(tiny: Path, tmp_path: Path):
    copy, rows = moved_copy(tiny, tmp_path / "copy")
    result = call("compare", tiny / "out", tiny / "out", copy)
    assert result.exit_code == 0
    same, different, *rest = result.stdout.splitlines()
    first = f"tiny ({tiny / 'out'})"
    assert same.startswith(f"identical: {first} beside {first}: 0 of {rows} shared numbers moved")
    assert different.startswith(f"different: tiny ({copy}) beside {first}: 1 of {rows} shared")
    shown = [line for line in rest if "[4.000, 6.000]" in line]
    assert len(shown) == 1 and shown[0].rstrip().endswith("moved")
    assert sum(" moved" in line for line in rest) == 1
    assert sum("random" in line for line in rest) == 1
    everything = call("compare", tiny / "out", copy, "--all").stdout
    assert sum(" random " in line for line in everything.splitlines()) > 1
    assert len(call("compare", tiny / "out", tiny / "out").stdout.splitlines()) == 1
    assert call("compare", tiny / "out").exit_code == 2


def test_three_results_are_compared_from_python(tiny: Path, tmp_path: Path):
    copy, _ = moved_copy(tiny, tmp_path / "copy")
    assert wordrel.compare(tiny / "out", copy).verdict == "different"
    three = wordrel.compare(tiny / "out", copy, tiny / "out")
    assert [(found.verdict, len(found.moved)) for found in three] == [
        ("different", 1),
        ("identical", 0),
    ]


@pytest.mark.parametrize(
    ("verdict", "status"), [("identical", 0), ("within intervals", 0), ("different", 1)]
)
def test_the_verdict_of_a_reproduction_decides_the_exit_status(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, verdict: str, status: int
):
    first = read_results(tiny / "out")
    scores = first.scores.copy()
    row = scores["score"].first_valid_index()
    low, high, score = (scores.loc[row, column] for column in ("low", "high", "score"))
    moved = {"identical": score, "within intervals": (low + high) / 2 + 1e-3, "different": high + 9}
    scores.loc[row, "score"] = moved[verdict]
    if verdict == "different":
        scores.loc[row, ["low", "high"]] = high + 8, high + 10
    again = type(first)(**{**vars(first), "scores": scores})
    monkeypatch.setattr("wordrel.api.run_config", lambda config, **_: again)
    result = call("reproduce", tiny / "out")
    assert result.exit_code == status
    assert result.stderr.startswith(f"{tiny / 'out'}: training its models again; what is stored")
    first, *rest = result.stdout.splitlines()
    assert first == f"{tiny / 'out'}: {verdict}"
    counts = {verdict: 1, "identical": len(scores) - (verdict != "identical")}
    numbers = [f"{counts.get(v, 0)} {v}" for v in ("identical", "within intervals", "different")]
    assert rest[:1] == ([] if verdict == "identical" else [", ".join(numbers)])
    assert ("first" in result.stdout) is (verdict == "different")


def test_a_quick_reproduction_says_first_how_long_it_takes(tiny: Path):
    result = call("reproduce", tiny / "out", "--quick")
    assert result.exit_code == 0
    seconds = read_results(tiny / "out").runs.query("seed == 1")["seconds"].sum()
    assert result.stderr.startswith(f"seed 1: 3 runs, whose training took {seconds:,.1f} s when")
    assert "where a part of them has others" in result.stderr
    assert result.stdout == f"{tiny / 'out'}: identical\n"


def test_models_of_a_reproduction_may_have_blanks_between_them(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = []

    def stopped(folder: object, **given: object) -> None:
        seen.append(given["models"])
        raise StoreError("stopped")

    monkeypatch.setattr("wordrel.api.reproduce", stopped)
    result = call("reproduce", tiny / "out", "--models", "attention, random ,")
    assert "seeds 1, 2: 4 runs, whose training took" in result.stderr
    assert call("reproduce", tiny / "out", "--models", " ,").exit_code == 2
    assert seen == [("attention", "random")]


def test_a_plan_trains_nothing_and_says_what_is_done_and_what_is_to_come(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    before = there(tiny / "cache" / "cells")
    arguments = ("run", tiny / "tiny.yaml", "seeds=[1,2,3]", "--jobs", 1, "--plan")
    result = call(*arguments)
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if " skip_gram " in line)
    assert row.split()[:5] == ["text", "skip_gram", "3", "2", "2"]
    assert row.rstrip().endswith("finished runs (2 of text)")
    assert "tiny: 3 runs to train, 3 to evaluate" in result.stdout
    known = json.loads(call(*arguments, "--json").stdout)
    assert (known["jobs"], known["unknown"], len(known["lines"])) == (1, 0, 3)
    assert there(tiny / "cache" / "cells") == before
    assert there(tmp_path) == []
    assert call("run", tiny / "tiny.yaml", "--json").exit_code == 2


def test_a_plan_of_a_text_that_is_not_prepared_says_how_to_prepare_it(tmp_path: Path):
    config = write_study(tmp_path)
    result = call("run", config, "--plan", "--cache", tmp_path / "cache")
    assert result.exit_code == 0
    assert f"text: not prepared yet; `wordrel corpus prepare {config}`" in result.stdout
    assert "tiny: 6 runs to train, 6 to evaluate" in result.stdout
    assert "training: roughly less than 0.01 core-hours" in result.stdout
    rate = f"{read_rates()['skip_gram']:,.0f}"
    assert f"rough: speed of another machine ({rate} tokens/s; dim," in result.stdout
    assert "evaluating on the tasks: unknown for all 6 runs" in result.stdout
    assert "peak memory of what runs at a time, MB: unknown" in result.stdout
    assert "disk in the cache, MB: unknown" in result.stdout
    assert not re.search(r"\b0\.00\b|\s-\d", result.stdout)  # unknown work is not zero hours


def test_the_plan_of_a_tuning_trains_nothing_and_gives_the_most_that_its_trials_take(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    before = there(tiny / "cache" / "cells")
    changes = ("seeds=[0]", "tasks=[per_token_loss_dev]", "tune={trials: 3, tokens: [500, 1000]}")
    result = call("tune", tiny / "tiny.yaml", *changes, "--plan", "--cache", tiny / "cache")
    assert result.exit_code == 0
    first, second, total, _ = result.stdout.splitlines()
    assert first.startswith("500 tokens: 3 models, 3 trials each: at most ")
    assert second.startswith("1,000 tokens: 3 models, 6 trials each: at most ")
    assert re.match(r"training in all: at most (less than )?0\.\d\d core-hours; trials", total)
    assert there(tiny / "cache" / "cells") == before
    assert there(tmp_path) == []


def test_a_plan_of_a_text_that_is_not_here_gives_no_number_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WORDREL_DATA", str(tmp_path))
    config = write_study(tmp_path, corpora=[{"source": "wiki17m", "held_out": 0.1}])
    result = call("run", config, "--plan", "--cache", tmp_path / "cache")
    assert "wiki17m: the text of wiki17m is not here" in result.stdout
    assert "training: unknown for all 6 runs" in result.stdout
    assert "core-hours" not in result.stdout


def test_a_new_config_says_what_it_saw_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path)
    result = call("new", "mine", "--corpus", "text.txt")
    assert result.exit_code == 0
    assert result.stdout.startswith("configs/mine.yaml: 3,000 words in 1 file(s); min_count 2,")
    assert result.stdout.endswith("Next: wordrel run configs/mine.yaml\n")
    other = call("new", "mine", "--corpus", "text.txt", "--out", "my study.yaml")
    assert other.stdout.endswith("Next: wordrel run 'my study.yaml'\n")
    again = call("new", "mine", "--corpus", "text.txt")
    assert again.exit_code == 2
    assert "found a file, which stays as it is" in again.stderr


def test_a_glob_that_the_shell_wrote_out_is_to_be_put_in_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("texts/a.txt", "texts/b.txt", "texts/notes.md"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("the cat sat\n" * 400)
    for command in (["new", "mine", "--corpus"], ["corpus", "show"], ["corpus", "prepare"]):
        result = call(*command, "texts/a.txt", "texts/b.txt", "min_count=2")
        assert result.exit_code == 2
        assert (
            "texts/b.txt: found a further path, expected one: put a glob in quotes, such as "
            "'texts/*.txt', or give the folder"
        ) in " ".join(result.stderr.split())
    assert not Path("configs").exists()
    assert "note: left out: 1 file (.md);" in call("new", "mine", "--corpus", "texts/*").stdout
    assert "note: left out: 1 file (.md);" in call("corpus", "prepare", "texts").stdout


def test_exported_vectors_are_those_of_the_loaded_model(tiny: Path, tmp_path: Path):
    file = tmp_path / "vectors.txt"
    named = ("--model", "skip_gram", "--seed", 2)
    assert call("export", tiny / "out", *named, "--format", "word2vec", "--to", file).exit_code == 0
    word_model = wordrel.load(tiny / "out", "skip_gram", seed=2)
    vectors = KeyedVectors.load_word2vec_format(str(file))
    assert vectors.index_to_key == list(word_model.vocab.words)
    assert np.array_equal(vectors.vectors, word_model.embeddings[word_model.selected["alike"]])


def test_safetensors_are_exported_with_what_they_are(tiny: Path, tmp_path: Path):
    options = ("--model", "attention", "--embedding", "output", "--format", "safetensors")
    result = call("export", tiny / "out", *options, "--to", tmp_path / "v.safetensors")
    assert result.exit_code == 0
    about = json.loads((tmp_path / "config.json").read_text())
    assert {key: about[key] for key in ("study", "model", "embedding", "seed")} == {
        "study": "tiny",
        "model": "attention",
        "embedding": "output",
        "seed": 1,
    }
    assert there(tmp_path) == ["config.json", "v.safetensors", "vocab.txt"]


def test_a_failed_cell_is_named_and_the_others_are_reported(tiny: Path, tmp_path: Path):
    wild = {"kind": "attention", "name": "wild", "batch": 64, "learning_rate": 1e9}
    config = write_config(tiny, "wild.yaml", models=[{"kind": "random"}, wild], seeds=[1])
    result = call("run", config, "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 1
    assert "failed: text/wild seed 1: the loss is " in result.stderr
    assert "1 of 2 runs failed; the results have the others" in result.stderr
    runs = read_results(tmp_path / "out").runs.set_index("model")
    assert runs["status"].to_dict() == {"random": "done", "wild": "failed"}
    assert "learning_rate" in runs.loc["wild", "message"]
    assert "learning_rate" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


BAD_CONFIGS: list[tuple[dict[str, object], str]] = [
    (
        {"sedes": [1]},
        "sedes: found an unknown key; did you mean 'seeds'? expected one of contrasts",
    ),
    ({"seeds": ["one"]}, "seeds.0: found 'one', expected a whole number"),
    ({"models": []}, "models: found an empty list, expected at least one"),
    ({"seeds": [1, 1]}, "seeds: found 1 more than once, expected each once; remove one"),
    ({"training": {"window": 0}}, "training.window: found 0, expected at least 1"),
    (
        {"training": {"dim": 8}, "models": [{"kind": "attention", "heads": 3}]},
        "models.0.heads: found 3, expected a divisor of training.dim 8",
    ),
    ({"corpora": [{"source": "none.txt"}]}, "corpora.0.source: found 'none.txt', where nothing is"),
    ({"tasks": ["ws535"]}, "tasks.0: found 'ws535', which is not a task; did you mean 'ws353'?"),
    (
        {"tasks": [{"kind": "pairs", "name": "p", "path": "none.tsv"}]},
        "tasks.0.path: found 'none.tsv', where no file is; expected a file of word, word, score",
    ),
]


@pytest.mark.parametrize(("change", "expected"), BAD_CONFIGS)
def test_bad_settings_exit_with_2_a_message_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], expected: str
):
    monkeypatch.chdir(tmp_path)
    config = write_study(tmp_path, **change)
    before = there(tmp_path)
    result = call("run", config, "--cache", tmp_path / "cache")
    assert result.exit_code == 2
    assert [line.split(": ", 2)[0] for line in result.stderr.splitlines()] == ["error"]
    assert f": {expected}" in result.stderr
    assert result.stdout == ""
    assert there(tmp_path) == before


def test_a_task_whose_data_is_not_here_stops_the_study_and_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    monkeypatch.setenv("WORDREL_CACHE", str(tmp_path / "cache"))
    config = write_study(tmp_path, tasks=["ws353", "rw", "usf_strength", "usf_direction"])
    before = there(tmp_path)
    result = call("run", config, "--cache", tmp_path / "cache")
    assert (result.exit_code, result.stdout) == (2, "")
    first, rare, norms = result.stderr.splitlines()
    assert first == "study tiny: 1 corpus, 3 models, 2 seeds, 4 tasks"
    assert rare == (
        "error: tasks: rw: found no rw.txt in $WORDREL_DATA, which is not set, nor in "
        f"{tmp_path}/cache/downloads/eval/rw; get it with `wordrel tasks fetch rw`, or set "
        "WORDREL_DATA to a folder that has it below eval/rw"
    )
    both = "usf_strength, usf_direction"  # of one file
    assert norms.startswith(f"error: tasks: {both}: found no usf_fsg_bsg.tsv in $WORDREL_DATA")
    assert "cannot be downloaded" in norms
    assert there(tmp_path) == before


def test_held_out_loss_without_held_out_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    config = write_study(tmp_path)
    before = there(tmp_path)
    result = call("run", config, "corpora.0.held_out=0", "--cache", tmp_path / "cache")
    assert result.exit_code == 2
    assert "corpora.text.held_out: 0, but held_out_loss needs held-out text" in result.stderr
    assert there(tmp_path) == before


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("cat,dog,9\ncat,rice,many\n", "pairs.csv:2: found 'many', expected a finite"),
        (
            "cat,dog,9\ncat,rice\n",
            "pairs.csv:2: found 2 columns parted by commas in 'cat,rice', expected 3",
        ),
        ("", "pairs.csv: found no lines, expected lines of word, word, score"),
    ],
)
def test_a_bad_pairs_file_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pairs: str, expected: str
):
    monkeypatch.chdir(tmp_path)
    config = write_study(tmp_path)
    (tmp_path / "pairs.csv").write_text(pairs, encoding="utf-8")
    before = there(tmp_path)
    result = call("run", config, "--cache", tmp_path / "cache")
    assert result.exit_code == 2
    assert expected in result.stderr
    assert there(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("", (), "found no word at all; expected text: give another source"),
        ("one", ("corpora.0.held_out=0", "tasks=[ws353]"), "or more: give more text as source"),
        ("a a b", ("corpora.0.held_out=0", "tasks=[ws353]"), "lower min_count, or give more text"),
        ("a b c d", ("corpora.0.held_out=0", "tasks=[ws353]"), "found no word at least min_count"),
        (b"caf\xe9 " * 9, (), "text.txt: "),
        ("a b\0c", (), "text.txt: "),
    ],
)
def test_a_text_to_learn_nothing_from_is_refused_and_no_result_appears(
    tmp_path: Path, text: str | bytes, changes: tuple[str, ...], expected: str
):
    config = write_study(tmp_path)
    (tmp_path / "text.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    out = ("--out", tmp_path / "out", "--cache", tmp_path / "cache", "--jobs", 1)
    result = call("run", config, *changes, *out)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_not_replaced(tiny: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    result = call("run", tiny / "tiny.yaml", "--out", tmp_path, "--jobs", 1)
    assert result.exit_code == 2
    assert "found files but no manifest.json" in result.stderr
    assert "choose another folder with --out" in result.stderr
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("report", "{}"), "found no manifest.json, expected a folder of results"),
        (("compare", "{}", "{}"), "found no manifest.json, expected a folder of results"),
        (
            ("compare", __file__, __file__),
            "found a file, expected a folder of results; give the path of one, such as "
            "results/STUDY; `wordrel evaluate` compares files of vectors",
        ),
        (("reproduce", "{}"), "found no manifest.json, expected a folder of results"),
        (("run", "{}/none.yaml"), "none.yaml: there is no such file; give the path of a study"),
        (("tasks", "show", "ws535"), "found 'ws535', which is not a task; did you mean 'ws353'?"),
        (("corpus", "show", "{}/no.txt"), "no.txt', where nothing is; expected a file, folder or"),
        (
            ("corpus", "show", "novels", "min_cont=2"),
            "min_cont: found an unknown key; did you mean",
        ),
        (
            ("export", "{}", "--model", "m", "--format", "word2vec", "--to", "{}/v"),
            "expected a folder of results",
        ),
    ],
)
def test_what_the_user_can_mend_exits_with_2(tmp_path: Path, words: list[str], expected: str):
    result = call(*(word.format(tmp_path) for word in words))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr
    assert "Traceback" not in result.output
    assert there(tmp_path) == []


@pytest.mark.parametrize(
    "words", [["rnu"], ["run"], ["run", "x.yaml", "--jobs", "0"], ["export", "x", "--format", "y"]]
)
def test_wrong_usage_exits_with_2(words: list[str]):
    assert call(*words).exit_code == 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--cache", "c"), "--cache"),
        (("--out", "o"), "--out"),
        (("--keep-answers",), "--keep-answers"),
        (("--croissant", "--out", "o"), "--out"),
    ],
)
def test_an_option_of_partial_reports_is_named_where_it_stands_alone(
    tmp_path: Path, options: tuple[str, ...], named: str
):
    result = call("report", tmp_path, *options)
    assert result.exit_code == 2
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())
    assert f"Invalid value for {named}: found it without --partial, expected both" in shown


def test_a_run_says_that_it_drops_the_answers_that_were_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def stopped(*_: object, **__: object) -> None:
        raise StoreError("stopped here")

    monkeypatch.setattr("wordrel.api.run_config", stopped)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "answers.zip").write_bytes(b"")
    words = ("run", write_study(tmp_path), "--out", tmp_path / "out")
    said = "answers.zip: goes with the older result at the end; --keep-answers goes on from it"
    assert said in call(*words).stderr
    assert said not in call(*words, "--keep-answers").stderr


def test_corpus_list_says_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    lines = call("corpus", "list", "--cache", tmp_path).stdout.splitlines()
    here = {line.split()[0]: line.split()[1] for line in lines if len(line.split()) > 4}
    assert here["gensim:wiki-sample"] == "yes"
    assert here["novels"] == here["wiki17m"] == "no"


def test_corpus_show_counts_words_and_covers_tasks(tiny: Path, tmp_path: Path):
    (tmp_path / "text.txt").write_text("the cat sat. the tiger and the cat ran", encoding="utf-8")
    arguments = ("min_count=1", "held_out=0", "--cache", tmp_path / "cache")
    shown = call("corpus", "show", tmp_path / "text.txt", *arguments).stdout
    numbers = {
        tuple(line.split()[:-1]): line.split()[-1] for line in shown.splitlines() if line.split()
    }
    assert numbers[("tokens",)] == "9"
    assert numbers[("types",)] == "6"
    (row,) = (line.split() for line in shown.splitlines() if line.split()[:1] == ["ws353"])
    assert row == ["ws353", "353", "2", "0.6%", "351", "0"]  # tiger-cat and tiger-tiger
    assert "words a sentence: mean 4.5, 5 % 3, median 4, 95 % 6, longest 6" in shown
    assert "most frequent: the 3, cat 2, and 1, ran 1, sat 1, tiger 1" in shown


def test_corpus_show_covers_the_sets_that_a_study_names_and_no_english_ones_of_german(
    tiny: Path, tmp_path: Path
):
    shown = call("corpus", "show", tiny / "tiny.yaml").stdout
    (row,) = (line.split() for line in shown.splitlines() if line.split()[:1] == ["groups"])
    assert row == ["groups", "36", "36", "100.0%", "0", "0"]
    assert "ws353" not in shown and "google" not in shown
    (tmp_path / "de.txt").write_text("Der Hund und die Katze. " * 40, encoding="utf-8")
    arguments = ("min_count=1", "held_out=0", "--cache", tmp_path / "cache")
    shown = call("corpus", "show", tmp_path / "de.txt", *arguments).stdout
    assert "ws353" not in shown
    assert "coverage: no set of words to show. Name yours in a config" in shown


def test_corpus_prepare_verifies_a_text_and_builds_the_corpora_of_a_study(tiny: Path):
    alone = call("corpus", "prepare", tiny / "text.txt")
    assert "text.txt: 1 file, " in alone.stdout
    digest = read_results(tiny / "out").manifest["corpora"][0]["digest"]
    built = call("corpus", "prepare", tiny / "tiny.yaml")
    first, *parts = built.stdout.splitlines()
    assert first.startswith("text: ")
    assert first.endswith(f"digest {digest}")
    assert [line.split()[0] for line in parts if line.strip()][-3:] == [
        "train",
        "development",
        "held",
    ]


def test_tasks_are_listed_and_shown_with_licence_and_reference():
    listed = call("tasks", "list").stdout
    assert "google_analogies" in listed
    assert "19,544" in listed
    shown = call("tasks", "show", "google_analogies").stdout
    assert "here: yes\n" in shown
    assert "license: apache-2.0\n" in shown
    assert "n items: 19544\n" in shown
    assert "reference: https://aclweb.org/" in shown
    shown = call("tasks", "show", "sp10k_dobj").stdout
    assert "kind: directed_pairs\nquestion: relate\n" in shown
    assert "file: dobj_annotation.txt, 43,968 bytes, sha256 025620c507c16f63" in shown
    address = "HKUST-KnowComp/SP-10K/0017183faf54f8bb372704419940f286b728d650/data/dobj_annotation"
    assert f"from: https://raw.githubusercontent.com/{address}.txt\n" in shown


def test_the_schema_is_json():
    schema = json.loads(call("config", "schema").stdout)
    assert set(schema["required"]) == {"study", "corpora", "models", "seeds", "tasks"}


@pytest.mark.parametrize(
    ("number", "jobs", "status", "how"),
    [
        (signal.SIGINT, 1, 130, "interrupted"),
        (signal.SIGTERM, 2, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 2, 129, "ended by SIGHUP"),
    ],
)
def test_a_run_that_a_signal_ends_says_what_is_kept_and_leaves_no_result(
    tmp_path: Path, number: signal.Signals, jobs: int, status: int, how: str
):
    config = write_study(tmp_path, training={"dim": 8, "epochs": 10_000_000})
    command = [*MAIN, "run", str(config), "--out", str(tmp_path / "out"), "--jobs", str(jobs)]
    scratch, cells = tmp_path / "scratch", tmp_path / "cache" / "cells" / "text"
    scratch.mkdir()
    environment = {"WORDREL_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **environment, "TMPDIR": str(scratch)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    def trains() -> bool:
        running = [c for at in scratch.glob("wordrel-*") for c in read_progress(at).items()]
        under_way = any("skip_gram" in name and cell.fraction > 0 for name, cell in running)
        return under_way and len(list(cells.glob("random-*"))) == 2

    with started(command, text=True, env=environment, **pipes) as process:
        wait_until(lambda: process.poll() is not None or trains())
        process.send_signal(number)
        output, rest = process.communicate(timeout=PATIENCE)
        wait_until(lambda: members(process.pid) == [])
    assert process.returncode == status
    last = rest.splitlines()[-1]
    kept = "finished runs are kept in the cache; the same command goes on from there"
    assert last == f"{how}: {kept}"
    assert (output, "Traceback" in rest, (tmp_path / "out").exists()) == ("", False, False)
    assert len(list(cells.glob("random-*"))) == 2
    assert [path for path in there(tmp_path) if "partial" in path] == []
    assert there(scratch) == []


AT_IMPORT = """
import os, sys

class Signalling:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Signalling())
sys.argv = ["wordrel", *{command!r}]
from wordrel.cli import main
main()
"""


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("wordrel.cli.commands", signal.SIGHUP),  # nothing slow is imported yet
        ("typer.core", signal.SIGINT),
        ("wordrel.cli.studies", signal.SIGTERM),
        ("numpy._core.multiarray", signal.SIGINT),
        ("torch.nn", signal.SIGHUP),
        ("gensim.models.keyedvectors", signal.SIGINT),
    ],
)
def test_a_signal_while_modules_are_imported_ends_in_one_line(
    tmp_path: Path, module: str, number: signal.Signals
):
    command = ["run", str(write_study(tmp_path)), "--out", str(tmp_path / "out"), "--jobs", "1"]
    code = AT_IMPORT.format(module=module, number=int(number), command=command)
    environment = {**os.environ, "WORDREL_CACHE": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    with started(
        [sys.executable, "-c", code], text=True, env=environment, stdout=-1, stderr=-1
    ) as process:
        output, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number, rest
    how = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
    last = rest.splitlines()[-1]
    assert last.startswith(f"{how}: ")
    assert (output, "Traceback" in rest, (tmp_path / "out").exists()) == ("", False, False)
    assert not [path.name for path in tmp_path.iterdir() if "wordrel-" in path.name]


def test_a_signal_that_the_caller_ignores_is_ignored():
    ask = "import signal; from wordrel.cli import hear; "
    ask += "[signal.signal(n, signal.SIG_DFL) for n in (2, 15)]; "  # whatever started the tests
    ask += "signal.signal(signal.SIGHUP, signal.SIG_IGN); hear(); "
    ask += "print(*[signal.getsignal(n) == signal.SIG_IGN for n in (1, 2, 15)])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "True False False\n"


def test_the_installed_command_ends_with_its_exit_status(tmp_path: Path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(settings(tmp_path)), encoding="utf-8")
    done = subprocess.run(
        [*MAIN, "run", str(path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2  # text and pairs are missing: both at once
    assert there(tmp_path) == ["study.yaml"]


def test_an_error_of_the_disk_that_no_code_expects_is_named_in_one_line(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "out/runs.csv")

    monkeypatch.setattr("wordrel.report.page.write_pages", refusing)
    ended = CliRunner().invoke(app, ["report", str(tiny / "out")])
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1] == (
        "error: out/runs.csv: found Input/output error; what was finished is kept; mend this or "
        "choose another folder (WORDREL_CACHE, --out), then run again"
    )


def test_a_closed_stdout_or_stderr_loses_what_is_printed_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # what Python makes of `>&-`
    monkeypatch.setattr(sys, "stderr", None)
    with outlets() as out:
        echo("lost")
        say("lost")
        display("lost")
        export("lost\n")
    assert out.failure == ""
    with pytest.raises(SystemExit) as end:
        app(["--help"])
    assert end.value.code == 0
    assert (sys.stdout, sys.stderr) == (None, None)
