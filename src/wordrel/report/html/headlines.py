"""A headline table in HTML: letters, intervals, and the lines below it that stay in place."""

from collections.abc import Sequence

from markupsafe import Markup

from wordrel.report import tables
from wordrel.report.headline import Cell as Score
from wordrel.report.headline import Headline, Line
from wordrel.report.html.markup import Cell, Table, blocks, inline
from wordrel.report.text import NOTHING, code, escape, superscript, with_interval
from wordrel.study.results import Results


def headline_blocks(results: Results, headline: Headline, caption: str) -> list[Markup | Table]:
    """The table, why cells are empty, and its signature.

    Args:
        results: the stored study.
        headline: what the table holds.
        caption: of the table, as Markdown.
    """
    heads = ["", "model", "primary view", "seeds", *map(tables.column_title, headline.columns)]
    shown = Table(
        inline(f"{caption} · {escape(headline.title)}" if headline.title else caption),
        _cells(heads),
        [_cells(_line(line)) for line in headline.lines],
        [_cells(["", f"*{name}*", "", "", *cells]) for name, cells in headline.footer],
    )
    notes = [f"<sup>{i}</sup> {escape(note)}" for i, note in enumerate(headline.notes, start=1)]
    below = [*notes, code(tables.signature(results, headline))]
    return [shown, *(block for text in below for block in blocks(text, caption))]


def _cells(texts: Sequence[str]) -> list[Cell]:
    return [Cell(inline(text), words=place < 3) for place, text in enumerate(texts)]


def _line(line: Line) -> list[str]:
    names = [line.letter, escape(line.model), escape(line.view) or NOTHING, line.seeds]
    return [*names, *map(_score, line.cells)]


def _score(cell: Score) -> str:
    if cell.note is not None:
        return NOTHING + superscript(str(cell.note))
    return with_interval(cell.score, cell.low, cell.high) + superscript(cell.marks)
