"""Train runs (cells) in parallel: on this machine (`local`), or on the user's cluster (`dask`).

Each of the two modules is loaded only when it is needed.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wordrel.errors import ConfigError

if TYPE_CHECKING:
    from wordrel.jobs.local import Engine  # loads joblib, which most commands do without


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
        problem = f"found both ({address} and {scheduler_file}), expected one; leave one out"
        raise ConfigError([f"{' and '.join(names)}: {problem}"])
    if scheduler_file:
        return Cluster(scheduler_file=Path(scheduler_file))
    return Cluster(address) if address else None


def engine_of(cluster: Cluster | None, jobs: int | None, *, gpu: bool = False) -> "Engine":
    """What runs cells there.

    Args:
        cluster: None: this machine.
        jobs: cells at a time; None: one a core, and on a cluster one a worker.
        gpu: whether each cell takes one graphics card of the cluster.

    Raises:
        ConfigError: when the package for it is not installed.
    """
    if cluster is None:
        from wordrel.io.environment import usable_cores
        from wordrel.jobs.local import LocalEngine

        return LocalEngine(jobs or usable_cores())
    try:
        from wordrel.jobs.dask import DaskEngine
    except ModuleNotFoundError as error:
        missing = f"found no package {error.name}, which a Dask cluster needs"
        cure = "`pip install distributed`, here and where the workers run"
        raise ConfigError([f"--dask: {missing}; {cure}"]) from error
    return DaskEngine(cluster.address, cluster.scheduler_file, jobs=jobs, gpu=gpu)
