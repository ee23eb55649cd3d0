"""The headline tables as data: one line a model, one column a task, ready for page or terminal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as numbers
from itertools import islice, product
from string import ascii_lowercase

import pandas as pd

from wordrel.report import queries
from wordrel.report.groups import Group, column_groups
from wordrel.report.queries import Column, Row
from wordrel.report.text import NOTHING, count, number, percent, small
from wordrel.study.results import Results

CHANCE = {"fit": "chance (unigram)", "recall": "chance (the commonest answer)"}


@dataclass(frozen=True)
class Cell:
    """A score with its interval, the lines that it beats, or the number of the note instead."""

    score: float = math.nan
    low: float = math.nan
    high: float = math.nan
    beats: tuple[str, ...] = ()
    note: int | None = None

    @property
    def marks(self) -> str:
        """The letters beside the score."""
        return ("," if any(len(b) > 1 for b in self.beats) else "").join(self.beats)


@dataclass(frozen=True)
class Line:
    """One model: its letter, its primary view, the seeds behind it, and a cell for each column."""

    letter: str
    model: str
    view: str
    seeds: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Headline:
    """One table.

    Attributes:
        corpus: where the models were trained.
        question: what its columns ask.
        title: which of a question's tables this is; empty where there is one.
        columns: what was measured.
        lines: a model each.
        chance: below each column, the score of a model that knows nothing.
        counts: the items scored, of all.
        coverage: the share of the items that the vocabulary has.
        detectable: the smallest difference between two models that would be found with 80 % power,
            the median over the pairs.
        notes: why cells are empty, numbered from 1.
    """

    corpus: str
    question: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    chance: tuple[str, ...]
    counts: tuple[str, ...]
    coverage: tuple[str, ...]
    detectable: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def footer(self) -> list[tuple[str, tuple[str, ...]]]:
        """The last lines with their names; without a line that says nothing."""
        found = [
            (CHANCE.get(self.question, "chance"), self.chance),
            ("n", self.counts),
            ("coverage", self.coverage),
            ("detectable", self.detectable),
        ]
        kept = [(name, cells) for name, cells in found if set(cells) != {NOTHING}]
        return found[:2] + [line for line in kept if line not in found[:2]]


def headlines(results: Results, corpus: str, question: str) -> list[Headline]:
    """The tables of one question on one corpus, each narrow enough for a page."""
    return [_headline(results, corpus, g) for g in column_groups(results, corpus, question)]


def letters(n: int) -> list[str]:
    """a, b, ..., z, aa, ab, ...: the names of n lines."""
    words = ("".join(w) for size in numbers(1) for w in product(ascii_lowercase, repeat=size))
    return list(islice(words, n))


def _headline(results: Results, corpus: str, group: Group) -> Headline:
    columns = group.columns
    models = queries.models(results, corpus)
    names = dict(zip(models, letters(len(models)), strict=True))
    answers = [queries.answers(results, corpus, c) for c in columns]
    beaten = [_beaten(results, corpus, c, names) for c in columns]
    notes: list[str] = []
    lines = []
    for model in models:
        found = [a.get(model) for a in answers]
        why = _unfinished(results, corpus, model)
        cells = [_cell(r, b[model], notes, why) for r, b in zip(found, beaten, strict=True)]
        lines.append(Line(names[model], model, _view(found), _seeds(found), tuple(cells)))
    by_column = [list(a.values()) for a in answers]
    return Headline(
        corpus=corpus,
        question=columns[0].question,
        title=group.title,
        columns=columns,
        lines=tuple(lines),
        chance=tuple(map(_chance, by_column)),
        counts=tuple(map(_counts, by_column)),
        coverage=tuple(map(_coverage, by_column)),
        detectable=tuple(_detectable(results, corpus, c) for c in columns),
        notes=tuple(notes),
    )


def _cell(row: Row | None, beats: tuple[str, ...], notes: list[str], missing: str) -> Cell:
    """A cell; a new reason for an empty one is added to `notes`."""
    if row is not None and not pd.isna(row.score):
        return Cell(row.score, row.low, row.high, beats)
    note = missing if row is None else row.note or missing
    if note not in notes:
        notes.append(note)
    return Cell(note=notes.index(note) + 1)


def _unfinished(results: Results, corpus: str, model: str) -> str:
    failed = [r for r in queries.failures(results, corpus) if r.model == model]
    return f"failed: {failed[0].message}" if failed else "not asked"


def _beaten(
    results: Results, corpus: str, column: Column, names: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    beaten: dict[str, set[str]] = {model: set() for model in names}
    for pair in queries.pairs(results, corpus, column):
        best = queries.winner(pair)
        if best is not None:
            beaten[best].add(pair.model_b if best == pair.model_a else pair.model_a)
    return {m: tuple(names[o] for o in names if o in others) for m, others in beaten.items()}


def _view(found: Sequence[Row | None]) -> str:
    """The primary view; several where the columns of a table were answered in several."""
    return ", ".join(queries.distinct(r.view for r in found if r is not None and r.view))


def _seeds(found: Sequence[Row | None]) -> str:
    seeds = {int(r.seeds) for r in found if r is not None and not pd.isna(r.score)}
    if not seeds:
        return NOTHING
    return str(max(seeds)) if len(seeds) == 1 else f"{min(seeds)}–{max(seeds)}"


def _range(values: list[str]) -> str:
    shown = queries.distinct(v for v in values if v != NOTHING)
    return " to ".join(dict.fromkeys((shown[0], shown[-1]))) if shown else NOTHING


def _chance(answers: list[Row]) -> str:
    return _range([small(v) for v in sorted(r.chance for r in answers if not pd.isna(r.chance))])


def _counts(answers: list[Row]) -> str:
    scored = [r for r in answers if not pd.isna(r.score)]
    return _range([f"{count(r.n_scored)} of {count(r.n_items)}" for r in scored])


def _coverage(answers: list[Row]) -> str:
    shares = [r.n_covered / r.n_items for r in answers if not pd.isna(r.n_covered) and r.n_items]
    return _range([percent(round(share, 3)) for share in sorted(shares)])


def _detectable(results: Results, corpus: str, column: Column) -> str:
    found = [p.detectable for p in queries.pairs(results, corpus, column)]
    return number(pd.Series(found, dtype="float64").median())
