"""The two figures: scores with intervals and chance, and which models agree on neighbours.

Reads tables, returns figures; the same tables give the same drawing.
"""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from wordrel.report import agreement, queries
from wordrel.report.drawing import FAINT, INK, MARKS, OTHER, PAPER, WIDTH, layout, styled
from wordrel.report.findings import front
from wordrel.report.queries import Column, Row
from wordrel.report.text import number, percent
from wordrel.study.results import Results

_TITLE_LENGTH = 35  # characters of 12 points above a panel of half the width
_FEW = 10  # models that a panel shows whether or not they have an answer
_MOST = 12  # columns; a study of more shows differences, question by question (`forest`)


def scores_figure(results: Results) -> Figure | None:
    """Dots with whiskers, a panel for each column and corpus; None when nothing was scored."""
    corpora = queries.corpora(results)
    grid = _scores_grid(results, corpora)
    if not grid:
        return None
    with styled():
        heights = [0.9 + 0.28 * max(len(_lines(results, *panel)) for panel in row) for row in grid]
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout=layout())
        axes = figure.subplots(
            len(grid),
            max(len(row) for row in grid),
            squeeze=False,
            gridspec_kw={"height_ratios": heights},
        )
        for line, row in zip(axes, grid, strict=True):
            for ax, (corpus, column) in zip(line, row, strict=False):
                _score_panel(ax, results, corpus, column)
                same = _lines(results, corpus, column) == _lines(results, *row[0])
                ax.tick_params(labelleft=ax is line[0] or not same)
            for ax in line[len(row) :]:
                ax.set_axis_off()
        _score_legend(figure, results)
    return figure


def agreement_figure(results: Results) -> Figure | None:
    """A heat map for each corpus; the diagonal is between seeds. None without agreement."""
    corpora = [c for c in queries.corpora(results) if _overlaps(results, c)]
    if not corpora:
        return None
    most = max(len(_agreeing(results, c)) for c in corpora)
    wide = 1 if most > 7 or len(corpora) == 1 else 2
    tall = -(-len(corpora) // wide)
    with styled():
        side = min(WIDTH / wide, 2.4 + 0.62 * most)
        figure = Figure(figsize=(WIDTH, tall * side), layout=layout())
        axes = figure.subplots(tall, wide, squeeze=False).ravel()
        for ax, corpus in zip(axes, corpora, strict=False):
            _agreement_panel(ax, results, corpus)
        for ax in axes[len(corpora) :]:
            ax.set_axis_off()
    return figure


def scores_alt(results: Results) -> str:
    """The scores figure in words: the front of each panel; empty where there is no figure."""
    level = percent(results.manifest["statistics"]["confidence"])
    panels = [
        f"{corpus}, {column.task}: {best.model} {number(best.score)}"
        for row in _scores_grid(results, queries.corpora(results))
        for corpus, column in row
        if (best := front(results, corpus, column)) is not None
    ]
    shown = f"Scores with {level} intervals and chance lines. Best model by panel: "
    return f"{shown}{'; '.join(panels)}." if panels else ""


def agreement_alt(results: Results) -> str:
    """The agreement figure in words, or nothing: the two nearest models on each corpus."""
    corpora = [c for c in queries.corpora(results) if _overlaps(results, c)]
    shown = f"Shared nearest neighbours of models and seeds on {' and '.join(corpora)}."
    nearest = [pair for corpus in corpora if (pair := _nearest(results, corpus))]
    nearest_shown = f" Nearest two models: {'; '.join(nearest)}." if nearest else ""
    return shown + nearest_shown if corpora else ""


def _nearest(results: Results, corpus: str) -> str:
    pair = agreement.nearest(results, corpus)
    if pair is None:
        return ""
    return f"{corpus}: {pair.model_a} and {pair.model_b} {number(pair.score, 2)}"


def _scores_grid(results: Results, corpora: Sequence[str]) -> list[list[tuple[str, Column]]]:
    """Rows of panels: a row a column with corpora side by side, or two columns of one corpus."""
    found = [
        (corpus, column)
        for question in queries.questions(results)
        for column in _all_columns(results, question)
        for corpus in corpora
        if column in queries.columns(results, corpus, question)
        and front(results, corpus, column) is not None
    ]
    if len(dict.fromkeys(column for _, column in found)) > _MOST:
        return []
    if len(corpora) == 1:
        return [found[i : i + 2] for i in range(0, len(found), 2)]
    rows: list[list[tuple[str, Column]]] = []
    for column in dict.fromkeys(c for _, c in found):
        row = [panel for panel in found if panel[1] == column]
        rows += [row[i : i + 3] for i in range(0, len(row), 3)]
    return rows


def _all_columns(results: Results, question: str) -> list[Column]:
    every = [queries.columns(results, c, question) for c in queries.corpora(results)]
    return list(dict.fromkeys(column for columns in every for column in columns))


def _lines(results: Results, corpus: str, column: Column) -> list[str]:
    """The models of a panel; among many, those without an answer are left to the table."""
    models = queries.models(results, corpus)
    if len(models) <= _FEW:
        return models
    answers = queries.answers(results, corpus, column)
    return [m for m in models if m in answers and not pd.isna(answers[m].score)]


def _score_panel(ax: Axes, results: Results, corpus: str, column: Column) -> None:
    models = _lines(results, corpus, column)
    answers = queries.answers(results, corpus, column)
    families = queries.families(results)
    for place, model in enumerate(models):
        _dot(ax, place, answers.get(model), families[model])
    chances = [r.chance for r in answers.values() if not pd.isna(r.chance)]
    if chances:
        ax.axvline(chances[0], color=INK, linestyle=(0, (3, 3)), linewidth=1, zorder=1)
    ax.set_yticks(range(len(models)), models)
    ax.set_ylim(len(models) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.margins(x=0.08)
    ax.locator_params(axis="x", nbins=5)
    title = f"{column.task} · {corpus}"
    size = 12 * min(1, _TITLE_LENGTH / len(title))
    ax.set_title(title, loc="left", fontsize=size)
    ax.set_xlabel(f"{column.measure} ({column.better} is better)")


def _dot(ax: Axes, place: int, row: Row | None, family: str) -> None:
    if row is None or pd.isna(row.score):
        across = ax.get_yaxis_transform()
        text = ax.text(0.02, place, "no answer", transform=across, va="center", fontsize=10)
        text.set(color="#666666", fontstyle="italic")
        return
    colour, shape = MARKS.get(family, OTHER)
    if not pd.isna(row.low):
        ax.plot([row.low, row.high], [place, place], color=colour, linewidth=2, zorder=2)
    ax.plot([row.score], [place], shape, color=colour, markersize=7, mec=PAPER, zorder=3)


def _score_legend(figure: Figure, results: Results) -> None:
    families = set(queries.families(results).values())
    shown = {f: mark for f, mark in MARKS.items() if f in families}
    if families - set(MARKS):
        shown["reference"] = OTHER
    handles = [
        Line2D([], [], color=colour, marker=shape, linewidth=2, markersize=7, label=name)
        for name, (colour, shape) in shown.items()
    ]
    handles.append(Line2D([], [], color=INK, linestyle=(0, (3, 3)), linewidth=1, label="chance"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _agreeing(results: Results, corpus: str) -> list[str]:
    known = set().union(*_overlaps(results, corpus))
    return [m for m in queries.models(results, corpus) if m in known]


def _overlaps(results: Results, corpus: str) -> dict[frozenset[str], float]:
    """The overlap of each pair of models in their primary views; one name = between seeds."""
    return {pair: float(r.score) for pair, r in agreement.overlaps(results, corpus).items()}


def _agreement_panel(ax: Axes, results: Results, corpus: str) -> None:
    models, overlaps = _agreeing(results, corpus), _overlaps(results, corpus)
    cells = [[overlaps.get(frozenset((a, b)), float("nan")) for b in models] for a in models]
    edges = [i - 0.5 for i in range(len(models) + 1)]
    ax.pcolormesh(edges, edges, cells, cmap="Blues", vmin=0, vmax=1, edgecolors=PAPER)
    ax.set_aspect("equal")
    ax.invert_yaxis()
    for i, line in enumerate(cells):
        for j, value in enumerate(line):
            ink = PAPER if value > 0.55 else INK
            weight = "bold" if i == j else "normal"
            ax.text(j, i, number(value, 2), ha="center", va="center", color=ink, weight=weight)
    ax.set_xticks(range(len(models)), models, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(models)), models)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(corpus, loc="left")
    ax.set_xlabel("bold: between seeds of one model", fontsize=10)
