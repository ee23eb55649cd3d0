"""Forest plots: how far each model lies from word2vec on every task of a question.

Reads tables, returns figures; the same tables give the same drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from wordrel.report import queries
from wordrel.report.drawing import FAINT, INK, MARKS, OTHER, PAPER, WIDTH, layout, styled
from wordrel.report.queries import Column, Row
from wordrel.report.text import percent
from wordrel.study.results import Results

CAPTION = (
    "Each model minus the first word2vec model that answers, in its primary view, on the tasks "
    "that count; to the right is better. Filled: told apart after Holm. Random vectors are left "
    "out."
)

_FLOOR = "random"  # so far below the others that it would press them together
_REFERENCE = "word2vec"
_FEW = 10  # models that a task's line has room for
_SHAPES = "osD^vP*X<>"
_LEAST = 0.01  # a difference that an axis can show
_STEP, _GAP = 0.14, 0.2  # inches between models, and between tasks


@dataclass(frozen=True)
class Panel:
    """One corpus: `gaps` holds model minus reference, in the units of the score.

    Attributes:
        corpus: its name.
        reference: the model that is taken off.
        models: the others, in the order of the study.
        gaps: column -> model -> the comparison, turned so that it is model minus reference.
    """

    corpus: str
    reference: str
    models: tuple[str, ...]
    gaps: dict[Column, dict[str, Row]]


def panels(results: Results, question: str) -> list[Panel]:
    """One for each corpus that has a reference: the first word2vec model with an answer."""
    found = [_panel(results, corpus, question) for corpus in queries.corpora(results)]
    return [panel for panel in found if panel is not None]


def forest_figure(results: Results, question: str) -> Figure | None:
    """Differences with intervals, corpora side by side, tasks below each other; None without."""
    drawn = panels(results, question)
    if not drawn:
        return None
    columns = list(dict.fromkeys(c for panel in drawn for c in panel.gaps))
    shapes = _shapes(results, drawn)
    tall = len(columns) * (_GAP + _STEP * len(shapes)) + 1.3
    with styled():
        figure = Figure(figsize=(WIDTH, tall), layout=layout())
        axes = figure.subplots(1, len(drawn), squeeze=False)[0]
        for ax, panel in zip(axes, drawn, strict=True):
            ax.locator_params(axis="x", nbins=max(2, 9 // len(drawn)))
            _draw(ax, panel, columns, shapes)
            ax.tick_params(labelleft=ax is axes[0])
        _legend(figure, shapes)
    return figure


def forest_alt(results: Results, question: str) -> str:
    """The figure in words: for each corpus and model, on how many tasks it is told apart."""
    drawn = panels(results, question)
    level = percent(results.manifest["statistics"]["confidence"])
    shown = [
        f"{panel.corpus}, against {panel.reference}: "
        + ", ".join(_counted(panel, model) for model in panel.models)
        for panel in drawn
    ]
    opening = f"Differences to the first word2vec model with {level} intervals, by task."
    return f"{opening} {'; '.join(shown)}." if shown else ""


def _panel(results: Results, corpus: str, question: str) -> Panel | None:
    families, kinds = queries.families(results), queries.kinds(results)
    models = [m for m in queries.models(results, corpus) if kinds[m] != _FLOOR]
    if len(models) > _FEW:
        return None
    columns = queries.main_columns(results, corpus, question)
    tested = {c: queries.pairs(results, corpus, c) for c in columns}
    for reference in (m for m in models if families[m] == _REFERENCE):
        found = {c: _gaps(pairs, reference, models) for c, pairs in tested.items()}
        gaps = {c: of_models for c, of_models in found.items() if of_models}
        if gaps:
            others = tuple(m for m in models if any(m in g for g in gaps.values()))
            return Panel(corpus, reference, others, gaps)
    return None


def _gaps(pairs: Sequence[Row], reference: str, models: Sequence[str]) -> dict[str, Row]:
    turned = {m: queries.oriented(pairs, m, reference) for m in models if m != reference}
    return {m: r for m, r in turned.items() if r is not None and not pd.isna(r.difference)}


def _counted(panel: Panel, model: str) -> str:
    tested = [gaps[model] for gaps in panel.gaps.values() if model in gaps]
    won = [queries.winner(r) for r in tested]
    better, worse = won.count(model), won.count(panel.reference)
    return f"{model} better on {better} and worse on {worse} of {len(tested)}"


def _shapes(results: Results, drawn: Sequence[Panel]) -> dict[str, tuple[str, str]]:
    """Model -> colour of its family and a shape of its own."""
    families = queries.families(results)
    models = queries.distinct(m for panel in drawn for m in panel.models)
    return {
        model: (MARKS.get(families[model], OTHER)[0], _SHAPES[i % len(_SHAPES)])
        for i, model in enumerate(models)
    }


def _draw(
    ax: Axes, panel: Panel, columns: Sequence[Column], shapes: dict[str, tuple[str, str]]
) -> None:
    block = _GAP + _STEP * len(shapes)
    for i, column in enumerate(columns):
        for j, (model, (colour, shape)) in enumerate(shapes.items()):
            row = panel.gaps.get(column, {}).get(model)
            if row is not None:
                _dot(ax, i * block + _STEP * (j + 0.5), row, colour, shape)
        if i:
            ax.axhline(i * block - _GAP / 2, color=FAINT, linewidth=0.6)
    ax.axvline(0, color=INK, linestyle=(0, (3, 3)), linewidth=1, zorder=1)
    middle = _STEP * len(shapes) / 2
    names = [f"{c.task}{'' if c.better == 'higher' else ' (turned)'}" for c in columns]
    ax.set_yticks([i * block + middle for i in range(len(columns))], names)
    ax.set_ylim(len(columns) * block - _GAP / 2, -_GAP / 2)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_title(panel.corpus, loc="left")
    ax.set_xlabel(f"minus {panel.reference}", fontsize=10)
    reach = max(map(abs, ax.get_xlim()))
    if reach < _LEAST:  # all the same but for rounding, which is not to be drawn large
        ax.set_xlim(-_LEAST, _LEAST)


def _dot(ax: Axes, place: float, row: Row, colour: str, shape: str) -> None:
    """The difference, turned so that right is better; hollow where it is not told apart."""
    sign = 1 if row.better == "higher" else -1
    if not pd.isna(row.low):
        ax.plot([sign * row.low, sign * row.high], [place, place], color=colour, linewidth=1.4)
    face = PAPER if queries.winner(row) is None else colour
    ax.plot([sign * row.difference], [place], shape, mec=colour, mfc=face, markersize=5, zorder=3)


def _legend(figure: Figure, shapes: dict[str, tuple[str, str]]) -> None:
    handles = [
        Line2D([], [], color=colour, marker=shape, linewidth=1.4, markersize=5, label=model)
        for model, (colour, shape) in shapes.items()
    ]
    handles.append(
        Line2D([], [], color=INK, marker="o", mfc=PAPER, linestyle="", label="not told apart")
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=10)
