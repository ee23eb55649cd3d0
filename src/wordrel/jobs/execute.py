"""Cells that end by name: one joblib call on an engine, and what to do about those that fall.

Reads nothing; writes only the progress files of running cells. What a cell makes is in the store,
so a cell returns nothing, and a run that was cut short asks the store what is left to do.
"""

import logging
import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from wordrel.jobs.engines import Died, Engine, Started
from wordrel.jobs.progress import Report, progress_path
from wordrel.jobs.worker import Failure, Job, run_job

_log = logging.getLogger("wordrel")

Spec = TypeVar("Spec")


def _nothing(spec: object) -> Sequence[Path]:
    return ()


@dataclass(frozen=True)
class Cells(Generic[Spec]):
    """What `run_cells` must know of a kind of cell.

    Attributes:
        work: trains and stores one cell; runs in any process, so it is a module's function and a
            spec is plain data (config dicts and paths, never arrays). Running it again is safe.
        name: a unique, readable name.
        is_done: whether the store has the cell; asked in any process too.
        needs: absolute paths of files and folders that the cell reads.
    """

    work: Callable[[Spec, Report], object]
    name: Callable[[Spec], str]
    is_done: Callable[[Spec], bool]
    needs: Callable[[Spec], Sequence[Path]] = _nothing


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended; `ran` is False where the store had it before."""

    name: str
    status: Literal["done", "failed"]
    ran: bool = True
    error: str = ""
    message: str = ""


def run_cells(
    cells: Cells[Spec],
    specs: Sequence[Spec],
    *,
    engine: Engine,
    scratch: Path,
    on_outcome: Callable[[Spec, CellOutcome], None] = lambda spec, outcome: None,
    retries: int = 3,
) -> list[CellOutcome]:
    """Run what the store does not have yet; one cell's failure does not stop the others.

    Args:
        cells: what to do with a spec.
        specs: one a cell.
        engine: where cells run; it is not started where the store has them all.
        scratch: a folder of this run alone, for progress files; it is there wherever cells run.
        on_outcome: called in this process, as cells end.
        retries: a cell is given up when its worker died that often while it ran alone.

    Returns:
        Outcomes in the order of `specs`.

    Raises:
        StoreError: when a cell could not be stored: the next one could not either.
        WordrelError: when the engine cannot be started, or is lost.
        ValueError: when two specs have one name.
    """
    ledger = _Ledger(cells, specs, scratch, on_outcome)
    crowd, alone = ledger.skip_done(specs), list[Spec]()
    if crowd:
        scratch.mkdir(parents=True, exist_ok=True)
        paths = dict.fromkeys([scratch, *(path for spec in crowd for path in cells.needs(spec))])
        with engine.started(list(paths)) as started:
            rounds = _Rounds(ledger, started)
            while crowd:
                suspects = rounds.together(crowd)
                alone += suspects
                crowd = ledger.unsettled(crowd, besides=suspects)
            for spec in alone:
                rounds.in_isolation(spec, retries)
    return [ledger.outcomes[cells.name(spec)] for spec in specs]


class _Ledger(Generic[Spec]):
    """The outcomes so far."""

    def __init__(
        self,
        cells: Cells[Spec],
        specs: Sequence[Spec],
        scratch: Path,
        on_outcome: Callable[[Spec, CellOutcome], None],
    ) -> None:
        self.outcomes: dict[str, CellOutcome] = {}
        self.cells = cells
        self.scratch = scratch
        self._on_outcome = on_outcome
        self._specs = {cells.name(spec): spec for spec in specs}
        if len(self._specs) != len(specs):
            raise ValueError(f"{len(specs)} cells have only {len(self._specs)} names")

    def skip_done(self, specs: Sequence[Spec]) -> list[Spec]:
        """Settle what the store has; returns the rest."""
        self.settle_stored(specs, ran=False)
        return self.unsettled(specs)

    def settle_stored(self, specs: Sequence[Spec], *, ran: bool = True) -> None:
        """Settle the cells that are stored, whatever word of them came back."""
        for spec in self.unsettled(specs):
            if self.cells.is_done(spec):
                self._settle(CellOutcome(self.cells.name(spec), "done", ran=ran))

    def unsettled(self, specs: Sequence[Spec], besides: Sequence[Spec] = ()) -> list[Spec]:
        """The specs without an outcome, but for `besides`."""
        settled = {*self.outcomes, *map(self.cells.name, besides)}
        return [spec for spec in specs if self.cells.name(spec) not in settled]

    def ended(self, name: str, failure: Failure | None, lag: float) -> None:
        """Settle a cell of which word came back."""
        if failure is None and not self._is_stored(self._specs[name], lag):
            failure = Failure("NotStored", "it ended without storing its result", "", True)
        if failure is None:
            self._settle(CellOutcome(name, "done"))
            return
        if not failure.expected:
            _log.error("%s failed\n%s", name, failure.trace)
        self.failed(name, failure.error, failure.message)

    def failed(self, name: str, error: str, message: str) -> None:
        """Settle a cell that has no result."""
        self._settle(CellOutcome(name, "failed", error=error, message=message))

    def _is_stored(self, spec: Spec, lag: float) -> bool:
        end = time.monotonic() + lag
        while not self.cells.is_done(spec):
            if time.monotonic() >= end:
                return False
            time.sleep(0.5)
        return True

    def _settle(self, outcome: CellOutcome) -> None:
        self.outcomes[outcome.name] = outcome
        spec = self._specs[outcome.name]
        self.progress_path(spec).unlink(missing_ok=True)
        self._on_outcome(spec, outcome)

    def progress_path(self, spec: Spec) -> Path:
        """The file that is there from when the cell has started until it is settled."""
        return progress_path(self.scratch, self.cells.name(spec))


class _Rounds(Generic[Spec]):
    """Rounds of cells on an engine that is ready for them, which fill the ledger."""

    def __init__(self, ledger: _Ledger[Spec], engine: Started) -> None:
        self._ledger = ledger
        self._engine = engine
        cells = ledger.cells
        self._job = Job(cells.work, cells.is_done, ledger.scratch, engine.guard)

    def together(self, specs: Sequence[Spec]) -> list[Spec]:
        """Run a crowd; where a worker died, returns the cells that may have killed it."""
        if not self._round(specs):
            return []
        rest = self._ledger.unsettled(specs)
        started = [spec for spec in rest if self._ledger.progress_path(spec).exists()]
        return started or rest

    def in_isolation(self, spec: Spec, retries: int) -> None:
        """Run one cell with no other beside it, so that a death is its own doing."""
        name, deaths = self._ledger.cells.name(spec), list[Died]()
        while (times := sum(death.times for death in deaths)) < retries:
            self._ledger.settle_stored([spec])  # a worker may outlive the round that gave it up
            if name in self._ledger.outcomes:
                return
            deaths += self._round([spec])
        if name in self._ledger.outcomes:
            return
        message = f"its worker died {times} times while it ran alone ({deaths[-1].how}); "
        message += "killed for want of memory? Try a smaller cell or a larger machine"
        self._ledger.failed(name, "WorkerDied", message)

    def _round(self, specs: Sequence[Spec]) -> list[Died]:
        """Run cells until all have ended or an engine has had enough of dying workers."""
        for spec in specs:
            self._ledger.progress_path(spec).unlink(missing_ok=True)
        name_of = self._ledger.cells.name
        tasks = [delayed(run_job)(self._job, spec, name_of(spec)) for spec in specs]
        deaths = list[Died]()
        try:
            with (
                self._engine.backend(len(specs)),
                _results(tasks, self._engine.at_once) as results,
            ):
                for result in results:
                    if isinstance(result, Died):
                        deaths.append(result)
                    else:
                        name, failure = result
                        self._ledger.ended(name, failure, self._engine.lag)
        except TerminatedWorkerError as error:
            deaths.append(Died(1, _exit_codes(error)))
        for death in deaths:
            _log.warning("a worker died (%s); what was running is run again", death.how)
        if deaths:
            self._ledger.settle_stored(specs)
        return deaths


def _exit_codes(error: TerminatedWorkerError) -> str:
    found = re.search(r"exit codes of the workers are \{(.*)\}", str(error))
    return found[1] if found else "exit code unknown"


@contextmanager
def _results(tasks: Sequence[Any], at_once: int | str) -> Iterator[Iterator[Any]]:
    """Results as they come; when the block ends early, the workers are ended with it."""
    results = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=at_once)(tasks)
    try:
        yield results
    finally:
        with warnings.catch_warnings():  # joblib warns of what it did not run: we meant it
            warnings.simplefilter("ignore", UserWarning)
            results.close()
