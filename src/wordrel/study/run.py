"""The one loop: corpora x models x seeds, evaluated on the same tasks, into one folder of tables.

Reads a config; trains and evaluates what the cache lacks; writes `results/STUDY/`, which
is replaced only when the run has come to its end.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from wordrel.config import NamedTask, StudyConfig, content_digest, seen_from, stored_text
from wordrel.config.names import SCHEMA
from wordrel.errors import DamagedError, StoreError
from wordrel.io.environment import environment, git_state, usable_cores
from wordrel.io.scratch import scratch_folder
from wordrel.io.store import (
    discard_partial,
    replace_folder,
    temporary_folder,
    write_json,
    write_text,
)
from wordrel.jobs import Cluster, engine_of
from wordrel.jobs.local import Cell, CellOutcome, Engine, run_cells
from wordrel.jobs.progress import live_progress
from wordrel.study.analysis import METHODS
from wordrel.study.evaluate import CellWork, is_answered, train_and_evaluate
from wordrel.study.kept import KEPT, keep, restore
from wordrel.study.plan import Plan, load_tasks, prepare_plan, with_digests
from wordrel.study.results import OURS, Results, read_results, sealed
from wordrel.study.tables import write_tables
from wordrel.tasks import Task

_PARTIAL = "Partial: {} of {} runs are done, and scores will change."
HEALINGS = 3  # with more damaged folders in one run, replace the disk

_log = logging.getLogger("wordrel")
Done = TypeVar("Done")


def _cell(work: CellWork) -> Cell:
    """A job, which needs the prepared corpus and the files of own tasks."""
    own = (task.path for task in work.tasks if not isinstance(task, NamedTask))
    return Cell(
        work.name,
        partial(train_and_evaluate, work),
        partial(is_answered, work),
        (work.cell.corpus, *own),
    )


def run_study(  # noqa: PLR0913 - what a run is given
    config: StudyConfig,
    cache: Path,
    out: Path,
    *,
    jobs: int | None = None,
    cluster: Cluster | None = None,
    write_pages: Callable[[Path], object] = lambda folder: None,
    config_file: str = "",
    keep_answers: bool = False,
) -> Results:
    """Run what is not done yet and write the results.

    Args:
        config: the study.
        cache: where corpora and cells are kept; a later run goes on from what is there.
        out: the results folder; an older result in it stays until this run has ended.
        jobs: cells at a time; default: as in the config, else one a core, and on a cluster one a
            worker.
        cluster: where cells run; default: on this machine.
        write_pages: writes the pages of a folder of results, from its tables.
        config_file: the path of the config as it was given, for the commands of the report; of
            one that was changed, of the config that is stored with the results.
        keep_answers: take what the cache lacks from the older result, and keep all answers in the
            new one; see `wordrel.study.kept`.

    Returns:
        The results as stored; cells that failed stand in `runs` with their message.

    Raises:
        WordrelError: an error of settings, data or disk.
    """
    config = _without_partial_note(config)
    jobs = jobs or config.execute.jobs
    engine = engine_of(cluster, jobs, gpu=config.execute.device == "cuda")
    cores = (None if cluster else jobs) or usable_cores()  # of this machine, for corpus and tables
    cache = cache.resolve()  # a worker may start in another folder
    config, tasks = with_digests(config), load_tasks(config, cache)
    started = datetime.now(UTC)
    clock = time.monotonic()
    with replace_folder(out, ours=OURS) as folder:
        discard_partial(cache)

        def attempt() -> tuple[Plan, dict[str, int]]:
            plan = prepare_plan(config, cache, tasks, cores)
            run = partial(_run, plan, engine, None if cluster is None else cache)
            outcomes = _with_archives(plan, run, out, folder) if keep_answers else run()
            return plan, write_tables(plan, outcomes, folder, jobs=cores)

        try:
            plan, rows = _healed(attempt)
        except KeyboardInterrupt:
            discard_partial(cache)  # what a worker was writing when it was stopped
            raise
        manifest = _manifest(plan, out, started, time.monotonic() - clock, config_file)
        _write(folder, plan, out, manifest, rows)
        write_pages(folder)
    return read_results(out)


def report_partial(
    config: StudyConfig,
    cache: Path,
    out: Path,
    *,
    jobs: int | None = None,
    write_pages: Callable[[Path], object] = lambda folder: None,
    keep_answers: bool = False,
) -> Results:
    """Write the results of the runs that are trained and evaluated; trains nothing.

    The study may be running meanwhile: it writes to another folder. The first note of the results
    counts the runs in them. Planned contrasts that wait for runs count in their families.

    Args:
        config: the study.
        cache: of the run.
        out: the results folder, which may hold older results.
        jobs: tasks that are read at a time.
        write_pages: as in `run_study`.
        keep_answers: as in `run_study`.

    Raises:
        StoreError: no run is done yet.
    """
    config = _without_partial_note(config)
    tasks, started, cores = load_tasks(config, cache), datetime.now(UTC), jobs or usable_cores()
    config = with_digests(config)
    plan = prepare_plan(config, cache.resolve(), tasks, cores)
    with replace_folder(out, ours=OURS) as folder:
        if keep_answers:
            restore(out / KEPT, plan.works)  # after a swap that a crash cut short was ended
        works = tuple(filter(is_answered, plan.works))
        if not works:
            raise StoreError(
                f"{config.study}: found none of {len(plan.works)} runs done in {cache}, expected "
                "one; wait, or name the cache of the run with --cache"
            )
        note = _PARTIAL.format(len(works), len(plan.works))
        study = config.model_copy(update={"notes": (note, *config.notes)})
        plan = replace(plan, config=study, works=works)
        outcomes = [CellOutcome(work.name, "done", ran=False) for work in works]
        if keep_answers:
            keep(folder / KEPT, works)
        rows = write_tables(plan, outcomes, folder, jobs=cores)
        seconds = (datetime.now(UTC) - started).total_seconds()
        _write(folder, plan, out, _manifest(plan, out, started, seconds), rows)
        write_pages(folder)
    return read_results(out)


def _without_partial_note(config: StudyConfig) -> StudyConfig:
    """The study without the note that the config of its partial results has, now out of date."""
    partial_note = re.compile(re.escape(_PARTIAL).replace(re.escape("{}"), r"\d+"))
    notes = tuple(note for note in config.notes if not partial_note.fullmatch(note))
    return config.model_copy(update={"notes": notes})


def _write(
    folder: Path, plan: Plan, out: Path, manifest: dict[str, Any], rows: Mapping[str, int]
) -> None:
    """The config, and the manifest, which seals what the folder has; after all its tables."""
    write_text(folder / "config.yaml", stored_text(plan.config, out))
    write_json(folder / "manifest.json", sealed(folder, manifest, rows))


def _healed(attempt: Callable[[], Done]) -> Done:
    """Try again where a folder of the cache was damaged after this run had checked it.

    Another process found it and set it aside, so the next attempt builds it again.
    """
    for _ in range(HEALINGS):
        try:
            return attempt()
        except DamagedError as error:
            _log.warning("%s; this run goes on and does so", error)
    return attempt()


def _run(plan: Plan, engine: Engine, shared: Path | None) -> list[CellOutcome]:
    with _scratch(shared) as scratch, live_progress(scratch, len(plan.works)) as finished:
        return run_cells(
            [*map(_cell, plan.works)],
            engine=engine,
            scratch=scratch,
            on_outcome=lambda outcome: finished(outcome.name, _ended(outcome)),
        )


def _with_archives(
    plan: Plan, run: Callable[[], list[CellOutcome]], older: Path, newer: Path
) -> list[CellOutcome]:
    """What `run` gives, after the archive of the older results is restored; keeps a new one."""
    if restored := restore(older / KEPT, plan.works):
        _log.info("%d of %d runs are in %s", restored, len(plan.works), older / KEPT)
    outcomes = run()
    done = zip(plan.works, outcomes, strict=True)
    keep(newer / KEPT, (work for work, o in done if o.status == "done"))
    return outcomes


@contextmanager
def _scratch(shared: Path | None) -> Iterator[Path]:
    """Where cells write their progress; for a cluster, in the cache, which all workers reach.

    There `discard_partial` removes it after a crash, by its name and its lock.
    """
    if shared is None:
        with scratch_folder("run") as folder:
            yield folder
        return
    with temporary_folder(shared / "progress" / "run") as folder:
        yield folder


def _ended(outcome: CellOutcome) -> str:
    if outcome.status == "failed":
        return f"failed: {outcome.message}"
    return "done" if outcome.ran else "was done before"


def _manifest(
    plan: Plan, out: Path, started: datetime, seconds: float, config_file: str = ""
) -> dict[str, Any]:
    commit, dirty = git_state()
    sources = {corpus.name: corpus.source for corpus in seen_from(plan.config, out).corpora}
    corpora = {corpus.name: corpus.digest for corpus in plan.corpora.values()}
    tasks = {task.name: task.digest for task in plan.tasks.loaded}
    given = {"config": config_file, "results": str(out)}
    return {
        "schema": SCHEMA,
        "wordrel": version("wordrel"),
        "study": plan.config.study,
        "config_digest": content_digest(plan.config, corpora, tasks),
        "commit": commit,
        "dirty": dirty,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "corpora": [
            {
                **{"name": corpus.name, "digest": corpus.digest},
                **corpus.report,
                "source": sources[corpus.name],
            }
            for corpus in plan.corpora.values()
        ],
        "tasks": [_described(task) for task in plan.tasks.loaded],
        "skipped": dict(plan.tasks.skipped),
        "statistics": plan.config.statistics.model_dump(mode="json") | METHODS,
        **({"tuned": plan.config.tuned} if plan.config.tuned else {}),
        "environment": environment(),
        **({"given": portable_paths(given)} if config_file else {}),
    }


def portable_paths(paths: Mapping[str, str]) -> dict[str, str]:
    """Paths that are valid elsewhere: no absolute ones, and only text."""
    return {
        key: path
        for key, path in paths.items()
        if not Path(path).is_absolute() and path == path.encode("utf-8", "replace").decode()
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
