"""The figure of the ladder: what each ingredient buys, a panel for each ladder and corpus.

Reads climbs, returns a figure, narrow enough for a phone.
"""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from wordrel.report.drawing import BLUE, FAINT, INK, PAPER, layout, styled
from wordrel.report.ladder import Climb, Mean
from wordrel.report.text import number, percent, share, with_interval

_PALE = "#bcd9ea"  # of BLUE
WIDTH = 4.6  # inches; 440 px, so that a phone need not shrink the text


def ladder_figure(climbs: Sequence[Climb]) -> Figure | None:
    """Dots with whiskers, a line for each ingredient; None without climbs."""
    if not climbs:
        return None
    heights = [1.2 + 0.42 * len(c.gains) for c in climbs]
    with styled():
        figure = Figure(figsize=(WIDTH, sum(heights)), layout=layout())
        ratios = {"height_ratios": heights}
        axes = figure.subplots(len(climbs), 1, squeeze=False, gridspec_kw=ratios).ravel()
        for ax, climb in zip(axes, climbs, strict=True):
            _panel(ax, climb, _limits(climbs))
    return figure


def ladder_alt(climbs: Sequence[Climb]) -> str:
    """The figure in words: the whole gain and the parts of every panel; empty without climbs."""
    if not climbs:
        return ""
    level = percent(climbs[0].confidence)
    panels = "; ".join(f"{_title(c)}, {_way(c)} ({_parts(c)})" for c in climbs)
    return f"What each ingredient takes off the held-out loss, {level} intervals. {panels}."


def _parts(climb: Climb) -> str:
    if climb.no_share:
        return ", ".join(f"{i} {number(climb.gain(i).value)} nats" for i in climb.gains)
    return ", ".join(f"{i} {share(climb.share(i).value)}" for i in climb.gains)


def _title(climb: Climb) -> str:
    return f"{climb.corpus} · {climb.objective.replace('_', ' ')}"


def _way(climb: Climb) -> str:
    total = climb.total
    gain = with_interval(total.value, total.low, total.high)
    return f"{climb.foot} → {climb.top}: gain {gain} nats"


def _limits(climbs: Sequence[Climb]) -> tuple[float, float]:
    """One axis for all shares: at least from none to all of the gain."""
    shown = [c.share(i) for c in climbs if not c.no_share for i in c.gains]
    ends = [0.0, 1.0, *(e for m in shown for e in (m.value, m.low, m.high) if not pd.isna(e))]
    return min(ends), max(ends) + 0.03


def _panel(ax: Axes, climb: Climb, limits: tuple[float, float]) -> None:
    for place, ingredient in enumerate(climb.gains):
        if climb.no_share:
            mean = climb.gain(ingredient)
            value = f"{with_interval(mean.value, mean.low, mean.high)} nats"
        else:
            mean = climb.share(ingredient)
            value = share(mean.value, mean.low, mean.high)
        _line(ax, place, mean, f"{ingredient}  {value}")
    ax.axvline(0, color=INK, linewidth=1, zorder=3)
    ax.set_ylim(len(climb.gains) - 0.55, -0.65)
    ax.set_yticks([])
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    if climb.no_share:
        ax.set_xlabel(f"nats per token; no share: {climb.no_share}", fontsize=10, loc="left")
    else:
        ax.set_xlim(*limits)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{number(x * 100, 0)}%"))
        ax.set_xlabel("share of the gain", fontsize=10, loc="left")
    ax.locator_params(axis="x", nbins=5)
    ax.set_title(_title(climb), loc="left", pad=20)
    way = ax.text(0, 1.0, _way(climb), transform=ax.transAxes, va="bottom", fontsize=10)
    way.set_in_layout(False)


def _line(ax: Axes, place: int, mean: Mean, text: str) -> None:
    """One ingredient: its name and number in words, and below them the dot with its whisker."""
    label = ax.text(0.012, place - 0.2, text, transform=ax.get_yaxis_transform(), va="center")
    label.set(fontsize=10, zorder=4)
    label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1})
    at = place + 0.22
    ax.plot([0, mean.value], [at, at], color=_PALE, linewidth=7, solid_capstyle="butt", zorder=2)
    if not pd.isna(mean.low):
        ax.plot([mean.low, mean.high], [at, at], color=BLUE, linewidth=2, zorder=3)
    ax.plot([mean.value], [at], "o", color=BLUE, markersize=5, zorder=4, clip_on=False)
