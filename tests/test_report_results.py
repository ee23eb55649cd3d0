import json
import lzma
import math
import re
import shutil
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordrel.errors import StoreError
from wordrel.study.results import read_results
from wordrel.study.schema import COLUMNS, PACKED, STORED, table_file, table_to_csv, write_table

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
    for name in STORED:
        assert table_to_csv(getattr(results, name), name) == (INPUT / f"{name}.csv").read_text()


def packed(folder: Path) -> dict[str, bytes]:
    """Store the tables of a folder as a run does; returns the content of every table."""
    texts = {name: (folder / f"{name}.csv").read_bytes() for name in STORED}
    results = read_results(folder)
    for name in STORED:
        (folder / f"{name}.csv").unlink()
        write_table(folder, name, getattr(results, name))
    return texts


def test_large_tables_are_compressed_the_same_text_and_the_same_bytes_each_time(folder: Path):
    texts = packed(folder)
    assert {path.name for path in folder.glob("*.csv*")} == {
        *("runs.csv", "summary.csv", "comparisons.csv", "scores.csv.xz", "embeddings.csv.xz"),
        *("measurements.csv.xz", "agreement.csv.xz"),
    }
    first = {name: (folder / table_file(name)).read_bytes() for name in STORED}
    for name in STORED:
        stored = first[name]
        assert (lzma.decompress(stored) if name in PACKED else stored) == texts[name]
    results = read_results(folder)
    for name in STORED:
        assert table_to_csv(getattr(results, name), name).encode() == texts[name]
        write_table(folder, name, getattr(results, name))
        assert (folder / table_file(name)).read_bytes() == first[name]


def test_a_table_that_is_there_twice_is_refused_with_a_cure(folder: Path):
    (folder / "embeddings.csv.xz").write_bytes(
        lzma.compress((folder / "embeddings.csv").read_bytes())
    )
    with pytest.raises(StoreError) as caught:
        read_results(folder)
    assert str(caught.value) == (
        f"{folder / 'embeddings.csv'}: found embeddings.csv.xz beside it, expected one of the "
        "two; remove "
        "the one that does not belong to manifest.json, or run the study again (wordrel run CONFIG)"
    )


def test_a_small_file_may_hold_so_much_and_no_more(folder: Path):
    packed(folder)
    for size, found in [(2**26, "no end of the last line"), (2**26 + 1, "more than 67,108,864")]:
        (folder / "scores.csv.xz").write_bytes(lzma.compress(bytes(size), preset=0))
        with pytest.raises(StoreError, match=rf"scores\.csv\.xz: found {found}"):
            read_results(folder)


def test_what_a_larger_file_may_hold_depends_on_its_size(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    packed(folder)
    monkeypatch.setattr("wordrel.study.schema._ALWAYS_UNPACKED", 0)
    assert len(read_results(folder).scores) == 87  # ten bytes of text for one
    data = lzma.compress(bytes(10**6))
    (folder / "scores.csv.xz").write_bytes(data)
    with pytest.raises(StoreError, match=rf"found more than {200 * len(data):,} bytes of text in"):
        read_results(folder)


def test_a_file_that_claims_much_memory_is_refused(folder: Path):
    packed(folder)
    data = bytearray((folder / "scores.csv.xz").read_bytes())
    data[16] = 40  # the size of the dictionary, in the header of the first block: 4 GiB
    end = 12 + (data[12] + 1) * 4
    data[end - 4 : end] = zlib.crc32(data[12 : end - 4]).to_bytes(4, "little")
    (folder / "scores.csv.xz").write_bytes(data)
    with pytest.raises(StoreError, match=r"scores\.csv\.xz: cannot be read: LZMAError: Memory us"):
        read_results(folder)


def test_types_are_fixed_and_empty_values_stay_empty():
    summary = read_results(INPUT).summary
    silent = summary[summary["note"] == "does not predict the next word"].iloc[0]
    assert np.isnan(silent["score"])
    assert silent["n_scored"] is pd.NA
    assert silent["embedding"] == ""
    assert summary["selected"].dtype == bool
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
    with pytest.raises(
        StoreError, match=r"agreement\.csv\.xz: there is no such file; run the study"
    ):
        read_results(folder)


def test_a_missing_column_names_file_column_and_cure(folder: Path):
    edit(folder / "comparisons.csv", "p_adjusted", "holm")
    with pytest.raises(
        StoreError, match=r"comparisons\.csv: column p_adjusted missing; run the study"
    ):
        read_results(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("scores.csv", "0.0007,", "much,", r"scores\.csv:\d+: high: found 'much', expected a num"),
        (
            "scores.csv",
            ",True,",
            ",yes,",
            r"scores\.csv:2: selected: found 'yes', expected True or",
        ),
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


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("statistics", "confidence"), "abc", "found 'abc', expected a number"),
        (("statistics", "confidence"), True, "found True, expected a number"),
        (("seconds",), math.inf, "found inf, expected a number"),
        (("environment",), "x", "found 'x', expected keys"),
        (("environment",), None, "found nothing, expected keys"),
        (("environment", "cores"), [2], r"found \[2\], expected text or a number"),
        (("skipped",), ["men"], r"found \['men'\], expected keys"),
        (("given",), "x", "found 'x', expected keys"),
        (("given", "results"), 5, "found 5, expected text"),
        (("corpora", 0, "tokens"), "many", "found 'many', expected a number"),
        (("corpora", 0, "name"), ["x"], r"found \['x'\], expected text"),
        (("tasks", 1, "split"), 3, "found 3, expected text"),
    ],
)
def test_a_value_of_another_kind_in_a_manifest_is_refused_with_its_place(
    folder: Path, keys: tuple[str | int, ...], value: object, expected: str
):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"given": {}}
    at = manifest
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n", encoding="utf-8")
    place = re.escape(".".join(map(str, keys)))
    with pytest.raises(StoreError, match=rf"manifest\.json: {place}: {expected}; run the study ag"):
        read_results(folder)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("notes: 5", "notes: found 5, expected a list"),
        ("notes: [[x]]", r"notes\.0: found \['x'\], expected text or a number"),
        ("models: [1]", r"models\.0: found 1, expected keys"),
        ("models: [{name: m}]", r"models\.0: kind missing"),
        ("models: [{name: m, kind: 5}]", r"models\.0\.kind: found 5, expected text"),
        ("models: [{name: m, kind: attention, heads: x}]", r"heads: found 'x', expected a number"),
        ("contrasts: [1]", r"contrasts\.0: found 1, expected keys"),
        ("contrasts: [{mean_with: [x]}]", r"contrasts\.0: task missing"),
        ("contrasts: [{task: men, mean_with: x}]", "mean_with: found 'x', expected a list"),
    ],
)
def test_a_value_of_another_kind_in_a_stored_config_is_refused_with_its_place(
    folder: Path, config: str, expected: str
):
    (folder / "config.yaml").write_text(f"study: golden\n{config}\n", encoding="utf-8")
    with pytest.raises(StoreError, match=rf"config\.yaml: .*{expected}; run the study again"):
        read_results(folder)


def test_groups_that_a_stored_folder_lacks_are_as_good_as_empty(folder: Path):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps(manifest | {"given": None, "commit": None}) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    (folder / "config.yaml").write_text("study: golden\nnotes: null\nmodels: []\n")
    assert read_results(folder).config == {"study": "golden", "notes": None, "models": []}
