"""How a model looks: one label, one colour and one marker in every figure of a study.

Models of one family share a range of colours, so that a reader sees the family first. Colours are
names of the page's style sheet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from wordrel.report import queries
from wordrel.study.results import Results

COLOURS = {
    "word2vec": ("var(--blue)", "var(--violet)"),
    "attention": ("var(--vermillion)", "var(--magenta)", "var(--brown)", "var(--crimson)"),
    "weighted mean": ("var(--green)", "var(--olive)", "var(--teal)"),
}
"""Family of models -> the colours of its models, in the order of the study."""

REFERENCES = ("var(--quiet)", "var(--ink)")
"""Those of counts, of random vectors and of other models without a family."""

SHAPES = (
    *("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    "triangle-left",
)
"""Markers that Vega draws and that the page's key has a sign for."""
DASHES = ([6, 3], [2, 2], [8, 3, 2, 3])
"""Of broken lines; a line of number 0 is whole."""


@dataclass(frozen=True)
class Look:
    """Of one model; `dash` is the number of its kind of line."""

    label: str
    colour: str
    shape: str
    dash: int


@lru_cache(maxsize=16)
def looks(results: Results) -> Mapping[str, Look]:
    """Model -> its look."""
    families = queries.families(results)
    before: dict[tuple[str, ...], int] = {}
    by_model = {}
    for model, family in families.items():
        colours = COLOURS.get(family, REFERENCES)
        place = before[colours] = before.get(colours, -1) + 1
        by_model[model] = Look(
            queries.label(results, model),
            colours[place % len(colours)],
            SHAPES[place % len(SHAPES)],
            place % (len(DASHES) + 1),
        )
    return by_model
