"""The differences between every two models, in Markdown, with what each test says of them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from wordrel.report import queries
from wordrel.report.headline import letters
from wordrel.report.queries import ALPHA, Column, Row
from wordrel.report.tables import measured, model_and_view
from wordrel.report.text import NOTHING, count, escape, number, p_value, table
from wordrel.study.results import Results

_TRIANGLES = (
    "Row − column, in the letters of the tables above{equal}. The interval and p of every pair "
    "stand in [comparisons.csv](comparisons.csv)."
)
_FEW = 10  # models whose pairs are listed one by one
_FEW_PAIRS = 120  # of a question that are; GitHub draws no page of over 512 kB


def margin(results: Results) -> str:
    """` within .03`, the margin of the equivalence test; empty where the study does not say it."""
    stored: Any = results.manifest["statistics"].get("margin")
    return "" if stored is None else f" within {stored:g}".replace(" 0.", " .")


def legend(results: Results) -> str:
    """How the comparisons are to be read, with the rules that these ones need."""
    parts = ["Bold: told apart after Holm (p < 0.05). a − b is in the units of the score."]
    if results.comparisons["p_steiger"].notna().any():
        parts.append(
            "Beside p, where the score is a correlation, stands that of Steiger's test for "
            "dependent correlations; it concludes nothing here."
        )
    if results.comparisons["p_equivalence"].notna().any():
        parts.append(
            f"*Equal{margin(results)}*: two one-sided tests (TOST) both reject a difference beyond "
            f"the margin at {ALPHA}, unadjusted for the number of pairs. A pair that is neither "
            "told apart nor equal is undecided."
        )
    return " ".join(parts)


def comparisons_table(results: Results, corpus: str, question: str) -> str:
    """Every tested pair, in the order of tasks and models; bold where it is told apart.

    A line a pair; where they are many a triangle of differences a task, and the rest in the file.
    """
    columns = queries.columns(results, corpus, question)
    pairs = sum(len(queries.compared(results, corpus, column)) for column in columns)
    if len(queries.models(results, corpus)) > _FEW or pairs > _FEW_PAIRS:
        triangles = [_triangle(results, corpus, column) for column in columns]
        shown = list(filter(None, triangles))
        equal = ", = where equal" if any(" =" in triangle for triangle in shown) else ""
        return "\n\n".join([_TRIANGLES.format(equal=equal), *shown]) if shown else ""
    lists = [_pair_list(results, corpus, column) for column in columns]
    return "\n\n".join(filter(None, lists))


def _pair_list(results: Results, corpus: str, column: Column) -> str:
    """A line for each pair of one column, with what its tests say."""
    found = _sorted_pairs(results, corpus, column)
    if not found:
        return ""
    within = margin(results)
    more = [name for name in _TESTS if any(not pd.isna(getattr(pair, name)) for pair in found)]
    heads = ["a", "b", "a − b", "interval", "p", "p (Holm)", *(_TESTS[name] for name in more)]
    body = [[*_pair_line(pair), *(_tested(pair, within)[name] for name in more)] for pair in found]
    title = f"**{escape(column.task)}**, {measured(column)}, {_counted(found)}"
    return f"{title}\n\n{table(heads, body, left=2)}"


def _counted(found: Sequence[Row]) -> str:
    seeds = queries.distinct(str(n) for n in sorted({pair.seeds for pair in found}))
    return f"n {count(found[0].n_scored)}, {'–'.join(seeds)} seeds"


_TESTS = {"p_steiger": "p (Steiger)", "p_equivalence": "equal?"}


def equal(pair: Row) -> bool:
    """Whether the two are shown to differ by less than the margin, unadjusted."""
    return bool(pair.p_equivalence < ALPHA)


def _tested(pair: Row, within: str) -> dict[str, str]:
    return {
        "p_steiger": escape(p_value(pair.p_steiger)),
        "p_equivalence": f"equal{within}" if equal(pair) else NOTHING,
    }


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
    title = f"{escape(column.task)}, {measured(column)}"
    heads = ["", title, *(names[m] for m in there[:-1])]
    return f"{table(heads, full, left=2)}\n\n{_counted(tested)}"


def _difference(tested: Sequence[Row], first: str, second: str) -> str:
    pair = queries.oriented(tested, first, second)
    if pair is None:
        return NOTHING
    bold = "**" if queries.winner(pair) else ""
    return f"{bold}{number(pair.difference)}{bold}{' =' if equal(pair) else ''}"


def _sorted_pairs(results: Results, corpus: str, column: Column) -> list[Row]:
    order = {model: i for i, model in enumerate(queries.models(results, corpus))}
    found = queries.compared(results, corpus, column)
    return sorted(found, key=lambda r: (order[r.model_a], order[r.model_b]))


def _pair_line(pair: Row) -> list[str]:
    bold = "**" if queries.winner(pair) else ""
    return [
        model_and_view(pair.model_a, pair.view_a),
        model_and_view(pair.model_b, pair.view_b),
        f"{bold}{number(pair.difference)}{bold}",
        f"[{number(pair.low)}, {number(pair.high)}]",
        escape(p_value(pair.p)),
        f"{bold}{escape(p_value(pair.p_holm))}{bold}",
    ]
