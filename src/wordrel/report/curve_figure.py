"""What more text buys, drawn: a panel for each task, a line for each model, tokens on a log axis.

Reads tables, returns a figure; the same tables give the same drawing.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from wordrel.report import queries
from wordrel.report.curves import Curve, Point
from wordrel.report.drawing import FAINT, MARKS, OTHER, PAPER, WIDTH, layout, styled
from wordrel.study.results import Results

_WIDE = 3  # panels side by side
_TALL = 2.6  # inches of a panel
_LEGEND = 4  # names in a line
_SHAPES = ("o", "s", "^", "v", "D", "P")
Dash = Literal["-", "--", ":", "-."]
_DASHES: tuple[Dash, ...] = ("-", "--", ":", "-.")

Look = tuple[str, str, Dash]  # colour, shape, dash


def curve_figure(results: Results, found: Sequence[Curve]) -> Figure | None:
    """Scores with their intervals by tokens of the sample; None without a curve."""
    if not found:
        return None
    looks = _looks(results, found)
    lines = -(-len(found) // _WIDE)
    with styled():
        figure = Figure(figsize=(WIDTH, lines * _TALL + 0.6), layout=layout())
        axes = figure.subplots(lines, _WIDE, squeeze=False).ravel()
        for ax, curve in zip(axes, found, strict=False):
            _panel(ax, curve, looks)
        for ax in axes[len(found) :]:
            ax.set_axis_off()
        handles = [
            Line2D([], [], color=colour, marker=shape, linestyle=dash, markersize=6, label=model)
            for model, (colour, shape, dash) in looks.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=_LEGEND, frameon=False)
    return figure


def _looks(results: Results, found: Sequence[Curve]) -> dict[str, Look]:
    """Model -> what tells its line from all others: colour by family, then shape and dash."""
    shown = {model for curve in found for model in curve.points}
    looks: dict[str, Look] = {}
    of_family: dict[str, int] = {}
    for model, family in queries.families(results).items():
        colour, _ = MARKS.get(family, OTHER)
        if model in shown:
            place = of_family.get(colour, 0)
            of_family[colour] = place + 1
            looks[model] = colour, _SHAPES[place % len(_SHAPES)], _DASHES[place % len(_DASHES)]
    return looks


def _panel(ax: Axes, curve: Curve, looks: Mapping[str, Look]) -> None:
    for model, points in curve.points.items():
        _line(ax, points, *looks[model])
    sizes = sorted({point.tokens for points in curve.points.values() for point in points})
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda tokens, _: _short(float(tokens))))
    ax.grid(axis="y", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.locator_params(axis="y", nbins=5)
    ax.tick_params(labelsize=9)
    arrow = "↑" if curve.column.better == "higher" else "↓"
    ax.set_title(f"{curve.column.task} {arrow}", loc="left", fontsize=10)
    ax.set_xlabel(f"tokens of {curve.source}", fontsize=9)


def _line(ax: Axes, points: Sequence[Point], colour: str, shape: str, dash: Dash) -> None:
    tokens = [point.tokens for point in points]
    low, high = [point.low for point in points], [point.high for point in points]
    ax.fill_between(tokens, low, high, color=colour, alpha=0.12, linewidth=0)
    scores = [point.score for point in points]
    ax.plot(tokens, scores, color=colour, linestyle=dash, linewidth=1.4, zorder=2)
    ax.plot(tokens, scores, shape, color=colour, markersize=5, mec=PAPER, mew=0.6, zorder=3)


def _short(tokens: float) -> str:
    return f"{tokens / 1e6:.2g}M" if tokens >= 1e6 else f"{tokens / 1e3:.3g}k"
