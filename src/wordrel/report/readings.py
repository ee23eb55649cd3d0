"""The figures of readings: which way a relation goes, and what pairs of parts of speech are given.

A reading is one embedding of a model; the selected one is bold or filled, the others are
exploratory.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from jaxtyping import Float64

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec, name
from wordrel.report.queries import Column, Row
from wordrel.report.text import number
from wordrel.study.results import Results

_DIRECTION = (
    "Does a reading know which way a relation goes? Bold and filled: the selected reading; the "
    "others are exploratory. The broken line is chance."
)
_SPEECH = (
    "{corpus}: the mean score that a reading gives to pairs of parts of speech (the word that "
    "relates first), in standard deviations of all its scores. Bold: the selected reading."
)

KIND = "direction"
"""The kind of task that is drawn; without kinds in the manifest, tasks whose name ends in it."""

STATISTIC = "standardised_mean"
"""The mean score of a class of pairs, in standard deviations of the reading's scores."""

_PAIR = re.compile(r"[A-Z]+>[A-Z]+")

Key = tuple[str, str]  # model, embedding


def direction_panels(results: Results, question: str) -> dict[tuple[str, Column], dict[Key, Row]]:
    """(corpus, column) -> (model, embedding) -> the row, for every reading that has an answer."""
    found: dict[tuple[str, Column], dict[Key, Row]] = {}
    for corpus in queries.corpora(results):
        for column in queries.main_columns(results, corpus, question):
            rows = _readings(results, corpus, column) if _is_direction(results, column) else {}
            found |= {(corpus, column): rows} if rows else {}
    return found


def direction_figure(results: Results, question: str) -> list[Figure]:
    """A line for each reading of each model, a chart a task; none without such a task."""
    drawn = direction_panels(results, question)
    if not drawn:
        return []
    best = "; ".join(_best(corpus, column, rows) for (corpus, column), rows in drawn.items())
    opening = "Does a reading know which way a relation goes? Bold: selected readings. Best: "
    shown = [
        Chart(f"{corpus} · {column.task} ({column.measure})", _direction_chart(results, rows))
        for (corpus, column), rows in drawn.items()
    ]
    file = f"direction-{charts.file_name(question)}"
    return [Figure(file, shown, f"{opening}{best}.", _DIRECTION)]


def _best(corpus: str, column: Column, rows: Mapping[Key, Row]) -> str:
    """Of the selected readings: the highest of all of them would be a choice made on test data."""
    fixed = {key: row for key, row in rows.items() if row.selected} or rows
    (model, embedding), best = max(fixed.items(), key=lambda item: item[1].score)
    against = "" if pd.isna(best.chance) else f" (chance {number(best.chance)})"
    return f"{corpus}, {column.task}: {model} {embedding} {number(best.score)}{against}"


def _is_direction(results: Results, column: Column) -> bool:
    kind = queries.kind(results, column.task)
    return (kind or queries.base(results, column.task).rpartition("_")[2]) == KIND


def _readings(results: Results, corpus: str, column: Column) -> dict[Key, Row]:
    return {
        (r.model, r.embedding): r
        for r in queries.asked(results, corpus, column.question)
        if (r.task, r.measure) == (column.task, column.measure) and not pd.isna(r.score)
    }


def _direction_chart(results: Results, rows: Mapping[Key, Row]) -> Spec:
    families = charts.families(results)
    order = {model: i for i, model in enumerate(queries.kinds(results))}
    dots = [
        {
            "reading": f"{model} · {embedding}{charts.SELECTED if r.selected else ''}",
            **charts.interval("score", r.score, r.low, r.high),
            "selected": "yes" if r.selected else "no",
            "family": families[model],
        }
        for (model, embedding), r in sorted(rows.items(), key=lambda item: order[item[0][0]])
    ]
    colours = charts.by_family(results, [model for model, _ in rows])
    dot = {
        "x": charts.field("score", "quantitative", title=None, **charts.FREE),
        "stroke": charts.named("family", colours),
        "fill": charts.hollow("family", colours, "datum.selected === 'no'"),
        "tooltip": charts.tips("reading", "score", "low", "high", "selected"),
    }
    chances = sorted({float(r.chance) for r in rows.values() if not pd.isna(r.chance)})
    side = {"y": charts.side("reading", [str(dot["reading"]) for dot in dots])}
    lines = [charts.line_at("score", chances)] if chances else []
    return charts.chart(dots, charts.dots(dot), side, {"step": 17}, lines)


@dataclass(frozen=True, eq=False)
class Panel:
    """One model: rows are readings, columns are pairs of parts of speech.

    Attributes:
        model: its name.
        readings: the names of the rows.
        selected: that of the selected one, or nothing.
        pairs: the names of the columns, such as "NOUN>VERB".
        values: shape [readings, pairs]; NaN where nothing was measured.
    """

    model: str
    readings: tuple[str, ...]
    selected: str
    pairs: tuple[str, ...]
    values: Float64[np.ndarray, "R P"]


@lru_cache(maxsize=16)
def speech_panels(results: Results, corpus: str, question: str) -> tuple[Panel, ...]:
    """A panel for each model that has an answer, in the order of the study."""
    measured = queries.measured(results, corpus, question)
    found = [r for r in measured if r.statistic == STATISTIC and _PAIR.fullmatch(r.group)]
    pairs = tuple(queries.distinct(r.group for r in found))
    by_model = queries.grouped(found, lambda r: str(r.model))
    models = queries.models(results, corpus)
    return tuple(_panel(model, pairs, by_model[model]) for model in models if model in by_model)


def speech_figure(results: Results, corpus: str, question: str) -> list[Figure]:
    """Heat maps with one scale of colours, a chart a model; none where nothing was measured."""
    drawn = speech_panels(results, corpus, question)
    said = "; ".join(text for panel in drawn if (text := _extremes(panel)))
    if not said:
        return []
    opening = (
        f"Mean score of pairs of parts of speech on {corpus}, in standard deviations of a reading, "
        "by model and reading; bold: the selected reading."
    )
    most = max(float(np.nanmax(np.abs(panel.values))) for panel in drawn) or 1.0
    return [
        Figure(
            f"parts_of_speech-{charts.file_name(corpus)}",
            [Chart(f"{corpus} · {panel.model}", _speech_chart(panel, most)) for panel in drawn],
            f"{opening} Highest and lowest: {said}.",
            _SPEECH.format(corpus=name(corpus)),
        )
    ]


def _panel(model: str, pairs: tuple[str, ...], found: Sequence[Row]) -> Panel:
    readings = tuple(queries.distinct(r.embedding for r in found))
    values = np.full((len(readings), len(pairs)), np.nan)
    for r in found:
        values[readings.index(r.embedding), pairs.index(r.group)] = r.value
    selected = next((r.embedding for r in found if r.selected), "")
    return Panel(model, readings, selected, pairs, values)


def _extremes(panel: Panel) -> str:
    place = panel.readings.index(panel.selected) if panel.selected else 0
    values = panel.values[place]
    if np.isnan(values).all():
        return ""
    high, low = int(np.nanargmax(values)), int(np.nanargmin(values))
    return (
        f"{panel.model} ({panel.readings[place]}) {panel.pairs[high]} {number(values[high], 2)} "
        f"and {panel.pairs[low]} {number(values[low], 2)}"
    )


def _speech_chart(panel: Panel, most: float) -> Spec:
    names = [f"{r}{charts.SELECTED if r == panel.selected else ''}" for r in panel.readings]
    fields = [
        {
            "reading": names[i],
            "pair": panel.pairs[j],
            "value": charts.rounded(value),
            "shown": number(value, 1),
        }
        for (i, j), value in np.ndenumerate(panel.values)
        if not np.isnan(value)
    ]
    colours = ["var(--cold)", charts.PAPER, "var(--warm)"]
    scale = {"domain": [-most, 0, most], "range": colours, "interpolate": "lab"}
    across = charts.bottom("pair", panel.pairs)
    return charts.heat_map(fields, scale, across, charts.side("reading", names))
