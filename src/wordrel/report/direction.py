"""Does a reading know which way a relation goes? Direction accuracy of every reading.

Reads tables, returns figures; the same tables give the same drawing.
"""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wordrel.report import queries
from wordrel.report.drawing import FAINT, INK, MARKS, OTHER, PAPER, WIDTH, layout, styled
from wordrel.report.queries import Column, Row
from wordrel.report.text import number
from wordrel.study.results import Results

CAPTION = (
    "Does a reading know which way a relation goes? Bold and filled: the primary reading; the "
    "others are exploratory. The broken line is chance."
)

KIND = "direction"
"""The kind of task that is drawn; without kinds in the manifest, tasks whose name ends in it."""

_ROW = 0.2  # inches

Key = tuple[str, str]  # model, view
Panel = tuple[str, Column]  # corpus, task


def panels(results: Results, question: str) -> dict[Panel, dict[Key, Row]]:
    """(corpus, column) -> (model, view) -> the row, for every reading that has an answer."""
    found: dict[Panel, dict[Key, Row]] = {}
    for corpus in queries.corpora(results):
        for column in queries.main_columns(results, corpus, question):
            if _is_direction(results, column):
                rows = _readings(results, corpus, column)
                found |= {(corpus, column): rows} if rows else {}
    return found


def direction_figure(results: Results, question: str) -> Figure | None:
    """A line for each reading of each model, panels side by side; None without such a task."""
    drawn = panels(results, question)
    if not drawn:
        return None
    families = queries.families(results)
    lines = _lines(results, drawn)
    with styled():
        tall = _ROW * len(lines) + 1.4
        figure = Figure(figsize=(WIDTH, tall), layout=layout())
        axes = figure.subplots(1, len(drawn), squeeze=False, sharey=True)[0]
        for ax, ((corpus, column), rows) in zip(axes, drawn.items(), strict=True):
            _draw(ax, rows, lines, families)
            ax.set_title(f"{column.task}\n{corpus}", loc="left", fontsize=10)
            ax.set_xlabel(column.measure, fontsize=10)
        labels = axes[0].get_yticklabels()
        primary = {key for rows in drawn.values() for key, r in rows.items() if r.primary}
        for label, key in zip(labels, lines, strict=True):
            label.set_fontweight("bold" if key in primary else "normal")
    return figure


def direction_alt(results: Results, question: str) -> str:
    """The figure in words: the best reading of each panel beside chance."""
    shown = []
    for (corpus, column), rows in panels(results, question).items():
        (model, view), best = max(rows.items(), key=lambda item: item[1].score)
        against = "" if pd.isna(best.chance) else f" (chance {number(best.chance)})"
        place = f"{corpus}, {column.task}"
        shown.append(f"{place}: {model} {view} {number(best.score)}{against}")
    opening = "Does a reading know which way a relation goes? Bold: primary readings. Best: "
    return f"{opening}{'; '.join(shown)}." if shown else ""


def _is_direction(results: Results, column: Column) -> bool:
    name = queries.base(results, column.task)
    kinds = {str(t["name"]): t.get("kind") for t in results.manifest["tasks"]}
    return str(kinds.get(name) or name.rpartition("_")[2]) == KIND


def _readings(results: Results, corpus: str, column: Column) -> dict[Key, Row]:
    return {
        (r.model, r.view): r
        for r in queries.asked(results, corpus, column.question)
        if (r.task, r.measure) == (column.task, column.measure) and not pd.isna(r.score)
    }


def _lines(results: Results, drawn: Mapping[Panel, Mapping[Key, Row]]) -> list[Key]:
    """Every reading of any panel, by model in the order of the study."""
    order = {model: i for i, model in enumerate(queries.kinds(results))}
    keys = dict.fromkeys(key for rows in drawn.values() for key in rows)
    return sorted(keys, key=lambda key: order[key[0]])


def _draw(ax: Axes, rows: Mapping[Key, Row], lines: list[Key], families: dict[str, str]) -> None:
    for place, key in enumerate(lines):
        if key in rows:
            _dot(ax, place, rows[key], families[key[0]])
        if place and key[0] != lines[place - 1][0]:
            ax.axhline(place - 0.5, color=FAINT, linewidth=0.6)
    chances = {float(r.chance) for r in rows.values() if not pd.isna(r.chance)}
    for chance in chances:
        ax.axvline(chance, color=INK, linestyle=(0, (3, 3)), linewidth=1, zorder=1)
    ax.set_yticks(range(len(lines)), [f"{model} · {view}" for model, view in lines], fontsize=8)
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.locator_params(axis="x", nbins=4)


def _dot(ax: Axes, place: int, row: Row, family: str) -> None:
    """Filled where the reading is the primary one; an interval where there is one."""
    colour, shape = MARKS.get(family, OTHER)
    if not pd.isna(row.low):
        ax.plot([row.low, row.high], [place, place], color=colour, linewidth=1.6, zorder=2)
    face = colour if row.primary else PAPER
    ax.plot([row.score], [place], shape, mec=colour, mfc=face, markersize=5, zorder=3)
