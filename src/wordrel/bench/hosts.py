"""A small study on this machine, on a Dask cluster of two hosts, and with a host that is lost.

The hosts are loopback addresses: a scheduler and a worker each as a user starts them, in process
groups of their own. Everything is written below a temporary folder.
"""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wordrel.bench.material import Material
from wordrel.bench.rows import Aim, Row, Rows
from wordrel.config import CorpusConfig, parse_config
from wordrel.corpus import prepare
from wordrel.errors import ConfigError, WordrelError
from wordrel.io.store import DONE
from wordrel.jobs.engines import Cluster
from wordrel.study.run import run_study

FIRST, SECOND = "127.0.0.2", "127.0.0.3"
HERE, CLUSTER, LOST = "this machine", "two hosts", "two hosts, one lost"
TABLES = ("scores.csv", "summary.csv", "comparisons.csv", "agreement.csv")
PATIENCE = 600.0  # seconds to wait for the scheduler, and for the first cell
GONE = "is gone; its cells go to other workers"


def study(source: str) -> dict[str, Any]:
    """Eight cells of a few seconds each."""
    names = ("mean", "causal_mean", "attention")
    return {
        "study": "hosts",
        "corpora": [{"source": source, "held_out": 0.02}],
        "training": {"dim": 50, "epochs": 1},
        "models": [{"kind": "word2vec", "algorithm": "cbow"}, *({"kind": k} for k in names)],
        "seeds": [1, 2],
        "tasks": ["held_out_loss", "neighbour_agreement"],
        "statistics": {"resamples": 100},
    }


@dataclass
class Hosts:
    """Processes by host; all are ended by `close`.

    Attributes:
        folder: for their logs, their working directories and the scheduler file.
    """

    folder: Path
    _groups: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def scheduler_file(self) -> Path:
        """That the scheduler writes when it is there."""
        return self.folder / "scheduler.json"

    @property
    def cluster(self) -> Cluster:
        """Where a study is to run."""
        return Cluster(scheduler_file=self.scheduler_file)

    def start(self) -> None:
        """A scheduler, and one worker with one thread on each host."""
        at = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        self._start("scheduler", *at)
        for host in (FIRST, SECOND):
            one = ("--nthreads", "1", "--nworkers", "1", "--memory-limit", "0")
            self._start(host, "--host", host, "--no-dashboard", *one)

    def _start(self, host: str, *options: str) -> None:
        place = self.folder / host
        place.mkdir(parents=True)
        command = "scheduler" if host == "scheduler" else "worker"
        file = ("--scheduler-file", str(self.scheduler_file))
        with (place / "log").open("wb") as output:
            self._groups[host] = subprocess.Popen(
                [sys.executable, "-m", "dask", command, *file, *options],
                cwd=place,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until both workers are there, so that the study's seconds do not hold their start.

        Raises:
            WordrelError: when they are not there in time.
        """
        from distributed import Client  # only this part needs Dask

        until(self.scheduler_file.exists, "the scheduler")
        with Client(scheduler_file=str(self.scheduler_file), set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=PATIENCE)

    def kill(self, host: str) -> None:
        """End with -9 all that runs on a host: the worker, and the nanny that would restart it."""
        process = self._groups.pop(host)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """End what was started here."""
        for host in list(self._groups):
            self.kill(host)


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


@contextmanager
def hosts_at(folder: Path) -> Iterator[Hosts]:
    """A cluster that is ready."""
    hosts = Hosts(folder)
    try:
        hosts.start()
        hosts.wait()
        yield hosts
    finally:
        hosts.close()


class _Heard(logging.Handler):
    """Counts the workers that were lost with cells on them."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0

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

    def cells(self) -> int:
        """Cells that are stored, each trained in this run."""
        return finished_cells(self.folder / "cache")

    def equal_tables(self, other: "Trial") -> int:
        """How many tables are the same, byte for byte."""
        pairs = ((trial.folder / "out" / t for trial in (self, other)) for t in TABLES)
        return sum(mine.read_bytes() == its.read_bytes() for mine, its in pairs)


def finished_cells(cache: Path) -> int:
    """Cells that a cache has, complete."""
    return len(list((cache / "cells").glob(f"*/*/{DONE}")))


def trial(
    folder: Path, prepared: Path, settings: dict[str, Any], cluster: Cluster | None = None
) -> Trial:
    """Run the study: on a cluster, or two cells at a time on this machine."""
    shutil.copytree(prepared, folder / "cache")
    config, heard = parse_config(settings), _Heard()
    logger = logging.getLogger("wordrel")
    logger.addHandler(heard)
    started = time.perf_counter()
    try:
        jobs = None if cluster else 2
        run_study(config, folder / "cache", folder / "out", jobs=jobs, cluster=cluster)
    finally:
        logger.removeHandler(heard)
    return Trial(folder, time.perf_counter() - started, heard.lost)


def trial_with_a_loss(
    folder: Path, prepared: Path, settings: dict[str, Any], hosts: Hosts
) -> Trial:
    """Run the study on a cluster whose second host is lost when two cells are done."""
    failed: list[WordrelError] = []

    def lose() -> None:
        try:
            until(lambda: finished_cells(folder / "cache") >= 2, "second cell")
        except WordrelError as error:
            failed.append(error)
        else:
            hosts.kill(SECOND)

    killer = threading.Thread(target=lose)
    killer.start()
    try:
        found = trial(folder, prepared, settings, hosts.cluster)
    finally:
        killer.join()
    if failed:
        raise failed[0]
    return found


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
        trials = {HERE: trial(root / "here", root / "prepared", settings)}
        with hosts_at(root / "hosts") as hosts:
            trials[CLUSTER] = trial(root / "cluster", root / "prepared", settings, hosts.cluster)
            trials[LOST] = trial_with_a_loss(root / "lost", root / "prepared", settings, hosts)
        yield from rows_of(trials)


def rows_of(trials: dict[str, Trial]) -> Iterator[Row]:
    """Of the runs, the first of which is the one on this machine."""
    here, cells = trials[HERE], len(study("")["models"]) * len(study("")["seeds"])
    others = [what for what in trials if what != HERE]
    rows = Rows("cluster", {(what, HERE): Aim(least=float(len(TABLES))) for what in others})
    same = f"tables the same byte for byte, of {len(TABLES)}"
    for what in others:
        yield rows.of(what, same, [float(trials[what].equal_tables(here))], "", HERE)
    for what, found in trials.items():
        yield rows.of(what, "the whole study", [found.seconds], "s")
        yield rows.of(what, f"cells trained, of {cells}", [float(found.cells())], "")
        yield rows.of(what, "workers lost at work", [float(found.lost)], "")
