"""The tables that every page has, in Markdown: headline, cost, failures."""

from wordrel.report import queries
from wordrel.report.headline import Cell, Headline, Line
from wordrel.report.queries import Column
from wordrel.report.text import (
    NOTHING,
    code,
    count,
    escape,
    number,
    percent,
    superscript,
    table,
    with_interval,
)
from wordrel.study.results import Results

ARROWS = {"higher": "↑", "lower": "↓"}

_LONGEST_MESSAGE = 300


def headline_table(results: Results, headline: Headline, digits: int = 3) -> str:
    """The headline table with its title, its notes and its signature."""
    heads = ["", "model", "primary view", "seeds", *map(column_title, headline.columns)]
    body = [_line(line, digits) for line in headline.lines]
    body += [["", f"*{name}*", "", "", *cells] for name, cells in headline.footer]
    notes = [f"<sup>{i}</sup> {_message(note)}" for i, note in enumerate(headline.notes, start=1)]
    title = f"**{escape(headline.title)}**" if headline.title else ""
    parts = (title, table(heads, body, left=3), "<br>\n".join(notes))
    return "\n\n".join(filter(None, (*parts, code(signature(results, headline)))))


def column_title(column: Column) -> str:
    """Task, measure, and an arrow to where the better scores are."""
    measure = f"<br>{measured(column)}" if column.measure else ""
    return f"{escape(column.task)}{measure}"


def measured(column: Column) -> str:
    """The measure, and an arrow to where the better scores are."""
    return f"{escape(column.measure)} {ARROWS[column.better]}"


def signature(results: Results, headline: Headline) -> str:
    """Everything that the numbers of a table depend on, in one line."""
    manifest, statistics = results.manifest, results.manifest["statistics"]
    corpus = next(c for c in manifest["corpora"] if c["name"] == headline.corpus)
    digests = {t["name"]: f"@{t['digest']}" for t in manifest["tasks"]}
    tasks = queries.distinct(c.task for c in headline.columns)
    seeds = {r.seed for r in queries.rows(results.runs, corpus=headline.corpus)}
    parts = (
        f"corpus:{corpus['name']}@{corpus['digest']}",
        f"V:{corpus['types']}",
        f"tokens:{corpus['tokens']}",
        "tasks:" + ",".join(f"{t}{digests.get(queries.base(results, t), '')}" for t in tasks),
        "measure:" + ",".join(queries.distinct(c.measure or NOTHING for c in headline.columns)),
        "oov:skip, common items",
        f"seeds:{len(seeds)}",
        f"boot:{statistics['resamples']}",
        f"rng:{statistics['seed']}",
        f"ci:{percent(statistics['confidence'])} items+seeds",
        f"wordrel:{manifest['wordrel']}",
    )
    return "|".join(parts)


def cost_table(results: Results, corpus: str) -> str:
    """What training took, as a mean over the finished seeds."""
    heads = ["model", "cells", "parameters", "trained tokens", "seconds", "tokens/s", "peak MB"]
    return table(heads, [_cost_line(results, corpus, m) for m in queries.models(results, corpus)])


def _cost_line(results: Results, corpus: str, model: str) -> list[str]:
    cost = queries.cost(results, corpus, model)
    return [
        escape(model),
        f"{cost.done} of {cost.cells}",
        count(cost.parameters),
        count(cost.trained_tokens),
        number(cost.seconds, 1),
        count(cost.tokens_per_second),
        count(cost.peak_memory_mb),
    ]


def failures_list(results: Results, corpus: str) -> str:
    """The cells that did not finish, by name, with what they said."""
    failed = queries.failures(results, corpus)
    return "\n".join(f"- {code(r.cell)}: {_message(r.message)}" for r in failed)


def model_and_view(model: str, view: str) -> str:
    """`skip_gram (input)`."""
    return f"{escape(model)} ({escape(view)})" if view else escape(model)


def _line(line: Line, digits: int) -> list[str]:
    cells = [_cell(c, digits) for c in line.cells]
    return [line.letter, escape(line.model), escape(line.view) or NOTHING, line.seeds, *cells]


def _cell(cell: Cell, digits: int) -> str:
    if cell.note is not None:
        return NOTHING + superscript(str(cell.note))
    return with_interval(cell.score, cell.low, cell.high, digits) + superscript(cell.marks)


def _message(text: str) -> str:
    short = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
    return escape(short) or "no message"
