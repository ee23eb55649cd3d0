"""Cells under exceptions, kills, interrupts and resumes; the processes are real."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import processes
from processes import PATIENCE, members, wait_until
from wordrel.errors import StoreError, TrainingError
from wordrel.io.store import is_done, new_folder
from wordrel.jobs import local
from wordrel.jobs.local import Cell, CellOutcome, LocalEngine, run_cells

SOURCE = Path(local.__file__).parents[2]


def work(spec: dict[str, Any], report: Callable[..., None]) -> None:
    """Append to the log that the cell ran, do what the spec says, store the cell."""
    root = Path(spec["root"])
    with (root / "log").open("a") as log:
        log.write(f"{spec['name']}\n")
    first = not (root / f"{spec['name']}.seen").exists()
    (root / f"{spec['name']}.seen").touch()
    report(0.5, {"stage": "training"})
    if "wait_for" in spec:
        wait_until((root / spec["wait_for"]).exists)
    act(spec.get("act", ""), first)
    with new_folder(folder(spec)) as new:
        (new / "answer").write_text(f"{spec['name']} {spec.get('value', 0) ** 2}")


def act(what: str, first: bool) -> None:
    if what == "die" or (what == "die once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raise":
        raise IndexError("list index out of range")
    if what == "diverge":
        raise TrainingError("loss is nan at step 3")
    if what == "disk full":
        raise StoreError("/full: cannot be written")
    if what == "disk fails":
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/bad/ids.npy")
    if what == "interrupt":
        raise KeyboardInterrupt


def store_nothing(spec: dict[str, Any], report: object) -> None:
    pass


def threads_and_pid(spec: dict[str, Any], report: object) -> None:
    import torch
    from threadpoolctl import threadpool_info

    threads = {torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())}
    with new_folder(folder(spec)) as new:
        (new / "answer").write_text(f"{sorted(threads)} {os.getpid()}")


def folder(spec: dict[str, Any]) -> Path:
    return Path(spec["root"]) / "cells" / spec["name"]


def stored(spec: dict[str, Any]) -> bool:
    return is_done(folder(spec))


def cell_of(spec: dict[str, Any], work: Callable[..., None] = work, **changes: Any) -> Cell:
    cell = Cell(spec["name"], partial(work, spec), partial(stored, spec))
    return replace(cell, **changes)


def specs_of(root: Path, **acts: str) -> list[dict[str, Any]]:
    """Cells a, b, ... in the order given, each with what it does besides storing its square."""
    given = enumerate(acts.items())
    return [{"root": str(root), "name": n, "value": i, "act": act} for i, (n, act) in given]


def run(
    root: Path, specs: list[dict[str, Any]], jobs: int = 2, **options: Any
) -> dict[str, CellOutcome]:
    """Run the specs by `work`, or by another one that is given."""
    do = options.pop("work", work)
    options = {"engine": LocalEngine(jobs), "scratch": root / "scratch", **options}
    outcomes = run_cells([cell_of(spec, do) for spec in specs], **options)
    return {outcome.name: outcome for outcome in outcomes}


def log(root: Path) -> list[str]:
    return (root / "log").read_text().split()


def answers(root: Path) -> dict[str, str]:
    """What the finished cells hold; a killed worker may have left a hidden temporary folder."""
    return {p.parent.name: p.read_text() for p in sorted((root / "cells").glob("[a-z]/answer"))}


def test_a_cell_that_raises_is_reported_and_the_others_go_on(tmp_path, caplog):
    specs = specs_of(tmp_path, a="", b="raise", c="", d="diverge", e="")
    seen = []
    outcomes = run(tmp_path, specs, jobs=1, on_outcome=seen.append)
    assert [*outcomes.values()] == [
        CellOutcome("a", "done"),
        CellOutcome("b", "failed", error="IndexError", message="list index out of range"),
        CellOutcome("c", "done"),
        CellOutcome("d", "failed", error="TrainingError", message="loss is nan at step 3"),
        CellOutcome("e", "done"),
    ]
    assert sorted(seen, key=lambda outcome: outcome.name) == [*outcomes.values()]
    assert answers(tmp_path) == {"a": "a 0", "c": "c 4", "e": "e 16"}
    assert "b failed\nTraceback" in caplog.text  # a fault of the code comes with its trace
    assert "d failed" not in caplog.text  # a known end of a training needs none
    assert list((tmp_path / "scratch").iterdir()) == []


def test_finished_cells_are_not_run_again(tmp_path):
    specs = specs_of(tmp_path, a="", b="", c="")
    run(tmp_path, specs[:2], jobs=1)
    outcomes = run(tmp_path, specs, jobs=1)
    assert log(tmp_path) == ["a", "b", "c"]
    assert [outcomes[name].ran for name in "abc"] == [False, False, True]
    assert {outcome.status for outcome in outcomes.values()} == {"done"}


def test_a_worker_that_dies_once_is_run_again_and_succeeds(tmp_path, caplog):
    outcomes = run(tmp_path, specs_of(tmp_path, a="", b="die once", c="", d=""))
    assert {outcome.status for outcome in outcomes.values()} == {"done"}
    assert answers(tmp_path) == {"a": "a 0", "b": "b 1", "c": "c 4", "d": "d 9"}
    assert log(tmp_path).count("b") == 2
    assert "a worker died (SIGKILL(-9))" in caplog.text


def test_a_worker_that_always_dies_is_named_and_all_other_cells_finish(tmp_path):
    """Cell a is surely running when b kills its worker: a is a suspect too, and is cleared."""
    specs = specs_of(tmp_path, a="", b="die", c="", d="", e="raise")
    specs[0]["wait_for"] = "c.seen"  # and c's turn comes when a or b has ended
    specs[1]["wait_for"] = "a.seen"
    outcomes = run(tmp_path, specs, retries=2)
    assert outcomes["b"].status == "failed"
    assert outcomes["b"].error == "WorkerDied"
    assert outcomes["b"].message.startswith(
        "its worker died 2 times while it ran alone (SIGKILL(-9)); killed for want of memory?"
    )
    ran = log(tmp_path)
    assert sorted(ran[:2]) == ["a", "b"]
    assert sorted(ran[2:5]) == ["c", "d", "e"]  # they had not started: together, and first
    assert ran[5:] == ["a", "b", "b"]  # the suspects, alone
    assert answers(tmp_path) == {"a": "a 0", "c": "c 4", "d": "d 9"}
    assert outcomes["e"].error == "IndexError"


def test_a_cell_that_cannot_be_stored_stops_the_run_by_name(tmp_path):
    specs = specs_of(tmp_path, a="", b="disk full", c="")
    with pytest.raises(StoreError, match=r"^b: /full: cannot be written"):
        run(tmp_path, specs, jobs=1)
    assert answers(tmp_path) == {"a": "a 0"}
    specs[1]["act"] = ""
    run(tmp_path, specs, jobs=1)
    assert log(tmp_path) == ["a", "b", "b", "c"]


def test_a_disk_that_fails_anywhere_stops_the_run_with_the_name_of_the_file(tmp_path, caplog):
    specs = specs_of(tmp_path, a="disk fails", b="")
    with pytest.raises(StoreError, match=r"^a: /bad/ids.npy: found Input/output error; what was f"):
        run(tmp_path, specs, jobs=1)
    assert caplog.records == []


def test_a_cell_that_ends_without_storing_counts_as_failed(tmp_path):
    outcome = run(tmp_path, specs_of(tmp_path, a=""), jobs=1, work=store_nothing)["a"]
    assert (outcome.status, outcome.error) == ("failed", "NotStored")


def test_two_cells_of_one_name_are_refused_before_anything_runs(tmp_path):
    specs = specs_of(tmp_path, a="") * 2
    with pytest.raises(ValueError, match="2 cells have only 1 names"):
        run(tmp_path, specs)
    assert not (tmp_path / "log").exists()


def test_no_cells_are_no_outcomes(tmp_path):
    assert run(tmp_path, []) == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_cells_have_one_thread_and_this_process_keeps_its_own(tmp_path, jobs):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run(tmp_path, specs_of(tmp_path, a=""), jobs, work=threads_and_pid)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    threads, pid = answers(tmp_path)["a"].split()
    assert threads == "[1]"
    assert (int(pid) == os.getpid()) == (jobs == 1)


def test_the_limit_reaches_torch_and_later_libraries_and_is_lifted(monkeypatch):
    import torch

    asked = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with pytest.raises(RuntimeError), local.one_thread():
        assert asked == [1]
        assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "1")
        raise RuntimeError
    assert asked == [1, 7]
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "MKL_NUM_THREADS" not in os.environ


def test_the_limit_does_not_import_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with local.one_thread():
        assert "torch" not in sys.modules


# Kills and interrupts of the whole run ----------------------------------------------------------

RUN = """
import sys
from pathlib import Path
import test_execute as t
root = Path(sys.argv[1])
specs = t.specs_of(root, a="", b="", c="", d="", e="")
specs[2]["wait_for"] = specs[3]["wait_for"] = "never"
t.run(root, specs, int(sys.argv[2]))
"""


@contextmanager
def started(root: Path, jobs: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A run, of which two cells are stored and `jobs` are running."""
    path = os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])
    command = [sys.executable, "-c", RUN, root, jobs]
    environment = {**os.environ, "PYTHONPATH": path}
    with processes.started(command, env=environment, stderr=subprocess.PIPE) as child:
        running = [root / f"{name}.seen" for name in "cd"[:jobs]]
        wait_until(lambda: child.poll() is not None or all(path.exists() for path in running))
        wait_until(lambda: all(is_done(root / "cells" / name) for name in "ab"))
        yield child


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_killed_midway_is_finished_by_the_next_with_equal_results(tmp_path, jobs):
    with started(tmp_path, jobs) as child:
        child.kill()
        child.wait()
        wait_until(lambda: members(child.pid) == [])  # its workers do not train on for nobody
    killed = log(tmp_path)
    assert sorted(killed) == list("abcd"[: 2 + jobs])
    outcomes = run(tmp_path, specs_of(tmp_path, a="", b="", c="", d="", e=""), jobs=1)
    assert log(tmp_path)[len(killed) :] == ["c", "d", "e"]
    assert [outcomes[name].ran for name in "abcde"] == [False, False, True, True, True]
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    run(undisturbed, specs_of(undisturbed, a="", b="", c="", d="", e=""), jobs=1)
    assert answers(tmp_path) == answers(undisturbed)


def test_control_c_ends_the_workers_and_keeps_what_is_finished(tmp_path):
    with started(tmp_path, jobs=2) as child:
        os.killpg(child.pid, signal.SIGINT)
        stderr = child.communicate(timeout=PATIENCE)[1].decode()
        wait_until(lambda: members(child.pid) == [])
    assert child.returncode in (-signal.SIGINT, 130)
    assert "KeyboardInterrupt" in stderr
    assert sorted(answers(tmp_path)) == ["a", "b"]


def test_an_error_of_the_listener_ends_the_run_and_its_workers(tmp_path):
    def listener(outcome: CellOutcome) -> None:
        raise RuntimeError("the listener fell")

    specs = specs_of(tmp_path, a="", b="")
    specs[1]["wait_for"] = "never"
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match="the listener fell"):
        run(tmp_path, specs, on_outcome=listener)
    assert time.monotonic() - begin < PATIENCE  # b was ended; by itself it would wait so long
    assert answers(tmp_path) == {"a": "a 0"}
