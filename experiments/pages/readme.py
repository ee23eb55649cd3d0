"""What pages show of stored results and of the source: blocks, a figure, lines of code.

A block is what stands between `<!-- answer:NAME -->` and `<!-- /answer:NAME -->`.
experiments/answer.py, which has the rules that decide, renders them. Those of docs/paper.md begin
with `paper:`; experiments/paper.py renders them.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pages.studies import MARGIN, decided
from wordrel.errors import StoreError
from wordrel.report import charts
from wordrel.report.document import Chart, Figure, Spec
from wordrel.report.queries import Row
from wordrel.report.text import capital, listed, number
from wordrel.report.verdicts import counted
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
    return f"{text[:start]}<!-- {block} -->\n{fresh}\n<!-- /{block} -->{text[end:]}"


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


class _Step(NamedTuple):
    """A step from one model to another: what it adds, and the claim and models of its contrast."""

    adds: str
    claim: str
    first: str
    second: str


_POSITIONS = "positions, over the mean"
_WEIGHTS = "a weight for each word, over the mean"
_SCORES = "attention, over these weights"
_BESIDE = "attention over these weights, with positions"
_ALONE = "the same without the map of the value"
_HEADS = "four heads over one, with positions"
_STEPS = {
    "masked word": (
        _Step("attention, over the mean", "first sentence", "mean_query_attention", "mean"),
        _Step(_POSITIONS, "C9 masked word", "position_weight", "mean"),
        _Step(_WEIGHTS, "C9 masked word", "word_weight", "mean"),
        _Step(_SCORES, "C9 masked word", "mean_query_attention", "word_weight"),
        _Step(
            *(_BESIDE, "C9 masked word"),
            *("mean_query_attention_position", "mask_query_attention"),
        ),
        _Step(
            *(_ALONE, "scores alone, masked word"),
            *("masked_without_map", "mask_query_attention"),
        ),
        _Step(
            *(_HEADS, "heads, masked word"),
            *("masked_four_heads", "mean_query_attention_position"),
        ),
        _Step(
            *("counted neighbours, over four heads", "counts, masked word"),
            *("kn_two_sided", "masked_four_heads"),
        ),
    ),
    "next word": (
        _Step(_POSITIONS, "C9 next word", "direct_mean_position", "direct_mean"),
        _Step(_WEIGHTS, "C9 next word", "direct_word_weight", "direct_mean"),
        _Step(_SCORES, "C9 next word", "direct_attention", "direct_word_weight"),
        _Step(
            *(_BESIDE, "C9 next word"),
            *("direct_attention_position", "direct_word_weight_position"),
        ),
        _Step(
            *(_ALONE, "scores alone, next word"),
            *("next_without_map", "direct_word_weight_position"),
        ),
        _Step(_HEADS, "heads, next word", "next_four_heads", "direct_attention_position"),
        _Step(
            *("counted trigrams, over four heads", "counts, next word"),
            *("kn_trigram", "next_four_heads"),
        ),
    ),
}
"""Predicted word -> the steps of the figure."""
_CORPORA = {"wiki17m-4m": ("circle", "var(--blue)"), "novels-4m": ("diamond", "var(--vermillion)")}
"""Corpus -> its marker and colour."""
_AXIS = "nats saved, with intervals; left of 0, the loss is higher"


def gains_figure(cells: Results, maps: Results) -> Figure:
    """What each ingredient saves of the loss, for both predicted words.

    Args:
        cells: the twelve cells, with every contrast of the steps decided.
        maps: those of `value_map`, with the other contrasts.

    Raises:
        ValueError: where a contrast lacks a corpus or seeds.
    """
    rows = {
        word: {
            step: decided(maps if step.adds == _ALONE else cells, *step[1:]) for step in steps_of
        }
        for word, steps_of in _STEPS.items()
    }
    every = [row for of_word in rows.values() for its in of_word.values() for row in its]
    axis = charts.shared([end for row in every for end in (row.low, row.high)])
    drawn = [
        Chart(f"{capital(word)}: loss saved", _gains(of_word, axis, word == "next word"))
        for word, of_word in rows.items()
    ]
    saved = {
        (word, step.adds): listed([number(row.gain) for row in its])
        for word, of_word in rows.items()
        for step, its in of_word.items()
    }
    words = (
        "Loss that each part saves. For a masked word, positions save most: "
        f"{saved['masked word', _POSITIONS]} nats. For the next word, attention over word weights "
        f"saves {saved['next word', _SCORES]}, positions over the mean "
        f"{saved['next word', _POSITIONS]}. "
        f"Corpora: {listed(list(_CORPORA))}, {counted(every)}."
    )
    return Figure("gains", drawn, words)


def _gains(rows: Mapping[_Step, Sequence[Row]], axis: Spec, last: bool) -> Spec:
    """A chart of one predicted word: a line a step, a dot with its interval a corpus.

    The last chart has the legend for all.
    """
    data = [
        {"step": step.adds, "corpus": row.corpus}
        | charts.interval("gain", row.gain, row.low, row.high)
        for step, its in rows.items()
        for row in its
    ]
    colours = {corpus: colour for corpus, (_, colour) in _CORPORA.items()}
    markers = {corpus: marker for corpus, (marker, _) in _CORPORA.items()}
    dot = {
        "x": charts.field("gain", "quantitative", title=_AXIS, **axis),
        "stroke": charts.named("corpus", colours, legend=last),
        "fill": charts.named("corpus", colours),
        "shape": charts.named("corpus", markers, legend=last),
        "tooltip": charts.tips("step", "corpus", "gain", "low", "high"),
    }
    side = {"y": charts.side("step", [step.adds for step in rows], ruled=True)}
    own = {"yOffset": {"field": "corpus", "type": "nominal", "sort": list(_CORPORA)}}
    ends = {"x": charts.field("low", "quantitative"), "x2": {"field": "high"}}
    band = charts.layer(
        {"type": "rect", "color": charts.QUIET, "opacity": 0.25},
        ends,
        [{"low": -MARGIN, "high": MARGIN}],
    )
    step = {"step": 24, "for": "position"}
    return charts.chart(data, charts.dots(dot, own), side, step, [band])
