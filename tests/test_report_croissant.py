"""The Croissant description of a results folder, by its JSON."""

import hashlib
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from wordrel.cli import app
from wordrel.report.hub import croissant
from wordrel.study.results import read_results

QUICKSTART = Path(__file__).resolve().parents[1] / "results" / "quickstart"


def test_every_table_is_a_file_with_its_digest() -> None:
    found = croissant(QUICKSTART)
    files = {file["contentUrl"]: file for file in found["distribution"]}
    assert set(files) == {path.name for path in QUICKSTART.glob("*.csv*")}
    for name, file in files.items():
        assert file["sha256"] == hashlib.sha256((QUICKSTART / name).read_bytes()).hexdigest()
    assert files["runs.csv"]["encodingFormat"] == "text/csv"


def test_every_column_has_its_type() -> None:
    found = croissant(QUICKSTART)
    sets = {one["name"]: one["field"] for one in found["recordSet"]}
    assert set(sets) == {path.stem for path in QUICKSTART.glob("*.csv")}
    runs = {field["source"]["extract"]["column"]: field["dataType"] for field in sets["runs"]}
    assert list(runs) == list(read_results(QUICKSTART).runs)
    assert (runs["model"], runs["seed"], runs["seconds"]) == ("sc:Text", "sc:Integer", "sc:Float")


def test_the_command_writes_it_beside_the_tables(tiny: Path, tiny_run: Result) -> None:
    for _ in range(2):
        done = CliRunner().invoke(app, ["report", str(tiny / "out"), "--croissant"])
        assert done.exit_code == 0, done.output
        written = (tiny / "out" / "croissant.json").read_bytes()
        assert json.loads(written) == croissant(tiny / "out")
    (tiny / "out" / "croissant.json").unlink()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path), "--croissant"])
    assert done.exit_code == 2
    assert "manifest.json" in done.stderr
