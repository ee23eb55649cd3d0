"""speed.csv and the page rendered from it: nothing on the page is typed by hand.

Reads and writes `speed.csv`, `environment.json` and `report.md` of one folder.
"""

import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.rows import Row
from wordrel.errors import StoreError
from wordrel.io.files import write_json, write_text
from wordrel.report.text import NOTHING, count, escape, number, table

TITLES = {
    "throughput": "Throughput",
    "operations": "Operations of a step",
    "softmax": "Full softmax",
    "statistics": "Statistics of a study",
    "tried": "Tried by the first edition, and not kept",
}
"""The parts, in the order of the page; the last is not measured again."""

_NUMBERS = {**dict.fromkeys(("value", "low", "high", "first"), "float64"), "n": "int64"}
_TYPES = {field.name: _NUMBERS.get(field.name, "str") for field in fields(Row)}

_OPENING = """# Speed

What is measured, beside what, and with which aim was written before the first full run, in
[benchmarks/speed.py](../../benchmarks/speed.py). Every number is the median of n rounds with
their range. A ratio is taken within a round, in which everything runs once, one after the other, in
one thread; gensim's one worker has a second thread that feeds it. `cbow` and `skip_gram` are
gensim's: of the implementations of word2vec that can be installed, gensim is the fastest (fastText,
floret and one in Rust are slower). The machine and the commit of each part stand in
[environment.json](environment.json), the numbers in [speed.csv](speed.csv). `first edition` is what
the first edition of wordrel reached. Nothing here ran on a graphics card.
"""


def as_table(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows as a table."""
    return by_part(pd.DataFrame(list(rows), columns=[*_TYPES]).astype(_TYPES))


def by_part(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of the page.

    Raises:
        ValueError: a part that is none.
    """
    return rows.sort_values("part", kind="stable", key=lambda its: its.map([*TITLES].index))


def to_csv(rows: pd.DataFrame) -> str:
    """A line a row, after the header; no value is an empty field."""
    return str(rows.to_csv(index=False, float_format=_written, lineterminator="\n"))


def _written(value: Any) -> str:
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a file; none where there is no such file.

    Raises:
        StoreError: a file that is not as `to_csv` writes it.
    """
    if not path.exists():
        return as_table([])
    text, empty = path.read_text(encoding="utf-8"), {name: [""] for name in _NUMBERS}
    cure = "take the file from git again, or run python -m benchmarks.speed"
    try:
        rows = pd.read_csv(
            io.StringIO(text),
            usecols=[*_TYPES],
            dtype=_TYPES,
            keep_default_na=False,
            na_values=empty,
        )
        rows = by_part(rows)
    except ValueError as error:
        expected = f"the columns {', '.join(_TYPES)}, and the parts {', '.join(TITLES)}"
        raise StoreError(f"{path}: {error}; expected {expected}; {cure}") from error
    if to_csv(rows) != text:
        raise StoreError(f"{path}: not written as `store_part` writes it; {cure}")
    return rows


def store_part(folder: Path, part: str, rows: Iterable[Row], about: Mapping[str, Any]) -> None:
    """Replace the rows of one part, and what is known of the machine that it ran on.

    Raises:
        StoreError: when what is there cannot be read, or the disk refuses.
    """
    stored, known = read_rows(folder / "speed.csv"), folder / "environment.json"
    merged = pd.concat([stored[stored["part"] != part], as_table(rows)])
    abouts = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    abouts[part] = about
    write_text(folder / "speed.csv", to_csv(by_part(merged)))
    write_json(known, {part: abouts[part] for part in TITLES if part in abouts})
    write_text(folder / "report.md", render(read_rows(folder / "speed.csv")))


def render(rows: pd.DataFrame) -> str:
    """The page: first every number that has an aim, then each part by itself."""
    aimed = [row for row in rows.itertuples() if row.aim]
    met, words = sum(row.met == "yes" for row in aimed), {"yes": "met", "no": "**not met**"}
    heads = ["what", "beside", "measure", "first edition", "aim", "", "measured", "n"]
    lines = [
        [*_names(row), _first(row), str(row.aim), words[str(row.met)], *_numbers(row)]
        for row in aimed
    ]
    parts = [_OPENING, f"## Aims\n\n{met} of {len(aimed)} are met.\n\n{table(heads, lines, 6)}\n"]
    heads = ["what", "beside", "measure", "measured", "n"]
    for part, title in TITLES.items():
        its = rows[rows["part"] == part].itertuples()
        if lines := [[*_names(row), *_numbers(row)] for row in its]:
            parts.append(f"## {title}\n\n{table(heads, lines, 3)}\n")
    return "\n".join(parts)


def _first(row: Any) -> str:
    return NOTHING if math.isnan(row.first) else f"{shown(row.first)} {row.unit}"


def _names(row: Any) -> list[str]:
    return [escape(text) for text in (row.what, row.beside, row.measure)]


def _numbers(row: Any) -> list[str]:
    """The number with its range and unit, and n."""
    ends = f" [{shown(row.low)}, {shown(row.high)}]" if row.n > 1 else ""
    return [f"{shown(row.value)}{ends} {row.unit}", count(row.n)]


def shown(value: float) -> str:
    """About three figures; whole numbers from 100 on."""
    if abs(value) >= 100:
        return count(value)
    return number(value, 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1)
