"""The page's section on the ladder: what each ingredient buys, in words and in tables."""

from collections.abc import Callable, Sequence
from itertools import chain
from math import isnan

from wordrel.report import ladder, queries, tables
from wordrel.report.ladder import Climb, Mean
from wordrel.report.queries import Column, Row
from wordrel.report.rungs import EDGES, Step
from wordrel.report.text import (
    NOTHING,
    count,
    escape,
    folded,
    number,
    p_value,
    percent,
    share,
    table,
    with_interval,
)
from wordrel.study.results import Results

TITLE = "What does each ingredient buy?"
_HOW = (
    "A ladder adds one ingredient at a time. What an ingredient buys is the fall in held-out loss "
    "where it is added, as a mean over the orderings of which every rung was trained (its Shapley "
    "value). Seeds are paired, each gives one value, and intervals are Student's at {level} over "
    "seeds: they speak of other seeds, not of other sentences. *n* counts the held-out sentences."
)
_STEPS = (
    "Positive numbers favour the rung that adds. Intervals here are over items and seeds, p is "
    "after Holm, bold is told apart (p < 0.05)."
)


def section(results: Results, climbs: Sequence[Climb], image: str) -> str:
    """Heading, sentences, the figure and two folded tables a corpus; empty without climbs.

    Args:
        results: the stored study.
        climbs: all that it has.
        image: their figure, as Markdown.
    """
    if not climbs:
        return ""
    how = _HOW.format(level=percent(climbs[0].confidence))
    parts = [f"## {TITLE}", how, "\n".join(f"- {sentence(c)}" for c in climbs), image]
    for corpus in queries.corpora(results):
        shares = shares_table([c for c in climbs if c.corpus == corpus])
        if shares:
            parts += [folded(f"{escape(corpus)}: shares", shares)]
            parts += [
                folded(f"{escape(corpus)}: neighbouring rungs", steps_tables(results, corpus))
            ]
    return "\n\n".join(parts)


def sentence(climb: Climb) -> str:
    """What came out on one ladder: the whole gain, and the largest share beside the next."""
    total = climb.total
    objective = climb.objective.replace("_", "-")
    way = f"from {escape(climb.foot)} to {escape(climb.top)}"
    behind = f"({_plural(climb.orderings, 'ordering')}, {_seeds(climb)}, n {count(climb.n_scored)})"
    where = f"On {escape(climb.corpus)}, "
    if climb.no_share:
        change = with_interval(-total.value, -total.high, -total.low)
        changes = f"the {objective} loss changes by {change} nats per token {way}"
        return f"{where}{changes}; no share is given, since {climb.no_share} {behind}."
    fall = with_interval(total.value, total.low, total.high)
    gain = f"of the {fall} nats per token by which the {objective} loss falls {way}"
    return f"{where}{gain}, {_largest(climb)} {behind}."


def _largest(climb: Climb) -> str:
    first, *others = climb.ranked()
    largest = f"the largest share is that of **{first}**, {_share(climb, first)}{_by(climb, first)}"
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


def shares_table(climbs: Sequence[Climb]) -> str:
    """A line for each ingredient of each ladder, and one for its whole gain."""
    heads = [
        "from",
        "to",
        "ingredient",
        "nats",
        "interval",
        "nats by ordering",
        "share",
        "interval",
    ]
    body = [line for climb in climbs for line in _share_lines(climb)]
    return table([*heads, "orderings", "seeds"], body, left=3) if body else ""


def _share_lines(climb: Climb) -> list[list[str]]:
    way = [escape(climb.foot), escape(climb.top)]
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
    return [*parts, [*way, "**whole gain**", *total, *[NOTHING] * 3, *behind]]


def steps_tables(results: Results, corpus: str) -> str:
    """Every two neighbouring rungs: what the loss gains and costs, then the other questions."""
    steps = {objective: ladder.steps(results, corpus, objective) for objective in EDGES}
    heads = ["from", "to", "adds", "loss saved", "p (Holm)", "n", "seeds", "parameters", "tokens/s"]
    losses = [line for o, found in steps.items() for line in _losses(results, corpus, o, found)]
    parts = [_STEPS, table(heads, losses, left=3)]
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
        titles = [tables.column_title(column) for column in columns]
        parts.append(table(["from", "to", "adds", *titles], lines, left=3))
    return "\n\n".join(parts)


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
    also = f" (also {escape('; '.join(step.also()))})" if step.also() else ""
    return [escape(step.start["name"]), escape(step.end["name"]), f"{step.edge.adds}{also}"]


def _tested(pair: Row | None) -> list[str]:
    if pair is None:
        return [NOTHING] * 4
    return [_gain(pair), escape(p_value(pair.p_holm)), count(pair.n_scored), count(pair.seeds)]


def _costs(results: Results, corpus: str, step: Step) -> list[str]:
    both = [queries.cost(results, corpus, m["name"]) for m in (step.start, step.end)]
    return [
        " → ".join(count(cost.parameters) for cost in both),
        " → ".join(count(cost.tokens_per_second) for cost in both),
    ]


def _pairs(
    results: Results, corpus: str, column: Column, steps: Sequence[Step]
) -> list[Row | None]:
    """The comparison of each two rungs, turned so that positive numbers favour the end."""
    tested = queries.pairs(results, corpus, column)
    ends = [(step.start["name"], step.end["name"]) for step in steps]
    ends = ends if column.better == "lower" else [(end, start) for start, end in ends]
    return [queries.oriented(tested, first, second) for first, second in ends]


def _gain(pair: Row | None) -> str:
    if pair is None:
        return NOTHING
    bold = "**" if queries.winner(pair) else ""
    return f"{bold}{with_interval(pair.difference, pair.low, pair.high)}{bold}"


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
