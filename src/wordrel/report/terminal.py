"""The report's tables for the terminal, and two results side by side, as rich renderables."""

import re
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from wordrel.io.visible import visible
from wordrel.report import claims, queries, stored
from wordrel.report import document as doc
from wordrel.report.compare import DIFFERENT, VERDICTS, Comparison
from wordrel.report.headline import column_groups, headlines
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, with_interval
from wordrel.study.results import Results

_BEATS = "letters after a score: the rows that it beats (adjusted p < 0.05)"
_STYLES = {
    **{doc.STRONG: "bold", doc.VERDICT: "bold"},
    **{doc.EMPHASIS: "italic", doc.RAISED: "bold green"},
}
_MARKS = re.compile(f"([{''.join(_STYLES)}])")
_SIGNS = str.maketrans(
    {
        **dict.fromkeys(doc.NAME + doc.CODE),
        **{doc.BREAK: "\n", doc.HIGHER: "↑", doc.LOWER: "↓"},
    }
)
_LABEL = re.compile(f"{doc.LABEL[0]}(.*?){doc.TO}.*?{doc.LABEL[1]}")
"""Its identifier is shown: that is what a reader types here."""


def headline_tables(results: Results) -> list[Group]:
    """The headline tables of all corpora and questions, each with its notes and signature."""
    return [
        _below_each_other(f"{corpus}: {', '.join(filter(None, (question, group.title)))}", blocks)
        for corpus in queries.corpora(results)
        for question in queries.questions(results)
        for group, blocks in zip(
            column_groups(results, corpus, question),
            headlines(results, corpus, question),
            strict=True,
        )
    ]


def claims_table(results: Results) -> Table | None:
    """The verdict on each claim that the study can decide; None where it can decide none."""
    tables = claims.claims_table(results)
    return _written(tables[0], claims.TITLE) if tables else None


def comparison_verdict(comparison: Comparison) -> str:
    """One line: the verdict, the folders, how much moved, and what only one of them has."""
    counts = comparison.table["found"].value_counts()
    sides = {"first": comparison.first, "second": comparison.second}
    alone = [f"; {counts[side]} only in {name}" for side, name in sides.items() if side in counts]
    return (
        f"{comparison.verdict}: {comparison.second} beside {comparison.first}: "
        f"{len(comparison.moved)} of {counts.get('both', 0)} shared numbers moved beyond their "
        f"intervals{''.join(alone)}"
    )


def comparison_tables(comparison: Comparison, *, everything: bool = False) -> list[Group]:
    """The scores of two results side by side: those that moved, or all; perhaps none."""
    shown = comparison.table if everything else comparison.moved
    scored = shown.dropna(subset=["score_first", "score_second"], how="all")
    tables = [_side_by_side(str(name), part) for name, part in scored.groupby("corpus", sort=False)]
    sides = Text(visible(f"first:  {comparison.first}\nsecond: {comparison.second}"))
    return [Group(sides, *tables)] if tables else []


def verdict_counts(verdicts: pd.DataFrame) -> str:
    """How many scores of a reproduction have which verdict."""
    counts = verdicts["verdict"].value_counts()
    return ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)


def verdicts_table(verdicts: pd.DataFrame) -> list[Table]:
    """The scores that are different; no table where there are none."""
    table = _table("", ["corpus", "model", "task", "first", "second"], words=3)
    for r in queries.rows(verdicts, verdict=DIFFERENT):
        table.add_row(*(Text(visible(cell)) for cell in _different(r)))
    return [table] if table.rows else []


def stored_table(frame: pd.DataFrame) -> Table:
    """Rows of a stored table, with the columns for readers."""
    return _written(stored.shown(frame, doc.name), "")


def _below_each_other(title: str, blocks: Sequence[doc.Block]) -> Group:
    tables = [_written(block, title) for block in blocks if isinstance(block, doc.Table)]
    notes = [_text(block.text) for block in blocks if isinstance(block, doc.Paragraph)]
    below = Text("\n").join([*notes[:-1], Text(_BEATS), *notes[-1:]])
    below.stylize("dim")
    return Group(*tables, below, "")


def _written(table: doc.Table, title: str) -> Table:
    """A table of the report, with its foot in grey."""
    shown = _table(title, [_text(head) for head in table.heads], table.words)
    for row in table.rows:
        shown.add_row(*map(_text, row))
    shown.add_section()
    for row in table.foot:
        shown.add_row(*map(_text, row), style="dim")
    return shown


def _text(inline: str) -> Text:
    """One line of the report; raised text follows in its own colour."""
    shown = Text()
    style = ""
    for part in _MARKS.split(_LABEL.sub(r"\1", inline).translate(_SIGNS)):
        ends = next((marks for marks in _STYLES if part and part in marks), None)
        if ends is None:
            shown.append(part, style or None)
        else:
            style = _STYLES[ends] if part == ends[0] else ""
            inside = shown.plain and not shown.plain.endswith("\n")
            shown.append(" " if part == doc.RAISED[0] and inside else "")
    return shown


def _table(title: str, heads: Sequence[str | Text], words: int) -> Table:
    heading = Text(visible(title), style="bold") if title else None
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < words else "right")
    return table


def _side_by_side(corpus: str, scored: pd.DataFrame) -> Table:
    table = _table(corpus, ["model", "task", "embedding", "first", "second", ""], words=3)
    for r in queries.rows(scored):
        first = with_interval(r.score_first, r.low_first, r.high_first)
        second = with_interval(r.score_second, r.low_second, r.high_second)
        remark = "moved" if r.moved else "" if r.found == "both" else f"only {r.found}"
        style = "bold red" if r.moved else "yellow" if remark else ""
        cells = (r.model, f"{r.task} {r.measure}", r.embedding, first, second, remark)
        table.add_row(*(Text(visible(cell)) for cell in cells), style=style)
    return table


def _different(row: Row) -> tuple[str, ...]:
    scores = (NOTHING if pd.isna(s) else f"{s:.6g}" for s in (row.score_first, row.score_second))
    return (
        row.corpus,
        f"{row.model}, seed {row.seed}",
        f"{row.task} {row.measure}",
        *scores,
    )
