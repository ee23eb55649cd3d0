"""A Dask cluster as the engine: cells go to workers that run already, on any machine.

Reads the file that `dask scheduler --scheduler-file` wrote, and the certificates that the user's
own Dask configuration names. This is the one module that loads Dask.
"""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, Security, Worker, as_completed, get_worker

from wordrel.config.paths import regular_file
from wordrel.errors import ConfigError, WordrelError
from wordrel.io.environment import environment
from wordrel.jobs.local import Cell, CellOutcome, Died, Engine, Results, Start, run_cell

_log = logging.getLogger("wordrel")


@dataclass(frozen=True)
class DaskEngine(Engine):
    """Workers of a Dask scheduler, a cell each at a time.

    Attributes:
        address: of the scheduler; or
        scheduler_file: that the scheduler wrote.
        jobs: cells at a time; None: as many as there are workers, those that come later included.
        gpu: whether each cell takes one of the resource GPU.
        patience: seconds to wait for the scheduler, and for a first worker.
    """

    address: str | None = None
    scheduler_file: Path | None = None
    jobs: int | None = None
    gpu: bool = False
    patience: float = 60.0

    lag = 90.0  # NFS may hide a new file from other machines for 60 s (acdirmax)

    @contextmanager
    def started(self, scratch: Path, needs: Sequence[Path]) -> Iterator[Start]:
        """Connected to workers that are fit for cells.

        Raises:
            ConfigError: when there is no scheduler or worker in time, or a worker that has other
                versions, several threads, or no access to the paths.
        """
        guard = _OnWorker((scratch, *needs), _versions())
        address = self.address or self._address_in_file()
        with _without_traces(), self._client(address) as client:
            workers = self._workers(client, address)
            _warn_of_limits(workers)
            _refuse_unfit(client, list(workers), guard)
            _log.info("dask: %d workers at %s", len(workers), address)
            events: Any = client  # whose methods for events have no types
            events.subscribe_topic("all", _note_lost_worker)
            try:
                yield partial(self._results, client, scratch, guard)
            finally:
                if client.status == "running":  # Dask fails on a subscriber that is gone
                    events.unsubscribe_topic("all")

    def _results(
        self, client: Client, scratch: Path, guard: "_OnWorker", cells: Sequence[Cell]
    ) -> Results:
        """Where this ends early, the end of the client makes the scheduler forget what runs."""
        resources = {"GPU": 1} if self.gpu else None

        def submit(cell: Cell) -> Future[CellOutcome]:
            arguments = (cell, scratch, guard)
            return client.submit(run_cell, *arguments, pure=False, resources=resources)

        waiting = iter(cells)
        running: Any = as_completed(  # type: ignore[no-untyped-call]
            [submit(cell) for cell in islice(waiting, self.jobs)],
            loop=client.loop,
            with_results=True,
            raise_errors=False,
        )
        for future, result in running:
            for cell in islice(waiting, 1):
                running.add(submit(cell))
            future.release()  # else Dask would run the cell again when it loses the worker
            yield result if isinstance(result, CellOutcome) else _without_result(client, result)

    def _client(self, address: str) -> Client:
        settings: dict[str, Any] = {"set_as_default": False, "name": "wordrel"}
        security = self._security(address)
        try:
            return Client(address, timeout=self.patience, security=security, **settings)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, RuntimeError) as error:
            raise self._error(
                f"found no Dask scheduler at {address} within {self.patience:.0f} s ({error}); "
                "start one with `dask scheduler`, or correct this"
            ) from error

    def _security(self, address: str) -> Security:
        """The certificates of the user's own Dask configuration, which tls:// needs."""
        security = Security()  # type: ignore[no-untyped-call]
        problem = "none"
        try:
            context = security.get_connection_args("client")["ssl_context"]  # type: ignore[no-untyped-call]
        except OSError as error:
            context, problem = None, str(error)
        if context is None and address.startswith("tls://"):
            raise self._error(
                f"{address} needs certificates, found {problem}; set ca-file, client.cert and "
                "client.key below distributed.comm.tls in Dask's own configuration (such as "
                "~/.config/dask/dask.yaml)"
            )
        return security

    def _error(self, message: str) -> ConfigError:
        return ConfigError([f"{'--dask' if self.address else '--scheduler-file'}: {message}"])

    def _address_in_file(self) -> str:
        """The scheduler may be just starting, and its file not there or half written."""
        file = self.scheduler_file
        assert file is not None  # a cluster has one of the two
        end = time.monotonic() + self.patience
        while True:
            try:
                file = regular_file(file, self._error)
                about = json.loads(file.read_text(encoding="utf-8"))
                return str(about["address"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                if time.monotonic() >= end:
                    raise self._error(
                        f"found no address in {file} ({error!r}); start `dask scheduler "
                        "--scheduler-file` with this path"
                    ) from error
            time.sleep(0.2)

    def _workers(self, client: Client, address: str) -> dict[str, Any]:
        """The workers that may run cells, by address, when there is one."""
        end = time.monotonic() + self.patience
        while True:
            workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
            able = {a: w for a, w in workers.items() if not self.gpu or w["resources"].get("GPU")}
            if able:
                return able
            if time.monotonic() >= end:
                break
            time.sleep(0.2)
        resource = " with the resource GPU (execute.device: cuda)" if self.gpu else ""
        state = f"{len(workers)} workers, none of them fit{resource}" if workers else "no worker"
        start = 'dask worker --nthreads 1 --resources "GPU=1"' if self.gpu else "dask worker"
        raise self._error(
            f"found {state} at {address} after {self.patience:.0f} s; start `{start}` on each host"
        )


@contextmanager
def _without_traces() -> Iterator[None]:
    """Keep Dask's client from logging a trace of its own where the connection is lost.

    The error that ends the run reports the lost connection in one line.
    """
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _warn_of_limits(workers: Mapping[str, Any]) -> None:
    limited = sorted(address for address, about in workers.items() if about["memory_limit"])
    if limited:
        _log.warning(
            "%d dask workers have a memory limit (%s ...): Dask counts what they have read of the "
            "memory-mapped corpus and kills them at 95 %%; start workers with --memory-limit 0",
            len(limited),
            limited[0],
        )


def _refuse_unfit(client: Client, workers: list[str], guard: "_OnWorker") -> None:
    """Check all present workers: a host that fails each cell at once would take all cells.

    Raises:
        ConfigError: naming every worker that cannot run cells, and why.
    """
    replies = client.run(guard.problem, workers=workers, on_error="return")
    problems = [f"dask worker {a} {_explained(p)}" for a, p in sorted(replies.items()) if p]
    if problems:
        raise ConfigError(problems)


def _explained(problem: str | Exception) -> str:
    if isinstance(problem, str):
        return problem
    cure = "expected the same versions of wordrel and distributed as here"
    return (
        f"cannot say whether it is fit for training ({problem}); is wordrel installed there? {cure}"
    )


def _versions() -> dict[str, str | None]:
    """What must be the same everywhere, so that numbers and files do not differ.

    The build (`+cpu` in 2.13.0+cpu) is ignored: hosts with graphics cards have another one.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages: dict[str, str | None] = environment()["packages"]
    builds = {"wordrel": version("wordrel"), "python": python, **packages}
    return {name: build and build.partition("+")[0] for name, build in builds.items()}


@dataclass(frozen=True)
class _OnWorker:
    """Refuses a worker that cannot run cells, and stops the cells of a run that is over."""

    paths: tuple[Path, ...]
    versions: Mapping[str, str | None]

    def problem(self, dask_worker: Worker) -> str | None:
        """Why a worker cannot run cells; Dask fills in its own, by the name of the argument."""
        for path in self.paths:
            if not os.access(path, os.R_OK):
                return (
                    f"does not see {path}: the cache (--cache, WORDREL_CACHE) and the files of "
                    "tasks must be on a path which all workers reach"
                )
        for name, build in _versions().items():
            if build != self.versions[name]:
                return (
                    f"has {name} {build}, expected {self.versions[name]} as where the study was "
                    "started: install the same versions (pip install -c constraints.txt)"
                )
        threads = dask_worker.state.nthreads
        cure = "start it with `dask worker --nthreads 1 --nworkers N`"
        return None if threads == 1 else f"has {threads} threads, expected 1: {cure}"

    def __call__(self) -> Callable[[], None]:
        """Check again, for this worker may have joined after the run began.

        Returns:
            What stops the cell when the run has ended or has given it to another worker; but in
            the cell's own thread alone: an exception in the thread that feeds gensim would leave
            gensim waiting for ever.
        """
        worker = get_worker()
        problem = self.problem(worker)
        if problem:
            raise ConfigError([f"dask worker {worker.address} {problem}"])
        key, thread = worker.get_current_task(), threading.get_ident()

        def check() -> None:
            task = worker.state.tasks.get(key)
            executing = task is not None and task.state == "executing"
            if not executing and threading.get_ident() == thread:
                raise CancelledError

        return check


def _note_lost_worker(event: tuple[float, Mapping[str, Any]]) -> None:
    """Log a worker that the scheduler lost while it ran cells."""
    about = event[1]
    cells = [key for key in about.get("processing-tasks", ()) if run_cell.__name__ in str(key)]
    if about.get("action") == "remove-worker" and cells:
        _log.warning("dask worker %s is gone; its runs go to other workers", about["worker"])


def _without_result(client: Any, error: Any) -> Died:
    """How a cell that kills its workers ended; an error that ends the whole run is raised."""
    if isinstance(error, tuple):  # type, exception, trace
        error = error[1]
    if isinstance(error, KilledWorker):
        return Died(error.allowed_failures + 1, f"the last was {error.last_worker.address}")
    if isinstance(error, WordrelError):  # what `run_cell` raises
        raise error
    reason = "the connection was lost" if isinstance(error, CancelledError) else error
    raise WordrelError(
        f"the Dask scheduler at {client.scheduler.address} gave up the runs ({reason}); what was "
        "finished is kept: see that it runs, then run again"
    )
