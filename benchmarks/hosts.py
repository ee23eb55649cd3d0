"""A small study on this machine, on a Dask cluster of two hosts, and with a host that is lost.

The hosts are loopback addresses, each with a worker and its nanny in processes of their own.
Everything is written below a temporary folder.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.material import Material
from benchmarks.rows import Aim, Row, Rows
from benchmarks.training import timed
from wordrel.api import run_config
from wordrel.config import CorpusConfig, parse_config
from wordrel.corpus import prepare
from wordrel.errors import ConfigError, WordrelError
from wordrel.io.store import DONE
from wordrel.jobs import Cluster

FIRST, SECOND = "127.0.0.2", "127.0.0.3"
HERE, CLUSTER, LOST = "this machine", "two hosts", "two hosts, one lost"
TABLES = ("scores.csv.xz", "summary.csv", "comparisons.csv", "agreement.csv.xz")
PATIENCE = 600.0  # seconds to wait for the workers, and for the first cells
GONE = "is gone; its runs go to other workers"
MODELS = (
    {"kind": "word2vec", "algorithm": "cbow"},
    *({"kind": kind} for kind in ("mean", "next_mean", "attention")),
)
SEEDS = (1, 2)


def study(source: str) -> dict[str, Any]:
    """Eight cells of a few seconds each."""
    return {
        "study": "hosts",
        "corpora": [{"source": source, "held_out": 0.02}],
        "training": {"dim": 50, "epochs": 1},
        "models": [*MODELS],
        "seeds": [*SEEDS],
        "tasks": ["held_out_loss", "neighbour_agreement"],
        "statistics": {"resamples": 100},
    }


@contextmanager
def hosts_at(folder: Path) -> Iterator[Any]:
    """Dask's cluster of a scheduler here and a worker with one thread on each of two hosts.

    It is ready: the study's seconds do not hold its start.

    Raises:
        WordrelError: when the workers are not there in time.
    """
    from distributed.deploy.spec import SpecCluster  # only this part needs Dask
    from distributed.deploy.subprocess import SubprocessScheduler, SubprocessWorker

    one: dict[str, Any] = {"nthreads": 1, "memory_limit": 0, "dashboard": False}
    one |= {"local_directory": str(folder), "silence_logs": logging.ERROR}
    workers = {
        host: {"cls": SubprocessWorker, "options": {"worker_kwargs": {"host": host, **one}}}
        for host in (FIRST, SECOND)
    }
    here = {
        "host": "127.0.0.1",
        "dashboard": False,
        "scheduler_file": str(folder / "scheduler.json"),
    }
    scheduler = {"cls": SubprocessScheduler, "options": {"scheduler_kwargs": here}}
    with SpecCluster(workers=workers, scheduler=scheduler) as hosts:  # type: ignore[no-untyped-call]
        try:
            hosts.wait_for_workers(len(workers), timeout=PATIENCE)
        except TimeoutError as error:
            expected = f"expected {len(workers)} within {PATIENCE:.0f} s"
            raise WordrelError(f"Dask's workers: {error}; {expected}: run it again") from error
        yield hosts


def until(true: Callable[[], bool], what: str) -> None:
    """Wait.

    Raises:
        WordrelError: when it takes longer than `PATIENCE`.
    """
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise WordrelError(f"found no {what} within {PATIENCE:.0f} s, expected it by then")
        time.sleep(0.02)


class _Heard(logging.Handler):
    """Counts the workers that were lost with cells on them."""

    lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lost += GONE in record.getMessage()


@dataclass(frozen=True)
class Trial:
    """One run of the study, from a prepared corpus and no cell.

    Attributes:
        folder: it is in.
        seconds: from its start to its tables.
        lost: workers that were gone with cells on them.
    """

    folder: Path
    seconds: float
    lost: int

    def equal_tables(self, other: "Trial") -> int:
        """How many tables are the same, byte for byte."""
        pairs = ((trial.folder / "out" / t for trial in (self, other)) for t in TABLES)
        return sum(mine.read_bytes() == its.read_bytes() for mine, its in pairs)


def finished_cells(folder: Path) -> int:
    """Cells that the run in a folder has stored, complete.

    A worker that is ended just before it renames its folder leaves a whole one under a hidden name.
    """
    markers = (folder / "cache" / "cells").glob(f"*/*/{DONE}")
    return sum(not marker.parent.name.startswith(".") for marker in markers)


def trial(folder: Path, settings: dict[str, Any], at: Cluster | None = None) -> Trial:
    """Run the study on a cluster, or two cells at a time here, beside the folder `prepared`."""
    shutil.copytree(folder.parent / "prepared", folder / "cache")
    config, heard, jobs = parse_config(settings), _Heard(), None if at else 2
    logger = logging.getLogger("wordrel")
    logger.addHandler(heard)
    try:
        places = {"cache": folder / "cache", "out": folder / "out"}
        seconds, _ = timed(lambda: run_config(config, **places, jobs=jobs, cluster=at))
    finally:
        logger.removeHandler(heard)
    return Trial(folder, seconds, heard.lost)


def cluster(material: Material) -> Iterator[Row]:
    """Seconds of the study on each, cells trained, and whether its tables are the same.

    Raises:
        ConfigError: where Dask is not installed.
    """
    if find_spec("distributed") is None:
        raise ConfigError(['found no package distributed: pip install "wordrel[dask]"'])
    settings = study(material.sizes.cluster)
    with tempfile.TemporaryDirectory(prefix="wordrel-hosts-") as name:
        root = Path(name)
        prepare(CorpusConfig(**settings["corpora"][0]), root / "prepared")
        trials = {HERE: trial(root / "here", settings)}
        with hosts_at(root) as hosts, ThreadPoolExecutor(1) as beside:
            dask = Cluster(address=hosts.scheduler_address)
            trials[CLUSTER] = trial(root / "cluster", settings, dask)
            loss = beside.submit(lose, hosts, root / "lost")
            trials[LOST] = trial(root / "lost", settings, dask)
            loss.result()
        yield from rows_of(trials)


def lose(hosts: Any, folder: Path) -> None:
    """End with -9 all that runs on the second host, when the run in a folder has two cells."""
    until(lambda: finished_cells(folder) >= 2, "second cell")
    hosts.sync(hosts.workers[SECOND].close)


def rows_of(trials: dict[str, Trial]) -> Iterator[Row]:
    """Of the runs, the first of which is the one on this machine."""
    here, cells = trials[HERE], len(MODELS) * len(SEEDS)
    others = [what for what in trials if what != HERE]
    rows = Rows("cluster", {(what, HERE): Aim(least=float(len(TABLES))) for what in others})
    same = f"tables the same byte for byte, of {len(TABLES)}"
    for what in others:
        yield rows.of(what, same, [float(trials[what].equal_tables(here))], "", HERE)
    for what, found in trials.items():
        yield rows.of(what, "the whole study", [found.seconds], "s")
        yield rows.of(what, f"cells trained, of {cells}", [float(finished_cells(found.folder))], "")
        yield rows.of(what, "workers lost at work", [float(found.lost)], "")
