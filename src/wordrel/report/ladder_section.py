"""The section on the ladder: what each ingredient buys, in words, in tables and in a figure."""

from collections.abc import Callable, Sequence
from itertools import chain
from math import isnan

from wordrel.report import charts, ladder, queries
from wordrel.report.architectures import EDGES, Step
from wordrel.report.document import (
    Block,
    Bullets,
    Chart,
    Figure,
    Fold,
    Paragraph,
    Section,
    Spec,
    Table,
    emphasis,
    name,
    strong,
)
from wordrel.report.headline import column_title
from wordrel.report.ladder import Climb, Mean
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

TITLE = "What does each ingredient buy?"
_HOW = (
    "A ladder adds one ingredient at a time. What an ingredient buys is the fall in held-out loss "
    "where it is added, as a mean over the orderings of which every architecture was trained "
    "(its Shapley "
    "value). Seeds are paired, each gives one value, and intervals are Student's at {level} over "
    f"seeds: they speak of other seeds, not of other sentences. {emphasis('n')} counts the "
    "held-out sentences."
)
_MARKS = (
    "Dots: the mean over orderings and seeds with its interval, and its share of the whole gain "
    "where one is given. Short lines: what the ingredient buys in each ordering."
)
_STEPS = (
    "Positive numbers favour the architecture that adds. Intervals here are over items and "
    "seeds, p is after Holm, bold is told apart (p < 0.05)."
)


def sections(results: Results) -> list[Section]:
    """Sentences, the figure and two folded tables a corpus; none without a ladder."""
    climbs = ladder.climbs(results)
    if not climbs:
        return []
    blocks: list[Block] = [
        Paragraph(_HOW.format(level=percent(climbs[0].confidence))),
        Bullets([sentence(climb) for climb in climbs]),
        figure(climbs),
    ]
    for corpus in queries.corpora(results):
        there = [climb for climb in climbs if climb.corpus == corpus]
        if there:
            steps = steps_tables(results, corpus)
            blocks.append(Fold(f"{name(corpus)}: shares", [shares_table(there)]))
            blocks.append(Fold(f"{name(corpus)}: neighbouring architectures", steps))
    return [Section(TITLE, blocks, "ladder")]


def figure(climbs: Sequence[Climb]) -> Figure:
    """What each ingredient takes off the loss, a chart for each ladder and corpus."""
    level = percent(climbs[0].confidence)
    said = "; ".join(f"{_title(c)}, {_way(c)} ({_parts(c)})" for c in climbs)
    shown = [Chart(f"{_title(c)}, {_way(c)}", _chart(c)) for c in climbs]
    words = f"What each ingredient takes off the held-out loss, {level} intervals. {said}."
    return Figure("ladder", shown, words, marks=_MARKS)


def _title(climb: Climb) -> str:
    return f"{climb.corpus} · {climb.objective.replace('_', ' ')}"


def _way(climb: Climb) -> str:
    total = climb.total
    gain = with_interval(total.value, total.low, total.high)
    return f"{climb.foot} → {climb.top}: gain {gain} nats"


def _parts(climb: Climb) -> str:
    if climb.no_share:
        return ", ".join(f"{i} {number(climb.gain(i).value)} nats" for i in climb.gains)
    return ", ".join(f"{i} {share(climb.share(i).value)}" for i in climb.gains)


def _chart(climb: Climb) -> Spec:
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
    blue = charts.COLOURS["word2vec"]
    why = f"; no share: {climb.no_share}" if climb.no_share else ""
    x = charts.field("nats", "quantitative", title=f"nats per token saved{why}")
    point = charts.point() | {"filled": True, "size": 60, "color": blue}
    tips = charts.tips("ingredient", "nats", "low", "high", "share")
    tick = {"type": "tick", "color": charts.QUIET, "thickness": 2, "size": 14}
    layers = [
        charts.layer(tick, {"x": x}, ticks),
        charts.layer({"type": "rule", "color": blue}, charts.ends()),
        charts.layer(point, {"x": x, "tooltip": tips}),
        charts.layer(
            {"type": "text", "dy": -16, "color": charts.INK}, {"x": x, "text": {"field": "share"}}
        ),
    ]
    side = {"y": charts.side("ingredient", list(climb.gains))}
    return charts.chart(dots, layers, side, {"step": 38}, [charts.line_at("nats", [0.0])])


def sentence(climb: Climb) -> str:
    """What came out on one ladder: the whole gain, and the largest share beside the next."""
    total = climb.total
    objective = climb.objective.replace("_", "-")
    way = f"from {name(climb.foot)} to {name(climb.top)}"
    behind = f"({_plural(climb.orderings, 'ordering')}, {_seeds(climb)}, n {count(climb.n_scored)})"
    where = f"On {name(climb.corpus)}, "
    if climb.no_share:
        change = with_interval(-total.value, -total.high, -total.low)
        changes = f"the {objective} loss changes by {change} nats per token {way}"
        return f"{where}{changes}; no share is given, since {climb.no_share} {behind}."
    fall = with_interval(total.value, total.low, total.high)
    gain = f"of the {fall} nats per token by which the {objective} loss falls {way}"
    return f"{where}{gain}, {_largest(climb)} {behind}."


def _largest(climb: Climb) -> str:
    first, *others = climb.ranked()
    behind = f"{_share(climb, first)}{_by(climb, first)}"
    largest = f"the largest share is that of {strong(first)}, {behind}"
    if not others:
        return largest
    ahead = climb.ahead(first, others[0])
    told = "" if ahead.clear or len(climb.seeds) < 2 else " and so not told apart"
    points = with_interval(ahead.value * 100, ahead.low * 100, ahead.high * 100, digits=1)
    following = f"{others[0]}{_by(climb, others[0])}"
    return f"{largest}; next, {points} points behind{told}, is that of {following}"


def _by(climb: Climb, ingredient: str) -> str:
    """How far what it buys depends on what was added before it."""
    falls = sorted(climb.by_ordering[ingredient])
    if len(falls) < 2:
        return ""
    return f" (between {number(falls[0])} and {number(falls[-1])} nats, by ordering)"


def shares_table(climbs: Sequence[Climb]) -> Table:
    """A line for each ingredient of each ladder, and one for its whole gain."""
    way, behind = ("from", "to", "ingredient"), ("orderings", "seeds")
    heads = (*way, "nats", "interval", "nats by ordering", "share", "interval", *behind)
    return Table(heads, [line for climb in climbs for line in _share_lines(climb)], words=3)


def _share_lines(climb: Climb) -> list[list[str]]:
    way = [name(climb.foot), name(climb.top)]
    behind = [count(climb.orderings), count(len(climb.seeds))]
    parts = [
        [
            *(*way, i, *_apart(climb.gain(i), number)),
            ", ".join(number(fall) for fall in climb.by_ordering[i]),
            *(*_apart(climb.share(i), share), *behind),
        ]
        for i in climb.gains
    ]
    total = _apart(climb.total, number)
    return [*parts, [*way, strong("whole gain"), *total, *[NOTHING] * 3, *behind]]


def steps_tables(results: Results, corpus: str) -> list[Block]:
    """Neighbouring architectures: what the loss gains and costs, then the other questions."""
    steps = {objective: ladder.steps(results, corpus, objective) for objective in EDGES}
    heads = ["from", "to", "adds", "loss saved", "p (Holm)", "n", "seeds", "parameters", "tokens/s"]
    losses = [line for o, found in steps.items() for line in _losses(results, corpus, o, found)]
    blocks: list[Block] = [Paragraph(_STEPS), Table(heads, losses, words=3)]
    columns = [
        column
        for question in queries.questions(results)
        if question != "fit"
        for column in queries.main_columns(results, corpus, question)
    ]
    if columns:
        every = list(chain.from_iterable(steps.values()))
        gains = [[_gain(p) for p in _pairs(results, corpus, c, every)] for c in columns]
        lines = [[*_names(step), *cells] for step, *cells in zip(every, *gains, strict=True)]
        titles = [column_title(column) for column in columns]
        blocks.append(Table(["from", "to", "adds", *titles], lines, words=3))
    return blocks


def _losses(
    results: Results, corpus: str, objective: str, steps: Sequence[Step]
) -> list[list[str]]:
    task = ladder.TASK.format(objective)
    column = next(c for c in queries.columns(results, corpus, "fit") if c.task == task)
    pairs = _pairs(results, corpus, column, steps)
    return [
        [*_names(step), *_tested(pair), *_costs(results, corpus, step)]
        for step, pair in zip(steps, pairs, strict=True)
    ]


def _names(step: Step) -> list[str]:
    also = f" (also {name('; '.join(step.also()))})" if step.also() else ""
    return [name(step.start["name"]), name(step.end["name"]), f"{step.edge.adds}{also}"]


def _tested(pair: Row | None) -> list[str]:
    if pair is None:
        return [NOTHING] * 4
    return [_gain(pair), name(p_value(pair.p_holm)), count(pair.n_scored), count(pair.seeds)]


def _costs(results: Results, corpus: str, step: Step) -> list[str]:
    both = [queries.cost(results, corpus, m["name"]) for m in (step.start, step.end)]
    return [
        " → ".join(count(cost.parameters) for cost in both),
        " → ".join(count(cost.tokens_per_second) for cost in both),
    ]


def _pairs(
    results: Results, corpus: str, column: Column, steps: Sequence[Step]
) -> list[Row | None]:
    """The comparison of each two architectures, turned so that positive numbers favour the end."""
    tested = queries.pairs(results, corpus, column)
    ends = [(step.start["name"], step.end["name"]) for step in steps]
    ends = ends if column.better == "lower" else [(end, start) for start, end in ends]
    return [queries.oriented(tested, first, second) for first, second in ends]


def _gain(pair: Row | None) -> str:
    if pair is None:
        return NOTHING
    gain = with_interval(pair.difference, pair.low, pair.high)
    return strong(gain) if queries.winner(pair) else gain


def _share(climb: Climb, ingredient: str) -> str:
    mean = climb.share(ingredient)
    return share(mean.value, mean.low, mean.high)


def _apart(mean: Mean, show: Callable[[float], str]) -> tuple[str, str]:
    """The value and its interval, for two cells of a table."""
    interval = NOTHING if isnan(mean.low) else f"[{show(mean.low)}, {show(mean.high)}]"
    return show(mean.value), interval


def _seeds(climb: Climb) -> str:
    if len(climb.seeds) < 2:
        return "1 seed, hence no interval"
    return _plural(len(climb.seeds), "seed")


def _plural(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
