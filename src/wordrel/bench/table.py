"""speed.csv and the page rendered from it: nothing on the page is typed by hand.

Reads and writes `speed.csv`, `environment.json` and `report.md` of one folder.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from wordrel.bench.rows import Row
from wordrel.errors import StoreError
from wordrel.io.files import write_json, write_text
from wordrel.report.text import NOTHING, count, escape, number, table

COLUMNS = tuple(field.name for field in fields(Row))
NUMBERS = ("value", "low", "high")
CURE = "take the file from git again, or run experiments/speed.py"
TITLES = {
    "throughput": "Throughput",
    "quality": "Time to quality",
    "operations": "Operations of a step",
    "vocabulary": "Cost against vocabulary",
    "corpus": "Cost against corpus size",
    "memory": "Peak memory",
    "variants": "What was tried",
    "evaluators": "Evaluation",
    "cluster": "A study on hosts",
}
"""The parts, in the order of the page."""

_OPENING = """# Speed and memory

What is measured, beside what, and with which aim was written before the first full run, in
[experiments/speed.py](../../experiments/speed.py). Every number is the median of n rounds with
their range; a ratio is taken within a round, in which everything runs once, one after the other, in
one thread (gensim's one worker has a second thread that feeds it). The machine and the commit of
each part stand in [environment.json](environment.json), the numbers in [speed.csv](speed.csv).
"""


def to_csv(rows: Iterable[Row]) -> str:
    """A line a row, after the header; no value is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_written(value) for value in astuple(row)] for row in rows)
    return out.getvalue()


def _written(value: str | float | int) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
    return str(value)


def read_rows(path: Path) -> list[Row]:
    """The rows of a file; none where there is no such file.

    Raises:
        StoreError: with file and line of what is not as `to_csv` writes it.
    """
    if not path.exists():
        return []
    header, *lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    if tuple(header) != COLUMNS:
        expected = ", ".join(COLUMNS)
        raise StoreError(f"{path}:1: found {', '.join(header)}, expected {expected}; {CURE}")
    return [_row(f"{path}:{place}", line) for place, line in enumerate(lines, start=2)]


def _row(place: str, line: Sequence[str]) -> Row:
    try:
        found: dict[str, Any] = dict(zip(COLUMNS, line, strict=True))
        found |= {key: float(found[key] or "nan") for key in NUMBERS} | {"n": int(found["n"])}
    except ValueError as error:
        raise StoreError(f"{place}: {error}; expected a row of {len(COLUMNS)}; {CURE}") from error
    if found["part"] not in TITLES:
        expected = ", ".join(TITLES)
        raise StoreError(f"{place}: part: found {found['part']}, expected {expected}; {CURE}")
    return Row(**found)


def store_part(folder: Path, part: str, rows: Sequence[Row], about: Mapping[str, Any]) -> None:
    """Replace the rows of one part, and what is known of the machine that it ran on.

    Raises:
        StoreError: when what is there cannot be read, or the disk refuses.
    """
    kept = [row for row in read_rows(folder / "speed.csv") if row.part != part]
    order = list(TITLES)
    merged = sorted([*kept, *rows], key=lambda row: order.index(row.part))
    known = folder / "environment.json"
    abouts = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    write_text(folder / "speed.csv", to_csv(merged))
    write_json(known, {p: about if p == part else abouts[p] for p in order if p in {*abouts, part}})
    write_report(folder)


def write_report(folder: Path) -> None:
    """Render the page of a folder."""
    write_text(folder / "report.md", render(read_rows(folder / "speed.csv")))


def is_stale(folder: Path) -> bool:
    """Whether the page is not, byte for byte, what the stored rows give."""
    page = folder / "report.md"
    expected = render(read_rows(folder / "speed.csv"))
    return not page.exists() or page.read_bytes() != expected.encode()


def render(rows: Sequence[Row]) -> str:
    """The page: first every number that has an aim, then each part by itself."""
    aimed = [row for row in rows if row.aim]
    met = sum(row.met == "yes" for row in aimed)
    parts = [_OPENING, f"## Aims\n\n{met} of {len(aimed)} are met.\n\n{_aims(aimed)}\n"]
    for part, title in TITLES.items():
        its = [row for row in rows if row.part == part]
        parts += [f"## {title}\n\n{_part(its)}\n"] if its else []
    return "\n".join(parts)


def _aims(rows: Sequence[Row]) -> str:
    heads = ["part", "what", "beside", "measure", "aim", "", "measured", "n"]
    words = {"yes": "met", "no": "**not met**", "": "not known"}
    lines = [
        [
            TITLES[r.part],
            *map(escape, (r.what, r.beside, r.measure, r.aim)),
            words[r.met],
            *_last(r),
        ]
        for r in rows
    ]
    return table(heads, lines, left=6)


def _part(rows: Sequence[Row]) -> str:
    heads = ["what", "beside", "measure", "measured", "n"]
    return table(heads, [[*map(escape, (r.what, r.beside, r.measure)), *_last(r)] for r in rows], 3)


def _last(row: Row) -> list[str]:
    """The number with its range and unit, and n."""
    if row.n == 0:
        return [NOTHING, NOTHING]
    ends = f" [{shown(row.low)}, {shown(row.high)}]" if row.n > 1 else ""
    value = f"more than {shown(row.low)}" if math.isnan(row.value) else f"{shown(row.value)}{ends}"
    return [f"{value} {row.unit}".rstrip(), count(row.n)]


def shown(value: float) -> str:
    """About three figures; whole numbers from 100 on."""
    if float(value).is_integer() or abs(value) >= 100:
        return count(value)
    return number(value, 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1)
