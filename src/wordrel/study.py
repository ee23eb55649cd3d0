"""The one loop: corpora x models x seeds, asked the same tasks, into one folder of tables.

Reads a config; trains and asks what the cache does not have yet; writes `results/STUDY/`, which
is replaced only when the run has come to its end.
"""

import json
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from filelock import FileLock

from wordrel.analysis import (
    Asked,
    Row,
    adjust,
    agreement_rows,
    analyse,
    collect,
    frame,
    primary_pairs,
)
from wordrel.answers import (
    CellWork,
    is_answered,
    load,
    read_neighbours,
    read_outcomes,
    train_and_ask,
)
from wordrel.cell import CellSpec, cell_cost
from wordrel.config import PairsTask, StudyConfig, TaskConfig, canonical_json, digest
from wordrel.corpus import Corpus, corpus_folder, prepare
from wordrel.engines import Engine, engine_of
from wordrel.environment import environment, git_state, usable_cores
from wordrel.errors import ConfigError, DatasetError
from wordrel.execute import CellOutcome, Cells, run_cells
from wordrel.progress import job_progress, live_progress
from wordrel.report.page import write_report
from wordrel.report.results import Results, read_results, table_to_csv
from wordrel.store import discard_partial, replace_folder, write_json, write_text
from wordrel.tasks import Task


def _needs(work: CellWork) -> list[Path]:
    """The prepared corpus, and the files of the user's own tasks."""
    tasks = map(json.loads, work.tasks)
    return [work.cell.corpus, *(Path(task["path"]) for task in tasks if "path" in task)]


CELLS = Cells(train_and_ask, lambda work: work.name, is_answered, _needs)


@dataclass(frozen=True)
class Plan:
    """A study that is ready to run: its tasks loaded, its corpora prepared.

    Attributes:
        config: what was asked for.
        cache: where corpora and cells are.
        tasks: as loaded, in the order of the config.
        corpora: as prepared, by name.
        works: every cell, corpus by corpus, model by model, seed by seed.
    """

    config: StudyConfig
    cache: Path
    tasks: tuple[Task, ...]
    corpora: dict[str, Corpus]
    works: tuple[CellWork, ...]


def run_study(config: StudyConfig, cache: Path, out: Path, *, jobs: int | None = None) -> Results:
    """Run what is not done yet and write the results.

    Args:
        config: the study.
        cache: where corpora and cells are kept; a later run goes on from what is there.
        out: the results folder; an older result in it stays until this run has ended.
        jobs: cells at a time; default: as in the config, else one a core, and on a cluster one a
            worker.

    Returns:
        The results as stored; cells that failed stand in `runs` with their message.

    Raises:
        WordrelError: for what the user can mend: settings, data, disk.
    """
    tasks = load_tasks(config)
    jobs = jobs or config.execute.jobs
    engine = engine_of(config.execute, jobs)
    cache = cache.resolve()  # a worker may start in another folder
    started = datetime.now(UTC)
    clock = time.monotonic()
    with replace_folder(out) as folder:
        discard_partial(cache)
        plan = prepare_plan(config, cache, tasks, _cores(config, jobs))
        outcomes = _run(plan, engine)
        _write_tables(plan, outcomes, folder)
        manifest = _manifest(plan, started, time.monotonic() - clock)
        write_text(folder / "config.yaml", _resolved(config))
        write_json(folder / "manifest.json", manifest)
        write_report(folder)
    return read_results(out)


def load_tasks(config: StudyConfig) -> tuple[Task, ...]:
    """All tasks of a study, before anything is trained.

    Raises:
        ConfigError: naming every task that is unknown or cannot be read.
    """
    tasks, problems = [], []
    for task in config.tasks:
        try:
            tasks.append(load(task))
        except ConfigError as error:
            problems += error.problems
        except DatasetError as error:
            problems.append(f"tasks: {error}")
    fits = [task.name for task in tasks if task.question in ("fit", "recall")]
    for corpus in config.corpora:
        if fits and corpus.held_out == 0:
            problems.append(f"corpora.{corpus.name}.held_out: 0, but {fits[0]} needs held-out text")
    if problems:
        raise ConfigError(problems)
    return tuple(tasks)


def _cores(config: StudyConfig, jobs: int | None) -> int:
    """Processes that prepare a corpus; this machine does that, wherever the cells run."""
    return (jobs if config.execute.engine == "local" else None) or usable_cores()


def prepare_plan(config: StudyConfig, cache: Path, tasks: Sequence[Task], jobs: int) -> Plan:
    """Prepare the corpora and name every cell."""
    corpora = {}
    for corpus in config.corpora:
        with job_progress(f"corpus {corpus.name}") as progress:
            corpora[corpus.name] = prepare(corpus, cache, jobs=jobs, progress=progress)
    works = tuple(
        CellWork(
            CellSpec(
                cache=cache,
                corpus=corpus_folder(cache, corpus.name, corpora[corpus.name].digest),
                corpus_name=corpus.name,
                corpus_digest=corpora[corpus.name].digest,
                model=canonical_json(model),
                training=canonical_json(config.training),
                seed=seed,
                device=config.execute.device,
            ),
            tuple(canonical_json(_anywhere(task)) for task in config.tasks),
            tuple(task.digest for task in tasks),
            corpus.lowercase,
        )
        for corpus in config.corpora
        for model in config.models
        for seed in config.seeds
    )
    return Plan(config, cache, tuple(tasks), corpora, works)


def _anywhere(task: TaskConfig) -> TaskConfig:
    """The same task, for a worker that may start in another folder."""
    if isinstance(task, PairsTask):
        return task.model_copy(update={"path": task.path.resolve()})
    return task


def _run(plan: Plan, engine: Engine) -> list[CellOutcome]:
    with _scratch(plan) as scratch, live_progress(scratch, len(plan.works)) as finished:
        return run_cells(
            CELLS,
            plan.works,
            engine=engine,
            scratch=scratch,
            on_outcome=lambda work, outcome: finished(work.name, _ended(outcome)),
        )


@contextmanager
def _scratch(plan: Plan) -> Iterator[Path]:
    """Where cells say how far they are; for a cluster, in the cache, which all workers reach.

    There its name and its lock are such that `discard_partial` removes it after a crash.
    """
    if plan.config.execute.engine == "local":
        with TemporaryDirectory(prefix="wordrel-") as name:
            yield Path(name)
        return
    folder = plan.cache / "progress" / f".run.{uuid.uuid4().hex[:8]}.partial"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(f"{folder}.lock").unlink(missing_ok=True)


def _ended(outcome: CellOutcome) -> str:
    if outcome.status == "failed":
        return f"failed: {outcome.message}"
    return "done" if outcome.ran else "was done before"


def _write_tables(plan: Plan, outcomes: Sequence[CellOutcome], folder: Path) -> None:
    done = [work for work, o in zip(plan.works, outcomes, strict=True) if o.status == "done"]
    rows: dict[str, list[Row]] = {"scores": [], "summary": [], "comparisons": [], "agreement": []}
    for corpus in plan.corpora.values():
        cells = [work for work in done if work.cell.corpus_name == corpus.name]
        asked: list[Asked] = []
        for number, task in enumerate(plan.tasks):
            found = [(work, _paths(work)[number]) for work in cells]
            if task.question == "agreement":
                rows["agreement"] += _agreement(plan, corpus, found)
            else:
                asked += _asked(corpus, task, found)
        _add_scores(rows, plan, asked)
    tables = {name: frame(name, found) for name, found in rows.items()}
    tables["comparisons"] = adjust(tables["comparisons"])
    tables["runs"] = frame("runs", [*map(_run_row, plan.works, outcomes)])
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table_to_csv(table, name))


def _paths(work: CellWork) -> list[Path]:
    return [path for _, path in work.paths()]


Answers = Sequence[tuple[CellWork, Path]]


def _agreement(plan: Plan, corpus: Corpus, cells: Answers) -> list[Row]:
    lists = {(w.cell.model_config.name, w.cell.seed): read_neighbours(p) for w, p in cells}
    return agreement_rows(corpus.name, lists, len(corpus.vocab), plan.config.statistics)


def _asked(corpus: Corpus, task: Task, cells: Answers) -> list[Asked]:
    answers = ((w.cell.model_config.name, w.cell.seed, read_outcomes(p)) for w, p in cells)
    return collect(corpus.name, task.question, answers)


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


def _resolved(config: StudyConfig) -> str:
    """The config as YAML, but for the cluster: nobody's business, and gone when it is run again."""
    here = {"engine": "local", "address": None, "scheduler_file": None}
    config = config.model_copy(update={"execute": config.execute.model_copy(update=here)})
    head = "# Every setting of this study, defaults included; wordrel run takes it as it is.\n"
    return head + yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, width=100)


def _manifest(plan: Plan, started: datetime, seconds: float) -> dict[str, Any]:
    commit, dirty = git_state()
    return {
        "wordrel": version("wordrel"),
        "study": plan.config.study,
        "config_digest": digest(plan.config),
        "commit": commit,
        "dirty": dirty,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "corpora": [
            {"name": corpus.name, "digest": corpus.digest, **corpus.report}
            for corpus in plan.corpora.values()
        ],
        "tasks": [_described(task) for task in plan.tasks],
        "statistics": plan.config.statistics.model_dump(mode="json"),
        "environment": environment(),
    }


def _described(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "digest": task.digest,
        "question": task.question,
        "measure": task.measure,
        "n_items": task.items.n_items,
        "duplicates": task.items.duplicates,
        "source": task.info.path or task.info.description,
        "license": task.info.license,
        "reference": task.info.reference,
    }
