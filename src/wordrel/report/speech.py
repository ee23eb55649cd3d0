"""Heat maps of what models give to pairs of parts of speech, reading by reading.

Reads the table of measurements, returns figures; the same tables give the same drawing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from wordrel.report import queries
from wordrel.report.drawing import INK, PAPER, WIDTH, layout, styled
from wordrel.report.queries import Row
from wordrel.report.text import number
from wordrel.study.results import Results

CAPTION = (
    "{corpus}: the mean score that a reading gives to pairs of parts of speech (the word that "
    "relates first), in standard deviations of all its scores. Bold: the primary reading."
)

STATISTIC = "standardised_mean"
"""The mean score of a class of pairs, in standard deviations of the reading's scores."""

_PAIR = re.compile(r"[A-Z]+>[A-Z]+")
_ROW = 0.24  # inches
_STRONG = 0.6  # of the largest: from here on the colour is dark, and numbers are light


@dataclass(frozen=True, eq=False)
class Panel:
    """One model: rows are readings, columns are pairs of parts of speech.

    Attributes:
        model: its name.
        readings: the names of the rows.
        primary: that of the primary one, or nothing.
        pairs: the names of the columns, such as "NOUN>VERB".
        values: shape [readings, pairs]; NaN where nothing was measured.
    """

    model: str
    readings: tuple[str, ...]
    primary: str
    pairs: tuple[str, ...]
    values: Float64[np.ndarray, "R P"]


@lru_cache(maxsize=16)
def panels(results: Results, corpus: str, question: str) -> tuple[Panel, ...]:
    """A panel for each model that has an answer, in the order of the study."""
    measured = queries.measured(results, corpus, question)
    found = [r for r in measured if r.statistic == STATISTIC and _PAIR.fullmatch(r.group)]
    pairs = tuple(queries.distinct(r.group for r in found))
    by_model: dict[str, list[Row]] = {}
    for r in found:
        by_model.setdefault(r.model, []).append(r)
    models = queries.models(results, corpus)
    return tuple(_panel(model, pairs, by_model[model]) for model in models if model in by_model)


def speech_figure(results: Results, corpus: str, question: str) -> Figure | None:
    """Panels below each other with one scale of colours; None where nothing was measured."""
    drawn = panels(results, corpus, question)
    if not drawn:
        return None
    most = max(float(np.nanmax(np.abs(panel.values))) for panel in drawn) or 1.0
    heights = [_ROW * len(panel.readings) + 0.45 for panel in drawn]
    with styled():
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.9), layout=layout())
        axes = figure.subplots(
            len(drawn), 1, squeeze=False, gridspec_kw={"height_ratios": heights}
        ).ravel()
        for ax, panel in zip(axes, drawn, strict=True):
            _draw(ax, panel, most)
            ax.tick_params(labelbottom=ax is axes[-1])
    return figure


def speech_alt(results: Results, corpus: str, question: str) -> str:
    """The figure in words: the highest and the lowest pair of each model's primary reading."""
    shown = [text for panel in panels(results, corpus, question) if (text := _extremes(panel))]
    opening = (
        f"Mean score of pairs of parts of speech on {corpus}, in standard deviations of a reading, "
        "by model and reading; bold: the primary reading."
    )
    return f"{opening} Highest and lowest: {'; '.join(shown)}." if shown else ""


def _panel(model: str, pairs: tuple[str, ...], found: list[Row]) -> Panel:
    readings = tuple(queries.distinct(r.view for r in found))
    values = np.full((len(readings), len(pairs)), np.nan)
    for r in found:
        values[readings.index(r.view), pairs.index(r.group)] = r.value
    primary = next((r.view for r in found if r.primary), "")
    return Panel(model, readings, primary, pairs, values)


def _extremes(panel: Panel) -> str:
    place = panel.readings.index(panel.primary) if panel.primary else 0
    values = panel.values[place]
    if np.isnan(values).all():
        return ""
    high, low = int(np.nanargmax(values)), int(np.nanargmin(values))
    return (
        f"{panel.model} ({panel.readings[place]}) {panel.pairs[high]} {number(values[high], 2)} "
        f"and {panel.pairs[low]} {number(values[low], 2)}"
    )


def _draw(ax: Axes, panel: Panel, most: float) -> None:
    across = [i - 0.5 for i in range(len(panel.pairs) + 1)]
    down = [i - 0.5 for i in range(len(panel.readings) + 1)]
    scale = Normalize(-most, most)
    ax.pcolormesh(across, down, panel.values, cmap="RdBu_r", norm=scale, edgecolors=PAPER)
    ax.invert_yaxis()
    for (i, j), value in np.ndenumerate(panel.values):
        if not np.isnan(value):
            ink = PAPER if abs(value) > _STRONG * most else INK
            ax.text(j, i, number(value, 1), ha="center", va="center", color=ink, fontsize=7)
    ax.set_xticks(range(len(panel.pairs)), panel.pairs, rotation=60, fontsize=8)
    ax.set_xticks(ax.get_xticks(), panel.pairs, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(panel.readings)), panel.readings, fontsize=8)
    for label in ax.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == panel.primary else "normal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(panel.model, loc="left", fontsize=10)
