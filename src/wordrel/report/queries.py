"""Questions that every view of the results asks of the tables: orders, primary rows, winners."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from wordrel.report.results import Results

ALPHA = 0.05
"""A pair counts as different when its Holm-corrected p is below this."""

_FAMILIES = {
    "attention": "attention",
    "attention_position": "attention",
    "masked_attention": "attention",
}

Row = Any  # a named tuple with the columns of one table


@dataclass(frozen=True)
class Column:
    """One thing that is measured: a task under one measure."""

    question: str
    task: str
    measure: str
    better: str

    def improves(self, difference: float) -> bool:
        """Whether a step by this much is a step to the better."""
        return difference > 0 if self.better == "higher" else difference < 0


def rows(table: pd.DataFrame) -> list[Row]:
    """The rows as named tuples, in their order."""
    return list(table.itertuples(index=False, name="Row"))


def distinct(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))


def corpora(results: Results) -> list[str]:
    """The corpora, in the order of the manifest."""
    return [str(corpus["name"]) for corpus in results.manifest["corpora"]]


def models(results: Results, corpus: str) -> list[str]:
    """All models that were tried, finished or not, in the order of the study."""
    return distinct(r.model for r in rows(results.runs) if r.corpus == corpus)


def questions(results: Results) -> list[str]:
    """The questions that were asked, in the order of the summary."""
    return distinct(results.summary["question"])


def family(results: Results, model: str) -> str:
    """`attention`, `word2vec`, or the model's own kind where it belongs to neither."""
    kind = next(str(r.kind) for r in rows(results.runs) if r.model == model)
    return _FAMILIES.get(kind, kind)


def columns(results: Results, corpus: str, question: str) -> list[Column]:
    """What was measured; a task that no model answers keeps a column without a measure."""
    asked = [r for r in rows(results.summary) if (r.corpus, r.question) == (corpus, question)]
    measured = {r.task for r in asked if r.measure}
    found: dict[tuple[str, str], Column] = {}
    for task in distinct(r.task for r in asked):
        for r in asked:
            if r.task == task and (r.measure or task not in measured):
                column = Column(question, r.task, r.measure, r.better or "higher")
                found.setdefault((r.task, r.measure), column)
    return list(found.values())


def main_columns(results: Results, corpus: str, question: str) -> list[Column]:
    """The columns whose measure is the one that their task is registered with."""
    registered = {str(t["name"]): str(t["measure"]) for t in results.manifest["tasks"]}
    found = columns(results, corpus, question)
    known = {(c.task, c.measure) for c in found}
    return [
        c
        for c in found
        if c.measure == registered.get(c.task, c.measure)
        or (c.task, registered[c.task]) not in known
    ]


def answers(results: Results, corpus: str, column: Column) -> dict[str, Row]:
    """The row of each model's primary view; `score` is NaN and `note` says why without answer."""
    found: dict[str, Row] = {}
    for r in rows(results.summary):
        if (r.corpus, r.question, r.task) != (corpus, column.question, column.task):
            continue
        silent = pd.isna(r.score) and r.measure in ("", column.measure)
        if r.primary and r.measure == column.measure and not silent:
            found[r.model] = r
        elif silent:
            found.setdefault(r.model, r)
    return found


def pairs(results: Results, corpus: str, column: Column) -> list[Row]:
    """The comparisons in which both models stand with their primary view."""
    views = {model: r.view for model, r in answers(results, corpus, column).items()}
    key = (corpus, column.question, column.task, column.measure)
    return [
        r
        for r in rows(results.comparisons)
        if (r.corpus, r.question, r.task, r.measure) == key
        and (r.view_a, r.view_b) == (views.get(r.model_a), views.get(r.model_b))
    ]


def winner(pair: Row) -> str | None:
    """The better model of a comparison, or None while the pair cannot be told apart."""
    if not pair.p_holm < ALPHA or not pair.difference:
        return None
    first_is_better = (pair.difference > 0) == (pair.better == "higher")
    return str(pair.model_a if first_is_better else pair.model_b)


def failures(results: Results, corpus: str) -> list[Row]:
    """The cells that did not finish."""
    return [r for r in rows(results.runs) if r.corpus == corpus and r.status == "failed"]
