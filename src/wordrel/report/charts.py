"""Charts as Vega-Lite specifications: what all of them are built of, and how they are drawn.

A specification is a plain dictionary with its data inside; the tests check it against the schema of
Vega-Lite. Colours are names of the page's style sheet (`var(--...)`), so that one specification
serves light and dark: the page's script puts colours in when it draws, and `svg.draw` those of
light.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from wordrel.report.document import Spec
from wordrel.report.looks import DASHES, Look, looks
from wordrel.study.results import Results

INK, PAPER, QUIET = "var(--ink)", "var(--paper)", "var(--quiet)"

CONFIG: Spec = {
    "aria": False,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
        **{"titleFontWeight": "normal", "gridColor": "var(--line)"},
        **{"domainColor": "var(--line)", "tickColor": "var(--line)"},
    },
    "axisX": {"labelFlush": False, "titleAnchor": "end", "labelSeparation": 8},
    "axisY": {"grid": False},
    "legend": {
        **{"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
        "labelLimit": 260,
    },
}
"""How every chart looks; the page adds its font, and what depends on the width of a box."""

HIGH = 260
"""Pixels of a chart of lines."""

WIDE: Spec = {"usermeta": {"least": 480}}
"""Of a chart with names beside its lines: a narrow page scrolls it and does not squeeze it."""

SELECTED = " (selected)"
"""Ends the name of an embedding that the study selected; such a name is bold."""

_LINE = 14  # pixels between two names of lines
INSIDE = "\t"
"""Between a group and a name inside it, in the names of a side."""

_SIDE = {
    "labelLimit": 240,
    "labelPadding": 8,
    "ticks": False,
    "domain": False,
    "labelExpr": f"split(datum.label, '{INSIDE}')[1] || datum.label",
    "labelFontWeight": {
        "condition": {"test": r"test(/\(selected\)$/, datum.label)", "value": "bold"},
        "value": "normal",
    },
}
_GROUPED = {
    "labelFontStyle": {
        "condition": {"test": r"!test(/\t/, datum.value)", "value": "italic"},
        "value": "normal",
    }
}
_RULED = {"grid": True, "tickBand": "extent"}
_BROKEN = [4, 4]


def chart(
    data: list[dict[str, Any]],
    layers: list[Spec],
    places: Spec,
    height: Spec | int,
    lines: Sequence[Spec] = (),
) -> Spec:
    """Layers over one table, as wide as the box that they stand in.

    Args:
        data: the table.
        layers: drawn from it.
        places: the axes that they share.
        height: of the chart, in pixels or as the step of its side.
        lines: layers below them that go across the whole chart.
    """
    placed = [{**spec, "encoding": places | spec["encoding"]} for spec in layers]
    size = {"width": "container", "height": height, "autosize": {"type": "fit-x"}}
    return {"data": {"values": data}, "layer": [*lines, *placed], **size}


def heat_map(data: list[dict[str, Any]], scale: Spec, across: Spec, down: Spec) -> Spec:
    """Fields of colour, each with its number; of one size, whatever the width of the page.

    Args:
        data: the table; its column `value` is drawn and `shown` is the text.
        scale: from values to colours.
        across: the names along the bottom.
        down: the names along the side.
    """
    tooltip = tips(across["field"], down["field"], "identifier", "value")
    colour = field("value", "quantitative", scale=scale, legend=None)
    layers = [
        layer({"type": "rect"}, {"color": colour, "tooltip": tooltip}),
        layer({"type": "text", "fontSize": 10, "color": INK}, {"text": {"field": "shown"}}),
    ]
    fixed = {"width": {"step": 34}, "autosize": "pad"}
    return chart(data, layers, {"x": across, "y": down}, {"step": 20}) | fixed


def layer(mark: Spec, encoding: Spec, data: list[dict[str, Any]] | None = None) -> Spec:
    """A mark and what places it; over the table of the chart or one of its own."""
    own = {} if data is None else {"data": {"values": data}}
    return {**own, "mark": mark, "encoding": encoding}


def line_at(name: str, places: Sequence[float], channel: str = "x") -> Spec:
    """Broken lines across the whole chart, at zero or at chance."""
    mark = {"type": "rule", "color": INK, "strokeDash": _BROKEN}
    values = [{name: rounded(place)} for place in places]
    return layer(mark, {channel: field(name, "quantitative")}, values)


def lines(results: Results, models: Sequence[str], places: Spec) -> list[Spec]:
    """A band, a line and its points for each model; `names_beside` labels them."""
    stroke = named("model", colours(results, models))
    ends = {"y": {**places["y"], "field": "low"}, "y2": {"field": "high"}}
    dot = {
        "stroke": stroke,
        "fill": stroke,
        "shape": named("model", shapes(results, models)),
        "tooltip": tips("model", "identifier", "place", "value", "low", "high"),
    }
    return [
        layer({"type": "area", "fillOpacity": 0.14}, {"x": places["x"], **ends, "fill": stroke}),
        layer(
            {"type": "line", "strokeWidth": 1.6},
            {**places, "stroke": stroke, "strokeDash": dashed("dash")},
        ),
        layer(point() | {"size": 36}, places | dot),
    ]


def names_beside(
    results: Results, ends: Mapping[str, tuple[float, float]], places: Spec, axis: Spec
) -> Spec:
    """A layer with the names of lines at their right ends, moved apart where they would overlap.

    Args:
        results: the study.
        ends: model -> where its line ends, in the units of the axes.
        places: the axes.
        axis: of the heights, from `shared`.
    """
    low, high = axis["scale"]["domain"]
    gap = _LINE * (high - low) / HIGH
    heights = _apart({model: y for model, (_, y) in ends.items()}, gap, low, high)
    right = max(x for x, _ in ends.values())
    rows = [
        {"model": looks(results)[model].label, "place": right, "value": rounded(y)}
        for model, y in heights.items()
    ]
    text = {"text": {"field": "model"}, "color": named("model", colours(results, list(ends)))}
    mark = {"type": "text", "align": "left", "dx": 12, "fontSize": 12}
    return layer(mark, places | text, rows)


def _apart(wanted: Mapping[str, float], gap: float, low: float, high: float) -> dict[str, float]:
    """Heights near the wanted ones, in the same order, with at least a gap between them."""
    heights: dict[str, float] = {}
    for model in sorted(wanted, key=lambda m: wanted[m]):
        heights[model] = max(wanted[model], *(y + gap for y in heights.values()), low)
    ceiling = max(high, low + gap * (len(heights) - 1))
    for model in reversed(list(heights)):
        heights[model] = min(heights[model], ceiling)
        ceiling = heights[model] - gap
    return heights


def ticks(values: Sequence[int]) -> Spec:
    """A tick at each of them, also where fewer would do."""
    return {"values": list(values), "tickCount": len(values)}


def point() -> Spec:
    """A mark that a shape can be given."""
    return {"type": "point", "size": 45, "opacity": 1}


def dots(dot: Spec, own: Spec | None = None) -> list[Spec]:
    """Dots with their intervals.

    Args:
        dot: what places and colours a dot.
        own: what gives each model a line of its own within one place.
    """
    scale = {name: dot["x"][name] for name in ("scale",) if name in dot["x"]}
    interval_ends = {"x": field("low", "quantitative", **scale), "x2": {"field": "high"}}
    rule = interval_ends | {"stroke": dot["stroke"]}
    return [layer({"type": "rule"}, rule | (own or {})), layer(point(), dot | (own or {}))]


def look(results: Results, models: Sequence[str], *, legend: bool = False) -> Spec:
    """The colour and the marker of each model."""
    return {
        "stroke": named("model", colours(results, models), legend=legend),
        "fill": named("model", colours(results, models)),
        "shape": named("model", shapes(results, models), legend=legend),
    }


def offset(results: Results, models: Sequence[str]) -> Spec:
    """A line of its own for each model within one place of the side."""
    order = [looks(results)[model].label for model in models]
    return {"yOffset": {"field": "model", "type": "nominal", "sort": order}}


def side(name: str, order: Sequence[str], *, ruled: bool = False) -> Spec:
    """Names down the left side, in this order; those of selected embeddings bold.

    Args:
        name: of the column.
        order: of the names; a group of `inside` has a line of its own.
        ruled: whether lines part them, where one name has several dots.
    """
    grouped = _GROUPED if any(INSIDE in entry for entry in order) else {}
    axis = _SIDE | grouped | (_RULED if ruled else {})
    scale = {"domain": list(order)}
    return field(name, "nominal", scale=scale, sort=None, title=None, axis=axis)


def inside(group: str, name: str) -> str:
    """A name below that of its group, for `side`; the group has a line of its own."""
    return f"{group}{INSIDE}{name}"


def bottom(name: str, order: Sequence[str], title: str | None = None) -> Spec:
    """Names along the bottom, in this order."""
    axis = {"labelAngle": -50, "ticks": False, "labelLimit": 240}
    return field(name, "nominal", sort=list(order), title=title, axis=axis)


def named(name: str, values: Mapping[str, Any], *, legend: bool = False) -> Spec:
    """One look for each name, with a legend where no name stands beside it."""
    scale = {"domain": list(values), "range": list(values.values())}
    key = {"orient": "bottom", "title": None} if legend else None
    return field(name, "nominal", scale=scale, legend=key)


def hollow(fill: Spec, test: str) -> Spec:
    """Filled with the colour of the name, but for what passes the test."""
    return {**fill, "condition": {"test": test, "value": PAPER}}


def field(name: str, kind: str, **properties: Any) -> Spec:
    """A column of the table, and how it is measured."""
    return {"field": name, "type": kind, **properties}


def tips(*names: str) -> list[Spec]:
    """What is shown beside the pointer."""
    return [{"field": name} for name in names]


def shared(values: Iterable[float | None], least: float = 0.0) -> Spec:
    """An axis over all these values, so that charts of several corpora have the same.

    Args:
        values: of every chart; what is not known is left out.
        least: the width of the axis where they lie nearer together, as by rounding alone.
    """
    known = [value for value in values if value is not None and not pd.isna(value)] or [0.0]
    low, high = min(known), max(known)
    wide = max(high - low, least) or abs(high) or 1.0
    middle = (low + high) / 2
    ends = [middle - 0.53 * wide, middle + 0.53 * wide]
    return {"scale": {"domain": [rounded(end) for end in ends], "zero": False}}


def interval(name: str, value: float, low: float, high: float) -> dict[str, float | None]:
    """A value and its ends, as columns."""
    return {name: rounded(value), "low": rounded(low), "high": rounded(high)}


def rounded(value: float) -> float | None:
    """Six digits are more than a chart can show; JSON has neither NaN nor infinity."""
    return None if pd.isna(value) or math.isinf(value) else float(f"{value:.6g}") + 0.0


def model(results: Results, name: str) -> dict[str, str]:
    """The columns that name a model: its label, and its identifier for the pointer."""
    return {"model": looks(results)[name].label, "identifier": name}


def colours(results: Results, models: Sequence[str]) -> dict[str, str]:
    """Label of a model -> its colour."""
    return {look.label: look.colour for look in _of(results, models)}


def shapes(results: Results, models: Sequence[str]) -> dict[str, str]:
    """Label of a model -> its marker."""
    return {look.label: look.shape for look in _of(results, models)}


def dashed(name: str) -> Spec:
    """Lines broken by the number of their dash; not as a scale, whose legend dashes the symbols."""
    cases = [
        {"test": f"datum.{name} === {i}", "value": dash} for i, dash in enumerate(DASHES, start=1)
    ]
    return {"condition": cases, "value": [1, 0]}


def file_name(name: str) -> str:
    """A name that every file system and every link takes."""
    return re.sub(r"[^\w.-]+", "-", name)


def _of(results: Results, models: Sequence[str]) -> list[Look]:
    return [looks(results)[model] for model in models]
