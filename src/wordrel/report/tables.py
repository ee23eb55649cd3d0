"""The tables of the page, in Markdown: headline, comparisons, views, agreement, cost."""

from collections.abc import Sequence

import pandas as pd

from wordrel.report import queries
from wordrel.report.headline import Cell, Headline, letters
from wordrel.report.queries import Column, Row
from wordrel.report.results import Results
from wordrel.report.text import (
    NOTHING,
    code,
    count,
    escape,
    number,
    p_value,
    percent,
    small,
    superscript,
    table,
    with_interval,
)

ARROWS = {"higher": "↑", "lower": "↓"}
CHANCE = {"fit": "chance (unigram)", "recall": "chance (the commonest answer)"}

_LONGEST_MESSAGE = 300
_TRIANGLES = (
    "Row − column, in the letters of the tables above. The interval and p of every pair stand in "
    "[comparisons.csv](comparisons.csv)."
)
_FEW = 10  # models whose pairs are listed one by one


def headline_table(results: Results, headline: Headline, digits: int = 3) -> str:
    """The headline table with its notes and its signature."""
    heads = [column_title(c) for c in headline.columns]
    body = [
        [line.letter, escape(line.model), line.seeds, *(_cell(c, digits) for c in line.cells)]
        for line in headline.lines
    ]
    chance = f"*{CHANCE.get(headline.question, 'chance')}*"
    body.append(["", chance, "", *headline.chance])
    body.append(["", "*n*", "", *(f"n {n}" for n in headline.counts)])
    notes = [f"<sup>{i}</sup> {_message(note)}" for i, note in enumerate(headline.notes, start=1)]
    parts = [table(["", "model", "seeds", *heads], body, left=2), "<br>\n".join(notes)]
    return "\n\n".join(filter(None, (*parts, code(signature(results, headline)))))


def column_title(column: Column) -> str:
    """Task, measure, and an arrow to where the better scores are."""
    measure = f"<br>{escape(column.measure)} {ARROWS[column.better]}" if column.measure else ""
    return f"{escape(column.task)}{measure}"


def signature(results: Results, headline: Headline) -> str:
    """Everything that the numbers of a table depend on, in one line."""
    manifest, statistics = results.manifest, results.manifest["statistics"]
    corpus = next(c for c in manifest["corpora"] if c["name"] == headline.corpus)
    digests = {t["name"]: t["digest"] for t in manifest["tasks"]}
    tasks = queries.distinct(c.task for c in headline.columns)
    seeds = {r.seed for r in queries.rows(results.runs, corpus=headline.corpus)}
    parts = (
        f"corpus:{corpus['name']}@{corpus['digest']}",
        f"V:{corpus['types']}",
        f"tokens:{corpus['tokens']}",
        "tasks:" + ",".join(f"{t}@{digests[t]}" if t in digests else t for t in tasks),
        "oov:skip, common items",
        f"seeds:{len(seeds)}",
        f"boot:{statistics['resamples']}",
        f"rng:{statistics['seed']}",
        f"ci:{percent(statistics['confidence'])} items+seeds",
        f"wordrel:{manifest['wordrel']}",
    )
    return "|".join(parts)


def comparisons_table(results: Results, corpus: str, question: str) -> str:
    """Every tested pair, in the order of tasks and models; bold where it is told apart.

    A line a pair; among many models a triangle of differences a task, and the rest in the file.
    """
    columns = queries.columns(results, corpus, question)
    if len(queries.models(results, corpus)) > _FEW:
        triangles = [_triangle(results, corpus, column) for column in columns]
        return "\n\n".join([_TRIANGLES, *filter(None, triangles)]) if any(triangles) else ""
    body = [
        _pair_line(pair, column)
        for column in columns
        for pair in _sorted_pairs(results, corpus, column)
    ]
    heads = ["task", "a", "b", "a − b", "interval", "p", "p (Holm)", "n", "seeds"]
    return table(heads, body, left=3) if body else ""


def _triangle(results: Results, corpus: str, column: Column) -> str:
    """Each model minus each model above it, in their primary views."""
    tested = queries.pairs(results, corpus, column)
    models = queries.models(results, corpus)
    names = dict(zip(models, letters(len(models)), strict=True))
    there = [m for m in models if any(m in (p.model_a, p.model_b) for p in tested)]
    if not there:
        return ""
    body = [
        [names[row], escape(row), *(_difference(tested, row, other) for other in there[:i])]
        for i, row in enumerate(there)
    ]
    full = [line + [""] * (1 + len(there) - len(line)) for line in body]
    measured = f"{escape(column.task)}, {escape(column.measure)} {ARROWS[column.better]}"
    seeds = queries.distinct(str(n) for n in sorted(pair.seeds for pair in tested))
    counts = f"n {count(tested[0].n_scored)}, {'–'.join(seeds)} seeds"
    heads = ["", measured, *(names[m] for m in there[:-1])]
    return f"{table(heads, full, left=2)}\n\n{counts}"


def _difference(tested: Sequence[Row], first: str, second: str) -> str:
    pair = queries.oriented(tested, first, second)
    if pair is None:
        return NOTHING
    bold = "**" if queries.winner(pair) else ""
    return f"{bold}{number(pair.difference)}{bold}"


def _sorted_pairs(results: Results, corpus: str, column: Column) -> list[Row]:
    order = queries.models(results, corpus)
    found = queries.compared(results, corpus, column)
    return sorted(found, key=lambda r: (order.index(r.model_a), order.index(r.model_b)))


def _pair_line(pair: Row, column: Column) -> list[str]:
    bold = "**" if queries.winner(pair) else ""
    return [
        f"{escape(column.task)}, {escape(column.measure)} {ARROWS[pair.better]}",
        _model_and_view(pair.model_a, pair.view_a),
        _model_and_view(pair.model_b, pair.view_b),
        f"{bold}{number(pair.difference)}{bold}",
        f"[{number(pair.low)}, {number(pair.high)}]",
        escape(p_value(pair.p)),
        f"{bold}{escape(p_value(pair.p_holm))}{bold}",
        count(pair.n_scored),
        count(pair.seeds),
    ]


def views_table(results: Results, corpus: str, question: str) -> str:
    """Every view with its score and the spread between seeds; empty while all are primary."""
    found = [
        r
        for r in queries.rows(results.summary, corpus=corpus, question=question)
        if not pd.isna(r.score)
    ]
    if all(r.primary for r in found):
        return ""
    heads = ["task", "model", "view", "score", "sd of seeds", "chance", "n", "seeds"]
    by_task = queries.columns(results, corpus, question)
    order = {(c.task, c.measure): i for i, c in enumerate(by_task)}
    found.sort(key=lambda r: order[r.task, r.measure])
    return table(heads, [_view_line(r) for r in found], left=3)


def _view_line(row: Row) -> list[str]:
    return [
        f"{escape(row.task)}, {escape(row.measure)} {ARROWS[row.better]}",
        escape(row.model),
        f"**{escape(row.view)}** (primary)" if row.primary else escape(row.view),
        with_interval(row.score, row.low, row.high),
        number(row.seed_sd),
        small(row.chance),
        f"{count(row.n_scored)} of {count(row.n_items)}",
        count(row.seeds),
    ]


def agreement_table(results: Results, corpus: str, between: str) -> str:
    """Neighbours shared by the seeds of one model, or by two models, beside chance."""
    found = [
        r
        for r in queries.rows(results.agreement, corpus=corpus, between=between)
        if not pd.isna(r.overlap)
    ]
    names = ["model"] if between == "seeds" else ["a", "b"]
    heads = [*names, "overlap", "chance", "words", "pairs of runs"]
    body = [_agreement_line(r) for r in found]
    return table(heads, body, left=len(names)) if body else ""


def _agreement_line(row: Row) -> list[str]:
    names = [_model_and_view(row.model_a, row.view_a)]
    if row.between == "models":
        names.append(_model_and_view(row.model_b, row.view_b))
    overlap = with_interval(row.overlap, row.low, row.high)
    return [*names, overlap, small(row.chance), count(row.n_items), count(row.pairs)]


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


def _cell(cell: Cell, digits: int) -> str:
    if cell.note is not None:
        return NOTHING + superscript(str(cell.note))
    return with_interval(cell.score, cell.low, cell.high, digits) + superscript(cell.marks)


def _model_and_view(model: str, view: str) -> str:
    return f"{escape(model)} ({escape(view)})" if view else escape(model)


def _message(text: str) -> str:
    short = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
    return escape(short) or "no message"
