import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordrel.errors import StoreError
from wordrel.study.results import COLUMNS, read_results, table_to_csv

INPUT = Path(__file__).parent / "golden" / "input"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(INPUT, tmp_path / "study"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_reading_and_writing_a_table_gives_the_stored_bytes():
    results = read_results(INPUT)
    for name in COLUMNS:
        assert table_to_csv(getattr(results, name), name) == (INPUT / f"{name}.csv").read_text()


def test_types_are_fixed_and_empty_values_stay_empty():
    summary = read_results(INPUT).summary
    silent = summary[summary["note"] == "does not predict the next word"].iloc[0]
    assert np.isnan(silent["score"])
    assert silent["n_scored"] is pd.NA
    assert silent["view"] == ""
    assert summary["primary"].dtype == bool
    assert summary["seeds"].dtype == "Int64"


def test_csv_has_six_digits_empty_nan_no_minus_zero_and_quotes_where_needed():
    table = pd.DataFrame(
        [("c", "random", "random", 3, 'a,"b"', "failed", "x\ny", 12345678, 0, *_FLOATS)],
        columns=COLUMNS["runs"],
    )
    header, body = table_to_csv(table, "runs").split("\n", 1)
    assert header == ",".join(COLUMNS["runs"])
    assert body == 'c,random,random,3,"a,""b""",failed,"x\ny",12345678,0,0.123457,0,\n'


_FLOATS = (0.123456789, -0.0, float("nan"))


def test_a_table_with_other_columns_is_not_written():
    runs = read_results(INPUT).runs
    with pytest.raises(StoreError, match="table runs: column cell missing"):
        table_to_csv(runs.drop(columns="cell"), "runs")
    with pytest.raises(StoreError, match="table runs: found extra, expected corpus, model"):
        table_to_csv(runs.assign(extra=1), "runs")


def test_names_that_look_like_nothing_stay_names(folder: Path):
    edit(folder / "runs.csv", "tiny-wiki,random,random", "tiny-wiki,null,NA")
    first = read_results(folder).runs.iloc[0]
    assert [first["model"], first["kind"]] == ["null", "NA"]


def test_a_missing_file_names_itself_and_the_cure(folder: Path):
    (folder / "agreement.csv").unlink()
    with pytest.raises(StoreError, match=r"agreement\.csv: there is no such file; run the study"):
        read_results(folder)


def test_a_missing_column_names_file_column_and_cure(folder: Path):
    edit(folder / "comparisons.csv", "p_holm", "holm")
    with pytest.raises(StoreError, match=r"comparisons\.csv: column p_holm missing; run the study"):
        read_results(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("scores.csv", "0.0007,", "much,", r"scores\.csv:\d+: high: found 'much', expected a num"),
        ("scores.csv", ",True,", ",yes,", r"scores\.csv:2: primary: found 'yes', expected True or"),
        ("summary.csv", "higher", "up", r"summary\.csv:2: better: found 'up', expected higher or"),
        ("runs.csv", ",done,", ",", r"runs\.csv:2: expected 12 values, found 11"),
        ("runs.csv", "corpus,", "corpus,corpus,", r"runs\.csv: found a repeated column"),
        ("manifest.json", '"study"', '"name"', r"manifest\.json: study missing"),
        ("manifest.json", '"license"', '"licence"', r"manifest\.json: tasks\.0: license missing"),
        ("manifest.json", '"resamples"', '"n"', r"manifest\.json: statistics: resamples missing"),
        ("manifest.json", '"tiny-wiki"', '"x"', r": \w+ on tiny-wiki is not in runs\.csv or manif"),
        ("summary.csv", "skip_gram", "glove", r"summary\.csv: model: glove on tiny-wiki is not in"),
        ("manifest.json", "{", "{{", r"manifest\.json: cannot be read"),
        ("config.yaml", "study: golden", "- golden\nx: [", r"config\.yaml: cannot be read"),
    ],
)
def test_a_malformed_file_is_named_with_place(
    folder: Path, file: str, old: str, new: str, message: str
):
    edit(folder / file, old, new)
    with pytest.raises(StoreError, match=message):
        read_results(folder)
