"""The tables of a study: collect predictions, choose the selected embeddings, test differences."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed, parallel_config

from wordrel.config import Contrast, NamedTask, Orderings, StatisticsConfig
from wordrel.corpus import Corpus
from wordrel.io.download import Progress
from wordrel.io.files import read_parquet, reading
from wordrel.io.store import opened
from wordrel.io.visible import visible
from wordrel.jobs.local import CellOutcome
from wordrel.jobs.progress import job_progress
from wordrel.study.agreement import LIFTS, agreement_rows, lift_rows
from wordrel.study.analysis import adjust, analyse, measurement_rows, selected_pairs
from wordrel.study.answers import ANSWERS, Evaluation, collect, read_measurements, read_outcomes
from wordrel.study.cell import cell_cost
from wordrel.study.contrasts import contrast_rows, measured
from wordrel.study.evaluate import CellWork
from wordrel.study.gains import measured_gains
from wordrel.study.orderings import ordering_rows
from wordrel.study.plan import Plan
from wordrel.study.schema import COLUMNS, PLANNED, Row, write_table
from wordrel.study.select import BY_DEVELOPMENT, CHOSEN_BY, Choice, choose, marked
from wordrel.tasks.core import Beyond, beyond
from wordrel.tasks.neighbours import Probed, from_frame
from wordrel.tasks.registry import MainScore, Question, Split

FEW = 300
"""Up to so many files of predictions, starting workers takes longer than reading them."""

_MESSAGE = 10_000
"""Signs of an error that are stored; readers of csv refuse a value of over 131,072."""

Rows = dict[str, list[Row]]


def write_tables(
    plan: Plan, outcomes: Sequence[CellOutcome], folder: Path, jobs: int
) -> dict[str, int]:
    """Every table of a study, from the stored answers of the cells that ended well.

    Args:
        plan: the study.
        outcomes: of each cell of the plan.
        folder: where the files go.
        jobs: tasks that are read and tested at a time; the result does not depend on it.

    Returns:
        How many rows each table has.
    """
    done = [work for work, o in zip(plan.works, outcomes, strict=True) if o.status == "done"]
    rows: Rows = {name: [] for name in COLUMNS if name != "runs"}
    for corpus in plan.corpora.values():
        cells = [work for work in done if work.cell.corpus_name == corpus.name]
        with job_progress(f"tables {corpus.name}") as progress:
            for task_rows in _corpus_rows(plan, corpus, cells, jobs, progress):
                for name, added in task_rows.items():
                    rows[name] += added
    rows["runs"] = [*map(_run_row, plan.works, outcomes)]
    tables = {
        name: pd.DataFrame(table_rows, columns=[*COLUMNS[name]])
        for name, table_rows in rows.items()
    }
    random = [model.name for model in plan.config.models if model.kind == "random"]
    tables["comparisons"] = adjust(tables["comparisons"], random)
    stored = {name: table for name, table in tables.items() if name not in PLANNED or len(table)}
    for name, table in stored.items():
        write_table(folder, name, table)
    return {name: len(table) for name, table in stored.items()}


@dataclass(frozen=True)
class _Answers:
    """The folders of all cells of a corpus with their answers to one task, read where needed."""

    corpus: str
    task: str
    question: Question
    measure: MainScore
    split: Split
    folders: tuple[tuple[str, int, Path], ...]  # model, seed, folder
    beyond: Beyond

    @classmethod
    def of(cls, plan: Plan, corpus: str, number: int, cells: Sequence[CellWork]) -> "_Answers":
        task, named = plan.tasks.loaded[number], plan.tasks.configs[number]
        (settings,) = (c for c in plan.config.corpora if c.name == corpus)
        lost = Beyond() if isinstance(named, NamedTask) else beyond(task, settings)
        places = ((w.cell.model_config.name, w.cell.seed, [*w.paths()][number][1]) for w in cells)
        return cls(corpus, task.name, task.question, task.measure, task.split, tuple(places), lost)

    def files(self) -> Iterator[tuple[str, int, Path]]:
        """Model, seed and file of answers, each known to hold what was written."""
        absent = "found no predictions of a trained run; run the study again"
        for model, seed, folder in self.folders:
            yield model, seed, opened(folder, absent) / ANSWERS

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for _, _, path in self.files())

    def evaluations(self) -> list[Evaluation]:
        """Their evaluations, one a row of the result."""
        answers = (
            (model, seed, [*map(self.beyond.explain, read_outcomes(path))])
            for model, seed, path in self.files()
        )
        return collect(self.corpus, self.question, answers, self.split)

    def marked(self, choice: Choice) -> Iterator[Evaluation]:
        """The rows that are shown, their selected embeddings marked."""
        every = (marked(evaluation, choice) for evaluation in self.evaluations())
        return (evaluation for evaluation in every if evaluation.outcomes)


def _corpus_rows(
    plan: Plan, corpus: Corpus, cells: Sequence[CellWork], jobs: int, progress: Progress
) -> Iterator[Rows]:
    """The rows of one corpus: embeddings are selected first, then every task gives its rows.

    One task after the other is read, and read again for its tests: all of them together would fill
    the memory. A family of tests is a question of the corpus, see `adjust`.
    """
    tasks = [_Answers.of(plan, corpus.name, n, cells) for n in range(len(plan.tasks.loaded))]
    progress(0.0, "choosing the selected embeddings")
    choice = choose(corpus.name, [row for task in _deciding(tasks) for row in task.evaluations()])
    by_size = sorted(tasks, key=_Answers.size, reverse=True)  # else the last one runs alone
    planned = plan.config.planned(corpus.name)
    settings = _Settings(
        plan.config.statistics,
        len(corpus.vocab),
        planned,
        plan.config.orderings,
    )
    families, by_task = Counter[Question](), dict[_Answers, Rows]()
    with parallel_config(inner_max_num_threads=1, backend="loky"):
        at_once = jobs if len(tasks) * len(cells) > FEW else 1
        parallel = Parallel(n_jobs=at_once, return_as="generator_unordered", max_nbytes=None)
        for task, tests in parallel(delayed(_tests)(answers, choice) for answers in by_size):
            families[task.question] += tests
        calls = ((answers, choice, settings, families[answers.question]) for answers in by_size)
        for number, (task, rows) in enumerate(parallel(delayed(_task_rows)(*c) for c in calls), 1):
            by_task[task] = rows
            progress(number / len(tasks), task.task)
    yield {"embeddings": [*choice.rows]}
    every = [by_task[task] for task in tasks]
    gains = [row for rows in every for row in rows.pop("contrasts", [])]
    yield {"contrasts": contrast_rows(corpus.name, planned, gains, 1 - settings.confidence)}
    yield from every


def _deciding(tasks: Sequence[_Answers]) -> list[_Answers]:
    """The tasks that decide the selected embeddings: development splits, if a question has one."""
    dev = {task.question for task in tasks if task.split == "dev"}
    decided = dev.intersection(BY_DEVELOPMENT)
    choosing = [task for task in tasks if task.question in CHOSEN_BY.values()]
    return [task for task in choosing if task.split == "dev" or task.question not in decided]


def _tests(answers: _Answers, choice: Choice) -> tuple[_Answers, int]:
    if answers.question == "agreement":
        return answers, 0
    return answers, sum(len(selected_pairs(evaluation)) for evaluation in answers.marked(choice))


@dataclass(frozen=True)
class _Settings:
    """What the rows of every task of a corpus depend on.

    Attributes:
        statistics: settings of the tests.
        words: size of the vocabulary.
        contrasts: that were planned on this corpus.
        orderings: that were planned.
    """

    statistics: StatisticsConfig
    words: int
    contrasts: tuple[Contrast, ...]
    orderings: tuple[Orderings, ...]

    @property
    def confidence(self) -> float:
        """Of every interval."""
        return self.statistics.confidence


def _task_rows(
    answers: _Answers, choice: Choice, settings: _Settings, family: int
) -> tuple[_Answers, Rows]:
    """The rows of all tables for one task; its planned contrasts are not decided yet."""
    if answers.measure == LIFTS:
        lifts = answers.evaluations()
        agreement = [
            row for evaluation in lifts for row in lift_rows(evaluation, settings.confidence)
        ]
        return answers, {"agreement": agreement, "contrasts": measured(lifts, settings.contrasts)}
    if answers.question == "agreement":
        known = {(model, seed): _agreement(path) for model, seed, path in answers.files()}
        selected = {
            model: embedding for (model, q), embedding in choice.selected.items() if q == "alike"
        }
        agreement = agreement_rows(
            answers.corpus, known, selected, settings.words, settings.statistics
        )
        return answers, {"agreement": agreement}
    rows: Rows = defaultdict(list)
    evaluations = [*answers.marked(choice)]
    for evaluation in evaluations:
        for name, added in analyse(evaluation, settings.statistics, family).items():
            rows[name] += added
    rows["contrasts"] = measured(evaluations, settings.contrasts)
    rows["orderings"] = ordering_rows(evaluations, settings.orderings, settings.confidence)
    of_seeds = [(model, seed, read_measurements(path)) for model, seed, path in answers.files()]
    rows["contrasts"] += measured_gains(answers.task, of_seeds, settings.contrasts)
    rows["measurements"] = measurement_rows(
        answers.corpus, answers.question, of_seeds, choice, settings.confidence
    )
    return answers, rows


def _agreement(path: Path) -> dict[str, Probed]:
    with reading(path):
        return from_frame(read_parquet(path))


def _run_row(work: CellWork, outcome: CellOutcome) -> Row:
    cell = work.cell
    row: Row = {
        "corpus": cell.corpus_name,
        "model": cell.model_config.name,
        "kind": cell.model_config.kind,
        "seed": cell.seed,
        "cell": cell.folder.name,
        "status": outcome.status,
        "message": visible(outcome.message)[:_MESSAGE],
    }
    if outcome.status == "done":
        row |= cell_cost(cell)
    return row
