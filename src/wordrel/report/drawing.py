"""What all figures share: ink, fonts that no matplotlibrc changes, and SVG without a date."""

import io
from contextlib import AbstractContextManager

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK, FAINT, PAPER = "#1a1a1a", "#d8d8d8", "#ffffff"
BLUE, VERMILLION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#555555"
"""Colours of Okabe and Ito, told apart with every common colour blindness; shapes say it again."""

MARKS = {
    "word2vec": (BLUE, "o"),
    "attention": (VERMILLION, "s"),
    "weighted mean": (GREEN, "^"),
}
"""Family of models -> colour and shape."""
OTHER = (GREY, "D")
"""Colour and shape of the references."""

WIDTH = 9.0
"""Of a figure in inches; shown at 900 px, so that 11 points are 15 px."""

_STYLE = {
    "svg.hashsalt": "wordrel",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.unicode_minus": True,
}


def layout() -> ConstrainedLayoutEngine:
    """Panels that make room for their own labels."""
    return ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)


def styled() -> AbstractContextManager[None]:
    """Drawing that no matplotlibrc of the user changes; settings come back afterwards."""
    return style.context(["default", _STYLE])


def svg(figure: Figure) -> str:
    """The figure as SVG without date or version: the same figure gives the same text."""
    with styled():
        _settle(figure)
        data = io.BytesIO()
        figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    return data.getvalue().decode()


def _settle(figure: Figure) -> None:
    """Lay the panels out, and let each stand at a rounded place.

    The solver of the layout adds up in no fixed order, so its last digits vary from one drawing to
    the next; matplotlib names clip paths after them.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel in figure.axes:
        panel.set_position(tuple(round(side, 6) for side in panel.get_position().bounds))
