"""What each ingredient of a ladder adds: tables and a figure."""

from collections.abc import Sequence

from wordrel.report import charts, ladder, queries
from wordrel.report.architectures import EDGES, Step
from wordrel.report.document import (
    Block,
    Chart,
    Figure,
    Fold,
    Paragraph,
    Section,
    Spec,
    Table,
    name,
    strong,
)
from wordrel.report.headline import column_title
from wordrel.report.ladder import Climb
from wordrel.report.queries import Column, Row
from wordrel.report.text import (
    NOTHING,
    count,
    number,
    p_value,
    percent,
    share,
    with_interval,
)
from wordrel.study.results import Results

TITLE = "What does each ingredient add?"
_HOW = (
    "A ladder adds one ingredient at a time. The gain of an ingredient is the loss that it saves. "
    "It depends on what is there before: first on the mean alone, then on the other ingredients. "
    "Nats saved are the mean over these orderings (the Shapley value). A share is a part of the "
    "whole gain, and is negative where the ingredient raises the loss. n counts held-out sentences."
)
_MARKS = (
    "Dots: the mean over orderings, with its interval over seeds alone. Short lines: the gain in "
    "each ordering. Percent: the share of the whole gain, where one is given."
)
_STEPS = (
    "The next tables compare two architectures that differ in one ingredient. A positive number "
    "means that the second has the lower loss. Intervals are over sentences and seeds. Bold is "
    "significant (adjusted p < 0.05)."
)


def sections(results: Results) -> list[Section]:
    """The figure and, folded, every table; none without a ladder."""
    climbs = ladder.climbs(results)
    if not climbs:
        return []
    content: list[Block] = [figure(results, climbs), *blocks(results)]
    for corpus in queries.corpora(results):
        others = others_table(results, corpus)
        content += [Fold(f"{name(corpus)}: other questions", others)] if others else []
    return [Section(TITLE, content, "ladder")]


def blocks(results: Results) -> list[Block]:
    """How gains are computed, the gain of each ingredient, and every two neighbours."""
    climbs = ladder.climbs(results)
    if not climbs:
        return []
    how = Paragraph(_HOW)
    losses = [t for corpus in queries.corpora(results) for t in losses_table(results, corpus)]
    return [how, shares_table(results, climbs), Paragraph(_STEPS), *losses]


def figure(results: Results, climbs: Sequence[Climb]) -> Figure:
    """What each ingredient takes off the loss, a chart for each ladder and corpus."""
    level = percent(climbs[0].confidence)
    ladders = queries.grouped(climbs, lambda c: (c.objective, c.foot, c.top))
    shown = [
        Chart(_way(results, climb), _chart(climb, _axis(of_ladder)), climb.corpus)
        for of_ladder in ladders.values()
        for climb in of_ladder
    ]
    gains = "; ".join(f"{c.corpus}, {_way(results, c)}: {_parts(c)}" for c in climbs)
    words = f"What each ingredient takes off the held-out loss, {level} intervals. {gains}."
    return Figure("ladder", shown, words, marks=_MARKS, columns=min(2, len(shown)))


def _way(results: Results, climb: Climb) -> str:
    foot, top = (queries.label(results, model) for model in (climb.foot, climb.top))
    return f"{foot} → {top}"


def _axis(climbs: Sequence[Climb]) -> Spec:
    """One for the same ladder on every corpus."""
    gains = [value for c in climbs for i in c.gains for value in vars(c.gain(i)).values()]
    falls = [
        fall for c in climbs for of_ingredient in c.by_ordering.values() for fall in of_ingredient
    ]
    return charts.shared([0.0, *falls, *gains])


def _parts(climb: Climb) -> str:
    return ", ".join(f"{i} {number(climb.gain(i).value)} nats" for i in climb.gains)


def _chart(climb: Climb, axis: Spec) -> Spec:
    """The drawing that `_MARKS` explains."""
    dots = [
        {
            "ingredient": ingredient,
            **charts.interval("nats", *(vars(climb.gain(ingredient)).values())),
            "share": share(climb.share(ingredient).value),
        }
        for ingredient in climb.gains
    ]
    ticks = [
        {"ingredient": ingredient, "nats": charts.rounded(fall)}
        for ingredient, falls in climb.by_ordering.items()
        for fall in falls
    ]
    why = f"; no share: {climb.no_share}" if climb.no_share else ""
    x = charts.field("nats", "quantitative", title=f"nats per token saved{why}", **axis)
    point = charts.point() | {"filled": True, "size": 60, "color": charts.INK}
    ends = {"x": charts.field("low", "quantitative", **axis), "x2": {"field": "high"}}
    tips = charts.tips("ingredient", "nats", "low", "high", "share")
    tick = {"type": "tick", "color": charts.QUIET, "thickness": 2, "size": 14}
    layers = [
        charts.layer(tick, {"x": x}, ticks),
        charts.layer({"type": "rule", "color": charts.INK}, ends),
        charts.layer(point, {"x": x, "tooltip": tips}),
        charts.layer(
            {"type": "text", "align": "left", "dx": 10, "color": charts.INK},
            {"x": {"value": "width"}, "text": {"field": "share"}},
        ),
    ]
    side = {"y": charts.side("ingredient", list(climb.gains))}
    return charts.chart(dots, layers, side, {"step": 38}, [charts.line_at("nats", [0.0])])


def shares_table(results: Results, climbs: Sequence[Climb]) -> Table:
    """A line for each ingredient of each ladder, and one for its whole gain."""
    heads = ("corpus", "from", "to", "ingredient", "nats saved", "by ordering", "share", "n")
    return Table(
        heads, [line for climb in climbs for line in _share_lines(results, climb)], words=4
    )


def _share_lines(results: Results, climb: Climb) -> list[list[str]]:
    way = [name(climb.corpus), *(queries.term(results, model) for model in (climb.foot, climb.top))]
    behind = f"{count(climb.n_scored)}, {_seeds(climb)}"
    parts = [
        [
            *(*way, i, number(climb.gain(i).value)),
            ", ".join(number(fall) for fall in climb.by_ordering[i]),
            *(share(climb.share(i).value), behind),
        ]
        for i in climb.gains
    ]
    gain = _gain(ladder.whole_gain(results, climb))
    whole = [*way, strong("whole gain"), gain, NOTHING, climb.no_share or NOTHING, behind]
    return [*parts, whole]


def losses_table(results: Results, corpus: str) -> list[Table]:
    """Every two neighbouring architectures of a corpus: the loss that the ingredient saves."""
    heads = [
        "from",
        "to",
        "adds",
        "nats saved",
        "p (adjusted)",
        "n",
        "seeds",
        "parameters",
        "tokens/s",
    ]
    steps = {objective: ladder.steps(results, corpus, objective) for objective in EDGES}
    losses = [
        line
        for o, of_objective in steps.items()
        for line in _losses(results, corpus, o, of_objective)
    ]
    return [Table(heads, losses, words=3, title=strong(name(corpus)))] if losses else []


def others_table(results: Results, corpus: str) -> list[Table]:
    """The same pairs in the other questions, in the units of their scores."""
    steps = [s for objective in EDGES for s in ladder.steps(results, corpus, objective)]
    columns = [
        column
        for question in queries.questions(results)
        if question != "fit"
        for column in queries.main_columns(results, corpus, question)
    ]
    gains = [[_gain(pair) for pair in _pairs(results, corpus, c, steps)] for c in columns]
    lines = [[*_names(results, step), *cells] for step, *cells in zip(steps, *gains, strict=True)]
    titles = [column_title(column) for column in columns]
    return [Table(["from", "to", "adds", *titles], lines, words=3)] if columns and steps else []


def _losses(
    results: Results, corpus: str, objective: str, steps: Sequence[Step]
) -> list[list[str]]:
    task = ladder.TASK.format(objective)
    column = next(c for c in queries.columns(results, corpus, "fit") if c.task == task)
    pairs = _pairs(results, corpus, column, steps)
    return [
        [*_names(results, step), *_tested(results, pair), *_costs(results, corpus, step)]
        for step, pair in zip(steps, pairs, strict=True)
    ]


def _names(results: Results, step: Step) -> list[str]:
    also = f" (also {name('; '.join(step.also()))})" if step.also() else ""
    names = (queries.term(results, end["name"]) for end in (step.start, step.end))
    return [*names, f"{step.edge.adds}{also}"]


def _tested(results: Results, pair: Row | None) -> list[str]:
    if pair is None:
        return [NOTHING] * 4
    p = p_value(pair.p_adjusted, finest=queries.is_finest(results, pair))
    return [_gain(pair), name(p), count(pair.n_scored), count(pair.seeds)]


def _costs(results: Results, corpus: str, step: Step) -> list[str]:
    costs = [queries.cost(results, corpus, m["name"]) for m in (step.start, step.end)]
    return [
        " → ".join(count(cost.parameters) for cost in costs),
        " → ".join(count(cost.tokens_per_second) for cost in costs),
    ]


def _pairs(
    results: Results, corpus: str, column: Column, steps: Sequence[Step]
) -> list[Row | None]:
    """The comparison of each two architectures, so that positive numbers favour the end."""
    tested = queries.pairs(results, corpus, column)
    ends = [(step.start["name"], step.end["name"]) for step in steps]
    ends = ends if column.better == "lower" else [(end, start) for start, end in ends]
    return [queries.oriented(tested, first, second) for first, second in ends]


def _gain(pair: Row | None) -> str:
    if pair is None:
        return NOTHING
    gain = with_interval(pair.difference, pair.low, pair.high)
    return strong(gain) if queries.winner(pair) else gain


def _seeds(climb: Climb) -> str:
    return f"{len(climb.seeds)} seed{'s'[: len(climb.seeds) != 1]}"
