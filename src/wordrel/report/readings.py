"""The figures of embeddings: which way a relation goes, and the scores of parts of speech.

The selected embedding of a model is bold or filled; the others are exploratory.
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
from wordrel.report.labels import label
from wordrel.report.queries import Column, Row
from wordrel.report.text import number
from wordrel.study.results import Results

_DIRECTION = (
    "Does an embedding know which way a relation goes? Bold and filled: the selected embedding; "
    "the others are exploratory. The broken line is chance."
)
_SPEECH = (
    "{corpus}: the mean score of pairs of parts of speech (the word that relates first), in "
    "standard deviations of all scores of the embedding. Bold: the selected embedding."
)
_FLOOR = "random"  # random vectors need no panel of parts of speech

KIND = "direction"
"""The kind of task that is drawn; without kinds in the manifest, tasks whose name ends in it."""

STATISTIC = "standardised_mean"
"""The mean score of a class of pairs, in standard deviations of the embedding's scores."""

_PAIR = re.compile(r"[A-Z]+>[A-Z]+")

Key = tuple[str, str]  # model, embedding


def direction_panels(results: Results, question: str) -> dict[tuple[str, Column], dict[Key, Row]]:
    """(corpus, column) -> (model, embedding) -> the row, for every embedding that has a score."""
    panels: dict[tuple[str, Column], dict[Key, Row]] = {}
    for corpus in queries.corpora(results):
        for column in queries.main_columns(results, corpus, question):
            rows = (
                _embedding_rows(results, corpus, column) if _is_direction(results, column) else {}
            )
            panels |= {(corpus, column): rows} if rows else {}
    return panels


def direction_figure(results: Results, question: str) -> list[Figure]:
    """A line for each embedding of each model, a chart a task; none without such a task."""
    drawn = direction_panels(results, question)
    if not drawn:
        return []
    best = "; ".join(_best(results, *where, rows) for where, rows in drawn.items())
    opening = "Does an embedding know which way a relation goes? Best: "
    charted = [
        Chart(
            label(column.task, "task"),
            _direction_chart(results, column, rows, _everywhere(drawn, column)),
            corpus,
        )
        for (corpus, column), rows in sorted(drawn.items(), key=lambda item: item[0][1].task)
    ]
    file = f"direction-{charts.file_name(question)}"
    return [Figure(file, charted, f"{opening}{best}.", _DIRECTION, columns=2)]


def _best(results: Results, corpus: str, column: Column, rows: Mapping[Key, Row]) -> str:
    """Of the selected embeddings: the highest of all would be a choice made on test data."""
    fixed = {key: row for key, row in rows.items() if row.selected} or rows
    (model, embedding), best = max(fixed.items(), key=lambda item: item[1].score)
    against = "" if pd.isna(best.chance) else f" (chance {number(best.chance)})"
    where = f"{corpus}, {label(column.task, 'task')}"
    what = f"{queries.label(results, model)}, {label(embedding, 'embedding')}"
    return f"{where}: {what} {number(best.score)}{against}"


def _everywhere(drawn: Mapping[tuple[str, Column], Mapping[Key, Row]], column: Column) -> Spec:
    """The axis of a task on every corpus."""
    rows = [
        r
        for (_, other), by_embedding in drawn.items()
        if other == column
        for r in by_embedding.values()
    ]
    return charts.shared(v for r in rows for v in (r.score, r.low, r.high, r.chance))


def _is_direction(results: Results, column: Column) -> bool:
    kind = queries.kind(results, column.task)
    return (kind or queries.base(results, column.task).rpartition("_")[2]) == KIND


def _embedding_rows(results: Results, corpus: str, column: Column) -> dict[Key, Row]:
    return {
        (r.model, r.embedding): r
        for r in queries.headline_rows(results, corpus, column.question)
        if (r.task, r.measure) == (column.task, column.measure) and not pd.isna(r.score)
    }


def _direction_chart(results: Results, column: Column, rows: Mapping[Key, Row], axis: Spec) -> Spec:
    """A line for each embedding below that of its model."""
    models = [m for m in queries.kinds(results) if any(m == model for model, _ in rows)]
    dots = [
        {
            "embedding": _inside(results, model, embedding, r),
            **charts.model(results, model),
            **charts.interval("score", r.score, r.low, r.high),
            "selected": "yes" if r.selected else "no",
        }
        for model in models
        for (of, embedding), r in rows.items()
        if of == model
    ]
    names = [str(dot["embedding"]) for dot in dots]
    groups = {m: queries.label(results, m) for m in models}
    order = [n for g in groups.values() for n in (g, *(o for o in names if _group(o) == g))]
    look = charts.look(results, models)
    title = f"{label(column.measure, 'measure')} ({column.better} is better)"
    dot = {
        "x": charts.field("score", "quantitative", title=title, **axis),
        **look,
        "fill": charts.hollow(look["fill"], "datum.selected === 'no'"),
        "tooltip": charts.tips("model", "identifier", "score", "low", "high", "selected"),
    }
    chances = sorted({float(r.chance) for r in rows.values() if not pd.isna(r.chance)})
    lines = [charts.line_at("score", chances)] if chances else []
    side = {"y": charts.side("embedding", order)}
    return charts.chart(dots, charts.dots(dot), side, {"step": 17}, lines)


def _group(row: str) -> str:
    return row.partition(charts.INSIDE)[0]


def _inside(results: Results, model: str, embedding: str, row: Row) -> str:
    chosen = charts.SELECTED if row.selected else ""
    return charts.inside(queries.label(results, model), f"{label(embedding, 'embedding')}{chosen}")


@dataclass(frozen=True, eq=False)
class Panel:
    """One model: rows are embeddings, columns are pairs of parts of speech.

    Attributes:
        model: its name.
        embeddings: the names of the rows.
        selected: that of the selected one, or nothing.
        pairs: the names of the columns, such as "NOUN>VERB".
        values: shape [embeddings, pairs]; NaN where nothing was measured.
    """

    model: str
    embeddings: tuple[str, ...]
    selected: str
    pairs: tuple[str, ...]
    values: Float64[np.ndarray, "R P"]


@lru_cache(maxsize=16)
def speech_panels(results: Results, corpus: str, question: str) -> tuple[Panel, ...]:
    """A panel for each model that has a value, in the order of the study."""
    measured = queries.measured(results, corpus, question)
    rows = [r for r in measured if r.statistic == STATISTIC and _PAIR.fullmatch(r.group)]
    pairs = tuple(queries.distinct(r.group for r in rows))
    by_model = queries.grouped(rows, lambda r: str(r.model))
    kinds = queries.kinds(results)
    models = [m for m in queries.models(results, corpus) if m in by_model and kinds[m] != _FLOOR]
    return tuple(_panel(model, pairs, by_model[model]) for model in models)


def speech_figure(results: Results, corpus: str, question: str) -> list[Figure]:
    """Heat maps with one scale of colours, a chart a model; none where nothing was measured."""
    drawn = speech_panels(results, corpus, question)
    extremes = "; ".join(text for panel in drawn if (text := _extremes(results, panel)))
    if not extremes:
        return []
    opening = (
        f"Mean score of pairs of parts of speech on {corpus}, in standard deviations of an "
        "embedding, by model; bold: the selected embedding."
    )
    every = [p for c in queries.corpora(results) for p in speech_panels(results, c, question)]
    most = max(float(np.nanmax(np.abs(panel.values))) for panel in every) or 1.0
    charted = [
        Chart(queries.label(results, p.model), _speech_chart(p, most), corpus) for p in drawn
    ]
    return [
        Figure(
            f"parts_of_speech-{charts.file_name(corpus)}",
            charted,
            f"{opening} Highest and lowest: {extremes}.",
            _SPEECH.format(corpus=name(corpus)),
        )
    ]


def _panel(model: str, pairs: tuple[str, ...], rows: Sequence[Row]) -> Panel:
    embeddings = tuple(queries.distinct(r.embedding for r in rows))
    values = np.full((len(embeddings), len(pairs)), np.nan)
    for r in rows:
        values[embeddings.index(r.embedding), pairs.index(r.group)] = r.value
    selected = next((r.embedding for r in rows if r.selected), "")
    return Panel(model, embeddings, selected, pairs, values)


def _extremes(results: Results, panel: Panel) -> str:
    place = panel.embeddings.index(panel.selected) if panel.selected else 0
    values = panel.values[place]
    if np.isnan(values).all():
        return ""
    high, low = int(np.nanargmax(values)), int(np.nanargmin(values))
    most, least = (f"{panel.pairs[at]} {number(values[at], 2)}" for at in (high, low))
    what = f"{queries.label(results, panel.model)}, {label(panel.embeddings[place], 'embedding')}"
    return f"{what}: {most} and {least}"


def _speech_chart(panel: Panel, most: float) -> Spec:
    names = [
        f"{label(embedding, 'embedding')}{charts.SELECTED if embedding == panel.selected else ''}"
        for embedding in panel.embeddings
    ]
    fields = [
        {
            "embedding": names[i],
            "identifier": panel.embeddings[i],
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
    return charts.heat_map(fields, scale, across, charts.side("embedding", names))
