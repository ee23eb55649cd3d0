"""What a score is made of: parts of tasks, and measurements that are no scores.

A column is a model in its selected embedding, or in its only one with a score. Its head names the
embedding. No two models are tested here.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import BREAK, Table, name
from wordrel.report.headline import ARROWS
from wordrel.report.labels import term
from wordrel.report.queries import Row
from wordrel.report.text import NOTHING, count, shared, small, with_interval
from wordrel.study.results import Results

_interval = partial(with_interval, digits=2)  # many columns of numbers with intervals


def part_tables(results: Results, corpus: str, question: str) -> dict[str, list[Table]]:
    """Task -> the table of its sections, relations or classes, a line each."""
    selected = _selected(queries.parts(results, corpus, question))
    scored = [r for r in selected if not pd.isna(r.score)]
    by_task = queries.grouped(scored, lambda r: queries.base(results, r.task))
    return {task: [_part_table(results, corpus, task, rows)] for task, rows in by_task.items()}


def _part_table(results: Results, corpus: str, task: str, rows: Sequence[Row]) -> Table:
    models = _models(results, corpus, rows)
    body = [
        [
            name(part.removeprefix(f"{task}.")),
            f"{term(measure, 'measure')} {ARROWS[better]}",
            *(
                _interval(by_model[m].score, by_model[m].low, by_model[m].high)
                if m in by_model
                else NOTHING
                for m in models
            ),
            shared(small, [r.chance for r in by_model.values()]),
            shared(count, [r.n_scored for r in by_model.values()]),
        ]
        for (part, measure, better), by_model in _lines(rows, "task", "measure", "better").items()
    ]
    return Table(["part", "measure", *models.values(), "chance", "n"], body, words=2)


def measurement_tables(results: Results, corpus: str, question: str) -> dict[str, list[Table]]:
    """Task -> a table for each statistic that was measured, a line for each group.

    A mean that was also standardised is left to measurements.csv.xz: its unit differs by model.
    Mostly all embeddings measure the same things, and the selected one is shown. Where each
    measures other things, each has its table.
    """
    every = queries.measured(results, corpus, question)
    whole = _of_several_embeddings(every)
    by_task: dict[str, dict[tuple[str, str], list[Row]]] = {}
    selected = _selected([r for r in every if r.task not in whole])
    for r in [*(r for r in every if r.task in whole), *selected]:
        embedding = r.embedding if r.task in whole else ""
        by_task.setdefault(r.task, {}).setdefault((embedding, r.statistic), []).append(r)
    return {
        task: [
            _measured(results, corpus, statistic, rows)
            for (embedding, statistic), rows in by_task[task].items()
            if (embedding, f"standardised_{statistic}") not in by_task[task]
        ]
        for task in queries.distinct(r.task for r in every)
        if task in by_task
    }


def _measured(results: Results, corpus: str, statistic: str, rows: Sequence[Row]) -> Table:
    models = _models(results, corpus, rows)
    body = [
        [
            name(group) or NOTHING,
            *(
                _interval(by_model[m].value, by_model[m].low, by_model[m].high)
                if m in by_model
                else NOTHING
                for m in models
            ),
            shared(count, [r.n for r in by_model.values()]),
        ]
        for (group,), by_model in _lines(rows, "group").items()
    ]
    return Table([term(statistic, "statistic"), *models.values(), "n"], body)


def _of_several_embeddings(rows: Sequence[Row]) -> set[str]:
    """The tasks in which no two embeddings of a model measure the same thing."""
    things = Counter((r.task, r.model, r.group, r.statistic) for r in rows)
    return {r.task for r in rows} - {task for (task, *_), n in things.items() if n > 1}


def _selected(rows: Sequence[Row]) -> list[Row]:
    """The rows of selected embeddings, and of a model's only embedding where none is selected."""
    embeddings = Counter(
        (model, task) for model, task, _ in {(r.model, r.task, r.embedding) for r in rows}
    )
    return [r for r in rows if r.selected or embeddings[r.model, r.task] == 1]


def _lines(rows: Sequence[Row], *keys: str) -> dict[tuple[str, ...], dict[str, Row]]:
    """The lines of a table by these columns: model -> its row."""
    lines = queries.grouped(rows, lambda r: tuple(getattr(r, key) for key in keys))
    return {key: {r.model: r for r in of_line} for key, of_line in lines.items()}


def _models(results: Results, corpus: str, rows: Sequence[Row]) -> dict[str, str]:
    """The models that have a row, with the heads of their columns: model and embedding."""
    embeddings = {r.model: r.embedding for r in rows}
    return {
        model: BREAK.join(
            filter(None, (queries.term(results, model), term(embeddings[model], "embedding")))
        )
        for model in queries.models(results, corpus)
        if model in embeddings
    }
