"""A Dask cluster as the engine: cells go to workers that somebody has started, on any machine.

Reads the file that `dask scheduler --scheduler-file` wrote, and the certificates that the user's
own Dask configuration names; writes nothing. This is the one module that loads Dask.
"""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, Security, Worker, get_worker
from joblib import parallel_config
from joblib._dask import DaskDistributedBackend  # public by its name "dask" alone

from wordrel.config.paths import regular_file
from wordrel.errors import ConfigError, WordrelError
from wordrel.io.environment import environment
from wordrel.jobs.engines import Cluster, Died, Engine, Guard, Started
from wordrel.jobs.worker import run_job

_log = logging.getLogger("wordrel")

_NETWORK_DISK_LAG = 90.0  # NFS may hide a new file from other machines for 60 s (acdirmax)
_ONE_THREAD = "start it with `dask worker --nthreads 1 --nworkers N`"


@dataclass(frozen=True)
class DaskEngine(Engine):
    """Workers of a Dask scheduler, a cell each at a time.

    Attributes:
        cluster: where the scheduler is.
        jobs: cells at a time; None: as many as there are workers, those that come later included.
        gpu: whether each cell takes one of the resource GPU.
        patience: seconds to wait for the scheduler, and for a first worker.
    """

    cluster: Cluster
    jobs: int | None = None
    gpu: bool = False
    patience: float = 60.0

    @contextmanager
    def started(self, paths: Sequence[Path]) -> Iterator[Started]:
        """Connected to workers that are fit for cells.

        Raises:
            ConfigError: when there is no scheduler or worker in time, or a worker that has other
                versions, several threads, or no access to the paths.
        """
        guard = _OnWorker(tuple(paths), _versions())
        address = self.cluster.address or self._address_in_file()
        with self._client(address) as client:
            workers = self._workers(client, address)
            _warn_of_limits(workers)
            _refuse_unfit(client, list(workers), guard)
            _log.info("dask: %d workers at %s", len(workers), address)
            settings = {"resources": {"GPU": 1}} if self.gpu else {}
            with _losses_noted(client):
                yield Started(
                    lambda cells: parallel_config(backend=_Backend(client=client, **settings)),
                    guard,
                    at_once=self.jobs or "all",
                    lag=_NETWORK_DISK_LAG,
                )

    def _client(self, address: str) -> Client:
        settings: dict[str, Any] = {"set_as_default": False, "name": "wordrel"}
        security = self._security(address)
        try:
            return Client(address, timeout=self.patience, security=security, **settings)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, RuntimeError) as error:
            found = f"found no Dask scheduler at {address} within {self.patience:.0f} s ({error})"
            cure = "start one with `dask scheduler`, or correct this"
            raise ConfigError([f"{self._setting}: {found}; {cure}"]) from error

    def _security(self, address: str) -> Security:
        """The certificates of the user's own Dask configuration, which tls:// needs."""
        security = Security()  # type: ignore[no-untyped-call]
        found = "none"
        try:
            context = security.get_connection_args("client")["ssl_context"]  # type: ignore[no-untyped-call]
        except OSError as error:
            context, found = None, str(error)
        if context is None and address.startswith("tls://"):
            keys = "ca-file, client.cert and client.key below distributed.comm.tls"
            cure = f"set {keys} in Dask's own configuration (such as ~/.config/dask/dask.yaml)"
            place = f"{self._setting}: {address} needs certificates, found {found}"
            raise ConfigError([f"{place}; {cure}"])
        return security

    @property
    def _setting(self) -> str:
        return "--dask" if self.cluster.address else "--scheduler-file"

    def _address_in_file(self) -> str:
        """The scheduler may be just starting, and its file not there or half written."""
        file = self.cluster.scheduler_file
        assert file is not None  # a cluster has one of the two
        end = time.monotonic() + self.patience
        while True:
            try:
                file = regular_file(file, _wrong_file)
                about = json.loads(file.read_text(encoding="utf-8"))
                return str(about["address"])
            except (OSError, ValueError, KeyError) as error:
                if time.monotonic() >= end:
                    found = f"found no address in {file} ({error!r})"
                    cure = "start `dask scheduler --scheduler-file` with this path"
                    raise ConfigError([f"{self._setting}: {found}; {cure}"]) from error
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
        asked = " with the resource GPU (execute.device: cuda)" if self.gpu else ""
        found = f"{len(workers)} workers, none of them fit{asked}" if workers else "no worker"
        start = 'dask worker --nthreads 1 --resources "GPU=1"' if self.gpu else "dask worker"
        place = f"{self._setting}: found {found} at {address} after {self.patience:.0f} s"
        raise ConfigError([f"{place}; start `{start}` on each host"])


def _wrong_file(message: str) -> ConfigError:
    return ConfigError([f"--scheduler-file: {message}"])


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
    """Ask all workers that are there now; a host that fails each cell at once would eat them all.

    Raises:
        ConfigError: naming every worker that cannot run cells, and why.
    """
    found = client.run(_problem, guard, workers=workers, on_error="return")
    problems = [f"dask worker {a} {_explained(p)}" for a, p in sorted(found.items()) if p]
    if problems:
        raise ConfigError(problems)


def _problem(guard: "_OnWorker", dask_worker: Worker) -> str | None:
    return guard.problem(dask_worker)  # Dask fills in the second argument, by its name


def _explained(problem: str | Exception) -> str:
    if isinstance(problem, str):
        return problem
    cure = 'pip install "wordrel[dask]", the same version as here'
    return f"cannot say whether it is fit for cells ({problem}); is wordrel installed there? {cure}"


def _versions() -> dict[str, str | None]:
    """What must be the same everywhere, lest the numbers or the files differ.

    A build (2.13.0+cpu) is not told from another: hosts with graphics cards have one of their own.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages: dict[str, str | None] = environment()["packages"]
    builds = {"wordrel": version("wordrel"), "python": python, **packages}
    return {name: build and build.partition("+")[0] for name, build in builds.items()}


@dataclass(frozen=True)
class _OnWorker(Guard):
    """Refuses a worker that cannot run cells, and stops the cells of a run that is over."""

    paths: tuple[Path, ...]
    versions: Mapping[str, str | None]

    def problem(self, worker: Worker) -> str | None:
        """Why the worker that this runs in cannot run cells."""
        for path in self.paths:
            if not os.access(path, os.R_OK):
                return (
                    f"does not see {path}: the cache (--cache, WORDREL_CACHE) and the files of "
                    "tasks must be on a path which all workers reach"
                )
        for name, here in _versions().items():
            if here != self.versions[name]:
                return (
                    f"has {name} {here}, expected {self.versions[name]} as where the study was "
                    "started: install the same versions (pip install -c constraints.txt)"
                )
        threads = worker.state.nthreads
        return None if threads == 1 else f"has {threads} threads, expected 1: {_ONE_THREAD}"

    def begin(self) -> Callable[[], bool]:
        """Look again, for this worker may have come after the run began.

        Returns:
            False from when the run has ended or has given this cell to another worker. Asked in
            another thread than the cell's it is always True: an exception in the thread that
            feeds gensim would leave gensim waiting for ever.
        """
        worker = get_worker()
        problem = self.problem(worker)
        if problem:
            raise ConfigError([f"dask worker {worker.address} {problem}"])
        key, thread = worker.get_current_task(), threading.get_ident()

        def wanted() -> bool:
            task = worker.state.tasks.get(key)
            executing = task is not None and task.state == "executing"
            return executing or threading.get_ident() != thread

        return wanted


@contextmanager
def _losses_noted(client: Client) -> Iterator[None]:
    """Log the workers that the scheduler loses while they run cells."""
    events: Any = client  # whose methods for events have no types
    events.subscribe_topic("all", _note_lost_worker)
    try:
        yield
    finally:
        if client.status == "running":  # else the scheduler would write to a client that is gone
            events.unsubscribe_topic("all")


def _note_lost_worker(event: tuple[float, Mapping[str, Any]]) -> None:
    about = event[1]
    cells = [key for key in about.get("processing-tasks", ()) if run_job.__name__ in str(key)]
    if about.get("action") == "remove-worker" and cells:
        _log.warning("dask worker %s is gone; its cells go to other workers", about["worker"])


@dataclass(frozen=True)
class _GivenUp:
    """What joblib is told of a task that Dask does not run any more."""

    error: BaseException


class _Backend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's Dask backend, which else waits for ever for a task that Dask has given up."""

    def effective_n_jobs(self, n_jobs: int) -> int:
        """More than one: with one, joblib would run the cells here and not on the only worker."""
        return 2

    def submit(self, func: Any, callback: Callable[[Any], None]) -> Future[Any]:
        """Let joblib know of failures too: its own backend calls back for results alone."""

        def tell(job: Future[Any]) -> None:
            error = job.exception()
            if error is not None:
                callback(_GivenUp(error))

        job: Future[Any] = super().submit(func, callback)
        job.add_done_callback(tell)
        return job

    def retrieve_result_callback(self, out: Any) -> Any:
        """The results of a batch, which is one cell; raises what ends the whole call."""
        if isinstance(out, _GivenUp) and isinstance(out.error, KilledWorker):
            times = out.error.allowed_failures + 1
            return [Died(times, f"the last was {out.error.last_worker.address}")]
        if isinstance(out, CancelledError | _GivenUp):
            address = self.client.scheduler.address
            error = out.error if isinstance(out, _GivenUp) else "the connection was lost"
            raise WordrelError(
                f"the Dask scheduler at {address} gave up the cells ({error}); what was finished "
                "is kept: see that it runs, then run again"
            )
        return super().retrieve_result_callback(out)
