"""What a Python user calls: run, load, compare, reproduce."""

import logging
import pydoc
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import wordrel
from tiny_study import put_table_text, table_text, unsealed, write_config
from wordrel.errors import ConfigError, StoreError
from wordrel.report.compare import overall
from wordrel.study.results import read_results
from wordrel.study.schema import table_file


def folder_with(folder: Path, table: str, old: str, new: str) -> Path:
    """A copy of a results folder with a text replaced in one of its tables."""
    copy = Path(shutil.copytree(folder, folder.parent / f"changed-{table}-{abs(hash(new))}"))
    unsealed(copy)
    path = copy / table_file(table)
    text = table_text(path)
    assert old in text
    put_table_text(path, text.replace(old, new, 1))
    return copy


def test_importing_the_package_loads_neither_torch_nor_gensim():
    code = (
        "import sys, wordrel; assert wordrel.__version__; "
        "print(sorted({'torch', 'gensim', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_name_is_no_part_of_the_package():
    with pytest.raises(AttributeError, match="'wordrel' has no attribute 'nothing'"):
        _ = wordrel.nothing  # type: ignore[attr-defined]
    assert {name for name in wordrel.__all__ if not hasattr(wordrel, name)} == set()


def test_help_and_dir_show_what_a_user_calls():
    shown = set(dir(wordrel))
    assert shown == set(wordrel.__all__) >= {"run", "load", "compare", "reproduce"}
    text = pydoc.plain(pydoc.render_doc(wordrel))
    functions = text[text.index("\nFUNCTIONS\n") :]
    for name in ("run(config_path:", "load(results_folder:", "compare(a:", "reproduce("):
        assert f"\n    {name}" in functions
    for line in (wordrel.__doc__ or "").splitlines():
        assert line in text


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], logging.Logger]]:
    """Makes the logger that of a program without logging; called in the test, after pytest's."""
    log = logging.getLogger("wordrel")
    level = log.level

    def forget() -> logging.Logger:
        for logger in (logging.getLogger(), log):
            monkeypatch.setattr(logger, "handlers", [])
        log.setLevel(logging.NOTSET)
        return log

    yield forget
    log.setLevel(level)


def test_a_script_sees_how_far_it_is_and_its_logging_stays_as_it_was(
    tiny: Path,
    tmp_path: Path,
    unconfigured: Callable[[], logging.Logger],
    capsys: pytest.CaptureFixture[str],
):
    log = unconfigured()
    wordrel.run(tiny / "tiny.yaml", out=tmp_path / "out", jobs=1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith(" 0 of 6 runs")
    assert sum("text/attention seed 2 was done before" in line for line in lines) == 1
    assert (log.handlers, log.level) == ([], logging.NOTSET)


@pytest.mark.parametrize("silenced", [False, True])
def test_a_program_that_configures_logging_decides_what_is_shown(
    silenced: bool,
    tiny: Path,
    tmp_path: Path,
    unconfigured: Callable[[], logging.Logger],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
):
    log = unconfigured()
    caplog.set_level(logging.INFO)
    if silenced:
        log.setLevel(logging.WARNING)
    else:
        logging.basicConfig(format="own %(message)s")
    wordrel.run(tiny / "tiny.yaml", out=tmp_path / "out", jobs=1)
    lines = [line for line in capsys.readouterr().err.splitlines() if "of 6 runs" in line]
    assert len(lines) == (0 if silenced else 8)
    assert all(line.startswith("own ") for line in lines)


def test_run_takes_overrides_and_goes_on_from_the_cache(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    results = wordrel.run(
        tiny / "tiny.yaml", jobs=1, seeds=[1], statistics={"resamples": 150}, study="other"
    )
    assert results.folder.resolve() == tmp_path / "results" / "other"
    assert results.config["seeds"] == [1]
    assert results.manifest["statistics"]["resamples"] == 150
    report = (results.folder / "report.md").read_text(encoding="utf-8")
    # an absolute path of a config is of this machine alone: the stored config stands for it
    run = "wordrel run results/other/config.yaml"
    assert f"\n{run}\nwordrel reproduce results/other\n" in report
    before = wordrel.compare(tiny / "out", tiny / "out").table
    assert set(results.runs["cell"]) < set(wordrel.run(tiny / "tiny.yaml", jobs=1).runs["cell"])
    assert len(before) and not before["moved"].any()


def test_dotted_overrides_are_those_of_the_command_line(tiny: Path):
    with pytest.raises(ConfigError, match=r"override 'training.dmi=5': training.dmi: found an unk"):
        wordrel.run(tiny / "tiny.yaml", **{"training.dmi": 5})


def test_a_loaded_model_answers_as_the_one_that_was_scored(tiny: Path):
    word_model = wordrel.load(tiny / "out", "skip_gram", seed=2)
    assert set(word_model.embeddings) >= {"input"}
    embedding = word_model.embeddings[word_model.selected["alike"]]
    cat, dog = (
        embedding[word_model.vocab.index[word]].astype(np.float64) for word in ("cat", "dog")
    )
    cosine = cat @ dog / np.sqrt((cat @ cat) * (dog @ dog))
    assert word_model.similarity("cat", "dog") == pytest.approx(cosine, abs=1e-6)
    first = wordrel.load(tiny / "out", "skip_gram")
    assert np.array_equal(
        first.embeddings["input"],
        wordrel.load(tiny / "out", "skip_gram", seed=1).embeddings["input"],
    )
    assert not np.array_equal(first.embeddings["input"], word_model.embeddings["input"])


def test_a_loaded_model_says_where_it_is_from_and_why_a_word_is_unknown(tiny: Path):
    model = wordrel.load(tiny / "out", "skip_gram", seed=2)
    assert repr(model).startswith("WordModel of skip_gram seed 2 on text\n  words       ")
    assert np.array_equal(model["cat"], model.embeddings["input"][model.vocab.index["cat"]])
    with pytest.raises(wordrel.WordrelError, match="the corpus was lower-cased: use 'cat'"):
        model.vector("Cat")
    with pytest.raises(wordrel.WordrelError, match="not in the training text at least min_count=2"):
        model.vector("volcano")


def test_results_show_what_was_run_in_a_few_lines(tiny: Path):
    results = read_results(tiny / "out")
    title, *facts = repr(results).splitlines()
    assert title == f"Results of the study tiny in {tiny / 'out'}"
    assert facts[:5] == [
        "  corpora  text",
        "  models   random, skip_gram, attention",
        "  seeds    1, 2",
        "  runs     6 done, 0 failed",
        "  tasks    groups, held_out_loss, neighbour_agreement",
    ]
    assert f"scores ({len(results.scores)})" in facts[5]


def test_results_in_a_notebook_have_the_scores_of_selected_embeddings(tiny: Path):
    stored = read_results(tiny / "out")
    results = replace(
        stored, summary=stored.summary[::-1]
    )  # the selected embedding is not the first
    facts, scores = results._repr_html_().split("</table>", 1)
    assert facts.count("<tr>") == 6
    rows = [[cell.text or "" for cell in row] for row in ElementTree.fromstring(scores).iter("tr")]
    assert rows[0][1:] == ["task", "held_out_loss.next_word", "groups"]
    table = results.summary[results.summary["selected"] & ~results.summary["detail"]]
    for model, (*_, name, following, groups) in zip(
        ("attention", "skip_gram", "random"), rows[-3:], strict=True
    ):
        ours = table[table["model"] == model].set_index("task")["score"]
        assert (name, groups) == (model, f"{ours['groups']:.3f}")
        loss = ours.get("held_out_loss.next_word", float("nan"))
        assert following == ("-" if np.isnan(loss) else f"{loss:.3f}")


@pytest.mark.parametrize(
    ("model", "choice", "expected"),
    [
        ("skipgram", {}, "model: found 'skipgram'; did you mean 'skip_gram'? expected one of rand"),
        ("random", {"seed": 9}, "seed: found 9; expected one of 1, 2"),
        ("random", {"corpus": "txt"}, "corpus: found 'txt'; did you mean 'text'? expected one of"),
        ("random", {"cache": "nowhere"}, "there is no trained run (text/random seed 1); run"),
    ],
)
def test_what_cannot_be_loaded_is_named_with_what_can(
    tiny: Path, model: str, choice: dict[str, str | int], expected: str
):
    with pytest.raises(StoreError) as caught:
        wordrel.load(tiny / "out", model, **choice)  # type: ignore[arg-type]
    assert expected in str(caught.value)


def test_a_failed_cell_is_not_loaded_and_its_message_is_given(tiny: Path):
    runs = (tiny / "out" / "runs.csv").read_text(encoding="utf-8")
    row = next(line for line in runs.splitlines() if ",random,random,2," in line)
    failed = row.replace(",done,,", ",failed,no luck,")
    folder = folder_with(tiny / "out", "runs", row, failed)
    with pytest.raises(StoreError, match=r"random seed 2 on text failed \(no luck\); choose"):
        wordrel.load(folder, "random", seed=2)


def test_a_cell_of_another_version_of_the_code_is_not_mistaken_for_this_one(tiny: Path):
    folder = folder_with(tiny / "out", "runs", "random-seed1-", "random-seed1-0")
    with pytest.raises(StoreError, match=r"was trained as random-seed1-0.*run the study again"):
        wordrel.load(folder, "random")


def test_several_corpora_must_be_told_apart(tiny: Path, tmp_path: Path):
    text = str(tiny / "text.txt")
    corpora = [{"source": text, "name": name, "min_count": 2, "held_out": 0.1} for name in "ab"]
    models = [{"kind": "random"}]
    config = write_config(tiny, "two.yaml", corpora=corpora, models=models, seeds=[1])
    wordrel.run(config, out=tmp_path / "out", jobs=1)
    with pytest.raises(StoreError, match=r"corpus: found several \(a, b\); say which"):
        wordrel.load(tmp_path / "out", "random")
    assert len(wordrel.load(tmp_path / "out", "random", corpus="b").vocab) > 10


def test_a_study_made_again_is_identical_and_an_altered_one_is_not(tiny: Path, tmp_path: Path):
    rows = table_text(tiny / "out" / "scores.csv.xz").splitlines()
    row = next(r for r in rows if ",attention,2,fit," in r and ",context,True," in r)
    head, tail = row.split(",context,True,")
    elsewhere = f"{head},context,True,99,98,99.5,{tail.split(',', 3)[3]}"
    altered = folder_with(tiny / "out", "scores", row, elsewhere)
    verdicts = wordrel.reproduce(altered, jobs=1, keep=tmp_path / "again")
    different = verdicts[verdicts["verdict"] == "different"]
    assert overall(verdicts) == "different"
    assert different[["model", "seed"]].to_numpy().tolist() == [["attention", 2]]
    assert set(verdicts.drop(different.index)["verdict"]) == {"identical"}
    assert not wordrel.compare(tiny / "out", tmp_path / "again").table["moved"].any()
    assert (tiny / "out" / "scores.csv.xz").read_bytes() == (
        tmp_path / "again" / "scores.csv.xz"
    ).read_bytes()


def test_a_reproduction_is_not_kept_over_the_stored_results(tmp_path: Path):
    with pytest.raises(StoreError, match="found the stored results, which stay; choose another"):
        wordrel.reproduce(tmp_path / "out", quick=True, keep=f"{tmp_path}/./out")


def test_the_quick_way_makes_the_first_seed_again_and_judges_it(tiny: Path, tmp_path: Path):
    verdicts = wordrel.reproduce(tiny / "out", quick=True, keep=tmp_path / "again")
    stored = read_results(tiny / "out").scores
    assert len(verdicts) == (stored["seed"] == 1).sum()
    assert set(verdicts["seed"]) == {1}
    assert set(verdicts["verdict"]) == {"identical"}
    assert set(read_results(tmp_path / "again").runs["seed"]) == {1}


def test_the_quick_way_sees_an_altered_first_seed(tiny: Path):
    rows = table_text(tiny / "out" / "scores.csv.xz").splitlines()
    row = next(r for r in rows if ",attention,1,fit," in r and ",context,True," in r)
    head, tail = row.split(",context,True,")
    elsewhere = f"{head},context,True,99,98,99.5,{tail.split(',', 3)[3]}"
    verdicts = wordrel.reproduce(folder_with(tiny / "out", "scores", row, elsewhere), quick=True)
    assert (verdicts["verdict"] == "different").sum() == 1
