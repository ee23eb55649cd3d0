"""The tables for the terminal, as rich renderables; the command line prints them."""

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from wordrel.report import claims_section, queries
from wordrel.report.compare import DIFFERENT, VERDICTS, Comparison
from wordrel.report.headline import Cell, Headline, headlines
from wordrel.report.queries import Column, Row
from wordrel.report.tables import ARROWS, signature
from wordrel.report.text import NOTHING, with_interval
from wordrel.study.results import Results


def headline_tables(results: Results) -> list[Group]:
    """The headline tables of all corpora and questions, each with its notes and signature."""
    return [
        _headline(results, headline)
        for corpus in queries.corpora(results)
        for question in queries.questions(results)
        for headline in headlines(results, corpus, question)
    ]


def claims_table(results: Results) -> Table | None:
    """What the study says of each claim that it can decide; None where it decides none."""
    found = claims_section.told(results)
    if not found:
        return None
    table = _table(claims_section.TITLE, list(claims_section.HEADS), [])
    for claim, verdict, evidence in found:
        table.add_row(Text(claim), Text(verdict, style="bold"), Text(evidence))
    return table


def comparison_table(comparison: Comparison) -> Group:
    """The scores of two results side by side; what moved beyond its interval is marked."""
    scored = comparison.table.dropna(subset=["score_first", "score_second"], how="all")
    tables = [_side_by_side(str(name), part) for name, part in scored.groupby("corpus", sort=False)]
    sides = f"first:  {comparison.first}\nsecond: {comparison.second}"
    return Group(*tables, Text(f"{sides}\n{_moved(comparison)}"))


def verdicts_table(verdicts: pd.DataFrame) -> Table:
    """How many cells have which verdict, and the cells that are different."""
    table = _table("", ["verdict", "corpus", "model", "task"], ["cells", "first", "second"])
    for verdict in VERDICTS:
        cells = verdicts[verdicts["verdict"] == verdict]
        table.add_row(Text(verdict), "", "", "", str(len(cells)), "", "", style="bold")
        for r in queries.rows(cells) if verdict == DIFFERENT else ():
            table.add_row(*(Text(cell) for cell in _different(r)))
    return table


def _headline(results: Results, headline: Headline) -> Group:
    title = ", ".join(filter(None, (headline.question, headline.title)))
    heads = ["seeds", *(_title(c) for c in headline.columns)]
    table = _table(f"{headline.corpus}: {title}", ["", "model", "view"], heads)
    for line in headline.lines:
        cells = [_cell(cell) for cell in line.cells]
        table.add_row(line.letter, Text(line.model), Text(line.view), line.seeds, *cells)
    table.add_section()
    for name, values in headline.footer:
        table.add_row("", name, "", "", *values, style="dim")
    notes = [f"{i} {note}" for i, note in enumerate(headline.notes, start=1)]
    beats = "letters after a score: the rows that it beats (p < 0.05 after Holm)"
    below = Text("\n".join([*notes, beats, signature(results, headline), ""]), style="dim")
    return Group(table, below)


def _table(title: str, words: list[str], numbers: list[str]) -> Table:
    heading = Text(title, style="bold") if title else None
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD)
    for name in words:
        table.add_column(Text(name))
    for name in numbers:
        table.add_column(Text(name), justify="right")
    return table


def _title(column: Column) -> str:
    measure = f"\n{column.measure} {ARROWS[column.better]}" if column.measure else ""
    return f"{column.task}{measure}"


def _cell(cell: Cell) -> Text:
    if cell.note is not None:
        return Text.assemble(NOTHING, (f" {cell.note}", "dim"))
    score = with_interval(cell.score, cell.low, cell.high)
    return Text.assemble(score, (f" {cell.marks}" if cell.marks else "", "bold green"))


def _side_by_side(corpus: str, scored: pd.DataFrame) -> Table:
    table = _table(corpus, ["model", "task", "view"], ["first", "second", ""])
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
