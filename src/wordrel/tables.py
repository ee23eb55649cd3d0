"""The tables of a study: answers are collected, primary views chosen, differences tested.

Reads the stored answers of the cells; writes the CSV files of a results folder.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from wordrel.agreement import agreement_rows
from wordrel.analysis import Row, adjust, analyse, frame, measurement_rows, primary_pairs
from wordrel.answer_files import read_measurements, read_outcomes
from wordrel.answers import CellWork
from wordrel.asked import Asked, collect
from wordrel.cell import cell_cost
from wordrel.corpus import Corpus
from wordrel.execute import CellOutcome
from wordrel.files import write_text
from wordrel.plan import Plan
from wordrel.report.results import table_to_csv
from wordrel.selection import choose, marked
from wordrel.tasks import Task
from wordrel.tasks.neighbours import from_frame

TABLES = ("scores", "summary", "comparisons", "views", "measurements", "agreement")


def write_tables(plan: Plan, outcomes: Sequence[CellOutcome], folder: Path) -> None:
    """Every table of a study, from the stored answers of the cells that ended well."""
    done = [work for work, o in zip(plan.works, outcomes, strict=True) if o.status == "done"]
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for corpus in plan.corpora.values():
        _add_corpus(rows, plan, corpus, [w for w in done if w.cell.corpus_name == corpus.name])
    tables = {name: frame(name, found) for name, found in rows.items()}
    tables["comparisons"] = adjust(tables["comparisons"])
    tables["runs"] = frame("runs", [*map(_run_row, plan.works, outcomes)])
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table_to_csv(table, name))


Answers = Sequence[tuple[str, int, Path]]


def _add_corpus(
    rows: dict[str, list[Row]], plan: Plan, corpus: Corpus, cells: Sequence[CellWork]
) -> None:
    """The rows of one corpus: the primary views are chosen first, and then all is told of them."""
    files = {
        task.name: [(w.cell.model_config.name, w.cell.seed, [*w.paths()][n][1]) for w in cells]
        for n, task in enumerate(plan.tasks.loaded)
    }
    scored = [task for task in plan.tasks.loaded if task.question != "agreement"]
    asked = [one for task in scored for one in _asked(corpus, task, files[task.name])]
    choice = choose(corpus.name, asked)
    rows["views"] += choice.rows
    _add_scores(rows, plan, [marked(one, choice) for one in asked])
    confidence = plan.config.statistics.confidence
    for task in scored:
        found = ((model, seed, read_measurements(p)) for model, seed, p in files[task.name])
        rows["measurements"] += measurement_rows(
            corpus.name, task.question, found, choice, confidence
        )
    primary = {
        model: view for (model, question), view in choice.primary.items() if question == "alike"
    }
    for task in (task for task in plan.tasks.loaded if task.question == "agreement"):
        known = {(m, s): from_frame(pd.read_parquet(p)) for m, s, p in files[task.name]}
        rows["agreement"] += agreement_rows(
            corpus.name, known, primary, len(corpus.vocab), plan.config.statistics
        )


def _asked(corpus: Corpus, task: Task, files: Answers) -> list[Asked]:
    answers = ((model, seed, read_outcomes(path)) for model, seed, path in files)
    return collect(corpus.name, task.question, answers, task.split)


def _add_scores(rows: dict[str, list[Row]], plan: Plan, asked: Sequence[Asked]) -> None:
    """The rows of one corpus; a family of tests is a question of it, see `adjust`."""
    families = Counter[str]()
    for one in asked:
        families[one.question] += primary_pairs(one)
    for one in asked:
        found = analyse(one, plan.config.statistics, families[one.question])
        rows["scores"] += found.scores
        rows["summary"] += found.summary
        rows["comparisons"] += found.comparisons


def _run_row(work: CellWork, outcome: CellOutcome) -> Row:
    cell = work.cell
    row: Row = {
        "corpus": cell.corpus_name,
        "model": cell.model_config.name,
        "kind": cell.model_config.kind,
        "seed": cell.seed,
        "cell": cell.folder.name,
        "status": outcome.status,
        "message": outcome.message,
    }
    if outcome.status == "done":
        row |= cell_cost(cell)
    return row
