"""Cells on a Dask cluster: a scheduler and workers as a user starts them, on loopback addresses."""

import errno
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, LocalCluster
from distributed.security import Security
from typer.testing import Result

from dask_cells import note_how_many, notes, report_for_ever, train_slowly, where
from processes import PATIENCE, end, launch, members, wait_until
from test_execute import SOURCE, answers, cell_of, log, run, specs_of, stored, threads_and_pid
from wordrel.config import load_config
from wordrel.errors import ConfigError, WordrelError
from wordrel.jobs import Cluster, engine_of
from wordrel.jobs import dask as cluster
from wordrel.jobs.dask import DaskEngine
from wordrel.jobs.local import CellOutcome, LocalEngine, run_cell, run_cells
from wordrel.jobs.progress import read_progress
from wordrel.study import run as study

FIRST, SECOND = "127.0.0.2", "127.0.0.3"
TABLES = ("scores.csv.xz", "summary.csv", "comparisons.csv", "agreement.csv.xz")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(SOURCE), str(Path(__file__).parent)]),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",  # a cell that kills two workers is it
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": f"{PATIENCE:.0f}s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{PATIENCE:.0f}s",
}


class Hosts:
    """A scheduler and its workers; each is a process group of its own, as if on a host of its own.

    Attributes:
        folder: the working directory of each host's processes is a folder in here.
        file: the scheduler file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        where = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        self._start("scheduler", "scheduler", *where, "--scheduler-file", str(self.file))

    def _start(self, host: str, command: str, *options: str) -> None:
        folder = self.folder / host
        folder.mkdir(exist_ok=True)
        with (folder / "log").open("ab") as output:
            program = [sys.executable, "-m", "dask", command, *options]
            streams = {"stdout": output, "stderr": output}
            self.processes[host] = launch(program, cwd=folder, env=ENVIRONMENT, **streams)

    def start_workers(self, **options: tuple[str, ...]) -> None:
        """One worker with one thread on each host that has none, options by `_2` or `_3`."""
        for host in (FIRST, SECOND):
            if host not in self.processes:
                self.start_worker(host, *options.get(f"_{host[-1]}", ()))
        with self.client() as client:
            client.wait_for_workers(2, timeout=PATIENCE)

    def start_worker(self, host: str, *options: str) -> None:
        at = ("--scheduler-file", str(self.file), "--host", host, "--no-dashboard")
        one = ("--nthreads", "1", "--nworkers", "1", "--memory-limit", "0")
        self._start(host, "worker", *at, *one, *options)

    def client(self) -> Client:
        wait_until(self.file.exists)
        return Client(scheduler_file=str(self.file), set_as_default=False, timeout=PATIENCE)

    def kill(self, host: str) -> None:
        """kill -9 of all that runs on a host: the worker and the nanny that would restart it."""
        end(self.processes.pop(host))

    def close(self) -> None:
        for host in list(self.processes):
            self.kill(host)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    all_hosts = Hosts(tmp_path_factory.mktemp("hosts"))
    try:
        all_hosts.start_workers(_2=("--resources", "GPU=1"))
        yield all_hosts
    finally:
        all_hosts.close()


def engine(hosts: Hosts, **changes: Any) -> DaskEngine:
    return DaskEngine(scheduler_file=hosts.file, patience=PATIENCE, **changes)


# A study, and a host that is lost in the middle of it ----------------------------------------


def test_a_study_whose_host_is_lost_midway_ends_with_the_tables_of_the_local_run(
    hosts: Hosts, tiny_place: Path, tiny_run: Result, tmp_path: Path, monkeypatch, caplog
) -> None:
    assert tiny_run.exit_code == 0
    hosts.start_workers()
    cache, middle = tmp_path / "cache", "in-the-middle-on-"
    monkeypatch.setattr(study, "train_and_evaluate", train_slowly)
    monkeypatch.chdir(tmp_path)  # where no worker is
    (cache / "progress" / ".run.00000000.partial").mkdir(parents=True)  # of a run that was killed

    def lose_a_host() -> None:
        held = [cache / f"{middle}{host}" for host in (FIRST, SECOND)]
        wait_until(lambda: all(path.exists() for path in held))
        (progress,) = (cache / "progress").glob(".run.*.partial")
        assert progress.name != ".run.00000000.partial"
        assert len(read_progress(progress)) >= 2
        hosts.kill(SECOND)
        (cache / "host-was-lost").touch()

    killer = threading.Thread(target=lose_a_host, daemon=True)
    killer.start()
    pairs = {"tasks.0.path": os.path.relpath(tiny_place / "pairs.csv")}
    config = load_config(tiny_place / "tiny.yaml", pairs)
    with caplog.at_level("INFO", logger="wordrel"):
        there = Cluster(scheduler_file=hosts.file)
        results = study.run_study(config, Path("cache"), tmp_path / "out", cluster=there)
    killer.join()

    for table in TABLES:
        ours, local_run = tmp_path / "out" / table, tiny_place / "out" / table
        assert ours.read_bytes() == local_run.read_bytes(), table
    assert list(results.runs["status"]) == ["done"] * 6
    assert results.config["execute"] == {"jobs": None, "device": "auto"}
    trained = [name for _, name in notes(cache)]
    (lost,) = [name for host, name in notes(cache) if host == SECOND][-1:]
    assert sorted(trained) == sorted([*set(trained), lost])
    assert notes(cache)[-1][0] == FIRST
    assert f"dask worker tcp://{SECOND}:" in caplog.text
    assert "memory limit" not in caplog.text
    assert list((cache / "progress").iterdir()) == []


# Cells that fail, hosts that are not fit ------------------------------------------------------


def test_errors_come_back_by_name_and_a_cell_that_kills_its_workers_stops_no_other(
    hosts: Hosts, tmp_path: Path
) -> None:
    hosts.start_workers()
    specs = specs_of(tmp_path, a="", b="die", c="raise", d="", e="diverge")
    outcomes = run(tmp_path, specs, engine=engine(hosts), retries=1)
    assert {name: outcome.error for name, outcome in outcomes.items()} == {
        **{"a": "", "b": "WorkerDied", "c": "IndexError", "d": "", "e": "TrainingError"}
    }
    assert outcomes["b"].message.startswith(
        "its worker died 2 times while it ran alone (the last was tcp://127.0.0."
    )
    assert answers(tmp_path) == {"a": "a 0", "d": "d 9"}
    runs = {name: log(tmp_path).count(name) for name in "abcde"}
    assert (runs["a"], runs["b"], runs["d"]) == (1, 4, 1)
    # The word of an error may be lost with the worker that b kills: the cell then fails once more.
    assert {runs["c"], runs["e"]} <= {1, 2}


def test_a_cell_whose_result_is_stored_is_not_run_again_where_only_the_word_of_it_was_lost(
    hosts: Hosts, tmp_path: Path
) -> None:
    hosts.start_workers()
    (spec,) = specs_of(tmp_path, a="")
    given = (cell_of(spec), tmp_path, cluster._OnWorker((), cluster._versions()))
    with hosts.client() as client:
        outcomes = [client.submit(run_cell, *given, key=key).result() for key in ("1", "2")]
    assert outcomes == [CellOutcome("a", "done")] * 2
    assert log(tmp_path) == ["a"]


def test_cells_that_need_a_graphics_card_go_where_one_is(hosts: Hosts, tmp_path: Path) -> None:
    hosts.start_workers()
    gpu = engine(hosts, gpu=True)
    outcomes = run(tmp_path, specs_of(tmp_path, a="", b="", c="", d=""), work=where, engine=gpu)
    assert {outcome.status for outcome in outcomes.values()} == {"done"}
    assert {host for host, _ in notes(tmp_path)} == {FIRST}


def test_a_host_that_does_not_see_the_cache_is_named_before_anything_runs(
    hosts: Hosts, tmp_path: Path
) -> None:
    """A path that means another place on each host, as /data does where it is not mounted."""
    hosts.start_workers()
    (hosts.folder / FIRST / "cache").mkdir(exist_ok=True)
    cell = cell_of(*specs_of(tmp_path, a=""), needs=(Path("/proc/self/cwd/cache"),))
    with pytest.raises(ConfigError) as caught:
        run_cells([cell], engine=engine(hosts), scratch=tmp_path / "scratch")
    (problem,) = caught.value.problems
    assert problem.startswith(f"dask worker tcp://{SECOND}:")
    assert problem.endswith(
        "does not see /proc/self/cwd/cache: the cache (--cache, WORDREL_CACHE) and the files of "
        "tasks must be on a path which all workers reach"
    )
    assert not (tmp_path / "log").exists()


def test_a_host_that_comes_later_and_does_not_see_the_cache_fails_its_cell(
    hosts: Hosts, tmp_path: Path
) -> None:
    hosts.start_workers()
    (spec,) = specs_of(tmp_path, a="")
    guard = cluster._OnWorker((tmp_path / "elsewhere",), cluster._versions())
    with hosts.client() as client:
        outcome = client.submit(run_cell, cell_of(spec), tmp_path, guard).result()
    assert (outcome.name, outcome.error, outcome.trace) == ("a", "ConfigError", "")
    assert "elsewhere: the cache (--cache, WORDREL_CACHE)" in outcome.message
    assert "must be on a path which all workers reach" in outcome.message
    assert not (tmp_path / "log").exists()


class OnlyHere(dict[str, str]):
    """Of a module that no worker can load."""

    __module__ = "only_here"


def test_hosts_with_other_versions_or_without_wordrel_are_named(hosts: Hosts, monkeypatch) -> None:
    hosts.start_workers()
    monkeypatch.setitem(sys.modules, "only_here", sys.modules[__name__])
    with hosts.client() as client:
        workers = list(client.scheduler_info()["workers"])
        other = cluster._OnWorker((), cluster._versions() | {"numpy": "1.0"})
        with pytest.raises(ConfigError, match=r"2:\d+ has numpy 2.*, expected 1\.0 as where"):
            cluster._refuse_unfit(client, workers, other)
        assert "+" not in str(cluster._versions()["torch"])  # CUDA's build passes for the CPU's
        unknown = cluster._OnWorker((), OnlyHere())
        with pytest.raises(ConfigError, match=r"only_here.* is wordrel installed there\?"):
            cluster._refuse_unfit(client, workers, unknown)
        cluster._refuse_unfit(client, workers, cluster._OnWorker((), cluster._versions()))


def test_no_more_cells_are_handed_over_than_jobs(hosts: Hosts, tmp_path: Path) -> None:
    hosts.start_workers()
    specs = specs_of(tmp_path, a="", b="", c="")
    run(tmp_path, specs, work=note_how_many, engine=engine(hosts, jobs=1))
    assert notes(tmp_path) == [("1", "a"), ("1", "b"), ("1", "c")]


# The end of a run -----------------------------------------------------------------------------


def test_when_the_run_ends_early_its_cells_are_stopped_and_the_cluster_is_free(
    hosts: Hosts, tmp_path: Path
) -> None:
    hosts.start_workers()
    specs = specs_of(tmp_path, a="raise", b="", c="", d="")
    specs[0]["wait_for"] = "b.seen"

    def listener(outcome: CellOutcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, specs, work=report_for_ever, engine=engine(hosts), on_outcome=listener)
    after = tmp_path / "after"
    after.mkdir()
    specs = specs_of(after, a="", b="")
    specs[0]["wait_for"], specs[1]["wait_for"] = "b.seen", "a.seen"  # takes both workers
    assert len(run(after, specs, engine=engine(hosts))) == 2
    assert answers(after) == {"a": "a 0", "b": "b 1"}


@pytest.fixture
def one_host(tmp_path: Path) -> Iterator[Hosts]:
    """A scheduler and one worker without a nanny."""
    few = Hosts(tmp_path)
    try:
        few.start_worker(FIRST, "--no-nanny")
        yield few
    finally:
        few.close()


def test_a_cluster_of_one_worker_may_grow_and_its_scheduler_may_be_lost(
    one_host: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, specs_of(tmp_path, a=""), work=threads_and_pid, engine=engine(one_host))
    threads, pid = answers(tmp_path)["a"].split()
    assert (threads, [int(pid)]) == ("[1]", members(one_host.processes[FIRST].pid))

    specs = specs_of(tmp_path, b="", c="", d="")
    for one, other in ((0, "c"), (1, "b")):  # two of the three wait for each other
        specs[one]["wait_for"] = f"{other}.seen"
    joining = threading.Thread(target=one_host.start_worker, args=(SECOND, "--no-nanny"))
    joining.start()
    assert len(run(tmp_path, specs, engine=engine(one_host))) == 3
    joining.join()

    specs = specs_of(tmp_path, e="", f="")
    specs[1]["wait_for"] = "never"
    logged = list[logging.LogRecord]()
    listening = logging.Handler()
    listening.emit = logged.append  # type: ignore[method-assign]
    monkeypatch.setattr(logging.getLogger("distributed.client"), "handlers", [listening])

    def lose_the_scheduler(outcome: CellOutcome) -> None:
        if outcome.name == "e":
            one_host.kill("scheduler")

    with pytest.raises(WordrelError, match=r"gave up the runs .* what was finished is kept"):
        run(tmp_path, specs, engine=engine(one_host), on_outcome=lose_the_scheduler)
    assert set(answers(tmp_path)) == {*"abcde"}
    assert not [record for record in logged if record.exc_info]  # no trace beside the error


# Before there is a cluster --------------------------------------------------------------------


def test_a_study_without_a_cluster_runs_here_and_loads_no_dask() -> None:
    program = """
import sys
from wordrel.jobs import engine_of
from wordrel.jobs.local import LocalEngine
assert engine_of(None, 3) == LocalEngine(3)
assert not {"dask", "distributed"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, check=True)


def test_a_missing_package_is_named_with_its_cure(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "wordrel.jobs.dask")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"no package distributed.*pip install distributed"):
        engine_of(Cluster("tcp://a:1"), None)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (
            {"address": "tcp://127.0.0.1:9"},
            r"--dask: found no Dask scheduler at tcp://127.0.0.1:9 .*after 0.5 s",
        ),
        ({"scheduler_file": "none.json"}, r"--scheduler-file: found no address in .*none.json"),
        ({"scheduler_file": "list.json"}, r"--scheduler-file: found no address in .*list.json"),
    ],
)
def test_a_scheduler_that_is_not_there_is_an_error_in_time(place, message, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    if "scheduler_file" in place:
        place = {"scheduler_file": tmp_path / place["scheduler_file"]}
    nowhere = DaskEngine(**place, patience=0.5)
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, specs_of(tmp_path, a=""), engine=nowhere)


@pytest.mark.timeout(60)
def test_a_scheduler_file_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "scheduler.json")
    engine = DaskEngine(scheduler_file=tmp_path / "scheduler.json", patience=0.5)
    with pytest.raises(ConfigError, match=r"--scheduler-file: .*json: found a named pipe"):
        run(tmp_path, specs_of(tmp_path, a=""), engine=engine)


@contextmanager
def workers_here(number: int, threads: int, **settings: Any) -> Iterator[str]:
    """A cluster of threads in this process."""
    settings = {"protocol": "tcp", "dashboard_address": "127.0.0.1:0", **settings}
    with LocalCluster(
        n_workers=number, threads_per_worker=threads, processes=False, **settings
    ) as here:
        yield here.scheduler_address


@pytest.mark.parametrize(
    ("workers", "threads", "gpu", "message"),
    [
        (0, 1, False, "found no worker at tcp:.* after 0 s; start `dask worker` on each host"),
        (1, 1, True, r"found 1 workers, none of them fit with the resource GPU \(execute.device"),
        (1, 2, False, "has 2 threads, expected 1: start it with `dask worker --nthreads 1"),
    ],
)
def test_a_cluster_that_cannot_run_cells_is_an_error_in_time(
    workers: int, threads: int, gpu: bool, message: str, tmp_path: Path, caplog
) -> None:
    with workers_here(workers, threads) as address, pytest.raises(ConfigError, match=message):
        unfit = DaskEngine(address, gpu=gpu, patience=0.5)
        run(tmp_path, specs_of(tmp_path, a=""), engine=unfit)
    limited = "1 dask workers have a memory limit" in caplog.text
    assert limited == (workers == 1 and not gpu)


def test_cells_that_are_done_need_no_cluster(tmp_path: Path) -> None:
    specs = specs_of(tmp_path, a="")
    run(tmp_path, specs, engine=LocalEngine(1))
    outcomes = run(tmp_path, specs, engine=DaskEngine("tcp://127.0.0.1:9", patience=0.1))
    assert outcomes == {"a": CellOutcome("a", "done", ran=False)}


# Encryption and certificates ------------------------------------------------------------------


def certificate(folder: Path) -> dict[str, Any]:
    """The settings of Dask for a new certificate, which is its own authority and for all roles."""
    folder.mkdir()
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=wordrel")
    files = ("-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    return {"distributed.comm.tls.ca-file": cert} | {
        f"distributed.comm.tls.{role}.{what}": path
        for role in ("client", "scheduler", "worker")
        for what, path in (("cert", cert), ("key", key))
    }


def test_cells_run_over_tls_with_the_certificates_of_the_users_own_dask_configuration(
    tmp_path: Path,
) -> None:
    mine, other = certificate(tmp_path / "mine"), certificate(tmp_path / "other")
    specs = specs_of(tmp_path, a="", b="")
    with dask.config.set(mine):
        security = Security()
    with workers_here(1, 1, protocol="tls", security=security, memory_limit=0) as address:
        assert address.startswith("tls://")
        with dask.config.set(other), pytest.raises(ConfigError, match="found no Dask scheduler"):
            run(tmp_path, specs, engine=DaskEngine(address, patience=1.0))
        assert not (tmp_path / "log").exists()
        with dask.config.set(mine):
            run(tmp_path, specs, engine=DaskEngine(address, patience=PATIENCE))
    assert answers(tmp_path) == {"a": "a 0", "b": "b 1"}


@pytest.mark.parametrize(
    ("tls", "found"),
    [(None, "none"), ("/none.pem", r"\[Errno 2\] No such file or directory")],
    ids=["none", "lost"],
)
def test_tls_without_certificates_says_where_they_are_set(
    tls: str | None, found: str, tmp_path: Path
) -> None:
    keys = ("ca-file", "client.cert", "client.key")
    with (
        dask.config.set({f"distributed.comm.tls.{key}": tls for key in keys}),
        pytest.raises(
            ConfigError, match=rf"^--dask: tls://.* needs certificates, found {found}; set ca-file"
        ),
    ):
        run(tmp_path, specs_of(tmp_path, a=""), engine=DaskEngine("tls://127.0.0.1:9"))


def test_where_encryption_is_required_no_scheduler_without_it_is_called(tmp_path: Path) -> None:
    plain = DaskEngine("tcp://127.0.0.1:9", patience=0.5)
    required = {"distributed.comm.require-encryption": True}
    with dask.config.set(required), pytest.raises(ConfigError, match="encryption required"):
        run(tmp_path, specs_of(tmp_path, a=""), engine=plain)


# A network disk -------------------------------------------------------------------------------


def test_a_result_that_a_network_disk_shows_late_counts(tmp_path: Path) -> None:
    looked = []

    def seen_late(spec: dict[str, Any]) -> bool:
        looked.append(spec["name"])
        return len(looked) > 3 and stored(spec)

    class Late(LocalEngine):
        lag = 60.0

    (spec,) = specs_of(tmp_path, a="")
    cell = cell_of(spec, is_done=partial(seen_late, spec))
    (outcome,) = run_cells([cell], engine=Late(1), scratch=tmp_path / "scratch")
    assert outcome.status == "done"
    assert log(tmp_path) == ["a"]


def test_progress_that_is_replaced_while_it_is_read_is_read_the_next_time(
    tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"name": "a", "fraction": 0.5}))
    assert set(read_progress(tmp_path)) == {"a"}

    def stale(*_: object, **__: object) -> str:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "read_text", stale)
    assert read_progress(tmp_path) == {}
