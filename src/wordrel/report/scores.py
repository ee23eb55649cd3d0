"""The figures of scores: every score with its interval, and how far each is from word2vec's."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec
from wordrel.report.findings import best, front
from wordrel.report.labels import label
from wordrel.report.queries import Column, Row
from wordrel.report.text import number
from wordrel.study.results import Results

_CAPTION = (
    "Each model minus the first word2vec model that has a score, with its selected embedding. "
    "To the right is better, also of a loss. Filled: significantly different. "
    "Random vectors are left out."
)
_MOST = 12  # columns; a study of more shows differences, question by question
_FEW = 10  # models that a panel shows whether or not they have a score, or a task has room for
_FLOOR = "random"  # so far below the others that it would press them together
_REFERENCE = "word2vec"
_LEAST = 0.01  # a difference that an axis can show


def scores_figure(results: Results) -> list[Figure]:
    """A panel for each column and corpus; none where nothing was scored, or too much."""
    drawn = score_panels(results)
    if not drawn:
        return []
    firsts = [(corpus, column, best(results, corpus, column)) for corpus, column in drawn]
    named = "; ".join(
        f"{corpus}, {label(column.task, 'task')}: "
        f"{queries.label(results, row.model)} {number(row.score)}"
        for corpus, column, row in firsts
        if row is not None
    )
    text = f"Scores with {queries.level(results)} intervals and chance lines."
    text += f" Best model by panel: {named}." if named else ""
    charted = [_scores_chart(results, corpus, column) for corpus, column in drawn]
    return [Figure("scores", charted, text, columns=2)]


def score_panels(results: Results) -> list[tuple[str, Column]]:
    """Corpus and column of each panel, the corpora of a column beside each other."""
    corpora = queries.corpora(results)
    panels = [
        (corpus, column)
        for question in queries.questions(results)
        for column in _all_columns(results, question)
        for corpus in corpora
        if column in _drawn(results, corpus, question)
        and front(results, corpus, column) is not None
    ]
    return panels if len({column for _, column in panels}) <= _MOST else []


def _all_columns(results: Results, question: str) -> list[Column]:
    every = [_drawn(results, c, question) for c in queries.corpora(results)]
    return list(dict.fromkeys(column for columns in every for column in columns))


def _drawn(results: Results, corpus: str, question: str) -> list[Column]:
    """All columns but a loss as trained whose calibrated one is there."""
    main = queries.main_columns(results, corpus, question)
    left_out = {*main} - {*queries.first_columns(results, corpus, question)}
    return [c for c in queries.columns(results, corpus, question) if c not in left_out]


def _scores_chart(results: Results, corpus: str, column: Column) -> Chart:
    """A line for each model; among many, those without a score are left to the table."""
    answers = queries.answers(results, corpus, column)
    models = queries.models(results, corpus)
    answered = [m for m in models if m in answers and not pd.isna(answers[m].score)]
    drawn = models if len(models) <= _FEW else answered
    dots = [
        {**charts.model(results, m), **charts.interval("score", r.score, r.low, r.high)}
        for m, r in ((m, answers[m]) for m in answered)
    ]
    silent = [charts.model(results, m) | {"said": "no score"} for m in drawn if m not in answered]
    title = f"{label(column.measure, 'measure')} ({column.better} is better)"
    axis = charts.shared(_everywhere(results, column))
    dot = {
        "x": charts.field("score", "quantitative", title=title, **axis),
        **charts.look(results, answered),
        "tooltip": charts.tips("model", "identifier", "score", "low", "high"),
    }
    mark = {"type": "text", "align": "left", "color": charts.QUIET, "fontStyle": "italic"}
    nothing = {"x": {"value": 4}, "text": {"field": "said"}}
    layers = [*charts.dots(dot), charts.layer(mark, nothing, silent)]
    chances = [r.chance for r in answers.values() if not pd.isna(r.chance)][:1]
    lines = [charts.line_at("score", chances)] if chances else []
    side = {"y": charts.side("model", [queries.label(results, m) for m in drawn])}
    spec = charts.chart(dots, layers, side, {"step": 20}, lines)
    return Chart(label(column.task, "task"), spec, corpus)


def _everywhere(results: Results, column: Column) -> list[float]:
    """What the axis of a column has to show on every corpus."""
    on_corpora = [queries.answers(results, corpus, column) for corpus in queries.corpora(results)]
    rows = [r for answers in on_corpora for r in answers.values() if not pd.isna(r.score)]
    return [value for r in rows for value in (r.score, r.low, r.high, r.chance)]


@dataclass(frozen=True)
class Panel:
    """One corpus: `gaps` holds model minus reference, in the units of the score.

    Attributes:
        corpus: its name.
        reference: the model that is subtracted.
        models: the others, in the order of the study.
        gaps: column -> model -> the comparison, turned so that it is model minus reference.
    """

    corpus: str
    reference: str
    models: tuple[str, ...]
    gaps: dict[Column, dict[str, Row]]


def gap_panels(results: Results, question: str) -> list[Panel]:
    """One for each corpus that has a reference: the first word2vec model with a score."""
    panels = [_panel(results, corpus, question) for corpus in queries.corpora(results)]
    return [panel for panel in panels if panel is not None]


def differences_figure(results: Results, question: str) -> list[Figure]:
    """Each model minus word2vec with intervals, a chart a corpus; none without."""
    drawn = gap_panels(results, question)
    if not drawn:
        return []
    counts = "; ".join(
        f"{panel.corpus}, against {queries.label(results, panel.reference)}: "
        + ", ".join(_counted(results, panel, model) for model in panel.models)
        for panel in drawn
    )
    level = queries.level(results)
    opening = f"Differences to the first word2vec model with {level} intervals, by task."
    dots = [_dots(results, panel) for panel in drawn]
    every = [dot[end] for of in dots for dot in of for end in ("difference", "low", "high")]
    axis = charts.shared([0.0, *every], least=2 * _LEAST)
    charted = [
        Chart(
            panel.corpus,
            _gaps_chart(results, panel, of, axis, legend=not i),
            f"minus {queries.label(results, panel.reference)}",
        )
        for i, (panel, of) in enumerate(zip(drawn, dots, strict=True))
    ]
    name = f"differences-{charts.file_name(question)}"
    return [Figure(name, charted, f"{opening} {counts}.", _CAPTION, columns=min(len(charted), 2))]


def _panel(results: Results, corpus: str, question: str) -> Panel | None:
    families, kinds = queries.families(results), queries.kinds(results)
    models = [m for m in queries.models(results, corpus) if kinds[m] != _FLOOR]
    if len(models) > _FEW:
        return None
    columns = queries.main_columns(results, corpus, question)
    tested = {c: queries.pairs(results, corpus, c) for c in columns}
    for reference in (m for m in models if families[m] == _REFERENCE):
        by_column = {c: _gaps(pairs, reference, models) for c, pairs in tested.items()}
        gaps = {c: of_models for c, of_models in by_column.items() if of_models}
        if gaps:
            others = tuple(m for m in models if any(m in g for g in gaps.values()))
            return Panel(corpus, reference, others, gaps)
    return None


def _gaps(pairs: Sequence[Row], reference: str, models: Sequence[str]) -> dict[str, Row]:
    turned = {m: queries.oriented(pairs, m, reference) for m in models if m != reference}
    return {m: r for m, r in turned.items() if r is not None and not pd.isna(r.difference)}


def _counted(results: Results, panel: Panel, model: str) -> str:
    tested = [gaps[model] for gaps in panel.gaps.values() if model in gaps]
    won = [queries.winner(r) for r in tested]
    better, worse = won.count(model), won.count(panel.reference)
    return (
        f"{queries.label(results, model)} better on {better} and worse on {worse} of {len(tested)}"
    )


def _gaps_chart(
    results: Results, panel: Panel, dots: list[Spec], axis: Spec, *, legend: bool
) -> Spec:
    """Each model minus the reference on each task, turned so that right is better.

    Filled where the two are significantly different.
    """
    tasks = queries.distinct(str(dot["task"]) for dot in dots)
    title = f"minus {queries.label(results, panel.reference)} (right is better)"
    look = charts.look(results, panel.models, legend=legend)
    dot = {
        "x": charts.field("difference", "quantitative", title=title, **axis),
        **look,
        "fill": charts.hollow(look["fill"], "datum.significant === 'no'"),
        "tooltip": charts.tips(
            *("task", "model", "identifier", "difference", "low", "high", "significant")
        ),
    }
    layers = charts.dots(dot, charts.offset(results, panel.models))
    side = {"y": charts.side("task", tasks, ruled=True)}
    zero = [charts.line_at("difference", [0.0])]
    return charts.chart(dots, layers, side, {"step": 12, "for": "offset"}, zero)


def _dots(results: Results, panel: Panel) -> list[Spec]:
    return [_dot(results, c, m, row) for c, gaps in panel.gaps.items() for m, row in gaps.items()]


def _dot(results: Results, column: Column, model: str, row: Row) -> Spec:
    sign = 1 if row.better == "higher" else -1
    low, high = sorted((sign * row.low, sign * row.high))
    return {
        "task": label(column.task, "task"),
        **charts.model(results, model),
        **charts.interval("difference", sign * row.difference, low, high),
        "significant": "no" if queries.winner(row) is None else "yes",
    }
