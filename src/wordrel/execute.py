"""Where cells run: one joblib call, in this process or in worker processes with one thread each.

Reads nothing; writes only the progress files of running cells. What a cell makes is in the store,
so a cell returns nothing, and a run that was cut short asks the store what is left to do.
"""

import logging
import os
import re
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from wordrel.errors import StoreError, TrainingError, WordrelError
from wordrel.progress import ProgressFile, Report, progress_path

_log = logging.getLogger("wordrel")
_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Spec = TypeVar("Spec")


@dataclass(frozen=True)
class Cells(Generic[Spec]):
    """What `run_cells` must know of a kind of cell.

    Attributes:
        work: trains and stores one cell; runs in any process, so it is a module's function and a
            spec is plain data (config dicts and paths, never arrays). Running it again is safe.
        name: a unique, readable name.
        is_done: whether the store has the cell.
    """

    work: Callable[[Spec, Report], object]
    name: Callable[[Spec], str]
    is_done: Callable[[Spec], bool]


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended; `ran` is False where the store had it before."""

    name: str
    status: Literal["done", "failed"]
    ran: bool = True
    error: str = ""
    message: str = ""


@dataclass(frozen=True)
class _Failure:
    """An exception of a cell, as plain data: not every exception survives pickling."""

    error: str
    message: str
    trace: str
    expected: bool


def run_cells(
    cells: Cells[Spec],
    specs: Sequence[Spec],
    *,
    jobs: int,
    scratch: Path,
    on_outcome: Callable[[Spec, CellOutcome], None] = lambda spec, outcome: None,
    retries: int = 3,
) -> list[CellOutcome]:
    """Run what the store does not have yet; one cell's failure does not stop the others.

    Args:
        cells: what to do with a spec.
        specs: one a cell.
        jobs: cells at a time; 1 runs them in this process, so a cell that the system kills for
            want of memory takes the run with it.
        scratch: a folder of this run alone, for progress files.
        on_outcome: called in this process, as cells end.
        retries: a cell is given up when its worker died that often while it ran alone.

    Returns:
        Outcomes in the order of `specs`.

    Raises:
        StoreError: when a cell could not be stored: the next one could not either.
        ValueError: when two specs have one name.
    """
    run = _Run(cells, specs, scratch, on_outcome)
    crowd, alone = run.skip_done(specs), list[Spec]()
    while crowd:
        suspects = run.together(crowd, jobs)
        alone += suspects
        crowd = run.unsettled(crowd, besides=suspects)
    for spec in alone:
        run.in_isolation(spec, retries)
    return [run.outcomes[cells.name(spec)] for spec in specs]


class _Run(Generic[Spec]):
    """The outcomes so far, and the rounds that add to them."""

    def __init__(
        self,
        cells: Cells[Spec],
        specs: Sequence[Spec],
        scratch: Path,
        on_outcome: Callable[[Spec, CellOutcome], None],
    ) -> None:
        self.outcomes: dict[str, CellOutcome] = {}
        self._cells = cells
        self._scratch = scratch
        self._on_outcome = on_outcome
        self._specs = {cells.name(spec): spec for spec in specs}
        if len(self._specs) != len(specs):
            raise ValueError(f"{len(specs)} cells have only {len(self._specs)} names")

    def skip_done(self, specs: Sequence[Spec]) -> list[Spec]:
        """Settle what the store has; returns the rest."""
        for spec in specs:
            if self._cells.is_done(spec):
                self._settle(CellOutcome(self._cells.name(spec), "done", ran=False))
        return self.unsettled(specs)

    def unsettled(self, specs: Sequence[Spec], besides: Sequence[Spec] = ()) -> list[Spec]:
        """The specs without an outcome, but for `besides`."""
        settled = {*self.outcomes, *map(self._cells.name, besides)}
        return [spec for spec in specs if self._cells.name(spec) not in settled]

    def together(self, specs: Sequence[Spec], jobs: int) -> list[Spec]:
        """Run a crowd; where a worker died, returns the cells that may have killed it."""
        if self._round(specs, jobs) is None:
            return []
        rest = self.unsettled(specs)
        started = [spec for spec in rest if self._progress_path(spec).exists()]
        return started or rest

    def in_isolation(self, spec: Spec, retries: int) -> None:
        """Run one cell in a worker of its own, so that a death is its own doing."""
        name, codes = self._cells.name(spec), ""
        for _ in range(retries):
            self._settle_stored([spec])  # a worker may outlive the round that gave it up
            if name in self.outcomes:
                return
            # joblib would run a single job in this process: two workers, one of them idle
            codes = self._round([spec], jobs=2) or codes
        if name in self.outcomes:
            return
        message = f"its worker died {retries} times while it ran alone ({codes}); "
        message += "killed for want of memory? Try a smaller cell or a larger machine"
        self._settle(CellOutcome(name, "failed", error="WorkerDied", message=message))

    def _round(self, specs: Sequence[Spec], jobs: int) -> str | None:
        """Run cells until all have ended (None) or a worker dies (its exit code)."""
        for spec in specs:
            self._progress_path(spec).unlink(missing_ok=True)
        call = delayed(_run_cell)
        tasks = [
            call(self._cells.work, spec, self._cells.name(spec), self._scratch, os.getpid())
            for spec in specs
        ]
        try:
            with _engine(min(jobs, max(2, len(specs)))), _results(tasks) as results:
                for name, failure in results:
                    self._settle(self._judge(name, failure))
        except TerminatedWorkerError as error:
            codes = _exit_codes(error)
            _log.warning("a worker died (%s); the cells that were running are run again", codes)
            self._settle_stored(specs)
            return codes
        return None

    def _settle_stored(self, specs: Sequence[Spec]) -> None:
        """Settle the cells that were stored though no word of them came back."""
        for spec in self.unsettled(specs):
            if self._cells.is_done(spec):
                self._settle(CellOutcome(self._cells.name(spec), "done"))

    def _judge(self, name: str, failure: _Failure | None) -> CellOutcome:
        if failure is None:
            if self._cells.is_done(self._specs[name]):
                return CellOutcome(name, "done")
            failure = _Failure("NotStored", "it ended without storing its result", "", True)
        if not failure.expected:
            _log.error("%s failed\n%s", name, failure.trace)
        return CellOutcome(name, "failed", error=failure.error, message=failure.message)

    def _settle(self, outcome: CellOutcome) -> None:
        self.outcomes[outcome.name] = outcome
        spec = self._specs[outcome.name]
        self._progress_path(spec).unlink(missing_ok=True)
        self._on_outcome(spec, outcome)

    def _progress_path(self, spec: Spec) -> Path:
        return progress_path(self._scratch, self._cells.name(spec))


def _engine(jobs: int) -> AbstractContextManager[Any]:
    """What joblib runs cells on; the one place to name another engine, such as a cluster's."""
    settings: dict[str, Any] = {"backend": "sequential", "n_jobs": 1}
    if jobs > 1:
        settings = {"backend": "loky", "n_jobs": jobs, "inner_max_num_threads": 1}
    engine: AbstractContextManager[Any] = parallel_config(**settings)
    return engine


def _exit_codes(error: TerminatedWorkerError) -> str:
    found = re.search(r"exit codes of the workers are \{(.*)\}", str(error))
    return found[1] if found else "exit code unknown"


@contextmanager
def _results(tasks: Sequence[Any]) -> Iterator[Iterator[Any]]:
    """Results as they come; when the block ends early, the workers are ended with it."""
    results = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")(tasks)
    try:
        yield results
    finally:
        with warnings.catch_warnings():  # joblib warns of what it did not run: we meant it
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _run_cell(
    work: Callable[[Spec, Report], object], spec: Spec, name: str, scratch: Path, parent: int
) -> tuple[str, _Failure | None]:
    """One cell, in whichever process it runs; its exceptions come back as data.

    Raises:
        StoreError: see `run_cells`.
    """
    _end_with(parent)
    try:
        with one_thread():
            work(spec, ProgressFile(scratch, name))
    except StoreError as error:
        raise StoreError(f"{name}: {error}") from error
    except Exception as error:
        expected = isinstance(error, WordrelError | TrainingError)
        return name, _Failure(type(error).__name__, str(error), traceback.format_exc(), expected)
    return name, None


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numerical libraries to one thread, so that cells do not crowd each other out.

    The same limit holds in this process and in workers, since the order in which threads add up
    decides the last bits. Three ways are needed: threadpoolctl for the BLAS and OpenMP libraries
    that are loaded, torch's own setting (not asked of a torch that nobody has imported: that
    takes seconds), and the environment for libraries that the block is the first to load.
    """
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    before = {key: os.environ.get(key) for key in _THREAD_SETTINGS}
    try:
        os.environ.update(dict.fromkeys(_THREAD_SETTINGS, "1"))
        with threadpool_limits(limits=1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})
        if torch:
            torch.set_num_threads(threads)


_watched: set[int] = set()


def _end_with(parent: int) -> None:
    """Let this worker die with the run that started it, lest it train on for nobody.

    Only a direct child looks: the parent id of a worker on another machine says nothing.
    """
    if os.getppid() == parent and parent not in _watched:
        _watched.add(parent)
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)  # as with kill -9: what is in the store is whole, the rest is discarded later
