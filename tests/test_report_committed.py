"""What is committed is what the stored tables give: pages and figures."""

import json
import shutil
from functools import cache
from pathlib import Path

import pytest

from wordrel.api import stored_config
from wordrel.config import identity
from wordrel.config.names import SCHEMA, TABLES, inverse, names_then
from wordrel.report import brief
from wordrel.report.page import report_files, write_pages
from wordrel.study.cell import CellSpec, CorpusName
from wordrel.study.results import Results, read_results
from wordrel.study.schema import PLANNED, STORED, table_file

ROOT = Path(__file__).parent.parent
STUDIES = sorted(path.parent for path in (ROOT / "results").glob("*/manifest.json"))
PAGES = {"report.html", "explorer.html", "explorer-data.js"}  # made here, not committed


@cache
def stored(folder: Path) -> Results:
    """The tables of a committed study, which several tests read and none changes."""
    return read_results(folder)


def stale(folder: Path, results: Results) -> list[str]:
    """The report files of a folder that are not, byte for byte, what its tables give."""
    files = report_files(brief.document(results))
    expected = {name: text.encode() for name, text in files.items()}
    there = {f"figures/{path.name}" for path in (folder / "figures").glob("*")}
    paths = {name: folder / name for name in sorted({*expected, *there})}
    return [n for n, p in paths.items() if not p.exists() or p.read_bytes() != expected.get(n)]


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_committed_report_is_what_its_tables_give(folder: Path):
    assert stale(folder, stored(folder)) == [], f"run: wordrel report results/{folder.name}"


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_the_cells_of_a_committed_result_are_still_found(folder: Path):
    """Under the same name where the model bears its kind's; else under the name of that time."""
    results = stored(folder)
    config = stored_config(results)
    digests = {corpus["name"]: corpus["digest"] for corpus in results.manifest["corpora"]}
    models = {model.name: model for model in config.models}
    then = names_then(results.config)
    for run in results.runs.itertuples():
        corpus, model = CorpusName(run.corpus, digests[run.corpus]), models[run.model]
        spec = CellSpec.of(config, model, int(run.seed), cache=Path("none"), corpus=corpus)
        if results.manifest.get("schema", 1) >= SCHEMA:
            assert spec.folder.name == run.cell
            continue
        assert spec.named_folder.name == run.cell
        assert (spec.folder.name == run.cell) == (then[model.name] == identity(model)["name"])


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_committed_tables_are_stored_as_a_run_stores_them(folder: Path):
    found = {path.name: path.stat().st_size for path in folder.glob("*.csv*")}
    old = json.loads((folder / "manifest.json").read_text()).get("schema", 1) < SCHEMA
    former = inverse(TABLES) if old else {}
    results = stored(folder)
    planned, ran = stored_config(results), {*results.runs["model"]}
    whole = [one for one in planned.orderings if {*one.models} <= ran]  # a part may lack a cell
    there = {"contrasts": planned.contrasts or planned.orderings, "orderings": whole}
    names = [*STORED, *(name for name in PLANNED if there[name])]
    files = {name: table_file(name) for name in names}
    assert {*found} == {file.replace(n, former.get(n, n)) for n, file in files.items()}
    large = {n: size for n, size in found.items() if n.endswith(".csv") and size > 2_000_000}
    assert large == {}, "git compares it line by line: store it as .csv.xz (PACKED)"


def test_the_committed_results_stay_small():
    files = [p for p in (ROOT / "results").rglob("*") if p.is_file() and p.name not in PAGES]
    assert sum(path.stat().st_size for path in files if path.name[0] != ".") < 14_000_000


def test_a_stale_missing_or_surplus_file_is_found(tmp_path: Path):
    source = Path(__file__).parent / "golden" / "input"
    folder = Path(shutil.copytree(source, tmp_path / "golden"))
    for table, lines in (("summary", 7), ("agreement", 1)):  # one panel, drawn fast
        path = folder / f"{table}.csv"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:lines]))
    write_pages(folder)
    assert stale(folder, read_results(folder)) == []
    (folder / "report.md").write_bytes(
        (folder / "report.md").read_bytes().replace(b".412", b".413")
    )
    (folder / "figures" / "scores.svg").unlink()
    (folder / "figures" / "old.svg").write_text("")
    stale_files = stale(folder, read_results(folder))
    assert stale_files == ["figures/old.svg", "figures/scores.svg", "report.md"]
