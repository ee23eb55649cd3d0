"""Charts as Vega-Lite specifications: what all of them are built of, and how they are drawn.

A specification is a plain dictionary with its data inside; the tests check it against the schema of
Vega-Lite. Colours are names of the page's style sheet (`var(--...)`), so that one specification
serves light and dark: the page's script puts colours in when it draws, and `svg.draw` those of
light.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import Spec
from wordrel.study.results import Results

INK, PAPER, QUIET = "var(--ink)", "var(--paper)", "var(--quiet)"
COLOURS = {
    "word2vec": "var(--blue)",
    "attention": "var(--vermillion)",
    "weighted mean": "var(--green)",
}
"""Family of models -> its colour, the same in every chart."""

FREE: Spec = {"scale": {"zero": False}}
"""Of an axis that need not reach zero."""

SELECTED = " (selected)"
"""A name that ends so is bold."""

CONFIG: Spec = {
    "aria": False,
    "background": "transparent",
    "embedding": {"stroke": None},
    "axis": {
        **{"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
        **{"titleFontWeight": "normal", "gridColor": "var(--line)"},
        **{"domainColor": "var(--line)", "tickColor": "var(--line)"},
    },
    "axisY": {"grid": False},
    "legend": {
        **{"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
        "labelLimit": 260,
    },
}
"""How every chart looks; the page adds its font, and what depends on the width of a box."""

_SHAPES = (
    *("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    *("triangle-left", "arrow", "wedge"),
)
_DASHES = ([6, 3], [2, 2], [8, 3, 2, 3])
_BOLD = {"test": "test(/ \\(selected\\)$/, datum.label)", "value": "bold"}
_SIDE = {
    "labelLimit": 220,
    "labelPadding": 8,
    "ticks": False,
    "domain": False,
    "labelFontWeight": {"condition": _BOLD, "value": "normal"},
}
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
    placed = [{**one, "encoding": places | one["encoding"]} for one in layers]
    size = {"width": "container", "height": height, "autosize": {"type": "fit-x"}}
    return {"data": {"values": data}, "layer": [*lines, *placed], **size}


def heat_map(data: list[dict[str, Any]], scale: Spec, across: Spec, down: Spec) -> Spec:
    """Fields of colour, each with its number; of one size, whatever the width of the page.

    Args:
        data: the table; its column `value` is drawn and `shown` is what it reads.
        scale: from values to colours.
        across: the names along the bottom.
        down: the names along the side.
    """
    tooltip = tips(across["field"], down["field"], "value")
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


def lines(results: Results, models: list[str], places: Spec, told: list[Spec]) -> list[Spec]:
    """A band, a line and its points for each model."""
    colour = named("model", colours(results, models))  # one layer without a legend hides them all
    ends = {"y": {**places["y"], "field": "low"}, "y2": {"field": "high"}}
    dot = {
        "stroke": colour,
        "fill": colour,
        "shape": named("model", shapes(results, models)),
        "tooltip": told,
    }
    return [
        layer({"type": "area", "fillOpacity": 0.14}, {"x": places["x"], **ends, "fill": colour}),
        layer(
            {"type": "line", "strokeWidth": 1.6},
            {**places, "stroke": colour, "strokeDash": dashed("dash")},
        ),
        layer(point() | {"size": 36}, places | dot),
    ]


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
    rule = {**ends(), "stroke": dot["stroke"]}
    return [layer({"type": "rule"}, rule | (own or {})), layer(point(), dot | (own or {}))]


def ends() -> Spec:
    """A horizontal interval."""
    return {"x": field("low", "quantitative"), "x2": {"field": "high"}}


def offset(models: Sequence[str]) -> Spec:
    """A line of its own for each model within one place of the side."""
    return {"yOffset": {"field": "model", "type": "nominal", "sort": list(models)}}


def side(name: str, order: Sequence[str]) -> Spec:
    """Names down the left side, in this order; the selected ones bold."""
    return field(name, "nominal", sort=list(order), title=None, axis=_SIDE)


def bottom(name: str, order: Sequence[str], title: str | None = None) -> Spec:
    """Names along the bottom, in this order."""
    axis = {"labelAngle": -50, "ticks": False}
    return field(name, "nominal", sort=list(order), title=title, axis=axis)


def named(name: str, looks: Mapping[str, Any]) -> Spec:
    """One look for each name, with a legend that says so."""
    scale = {"domain": list(looks), "range": list(looks.values())}
    legend = {"orient": "bottom", "title": None}
    return field(name, "nominal", scale=scale, legend=legend)


def hollow(name: str, colours: Mapping[str, str], test: str) -> Spec:
    """Filled with the colour of the name, but for what passes the test."""
    return {**silent(name, colours), "condition": {"test": test, "value": PAPER}}


def silent(name: str, looks: Mapping[str, Any]) -> Spec:
    """One look for each name that another look's legend explains."""
    return {**named(name, looks), "legend": None}


def field(name: str, kind: str, **more: Any) -> Spec:
    """A column of the table, and how it is measured."""
    return {"field": name, "type": kind, **more}


def tips(*names: str) -> list[Spec]:
    """What is shown beside the pointer."""
    return [{"field": name} for name in names]


def interval(name: str, value: float, low: float, high: float) -> dict[str, float | None]:
    """A value and its ends, as columns."""
    return {name: rounded(value), "low": rounded(low), "high": rounded(high)}


def rounded(value: float) -> float | None:
    """Six digits are more than a chart can show; JSON has no NaN."""
    return None if pd.isna(value) else float(f"{value:.6g}") + 0.0


def colour(family: str) -> str:
    """Of a family of models; quiet where it is a reference."""
    return COLOURS.get(family, QUIET)


def colours(results: Results, models: Sequence[str]) -> dict[str, str]:
    """Model -> the colour of its family."""
    families = queries.families(results)
    return {model: colour(families[model]) for model in models}


def by_family(results: Results, models: Sequence[str]) -> dict[str, str]:
    """Family of any of these models -> its colour."""
    of_models = families(results)
    return {of_models[model]: colour(of_models[model]) for model in models}


def families(results: Results) -> dict[str, str]:
    """Model -> its family, or `reference` where that has no colour of its own."""
    found = queries.families(results)
    return {m: family if family in COLOURS else "reference" for m, family in found.items()}


def shapes(results: Results, models: Sequence[str]) -> dict[str, str]:
    """Model -> a shape that tells it apart from those of its colour, the same in every chart."""
    return {m: _SHAPES[i % len(_SHAPES)] for m, i in _places(results, models).items()}


def dashes(results: Results, models: Sequence[str]) -> dict[str, int]:
    """Model -> the number of its dash, the same in every chart; 0 is a whole line."""
    return {m: i % (len(_DASHES) + 1) for m, i in _places(results, models).items()}


def dashed(name: str) -> Spec:
    """Lines broken by the number of their dash; not as a scale, whose legend dashes the symbols."""
    cases = [
        {"test": f"datum.{name} === {i}", "value": dash} for i, dash in enumerate(_DASHES, start=1)
    ]
    return {"condition": cases, "value": [1, 0]}


def _places(results: Results, models: Sequence[str]) -> dict[str, int]:
    """Model -> how many models of its colour stand before it in the study."""
    every = {m: colour(family) for m, family in queries.families(results).items()}
    named_before = {m: list(every)[: list(every).index(m)] for m in models}
    return {m: sum(every[b] == every[m] for b in before) for m, before in named_before.items()}


def file_name(name: str) -> str:
    """A name that every file system and every link takes."""
    return re.sub(r"[^\w.-]+", "-", name)
