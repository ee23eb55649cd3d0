"""The headline table as data: one line a model, one column a task, ready for page or terminal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as numbers
from itertools import islice, product
from string import ascii_lowercase

import pandas as pd

from wordrel.report import queries
from wordrel.report.queries import Column, Row
from wordrel.report.results import Results
from wordrel.report.text import NOTHING, count, small

SEPARATE = ("fit",)
"""Questions whose columns are measured against different targets: each gets its own table."""


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
    """One model: its letter, the seeds behind it, and a cell for each column."""

    letter: str
    model: str
    seeds: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Headline:
    """One table; `chance` and `counts` are its last two lines, `notes` are numbered from 1."""

    corpus: str
    question: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    chance: tuple[str, ...]
    counts: tuple[str, ...]
    notes: tuple[str, ...]


def headlines(results: Results, corpus: str, question: str) -> list[Headline]:
    """The tables of one question on one corpus."""
    columns = queries.columns(results, corpus, question)
    groups = [[c] for c in columns] if question in SEPARATE else [columns]
    return [_headline(results, corpus, group) for group in groups if group]


def letters(n: int) -> list[str]:
    """a, b, ..., z, aa, ab, ...: the names of n lines."""
    words = ("".join(w) for size in numbers(1) for w in product(ascii_lowercase, repeat=size))
    return list(islice(words, n))


def _headline(results: Results, corpus: str, columns: Sequence[Column]) -> Headline:
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
        lines.append(Line(names[model], model, _seeds(found), tuple(cells)))
    return Headline(
        corpus=corpus,
        question=columns[0].question,
        columns=tuple(columns),
        lines=tuple(lines),
        chance=tuple(_chance(list(a.values())) for a in answers),
        counts=tuple(_counts(list(a.values())) for a in answers),
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
    return _range([_scored(r) for r in answers if not pd.isna(r.score)])


def _scored(row: Row) -> str:
    """`203 of 353`; what the vocabulary covers is added where not all models answer it."""
    text = f"{count(row.n_scored)} of {count(row.n_items)}"
    return text if row.n_covered == row.n_scored else f"{text} ({count(row.n_covered)} covered)"
