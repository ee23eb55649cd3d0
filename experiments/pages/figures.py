"""The figures of the answer: the plane, and what each part of a model saves.

Both are drawn from planned studies with tuned models; experiments/answer.py writes them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pages.studies import MARGIN, decided
from wordrel.report import charts, queries
from wordrel.report.document import Chart, Figure, Spec
from wordrel.report.plane import loss_and_words
from wordrel.report.queries import Row
from wordrel.report.text import capital, listed, number
from wordrel.report.verdicts import borne_out, counted
from wordrel.study.results import Results

_MASKED = "per_token_loss.masked_word.calibrated"
_RECIPES = {
    "trained like word2vec": {
        "skip_gram": "skip-gram",
        "cbow": "CBOW",
        "mean_w2v": "mean",
        "position_weight_w2v": "positions",
        "word_word_w2v": "attention",
    },
    "trained like a Transformer": {
        "mean": "mean",
        "position_weight": "positions",
        "mean_query_attention_position": "attention",
    },
}
"""How a model is trained -> the model -> what the plane calls it."""
_LOOKS = {
    "trained like word2vec": ("var(--blue)", "circle"),
    "trained like a Transformer": ("var(--vermillion)", "diamond"),
}
_OURS = ("mean", "positions", "attention")
"""Each has one ingredient more than the one before it: a line leads from one to the next."""
_RIGHT: Spec = {"align": "left", "dx": 8}
_PLACES: dict[tuple[str, str], Spec] = {
    ("trained like word2vec", "positions"): {"align": "right", "dx": -8},
    ("trained like word2vec", "attention"): _RIGHT | {"dy": 12},
    ("trained like a Transformer", "positions"): _RIGHT | {"dy": 8},
    ("trained like a Transformer", "attention"): _RIGHT | {"dy": 14},
}
"""Where a name stands beside its point, if not to the right; these points are near each other."""
_ROOM = 0.01
"""Of the score, below the lowest point, for its name."""
_ROOM_LEFT = 0.1
"""Nats, before the first point."""


def plane_figure(results: Results) -> Figure:
    """Loss and word vectors of every model, on both corpora.

    Raises:
        ValueError: where the words below the figure are not borne out.
    """
    corpora = queries.corpora(results)
    points = {corpus: loss_and_words(results, corpus, _MASKED) for corpus in corpora}
    for its in points.values():
        best = min(its, key=lambda model: its[model][0]), max(its, key=lambda m: its[m][1])
        borne_out("no model is best at both", [best[0] != best[1]])
        ours = (
            tuple(model for model, name in names.items() if name in _OURS)
            for names in _RECIPES.values()
        )
        borne_out(
            "the recipe of word2vec gives better vectors and a higher loss",
            (its[a][0] > its[b][0] and its[a][1] > its[b][1] for a, b in zip(*ours, strict=True)),
        )
    scores = [y for its in points.values() for _, y in its.values()]
    rises = charts.shared([*scores, min(scores) - _ROOM])
    drawn = [
        Chart("Word vectors and loss", _plane(its, rises, corpus == corpora[-1]), corpus)
        for corpus, its in points.items()
    ]
    words = (
        f"Loss of a masked word and mean score of word vectors, {listed(corpora)}. No model is "
        "best at both. Trained like word2vec, a model has better word vectors and a higher loss."
    )
    return Figure("plane", drawn, words, columns=2)


def _plane(points: Mapping[str, tuple[float, float]], rises: Spec, last: bool) -> Spec:
    """The models of one corpus; the last chart has the legend."""
    data: list[dict[str, Any]] = [
        {"model": name, "trained": recipe, "loss": charts.rounded(x), "words": charts.rounded(y)}
        for recipe, names in _RECIPES.items()
        for model, name in names.items()
        for x, y in [points[model]]
    ]
    losses = [x for x, _ in points.values()]
    across = charts.shared([*losses, min(losses) - _ROOM_LEFT])
    places = {
        "x": charts.field("loss", "quantitative", title="loss (nats)", **across),
        "y": charts.field("words", "quantitative", title="score of word vectors", **rises),
    }
    colour = {recipe: colour for recipe, (colour, _) in _LOOKS.items()}
    shape = {recipe: shape for recipe, (_, shape) in _LOOKS.items()}
    dot = {
        "stroke": charts.named("trained", colour, legend=last),
        "fill": charts.named("trained", colour),
        "shape": charts.named("trained", shape, legend=last),
        "tooltip": charts.tips("model", "trained", "loss", "words"),
    }
    line = {"stroke": dot["stroke"], "order": {"field": "place", "type": "ordinal"}}
    ours = [row | {"place": _OURS.index(row["model"])} for row in data if row["model"] in _OURS]
    name = {"text": {"field": "model"}, "color": charts.named("trained", colour)}
    names = [
        charts.layer({"type": "text", "fontSize": 12} | _PLACES.get(_key(row), _RIGHT), name, [row])
        for row in data
    ]
    layers = [
        charts.layer({"type": "line", "strokeWidth": 1.4}, line, ours),
        charts.layer(charts.point(), dot),
        *names,
    ]
    return charts.chart(data, layers, places, charts.HIGH)


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["trained"], row["model"]


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
