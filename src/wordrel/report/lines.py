"""Lines with a label and a number in each column: one table of them, and a chart a column.

They show measurements that are no scores of tasks: attention weights, added losses, agreement of
seeds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wordrel.report import charts, queries
from wordrel.report.document import Block, Chart, Figure, Paragraph, Spec, Table, name, strong
from wordrel.report.looks import looks
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, capital, with_interval
from wordrel.report.verdicts import counted, value_of
from wordrel.study.results import Results

_CAPTION = "Dots with {level} intervals. A model has the same colour and marker in every figure."


class Line(NamedTuple):
    """Its label, the model that gives the colour, and column -> row."""

    label: str
    model: str
    cells: Mapping[str, Row | None]


@dataclass(frozen=True)
class Lines:
    """Lines over the same columns.

    Attributes:
        title: what the numbers are.
        lines: without those that have no number.
    """

    title: str
    lines: Sequence[Line]

    @property
    def columns(self) -> list[str]:
        """Those that have a number, in the order of the first line that has it."""
        named = [c for line in self.lines for c, row in line.cells.items() if row is not None]
        return queries.distinct(named)


def by_model(
    results: Results,
    title: str,
    models: Iterable[str],
    columns: Mapping[str, str],
    row: Callable[[str, str], Row | None],
) -> Lines:
    """A line for each model of which something was measured.

    Args:
        results: of the study.
        title: what the numbers are.
        models: in their order.
        columns: what `row` is called with -> the head of the column.
        row: of a model in a column; None where there is none.
    """
    lines = [
        Line(queries.label(results, model), model, {h: row(model, c) for c, h in columns.items()})
        for model in models
    ]
    return Lines(title, known(lines))


def known(lines: Iterable[Line]) -> list[Line]:
    """The lines that have a number."""
    return [line for line in lines if any(row is not None for row in line.cells.values())]


def tables(groups: Sequence[Lines]) -> list[Block]:
    """A table for each, with n and seeds below it."""
    return [block for group in groups if group.lines for block in _table(group)]


def _table(group: Lines) -> list[Block]:
    columns = group.columns
    rows = [[name(line.label), *(cell(line.cells.get(c)) for c in columns)] for line in group.lines]
    every = [row for line in group.lines for row in line.cells.values()]
    return [
        Table(
            ["", *map(name, columns)],
            rows,
            title=strong(name(capital(group.title))),
        ),
        Paragraph(f"{counted(every)}."),
    ]


def cell(row: Row | None) -> str:
    """Its number with the interval, as it stands in a table."""
    return NOTHING if row is None else with_interval(value_of(row), row.low, row.high)


def figure(results: Results, file: str, groups: Sequence[Lines]) -> Figure | None:
    """A chart for each column, with one axis for those that mean the same; None without lines."""
    drawn = [
        Chart(column, _chart(results, group, column))
        for group in groups
        for column in group.columns
        if group.lines
    ]
    titles = "; ".join(group.title for group in groups if group.lines)
    words = f"{titles}. The table below has the numbers."
    level = queries.level(results)
    columns = min(2, len(drawn))
    return (
        Figure(file, drawn, words, _CAPTION.format(level=level), columns=columns) if drawn else None
    )


def _chart(results: Results, group: Lines, column: str) -> Spec:
    rows = [
        {"line": line.label, **charts.interval("value", value_of(row), row.low, row.high)}
        for line in group.lines
        if (row := line.cells.get(column)) is not None
    ]
    of_lines = {line.label: looks(results)[line.model] for line in group.lines}
    colours = charts.named("line", {name: look.colour for name, look in of_lines.items()})
    dot = {
        "x": charts.field("value", "quantitative", title=group.title, **_axis(group)),
        "stroke": colours,
        "fill": colours,
        "shape": charts.named("line", {name: look.shape for name, look in of_lines.items()}),
        "tooltip": charts.tips("line", "value", "low", "high"),
    }
    side = {"y": charts.side("line", list(of_lines))}
    return charts.chart(rows, charts.dots(dot), side, {"step": 20})


def _axis(group: Lines) -> Spec:
    """One for all columns."""
    rows = [row for line in group.lines for row in line.cells.values() if row is not None]
    ends = [end for row in rows for end in (value_of(row), row.low, row.high)]
    return charts.shared(ends)
