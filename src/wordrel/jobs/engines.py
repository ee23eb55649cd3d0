"""What cells run on: this process, worker processes of this machine, or a cluster.

Reads and writes nothing. A Dask cluster is in `wordrel.jobs.cluster`, which is loaded only
where it is asked for.
"""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from joblib import parallel_config

from wordrel.errors import ConfigError
from wordrel.io.environment import usable_cores


class Guard(ABC):
    """What goes with a cell to the process that it runs in, as plain data."""

    @abstractmethod
    def begin(self) -> Callable[[], bool]:
        """Called there before the cell.

        Returns:
            Whether the cell is still wanted; asked each time it reports how far it is.

        Raises:
            WordrelError: when the cell cannot run there.
        """


@dataclass(frozen=True)
class Died:
    """What a round yields for a cell whose worker died: how often, and how in a few words."""

    times: int
    how: str


@dataclass(frozen=True)
class Started:
    """An engine that is ready for cells.

    Attributes:
        backend: what joblib runs on inside it, given the number of cells.
        guard: goes with each cell.
        at_once: how many cells are handed over at a time, as joblib's pre_dispatch.
        lag: seconds that may pass until this process sees what another has stored.
    """

    backend: Callable[[int], AbstractContextManager[Any]]
    guard: Guard
    at_once: int | Literal["n_jobs", "all"]
    lag: float = 0.0


class Engine(ABC):
    """Where cells run."""

    @abstractmethod
    def started(self, paths: Sequence[Path]) -> AbstractContextManager[Started]:
        """Ready to run cells until the block ends; what still runs then is given up.

        Args:
            paths: files and folders that must be in reach where cells run.

        Raises:
            WordrelError: when it cannot be reached, or cannot run cells.
        """


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster that is already there, by one of the two.

    Its scheduler is trusted like a shell, so only the user names it: never a config, never a
    results folder.

    Attributes:
        address: of the scheduler: tcp://HOST:PORT or tls://HOST:PORT.
        scheduler_file: that the scheduler wrote.
    """

    address: str | None = None
    scheduler_file: Path | None = None


def cluster_of(address: str | None, scheduler_file: Path | str | None) -> Cluster | None:
    """The cluster that the user names; without one, cells run on this machine.

    Args:
        address: of the command line; or
        scheduler_file: of the command line. With neither of them, the environment decides:
            WORDREL_DASK or WORDREL_SCHEDULER_FILE.

    Raises:
        ConfigError: where both are given.
    """
    names = ("--dask", "--scheduler-file")
    if not address and not scheduler_file:
        names = ("WORDREL_DASK", "WORDREL_SCHEDULER_FILE")
        address, scheduler_file = map(os.environ.get, names)
    if address and scheduler_file:
        found = f"found both ({address} and {scheduler_file}), expected one; leave one out"
        raise ConfigError([f"{' and '.join(names)}: {found}"])
    if scheduler_file:
        return Cluster(scheduler_file=Path(scheduler_file))
    return Cluster(address) if address else None


def engine_of(cluster: Cluster | None, jobs: int | None, *, gpu: bool = False) -> Engine:
    """What runs cells there.

    Args:
        cluster: None: this machine.
        jobs: cells at a time; None: one a core, and on a cluster one a worker.
        gpu: whether each cell takes one graphics card of the cluster.

    Raises:
        ConfigError: when the package for it is not installed.
    """
    if cluster is None:
        return LocalEngine(jobs or usable_cores())
    try:
        from wordrel.jobs.cluster import DaskEngine
    except ModuleNotFoundError as error:
        missing = f"found no package {error.name}, which a Dask cluster needs"
        cure = 'pip install "wordrel[dask]", here and where the workers run'
        raise ConfigError([f"--dask: {missing}; {cure}"]) from error
    return DaskEngine(cluster, jobs=jobs, gpu=gpu)


@dataclass(frozen=True)
class LocalEngine(Engine):
    """This process, or worker processes of this machine with one thread each.

    Attributes:
        jobs: cells at a time; 1 runs them in this process, so a cell that the system kills for
            want of memory takes the run with it.
    """

    jobs: int

    @contextmanager
    def started(self, paths: Sequence[Path]) -> Iterator[Started]:
        """Nothing to wait for: joblib starts its workers with the first cell."""
        yield Started(self._backend, _DiesWithParent(os.getpid()), at_once="n_jobs")

    def _backend(self, cells: int) -> AbstractContextManager[Any]:
        # joblib would run a single job in this process: two workers, one of them idle
        jobs = min(self.jobs, max(2, cells))
        settings: dict[str, Any] = {"backend": "sequential", "n_jobs": 1}
        if jobs > 1:
            settings = {"backend": "loky", "n_jobs": jobs, "inner_max_num_threads": 1}
        backend: AbstractContextManager[Any] = parallel_config(**settings)
        return backend


_watched: set[int] = set()


@dataclass(frozen=True)
class _DiesWithParent(Guard):
    """Lets a worker die with the run that started it, lest it train on for nobody."""

    parent: int

    def begin(self) -> Callable[[], bool]:
        """Watch from the first cell on; the run itself, which is nobody's worker, does not."""
        if os.getppid() == self.parent and self.parent not in _watched:
            _watched.add(self.parent)
            threading.Thread(target=_watch, args=(self.parent,), daemon=True).start()
        return _always


def _always() -> bool:
    return True


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)  # as with kill -9: what is in the store is whole, the rest is discarded later
