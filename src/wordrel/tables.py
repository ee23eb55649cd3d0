"""The tables of a study: answers are collected, primary views chosen, differences tested.

Reads the stored answers of the cells; writes the CSV files of a results folder.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed, parallel_config

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
from wordrel.selection import CHOSEN_BY, choose, marked
from wordrel.tasks import Task
from wordrel.tasks.neighbours import from_frame

FEW = 20  # rows of a result that are tested sooner than workers start
TABLES = ("scores", "summary", "comparisons", "views", "measurements", "agreement")


def write_tables(plan: Plan, outcomes: Sequence[CellOutcome], folder: Path, jobs: int) -> None:
    """Every table of a study, from the stored answers of the cells that ended well.

    Args:
        plan: the study.
        outcomes: of each cell of the plan.
        folder: where the CSV files go.
        jobs: rows of the result that are tested at a time; what comes out is the same for any.
    """
    done = [work for work, o in zip(plan.works, outcomes, strict=True) if o.status == "done"]
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for corpus in plan.corpora.values():
        cells = [work for work in done if work.cell.corpus_name == corpus.name]
        _add_corpus(rows, plan, corpus, cells, jobs)
    tables = {name: frame(name, found) for name, found in rows.items()}
    tables["comparisons"] = adjust(tables["comparisons"])
    tables["runs"] = frame("runs", [*map(_run_row, plan.works, outcomes)])
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table_to_csv(table, name))


Answers = Sequence[tuple[str, int, Path]]


def _add_corpus(
    rows: dict[str, list[Row]], plan: Plan, corpus: Corpus, cells: Sequence[CellWork], jobs: int
) -> None:
    """The rows of one corpus: the primary views are chosen first, and then all is told of them."""
    files = {
        task.name: [(w.cell.model_config.name, w.cell.seed, [*w.paths()][n][1]) for w in cells]
        for n, task in enumerate(plan.tasks.loaded)
    }
    scored = [task for task in plan.tasks.loaded if task.question != "agreement"]
    deciding = [one for t in _deciding(scored) for one in _asked(corpus, t, files[t.name])]
    choice = choose(corpus.name, deciding)
    rows["views"] += choice.rows
    every = (one for task in scored for one in _asked(corpus, task, files[task.name]))
    asked = [kept for one in every if (kept := marked(one, choice)).outcomes]
    _add_scores(rows, plan, asked, jobs)
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


def _deciding(tasks: Sequence[Task]) -> list[Task]:
    """The tasks that tell the primary views: development splits, where a question has one."""
    decided = {task.question for task in tasks if task.split == "dev"}
    asked = [task for task in tasks if task.question in CHOSEN_BY]
    return [task for task in asked if task.split == "dev" or task.question not in decided]


def _asked(corpus: Corpus, task: Task, files: Answers) -> list[Asked]:
    answers = ((model, seed, read_outcomes(path)) for model, seed, path in files)
    return collect(corpus.name, task.question, answers, task.split)


def _add_scores(rows: dict[str, list[Row]], plan: Plan, asked: Sequence[Asked], jobs: int) -> None:
    """The rows of one corpus; a family of tests is a question of it, see `adjust`."""
    families = Counter[str]()
    for one in asked:
        families[one.question] += primary_pairs(one)
    work = (delayed(analyse)(one, plan.config.statistics, families[one.question]) for one in asked)
    with parallel_config(inner_max_num_threads=1, backend="loky"):
        tables = Parallel(n_jobs=jobs if len(asked) > FEW else 1, return_as="generator")(work)
    for found in tables:
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
