"""The notebook in docs: it runs from its first cell to its last, and is kept without outputs."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notebook_cells import not_stripped, show
from wordrel.config import ARCHITECTURES

ROOT = Path(__file__).resolve().parents[1]
TOUR = ROOT / "docs" / "tour.ipynb"
MONTHS = {
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
}


def tour() -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(TOUR.read_text(encoding="utf-8"))
    return notebook


def test_the_notebook_is_kept_without_outputs_and_without_a_machine() -> None:
    notebook = tour()
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert not_stripped(notebook) == []
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook["metadata"] == {"kernelspec": kernel, "language_info": {"name": "python"}}


@pytest.mark.parametrize(
    "trace", [{"execution_count": 3}, {"outputs": [{"output_type": "stream"}]}]
)
def test_a_notebook_that_was_saved_after_a_run_is_noticed(trace: dict[str, Any]) -> None:
    notebook = tour()
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "load")
    cell.update(trace)
    assert not_stripped(notebook) == ["load"]


def test_a_cell_shows_its_last_expression_and_what_it_prints() -> None:
    names: dict[str, Any] = {"a": 1}
    cell = {"id": "one", "source": ["print('said')\n", "b = a + 1\n", "b * 2"]}
    assert show(cell, names) == {"printed": "said\n", "text": "4", "html": None}
    assert names["b"] == 2
    with pytest.raises(ZeroDivisionError):
        show({"id": "two", "source": ["b / 0"]}, names)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """What every cell shows, and the lines on stderr; nothing is written into the repository."""
    place = tmp_path_factory.mktemp("tour")
    for folder in ("configs", "docs", "temporary"):
        (place / folder).mkdir()
    config = "configs/quickstart.yaml"
    (place / config).write_bytes((ROOT / config).read_bytes())
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "notebook_cells.py"), str(TOUR)],
        cwd=place / "docs",
        env=os.environ
        | {"WORDREL_CACHE": str(place / "cache"), "TMPDIR": str(place / "temporary")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_every_cell_of_the_notebook_runs_and_shows_what_the_text_says(
    executed: tuple[dict[str, Any], str],
) -> None:
    cells, _ = executed
    text = {name: cell["text"] for name, cell in cells.items()}
    assert text["run"].startswith("Results of the study quickstart in ")
    assert "runs     2 done, 0 failed" in text["run"]
    assert text["load"].startswith("WordModel of mean_query_attention seed 1 on wiki-sample\n")
    alike, unlike = ast.literal_eval(text["similarity"])
    assert alike > unlike
    nearest = ast.literal_eval(text["most-similar"])
    assert len(nearest) == 5
    assert len(MONTHS & set(nearest)) >= 2
    assert -1 < float(text["in-context"]) < 0.9
    lower, rare, number = cells["unknown"]["printed"].splitlines()
    assert lower.endswith("the corpus was lower-cased: use 'music'")
    assert "at least min_count=5 times; similar spellings: 'music'" in rare
    assert number.endswith("a run of letters, with single apostrophes inside")


def test_the_notebook_compares_the_mean_with_self_attention_and_says_so() -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in tour()["cells"]}
    models = '"models": [{"kind": "mean"}, {"kind": "mean_query_attention"}]'
    assert models in cells["run"]
    first = " ".join(cells["title"].split())
    assert "In `mean` all these words weigh the same, as in word2vec's CBOW." in first
    assert ARCHITECTURES["mean"].ingredients == ()
    assert "In `mean_query_attention` self-attention weighs them" in first
    assert ARCHITECTURES["mean_query_attention"].words_ask
    assert "Neither has positions." in first
    assert not any(ARCHITECTURES[k].positions for k in ("mean", "mean_query_attention"))


def test_the_notebook_shows_tables_and_how_far_it_is(executed: tuple[dict[str, Any], str]) -> None:
    cells, progress = executed
    for name in ("run", "tables", "load", "compare"):
        assert "<table" in cells[name]["html"]
    assert cells["compare"]["html"].count("mean_query_attention</td>") == 3  # a row a task
    for seed in (1, 2):
        assert progress.count(f"wiki-sample/mean_query_attention seed {seed} done") == 1
