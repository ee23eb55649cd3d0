"""What more text buys: the scores of each model on samples of one source, by size and by seconds.

Reads tables. Corpora are samples of one source where their settings are the same but for the name
and the limit.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Fold, Section, Spec, Table, name
from wordrel.report.headline import ARROWS, measured
from wordrel.report.queries import Column
from wordrel.report.text import count, listed, number, percent, with_interval
from wordrel.study.results import Results

TITLE = "What does more text buy?"

_CAPTION = (
    "The score of each model's primary view on samples of one source, by {across}; bands are "
    "{level} intervals. Each sample has a vocabulary of its own, so what a task can score may grow "
    "with the text. Random vectors are left out."
)
_ACROSS = {
    "tokens": "the tokens that it was trained on",
    "seconds": "the seconds that its training took",
}
"""Field of a point -> what it is."""

_SMALL = 190  # pixels high
_AXIS_TITLES = {"tokens": "tokens of the sample (log)", "seconds": "seconds of training (log)"}
_FLOOR = "random"
_OF_A_SAMPLE = ("name", "limit_tokens")


@dataclass(frozen=True)
class Point:
    """One model on one sample.

    Attributes:
        corpus: the name of the sample.
        tokens: how many of them it has for training.
        seconds: of training, the mean over finished seeds.
        score: the mean over seeds, with its interval from `low` to `high`.
        n: the items scored.
    """

    corpus: str
    tokens: int
    seconds: float
    score: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Curve:
    """One task on the samples of one source: model -> its points, from the smallest sample up."""

    source: str
    column: Column
    points: dict[str, tuple[Point, ...]]


def curves(results: Results) -> list[Curve]:
    """A curve for each source with several samples, and each task that counts; none without.

    A task is left out unless some model answers it on two samples.
    """
    found = []
    for source, samples in sample_groups(results).items():
        for column in _columns(results, samples):
            points = _points(results, samples, column)
            if any(len(of_model) > 1 for of_model in points.values()):
                found.append(Curve(source, column, points))
    return found


def sample_groups(results: Results) -> dict[str, list[str]]:
    """Source -> its samples, from the smallest up, where there are several of different size."""
    sizes = _tokens(results)
    groups: dict[str, list[str]] = {}
    sources: dict[str, str] = {}
    for corpus in results.config.get("corpora") or ():
        common = {k: v for k, v in corpus.items() if k not in _OF_A_SAMPLE}
        key = json.dumps(common, sort_keys=True, default=str)
        if corpus.get("name") in sizes:
            groups.setdefault(key, []).append(str(corpus["name"]))
            sources[key] = str(corpus["source"])
    several = {k: names for k, names in groups.items() if len({sizes[n] for n in names}) > 1}
    titles = [sources[k] for k in several]
    return {
        sources[k] if titles.count(sources[k]) == 1 else ", ".join(names): sorted(
            names, key=sizes.__getitem__
        )
        for k, names in several.items()
    }


def curves_words(found: Sequence[Curve], across: str) -> str:
    """The figure in words: on each sample, the model with the best mean score.

    Args:
        found: the curves of the figure.
        across: "tokens" or "seconds".
    """
    return " ".join(_leaders(curve, across) for curve in found)


def points_table(found: Sequence[Curve]) -> Table:
    """Every point of every curve, a line each."""
    heads = ["task", "model", "sample", "tokens", "seconds", "score", "n"]
    body = [
        [
            f"{name(curve.column.task)} ({measured(curve.column)})",
            *(name(model), name(point.corpus), count(point.tokens), number(point.seconds, 1)),
            with_interval(point.score, point.low, point.high),
            count(point.n),
        ]
        for curve in found
        for model, points in curve.points.items()
        for point in points
    ]
    return Table(heads, body, words=3)


def sections(results: Results) -> list[Section]:
    """Scores against tokens and, on the page, against seconds; none without samples of one text."""
    found = curves(results)
    if not found:
        return []
    drawn = [curves_figure(results, found, across) for across in _ACROSS]
    return [Section(TITLE, [*drawn, Fold("Every point", [points_table(found)])], "size")]


def curves_figure(results: Results, found: Sequence[Curve], across: str) -> Figure:
    """A small chart for each task, whose horizontal axis is this field of a point."""
    level = percent(results.manifest["statistics"]["confidence"])
    shown = [
        Chart(f"{curve.source} · {curve.column.task}", _chart(results, curve, across))
        for curve in found
    ]
    file = "curves" if across == "tokens" else ""
    caption = _CAPTION.format(across=_ACROSS[across], level=level)
    return Figure(file, shown, curves_words(found, across), caption, small=True)


def _leaders(curve: Curve, across: str) -> str:
    sign = 1 if curve.column.better == "higher" else -1
    best: dict[int, tuple[str, Point]] = {}
    for model, points in curve.points.items():
        for point in points:
            ahead = best.get(point.tokens)
            if ahead is None or sign * point.score > sign * ahead[1].score:
                best[point.tokens] = model, point
    said = [
        f"{model} {number(point.score)} {_place(point, across)}"
        for _, (model, point) in sorted(best.items())
    ]
    return f"{curve.source}, {curve.column.task}: best means {listed(said)}."


def _place(point: Point, across: str) -> str:
    if across == "tokens":
        return f"at {count(point.tokens)} tokens"
    return f"after {number(point.seconds, 1)} s ({point.corpus})"


def _columns(results: Results, samples: Sequence[str]) -> list[Column]:
    """The tasks that count on any of the samples."""
    found = [
        column
        for question in queries.questions(results)
        for corpus in samples
        for column in queries.main_columns(results, corpus, question)
        if column.measure
    ]
    return list(dict.fromkeys(found))


def _points(
    results: Results, samples: Sequence[str], column: Column
) -> dict[str, tuple[Point, ...]]:
    sizes, kinds = _tokens(results), queries.kinds(results)
    found: dict[str, list[Point]] = {}
    for corpus in samples:
        answers = queries.answers(results, corpus, column)
        for model in queries.models(results, corpus):
            r = answers.get(model)
            if r is None or pd.isna(r.score) or kinds[model] == _FLOOR:
                continue
            seconds = queries.cost(results, corpus, model).seconds
            point = Point(corpus, sizes[corpus], seconds, r.score, r.low, r.high, int(r.n_scored))
            found.setdefault(model, []).append(point)
    return {model: tuple(points) for model, points in found.items()}


def _tokens(results: Results) -> dict[str, int]:
    return {str(c["name"]): int(c["tokens"]) for c in results.manifest["corpora"]}


def _chart(results: Results, curve: Curve, across: str) -> Spec:
    """The score of each model against the size of the sample or the seconds of training.

    Args:
        results: the stored study.
        curve: the task.
        across: "tokens" or "seconds", on a logarithmic axis.
    """
    dashes = charts.dashes(results, list(curve.points))
    rows = [
        _point(model, point) | {"dash": dashes[model]}
        for model, points in curve.points.items()
        for point in points
        if getattr(point, across) > 0  # NaN where nothing is known
    ]
    axis: dict[str, Any] = {"tickCount": 4, "format": "~g", "grid": False}
    if across == "tokens":
        sizes = sorted({p.tokens for points in curve.points.values() for p in points})
        axis |= charts.ticks(sizes) | {"format": ".2~s", "labelOverlap": True}
    log = {"type": "log", "nice": False, "padding": 12}
    x = charts.field(across, "quantitative", title=_AXIS_TITLES[across], scale=log, axis=axis)
    title = f"{curve.column.measure} {ARROWS[curve.column.better]}"
    y = charts.field("score", "quantitative", title=title, **charts.FREE)
    told = charts.tips("model", "sample", "tokens", "seconds", "score", "low", "high")
    layers = charts.lines(results, list(curve.points), {"x": x, "y": y}, told)
    return charts.chart(rows, layers, {}, _SMALL)


def _point(model: str, point: Point) -> dict[str, Any]:
    return {
        "model": model,
        "sample": point.corpus,
        "tokens": point.tokens,
        "seconds": charts.rounded(point.seconds),
        **charts.interval("score", point.score, point.low, point.high),
    }
