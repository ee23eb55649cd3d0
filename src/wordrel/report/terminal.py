"""The report's tables for the terminal, and two results side by side, as rich renderables."""

import re
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from wordrel.report import claims, queries
from wordrel.report import document as doc
from wordrel.report.compare import DIFFERENT, VERDICTS, Comparison
from wordrel.report.headline import column_groups, headlines
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, with_interval
from wordrel.study.results import Results

_BEATS = "letters after a score: the rows that it beats (p < 0.05 after Holm)"
_STYLES = {doc.STRONG: "bold", doc.EMPHASIS: "italic", doc.RAISED: "bold green"}
_MARKS = re.compile(f"([{''.join(_STYLES)}])")
_SIGNS = str.maketrans({**dict.fromkeys(doc.NAME + doc.CODE), doc.BREAK: "\n"})


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
    """What the study says of each claim that it can decide; None where it decides none."""
    found = claims.claims_table(results)
    return _written(found[0], claims.TITLE) if found else None


def comparison_table(comparison: Comparison) -> Group:
    """The scores of two results side by side; what moved beyond its interval is marked."""
    scored = comparison.table.dropna(subset=["score_first", "score_second"], how="all")
    tables = [_side_by_side(str(name), part) for name, part in scored.groupby("corpus", sort=False)]
    sides = f"first:  {comparison.first}\nsecond: {comparison.second}"
    return Group(*tables, Text(f"{sides}\n{_moved(comparison)}"))


def verdicts_table(verdicts: pd.DataFrame) -> Table:
    """How many cells have which verdict, and the cells that are different."""
    table = _table("", ["verdict", "corpus", "model", "task", "cells", "first", "second"], words=4)
    for verdict in VERDICTS:
        cells = verdicts[verdicts["verdict"] == verdict]
        table.add_row(Text(verdict), "", "", "", str(len(cells)), "", "", style="bold")
        for r in queries.rows(cells) if verdict == DIFFERENT else ():
            table.add_row(*(Text(cell) for cell in _different(r)))
    return table


def _below_each_other(title: str, blocks: Sequence[doc.Block]) -> Group:
    tables = [_written(block, title) for block in blocks if isinstance(block, doc.Table)]
    said = [_text(block.text) for block in blocks if isinstance(block, doc.Paragraph)]
    below = Text("\n").join([*said[:-1], Text(_BEATS), *said[-1:]])
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
    """One line of the report: what is raised stands behind, in a colour of its own."""
    shown = Text()
    style = ""
    for part in _MARKS.split(inline.translate(_SIGNS)):
        ends = next((marks for marks in _STYLES if part and part in marks), None)
        if ends is None:
            shown.append(part, style or None)
        else:
            style = _STYLES[ends] if part == ends[0] else ""
            inside = shown.plain and not shown.plain.endswith("\n")
            shown.append(" " if part == doc.RAISED[0] and inside else "")
    return shown


def _table(title: str, heads: Sequence[str | Text], words: int) -> Table:
    heading = Text(title, style="bold") if title else None
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < words else "right")
    return table


def _side_by_side(corpus: str, scored: pd.DataFrame) -> Table:
    table = _table(corpus, ["model", "task", "view", "first", "second", ""], words=3)
    for r in queries.rows(scored):
        first = with_interval(r.score_first, r.low_first, r.high_first)
        second = with_interval(r.score_second, r.low_second, r.high_second)
        remark = "moved" if r.moved else "" if r.found == "both" else f"only {r.found}"
        style = "bold red" if r.moved else "yellow" if remark else ""
        cells = (r.model, f"{r.task} {r.measure}", r.view, first, second, remark)
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def _moved(comparison: Comparison) -> str:
    both = int((comparison.table["found"] == "both").sum())
    return (
        f"{len(comparison.moved)} of {both} shared numbers moved beyond their intervals "
        "(each score outside the other's interval)"
    )


def _different(row: Row) -> tuple[str, ...]:
    scores = (NOTHING if pd.isna(s) else f"{s:.6g}" for s in (row.score_first, row.score_second))
    return (
        "",
        row.corpus,
        f"{row.model}, seed {row.seed}",
        f"{row.task} {row.measure}",
        "",
        *scores,
    )
