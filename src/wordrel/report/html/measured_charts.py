"""Charts of what was measured inside the models, and of scores on samples of growing size."""

from typing import Any

from wordrel.report import tables
from wordrel.report.curves import Curve, Point
from wordrel.report.html import vega
from wordrel.report.html.vega import Spec
from wordrel.report.measured import Panel
from wordrel.study.results import Results

_LINES, _SMALL = 260, 190  # pixels high
_STEP = 13  # pixels between two models of one place
_AXIS_TITLES = {"tokens": "tokens of the sample (log)", "seconds": "seconds of training (log)"}


def panel_chart(results: Results, panel: Panel) -> Spec:
    """A line a model where places are numbers, else a dot with its interval."""
    if panel.look.line:
        return _panel_lines(results, panel)
    return _panel_dots(results, panel)


def curve_chart(results: Results, curve: Curve, across: str) -> Spec:
    """The score of each model against the size of the sample or the seconds of training.

    Args:
        results: the stored study.
        curve: the task.
        across: "tokens" or "seconds", on a logarithmic axis.
    """
    dashes = vega.dashes(results, list(curve.points))
    rows = [
        _point(model, point) | {"dash": dashes[model]}
        for model, points in curve.points.items()
        for point in points
        if getattr(point, across) > 0  # NaN where nothing is known
    ]
    axis: dict[str, Any] = {"tickCount": 4, "format": "~g", "grid": False}
    if across == "tokens":
        sizes = sorted({p.tokens for points in curve.points.values() for p in points})
        axis |= _ticks(sizes) | {"format": ".2~s", "labelOverlap": True}
    log = {"type": "log", "nice": False, "padding": 12}
    x = vega.field(across, "quantitative", title=_AXIS_TITLES[across], scale=log, axis=axis)
    y = vega.field("score", "quantitative", title=tables.measured(curve.column), **_free())
    told = vega.tips("model", "sample", "tokens", "seconds", "score", "low", "high")
    layers = _lines(results, list(curve.points), {"x": x, "y": y}, told)
    return vega.chart(rows, layers, {}, _SMALL)


def _point(model: str, point: Point) -> dict[str, Any]:
    return {
        "model": model,
        "sample": point.corpus,
        "tokens": point.tokens,
        "seconds": vega.rounded(point.seconds),
        **vega.interval("score", point.score, point.low, point.high),
    }


def _panel_lines(results: Results, panel: Panel) -> Spec:
    dashes = vega.dashes(results, list(panel.values))
    rows = [
        {
            "model": model,
            "dash": dashes[model],
            "place": int(place),
            "side": "after" if int(place) > 0 else "before",
            **vega.interval("value", r.value, r.low, r.high),
        }
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    signed = any(place.startswith("-") for place in panel.places)
    axis = _ticks([int(place) for place in panel.places])
    axis |= {"format": "+d" if signed else "d", "grid": False}
    scale = {"nice": False, "padding": 12, "zero": False}
    x = vega.field("place", "quantitative", title=panel.look.axis, axis=axis, scale=scale)
    y = vega.field("value", "quantitative", title=None, **_free())
    told = vega.tips("model", "place", "value", "low", "high")
    layers = _lines(results, list(panel.values), {"x": x, "y": y}, told)
    for one in layers:
        one["encoding"] |= {"detail": vega.field("side", "nominal")}  # no line runs across 0
    return vega.chart(rows, layers, {}, _LINES, _rules(panel, "y"))


def _lines(results: Results, models: list[str], places: Spec, told: list[Spec]) -> list[Spec]:
    """A band, a line and its points for each model."""
    colours = vega.colours(results, models)
    stroke = fill = vega.named("model", colours)  # one layer without a legend hides all of them
    ends = {"y": {**places["y"], "field": "low"}, "y2": {"field": "high"}}
    dot = {
        "stroke": stroke,
        "fill": fill,
        "shape": vega.named("model", vega.shapes(results, models)),
        "tooltip": told,
    }
    return [
        vega.layer(
            {"type": "area", "fillOpacity": 0.14},
            {"x": places["x"], **ends, "fill": fill},
        ),
        vega.layer(
            {"type": "line", "strokeWidth": 1.6},
            {**places, "stroke": stroke, "strokeDash": vega.dashed("dash")},
        ),
        vega.layer(vega.point() | {"size": 36}, places | dot),
    ]


def _panel_dots(results: Results, panel: Panel) -> Spec:
    rows = [
        {"model": model, "place": place, **vega.interval("value", r.value, r.low, r.high)}
        for model, found in panel.values.items()
        for place, r in found.items()
    ]
    models = list(panel.values)
    colours = vega.colours(results, models)
    stroke, own = vega.named("model", colours), vega.offset(models)
    x = vega.field("value", "quantitative", title=None, **_free())
    dot = {
        "x": x,
        "stroke": stroke,
        "fill": vega.silent("model", colours),
        "shape": vega.named("model", vega.shapes(results, models)),
        "tooltip": vega.tips("place", "model", "value", "low", "high"),
    }
    layers = [
        vega.layer({"type": "rule"}, {**vega.ends(), "stroke": stroke, **own}),
        vega.layer(vega.point(), dot | own),
    ]
    places = {"y": vega.side("place", panel.places)}
    return vega.chart(rows, layers, places, {"step": _STEP, "for": "offset"}, _rules(panel, "x"))


def _rules(panel: Panel, channel: str) -> list[Spec]:
    rule = panel.look.rule
    return [] if rule is None else [vega.line_at("value", [rule], channel)]


def _ticks(values: list[int]) -> Spec:
    """A tick at each of them, also where fewer would do."""
    return {"values": values, "tickCount": len(values)}


def _free() -> Spec:
    """An axis that need not reach zero."""
    return {"scale": {"zero": False}}
