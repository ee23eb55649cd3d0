"""What came out, in sentences computed from the tables: never more than the comparisons show."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Column, Row
from wordrel.report.results import Results
from wordrel.report.text import escape, listed, p_value, small, with_interval

FAMILIES = ("word2vec", "attention")

SELECTION = (
    "The best model of a family is picked by the same scores that are then compared, "
    "so a family with more models has more chances to look good."
)

_CLAUSES = {
    "better": "distinguishably better on {}",
    "worse": "distinguishably worse on {}",
    "open": "not distinguishable on {}",
    "one-sided": "no comparison on {}, where only one family or neither has an answer",
}


@dataclass(frozen=True)
class Contrast:
    """The best models of the two families on one column; the pair says first minus second."""

    column: Column
    first: Row | None
    second: Row | None
    pair: Row | None

    @property
    def verdict(self) -> str:
        """`better` or `worse` (the first family), `open` (not told apart), or `one-sided`."""
        if self.first is None or self.second is None:
            return "one-sided"
        best = None if self.pair is None else queries.winner(self.pair)
        if best is None:
            return "open"
        return "better" if best == self.first.model else "worse"


def contrasts(results: Results, corpus: str) -> list[Contrast]:
    """One contrast of the two families for each column that counts."""
    return [
        _contrast(results, corpus, column)
        for question in queries.questions(results)
        for column in queries.main_columns(results, corpus, question)
    ]


def lead(results: Results, corpus: str) -> str:
    """One sentence: where the best word2vec model and the best attention model differ."""
    found = contrasts(results, corpus)
    tasks = {v: [c.column.task for c in found if c.verdict == v] for v in _CLAUSES}
    clauses = [
        text.format(listed([escape(task) for task in tasks[v]]))
        for v, text in _CLAUSES.items()
        if tasks[v]
    ]
    if not clauses:
        return f"On {escape(corpus)}, nothing was measured."
    first, second = FAMILIES
    opening = f"On {escape(corpus)}, the best {first} model against the best {second} model: "
    return opening + "; ".join(clauses) + "."


def details(results: Results, corpus: str) -> list[str]:
    """For each column: the model in front with its place against chance, then the contrast."""
    return [
        " ".join((_front(results, corpus, c.column), _difference(c)))
        for c in contrasts(results, corpus)
    ]


def _contrast(results: Results, corpus: str, column: Column) -> Contrast:
    answered = _answered(results, corpus, column)
    families = queries.families(results)
    first, second = (
        _best(column, [r for r in answered if families[r.model] == family]) for family in FAMILIES
    )
    if first is None or second is None:
        return Contrast(column, first, second, None)
    pair = queries.oriented(queries.pairs(results, corpus, column), first.model, second.model)
    return Contrast(column, first, second, pair)


def _answered(results: Results, corpus: str, column: Column) -> list[Row]:
    answers = queries.answers(results, corpus, column).values()
    return [r for r in answers if not pd.isna(r.score)]


def _best(column: Column, answered: Sequence[Row]) -> Row | None:
    sign = 1 if column.better == "higher" else -1
    return max(answered, key=lambda r: sign * r.score, default=None)


def front(results: Results, corpus: str, column: Column) -> Row | None:
    """The model with the best score, told apart from the next or not; None without answers."""
    return _best(column, _answered(results, corpus, column))


def _front(results: Results, corpus: str, column: Column) -> str:
    best = front(results, corpus, column)
    what = f"**{escape(column.task)}**"
    if best is None:
        return f"{what}: no model has an answer."
    extreme = "highest" if column.better == "higher" else "lowest"
    score = with_interval(best.score, best.low, best.high)
    return (
        f"{what} ({escape(column.measure)}, {column.better} is better): "
        f"{extreme} is {escape(best.model)}, {score}, {_against_chance(column, best)}."
    )


def _against_chance(column: Column, best: Row) -> str:
    if pd.isna(best.chance) or pd.isna(best.low):
        return "chance unknown"
    chance = f"chance ({small(best.chance)})"
    if best.low <= best.chance <= best.high:
        return f"an interval that includes {chance}"
    side = "better" if column.improves(best.score - best.chance) else "worse"
    return f"{side} than {chance}"


def _difference(contrast: Contrast) -> str:
    first, second, pair = contrast.first, contrast.second, contrast.pair
    if first is None or second is None:
        silent = [f for f, r in zip(FAMILIES, (first, second), strict=True) if r is None]
        return f"No model of {listed(silent)} has an answer."
    names = f"{escape(first.model)} − {escape(second.model)}"
    if pair is None:
        return f"{names} was not tested."
    told_apart = "not distinguishable" if contrast.verdict == "open" else "distinguishable"
    difference = with_interval(pair.difference, pair.low, pair.high)
    found = p_value(pair.p_holm)
    p = escape(found if found.startswith("<") else f"= {found}")
    return f"{names} = {difference}, p {p} after Holm: {told_apart}."
