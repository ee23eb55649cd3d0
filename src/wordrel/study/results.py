"""The stored results of one study, read strictly.

Reads manifest.json, config.yaml and the tables of a results folder. `table_to_csv` gives the
text that the study writes, so writing and reading share one schema (`COLUMNS`).
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from wordrel.config.dialect import read_stored
from wordrel.config.paths import regular_file
from wordrel.errors import StoreError
from wordrel.io.files import reading

CURE = "run the study again (wordrel run CONFIG)"
SCHEMA = 2
"""Version of a results folder; a manifest without one is of the first edition, 1."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "runs": (
        *("corpus", "model", "kind", "seed", "cell", "status", "message", "parameters"),
        *("trained_tokens", "seconds", "tokens_per_second", "peak_memory_mb"),
    ),
    "scores": (
        *("corpus", "model", "seed", "question", "task", "measure", "split", "detail", "view"),
        *("primary", "score", "low", "high", "n_items", "n_covered", "n_scored", "chance"),
        *("better", "note"),
    ),
    "summary": (
        *("corpus", "model", "question", "task", "measure", "split", "detail", "view", "primary"),
        *("seeds", "score", "low", "high", "seed_sd", "n_items", "n_covered", "n_scored"),
        *("chance", "better", "note"),
    ),
    "comparisons": (
        *("corpus", "question", "task", "measure", "view_a", "view_b", "model_a", "model_b"),
        *("seeds", "n_scored", "difference", "low", "high", "p", "p_holm", "p_steiger"),
        *("p_equivalence", "detectable", "better"),
    ),
    "views": (
        *("corpus", "model", "question", "view", "dev_task", "seeds", "score", "chosen", "by"),
    ),
    "measurements": (
        *("corpus", "model", "task", "view", "primary", "group", "statistic", "seeds", "value"),
        *("low", "high", "n"),
    ),
    "agreement": (
        *("corpus", "between", "model_a", "model_b", "view_a", "view_b", "measure", "pairs"),
        *("score", "low", "high", "n_items", "chance"),
    ),
}

_FLOATS = {
    *("seconds", "tokens_per_second", "peak_memory_mb", "score", "low", "high", "seed_sd"),
    *("chance", "difference", "p", "p_holm", "p_steiger", "p_equivalence", "detectable", "value"),
}
_INTEGERS = {
    *("seed", "seeds", "parameters", "trained_tokens", "n_items", "n_covered", "n_scored", "pairs"),
    "n",
}
_BOOLEANS = {"primary", "detail", "chosen"}
_ALLOWED = {
    "status": ("done", "failed"),
    "better": ("higher", "lower"),
    "between": ("models", "seeds"),
    "split": ("dev", "test"),
    "by": ("development", "design"),
}
_MANIFEST = ("wordrel", "study", "seconds", "corpora", "tasks", "statistics", "environment")
_MANIFEST_ITEMS = {
    "corpora": ("name", "digest", "source", "tokens", "types"),
    "tasks": ("name", "digest", "question", "measure", "n_items", "source", "license", "reference"),
}
_STATISTICS = ("resamples", "confidence", "seed")


@dataclass(frozen=True, eq=False)
class Results:
    """What one finished study left behind; the tables have the columns of `COLUMNS`."""

    folder: Path
    manifest: dict[str, Any]
    config: dict[str, Any]
    runs: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    views: pd.DataFrame
    measurements: pd.DataFrame
    agreement: pd.DataFrame

    @property
    def study(self) -> str:
        """The study's name, as in configs/NAME.yaml and results/NAME."""
        return str(self.manifest["study"])


def read_results(folder: Path) -> Results:
    """Read a results folder, with fixed types: empty numbers are NaN (float) or NA (Int64).

    Raises:
        StoreError: a file or column that is missing, or a value that cannot be what it should be,
            with file and line; or a newer version of wordrel wrote it.
    """
    manifest = _read_mapping(folder / "manifest.json", json.loads)
    _check_schema(folder / "manifest.json", manifest.get("schema", 1))
    _check_manifest(folder / "manifest.json", manifest)
    tables = {name: _read_table(folder / f"{name}.csv", name) for name in COLUMNS}
    _check_rows(folder, manifest.get("rows", {}), tables)
    config = _read_mapping(folder / "config.yaml", read_stored)
    _check_models(folder, manifest, tables)
    return Results(folder=folder, manifest=manifest, config=config, **tables)


def table_to_csv(table: pd.DataFrame, name: str) -> str:
    r"""The text of `name`.csv: fixed columns, rows as given, 6 significant digits, `\n` ends.

    Raises:
        StoreError: the table's columns are not those of `COLUMNS[name]`.
    """
    _check_columns(f"table {name}", list(table.columns), COLUMNS[name])
    columns = [[printed(value, c) for value in table[c]] for c in COLUMNS[name]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS[name])
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def printed(value: Any, column: str) -> str:
    """One value as a table stores it; two values are the same when they print the same."""
    if pd.isna(value):
        return ""
    if column in _FLOATS:
        return format(float(value) + 0.0, ".6g")  # + 0.0: minus zero prints as zero
    if column in _INTEGERS:
        return str(int(value))
    return str(bool(value)) if column in _BOOLEANS else str(value)


def _read_text(path: Path) -> str:
    with (
        reading(path, CURE),
        regular_file(path, StoreError).open(encoding="utf-8", newline="") as file,
    ):
        text = file.read()
    if not text.endswith("\n"):
        raise StoreError(f"{path}: found no end of the last line, so it was cut short; {CURE}")
    return text


def _read_mapping(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    with reading(path, CURE):
        data = parse(_read_text(path))
    if not isinstance(data, dict):
        raise StoreError(f"{path}: found {type(data).__name__}, expected keys; {CURE}")
    return data


def _check_schema(path: Path, schema: Any) -> None:
    if not isinstance(schema, int) or schema < 1:
        raise StoreError(f"{path}: schema: found {schema!r}, expected 1 to {SCHEMA}; {CURE}")
    if schema > SCHEMA:
        raise StoreError(
            f"{path}: schema: found {schema}, expected at most {SCHEMA}: a newer wordrel wrote it; "
            "install that version"
        )


def _check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    _check_keys(str(path), manifest, _MANIFEST)
    _check_keys(f"{path}: statistics", manifest["statistics"], _STATISTICS)
    for group, keys in _MANIFEST_ITEMS.items():
        if not isinstance(manifest[group], list):
            raise StoreError(f"{path}: {group}: expected a list; {CURE}")
        for i, item in enumerate(manifest[group]):
            _check_keys(f"{path}: {group}.{i}", item, keys)


def _check_rows(folder: Path, expected: Any, tables: dict[str, pd.DataFrame]) -> None:
    """No table has lost its end; a manifest of the first edition does not say how long they are."""
    for name, table in tables.items():
        rows = expected.get(name, len(table)) if isinstance(expected, dict) else None
        if rows != len(table):
            raise StoreError(
                f"{folder / name}.csv: found {len(table)} rows, expected {rows} as manifest.json "
                f"says; {CURE}"
            )


def _check_models(folder: Path, manifest: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    """Tables of one folder belong together: each model ran, each corpus is in the manifest."""
    ran = set(tables["runs"][["corpus", "model"]].itertuples(index=False, name=None))
    described = {(str(corpus["name"]), model) for corpus in manifest["corpora"] for _, model in ran}
    for name, table in tables.items():
        for column in {"model", "model_a", "model_b"} & set(table.columns):
            found = set(table[["corpus", column]].itertuples(index=False, name=None))
            strange = sorted(found - (ran & described))
            if strange:
                what = f"{strange[0][1]} on {strange[0][0]}"
                place = f"{folder / name}.csv: {column}"
                raise StoreError(f"{place}: {what} is not in runs.csv or manifest.json; {CURE}")


def _check_keys(place: str, found: Any, expected: tuple[str, ...]) -> None:
    missing = [key for key in expected if not isinstance(found, dict) or key not in found]
    if missing:
        raise StoreError(f"{place}: {', '.join(missing)} missing; {CURE}")


def _check_columns(place: str, found: list[str], expected: tuple[str, ...]) -> None:
    missing = [c for c in expected if c not in found]
    unknown = [c for c in found if c not in expected]
    if missing:
        raise StoreError(f"{place}: column {', '.join(missing)} missing; {CURE}")
    if unknown or len(found) != len(expected):
        shown = ", ".join(unknown) or "a repeated column"
        raise StoreError(f"{place}: found {shown}, expected {', '.join(expected)}; {CURE}")


def _read_table(path: Path, name: str) -> pd.DataFrame:
    header, *body = _read_lines(path) or [(1, [])]
    _check_columns(str(path), header[1], COLUMNS[name])
    for line, row in body:
        if len(row) != len(header[1]):
            expected = f"{len(header[1])} values, found {len(row)}"
            raise StoreError(f"{path}:{line}: expected {expected}; {CURE}")
    columns = {}
    for i, column in enumerate(header[1]):
        values = _parsed(path, column, [(line, row[i]) for line, row in body])
        with reading(path, CURE):  # a number may be too large for its column
            columns[column] = pd.Series(values, dtype=_dtype(column))
    return pd.DataFrame(columns)[list(COLUMNS[name])]


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """The rows with the line on which each ends."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise StoreError(f"{path}:{reader.line_num}: cannot be read: {error}; {CURE}") from error


def _dtype(column: str) -> str:
    if column in _FLOATS:
        return "float64"
    return "Int64" if column in _INTEGERS else "bool" if column in _BOOLEANS else "str"


_Value = float | int | bool | str | None


def _parsed(path: Path, column: str, found: Sequence[tuple[int, str]]) -> list[_Value]:
    """The values of one column, given with the line of each."""
    parse, values = _parser(column), []
    for line, value in found:
        try:
            values.append(parse(value))
        except (KeyError, ValueError) as error:
            kind = "True or False" if column in _BOOLEANS else "a number"
            expected = " or ".join(_ALLOWED.get(column, (kind,)))
            message = f"{path}:{line}: {column}: found {value!r}, expected {expected}; {CURE}"
            raise StoreError(message) from error
    return values


def _parser(column: str) -> Callable[[str], _Value]:
    """What makes a value of a text, or raises KeyError or ValueError."""
    if column in _FLOATS:
        return lambda value: float(value or "nan")
    if column in _INTEGERS:
        return lambda value: int(value) if value else None
    if column in _BOOLEANS:
        return {"True": True, "False": False}.__getitem__
    if column in _ALLOWED:
        return {"": "", **{name: name for name in _ALLOWED[column]}}.__getitem__
    return str
