"""The plane: the loss of each model beside the quality of its word vectors.

For studies that planned contrasts on the mean of several sets of words. Where the same two models
also have a planned contrast of the loss, their ingredient is a trade-off if it saves loss and makes
word vectors worse, each by more than the margin of its contrast.

Reads the tables `contrasts` and `summary` and the stored config.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from wordrel.config.contrasts import mean_of
from wordrel.report import charts, queries
from wordrel.report.document import (
    Block,
    Chart,
    Figure,
    Paragraph,
    Section,
    Spec,
    Table,
    labelled,
    name,
    verdict,
)
from wordrel.report.labels import label
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, listed, with_interval
from wordrel.study.contrasts import CORPORA, SEEDS
from wordrel.study.results import Results
from wordrel.tasks.registry import CALIBRATED

TITLE = "Loss and word vectors"
LOSSES = "per_token_loss."
EFFECTS = {
    ("adds", "worse"): "trade-off",
    ("adds", "not worse"): "loss alone",
    ("adds less", "worse"): "word vectors alone",
    ("adds less", "not worse"): "neither",
}
"""Outcomes of the loss and of the word vectors -> what the ingredient does."""
_HOW = (
    "An ingredient saves loss where its gain is above the margin. It makes word vectors worse "
    "where the mean score over {sets} falls by more than the margin. Both together are a "
    "trade-off. It is decided where wiki17m and novels agree, with {seeds} seeds."
)
_WORDS = (
    "Every model by its loss (to the left is better) and by the mean score of its word vectors "
    "(higher is better). A line leads from a model to the same model with one ingredient more."
)


def sections(results: Results) -> list[Section]:
    """One section; none where no contrast is on a mean of word sets."""
    sets = word_sets(results)
    if not sets:
        return []
    how = _HOW.format(sets=listed([label(task, "task") for task in sets]), seeds=SEEDS)
    blocks: list[Block] = [Paragraph(name(how)), *_table(results), *_figure(results)]
    return [Section(TITLE, blocks, "plane")]


def word_sets(results: Results) -> tuple[str, ...]:
    """The rows of the result whose mean measures the quality of word vectors."""
    planned = results.config.get("contrasts") or ()
    return next((_rows(contrast) for contrast in planned if contrast.get("mean_with")), ())


def loss_and_words(results: Results, corpus: str, task: str) -> dict[str, tuple[float, float]]:
    """Model -> its loss in nats and its mean score over the word sets, of those that have both.

    Args:
        results: of a study with contrasts on the mean of word sets.
        corpus: one of its corpora.
        task: the row of the loss.
    """
    sets, table = word_sets(results), results.summary
    selected = table[(table["corpus"] == corpus) & table["selected"]].dropna(subset=["score"])
    scores = selected.pivot_table(index="model", columns="task", values="score", sort=False)
    if not {task, *sets} <= {*scores.columns}:
        return {}
    complete = scores[[task, *sets]].dropna()
    means = complete[[*sets]].mean(axis=1)
    return {
        str(m): (float(x), float(y))
        for m, x, y in zip(complete.index, complete[task], means, strict=True)
    }


def trade_offs(results: Results) -> dict[tuple[str, str], str]:
    """First and second model of an ingredient -> what it does, or `open`."""
    sources = queries.sources(results)
    return {pair: _decided(*rows, sources) for pair, rows in _pairs(results).items()}


def _rows(contrast: Mapping[str, Any]) -> tuple[str, ...]:
    return (str(contrast["task"]), *map(str, contrast["mean_with"]))


def _pairs(results: Results) -> dict[tuple[str, str], tuple[list[Row], list[Row]]]:
    """First and second model -> rows of the loss and rows of the word vectors, one a corpus."""
    mean = mean_of(word_sets(results))
    rows = queries.rows(results.contrasts)
    of_words = queries.grouped((r for r in rows if r.task == mean), _models)
    of_loss = queries.grouped((r for r in rows if str(r.task).startswith(LOSSES)), _models)
    return {pair: (of_loss[pair], its) for pair, its in of_words.items() if pair in of_loss}


def _models(row: Row) -> tuple[str, str]:
    return str(row.model_a), str(row.model_b)


def _decided(losses: Sequence[Row], words: Sequence[Row], sources: Mapping[str, str]) -> str:
    matched = [(a, b) for a in losses for b in words if a.corpus == b.corpus]
    everywhere = {sources[a.corpus] for a, _ in matched} >= CORPORA
    if not everywhere or min(row.seeds for pair in matched for row in pair) < SEEDS:
        return "open"
    outcomes = {(str(a.outcome), str(b.outcome)) for a, b in matched}
    return EFFECTS.get(next(iter(outcomes)), "open") if len(outcomes) == 1 else "open"


def _table(results: Results) -> list[Table]:
    """A line for each ingredient and corpus."""
    pairs, effects = _pairs(results), trade_offs(results)
    heads = ["with it", "without it", "it changes", "corpus", "loss saved", "word score gained"]
    body = []
    for (first, second), (losses, words) in pairs.items():
        word = verdict(effects[first, second])
        of_words = {row.corpus: row for row in words}
        for i, loss in enumerate(losses):
            beside = of_words.get(loss.corpus)
            body.append(
                [
                    *(labelled(m, queries.label(results, m)) for m in (first, second)),
                    "" if i else word,
                    name(loss.corpus),
                    with_interval(loss.gain, loss.low, loss.high),
                    with_interval(beside.gain, beside.low, beside.high) if beside else NOTHING,
                ]
            )
    return [Table(heads, body, words=4)] if body else []


def _figure(results: Results) -> list[Figure]:
    """A chart for each objective and corpus, the corpora of an objective beside each other."""
    drawn = {
        (task, corpus): points
        for task in _loss_rows(results)
        for corpus in queries.corpora(results)
        if len(points := loss_and_words(results, corpus, task)) > 1
    }
    axis = charts.shared(y for points in drawn.values() for _, y in points.values())
    panels = [
        Chart(label(task, "task"), _chart(results, corpus, points, axis), corpus)
        for (task, corpus), points in drawn.items()
    ]
    return [Figure("plane", panels, _WORDS, columns=2)] if panels else []


def _loss_rows(results: Results) -> list[str]:
    tasks = results.summary["task"].unique()
    return [t for t in tasks if t.startswith(LOSSES) and t.endswith(CALIBRATED)]


def _chart(
    results: Results, corpus: str, points: Mapping[str, tuple[float, float]], axis: Spec
) -> Spec:
    data = [
        charts.model(results, model) | {"loss": charts.rounded(x), "words": charts.rounded(y)}
        for model, (x, y) in points.items()
    ]
    lines = [
        dict(zip(("loss", "words", "loss2", "words2"), (*points[b], *points[a]), strict=True))
        for a, b in _pairs(results)
        if a in points and b in points
    ]
    across = charts.shared(x for x, _ in points.values())
    places = {
        "x": charts.field("loss", "quantitative", title="loss (nats)", **across),
        "y": charts.field("words", "quantitative", title="word score", **axis),
    }
    ends = {"x2": {"field": "loss2"}, "y2": {"field": "words2"}}
    mark = {"type": "rule", "color": charts.QUIET}
    dot = charts.look(results, list(points), legend=True)
    tips = {"tooltip": charts.tips("model", "identifier", "loss", "words")}
    layers = [charts.layer(mark, ends, lines), charts.layer(charts.point(), dot | tips)]
    return charts.chart(data, layers, places, charts.HIGH)
