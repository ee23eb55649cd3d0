"""Figures as SVG: the specifications of the page, drawn without a browser.

Same figure, same text.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert

from wordrel.report import charts
from wordrel.report.document import Chart, Figure, Spec

_FONT = "Liberation Sans, Arial, sans-serif"  # the first one comes with vl-convert
_WIDE, _SMALL = 520, 250  # pixels of a panel
_OWN = ("color", "stroke", "fill", "shape", "yOffset")  # scales that no two panels share
_TITLE: Spec = {
    "anchor": "start",
    "color": charts.INK,
    "fontSize": 13,
    "offset": 10,
    "frame": "group",
}


def draw(figure: Figure) -> str:
    """The charts of a figure below, or small ones beside, each other, in the colours of light.

    Same figure, same text.
    """
    width = _SMALL if figure.small else _WIDE
    drawing = {
        "concat": [_panel(chart, width) for chart in figure.charts],
        "columns": 2 if figure.small else 1,
        "resolve": {"scale": dict.fromkeys(_OWN, "independent")},
        "spacing": 30,
    }
    config = charts.CONFIG | {
        "background": charts.PAPER,
        "font": _FONT,
        "title": _TITLE,
        "axisXQuantitative": {"tickCount": 4 if figure.small else 8},
        "legend": charts.CONFIG["legend"] | {"columns": 3 if figure.small else 5},
    }
    return vl_convert.vegalite_to_svg(_coloured(drawing), config=_coloured(config))


def _panel(chart: Chart, width: int) -> Spec:
    spec = {name: part for name, part in chart.spec.items() if name != "autosize"}
    own = {"width": width} if spec["width"] == "container" else {}
    return {"title": chart.title, **spec, **own}


def _coloured(part: Any) -> Any:
    """Names of colours replaced; data and names are left as they are, whatever they say."""
    if isinstance(part, str):
        return _colours().get(part, part)
    if isinstance(part, list | tuple):
        return [_coloured(one) for one in part]
    if isinstance(part, dict):
        return {k: v if _is_said(k, v) else _coloured(v) for k, v in part.items()}
    return part


def _is_said(key: str, value: Any) -> bool:
    return key in ("values", "sort", "title") and not isinstance(value, dict)


@cache
def _colours() -> dict[str, str]:
    """Those of the page in light."""
    style = (files("wordrel.report") / "templates" / "page.css").read_text(encoding="utf-8")
    light = style.partition("}")[0]
    return {f"var({n})": value for n, value in re.findall(r"(--\w+): (#\w+)", light)}
