"""The schema of a study's tables: columns, types, files; written and read in one place.

Reads and writes the tables of a results folder.
"""

import csv
import io
import lzma
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wordrel.config import names
from wordrel.config.names import SCHEMA
from wordrel.config.paths import regular_file
from wordrel.errors import StoreError
from wordrel.io.files import reading, write_bytes

Row = dict[str, Any]
"""A row of a table, as it is made; a column that is missing in it is empty."""

CURE = "run the study again (wordrel run CONFIG)"

COLUMNS: dict[str, tuple[str, ...]] = {
    "runs": (
        *("corpus", "model", "kind", "seed", "cell", "status", "message", "parameters"),
        *("trained_tokens", "seconds", "tokens_per_second", "peak_memory_mb"),
    ),
    "scores": (
        *("corpus", "model", "seed", "question", "task", "measure", "split", "detail", "embedding"),
        *("selected", "score", "low", "high", "n_items", "n_covered", "n_scored", "chance"),
        *("better", "note"),
    ),
    "summary": (
        *(
            "corpus",
            "model",
            "question",
            "task",
            "measure",
            "split",
            "detail",
            "embedding",
            "selected",
        ),
        *("seeds", "score", "low", "high", "seed_sd", "n_items", "n_covered", "n_scored"),
        *("chance", "better", "note"),
    ),
    "comparisons": (
        *(
            "corpus",
            "question",
            "task",
            "measure",
            "embedding_a",
            "embedding_b",
            "model_a",
            "model_b",
        ),
        *("seeds", "n_scored", "difference", "low", "high", "p", "p_adjusted", "p_steiger"),
        *("p_equivalence", "detectable", "better"),
    ),
    "embeddings": (
        *("corpus", "model", "question", "embedding", "dev_task", "seeds", "score", "chosen", "by"),
    ),
    "measurements": (
        *(
            "corpus",
            "model",
            "task",
            "embedding",
            "selected",
            "group",
            "statistic",
            "seeds",
            "value",
        ),
        *("low", "high", "n"),
    ),
    "agreement": (
        *(
            "corpus",
            "between",
            "model_a",
            "model_b",
            "embedding_a",
            "embedding_b",
            "measure",
            "pairs",
        ),
        *("score", "low", "high", "n_items", "chance"),
    ),
    "contrasts": (
        *("claim", "part", "corpus", "model_a", "model_b", "against", "task", "rule", "margin"),
        *("seeds", "n", "gain", "low", "high", "df", "confidence", "p_adjusted", "as_trained"),
        *("as_trained_low", "as_trained_high", "outcome"),
    ),
    "orderings": (
        *("claim", "corpus", "task", "what", "ingredient", "beside", "model_a", "model_b"),
        *("seeds", "n", "gain", "low", "high", "df", "share", "share_low", "share_high", "note"),
    ),
}

PLANNED = ("contrasts", "orderings")
"""Tables of studies that planned something; elsewhere they are empty and have no file."""
STORED = tuple(name for name in COLUMNS if name not in PLANNED)
"""The tables of every study."""

OUTCOMES: dict[str, tuple[str, str]] = {
    "adds": ("adds", "adds less"),
    "not_worse": ("not worse", "worse"),
    "equivalent": ("equivalent", "differs"),
}
"""Rule of a contrast -> the outcome that supports it, and the one that contradicts it."""
OPEN, UNDECIDED, NO_INTERVAL, MISSING = "open", "undecided", "no interval", "not measured"
GAIN, WHOLE, INTERACTION, LEAD = "gain", "whole gain", "interaction", "lead"
"""Kinds of rows of the orderings."""

_FORMER_VALUES = {
    "kind": names.KINDS,
    **dict.fromkeys(("embedding", "embedding_a", "embedding_b"), names.EMBEDDINGS),
}

PACKED = ("scores", "embeddings", "measurements", "agreement")
"""Tables that are stored as .csv.xz; the others stay text, which git compares line by line."""

_PRESET = 6 | lzma.PRESET_EXTREME  # a fixed one: the same text gives the same bytes
_UNPACKING_MEMORY = 2**28  # bytes; all presets of xz need less
_ALWAYS_UNPACKED = 2**26  # bytes of text, however small the file
_MOST_UNPACKED = 200  # bytes of text for a byte of a larger file; our tables have 10 to 20


class _Type(NamedTuple):
    """A column: its type in pandas, from text, to text, and the expected text."""

    dtype: str
    parse: Callable[[str], float | int | bool | str | None]
    print: Callable[[Any], str]
    expected: str


def _one_of(*names: str) -> _Type:
    return _Type("str", {name: name for name in ("", *names)}.__getitem__, str, " or ".join(names))


_TEXT = _Type("str", str, str, "text")
_FLOAT = _Type(
    "float64",
    lambda text: float(text or "nan"),
    lambda value: format(float(value) + 0.0, ".6g"),  # + 0.0: minus zero prints as zero
    "a number",
)
_INTEGER = _Type(
    "Int64", lambda text: int(text) if text else None, lambda value: str(int(value)), "a number"
)
_BOOLEAN = _Type(
    "bool",
    {"True": True, "False": False}.__getitem__,
    lambda value: str(bool(value)),
    "True or False",
)
_FLOATS = (
    *("seconds", "tokens_per_second", "peak_memory_mb", "score", "low", "high", "seed_sd"),
    *("margin", "gain", "df", "confidence", "as_trained", "as_trained_low", "as_trained_high"),
    *("share", "share_low", "share_high"),
    *("chance", "difference", "p", "p_adjusted", "p_steiger", "p_equivalence"),
    *("detectable", "value"),
)
_INTEGERS = (
    *("seed", "seeds", "parameters", "trained_tokens", "n_items", "n_covered", "n_scored", "pairs"),
    "n",
)
_TYPES: dict[str, _Type] = dict(
    **dict.fromkeys(_FLOATS, _FLOAT),
    **dict.fromkeys(_INTEGERS, _INTEGER),
    **dict.fromkeys(("selected", "detail", "chosen"), _BOOLEAN),
    status=_one_of("done", "failed"),
    better=_one_of("higher", "lower"),
    between=_one_of("models", "seeds"),
    split=_one_of("dev", "test"),
    by=_one_of("development", "design"),
    rule=_one_of(*OUTCOMES),
    outcome=_one_of(*chain(*OUTCOMES.values()), OPEN, UNDECIDED, NO_INTERVAL, MISSING),
    what=_one_of(GAIN, WHOLE, INTERACTION, LEAD),
)


def table_to_csv(table: pd.DataFrame, name: str) -> str:
    r"""The text of a table: fixed columns, rows as given, 6 significant digits, `\n` ends.

    Raises:
        StoreError: the table's columns are not those of `COLUMNS[name]`.
    """
    _check_columns(f"table {name}", list(table.columns), COLUMNS[name])
    texts = {c: [printed(value, c) for value in table[c]] for c in COLUMNS[name]}
    return str(pd.DataFrame(texts).to_csv(index=False, lineterminator="\n"))


def table_file(name: str) -> str:
    """The name of a table's file in a results folder."""
    return f"{name}.csv.xz" if name in PACKED else f"{name}.csv"


def write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Replace a table of a results folder; the same table gives the same bytes.

    Raises:
        StoreError: other columns than `COLUMNS[name]`, or the file cannot be written.
    """
    text = table_to_csv(table, name).encode()
    data = lzma.compress(text, preset=_PRESET) if name in PACKED else text
    write_bytes(folder / table_file(name), data)


def printed(value: Any, column: str) -> str:
    """One value as a table stores it; two values are the same when they print the same."""
    return "" if pd.isna(value) else _TYPES.get(column, _TEXT).print(value)


def stored_file(folder: Path, name: str, schema: int = SCHEMA) -> Path:
    """The file of a table, which older versions stored as text or under a former name."""
    file = names.inverse(names.TABLES).get(name, name) if schema < SCHEMA else name
    plain, packed = folder / f"{file}.csv", folder / f"{file}.csv.xz"
    if plain.exists() and packed.exists():
        raise StoreError(
            f"{plain}: found {packed.name} beside it, expected one of the two; remove the one that "
            f"does not belong to manifest.json, or {CURE}"
        )
    missing = packed if name in PACKED else plain
    return next((path for path in (plain, packed) if path.exists()), missing)


def read_text(path: Path) -> str:
    """The text of a file of a results folder, unpacked; it must end with its last line.

    Raises:
        StoreError: it cannot be read, or was cut short.
    """
    with reading(path, CURE):
        data = regular_file(path, StoreError).read_bytes()
        text = (_unpacked(path, data) if path.suffix == ".xz" else data).decode()
    if not text.endswith("\n"):
        raise StoreError(f"{path}: found no end of the last line, so it was cut short; {CURE}")
    return text


def _unpacked(path: Path, data: bytes) -> bytes:
    """The content of an .xz file; its size is bounded, since the file is untrusted."""
    most = max(_ALWAYS_UNPACKED, _MOST_UNPACKED * len(data))
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_UNPACKING_MEMORY)
    content = unpacker.decompress(data, max_length=most + 1)
    if len(content) > most:
        problem = f"found more than {most:,} bytes of text in {len(data):,}"
        raise StoreError(f"{path}: {problem}, so no study wrote it; {CURE}")
    if not unpacker.eof or unpacker.unused_data:
        problem = "more after the end" if unpacker.eof else "no end of the compressed text"
        raise StoreError(f"{path}: found {problem}, expected one whole text; {CURE}")
    return content


def read_table(path: Path, name: str, schema: int = SCHEMA) -> pd.DataFrame:
    """A table with fixed types; see `COLUMNS`. One of `PLANNED` that has no file is empty.

    Args:
        path: of the file.
        name: of the table.
        schema: of the folder; below the present one, columns, kinds and embeddings have former
            names, which are read as the present ones. Names of models stay as they are.

    Raises:
        StoreError: with file and line: a column that is missing, or a value of another type; two
            former names of columns that are one name now.
    """
    planned = name not in PLANNED or path.exists()
    text = read_text(path) if planned else f"{','.join(COLUMNS[name])}\n"
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    with reading(path, CURE):
        lines = [(reader.line_num, row) for row in reader]  # each with the line on which it ends
    header = lines[0][1]
    if schema < SCHEMA:
        try:
            header = names.now_called(header, names.COLUMNS)
        except ValueError as error:
            raise StoreError(f"{path}: {error}; {CURE}") from error
    _check_columns(str(path), header, COLUMNS[name])
    for line, row in lines[1:]:
        if len(row) != len(header):
            expected = f"expected {len(header)} values, found {len(row)}"
            raise StoreError(f"{path}:{line}: {expected}; {CURE}")
    columns = {
        column: _parsed(path, column, [(line, row[i]) for line, row in lines[1:]])
        for i, column in enumerate(header)
    }
    table = pd.DataFrame(columns)[list(COLUMNS[name])]
    if schema < SCHEMA:
        for column, present_names in _FORMER_VALUES.items():
            if column in table:
                table[column] = renamed(table[column], present_names)
    return table


def renamed(column: pd.Series, present_names: Mapping[str, str]) -> pd.Series:
    """The column with these whole values under other names."""
    return column.map(lambda value: present_names.get(value, value)).astype(column.dtype)


def _parsed(path: Path, column: str, texts: Sequence[tuple[int, str]]) -> pd.Series:
    """The values of one column, given with the line of each."""
    kind, values = _TYPES.get(column, _TEXT), []
    for line, text in texts:
        try:
            values.append(kind.parse(text))
        except (KeyError, ValueError) as error:
            message = f"{path}:{line}: {column}: found {text!r}, expected {kind.expected}; {CURE}"
            raise StoreError(message) from error
    with reading(path, CURE):  # a number may be too large for its column
        return pd.Series(values, dtype=kind.dtype)


def _check_columns(place: str, columns: list[str], expected: tuple[str, ...]) -> None:
    missing = [c for c in expected if c not in columns]
    unknown = [c for c in columns if c not in expected]
    if missing:
        raise StoreError(f"{place}: column {', '.join(missing)} missing; {CURE}")
    if unknown or len(columns) != len(expected):
        shown = ", ".join(unknown) or "a repeated column"
        raise StoreError(f"{place}: found {shown}, expected {', '.join(expected)}; {CURE}")
