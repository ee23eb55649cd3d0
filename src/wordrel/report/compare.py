"""Two results side by side: which numbers moved, and whether one reproduces the other.

A number *moved beyond its interval* when each score lies outside the other's interval: the second
outside the first's and the first outside the second's. With both conditions, one narrow interval
cannot flag a difference that the other's uncertainty explains. A score without an interval must be
the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from wordrel.errors import StoreError
from wordrel.report.queries import Row, rows
from wordrel.study.results import Results
from wordrel.study.schema import COLUMNS, CURE, printed

SUMMARY_KEY = ("corpus", "model", "question", "task", "measure", "embedding")
CELL_KEY = ("corpus", "model", "seed", "question", "task", "measure", "embedding")

IDENTICAL, WITHIN, DIFFERENT = "identical", "within intervals", "different"
VERDICTS = (IDENTICAL, WITHIN, DIFFERENT)
"""From best to worst; a study's verdict is the worst of its runs."""

Key = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Rows of two summaries.

    `table` has the columns of `SUMMARY_KEY`, then score, low and high of each side
    (`score_first`, ...), `found` (both, first or second) and `moved` (True only where both
    have the row).
    """

    first: str
    second: str
    table: pd.DataFrame

    @property
    def moved(self) -> pd.DataFrame:
        """The rows whose numbers moved beyond their intervals."""
        return self.table[self.table["moved"]]

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`: identical where both print the same scores and intervals.

        Different where a number moved, or where only one side has a row.
        """
        in_both = self.table["found"] == "both"
        if self.table.empty or not in_both.all() or self.table["moved"].any():
            return DIFFERENT
        same = (_prints(self.table, "first") == _prints(self.table, "second")).all(axis=None)
        return IDENTICAL if same else WITHIN


def compare(first: Results, second: Results) -> Comparison:
    """All rows of both summaries, in the order of the first, then what only the second has.

    Raises:
        StoreError: a summary that has the same row twice.
    """
    joined = _join(first.summary, second.summary, SUMMARY_KEY)
    table = pd.DataFrame(
        [_side_by_side(key, a, b) for key, (a, b) in joined.items()],
        columns=[*SUMMARY_KEY, *_SIDES, "found", "moved"],
    )
    return Comparison(_name(first), _name(second), table.astype({"moved": bool}))


def verdicts(first: Results, second: Results) -> pd.DataFrame:
    """Each row of scores.csv.xz with its verdict: identical, within intervals or different.

    Identical rows print the same digits in every column; a row that only one side has, and an
    answer where the other has none, is different. Columns: `CELL_KEY`, score_first, score_second,
    verdict.
    """
    joined = _join(first.scores, second.scores, CELL_KEY)
    body = [(*key, _score(a), _score(b), _verdict(a, b)) for key, (a, b) in joined.items()]
    return pd.DataFrame(body, columns=[*CELL_KEY, "score_first", "score_second", "verdict"])


def overall(table: pd.DataFrame) -> str:
    """The worst verdict of all runs; no runs at all are different, for nothing was shown."""
    return max(table["verdict"], key=VERDICTS.index, default=DIFFERENT)


_SIDES = tuple(
    f"{what}_{side}" for side in ("first", "second") for what in ("score", "low", "high")
)


def _prints(table: pd.DataFrame, side: str) -> pd.DataFrame:
    """Scores and intervals of one side as texts, in columns that both sides share."""
    numbers = ("score", "low", "high")
    return pd.DataFrame({c: [printed(v, c) for v in table[f"{c}_{side}"]] for c in numbers})


def _name(results: Results) -> str:
    return f"{results.study} ({results.folder})"


def _join(
    first: pd.DataFrame, second: pd.DataFrame, key: Sequence[str]
) -> dict[Key, tuple[Row | None, Row | None]]:
    left, right = _keyed(first, key), _keyed(second, key)
    return {k: (left.get(k), right.get(k)) for k in dict.fromkeys((*left, *right))}


def _keyed(table: pd.DataFrame, key: Sequence[str]) -> dict[Key, Row]:
    keyed = {tuple(getattr(r, column) for column in key): r for r in rows(table)}
    if len(keyed) != len(table):
        twice = table[table.duplicated(list(key))].iloc[0]
        shown = ", ".join(str(twice[column]) for column in key)
        raise StoreError(f"the row of {shown} stands there more than once; {CURE}")
    return keyed


def _side_by_side(key: Key, a: Row | None, b: Row | None) -> Key:
    numbers = [getattr(r, c, float("nan")) for r in (a, b) for c in ("score", "low", "high")]
    sides = "both" if a is not None and b is not None else "second" if a is None else "first"
    return (*key, *numbers, sides, sides == "both" and _moved(a, b))


def _moved(a: Row, b: Row) -> bool:
    if pd.isna(a.score) or pd.isna(b.score):
        return bool(pd.isna(a.score) != pd.isna(b.score))
    if printed(a.score, "score") == printed(b.score, "score"):
        return False
    return not (a.low <= b.score <= a.high or b.low <= a.score <= b.high)


def _verdict(a: Row | None, b: Row | None) -> str:
    if a is None or b is None:
        return DIFFERENT
    if all(printed(getattr(a, c), c) == printed(getattr(b, c), c) for c in COLUMNS["scores"]):
        return IDENTICAL
    if pd.isna(a.score) or _moved(a, b):
        return DIFFERENT
    return WITHIN


def _score(row: Row | None) -> float:
    return float("nan") if row is None else float(row.score)
