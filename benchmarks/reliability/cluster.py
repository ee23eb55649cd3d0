"""A Dask run that loses a host, its scheduler, or for half a minute its network.

Scheduler and workers stand in networks of their own. The run ends with the bytes of a local run, or
names what was lost. Then the same command on a new cluster continues to these bytes.
"""

import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchmarks.reliability.children import Child, start
from benchmarks.reliability.harness import Harness
from benchmarks.reliability.material import Bench
from benchmarks.reliability.network import Network, network
from benchmarks.reliability.record import OK, Try, cleaned

_SCHEDULER, _HOSTS = "s", ("a", "b")
LOSSES = (
    "host killed",
    "scheduler killed",
    "network of a host cut",
    "network of the scheduler cut",
)
CUT = 30.0
"""Seconds."""
_PORT = 8786
_STARTED = re.compile(r"text/\w+ seed \d+ started")


def attempt(bench: Bench, number: int) -> Try:
    """Lose something at a random moment after the first run has started."""
    rng = random.Random(f"cluster {number}")
    loss, wait = LOSSES[number % len(LOSSES)], rng.uniform(0.0, 2.5)
    case = f"{loss} {wait:.1f} s after the first run started"
    if not Network.possible():
        return Try(number, case, "not run", "network namespaces need root and `ip`")
    with bench.place("empty") as place:
        with network() as net:
            child = run_on(bench, net, place)
            began = _wait(lambda: _has_started(child))
            time.sleep(wait)
            running = began and child.poll() is None
            lose(net, loss, rng)
            status, stderr = child.wait(), child.stderr
        return _judged(bench, place, Try(number, case, ""), running, (status, stderr))


def _has_started(child: Child) -> bool:
    """Whether a run trains, or has ended before; its file of messages may not be there yet."""
    stderr = child.stderr if child.err.exists() else ""
    return child.poll() is not None or _STARTED.search(stderr) is not None


def _judged(bench: Bench, place: Path, row: Try, running: bool, ended: tuple[int, str]) -> Try:
    status, stderr = ended
    when = "" if running else ", after the run had ended"
    if status == 0:
        other = _differences(bench, place)
        outcome = "other results" if other else f"{OK}: same bytes{when}"
        return Try(row.number, row.case, outcome, cleaned(other))
    if status != 2 or "error: " not in stderr or "Traceback" in stderr:
        return Try(row.number, row.case, "no named error", cleaned(f"{status}: {stderr[-300:]}"))
    with network() as net:
        again = run_on(bench, net, place, name="again")
        status = again.wait()
    other = _differences(bench, place) if not status else f"status {status}: {again.stderr[-300:]}"
    outcome = "it does not go on" if other else f"{OK}: named, and the next run went on"
    return Try(row.number, row.case, outcome, cleaned(other or stderr[stderr.rindex("error: ") :]))


def _differences(bench: Bench, place: Path) -> str:
    """Of the tables; the manifest of a run on a cluster names another machine."""
    actual, wanted = bench.snapshot("run", place), bench.snapshots["run"]
    tables = [name for name in wanted if name.startswith("out/") and ".csv" in name]
    return ", ".join(name for name in tables if actual.get(name) != wanted[name])


def run_on(bench: Bench, net: Network, place: Path, name: str = "one") -> Child:
    """Start a cluster of one scheduler and two workers, and a run on it."""
    for host in (_SCHEDULER, *_HOSTS):
        net.add(host)
    at = f"{net.address(_SCHEDULER)}:{_PORT}"
    net.start(_SCHEDULER, partial(_scheduler, net.address(_SCHEDULER)), place.parent / "s.log")
    for host in _HOSTS:
        net.start(host, partial(_worker, at, net.address(host)), place.parent / f"{host}.log")
    argv = ("run", "study.yaml", "--out", "out", "--cache", "cache", "--dask", f"tcp://{at}")
    return start(argv, place, before=_patient, name=name)


def lose(net: Network, loss: str, rng: random.Random) -> None:
    """Kill, or pull a cable and put it back."""
    host = _SCHEDULER if "scheduler" in loss else rng.choice(_HOSTS)
    if "killed" in loss:
        net.kill(host)
        return
    net.plug(host, connected=False)
    time.sleep(CUT)
    net.plug(host, connected=True)


def _patient() -> None:
    """On a busy machine every step takes longer."""
    import dask

    dask.config.set({"distributed.comm.timeouts.connect": "120s"})


def _scheduler(address: str) -> None:
    from distributed.cli.dask_scheduler import main

    _patient()
    main(["--host", address, "--port", str(_PORT), "--no-dashboard"], standalone_mode=False)


def _worker(scheduler: str, address: str) -> None:
    from distributed.cli.dask_worker import main

    _patient()
    options = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--no-dashboard")
    with suppress(SystemExit):
        main([f"tcp://{scheduler}", "--host", address, *options], standalone_mode=False)


def _wait(true: Callable[[], bool], seconds: float = 200) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


CLUSTER = Harness(
    "cluster",
    "A cluster that loses something",
    "A run on a Dask cluster of two hosts loses a host, the scheduler, or the network of one of "
    f"them for {CUT:.0f} seconds. It ends with the tables of a local run, or names what was lost; "
    "then the same command on a new cluster ends with these tables.",
    20 * len(LOSSES),
    attempt,
)
