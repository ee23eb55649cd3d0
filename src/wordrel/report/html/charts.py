"""The charts of the page, as Vega-Lite specifications with their data inside.

Colours are names of the page's style sheet (`var(--...)`), which the page's script replaces when it
draws, so that one specification serves light and dark. Same tables, same specifications. They are
plain dictionaries; the tests check them against the schema of Vega-Lite.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordrel.report import direction, forest, queries, speech
from wordrel.report.ladder import Climb
from wordrel.report.queries import Column, Row
from wordrel.report.results import Results
from wordrel.report.text import number, share

Spec = dict[str, Any]

_INK, _PAPER, _QUIET = "var(--ink)", "var(--paper)", "var(--quiet)"
_COLOURS = {
    "word2vec": "var(--blue)",
    "attention": "var(--vermillion)",
    "weighted mean": "var(--green)",
}
_SHAPES = (
    *("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    *("triangle-left", "arrow", "wedge"),
)
_STRONG = 0.6  # of the largest: from here on a field is far enough from paper for paper's ink
_SIDE = {"labelLimit": 220, "ticks": False, "domain": False}


def ladder_chart(climb: Climb) -> Spec:
    """What each ingredient takes off the loss: mean, interval, its share, and each ordering."""
    dots = [
        {
            "ingredient": name,
            **_interval("nats", *(vars(climb.gain(name)).values())),
            "share": share(climb.share(name).value),
        }
        for name in climb.gains
    ]
    ticks = [
        {"ingredient": name, "nats": _number(fall)}
        for name, falls in climb.by_ordering.items()
        for fall in falls
    ]
    blue = _COLOURS["word2vec"]
    x = _field("nats", "quantitative", title="nats per token saved")
    point = {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": blue}
    layers = [
        _layer({"type": "tick", "color": _QUIET, "thickness": 2, "size": 14}, {"x": x}, ticks),
        _layer({"type": "rule", "color": blue}, _ends()),
        _layer(point, {"x": x, "tooltip": _tips("ingredient", "nats", "low", "high", "share")}),
        _layer({"type": "text", "dy": -16, "color": _INK}, {"x": x, "text": {"field": "share"}}),
    ]
    side = {"y": _side("ingredient", list(climb.gains))}
    return _spec(dots, layers, side, {"step": 38}, [_rule_at("nats", [0.0])])


def forest_chart(results: Results, panel: forest.Panel) -> Spec:
    """Each model minus the reference on each task, turned so that right is better.

    Filled where it is told apart.
    """
    families = queries.families(results)
    dots = [
        _gap(column, model, row)
        for column, gaps in panel.gaps.items()
        for model, row in gaps.items()
    ]
    tasks = queries.distinct(str(dot["task"]) for dot in dots)
    colours = {model: _colour(families[model]) for model in panel.models}
    shapes = {model: _SHAPES[i % len(_SHAPES)] for i, model in enumerate(panel.models)}
    stroke = _named("model", colours)
    x = _field("difference", "quantitative", title=f"minus {panel.reference} (right is better)")
    dot = {
        "x": x,
        "stroke": stroke,
        "shape": _named("model", shapes),
        "fill": _hollow("model", colours, "datum.apart === 'no'"),
        "tooltip": _tips("task", "model", "difference", "low", "high", "apart"),
    }
    layers = [
        _layer({"type": "rule"}, {**_ends(), "stroke": stroke, **_offset(panel.models)}),
        _layer(_point(), dot | _offset(panel.models)),
    ]
    side = {"y": _side("task", tasks)}
    zero = [_rule_at("difference", [0.0])]
    return _spec(dots, layers, side, {"step": 12, "for": "offset"}, zero)


def direction_chart(results: Results, rows: Mapping[direction.Key, Row]) -> Spec:
    """A line for each reading of each model; filled where it is the primary one."""
    families = queries.families(results)
    order = {model: i for i, model in enumerate(queries.kinds(results))}
    dots = [
        {
            "reading": f"{model} · {view}",
            **_interval("score", r.score, r.low, r.high),
            "primary": "yes" if r.primary else "no",
            "family": families[model],
        }
        for (model, view), r in sorted(rows.items(), key=lambda item: order[item[0][0]])
    ]
    colours = {str(dot["family"]): _colour(str(dot["family"])) for dot in dots}
    stroke = _named("family", colours)
    x = _field("score", "quantitative", title=None, scale={"zero": False})
    dot = {
        "x": x,
        "stroke": stroke,
        "fill": _hollow("family", colours, "datum.primary === 'no'"),
        "tooltip": _tips("reading", "score", "low", "high", "primary"),
    }
    chances = sorted({float(r.chance) for r in rows.values() if not math.isnan(r.chance)})
    layers = [
        _layer({"type": "rule"}, {**_ends(), "stroke": stroke}),
        _layer(_point(), dot),
    ]
    side = {"y": _side("reading", [str(dot["reading"]) for dot in dots])}
    lines = [_rule_at("score", chances)] if chances else []
    return _spec(dots, layers, side, {"step": 17}, lines)


def speech_charts(drawn: Sequence[speech.Panel]) -> list[Spec]:
    """Readings by pairs of parts of speech, a chart for each model, one scale of colours."""
    most = max((float(np.nanmax(np.abs(panel.values))) for panel in drawn), default=0.0) or 1.0
    return [_speech_chart(panel, most) for panel in drawn]


def _speech_chart(panel: speech.Panel, most: float) -> Spec:
    names = [f"{r} (primary)" if r == panel.primary else r for r in panel.readings]
    fields = [
        {
            "reading": names[i],
            "pair": panel.pairs[j],
            "mean": _number(value),
            "shown": number(value, 1),
        }
        for (i, j), value in np.ndenumerate(panel.values)
        if not math.isnan(value)
    ]
    across = {"axis": {"labelAngle": -50, "ticks": False}, "sort": list(panel.pairs)}
    colours = ["var(--blue)", _PAPER, "var(--vermillion)"]
    scale = {"domain": [-most, 0, most], "range": colours}
    strong = {"test": f"abs(datum.mean) > {_STRONG * most:.6g}", "value": _PAPER}
    layers = [
        _layer(
            {"type": "rect"},
            {
                "color": _field("mean", "quantitative", scale=scale, legend=None),
                "tooltip": _tips("reading", "pair", "mean"),
            },
        ),
        _layer(
            {"type": "text", "fontSize": 10},
            {"text": {"field": "shown"}, "color": {"condition": strong, "value": _INK}},
        ),
    ]
    places = {
        "x": _field("pair", "nominal", title=None, **across),
        "y": _side("reading", names),
    }
    return _spec(fields, layers, places, {"step": 20}) | {"width": {"step": 34}, "autosize": "pad"}


def _gap(column: Column, model: str, row: Row) -> dict[str, Any]:
    sign = 1 if row.better == "higher" else -1
    turned = "" if column.better == "higher" else " (turned)"
    low, high = sorted((sign * row.low, sign * row.high))
    return {
        "task": f"{column.task}{turned}",
        "model": model,
        **_interval("difference", sign * row.difference, low, high),
        "apart": "no" if queries.winner(row) is None else "yes",
    }


def _spec(
    data: list[dict[str, Any]],
    layers: list[Spec],
    places: Spec,
    height: dict[str, Any],
    lines: Sequence[Spec] = (),
) -> Spec:
    """Layers over one table, as wide as the box that they stand in.

    Args:
        data: the table.
        layers: drawn from it.
        places: the axes that they share.
        height: of the chart.
        lines: layers below them that go across the whole chart.
    """
    placed = [{**layer, "encoding": places | layer["encoding"]} for layer in layers]
    size = {"width": "container", "height": height, "autosize": {"type": "fit-x"}}
    return {"data": {"values": data}, "layer": [*lines, *placed], **size}


def _layer(mark: Spec, encoding: Spec, data: list[dict[str, Any]] | None = None) -> Spec:
    own = {} if data is None else {"data": {"values": data}}
    return {**own, "mark": mark, "encoding": encoding}


def _rule_at(field: str, places: Sequence[float]) -> Spec:
    """Broken lines across the whole chart, at zero or at chance."""
    line = {"type": "rule", "color": _INK, "strokeDash": [4, 4]}
    values = [{field: _number(place)} for place in places]
    return _layer(line, {"x": _field(field, "quantitative")}, values)


def _point() -> Spec:
    return {"type": "point", "size": 45, "opacity": 1}


def _ends() -> Spec:
    return {"x": _field("low", "quantitative"), "x2": {"field": "high"}}


def _offset(models: Sequence[str]) -> Spec:
    return {"yOffset": {"field": "model", "type": "nominal", "sort": list(models)}}


def _side(field: str, order: list[str]) -> Spec:
    """Names down the left side, in this order."""
    return _field(field, "nominal", sort=order, title=None, axis=_SIDE)


def _named(field: str, looks: Mapping[str, str]) -> Spec:
    """One look for each name, with a legend that says so."""
    scale = {"domain": list(looks), "range": list(looks.values())}
    legend = {"orient": "bottom", "columns": 2, "title": None}
    return _field(field, "nominal", scale=scale, legend=legend)


def _hollow(field: str, colours: Mapping[str, str], test: str) -> Spec:
    """Filled with the colour of the name, but for what passes the test."""
    return {**_named(field, colours), "legend": None, "condition": {"test": test, "value": _PAPER}}


def _field(name: str, kind: str, **more: Any) -> Spec:
    return {"field": name, "type": kind, **more}


def _tips(*names: str) -> list[Spec]:
    return [{"field": name} for name in names]


def _interval(name: str, value: float, low: float, high: float) -> dict[str, float | None]:
    return {name: _number(value), "low": _number(low), "high": _number(high)}


def _number(value: float) -> float | None:
    """Six digits are more than a chart can show; JSON has no NaN."""
    return None if math.isnan(value) else float(f"{value:.6g}") + 0.0


def _colour(family: str) -> str:
    return _COLOURS.get(family, _QUIET)
