"""The charts of the page, as Vega-Lite specifications with their data inside.

Same tables, same specifications. They are plain dictionaries; the tests check them against the
schema of Vega-Lite.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordrel.report import direction, forest, queries, speech
from wordrel.report.html import vega
from wordrel.report.html.vega import Spec
from wordrel.report.ladder import Climb
from wordrel.report.queries import Column, Row
from wordrel.report.text import number, share
from wordrel.study.results import Results

_PRIMARY = " (primary)"  # a name that ends so is bold


def ladder_chart(climb: Climb) -> Spec:
    """What each ingredient takes off the loss: mean, interval, its share, and each ordering."""
    dots = [
        {
            "ingredient": name,
            **vega.interval("nats", *(vars(climb.gain(name)).values())),
            "share": share(climb.share(name).value),
        }
        for name in climb.gains
    ]
    ticks = [
        {"ingredient": name, "nats": vega.rounded(fall)}
        for name, falls in climb.by_ordering.items()
        for fall in falls
    ]
    blue = vega.COLOURS["word2vec"]
    x = vega.field("nats", "quantitative", title="nats per token saved")
    point = {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": blue}
    layers = [
        vega.layer(
            {"type": "tick", "color": vega.QUIET, "thickness": 2, "size": 14}, {"x": x}, ticks
        ),
        vega.layer({"type": "rule", "color": blue}, vega.ends()),
        vega.layer(
            point, {"x": x, "tooltip": vega.tips("ingredient", "nats", "low", "high", "share")}
        ),
        vega.layer(
            {"type": "text", "dy": -16, "color": vega.INK}, {"x": x, "text": {"field": "share"}}
        ),
    ]
    side = {"y": vega.side("ingredient", list(climb.gains))}
    return vega.chart(dots, layers, side, {"step": 38}, [vega.line_at("nats", [0.0])])


def forest_chart(results: Results, panel: forest.Panel) -> Spec:
    """Each model minus the reference on each task, turned so that right is better.

    Filled where it is told apart.
    """
    dots = [
        _gap(column, model, row)
        for column, gaps in panel.gaps.items()
        for model, row in gaps.items()
    ]
    tasks = queries.distinct(str(dot["task"]) for dot in dots)
    colours = vega.colours(results, panel.models)
    stroke = vega.named("model", colours)
    x = vega.field("difference", "quantitative", title=f"minus {panel.reference} (right is better)")
    dot = {
        "x": x,
        "stroke": stroke,
        "shape": vega.named("model", vega.shapes(results, panel.models)),
        "fill": vega.hollow("model", colours, "datum.apart === 'no'"),
        "tooltip": vega.tips("task", "model", "difference", "low", "high", "apart"),
    }
    layers = [
        vega.layer(
            {"type": "rule"}, {**vega.ends(), "stroke": stroke, **vega.offset(panel.models)}
        ),
        vega.layer(vega.point(), dot | vega.offset(panel.models)),
    ]
    side = {"y": vega.side("task", tasks)}
    zero = [vega.line_at("difference", [0.0])]
    return vega.chart(dots, layers, side, {"step": 12, "for": "offset"}, zero)


def direction_chart(results: Results, rows: Mapping[direction.Key, Row]) -> Spec:
    """A line for each reading of each model; filled where it is the primary one."""
    families = queries.families(results)
    order = {model: i for i, model in enumerate(queries.kinds(results))}
    dots = [
        {
            "reading": f"{model} · {view}{_PRIMARY if r.primary else ''}",
            **vega.interval("score", r.score, r.low, r.high),
            "primary": "yes" if r.primary else "no",
            "family": families[model],
        }
        for (model, view), r in sorted(rows.items(), key=lambda item: order[item[0][0]])
    ]
    colours = {str(dot["family"]): vega.colour(str(dot["family"])) for dot in dots}
    stroke = vega.named("family", colours)
    x = vega.field("score", "quantitative", title=None, scale={"zero": False})
    dot = {
        "x": x,
        "stroke": stroke,
        "fill": vega.hollow("family", colours, "datum.primary === 'no'"),
        "tooltip": vega.tips("reading", "score", "low", "high", "primary"),
    }
    chances = sorted({float(r.chance) for r in rows.values() if not math.isnan(r.chance)})
    layers = [
        vega.layer({"type": "rule"}, {**vega.ends(), "stroke": stroke}),
        vega.layer(vega.point(), dot),
    ]
    side = {"y": vega.side("reading", [str(dot["reading"]) for dot in dots])}
    lines = [vega.line_at("score", chances)] if chances else []
    return vega.chart(dots, layers, side, {"step": 17}, lines)


def speech_charts(drawn: Sequence[speech.Panel]) -> list[Spec]:
    """Readings by pairs of parts of speech, a chart for each model, one scale of colours."""
    most = max((float(np.nanmax(np.abs(panel.values))) for panel in drawn), default=0.0) or 1.0
    return [_speech_chart(panel, most) for panel in drawn]


def _speech_chart(panel: speech.Panel, most: float) -> Spec:
    names = [f"{r}{_PRIMARY}" if r == panel.primary else r for r in panel.readings]
    fields = [
        {
            "reading": names[i],
            "pair": panel.pairs[j],
            "mean": vega.rounded(value),
            "shown": number(value, 1),
        }
        for (i, j), value in np.ndenumerate(panel.values)
        if not math.isnan(value)
    ]
    across = {"axis": {"labelAngle": -50, "ticks": False}, "sort": list(panel.pairs)}
    colours = ["var(--cold)", vega.PAPER, "var(--warm)"]
    scale = {"domain": [-most, 0, most], "range": colours, "interpolate": "lab"}
    layers = [
        vega.layer(
            {"type": "rect"},
            {
                "color": vega.field("mean", "quantitative", scale=scale, legend=None),
                "tooltip": vega.tips("reading", "pair", "mean"),
            },
        ),
        vega.layer(
            {"type": "text", "fontSize": 10},
            {"text": {"field": "shown"}, "color": {"value": vega.INK}},
        ),
    ]
    places = {
        "x": vega.field("pair", "nominal", title=None, **across),
        "y": vega.side("reading", names),
    }
    return vega.chart(fields, layers, places, {"step": 20}) | {
        "width": {"step": 34},
        "autosize": "pad",
    }


def _gap(column: Column, model: str, row: Row) -> dict[str, Any]:
    sign = 1 if row.better == "higher" else -1
    turned = "" if column.better == "higher" else " (turned)"
    low, high = sorted((sign * row.low, sign * row.high))
    return {
        "task": f"{column.task}{turned}",
        "model": model,
        **vega.interval("difference", sign * row.difference, low, high),
        "apart": "no" if queries.winner(row) is None else "yes",
    }
