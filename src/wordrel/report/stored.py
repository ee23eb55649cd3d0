"""One stored table of a results folder, or some of its rows, in the formats that others read."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from wordrel.errors import ConfigError
from wordrel.io.visible import visible
from wordrel.report import document as doc
from wordrel.report import markdown
from wordrel.report.queries import Row, chosen, rows
from wordrel.report.text import NOTHING, p_value, small, with_interval
from wordrel.study.results import Results
from wordrel.study.schema import printed, table_to_csv

_SCORES = ("score", "difference", "value", "gain")
_COUNTS = ("n_scored", "n_items", "n")
_FOLDED = ("low", "high", "n_items", "n_covered", "split", "detail", "better", "seed_sd")
"""Columns that stand in another one, or only in the formats that have all: csv and json."""
_WORDS = (
    *("corpus", "model", "kind", "question", "task", "measure", "embedding", "selected", "between"),
    *("embedding_a", "embedding_b", "model_a", "model_b", "dev_task", "group", "statistic", "cell"),
    *("status", "message", "by", "chosen", "note", "file", "file_a", "file_b", "form", "digest"),
    *("examples", "claim", "part", "against", "rule", "outcome", "what", "ingredient", "beside"),
)
_TEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"−": "$-$", NOTHING: "--", "<": "$<$", ">": "$>$"},
    }
)


def select(
    results: Results,
    table: str,
    *,
    corpora: Sequence[str] = (),
    tasks: Sequence[str] = (),
    models: Sequence[str] = (),
) -> pd.DataFrame:
    """The rows of a stored table that have these names; without names, all of them.

    A row of two models is kept where it has the one model that is named, or where both of its
    models are among several named ones.

    Raises:
        StoreError: a name that the table does not have.
        ConfigError: the table has no such column.
    """
    frame: pd.DataFrame = getattr(results, table)
    wanted = {"corpora": (corpora, "corpus"), "tasks": (tasks, "task"), "models": (models, "model")}
    taken = pd.Series(True, index=frame.index)
    for option, (names, column) in wanted.items():
        if names and len(frame):
            columns = [c for c in (column, f"{column}_a", f"{column}_b") if c in frame]
            if not columns:
                raise ConfigError([f"--{option}: table {table} has no {column}; leave it out"])
            known = pd.concat([frame[c] for c in columns]).unique()
            for name in names:
                chosen(f"{results.folder}: --{option}: table {table}", name, known)
            has = frame[columns].isin(names)
            taken &= has.all(axis=1) if len(names) > 1 else has.any(axis=1)
    return frame[taken]


def as_csv(frame: pd.DataFrame, table: str) -> str:
    """All columns as the study stores them, but for what a spreadsheet would run."""
    return table_to_csv(for_sheets(frame), table)


def for_sheets(frame: pd.DataFrame) -> pd.DataFrame:
    """A table in which no text is a formula: one that begins like it gets a leading quote."""
    texts = {str(c): frame[c].map(_quoted) for c in frame.columns if not is_numeric_dtype(frame[c])}
    return frame.assign(**texts)


def _quoted(value: Any) -> Any:
    runs = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if runs else value


def as_json(frame: pd.DataFrame, table: str) -> str:
    """A list of rows with all columns; what is not known is null, and infinity the text "inf"."""
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    finite = [{column: _in_json(value) for column, value in row.items()} for row in records]
    return json.dumps(finite, indent=1, allow_nan=False) + "\n"


def _in_json(value: Any) -> Any:
    """JSON has no infinite numbers, such as the PMI of words that never meet."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def as_markdown(frame: pd.DataFrame, table: str) -> str:
    """What a reader needs: scores with intervals and how many items they are over."""
    return markdown.blocks([shown(frame, doc.name)]) + "\n"


def as_latex(frame: pd.DataFrame, table: str) -> str:
    """The same columns as a `tabular`, which needs no package."""
    drawn = shown(frame, lambda text: visible(str(text)).translate(_TEX))
    lines = [" & ".join(line) + r" \\" for line in (drawn.heads, *drawn.rows)]
    columns = "l" * drawn.words + "r" * (len(drawn.heads) - drawn.words)
    head = [rf"\begin{{tabular}}{{{columns}}}", r"\hline", lines[0], r"\hline"]
    return "\n".join([*head, *lines[1:], r"\hline", r"\end{tabular}"]) + "\n"


WRITERS = {"md": as_markdown, "csv": as_csv, "latex": as_latex, "json": as_json}


def shown(frame: pd.DataFrame, marked: Callable[[str], str]) -> doc.Table:
    """The columns for readers: words first, then numbers; `marked` makes a text fit its format."""
    words = [c for c in frame.columns if c in _WORDS and (c != "note" or frame[c].any())]
    numbers = [c for c in frame.columns if c not in (*_WORDS, *_FOLDED, "n_scored", "n")]
    counts = [c for c in _COUNTS if c in frame]
    heads = [*words, *(_head(c, frame) for c in numbers), *(["n"] if counts else [])]
    body = []
    for r in rows(frame):
        cells = [_cell(r, c) for c in (*words, *numbers)]
        cells += [_count(r, counts)] if counts else []
        body.append([marked(cell) for cell in cells])
    return doc.Table([marked(head) for head in heads], body, words=len(words))


def _head(column: str, frame: pd.DataFrame) -> str:
    return f"{column} [interval]" if column in _SCORES and "low" in frame else column


def _cell(row: Row, column: str) -> str:
    value = getattr(row, column)
    if column in _SCORES:
        return with_interval(value, getattr(row, "low", None), getattr(row, "high", None))
    if column == "chance":
        return small(value)
    if column.startswith("p_") or column == "p":
        return p_value(value)
    return printed(value, column) or ("" if column in _WORDS else NOTHING)


def _count(row: Row, counts: Sequence[str]) -> str:
    """How many items a score is over, of how many there are."""
    numbers = [printed(getattr(row, c), c) for c in counts]
    return " of ".join(filter(None, numbers)) or NOTHING
