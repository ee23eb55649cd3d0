"""Run cells in parallel on an engine; run those again whose worker died.

A cell stores its own result, so it returns nothing. A run that was cut short finds in the store
what is left to do.
"""

import logging
import os
import re
import sys
import threading
import time
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Literal

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from wordrel.errors import StoreError, TrainingError, WordrelError
from wordrel.io.files import refused
from wordrel.jobs.progress import ProgressFile, Report, progress_path

_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_log = logging.getLogger("wordrel")


@dataclass(frozen=True)
class Cell:
    """One piece of work, which any process can do: functions of modules, paths and plain data.

    Attributes:
        name: unique and readable.
        work: does it and stores the result; doing it again is safe.
        is_done: whether the store has the result.
        needs: absolute paths of files and folders that the work reads.
    """

    name: str
    work: Callable[[Report], object]
    is_done: Callable[[], bool]
    needs: tuple[Path, ...] = ()


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended, as plain data: not every exception survives pickling.

    Attributes:
        ran: False where the store had the cell before.
        trace: of an error that is a fault of the code.
    """

    name: str
    status: Literal["done", "failed"]
    ran: bool = True
    error: str = ""
    message: str = ""
    trace: str = field(default="", compare=False)


@dataclass(frozen=True)
class Died:
    """What an engine yields for a cell whose worker died: how often, and how in a few words."""

    times: int
    how: str


Results = Generator[CellOutcome | Died, None, None]
"""Of some cells as they end, not of all where workers died; closing it stops what still runs."""

Start = Callable[[Sequence[Cell]], Results]
"""Runs some cells on an engine that is ready for them."""

Guard = Callable[[], Callable[[], None]]
"""Called in a cell's process before the cell; raises a WordrelError where it cannot run there.

What it returns is called at each report of progress, and may raise to stop the cell.
"""


class Engine(ABC):
    """Where cells run; `lag`: seconds until what a cell has stored is visible here."""

    lag = 0.0

    @abstractmethod
    def started(self, scratch: Path, needs: Sequence[Path]) -> AbstractContextManager[Start]:
        """Ready to run cells until the block ends; yields the function that runs some.

        Args:
            scratch: for their progress files.
            needs: files and folders that they read.

        Raises:
            WordrelError: when it cannot be reached, or cannot run cells.
        """


def run_cells(
    cells: Sequence[Cell],
    *,
    engine: Engine,
    scratch: Path,
    on_outcome: Callable[[CellOutcome], None] = lambda outcome: None,
    retries: int = 3,
) -> list[CellOutcome]:
    """Run what the store does not have yet; one cell's failure does not stop the others.

    Args:
        cells: what to run.
        engine: where; it is not started where the store has all cells.
        scratch: a folder of this run alone, for progress files; it is there wherever cells run.
        on_outcome: called in this process, as cells end.
        retries: a cell is given up when its worker died that often while it ran alone.

    Returns:
        Outcomes in the order of `cells`.

    Raises:
        StoreError: when a cell could not be stored: the next one could not either.
        WordrelError: when the engine cannot be started, or is lost.
        ValueError: when two cells have one name.
    """
    run = _Run(cells, engine.lag, scratch, on_outcome)
    run.settle_stored(ran=False)
    if run.waiting():
        scratch.mkdir(parents=True, exist_ok=True)
        needs = dict.fromkeys(path for cell in run.waiting() for path in cell.needs)
        suspects = list[Cell]()  # of having killed a worker
        with engine.started(scratch, list(needs)) as start:
            while crowd := [cell for cell in run.waiting() if cell not in suspects]:
                suspects += run.together(start, crowd)
            for cell in suspects:
                run.in_isolation(start, cell, retries)
    return [run.outcomes[cell.name] for cell in cells]


class _Run:
    """The outcomes so far, and the rounds of cells that add to them."""

    def __init__(
        self,
        cells: Sequence[Cell],
        lag: float,
        scratch: Path,
        on_outcome: Callable[[CellOutcome], None],
    ) -> None:
        self.outcomes: dict[str, CellOutcome] = {}
        self._cells = {cell.name: cell for cell in cells}
        if len(self._cells) != len(cells):
            raise ValueError(f"{len(cells)} cells have only {len(self._cells)} names")
        self._lag, self._on_outcome = lag, on_outcome
        self._progress = partial(progress_path, scratch)

    def waiting(self) -> list[Cell]:
        """The cells without an outcome."""
        return [cell for name, cell in self._cells.items() if name not in self.outcomes]

    def settle_stored(self, *, ran: bool = True) -> None:
        """Settle the cells that are stored, though their worker may have died before its report."""
        for cell in self.waiting():
            if cell.is_done():
                self._settle(CellOutcome(cell.name, "done", ran=ran))

    def together(self, start: Start, crowd: list[Cell]) -> list[Cell]:
        """Run a crowd; where a worker died, returns the cells that may have killed it."""
        if not self._round(start, crowd):
            return []
        unfinished = [cell for cell in self.waiting() if cell in crowd]
        return [cell for cell in unfinished if self._progress(cell.name).exists()] or unfinished

    def in_isolation(self, start: Start, cell: Cell, retries: int) -> None:
        """Run one cell with no other beside it, so that it alone can cause a death."""
        deaths = list[Died]()
        self.settle_stored()  # a worker may outlive the round that gave it up
        while cell.name not in self.outcomes:
            times = sum(death.times for death in deaths)
            if times >= retries:
                message = f"its worker died {times} times while it ran alone ({deaths[-1].how}); "
                message += "killed for want of memory? Try a smaller model or a larger machine"
                self._settle(_failed(cell.name, "WorkerDied", message))
            else:
                deaths += self._round(start, [cell])

    def _round(self, start: Start, cells: Sequence[Cell]) -> list[Died]:
        """Run cells until all have ended or the engine stops because workers died."""
        for cell in cells:
            self._progress(cell.name).unlink(missing_ok=True)
        deaths = list[Died]()
        with closing(start(cells)) as results:
            for result in results:
                if isinstance(result, Died):
                    deaths.append(result)
                else:
                    self._ended(result)
        for death in deaths:
            _log.warning("a worker died (%s); what was running is run again", death.how)
        if deaths:
            self.settle_stored()
        return deaths

    def _ended(self, outcome: CellOutcome) -> None:
        if outcome.status == "done" and not self._is_stored(self._cells[outcome.name]):
            outcome = _failed(outcome.name, "NotStored", "it ended without storing its result")
        if outcome.trace:
            _log.error("%s failed\n%s", outcome.name, outcome.trace)
        self._settle(outcome)

    def _is_stored(self, cell: Cell) -> bool:
        end = time.monotonic() + self._lag
        while not (done := cell.is_done()) and time.monotonic() < end:
            time.sleep(0.5)
        return done

    def _settle(self, outcome: CellOutcome) -> None:
        self.outcomes[outcome.name] = outcome
        self._progress(outcome.name).unlink(missing_ok=True)
        self._on_outcome(outcome)


def run_cell(cell: Cell, scratch: Path, guard: Guard) -> CellOutcome:
    """Run a cell in one thread, unless it is stored and only its outcome was lost.

    Raises:
        StoreError: when it could not be stored: the next one could not either.
    """
    try:
        check = guard()
        if not cell.is_done():
            with one_thread():
                cell.work(ProgressFile(scratch, cell.name, check))
    except StoreError as error:
        raise type(error)(f"{cell.name}: {error}") from error
    except OSError as error:  # a write failed: the next one would fail as well
        raise StoreError(f"{cell.name}: {refused(error)}") from error
    except Exception as error:
        expected = isinstance(error, WordrelError | TrainingError)
        trace = "" if expected else traceback.format_exc()
        return _failed(cell.name, type(error).__name__, str(error), trace)
    return CellOutcome(cell.name, "done")


def _failed(name: str, error: str, message: str, trace: str = "") -> CellOutcome:
    return CellOutcome(name, "failed", error=error, message=message, trace=trace)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numerical libraries to one thread, so that cells do not crowd each other out.

    The same limit holds in this process and in workers, since the order in which threads add up
    decides the last bits. Three ways are needed: threadpoolctl for the BLAS and OpenMP libraries
    that are loaded, torch's own setting (only where torch is loaded, since loading it takes
    seconds), and the environment for libraries that the block is the first to load.
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


@dataclass(frozen=True)
class LocalEngine(Engine):
    """This process, or worker processes of this machine with one thread each.

    Attributes:
        jobs: cells at a time; 1 runs them in this process, so the run ends with a cell that the
            system kills for lack of memory.
    """

    jobs: int

    def started(self, scratch: Path, needs: Sequence[Path]) -> AbstractContextManager[Start]:
        """Nothing to wait for: joblib starts its workers with the first cell."""
        return nullcontext(partial(self._results, scratch))

    def _results(self, scratch: Path, cells: Sequence[Cell]) -> Results:
        # joblib would run a single cell in this process: two workers, one of them idle
        jobs = min(self.jobs, max(2, len(cells)))
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
            how = {"batch_size": 1, "pre_dispatch": "n_jobs", "max_nbytes": None}
            run = Parallel(return_as="generator_unordered", **how)
        guard = partial(_end_with, os.getpid())
        outcomes = run(delayed(run_cell)(cell, scratch, guard) for cell in cells)
        try:
            # `yield from` would close the outcomes before the warnings are caught below
            for outcome in outcomes:  # noqa: UP028
                yield outcome
        except TerminatedWorkerError as error:
            codes = re.search(r"exit codes of the workers are \{(.*)\}", str(error))
            yield Died(1, codes[1] if codes else "exit code unknown")
        finally:
            with warnings.catch_warnings():  # joblib warns of what it did not run, as intended
                warnings.simplefilter("ignore", UserWarning)
                outcomes.close()


@cache  # one watch a process
def _end_with(parent: int) -> Callable[[], None]:
    """End this worker when the run that started it ends, so that no orphan goes on training."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)  # as with kill -9: what is in the store is whole, the rest is discarded later

    if os.getppid() == parent:  # else this is the process of the run itself
        threading.Thread(target=watch, daemon=True).start()
    return lambda: None
