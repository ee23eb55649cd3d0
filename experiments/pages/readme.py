"""What pages show of stored results and of the source: blocks, a figure, lines of code.

A block is what stands between `<!-- answer:NAME -->` and `<!-- /answer:NAME -->`.
experiments/answer.py, which has the rules that decide, renders them. Those of docs/paper.md begin
with `paper:`; experiments/paper.py renders them.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wordrel.errors import StoreError
from wordrel.report import charts
from wordrel.report.document import Chart, Figure, Spec
from wordrel.report.looks import looks
from wordrel.report.verdicts import counted, measured
from wordrel.study.results import Results

_BLOCK = re.compile(
    r"<!-- (?P<block>(?:answer|paper):[\w.-]+) -->.*?<!-- /(?P=block) -->", re.DOTALL
)


def replace_block(text: str, block: str, fresh: str) -> str:
    """The text with the block of this name replaced, its markers kept.

    Args:
        text: of a page.
        block: such as `answer:claims`.
        fresh: its new content.

    Raises:
        StoreError: the text has not exactly one such block.
    """
    matches = [m for m in _BLOCK.finditer(text) if m["block"] == block]
    if len(matches) != 1:
        markers = f"<!-- {block} --> and <!-- /{block} -->"
        raise StoreError(f"page: found {len(matches)} blocks {block}, expected 1 between {markers}")
    start, end = matches[0].span()
    return f"{text[:start]}<!-- {block} -->\n\n{fresh}\n\n<!-- /{block} -->{text[end:]}"


def steps(source: str, functions: Sequence[str]) -> str:
    """The lines of some functions below a comment with their names, without `return`.

    Args:
        source: of a module.
        functions: their names, in the order in which they are shown.
    """
    defined = {f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}
    shown = []
    for name in functions:
        inside = [s for s in defined[name].body if not isinstance(s, ast.Expr | ast.Return)]
        lines = [ast.get_source_segment(source, line) or "" for line in inside]
        shown.append("\n".join([f"# {name}", *lines]))
    return "\n\n".join(shown)


class _Line(NamedTuple):
    """A line of the figure: its label, where that stands, and how the line is drawn."""

    label: str
    at: int
    up: int
    colour: str
    dash: int
    weights: Mapping[int, float]


def weights_figure(results: Results, corpus: str) -> Figure:
    """How much each place around a masked word weighs, in attention and in the mean.

    Args:
        results: a study that measured the learned weights of `mean`, `mean_query_attention` and
            `mean_query_attention_position`.
        corpus: one of its corpora.
    """
    window = int(results.config["training"]["window"])
    places = [place for place in range(-window, window + 1) if place]
    rows = {
        model: {place: _mean_weight(results, corpus, model, place) for place in places}
        for model in ("mean", "mean_query_attention", "mean_query_attention_position")
    }
    by_model = {m: {p: float(r.value) for p, r in by_place.items()} for m, by_place in rows.items()}
    drawn = {place: drawn_weight(abs(place), window) for place in places}
    mean, without, placed = (looks(results)[model].colour for model in by_model)
    shown = [
        _Line(
            "attention with positions", 1, 0, placed, 0, by_model["mean_query_attention_position"]
        ),
        _Line("mean, as trained: window drawn at random", 1, -4, mean, 0, drawn),
        _Line("mean, full window", 3, -12, mean, 1, by_model["mean"]),
        _Line("attention without positions", 3, 14, without, 2, by_model["mean_query_attention"]),
    ]
    behind = counted(row for by_place in rows.values() for row in by_place.values())
    words = (
        "Mean weight of a context word at each position around a masked word. Without positions, "
        "attention gives all positions nearly the same weight, like a mean with a full window. "
        "Near words weigh most in attention with positions, and in a mean whose window is drawn at "
        "random, as in word2vec. "
        f"Corpus: {corpus}, {behind}."
    )
    return Figure("weights", [Chart("", _chart(shown, places))], words)


def drawn_weight(distance: int, window: int) -> float:
    """The expected weight of a word in a mean whose window is drawn from 1 to `window`."""
    return sum(1 / (2 * size) for size in range(distance, window + 1)) / window


def _mean_weight(results: Results, corpus: str, model: str, place: int) -> Any:
    of = ("learned_weights", "attention", f"offset {place:+d}", "mean_weight")
    row = measured(results, corpus, model, of)
    if row is None:
        raise StoreError(
            f"{results.folder}: found no mean weight of {model} at offset {place:+d} on {corpus}, "
            "expected one; measure it with the task learned_weights"
        )
    return row


def _chart(shown: Sequence[_Line], places: Sequence[int]) -> Spec:
    colours = {line.label: line.colour for line in shown}
    data = [
        {
            **{"place": place, "weight": charts.rounded(line.weights[place])},
            **{"model": line.label, "dash": line.dash, "side": place > 0},
        }
        for line in shown
        for place in places
    ]
    title = "position of the context word, counted from the masked word"
    x = charts.field("place", "quantitative", title=title, axis=charts.ticks(places))
    y = charts.field("weight", "quantitative", title="mean weight")
    stroke = charts.named("model", colours)
    line = {"stroke": stroke, "strokeDash": charts.dashed("dash"), "detail": {"field": "side"}}
    dot = {"fill": stroke, "tooltip": charts.tips("model", "place", "weight")}
    labels = [
        charts.layer(
            {"type": "text", "align": "left", "dx": 8, "dy": one.up, "color": one.colour},
            {"x": x, "y": y, "text": {"field": "model"}},
            [{"place": one.at, "weight": one.weights[one.at], "model": one.label}],
        )
        for one in shown
    ]
    layers = [
        charts.layer({"type": "line", "strokeWidth": 2}, line),
        charts.layer({"type": "circle", "size": 30, "opacity": 1}, dot),
    ]
    return charts.chart(data, [*layers, *labels], {"x": x, "y": y}, 260)
