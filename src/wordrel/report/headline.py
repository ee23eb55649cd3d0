"""The headline tables: a line a model, a column a task, with intervals, n, coverage and chance.

Tasks of one kind stand in a table together, as many as a page is wide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count as numbers
from itertools import islice, product
from string import ascii_lowercase

import pandas as pd

from wordrel.report import queries
from wordrel.report.document import (
    BREAK,
    HIGHER,
    LOWER,
    Block,
    Paragraph,
    Table,
    code,
    emphasis,
    name,
    raised,
    strong,
)
from wordrel.report.findings import chance_of
from wordrel.report.labels import term
from wordrel.report.queries import Column, Row
from wordrel.report.text import NOTHING, count, number, percent, shared, small, with_interval
from wordrel.study.results import Results

SEPARATE = ("fit",)
"""Questions whose columns have different targets: a table holds only what the same models
answer."""

WIDEST = 5
"""Columns of scores with intervals that a page of 900 pixels shows without scrolling."""

ARROWS = {"higher": HIGHER, "lower": LOWER}
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Group:
    """The columns of one table; the title is empty where a question has no other."""

    title: str
    columns: tuple[Column, ...]


def column_groups(results: Results, corpus: str, question: str) -> list[Group]:
    """The tables of a question on a corpus, in the order of the tasks.

    Few columns stand in one table. Many are sorted by their kind (the kind of task where
    the manifest has it, else the measure); small neighbours share a table, large ones are cut
    into tables of about the same width. A task is never cut from its variants.
    """
    columns = queries.columns(results, corpus, question)
    if question in SEPARATE:
        sets = queries.grouped(columns, lambda c: _who_answers(results, corpus, c))
        return [Group("", part) for columns in sets.values() for part in _cut(results, columns)]
    if len(columns) <= WIDEST:
        return [Group("", tuple(columns))] if columns else []
    kinds = queries.grouped(columns, lambda c: _kind(results, c))
    cut = [Group(k, part) for k, of_kind in kinds.items() for part in _cut(results, of_kind)]
    return _joined(cut)


def headlines(results: Results, corpus: str, question: str) -> list[list[Block]]:
    """The tables of one question on one corpus, each with its notes and its signature below it."""
    groups = column_groups(results, corpus, question)
    return [_headline(results, corpus, group) for group in groups]


def letters(n: int) -> list[str]:
    """a, b, ..., z, aa, ab, ...: the names of n lines."""
    words = ("".join(w) for size in numbers(1) for w in product(ascii_lowercase, repeat=size))
    return list(islice(words, n))


def joined_letters(names: Sequence[str]) -> str:
    """Letters beside a score, kept apart where one is longer."""
    return ("," if any(len(letter) > 1 for letter in names) else "").join(names)


def column_title(column: Column) -> str:
    """Task, measure, and an arrow to where the better scores are."""
    task = term(column.task, "task")
    return f"{task}{BREAK}{measured(column)}" if column.measure else task


def measured(column: Column) -> str:
    """The measure, and an arrow to where the better scores are."""
    return f"{term(column.measure, 'measure')} {ARROWS[column.better]}"


def message(text: str) -> str:
    """What went wrong, cut where it is long."""
    short = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
    return name(short) or "no message"


def coverage(answers: Iterable[Row]) -> str:
    """The share of the items whose words the vocabulary has, of all models of a line."""
    known = [r for r in answers if not pd.isna(r.n_covered) and r.n_items]
    return shared(percent, [round(r.n_covered / r.n_items, 3) for r in known])


def _headline(results: Results, corpus: str, group: Group) -> list[Block]:
    models = queries.models(results, corpus)
    names = dict(zip(models, letters(len(models)), strict=True))
    answers = [queries.answers(results, corpus, c) for c in group.columns]
    beaten = [_beaten(results, corpus, c, names) for c in group.columns]
    notes: list[str] = []
    rows = []
    for model, letter in names.items():
        scores = [a.get(model) for a in answers]
        why = _unfinished(results, corpus, model)
        cells = [_cell(r, notes, why) for r in scores]
        marked = [cell + raised(marks[model]) for cell, marks in zip(cells, beaten, strict=True)]
        rows.append(
            (letter, queries.term(results, model), _embedding(scores), _seeds(scores), *marked)
        )
    heads = ("", "model", "selected embedding", "seeds", *map(column_title, group.columns))
    table = Table(
        heads,
        rows,
        words=3,
        foot=_foot(results, corpus, group, answers),
        title=strong(name(group.title)),
    )
    lines = [f"{raised(str(i))} {message(note)}" for i, note in enumerate(notes, start=1)]
    below = [Paragraph(BREAK.join(lines))] if lines else []
    return [table, *below, Paragraph(code(_signature(results, corpus, group.columns)))]


def _cell(row: Row | None, notes: list[str], missing: str) -> str:
    """A score; a new reason for an empty cell is added to `notes`."""
    if row is not None and not pd.isna(row.score):
        return with_interval(row.score, row.low, row.high)
    note = missing if row is None else row.note or missing
    if note not in notes:
        notes.append(note)
    return NOTHING + raised(str(notes.index(note) + 1))


def _unfinished(results: Results, corpus: str, model: str) -> str:
    failed = [r for r in queries.failures(results, corpus) if r.model == model]
    return f"failed: {failed[0].message}" if failed else "not evaluated"


def _beaten(results: Results, corpus: str, column: Column, names: dict[str, str]) -> dict[str, str]:
    """Model -> the letters of the models that it beats."""
    beaten: dict[str, set[str]] = {model: set() for model in names}
    for pair in queries.pairs(results, corpus, column):
        best = queries.winner(pair)
        if best is not None:
            beaten[best].add(pair.model_b if best == pair.model_a else pair.model_a)
    return {m: joined_letters([names[o] for o in names if o in beaten[m]]) for m in names}


def _embedding(rows: Sequence[Row | None]) -> str:
    """The selected embedding; several where the columns of a table have several."""
    embeddings = queries.distinct(r.embedding for r in rows if r is not None and r.embedding)
    return ", ".join(term(embedding, "embedding") for embedding in embeddings) or NOTHING


def _seeds(rows: Sequence[Row | None]) -> str:
    seeds = {int(r.seeds) for r in rows if r is not None and not pd.isna(r.score)}
    if not seeds:
        return NOTHING
    return str(max(seeds)) if len(seeds) == 1 else f"{min(seeds)}–{max(seeds)}"


def _foot(
    results: Results, corpus: str, group: Group, answers: Sequence[dict[str, Row]]
) -> list[tuple[str, ...]]:
    """Chance and items below each column; coverage and what is detectable where they are known."""
    by_column = [list(of_models.values()) for of_models in answers]
    chance = chance_of(group.columns)
    lines = {
        chance: [shared(small, [r.chance for r in rows]) for rows in by_column],
        "n": [_counts(rows) for rows in by_column],
        "coverage": [coverage(rows) for rows in by_column],
        "detectable": [_detectable(results, corpus, c) for c in group.columns],
    }
    optional = ("coverage", "detectable")
    return [
        ("", emphasis(what), "", "", *cells)
        for what, cells in lines.items()
        if what not in optional or set(cells) != {NOTHING}
    ]


def _counts(answers: list[Row]) -> str:
    scored = [r for r in answers if not pd.isna(r.score)]
    shown = queries.distinct(f"{count(r.n_scored)} of {count(r.n_items)}" for r in scored)
    return " to ".join(queries.distinct(shown[:1] + shown[-1:])) or NOTHING


def _detectable(results: Results, corpus: str, column: Column) -> str:
    """The difference that would be found with 80 % power, the median over the pairs."""
    differences = [p.detectable for p in queries.pairs(results, corpus, column)]
    return number(pd.Series(differences, dtype="float64").median())


def _signature(results: Results, corpus: str, columns: Sequence[Column]) -> str:
    """Everything that the numbers of a table depend on, in one line."""
    manifest, statistics = results.manifest, results.manifest["statistics"]
    text = queries.corpus(results, corpus)
    digests = {t["name"]: f"@{t['digest']}" for t in manifest["tasks"]}
    tasks = queries.distinct(c.task for c in columns)
    seeds = {r.seed for r in queries.rows(results.runs, corpus=corpus)}
    parts = (
        f"corpus:{text['name']}@{text['digest']}",
        f"V:{text['types']}",
        f"tokens:{text['tokens']}",
        "tasks:" + ",".join(f"{t}{digests.get(queries.base(results, t), '')}" for t in tasks),
        "measure:" + ",".join(queries.distinct(c.measure or NOTHING for c in columns)),
        "oov:skip, common items",
        f"seeds:{len(seeds)}",
        *([] if "intervals" in statistics else [f"boot:{statistics['resamples']}"]),
        f"rng:{statistics['seed']}",
        f"ci:{percent(statistics['confidence'])} items+seeds",
        f"wordrel:{manifest['wordrel']}",
    )
    return "|".join(parts)


def _kind(results: Results, column: Column) -> str:
    """The kind of its task where the manifest has it, else its measure."""
    return queries.kind(results, column.task).replace("_", " ") or column.measure


def _who_answers(results: Results, corpus: str, column: Column) -> str:
    answers = queries.answers(results, corpus, column).values()
    return "\n".join(sorted(r.model for r in answers if not pd.isna(r.score)))


def _cut(results: Results, columns: Sequence[Column]) -> list[tuple[Column, ...]]:
    """Tables of about the same width, none wider than a page unless a task alone is."""
    tasks = queries.grouped(columns, lambda c: queries.base(results, c.task)).values()
    n_tables = -(-len(columns) // WIDEST)
    width = -(-len(columns) // n_tables)
    tables: list[list[Column]] = []
    for task in tasks:
        if tables and len(tables[-1]) + len(task) <= width:
            tables[-1] += task
        else:
            tables.append(task)
    return [tuple(table) for table in tables]


def _joined(groups: Sequence[Group]) -> list[Group]:
    """Neighbours in one table while they fit."""
    joined: list[Group] = []
    for group in groups:
        if joined and len(joined[-1].columns) + len(group.columns) <= WIDEST:
            title = ", ".join(queries.distinct([joined[-1].title, group.title]))
            joined[-1] = Group(title, joined[-1].columns + group.columns)
        else:
            joined.append(group)
    return joined
