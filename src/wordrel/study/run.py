"""The one loop: corpora x models x seeds, asked the same tasks, into one folder of tables.

Reads a config; trains and asks what the cache does not have yet; writes `results/STUDY/`, which
is replaced only when the run has come to its end.
"""

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from filelock import FileLock

from wordrel.config import StudyConfig, digest
from wordrel.io.environment import environment, git_state, usable_cores
from wordrel.io.store import discard_partial, replace_folder, write_json, write_text
from wordrel.jobs.engines import Engine, engine_of
from wordrel.jobs.execute import CellOutcome, Cells, run_cells
from wordrel.jobs.progress import live_progress
from wordrel.report.html import write_html
from wordrel.report.page import write_report
from wordrel.study.answers import CellWork, is_answered, train_and_ask
from wordrel.study.plan import Plan, load_tasks, prepare_plan
from wordrel.study.results import Results, read_results
from wordrel.study.tables import write_tables
from wordrel.tasks import Task


def _needs(work: CellWork) -> list[Path]:
    """The prepared corpus, and the files of the user's own tasks."""
    tasks = map(json.loads, work.tasks)
    return [work.cell.corpus, *(Path(task["path"]) for task in tasks if "path" in task)]


CELLS = Cells(train_and_ask, lambda work: work.name, is_answered, _needs)


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
    jobs = jobs or config.execute.jobs
    engine = engine_of(config.execute, jobs)
    cache = cache.resolve()  # a worker may start in another folder
    tasks = load_tasks(config, cache)
    started = datetime.now(UTC)
    clock = time.monotonic()
    with replace_folder(out) as folder:
        discard_partial(cache)
        plan = prepare_plan(config, cache, tasks, _cores(config, jobs))
        outcomes = _run(plan, engine)
        write_tables(plan, outcomes, folder, jobs=_cores(config, jobs))
        manifest = _manifest(plan, started, time.monotonic() - clock)
        write_text(folder / "config.yaml", _resolved(config))
        write_json(folder / "manifest.json", manifest)
        write_report(folder)
        write_html(folder)
    return read_results(out)


def _cores(config: StudyConfig, jobs: int | None) -> int:
    """Processes that prepare a corpus; this machine does that, wherever the cells run."""
    return (jobs if config.execute.engine == "local" else None) or usable_cores()


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
        "tasks": [_described(task) for task in plan.tasks.loaded],
        "skipped": dict(plan.tasks.skipped),
        "statistics": plan.config.statistics.model_dump(mode="json"),
        "environment": environment(),
    }


def _described(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "digest": task.digest,
        "kind": task.kind,
        "question": task.question,
        "measure": task.measure,
        "split": task.split,
        "n_items": task.items.n_items,
        "duplicates": task.items.duplicates,
        "source": task.info.source,
        "license": task.info.data.license,
        "reference": task.info.reference,
    }
