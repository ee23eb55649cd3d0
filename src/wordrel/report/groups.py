"""Which columns stand in one table: tasks of one kind together, as many as a page is wide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Column
from wordrel.study.results import Results

SEPARATE = ("fit",)
"""Questions whose columns have different targets: only what the same models answer stands in one
table."""

WIDEST = 5
"""Columns of scores with intervals that a page of 900 pixels shows without scrolling."""


@dataclass(frozen=True)
class Group:
    """The columns of one table; the title is empty where a question has no other."""

    title: str
    columns: tuple[Column, ...]


def column_groups(results: Results, corpus: str, question: str) -> list[Group]:
    """The tables of a question on a corpus, in the order of the tasks.

    Few columns stand in one table. Many are sorted by how they are asked (the kind of task where
    the manifest tells it, else the measure); small neighbours share a table, large ones are cut
    into tables of about the same width. A task is never cut from its variants.
    """
    columns = queries.columns(results, corpus, question)
    if question in SEPARATE:
        sets = _sorted(columns, [_who_answers(results, corpus, c) for c in columns])
        return [Group("", part) for columns in sets.values() for part in _cut(results, columns)]
    if len(columns) <= WIDEST:
        return [Group("", tuple(columns))] if columns else []
    kinds = _sorted(columns, [kind(results, c) for c in columns])
    cut = [Group(k, part) for k, found in kinds.items() for part in _cut(results, found)]
    return _joined(cut)


def kind(results: Results, column: Column) -> str:
    """How a column is asked: its task's kind where the manifest tells it, else its measure."""
    name = queries.base(results, column.task)
    kinds = {str(t["name"]): str(t.get("kind") or "") for t in results.manifest["tasks"]}
    return kinds.get(name, "").replace("_", " ") or column.measure


def _who_answers(results: Results, corpus: str, column: Column) -> str:
    answers = queries.answers(results, corpus, column).values()
    return "\n".join(sorted(r.model for r in answers if not pd.isna(r.score)))


def _sorted(columns: Sequence[Column], keys: Iterable[str]) -> dict[str, list[Column]]:
    """Columns by key, both in the order of first appearance."""
    found: dict[str, list[Column]] = {}
    for column, key in zip(columns, keys, strict=True):
        found.setdefault(key, []).append(column)
    return found


def _cut(results: Results, columns: Sequence[Column]) -> list[tuple[Column, ...]]:
    """Tables of about the same width, none wider than a page unless a task alone is."""
    tasks = _sorted(columns, [queries.base(results, c.task) for c in columns]).values()
    tables = -(-len(columns) // WIDEST)
    width = -(-len(columns) // tables)
    found: list[list[Column]] = []
    for task in tasks:
        if found and len(found[-1]) + len(task) <= width:
            found[-1] += task
        else:
            found.append(list(task))
    return [tuple(table) for table in found]


def _joined(groups: Sequence[Group]) -> list[Group]:
    """Neighbours in one table while they fit."""
    found: list[Group] = []
    for group in groups:
        if found and len(found[-1].columns) + len(group.columns) <= WIDEST:
            title = ", ".join(queries.distinct([found[-1].title, group.title]))
            found[-1] = Group(title, found[-1].columns + group.columns)
        else:
            found.append(group)
    return found
