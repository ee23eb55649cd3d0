"""The worker's side of a cell: it runs in one thread, says how far it is, and ends as plain data.

Reads nothing; writes the cell's progress file.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

from wordrel.errors import StoreError, TrainingError, WordrelError
from wordrel.jobs.engines import Guard
from wordrel.jobs.progress import ProgressFile, Report

_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Spec = TypeVar("Spec")


@dataclass(frozen=True)
class Failure:
    """An exception of a cell, as plain data: not every exception survives pickling."""

    error: str
    message: str
    trace: str
    expected: bool


class _UnwantedError(Exception):
    """The run of this cell is over; nobody will hear of it."""


@dataclass(frozen=True)
class Job(Generic[Spec]):
    """What a worker must know besides the spec: see `execute.Cells` and `engines.Started`."""

    work: Callable[[Spec, Report], object]
    is_done: Callable[[Spec], bool]
    scratch: Path
    guard: Guard


def run_job(job: Job[Spec], spec: Spec, name: str) -> tuple[str, Failure | None]:
    """Run a cell, unless it was stored and only the word of that was lost.

    Returns:
        Its name, and the exception that ended it, if any.

    Raises:
        StoreError: when it could not be stored: the next one could not either.
    """
    try:
        wanted = job.guard.begin()
        if not job.is_done(spec):
            with one_thread():
                job.work(spec, _while(wanted, ProgressFile(job.scratch, name)))
    except StoreError as error:
        raise type(error)(f"{name}: {error}") from error
    except Exception as error:
        expected = isinstance(error, WordrelError | TrainingError)
        return name, Failure(type(error).__name__, str(error), traceback.format_exc(), expected)
    return name, None


def _while(wanted: Callable[[], bool], report: Report) -> Report:
    """A report that stops its cell when nobody wants it any more."""

    def heard(fraction: float, detail: Mapping[str, Any]) -> None:
        if not wanted():
            raise _UnwantedError
        report(fraction, detail)

    return heard


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
