"""Figures as SVG: the specifications of the page, drawn without a browser.

Same figure, same text.
"""

import json
import re
import textwrap
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert

from wordrel.io.visible import visible_parts
from wordrel.report import charts
from wordrel.report.document import Chart, Figure, Spec

_FONT = "Liberation Sans, Arial, sans-serif"  # the first one comes with vl-convert
_STEADY = str.maketrans("·", "×")
"""A dot has another width in the font of vl-convert than in the same font of some systems, and the
layout would follow it."""
_WIDTHS = {1: 520, 2: 250}  # columns of a figure -> pixels of a panel without its names
_LETTER = 7.2  # pixels of a letter of a title, on average
_OWN = ("color", "stroke", "fill", "shape", "yOffset")  # scales that no two panels share
_TEXTS = ("values", "sort", "domain", "title", "text", "subtitle")  # keys of texts, not of colours
_TITLE: Spec = {
    "anchor": "start",
    "color": charts.INK,
    **{"fontSize": 13, "subtitleFontSize": 12, "subtitleColor": charts.QUIET},
    **{"offset": 10, "frame": "bounds"},
}


def draw(figure: Figure) -> str:
    """The charts of a figure below, or small ones beside, each other, in the colours of light."""
    drawing = {
        "concat": [_panel(chart, _WIDTHS[figure.columns]) for chart in figure.charts],
        "columns": figure.columns,
        "resolve": {"scale": dict.fromkeys(_OWN, "independent")},
        "spacing": 30,
    }
    config = charts.CONFIG | {
        "background": charts.PAPER,
        "font": _FONT,
        "title": _TITLE,
        "axisXQuantitative": {"tickCount": 8 if figure.columns == 1 else 4},
        "legend": charts.CONFIG["legend"] | {"columns": 5 if figure.columns == 1 else 3},
    }
    spec = json.dumps(visible_parts(_coloured(drawing)), ensure_ascii=False)
    return vl_convert.vegalite_to_svg(spec.translate(_STEADY), config=_coloured(config))


def _panel(chart: Chart, width: int) -> Spec:
    """A chart below its title, whose lines are no longer than the panel is wide."""
    spec = {name: part for name, part in chart.spec.items() if name not in ("autosize", "usermeta")}
    own = {"width": width} if spec["width"] == "container" else {}
    letters = int(width * 1.4 / _LETTER)
    title = {"text": textwrap.wrap(chart.title, letters)}
    title |= {"subtitle": textwrap.wrap(chart.line, letters)} if chart.line else {}
    return {**({"title": title} if chart.title else {}), **spec, **own}


def _coloured(part: Any) -> Any:
    """Names of colours replaced; data and texts stay as they are."""
    if isinstance(part, str):
        return _colours().get(part, part)
    if isinstance(part, list | tuple):
        return [_coloured(item) for item in part]
    if isinstance(part, dict):
        return {k: v if _is_text(k, v) else _coloured(v) for k, v in part.items()}
    return part


def _is_text(key: str, value: Any) -> bool:
    return key in _TEXTS and not isinstance(value, dict)


@cache
def _colours() -> dict[str, str]:
    """The colours of the page in light."""
    style = (files("wordrel.report") / "templates" / "page.css").read_text(encoding="utf-8")
    light = style.partition("}")[0]
    return {f"var({n})": value for n, value in re.findall(r"(--\w+): (#\w+)", light)}
