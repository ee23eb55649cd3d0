"""report.md: what a reader of a repository needs of a study, in at most 300 lines.

The answer on a card, the result that the study was made for, the claims, one table a question, the
method. All pairs, all embeddings and all parts of tasks stand on the page, which `page` builds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from wordrel.report import agreement, claims, contrasts, findings, plane, provenance, queries
from wordrel.report.document import (
    BREAK,
    Block,
    Bullets,
    Card,
    Commands,
    Document,
    Paragraph,
    Section,
    Table,
    code,
    emphasis,
    name,
    strong,
)
from wordrel.report.headline import ARROWS, SEPARATE, coverage, message
from wordrel.report.labels import label, term
from wordrel.report.own import own
from wordrel.report.queries import Column, Row
from wordrel.report.text import NOTHING, count, shared, small, with_interval
from wordrel.study.answers import OF_WORDS
from wordrel.study.results import Results

APART = (
    "Masked-word and next-word models see different contexts. Their losses cannot be compared with "
    "each other."
)
_LEGEND = (
    "A score is {of} with its {level} interval. {best}: the best model, and "
    "every model that is not significantly worse (adjusted p < 0.05), where two models or more are "
    "compared. Random vectors, and scores that are not better than chance, are never bold. "
    "{worse}: worse than chance."
)
_PAGE = (
    f"This command makes the page {code('report.html')} from the tables beside this file. It shows "
    "all pairs of models, all embeddings, all parts of tasks, and what training cost."
)


class TaskScores(NamedTuple):
    """A task on a corpus: the row of each model's selected embedding, and the best models."""

    corpus: str
    column: Column
    rows: dict[str, Row]
    best: set[str]


def document(results: Results) -> Document:
    """The short report as a tree."""
    made_for = own(results)
    sentences = tuple(map(name, made_for.sentences))
    card = Card(sentences, claims.chips(results), made_for.figure)
    questions = [
        Section(findings.title(question), blocks)
        for question in queries.questions(results)
        if (blocks := answers(results, question))
    ]
    legend = [Section("How to read the tables", [Paragraph(_legend(results))])] if questions else []
    claimed = claims.blocks(results)
    sections = [
        *([Section("The result in numbers", made_for.blocks)] if made_for.blocks else []),
        *contrasts.sections(results),
        *plane.sections(results),
        *([Section(claims.TITLE, claimed)] if claimed else []),
        *legend,
        *questions,
        *_agreement(results),
        *_unscored(results),
        *_failed(results),
        provenance.method(results),
        *provenance.notes(results),
        Section("Everything else", _page(results)),
    ]
    return Document(f"{results.study}: {made_for.title}", (), sections, card)


def answers(results: Results, question: str) -> list[Block]:
    """A question's findings, and one table of scores: tasks by models, or models by tasks."""
    tasks = [
        _task_scores(results, corpus, column)
        for corpus in queries.corpora(results)
        for column in queries.main_columns(results, corpus, question)
    ]
    tasks = [task for task in tasks if task.rows]
    if not tasks:
        return []
    text = " ".join(map(name, findings.sentences(results, question)))
    apart = [Paragraph(APART)] if question in SEPARATE else []
    answered = {model for task in tasks for model in task.rows}
    models = [model for model in queries.kinds(results) if model in answered]
    draw = _by_task if len(tasks) > len(models) else _by_model
    return [Paragraph(text), *apart, draw(results, tasks, models)]


def _task_scores(results: Results, corpus: str, column: Column) -> TaskScores:
    rows = queries.answers(results, corpus, column)
    rows = {model: row for model, row in rows.items() if not pd.isna(row.score)}
    best = findings.best(results, corpus, column)
    if best is None:
        return TaskScores(corpus, column, rows, set())
    pairs, first = queries.pairs(results, corpus, column), str(best.model)
    beaten = {
        pair.model_b if first == pair.model_a else pair.model_a
        for pair in pairs
        if queries.winner(pair) == first
    }
    kinds = queries.kinds(results)
    eligible = {
        model
        for model, row in rows.items()
        if kinds[model] != findings.RANDOM and findings.is_above_chance(row)
    }
    return TaskScores(corpus, column, rows, eligible - beaten)


def _by_task(results: Results, tasks: Sequence[TaskScores], models: Sequence[str]) -> Table:
    several = len(queries.corpora(results)) > 1
    heads = ["task", *(["corpus"] if several else []), "measure"]
    heads += [*(queries.term(results, m) for m in models), *_behind_heads(tasks)]
    rows = [
        [
            term(task.column.task),
            *([name(task.corpus)] if several else []),
            _measure(task.column),
            *(_cell(task, model) for model in models),
            *_behind(task),
        ]
        for task in tasks
    ]
    return Table(heads, rows, words=2 + several)


def _by_model(results: Results, tasks: Sequence[TaskScores], models: Sequence[str]) -> Table:
    several = len(queries.corpora(results)) > 1
    heads = [
        BREAK.join(
            [
                term(task.column.task),
                *([name(task.corpus)] if several else []),
                _measure(task.column),
            ]
        )
        for task in tasks
    ]
    rows = [[queries.term(results, m), *(_cell(task, m) for task in tasks)] for m in models]
    behind = zip(*(_behind(task) for task in tasks), strict=True)
    names = map(emphasis, _behind_heads(tasks))
    foot = [[what, *cells] for what, cells in zip(names, behind, strict=True)]
    return Table(["model", *heads], rows, foot=foot)


def _measure(column: Column) -> str:
    return f"{name(label(column.measure, 'measure'))} {ARROWS[column.better]}"


def _cell(task: TaskScores, model: str) -> str:
    row = task.rows.get(model)
    if row is None:
        return NOTHING
    shown = with_interval(row.score, row.low, row.high)
    shown = emphasis(shown) if findings.is_below_chance(row) else shown
    return strong(shown) if model in task.best else shown


def _behind_heads(tasks: Sequence[TaskScores]) -> list[str]:
    return [findings.chance_of([task.column for task in tasks]), "n", "coverage"]


def _behind(task: TaskScores) -> tuple[str, str, str]:
    """Chance, items and coverage; where models differ, from the least to the most."""
    rows = task.rows.values()
    return (
        shared(small, [r.chance for r in rows]),
        shared(count, [r.n_scored for r in rows]),
        coverage(rows),
    )


def _agreement(results: Results) -> list[Section]:
    text = agreement.outcome(results)
    return [Section(agreement.TITLE, [Paragraph(text)])] if text else []


def _unscored(results: Results) -> list[Section]:
    """Tasks that have no score of any model on a corpus, and why.

    Of a loss, a score for one objective is enough: all models may be trained for the same one.
    """
    lines = []
    for corpus in queries.corpora(results):
        for question in queries.questions(results):
            columns = queries.main_columns(results, corpus, question)
            silent = [
                column for column in columns if not _task_scores(results, corpus, column).rows
            ]
            scored = {queries.base(results, c.task) for c in columns if c not in silent}
            for column in silent:
                if question in OF_WORDS or queries.base(results, column.task) not in scored:
                    lines.append(_without_score(results, corpus, column))
    return [Section("Not scored", [Bullets(lines)])] if lines else []


def _without_score(results: Results, corpus: str, column: Column) -> str:
    rows = queries.answers(results, corpus, column).values()
    notes = queries.distinct(str(row.note) for row in rows if row.note)
    why = "; ".join(map(message, notes)) or "no model was evaluated"
    return f"{term(column.task)} on {name(corpus)}: {why}"


def _failed(results: Results) -> list[Section]:
    """Which models have fewer runs than seeds, and why."""
    lost = []
    for corpus in queries.corpora(results):
        runs = queries.grouped(queries.failures(results, corpus), lambda r: str(r.model))
        for model, failed in runs.items():
            why = f"{count(len(failed))} failed: {message(failed[0].message)}"
            lost.append(f"{queries.term(results, model)} on {name(corpus)}: {why}")
    return [Section("Failed runs", [Bullets(lost)])] if lost else []


def _legend(results: Results) -> str:
    level = queries.level(results)
    seeds = len(set(results.runs["seed"]))
    of = f"the mean over {seeds} seeds" if seeds > 1 else "that of one seed"
    return _LEGEND.format(of=of, level=level, best=strong("Bold"), worse=emphasis("In italics"))


def _page(results: Results) -> list[Block]:
    report, *others = provenance.commands(results)
    return [
        Paragraph(_PAGE),
        Commands([report]),
        Paragraph("These commands run the study again, and check its numbers."),
        Commands(others),
        provenance.made(results),
    ]
