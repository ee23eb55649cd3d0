"""How the answers of one cell to one task are kept: item by item, in one parquet file.

Items stand once for each row of the result, and each view's answers in a column beside them; what
is said of a whole row or view, and the measurements, stand in the file's own description.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wordrel.io.files import read_parquet, reading, write_parquet
from wordrel.tasks import Measurement, Outcome

ANSWERS = "answers.parquet"
"""Name of the file, in the folder of one cell and task."""

_ITEMS = ("gold", "covered", "cluster")
_OF_A_VIEW = ("view", "primary", "chance", "note")


def write_answers(
    path: Path, outcomes: Sequence[Outcome], measurements: Sequence[Measurement]
) -> None:
    """Replace the file by these answers; the folder around it is synced, or its loss noticed.

    Raises:
        ValueError: two views of one row have other items.
        StoreError: when the disk refuses.
    """
    rows: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.task, []).append(outcome)
    views = list(dict.fromkeys(outcome.view for outcome in outcomes))
    frames = [_items(number, its, views) for number, its in enumerate(rows.values())]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    table.attrs = {
        "views": views,
        "rows": [_described(its) for its in rows.values()],
        "measurements": [asdict(measurement) for measurement in measurements],
    }
    write_parquet(path, table, durable=False)


def _items(number: int, outcomes: Sequence[Outcome], views: Sequence[str]) -> pd.DataFrame:
    first = outcomes[0]
    for outcome in outcomes:
        if not all(np.array_equal(getattr(outcome, k), getattr(first, k)) for k in _ITEMS):
            raise ValueError(f"{outcome.task}: found other items in view {outcome.view!r}")
    items = {name: getattr(first, name) for name in _ITEMS}
    answers = {_column(views.index(outcome.view)): outcome.predicted for outcome in outcomes}
    return pd.DataFrame(
        {"row": np.full(len(first.gold), number, dtype=np.int32), **items} | answers
    )


def _column(view: int) -> str:
    return f"answer_{view}"


def _described(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    first = outcomes[0]
    return {
        "task": first.task,
        "measure": first.measure,
        "better": first.better,
        "detail": first.detail,
        "views": [{name: getattr(o, name) for name in _OF_A_VIEW} for o in outcomes],
    }


def read_outcomes(path: Path) -> list[Outcome]:
    """The outcomes of one cell and task, as they were stored.

    Raises:
        StoreError: the file cannot be read.
    """
    with reading(path):
        return _outcomes(read_parquet(path))


def _outcomes(table: pd.DataFrame) -> list[Outcome]:
    about, table.attrs = table.attrs, {}  # which pandas would copy with every column
    views, described = about["views"], about["rows"]
    if not described:
        return []
    ends = np.searchsorted(table["row"], np.arange(len(described)), side="right").tolist()
    gold = table["gold"].to_numpy(dtype=np.float64)
    covered = table["covered"].to_numpy(dtype=np.bool_)
    cluster = table["cluster"].to_numpy(dtype=np.int64)
    answers = {view: table[_column(views.index(view))].to_numpy(dtype=np.float64) for view in views}
    outcomes = []
    for row, items in zip(described, map(slice, [0, *ends[:-1]], ends), strict=True):
        shared = {
            "task": row["task"],
            "measure": row["measure"],
            "gold": gold[items],
            "covered": covered[items],
            "cluster": cluster[items],
            "better": row["better"],
            "detail": row["detail"],
        }
        for view in row["views"]:
            outcomes.append(Outcome(predicted=answers[view["view"]][items], **view, **shared))
    return outcomes


def read_measurements(path: Path) -> list[Measurement]:
    """The measurements of one cell and task, as they were stored.

    Raises:
        StoreError: the file cannot be read.
    """
    with reading(path):
        described = read_parquet(path, columns=[]).attrs
        return [Measurement(**found) for found in described["measurements"]]
